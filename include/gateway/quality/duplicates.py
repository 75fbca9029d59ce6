"""Whether two records are one person."""

from __future__ import annotations

from rapidfuzz import fuzz, utils

SAME_NAME = 70.0  # token_set_ratio, 0..100: "J. Oakfield" and "Maren Oakfield" agree, two different people do not


def same_name(one: str, other: str) -> bool:
    """May these be spellings of one person's name? Order, middle names, initials and accents do not count against it."""
    return fuzz.token_set_ratio(one, other, processor=utils.default_process) >= SAME_NAME
