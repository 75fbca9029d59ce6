"""Rows of profiles as the pipeline leaves them, without running it: a batch in a second would be too slow here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.pipeline.judging import shared
from gateway.pipeline.read import email_key
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch, Document, Field, Profile

AGENT = "backend-engineer"
BORN = datetime(2026, 1, 1, tzinfo=UTC)


def batch(identity: str = "b1", *, mode: str = "ingest", state: str = "waiting_review", agent: str = AGENT) -> str:
    """One batch with one document."""
    sync_agent(agent_of(agent))
    with writing() as session:
        session.add(
            Batch(id=identity, agent_id=agent, mode=mode, state=state, manifest={}, statistics={}, created_at=BORN)
        )
        session.flush()
        session.add(
            Document(
                id=f"d-{identity}",
                batch_id=identity,
                agent_id=agent,
                path="a.pdf",
                sha256=f"{identity:0>64}",
                size_bytes=1,
                media_type="application/pdf",
                state="success",
                facts={},
            )
        )
    return identity


def person(
    identity: str,
    *,
    of: str = "b1",
    state: str = "held",
    codes: tuple[str, ...] = ("EMAIL_MISSING",),
    age: int = 0,
    agent: str = AGENT,
    name: str | None = "Mira Okonjo",
    email: str | None = None,
    phone: str | None = None,
    **data: Any,
) -> str:
    """One profile with a field row a value; age in days before the first of January."""
    values = {"name": name, "email": email, "phone": phone}
    with writing() as session:
        ordinal = session.scalar(select(func.count(Profile.id)).where(Profile.batch_id == of))
        row = Profile(
            id=identity,
            document_id=f"d-{of}",
            batch_id=of,
            agent_id=agent,
            ordinal=ordinal,
            state="extracted",
            email_norm=email_key(email),
            data=data,
            codes=list(codes),
            created_at=BORN - timedelta(days=age),
            **values,
        )
        change.create(session, row, actor="test")
        session.flush()
        shared.add(session, agent, {identity: shared.person_of(row)})
        session.add_all(
            Field(
                profile_id=identity,
                name=key,
                value=value,
                raw=f"as printed: {value}",
                confidence=0.9,
                source="text",
                rule="scorer",
                page=1,
                box=[1.0, 2.0, 3.0, 4.0],
            )
            for key, value in values.items()
            if value
        )
        for step in {
            "held": ["held"],
            "approved": ["held", "approved"],
            "discarded": ["held", "discarded"],
            "delivered": ["passed", "delivered"],
            "passed": ["passed"],
            "unknown": ["passed", "unknown"],
        }[state]:
            change.move(session, row, step, actor="test")
    return identity
