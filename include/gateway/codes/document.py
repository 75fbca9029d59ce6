"""Reading PDF résumés."""

from __future__ import annotations

from .base import Code

DOCUMENT: tuple[Code, ...] = ()
