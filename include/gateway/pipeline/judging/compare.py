"""Facts about a profile that only the store has: likely duplicates, shared numbers, the split of its document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.model import ExtractedProfile, Mode, ProfileState
from gateway.pipeline.judging import shared
from gateway.pipeline.read import email_key
from gateway.quality.compare import compare
from gateway.quality.dns import mail_domains
from gateway.quality.duplicates import Person
from gateway.store.profiles import IN_LIST
from gateway.store.tables import Batch, Document, Profile
from gateway.values.doubt.emails import domain_of

_LEFT_OUT = (ProfileState.DISCARDED, ProfileState.DUPLICATE)


def neighbour_facts(
    session: Session, agent: Agent, loaded: Mapping[str, tuple[Profile, ExtractedProfile]], *, one_batch: bool = True
) -> dict[str, dict[str, Any]]:
    """profile id -> the facts of a Case that need other profiles, by name, and "alike": ids to propose to a person.

    loaded      the profiles to be judged, by id, with their values, in the order they were read
    one_batch   False for single profiles of several batches: then none of them repeats another
    """
    if not loaded:
        return {}
    batch = {identity: Person.of(value) for identity, (_, value) in loaded.items()}
    silent = {identity for identity, (row, _) in loaded.items() if row.state in _LEFT_OUT}
    earlier, crowded = _earlier(session, agent.id, batch)
    found = compare(batch, earlier, silent=silent, crowded=crowded)
    documents = {row.document_id for row, _ in loaded.values()}
    people = _people_in(session, documents)
    accepts: dict[str, bool | None] = {}
    if agent.check_dns:
        accepts = mail_domains(domain_of(person.email) for person in batch.values() if person.email)
    return {
        identity: {
            **found[identity].facts(),
            **({} if one_batch else {"repeats_in_batch": False}),
            "alike": found[identity].alike,
            "domain_accepts_mail": accepts.get(domain_of(value.email)) if value.email else None,
            "people_in_document": 1 if value.row is not None else max(1, people[row.document_id]),
        }
        for identity, (row, value) in loaded.items()
    }


def _earlier(session: Session, agent_id: str, batch: Mapping[str, Person]) -> tuple[dict[str, Person], set[str]]:
    """(the agent's profiles that share a key with these, from its whole history; keys too common to say anything)."""
    query = (
        select(Profile.id, Profile.name, Profile.email, Profile.phone, Profile.location, Profile.data)
        .join(Batch, Batch.id == Profile.batch_id)
        .where(Profile.agent_id == agent_id, Profile.state.not_in(_LEFT_OUT), Batch.mode != Mode.DRY_RUN)
    )
    sharers, crowded = shared.profiles_sharing(session, agent_id, batch.values())
    wanted = sorted(sharers - batch.keys())
    rows: list[Any] = []
    for start in range(0, len(wanted), IN_LIST):
        rows += session.execute(query.where(Profile.id.in_(wanted[start : start + IN_LIST])))
    # Whoever was sent some hundred times is not among the first of that key, but may be the one who counts.
    emails = sorted({key for person in batch.values() if (key := email_key(person.email))})
    for start in range(0, len(emails), IN_LIST):
        rows += session.execute(query.where(Profile.email_norm.in_(emails[start : start + IN_LIST])))
    return {row.id: shared.person_of(row) for row in rows if row.id not in batch}, crowded


def _people_in(session: Session, documents: set[str]) -> Counter[str]:
    """People in each document, those included that are not judged now, or were left out because they are erased."""
    counted: Counter[str] = Counter()
    ordered = sorted(documents)
    for start in range(0, len(ordered), IN_LIST):
        part = ordered[start : start + IN_LIST]
        counted.update(session.scalars(select(Profile.document_id).where(Profile.document_id.in_(part))))
        read = session.execute(select(Document.id, Document.facts).where(Document.id.in_(part)))
        counted |= Counter({identity: int(facts.get("profiles") or 0) for identity, facts in read})
    return counted
