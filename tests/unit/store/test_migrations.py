"""What migrations make of rows that are there already."""

from __future__ import annotations

from alembic import command
from sqlalchemy import select, text

from gateway.settings import settings
from gateway.store.engine import alembic_config, engine, migrate, reading
from gateway.store.tables import Batch

BATCH = (
    "INSERT INTO batch (id, agent_id, mode, state, manifest, statistics, created_at) "
    "VALUES (:id, 'a', 'ingest', :state, '{}', :statistics, '2026-01-01 00:00:00+00:00')"
)
DOCUMENT = (
    "INSERT INTO document (id, batch_id, agent_id, path, sha256, size_bytes, media_type, state, facts, created_at, updated_at) "
    "VALUES ('d1', 'b-failed', 'a', 'x', 'x', 1, 'x', 'failed', '{}', '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')"
)


def test_how_often_a_batch_was_retried_moves_into_its_column(store: str) -> None:
    command.downgrade(alembic_config(settings().store_url), "0003")
    with engine().begin() as connection:
        connection.execute(
            text(
                "INSERT INTO agent (id, title, state, target_kind, posting, config, updated_at) "
                "VALUES ('a', 'A', 'open', 'own_pool', 'P', '{}', '2026-01-01 00:00:00+00:00')"
            )
        )
        for state, statistics in (
            ("receiving", "{}"),
            ("failed", '{"retries": 2, "findings": []}'),
            ("waiting_review", "{}"),
        ):
            connection.execute(text(BATCH), {"id": f"b-{state}", "state": state, "statistics": statistics})
        connection.execute(text(DOCUMENT))
    engine().dispose()
    migrate()
    with reading() as session:
        rows = {b.state: b for b in session.scalars(select(Batch))}
    assert (rows["failed"].retries, rows["failed"].statistics) == (2, {"findings": []})
    assert rows["waiting_review"].question == "review-b-waiting_review"
    assert [rows[s].registered_at is not None for s in ("receiving", "failed", "waiting_review")] == [False, True, True]
    assert all(row.failures == {} for row in rows.values())
