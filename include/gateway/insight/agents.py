"""Interview agents as the page shows them: their files, with their history from the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from gateway.agents import Agent, load_agents_lenient
from gateway.agents.files import agent_files
from gateway.errors import Misconfigured
from gateway.insight.words import and_list, field_word
from gateway.model import AgentState, Mode
from gateway.model import ProfileState as P
from gateway.pipeline.judging.evidence import NO_CAP, looked_at, risk_cap
from gateway.quality.gates.trust import CONFIDENCE
from gateway.quality.risk import reach_for
from gateway.settings import settings
from gateway.store.counts import Counts, counts_of
from gateway.store.engine import reading
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Batch, Document, Profile, now

RECENT_DAYS = 30
TARGETS = {"own_pool": "Our candidate pool", "heymilo": "HeyMilo", "webhook": "Webhook"}


@dataclass(frozen=True, slots=True)
class AgentLine:
    """One agent in the list. An agent without a file keeps its history: `has_file` is False, and it accepts nobody.

    documents, delivered   of the last RECENT_DAYS; without a file, of all time
    held                   waiting now
    """

    id: str
    title: str
    posting: str
    target_kind: str
    state: str
    default_mode: str | None
    has_file: bool
    documents: int = 0
    delivered: int = 0
    held: int = 0
    last_batch: str | None = None
    last_batch_at: datetime | None = None

    @property
    def target(self) -> str:
        return TARGETS.get(self.target_kind, self.target_kind)

    @property
    def is_open(self) -> bool:
        return self.has_file and self.state == AgentState.OPEN


@dataclass(frozen=True, slots=True)
class Criterion:
    """One heading of an agent's criteria, and its sentences."""

    title: str
    sentences: tuple[str, ...]


_read: dict[tuple[tuple[str, int, int], ...], tuple[dict[str, Agent], list[Misconfigured]]] = {}


def known_agents() -> tuple[dict[str, Agent], list[Misconfigured]]:
    """Every valid agent by id, and the error of each bad file. Files are read again only if one of them changed."""
    folder = settings().agents_dir
    signature = tuple((str(path), *_stamp(path)) for path in agent_files(folder))
    found = _read.get(signature)
    if found is None:
        found = load_agents_lenient(folder)
        _read.clear()
        _read[signature] = found
    return found


def _stamp(path: Path) -> tuple[int, int]:
    facts = path.stat()
    return facts.st_mtime_ns, facts.st_size


def agent_lines() -> list[AgentLine]:
    """Every agent, those with a file first, by title.

    documents and delivered are those of the last RECENT_DAYS, so that the page costs what happened then and not all history;
    of an agent without a file, which gets nothing any more, all of them.
    """
    agents, _ = known_agents()
    with reading() as session:
        rows = {row.id: row for row in session.scalars(select(AgentRow))}
        gone = rows.keys() - agents.keys()
        since = now() - timedelta(days=RECENT_DAYS)
        recent = Batch.created_at >= since, Batch.agent_id.in_(agents)
        documents = _by_agent(session, Document, *recent) | _by_agent(session, Document, Batch.agent_id.in_(gone))
        delivered = _by_agent(session, Profile, *recent, Profile.state == P.DELIVERED)
        delivered |= _by_agent(session, Profile, Batch.agent_id.in_(gone), Profile.state == P.DELIVERED)
        held: dict[str, int] = dict(
            session.execute(
                select(Profile.agent_id, func.count()).where(Profile.state == P.HELD).group_by(Profile.agent_id)
            ).all()
        )
        latest = _latest_batches(session, sorted({*agents, *rows}))
    lines = []
    for agent_id in {*agents, *rows}:
        last, at = latest.get(agent_id, (None, None))
        numbers = {
            "documents": documents.get(agent_id, 0),
            "delivered": delivered.get(agent_id, 0),
            "held": held.get(agent_id, 0),
        }
        lines.append(_line(agents.get(agent_id), rows.get(agent_id), last, at, numbers))
    return sorted(lines, key=lambda line: (not line.has_file, line.title.casefold(), line.id))


