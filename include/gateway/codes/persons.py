"""One person in several profiles."""

from __future__ import annotations

from .base import Code

PERSONS: tuple[Code, ...] = (
    Code(
        "DUPLICATE_MARKED",
        "review",
        "A reviewer linked this profile to another one of the same person.",
        "The same candidate under other contact data.",
        "nobody",
        "Nothing; undo takes the link back.",
        "duplicate of p1f0...",
    ),
    Code(
        "DUPLICATE_INVALID",
        "review",
        "These two profiles cannot be linked.",
        "They are one and the same, belong to different agents, or one is of a dry run.",
        "recruiter",
        "Choose another profile of the same agent.",
        "Profile p1f0... already stands for p2a9...",
    ),
    Code(
        "ALREADY_DELIVERED",
        "review",
        "The candidate is at the target already; what was sent cannot be changed here.",
        "A decision came after the delivery.",
        "recruiter",
        "Change or withdraw the candidate in the target.",
        "Profile p1f0... was delivered: it cannot be put back.",
    ),
)
