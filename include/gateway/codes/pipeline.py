"""Intake of batches, and the pipeline itself."""

from __future__ import annotations

from .base import Code

PIPELINE: tuple[Code, ...] = ()