def _by_agent(session: Session, table: type[Document] | type[Profile], *where: ColumnElement[bool]) -> dict[str, int]:
    """agent id -> rows of the table in batches of that kind."""
    counted = (
        select(Batch.agent_id, func.count())
        .select_from(table)
        .join(Batch, Batch.id == table.batch_id)
        .where(*where)
        .group_by(Batch.agent_id)
    )
    return dict(session.execute(counted).all())


def agent_titles() -> list[tuple[str, str]]:
    """(id, title) of every agent that has a file or a history, by title."""
    with reading() as session:
        titles = {row.id: row.title for row in session.execute(select(AgentRow.id, AgentRow.title))}
    titles.update({agent.id: agent.title for agent in known_agents()[0].values()})
    return sorted(titles.items(), key=lambda one: (one[1].casefold(), one[0]))


def agent_line(agent_id: str) -> AgentLine:
    """One agent without its counts; raises Misconfigured(UNKNOWN_AGENT | AGENT_FILE_INVALID)."""
    agents, wrong = known_agents()
    with reading() as session:
        row = session.get(AgentRow, agent_id)
        last, at = _latest_batches(session, [agent_id]).get(agent_id, (None, None))
    if agent_id not in agents:
        for error in wrong:
            if f" {agent_id}.y" in error.sentence:
                raise error
        if row is None:
            raise Misconfigured("UNKNOWN_AGENT", f"There is no agent {agent_id!r}.")
    return _line(agents.get(agent_id), row, last, at, {})


def agent_counts(agent_id: str) -> Counts:
    """Documents and profiles of an agent by current state; adds up like the counts of a batch. Codes are not counted."""
    with reading() as session:
        documents: dict[str, int] = dict(
            session.execute(
                select(Document.state, func.count()).where(Document.agent_id == agent_id).group_by(Document.state)
            ).all()
        )
        profiles: dict[str, int] = dict(
            session.execute(
                select(Profile.state, func.count()).where(Profile.agent_id == agent_id).group_by(Profile.state)
            ).all()
        )
    return counts_of(documents, profiles)


