"""Alembic's entry: runs the migrations on the store's own engine, one process at a time."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import text

from gateway.settings import settings
from gateway.store.columns import SealedJson, SealedText
from gateway.store.engine import engine_for
from gateway.store.tables import Base, Json, UtcDateTime

LOCK = 727_001  # any number of ours; PostgreSQL advisory lock (postgresql.org/docs/current/explicit-locking.html)


def plain(kind: str, item: Any, _: Any) -> str | Literal[False]:
    """Migrations name the database's types, not ours, so that an old one still runs when ours are renamed."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, SealedText):
        return "sa.Text()"
    if kind == "type" and (item is Json or isinstance(item, SealedJson)):
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


url = context.config.attributes.get("url") or settings().store_url
with engine_for(url).connect() as connection:
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, compare_type=True, render_item=plain
    )
    with context.begin_transaction():
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"SELECT pg_advisory_xact_lock({LOCK})"))
        context.run_migrations()
    connection.commit()
