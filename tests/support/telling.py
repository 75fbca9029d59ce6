"""Batches that move, and what the outbox holds of them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import select

from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Document, Outbox, Profile
from support.receiver import SECRET

NAME, ADDRESS = "Greta Hollingsworth", "greta.hollingsworth@example.com"


def connect(patch: pytest.MonkeyPatch, connection: str, base: str, secret: str = SECRET, **extra: Any) -> None:
    """The connection as Airflow's own variable."""
    said = {"conn_type": "http", "host": base, "password": secret, "extra": {"path": "/hooks/candidates", **extra}}
    patch.setenv(f"AIRFLOW_CONN_{connection.upper()}", json.dumps(said))


def batch(batch_id: str = "b1", agent_id: str = "nurses", **more: Any) -> None:
    """A batch that is being read, with one document and one profile."""
    with writing() as session:
        row = Batch(
            id=batch_id, agent_id=agent_id, mode="ingest", state="receiving", manifest={}, statistics={}, **more
        )
        change.create(session, row, actor="test")
        session.flush()
        document = Document(
            id=f"d-{batch_id}",
            batch_id=batch_id,
            agent_id=agent_id,
            path=f"{NAME}.pdf",
            sha256="0" * 64,
            size_bytes=1,
            media_type="application/pdf",
            state="success",
            facts={},
        )
        change.create(session, document, actor="test")
        session.flush()
        profile = Profile(
            id=f"p-{batch_id}",
            document_id=document.id,
            batch_id=batch_id,
            agent_id=agent_id,
            ordinal=0,
            state="extracted",
            name=NAME,
            email=ADDRESS,
            email_norm=ADDRESS,
            data={},
            codes=["EMAIL_MISSING"],
        )
        change.create(session, profile, actor="test")
        change.move(session, row, "running", actor="test")


def move(table: Any, row_id: str, to: str) -> None:
    with writing() as session:
        change.move(session, session.get_one(table, row_id), to, actor="test")


def rows() -> list[Outbox]:
    with reading() as session:
        return list(session.scalars(select(Outbox).order_by(Outbox.created_at, Outbox.id)))
