"""Targets and the delivery ledger."""

from __future__ import annotations

from .base import Code

DELIVERY: tuple[Code, ...] = ()
