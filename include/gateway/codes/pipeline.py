"""Intake of batches, and the pipeline itself."""

from __future__ import annotations

from .base import Code

PIPELINE: tuple[Code, ...] = (
    Code(
        "SETTING_INVALID", "intake", "A setting has a value the gateway cannot use.", "A typing error in GATEWAY_*.",
        "operator", "Correct the variable named; docs/settings.md lists them all.",
        "Setting GATEWAY_POLL_S: Input should be greater than 0.",
    ),
    Code(
        "UNKNOWN_AGENT", "intake", "The folder or name given belongs to no interview agent.",
        "A new agent without a file, or a typing error in a folder's name.", "operator",
        "Add include/agents/<name>.yaml or move the files; nothing was touched.",
        "Inbox folder 'nurse' names no agent.",
    ),
    Code(
        "AGENT_CLOSED", "intake", "The interview agent takes nobody at the moment.", "`state: closed` in its file.",
        "operator", "Open the agent; its drops wait in the inbox.", "Agent regional-nurse is closed.",
    ),
    Code(
        "NO_AGENT_FOLDER", "intake", "A file lies in the inbox itself, so nobody knows which agent it is for.",
        "A copy one folder too high.", "sender", "Move it into the agent's folder.", "A file lies in the inbox itself.",
    ),
    Code(
        "FOLDER_UNREADABLE", "intake", "A folder of the inbox cannot be read.", "Missing rights on the folder.",
        "operator", "Give the gateway read and write access; the drop waits.",
        "A folder of the inbox below 'regional-nurse' cannot be read (Permission denied).",
    ),
    Code(
        "INBOX_STALE", "intake", "A complete drop waits unclaimed for too long.",
        "sense_inbox is paused or failing, or the agent is closed.", "operator",
        "Look at the sense_inbox DAG; unpause it or clear its failed task.",
        "A complete drop for backend-engineer waits since 1200 s.",
    ),
    Code(
        "CLAIM_FAILED", "intake", "The file system refused a move or a copy.", "Rights, or a vanished mount.",
        "operator", "Mend the file system; the step is tried again by itself.",
        "A drop for regional-nurse could not be claimed (Read-only file system).",
    ),
    Code(
        "DISK_FULL", "intake", "There is no space left to keep the files.", "A full disk.", "operator",
        "Free space; the step is tried again by itself and nothing is lost.",
        "A document of agent regional-nurse could not be kept: no space left.",
    ),
    Code(
        "MANIFEST_INVALID", "intake", "The drop's batch.yaml cannot be understood; its profiles are held.",
        "Broken YAML, an unknown key, or a value of the wrong kind.", "sender",
        "Correct batch.yaml for the next drop; review this batch's profiles by hand.",
        "batch.yaml is not YAML at line 3; correct it.",
    ),
    Code(
        "UNKNOWN_BATCH", "intake", "The run names a batch that the store does not have.",
        "A run triggered with an invented batch id, or another store.", "operator",
        "Trigger with an agent and a path instead.", "There is no batch 'b20260101-000000-aaaaaa'.",
    ),
    Code(
        "FORM_INCOMPLETE", "intake", "A manual trigger named no agent or no files.", "An empty form field.", "operator",
        "Choose an agent and a folder or file.", "Name an agent and a folder or file.",
    ),
    Code(
        "PATH_REFUSED", "intake", "A manual trigger named a place it may not read.",
        "The path is outside the inbox, the samples and GATEWAY_ALLOWED_PATHS.", "operator",
        "Put the files into the inbox, or allow their folder in the settings.", "The path given is outside the folders.",
    ),
    Code(
        "NOTHING_THERE", "intake", "The path given does not exist on this machine.", "A typing error.", "operator",
        "Correct the path.", "The path given does not exist on this machine.",
    ),
    Code(
        "NOT_A_FILE", "intake", "A link or device came instead of a file.", "A shortcut was copied, not the file.",
        "sender", "Send the file itself.", "A link or device instead of a file.",
    ),
    Code(
        "UNFINISHED_UPLOAD", "intake", "The upload of this file never finished.", "A broken connection.", "sender",
        "Send the file again.", "The upload of this file never finished.",
    ),
    Code(
        "BATCH_TOO_MANY_FILES", "intake", "The batch has more files than one batch may have.", "A whole archive at once.",
        "sender", "Send the rest in a batch of its own.", "Not read: more than 10,000 files in the batch.",
    ),
    Code(
        "BATCH_TOO_LARGE", "intake", "The batch has more bytes than one batch may have.", "A whole archive at once.",
        "sender", "Send the rest in a batch of its own.", "Not read: more than 5,000,000,000 bytes in the batch.",
    ),
    Code(
        "UNKNOWN_UPLOAD", "intake", "There is no such upload of yours.",
        "It was sent already, or nobody touched it for over a day.", "sender", "Choose the files again on the agent's page.",
        "There is no such upload of yours: it was sent already.",
    ),
    Code(
        "UPLOAD_EMPTY", "intake", "An upload was sent without a single file.", "The button came before the files.",
        "sender", "Choose at least one file.", "Nothing was uploaded yet: choose at least one file.",
    ),
    Code(
        "RUN_NOT_STARTED", "intake", "The batch is safe, but its run could not be started from the page.",
        "The ingest_batch DAG is paused or not there yet, or you may not start it.", "operator",
        "Nothing is lost: sense_inbox starts it within five minutes; unpause ingest_batch, or press Start now.",
        "The run could not be started: you may not trigger ingest_batch.",
    ),
    Code(
        "NOTHING_TO_RETRY", "intake", "None of the documents named can be read again.",
        "They did not fail, or their bytes were not kept because the file itself was refused.", "recruiter",
        "Send the file again in a new batch.", "None of these documents can be read again.",
    ),
    Code(
        "DUPLICATE_FILE", "intake", "The very same file was received before; it is not read again.",
        "A file sent twice, or copied within a batch.", "nobody", "Nothing; follow the link to the first.",
        "The same file was received before, in batch b20261122-190501-k7m2qd.",
    ),
    Code(
        "DUPLICATE_IN_BATCH", "quality", "The same person stands in this batch more than once; the best read one is kept.",
        "A résumé and a list row of one person.", "nobody", "Nothing; the kept profile is linked.", "duplicate of p1f0...",
    ),
    Code(
        "DUPLICATE_DELIVERED", "deliver", "The same person was put into the same posting before.",
        "A later batch with a known candidate.", "nobody", "Nothing; the delivered profile is linked.",
        "duplicate of p1f0...",
    ),
    Code(
        "REVIEW_MODE", "review", "Every gate passed; the batch was uploaded for review only.",
        "Mode review (\"Upload only\").", "recruiter", "Approve or discard it.", "held: REVIEW_MODE",
    ),
    Code(
        "CANARY_WAIT", "review", "Every gate passed; it waits until the first ones of the batch were looked at.",
        "The batch runs with a canary.", "recruiter", "Go on with the others on the batch's page or in its required action.",
        "held: CANARY_WAIT",
    ),
    Code(
        "RUN_INCOMPLETE", "intake", "The batch's run ended before everything was done.", "A task failed.", "operator",
        "Look at the run in Airflow and clear the failed task.", "A task of the run failed before everything was done.",
    ),
    Code(
        "STATE_CONFLICT", "review", "The record is no longer in the state this step assumes.",
        "Somebody else decided first.", "recruiter", "Reload and decide again.", "profile p1f0... is discarded.",
    ),
    Code(
        "VERSION_CONFLICT", "review", "The profile was corrected by somebody else meanwhile.", "Two reviewers at once.",
        "recruiter", "Reload and decide again.", "Profile p1f0... was changed meanwhile.",
    ),
    Code(
        "DECISION_INVALID", "review", "The decision given is not one.", "A typing error.", "recruiter",
        "Use approve, correct, discard or undo.", "Unknown decision 'aprove'.",
    ),
    Code(
        "UNKNOWN_PROFILE", "review", "There is no such profile.", "A typing error, or it was erased.", "recruiter",
        "List the queue again.", "There is no profile 'p0'.",
    ),
    Code(
        "CORRECTION_INVALID", "review", "A corrected value is not usable.", "A typing error.", "recruiter",
        "Check the value and try again.", "The email address given is not one.",
    ),
    Code(
        "NOTICE_NOT_SENT", "notify", "A digest did not leave by one of its channels.",
        "The mail server or webhook did not answer, or its connection is missing.", "operator",
        "Test the connection named in the agent's file; the digest is tried again.",
        "The digest of b20261122-190501-k7m2qd did not leave by email (ConnectionRefusedError).",
    ),
    Code(
        "WEBHOOK_NO_HOST", "notify", "A webhook's connection has no address.", "An empty Airflow connection.", "operator",
        "Enter the webhook's address as the connection's host.", "Connection ats_webhook has no host.",
    ),
    Code(
        "NOT_SENT", "notify", "A notice was reserved and did not leave; it may be tried again.",
        "The channel failed at that moment.", "nobody", "Nothing.", "notified: NOT_SENT",
    ),
)  # fmt: skip
