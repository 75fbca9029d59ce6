"""Labels before the parts of an entry: "Employer: ...", "Occupation or position held   ...", as forms and Europass print them."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from gateway.values.lexicon import bare

_FILE = Path(__file__).parent / "data" / "entry_labels.txt"
_INLINE = re.compile(r"^([^:：]{2,70}?)\s*[:：]\s*(.*)$", re.S)


@lru_cache(maxsize=1)
def _labels() -> dict[str, str]:
    out: dict[str, str] = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            role, _, names = line.partition(":")
            for name in names.split(";"):
                out.setdefault(bare(name), role)
    return out


@lru_cache(maxsize=8192)
def label_of(text: str) -> str | None:
    """organisation, position or nothing (a part without a field in an entry) if the whole text is a label; else None."""
    return _labels().get(bare(text)) if len(text) <= 80 else None


@lru_cache(maxsize=8192)
def labelled(text: str) -> tuple[str, str] | None:
    """(role, value) of "label: value"; the value may be empty."""
    match = _INLINE.match(text)
    role = label_of(match.group(1)) if match else None
    return (role, match.group(2)) if match and role else None
