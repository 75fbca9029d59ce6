"""Columns that are sealed while GATEWAY_ENCRYPT is on. The database sees text or JSON either way, so no migration is needed.

A sealed text begins with MARK; a sealed JSON value is {MARK: text}. Both read plain and sealed values side by side: a store
where encryption was turned on later holds both until `gateway keys encrypt` has gone over it. Such columns are never
compared or searched in SQL.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from sqlalchemy import JSON, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

MARK = "gw1:"
_PLAIN = "="  # after MARK: a plain text that happens to begin with MARK
ERASED = {"erased"}  # the keys of a profile that was erased: SQL looks for them, and they say nothing


class SealedText(TypeDecorator[str]):
    """Text. about: "table.column", which the ciphertext is bound to."""

    impl = Text
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else seal_text(value, self.about)

    def process_result_value(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else open_text(value, self.about)


class SealedJson(TypeDecorator[Any]):
    """A JSON object or list; empty ones, and what is left of an erased profile, stay as they are."""

    impl = JSON
    cache_ok = True

    def __init__(self, about: str) -> None:
        super().__init__()
        self.about = about

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(JSONB() if dialect.name == "postgresql" else JSON())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        return seal_json(value, self.about)

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return open_json(value, self.about)


def is_sealed(value: Any) -> bool:
    """Whether a column's own value (as the database has it) is sealed, or needs no seal."""
    if isinstance(value, str):
        return value.startswith(MARK) and not value.startswith(MARK + _PLAIN)
    return not value or (isinstance(value, dict) and set(value) in ({MARK}, ERASED))


def seal_text(value: str, about: str) -> str:
    from gateway.store import sealing  # which needs the tables

    if sealing.is_on():
        return MARK + base64.b64encode(sealing.sealed(value.encode("utf-8", "surrogatepass"), about)).decode()
    return f"{MARK}{_PLAIN}{value}" if value.startswith(MARK) else value


def open_text(value: str, about: str) -> str:
    from gateway.store import sealing

    if not value.startswith(MARK):
        return value
    rest = value[len(MARK) :]
    if rest.startswith(_PLAIN):
        return rest[len(_PLAIN) :]
    try:
        content = base64.b64decode(rest, validate=True)
    except ValueError:
        content = b""  # refused there, as anything that was changed
    return sealing.opened(content, about).decode("utf-8", "surrogatepass")


def seal_json(value: Any, about: str) -> Any:
    from gateway.store import sealing

    if not sealing.is_on() or not value or (isinstance(value, dict) and set(value) == ERASED):
        return value
    return {MARK: seal_text(json.dumps(value, ensure_ascii=False, separators=(",", ":")), about)}


def open_json(value: Any, about: str) -> Any:
    return json.loads(open_text(value[MARK], about)) if isinstance(value, dict) and set(value) == {MARK} else value
