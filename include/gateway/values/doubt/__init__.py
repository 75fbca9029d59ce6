"""Reasons to doubt a value that has been read. Normalising decides what a value is; doubting says why it may be wrong.

The gates and the desk doubt by the same functions: a value typed by a reviewer is doubted like a value that was read.
"""

from __future__ import annotations


def doubts_of(field: str, value: str) -> tuple[str, ...]:
    """Reason codes against a value of name, email or phone, sorted; other fields are never doubted.

    value   normalised, as it would be kept
    """
    from . import emails, names, phones

    ask = {"name": names.name_doubts, "email": emails.email_doubts, "phone": phones.phone_doubts}.get(field)
    return tuple(sorted(ask(value))) if ask else ()
