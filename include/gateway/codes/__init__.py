"""Every reason code, in one table. docs/codes.md is generated from it (`make docs`).

People and scripts can both act on a code. Each entry gives its meaning, its usual cause, who acts, and the
remedy; the sentence shown with it names the document or profile.
"""

from __future__ import annotations

from .archives import ARCHIVES
from .base import Code
from .delivery import DELIVERY
from .document import DOCUMENT
from .files import FILES
from .judging import JUDGING
from .keeping import KEEPING
from .learning import LEARNING
from .notices import NOTICES
from .page import PAGE
from .persons import PERSONS
from .pipeline import PIPELINE
from .quality import QUALITY
from .senders import SENDERS
from .showing import SHOWING
from .sources import SOURCES

CODES: dict[str, Code] = {}
for _code in (
    *PIPELINE,
    *FILES,
    *ARCHIVES,
    *DOCUMENT,
    *QUALITY,
    *JUDGING,
    *LEARNING,
    *DELIVERY,
    *PAGE,
    *PERSONS,
    *SHOWING,
    *NOTICES,
    *SOURCES,
    *SENDERS,
    *KEEPING,
):
    if _code.id in CODES:
        raise ValueError(f"reason code {_code.id} is defined twice")
    CODES[_code.id] = _code


def explain(code: str) -> Code:
    """The entry of a code; raises KeyError for an unknown code (a test makes sure that none is used)."""
    return CODES[code]


__all__ = ["CODES", "Code", "explain"]
