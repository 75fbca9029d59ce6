"""Files that are not PDF résumés: tables, archives, office documents, and the sandbox that reads all of them."""

from __future__ import annotations

from .base import Code

FILES: tuple[Code, ...] = ()
