"""The requests a dry run would send, and their difference from the agent's previous dry run.

Nothing is stored: both are computed from the profiles, so erased data is gone here too.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from gateway.deliver.own_pool import record
from gateway.deliver.port import Request
from gateway.deliver.request import request_of
from gateway.deliver.targets import target_of
from gateway.errors import Refused
from gateway.model import Mode
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.delivery.ledger import READY, approved_unseen
from gateway.store.engine import reading
from gateway.store.tables import Batch, Profile

UNRESERVED = "(reserved when it is sent)"  # stands where the ledger row's id will be


@dataclass(frozen=True, slots=True)
class Difference:
    """Differences between this dry run and the previous one. Personal: addresses, only for roles that may see them.

    since     the earlier dry run, None for the first
    changed   address -> the parts of its request that differ ("phone", "data.work")
    """

    since: str | None
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: dict[str, tuple[str, ...]]
    same: int

    def sentence(self) -> str:
        if self.since is None:
            return f"First dry run of this agent: {len(self.added)} to send."
        lines = [
            f"Since dry run {self.since}: {len(self.added)} more, {len(self.removed)} fewer, {len(self.changed)} changed, "
            f"{self.same} the same."
        ]
        lines += [f"  + {email}" for email in self.added] + [f"  - {email}" for email in self.removed]
        lines += [f"  ~ {email}: {', '.join(parts)}" for email, parts in self.changed.items()]
        return "\n".join(lines)


def planned_calls(batch_id: str) -> list[dict[str, Any]]:
    """The calls that delivering the passed profiles of a batch would make: method, url, headers (masked), body."""
    with reading() as session:
        agent = agent_of(session.get_one(Batch, batch_id).agent_id)
    requests = [request for _, request in _requests(batch_id)]
    return target_of(agent, live=False).show(requests) if requests else []


def planned_requests(batch_id: str) -> list[dict[str, Any]]:
    """The candidates of `planned_calls` one by one, however the target groups them."""
    return [record(request) for _, request in _requests(batch_id)]


def dry_run_difference(batch_id: str) -> Difference:
    """Compares a dry run with the previous one of the same agent, person by person."""
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        before = session.scalar(
            select(Batch.id)
            .where(
                Batch.agent_id == batch.agent_id,
                Batch.mode == Mode.DRY_RUN,
                Batch.id != batch.id,
                Batch.created_at <= batch.created_at,
            )
            .order_by(Batch.created_at.desc(), Batch.id.desc())
            .limit(1)
        )
    new = {email: _parts(request) for email, request in _requests(batch_id)}
    old = {email: _parts(request) for email, request in _requests(before)} if before else {}
    changed = {}
    for email in sorted(new.keys() & old.keys()):
        differing = tuple(
            sorted(
                part for part in new[email].keys() | old[email].keys() if new[email].get(part) != old[email].get(part)
            )
        )
        if differing:
            changed[email] = differing
    return Difference(
        before,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(old.keys() - new.keys())),
        changed,
        len(new.keys() & old.keys()) - len(changed),
    )


def _requests(batch_id: str) -> Iterator[tuple[str, Request]]:
    """(address, request) of each ready profile; profiles that no target can accept would be held and are left out."""
    with reading() as session:
        agent = agent_of(session.get_one(Batch, batch_id).agent_id)
        profiles = session.scalars(
            select(Profile)
            .where(Profile.batch_id == batch_id, Profile.state.in_(READY))
            .options(selectinload(Profile.document))
            .order_by(Profile.id)
        ).all()
        unseen = approved_unseen(session, agent, [profile.id for profile in profiles])
        for profile in profiles:
            try:
                request = request_of(profile, UNRESERVED, agent.target.posting, unseen=profile.id in unseen)
                yield str(profile.email_norm), request
            except Refused:
                continue


def _parts(request: Request) -> dict[str, Any]:
    """The parts of a request about the candidate; references to the batch differ every time."""
    parts: dict[str, Any] = {"name": request.name, "email": request.email, "phone": request.phone}
    return parts | {f"data.{key}": value for key, value in request.data.items()}
