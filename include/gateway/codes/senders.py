"""The API that programs send batches through."""

from __future__ import annotations

from .base import Code

SENDERS: tuple[Code, ...] = (
    Code(
        "API_KEY_INVALID",
        "api",
        "The request has no valid key.",
        "A missing Authorization header, a typing error, or a key that has ended or was revoked.",
        "sender",
        "Send `Authorization: Bearer gwk_...`; ask the operator for a new key.",
        "Send a valid key as `Authorization: Bearer gwk_...`: this one is missing, wrong, ended or revoked.",
    ),
    Code(
        "API_RIGHT_MISSING",
        "api",
        "The key does not include the right to do this.",
        "A key that may only send, or only read.",
        "sender",
        "Use another key, or ask the operator for one with that right.",
        "This key does not include the right to send.",
    ),
    Code(
        "API_TOO_OFTEN",
        "api",
        "The key was used more often than it allows.",
        "A loop without a pause, or many files sent one by one.",
        "sender",
        "Wait as long as Retry-After says and repeat; send many files in one request.",
        "This key allows 60 requests a minute: wait and repeat.",
    ),
    Code(
        "API_KEY_GUESSED",
        "api",
        "Too many requests without a valid key came from one address.",
        "A program that repeats a wrong, ended or revoked key, or somebody who tries keys.",
        "sender",
        "Wait as long as Retry-After says, then send a valid key; ask the operator for a new one.",
        "Too many requests without a valid key came from this address: try again in 8 s.",
    ),
    Code(
        "API_REQUEST_INVALID",
        "api",
        "The request cannot be understood.",
        "Another content type, a broken multipart body, or candidates with unknown or wrong fields.",
        "sender",
        "Correct the request; docs/api.md describes it.",
        "The candidates are invalid at candidates.0.name: Input should be a valid string.",
    ),
    Code(
        "API_KEY_REUSED",
        "api",
        "The Idempotency-Key was used for another request.",
        "The same key sent with other files, another agent or another mode.",
        "sender",
        "Use a new Idempotency-Key for each new batch.",
        "This Idempotency-Key was used for something else: send a new one for a new batch.",
    ),
    Code(
        "API_REQUEST_BUSY",
        "api",
        "A request with the same Idempotency-Key is still being received.",
        "A repeat that was sent before the first request had ended.",
        "nobody",
        "Repeat it in a moment: it then gets the first one's answer.",
        "A request with this Idempotency-Key is being received: repeat it in a moment.",
    ),
    Code(
        "API_KEY_FORM",
        "api",
        "The key was not made, because something about it is wrong.",
        "A sender with other characters, no right chosen, or a rate or a period out of range.",
        "operator",
        "Correct the field named.",
        "The key was not made: the sender is lower-case letters, digits and hyphens, at most 30.",
    ),
    Code(
        "UNKNOWN_API_KEY",
        "api",
        "There is no such key any more.",
        "Somebody else revoked it, or it has ended.",
        "operator",
        "Reload the page.",
        "There is no such key, or it has ended: reload the page.",
    ),
)
