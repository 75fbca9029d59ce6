"""How much is open, in five numbers for monitors. Each is answered by an index, however long the history is."""

from __future__ import annotations

from sqlalchemy import func, select

from gateway.model import BatchState
from gateway.model import DeliveryState as L
from gateway.model import ProfileState as P
from gateway.store.engine import reading
from gateway.store.tables import Batch, Delivery, Outbox, Profile, now


def gauges() -> dict[str, float]:
    """The values of gateway_airflow.telemetry.GAUGES, by name."""
    unfinished = (BatchState.RECEIVING, BatchState.RUNNING)
    with reading() as session:
        held, oldest = session.execute(
            select(func.count(), func.min(Profile.created_at)).where(Profile.state == P.HELD)
        ).one()
        batches = session.scalar(select(func.count()).select_from(Batch).where(Batch.state.in_(unfinished)))
        deliveries = session.scalar(
            select(func.count()).select_from(Delivery).where(Delivery.state.in_([L.SENT, L.UNKNOWN]))
        )
        notices = session.scalar(
            select(func.count()).select_from(Outbox).where(Outbox.sent_at.is_(None), Outbox.dead_at.is_(None))
        )
    return {
        "gateway.review.held": held,
        "gateway.review.oldest_s": round((now() - oldest).total_seconds(), 1) if oldest else 0.0,
        "gateway.batches.open": batches or 0,
        "gateway.deliveries.open": deliveries or 0,
        "gateway.notices.waiting": notices or 0,
    }
