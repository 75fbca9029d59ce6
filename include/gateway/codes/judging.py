"""Gates on whole batches, and the agent files and Data Docs of the judge."""

from __future__ import annotations

from .base import Code, gate

_BATCHES = (
    gate(
        "BATCH_HOLDS",
        "An unusually large share of the batch is held; nothing of it was sent.",
        "One layout or one setting causes most holds.",
        "Check the most frequent codes, then release the batch.",
        "95 of 100 held; at most 90 %.",
    ),
    gate(
        "BATCH_DUPLICATES",
        "An unusually large share of the batch repeats other profiles; nothing of it was sent.",
        "The same list was sent twice.",
        "Discard the batch, or release it.",
        "60 of 100 repeat others; at most 50 %.",
    ),
    gate(
        "BATCH_UNREADABLE",
        "An unusually large share of the documents could not be read; nothing of the batch was sent.",
        "A damaged upload.",
        "Send the files again, or release the documents that were read.",
        "60 of 100 documents failed; at most 50 %.",
        "sender",
    ),
    gate(
        "BATCH_COUNT_MISMATCH",
        "The number of candidates read differs from the manifest's count; nothing of the batch was sent.",
        "Files are missing, or the manifest counts something else.",
        "Send the missing files, correct the count, or release the batch.",
        "48 read; the manifest says 50.",
        "sender",
    ),
    gate(
        "BATCH_LANGUAGES",
        "The batch mixes unusually many languages; nothing of it was sent.",
        "Documents for another agent, or a wrong reading.",
        "Check that the batch belongs to this agent.",
        "8 languages; at most 6.",
    ),
)
_SETUP = (
    Code(
        "AGENT_FILE_INVALID",
        "quality",
        "An agent file has a mistake, so the agent accepts no candidates.",
        "A misspelt key, a wrong value, or a file that is not YAML.",
        "operator",
        "Correct the line named in the message; `python -m gateway agents check` confirms it.",
        "AGENT_FILE_INVALID: Agent file nurse.yaml: line 7: fields.requird: unknown key.",
    ),
    Code(
        "OWN_EXPECTATION_INVALID",
        "quality",
        "A custom expectation of an agent cannot be built.",
        "Arguments that Great Expectations refuses.",
        "operator",
        "Check the expectation's kwargs in the agent file with `python -m gateway agents check`.",
        "OWN_EXPECTATION_INVALID: Expectation expect_column_values_to_be_between on skills_count is refused.",
    ),
    Code(
        "GATE_BROKEN",
        "quality",
        "A gate could not be computed, so nothing of the batch was judged.",
        "A custom expectation that does not fit its column, or a defect.",
        "operator",
        "Check the agent's custom expectations, then run the judge again.",
        "GATE_BROKEN: Gate OWN_EXPECTATION could not be computed; nothing of this batch was judged.",
    ),
    Code(
        "DATA_DOCS_NOT_WRITTEN",
        "quality",
        "The Data Docs of a batch could not be written; its verdicts stand.",
        "The files store is full or not reachable.",
        "operator",
        "Fix the location in GATEWAY_FILES_URL; clear the run's judge task to write them.",
        "DATA_DOCS_NOT_WRITTEN: The Data Docs of batch b20261122-190501-k7m2qd (PermissionError).",
    ),
    Code(
        "UNKNOWN_DATA_DOCS",
        "quality",
        "The batch has no such page of Data Docs.",
        "It was judged before they were kept, or they could not be written.",
        "operator",
        "Clear the run's judge task to write them.",
        "Batch b20261122-190501-k7m2qd has no such page of Data Docs.",
    ),
)

JUDGING: tuple[Code, ...] = (*_BATCHES, *_SETUP)
