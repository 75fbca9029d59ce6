"""One person in several profiles."""

from __future__ import annotations

from .base import Code

PERSONS: tuple[Code, ...] = (
    Code(
        "PERSON_ERASED",
        "review",
        "This person's data was erased on request and is not ingested again.",
        "`gateway erase`, or the same person or file sent again afterwards.",
        "nobody",
        "Nothing; the receipt named in the event says what was erased and where.",
        "e20261125-4f2a1c...",
    ),
    Code(
        "ERASE_LATER",
        "review",
        "The person cannot be erased yet, because a call to the target about them has no answer.",
        "A worker or the target stopped in the middle of a delivery.",
        "operator",
        "Wait until deliver_reviewed has settled the call (it runs every ten minutes), then erase again.",
        "A call about profile p1f0... has no answer yet.",
    ),
    Code(
        "DUPLICATE_MARKED",
        "review",
        "A reviewer linked this profile to another one of the same person.",
        "The same candidate under other contact data.",
        "nobody",
        "Nothing; undo removes the link.",
        "duplicate of p1f0...",
    ),
    Code(
        "DUPLICATE_INVALID",
        "review",
        "These two profiles cannot be linked.",
        "They are the same profile, belong to different agents, or one comes from a dry run.",
        "recruiter",
        "Choose another profile of the same agent.",
        "Profile p1f0... already stands for p2a9...",
    ),
    Code(
        "ALREADY_DELIVERED",
        "review",
        "The candidate is already at the target; sent data cannot be changed here.",
        "A decision came after the delivery.",
        "recruiter",
        "Change or withdraw the candidate in the target.",
        "Profile p1f0... was delivered: it cannot be put back.",
    ),
)
