"""Targets and the delivery ledger."""

from __future__ import annotations

from .base import Code

DELIVERY: tuple[Code, ...] = (
    Code(
        "TARGET_CLOSED", "deliver", "The posting takes nobody at the moment.",
        "It is a draft, expired, archived, not finalized, or past its deadline.", "operator",
        "Open the posting in the target; then clear the failed task, or approve the held profiles.",
        "The posting takes nobody: it is past its deadline.",
    ),
    Code(
        "TARGET_GONE", "deliver", "The target does not know the posting.",
        "A typing error in the agent's file, a deleted posting, or a key of another workspace.", "operator",
        "Correct `target.posting` or the connection; then approve the held profiles.", "The target has no such posting.",
    ),
    Code(
        "TARGET_NOT_TEST", "deliver", "The posting is a real one, and the agent allows test postings only.",
        "`target.test_posting_required` is true, as it is unless set otherwise.", "operator",
        "Use a test posting, or set it to false where real candidates are meant.", "The posting is no test posting.",
    ),
    Code(
        "TARGET_KEY_REFUSED", "deliver", "The target refused our key; nothing is sent until it is replaced.",
        "A revoked or mistyped key or signing secret.", "operator",
        "Enter a valid one in the Airflow connection named, then clear the failed task.",
        "The target refused the key of connection heymilo_default (HTTP 401).",
    ),
    Code(
        "TARGET_REFUSED_CALL", "deliver", "The target refused the call itself, not a record.",
        "A wrong address, a redirect, or a changed interface.", "operator",
        "Check the address in the connection named; redirects are not followed.",
        "The target refused the call itself (HTTP 405).",
    ),
    Code(
        "TARGET_REFUSED", "deliver", "The target said no to this candidate.", "A rule of the target.", "recruiter",
        "Read the target's sentence, correct the profile and approve it again.",
        "The target refused the field email (value_error).",
    ),
    Code(
        "TARGET_LOSES", "deliver", "The target took this candidate five times and never had it.",
        "A fault in the target.", "operator", "Ask the target's support with the delivery's id; then approve it again.",
        "refused: TARGET_LOSES",
    ),
    Code(
        "TARGET_UNREACHABLE", "deliver", "The target cannot be reached; nothing was sent.",
        "A network fault, a name that does not resolve, a certificate that is not valid.", "operator",
        "Usually nothing: it is tried again. If it stays, test the connection named.",
        "The target of connection heymilo_default cannot be reached (ConnectTimeout).",
    ),
    Code(
        "RATE_LIMITED", "deliver", "The target asked for a pause; every worker keeps it.",
        "Too many calls with one key in a minute, perhaps by other tools.", "nobody",
        "Nothing: it goes on by itself. If it happens often, lower `target.rate_per_minute`.",
        "The target asked for a pause.",
    ),
    Code(
        "CALL_TOO_LARGE", "deliver", "The target refused a call for its size.", "Many or long profiles in one call.",
        "nobody", "Nothing: smaller calls follow by themselves.", "The target refused the call for its size.",
    ),
    Code(
        "SENDING_DELAYED", "deliver", "A worker was stopped just before sending and did not send.",
        "A paused machine or an overloaded one.", "nobody", "Nothing: it is tried again.",
        "The worker was stopped between reserving and sending.",
    ),
    Code(
        "DELIVERY_UNKNOWN", "deliver", "The target never said whether the candidate arrived; it is looked for first.",
        "A broken connection, an error of the target, or a stopped worker while sending.", "nobody",
        "Nothing: the target is asked before anything is sent again.", "unknown: DELIVERY_UNKNOWN",
    ),
    Code(
        "METADATA_TRIMMED", "deliver", "References sent along were shortened to the target's limits.",
        "More than 50 keys, a key over 40 or a value over 500 characters.", "nobody",
        "Nothing; the full values stay in the store.", "delivery x2026...: METADATA_TRIMMED",
    ),
    Code(
        "PHONE_LEFT_OUT", "deliver", "The candidate was sent without a phone number.",
        "The number is not known with its country, and targets take E.164 only.", "recruiter",
        "Add the number in the target if it is needed.", "delivery x2026...: PHONE_LEFT_OUT",
    ),
    Code(
        "ADDRESS_FORBIDDEN", "deliver", "A webhook's address is inside a private network.",
        "A wrong address, or a receiver of your own.", "operator",
        "Use a public address, or set `target.allow_private` if it is meant.",
        "The webhook's address is inside a private network.",
    ),
    Code(
        "CONNECTION_MISSING", "deliver", "The connection that the agent names does not exist.", "A new machine.",
        "operator", "Create it in Airflow (Admin, Connections), or set the variable named.",
        "There is no connection heymilo_default.",
    ),
    Code(
        "CONNECTION_INVALID", "deliver", "The connection lacks something or has an unsafe address.",
        "An empty key or an http:// address.", "operator", "Correct the connection named.",
        "Connection heymilo_default has no key.",
    ),
    Code(
        "EXPORT_FAILED", "deliver", "A batch is in the pool, but its export file could not be written.",
        "A full disk, or no right to write.", "operator", "Free space; the export is written by the next delivery.",
        "The export of batch b20261122-190501-k7m2qd could not be written (No space left on device).",
    ),
)  # fmt: skip
