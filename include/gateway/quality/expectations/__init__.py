"""The gates as Great Expectations classes. Import only through gateway.quality.engine, which keeps GX quiet."""

from __future__ import annotations

from . import contact, trust

__all__ = ["contact", "trust"]