def _latest_batches(session: Session, agent_ids: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """agent id -> (id, time) of its newest batch: one look into the index for each agent."""
    found: dict[str, tuple[str, datetime]] = {}
    for agent_id in agent_ids:
        newest = session.execute(
            select(Batch.id, Batch.created_at)
            .where(Batch.agent_id == agent_id)
            .order_by(Batch.created_at.desc(), Batch.id.desc())
            .limit(1)
        ).first()
        if newest is not None:
            found[agent_id] = (newest.id, newest.created_at)
    return found


def _line(
    agent: Agent | None, row: AgentRow | None, last: str | None, at: datetime | None, numbers: dict[str, int]
) -> AgentLine:
    if agent is not None:
        return AgentLine(
            agent.id,
            agent.title,
            agent.target.posting,
            agent.target.kind,
            agent.state,
            agent.default_mode,
            True,
            last_batch=last,
            last_batch_at=at,
            **numbers,
        )
    assert row is not None
    return AgentLine(
        row.id,
        row.title,
        row.posting,
        row.target_kind,
        AgentState.CLOSED,
        None,
        False,
        last_batch=last,
        last_batch_at=at,
        **numbers,
    )


MODES = {
    Mode.INGEST: "Candidates who pass every check are ingested automatically; the others wait for review.",
    Mode.REVIEW: "Every candidate waits for review, even those who pass every check.",
    Mode.DRY_RUN: "Nothing is sent: a batch only shows what would be sent.",
}


def criteria(agent: Agent) -> tuple[Criterion, ...]:
    """An agent's file as sentences for recruiters. They describe our reading, never people."""
    asked = [
        f"We must have read the {and_list(map(field_word, agent.fields.required))}; otherwise a person checks first."
    ]
    if agent.fields.wanted:
        asked.append(
            f"Also looked for: {and_list(map(field_word, agent.fields.wanted))}. If one is missing, the candidate is only marked."
        )
    found = [Criterion("What is read", tuple(asked)), Criterion("Required confidence", tuple(_sure(agent)))]
    if limits := list(_allowed(agent)):
        found.append(Criterion("Allowed contact data", tuple(limits)))
    if own := [rule.says.rstrip(".") + "." for rule in agent.expectations]:
        found.append(Criterion("This agent's own checks", tuple(own)))
    found.append(Criterion("When a whole batch stops", tuple(_stops(agent))))
    found.append(Criterion("What happens then", tuple(_then(agent))))
    return tuple(found)


def _sure(agent: Agent) -> list[str]:
    least = CONFIDENCE[agent.preset] | {str(name): value for name, value in agent.thresholds.items()}
    numbers = and_list(f"{value:.0%} sure of the {field_word(name)}" for name, value in least.items())
    through = reach_for(agent.max_error)["real"]
    return [
        f"At most {agent.max_error:.1%} of the candidates who pass automatically may have a wrong name, e-mail address or "
        f"phone number. At {agent.max_error:.1%} error, about {through:.0%} of résumés go through.",
        *_found(agent),
        f"Checks are {agent.preset}: a row of a list passes automatically if we are at least {numbers}.",
        "Every contact value must be shown in the document it came from."
        if agent.preset != "lenient"
        else "A contact value that cannot be shown in its document is marked.",
    ]


def _found(agent: Agent) -> list[str]:
    """The audits of an agent's automatic passes, and whether they refute the stated error."""
    with reading() as session:
        looked = looked_at(session, agent.id)
        refuted = risk_cap(session, agent) < NO_CAP
    if not looked:
        return []
    wrong = sum(bad for _, bad in looked)
    then = (
        "That refutes the stated error: only the most certain candidates pass until make calibrate or the audits show otherwise."
        if refuted
        else "That does not refute the stated error."
    )
    return [f"People checked {len(looked):,} of its automatic passes and found {wrong:,} wrong. {then}"]


def _allowed(agent: Agent) -> list[str]:
    allowed = agent.allowed
    said = []
    if allowed.countries:
        said.append(f"Phone numbers belong to {and_list(allowed.countries, 'or')}.")
    if agent.country:
        then = "and held" if agent.phone_without_country == "hold" else "and left out of the delivery"
        said.append(
            f"A number without any sign of its country is read as a number of {agent.country}, marked as a guess {then}."
        )
    if allowed.email_domains:
        said.append(f"E-mail addresses end in {and_list(allowed.email_domains, 'or')}.")
    if allowed.languages:
        said.append(f"Documents are written in {and_list(allowed.languages, 'or')}.")
    if agent.check_dns:
        said.append("The e-mail domain must accept mail.")
    verb = "hold a candidate" if agent.fictional_contacts == "hold" else "are only marked"
    said.append(f"Addresses and numbers reserved for examples {verb}.")
    return said


def _stops(agent: Agent) -> list[str]:
    limits = agent.limits
    shares = [
        (limits.max_hold_share, "of the candidates would be held"),
        (limits.max_failed_share, "of the documents cannot be read"),
        (limits.max_duplicate_share, "of the candidates repeat one another"),
    ]
    said = [f"More than {share:.0%} {what}." for share, what in shares if share is not None]
    if limits.max_languages is not None:
        said.append(f"Documents are in more than {limits.max_languages} languages.")
    if limits.rows_must_match:
        said.append("The number of candidates read differs from the sender's count.")
    if any(share is not None for share, _ in shares):
        said.append(f"Shares are checked only from {limits.min_profiles} candidates.")
    return said


def _then(agent: Agent) -> list[str]:
    said = [MODES[agent.default_mode]]
    if agent.canary is not None:
        said.append(f"The first {agent.canary} who pass are ingested; the rest wait for an approval.")
    if agent.audit_share:
        said.append(f"{agent.audit_share:.0%} of those ingested automatically are checked by a person afterwards.")
    return said
