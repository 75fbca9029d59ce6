"""Gates on profiles and batches."""

from __future__ import annotations

from .base import Code

QUALITY: tuple[Code, ...] = ()
