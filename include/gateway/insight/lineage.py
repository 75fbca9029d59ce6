"""Where a batch's candidates came from, what the gates found, and where they went: as counts and ids, for lineage events."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from gateway.codes import CODES
from gateway.model import DeliveryState as L
from gateway.model import Severity
from gateway.store.counts import counts
from gateway.store.engine import reading
from gateway.store.tables import Agent, Batch, Delivery, Document, GateResult


@dataclass(frozen=True, slots=True)
class Check:
    """One gate on the whole batch. column: the field it looks at; None = the batch itself."""

    name: str
    code: str
    says: str
    column: str | None
    holds: bool
    evaluated: int
    unexpected: int


@dataclass(frozen=True, slots=True)
class Lineage:
    """A finished batch. size: bytes of all documents. delivered: candidates of it that the target has confirmed."""

    batch_id: str
    agent_id: str
    target: str
    posting: str
    documents: int
    failed: int
    size: int
    profiles: int
    delivered: int
    checks: tuple[Check, ...]


def lineage_of(batch_id: str) -> Lineage:
    """The lineage of a batch. No sender, no path: both may name a person."""
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        agent = session.get_one(Agent, batch.agent_id)
        numbers = counts(session, batch_id)
        size = session.scalar(select(func.sum(Document.size_bytes)).where(Document.batch_id == batch_id)) or 0
        delivered = session.scalar(
            select(func.count())
            .select_from(Delivery)
            .where(Delivery.batch_id == batch_id, Delivery.state == L.CONFIRMED)
        )
        gates = session.scalars(select(GateResult).where(GateResult.batch_id == batch_id).order_by(GateResult.gate))
        checks = tuple(
            Check(
                gate.gate,
                gate.code,
                CODES[gate.code].means if gate.code in CODES else gate.code,
                gate.field,
                gate.severity == Severity.CRITICAL,
                gate.evaluated,
                gate.unexpected,
            )
            for gate in gates
        )
    return Lineage(
        batch_id,
        agent.id,
        agent.target_kind,
        agent.posting,
        numbers.received,
        numbers.failed,
        int(size),
        numbers.profiles,
        delivered or 0,
        checks,
    )
