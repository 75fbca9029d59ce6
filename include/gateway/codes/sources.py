"""Sources that batches are fetched from."""

from __future__ import annotations

from .base import Code

SOURCES: tuple[Code, ...] = (
    Code(
        "UNKNOWN_SOURCE",
        "intake",
        "The agent has no source of that name.",
        "A typo, or a source that was taken out of the agent's file.",
        "operator",
        "See `sources` in the agent's file, or run `python -m gateway sources check`.",
        "Agent backend-engineer has no source 'agency': see `sources` in its file.",
    ),
    Code(
        "SOURCE_UNREACHABLE",
        "intake",
        "A source does not answer, or the connection to it broke.",
        "A server that is down, a network in between, or a share that is not mounted.",
        "operator",
        "Nothing if it passes: the source is asked again, later each time. Otherwise check its server; what is there waits.",
        "Source agency: the connection broke (EOFError). It is asked again later.",
    ),
    Code(
        "SOURCE_REFUSED",
        "intake",
        "A source refuses access, or cannot be opened as it is described.",
        "A wrong password or key, an unknown host key, a path, bucket or mailbox that is not there, or missing rights.",
        "operator",
        "Correct the connection in Airflow or the source in the agent's file, then run `python -m gateway sources check`.",
        "Connection agency_sftp cannot be used: the server refuses the user or the key.",
    ),
    Code(
        "SOURCE_INVALID",
        "intake",
        "The list that a source answers with cannot be used.",
        "Another program's format, an error page instead of a list, or a list without addresses.",
        "sender",
        "Answer in the format of docs/sources.md; nothing of the list was fetched.",
        'Source jobs-site: its list cannot be used: it has no list "files".',
    ),
    Code(
        "SOURCE_NO_DOOR",
        "intake",
        "This process cannot open that kind of source.",
        "Airflow or the provider of that kind is not installed here.",
        "operator",
        "Install the provider named, or run it where Airflow runs.",
        "Sources of kind sftp are opened by Airflow's provider, which this process does not have.",
    ),
    Code(
        "SOURCE_FAILED",
        "intake",
        "A source failed for an unexpected reason.",
        "A fault in the gateway, or a server that behaves in a way nobody foresaw.",
        "operator",
        "Nothing if it passes: the source is asked again. Otherwise read the log of pull_sources and report the fault.",
        "Source agency: it failed for an unexpected reason (KeyError). It is asked again later.",
    ),
    Code(
        "SOURCE_SILENT",
        "intake",
        "A regular batch did not come, or a source has been silent for too long.",
        "The sender's export stopped, files land in another place, or the DAG that fetches them is paused.",
        "operator",
        "Run `python -m gateway sources check`, make sure that pull_sources and sense_inbox are not paused, and ask the sender.",
        "Nothing arrived for Backend engineer from agency for 26 hours.",
    ),
)
