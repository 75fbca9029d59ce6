"""History from the store for a what-if: the profiles of an agent as cases, and the verdicts that stand."""

from __future__ import annotations

import dataclasses
import json
import logging
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import IO, Any

from sqlalchemy import ColumnElement, case, func, select
from sqlalchemy.orm import Session

from gateway.agents import Agent, changed_agent
from gateway.errors import Misconfigured
from gateway.intake import files
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.learning.minutes import cost_of
from gateway.quality.case import COMPARED, LISTS, TEXTS, Case, calibrated, marks_that_hold, signals_that_hold
from gateway.quality.replay import Before, Changed, Replay, Slice, replay
from gateway.quality.scores import CONTACT, FIELDS, facts_from
from gateway.store.engine import reading
from gateway.store.tables import Batch, Document, Field, Observation, Profile, Verdict

log = logging.getLogger(__name__)
SLICE, BATCHES = 5_000, 400  # profiles and batches judged together: about 60 MB
IN_LIST = 500


def what_if(
    agent_id: str | None,
    batch_id: str | None = None,
    criteria: str | None = None,
    shown_as: str = "criteria",
    newest: int | None = None,
    changed: Callable[[Changed], None] = lambda _: None,
) -> Replay:
    """Judges the history of an agent, or of one batch, again.

    agent_id   None = the batch's own
    criteria   YAML with keys of an agent file that replace its own; None = the file as it is
    shown_as   what messages call the criteria
    newest     only about so many of the newest profiles
    changed    gets each profile whose outcome or findings differ, as it is judged
    raises     Misconfigured(FORM_INCOMPLETE | UNKNOWN_AGENT | UNKNOWN_BATCH | AGENT_FILE_INVALID: the line of the criteria)
    """
    if agent_id is None:
        if batch_id is None:
            raise Misconfigured("FORM_INCOMPLETE", "Name the agent or batch whose history should be judged again.")
        with reading() as session:
            batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", f"There is no batch {batch_id}; see `gateway status`.")
        agent_id = batch.agent_id
    agent = agent_of(agent_id)
    if criteria is not None:
        agent = changed_agent(agent, criteria, shown_as)
    return replay_history(agent, batch_id, newest, changed)


def replay_to_table(agent_id: str | None, batch_id: str | None, criteria: str | None, *, name: str) -> dict[str, Any]:
    """The same, with the changed profiles as JSON lines at replays/<name>.jsonl in the files store.

    returns   counts: profiles, passed_before, passed_now, would_pass, would_hold, changed, by_code {code: [before, now]};
              differs_in: parts of the suite version; table: the file's key. Ids, codes and counts, no personal data
    """
    key = f"replays/{re.sub(r'[^A-Za-z0-9_.+-]', '-', name)[:150]}.jsonl"
    target = files.root() / key
    target.parent.mkdir(parents=True, exist_ok=True)
    # Beside it first: criteria that are refused must not empty the table of an earlier try.
    with tempfile.TemporaryFile("w+", encoding="utf-8") as rows:
        result = what_if(agent_id, batch_id, criteria, changed=lambda row: _write(rows, row))
        rows.seek(0)
        with target.open("w", encoding="utf-8") as table:
            shutil.copyfileobj(rows, table)
    counts = {
        "profiles": result.profiles,
        "passed_before": result.passed_before,
        "passed_now": result.passed_now,
        "would_pass": len(result.now_pass),
        "would_hold": len(result.now_hold),
        "changed": result.changed,
        "by_code": {code: list(both) for code, both in result.by_code.items()},
        "reproduced": result.reproduced,
        "unexplained": result.unexplained,
        "differs_in": list(result.differs_in()),
        "minutes": list(result.minutes),
        "expected_wrong": list(result.wrong),
        "checked": list(result.checked),
        "table": key,
    }
    log.info("\n".join(story(result, what_if=criteria is not None)))
    return counts


def story(result: Replay, *, what_if: bool) -> list[str]:
    """The result, in lines for a person."""
    lines = [
        f"{result.profiles} profiles judged again; nothing is sent.",
        f"pass: {result.passed_before} before, {result.passed_now} now "
        f"(+{len(result.now_pass)} would pass, -{len(result.now_hold)} would be held)",
        f"review: {_time(result.minutes[0])} before, {_time(result.minutes[1])} now",
        f"wrong: about {result.wrong[0]:.1f} of the passes before ({result.error[0]:.2%}), about {result.wrong[1]:.1f} now "
        f"({result.error[1]:.2%}), by their risk",
    ]
    if result.checked[0]:
        looked, bad = result.checked
        lines.append(f"of those who would pass, people looked at {looked} and found a contact value wrong in {bad}")
    if result.by_code:
        lines += ["", f"{'held by':28}  before     now"]
        lines += [
            f"{code:28} {old:7} {new:7}"
            for code, (old, new) in sorted(result.by_code.items(), key=lambda item: (-max(item[1]), item[0]))
        ]
        lines.append("")
    if result.reproduced:
        lines.append("Every verdict came out unchanged.")
    elif not what_if:
        parts = result.differs_in()
        told = f"the version differs in: {', '.join(parts)}" if parts else "no version explains it: please report this"
        lines.append(f"{result.changed} verdicts differ; {told}.")
    return lines


def _write(table: IO[str], row: Changed) -> None:
    table.write(json.dumps(asdict(row)) + "\n")


def _time(minutes: float) -> str:
    return f"{minutes:.0f} min" if minutes < 90 else f"{minutes / 60:.1f} h"


def replay_history(
    agent: Agent,
    batch_id: str | None = None,
    newest: int | None = None,
    changed: Callable[[Changed], None] = lambda _: None,
) -> Replay:
    """Judges every judged profile of the agent again, under `agent` as given (including changed criteria).

    batch_id   only that batch
    changed    gets each profile whose outcome or findings differ
    raises     Misconfigured(UNKNOWN_BATCH) if this agent has no such batch
    """
    with reading() as session:
        if batch_id is not None:
            batch = session.get(Batch, batch_id)
            if batch is None or batch.agent_id != agent.id:
                raise Misconfigured("UNKNOWN_BATCH", f"Agent {agent.id} has no batch {batch_id}; see `gateway status`.")
        mine = _mine(session, agent.id, batch_id, newest)
        cost = cost_of(session, agent.id)
        result = replay(agent, _history(session, mine), cost.of, changed)
    return dataclasses.replace(result, checked=_checked(result.now_pass))


def _mine(
    session: Session, agent_id: str, batch_id: str | None, newest: int | None = None
) -> list[ColumnElement[bool]]:
    """Which profiles are judged again."""
    mine = [Profile.agent_id == agent_id]
    if batch_id is not None:
        mine.append(Profile.batch_id == batch_id)
    if newest is not None:
        oldest = select(Profile.created_at).where(*mine).order_by(Profile.created_at.desc()).offset(newest - 1).limit(1)
        since = session.scalar(oldest)
        mine += [Profile.created_at >= since] if since is not None else []
    return mine


def _history(session: Session, mine: list[ColumnElement[bool]]) -> Iterator[Slice]:
    """The judged profiles in slices of whole batches, oldest first."""
    for batch_ids in _groups(session, mine):
        part = [*mine, Profile.batch_id.in_(batch_ids)]
        verdicts = _verdicts(session, part)
        before = {
            identity: Before(
                row.outcome,
                tuple((f["code"], f["severity"], f["field"], f["measured"]) for f in row.findings),
                row.suite_version,
            )
            for identity, row in verdicts.items()
        }
        cases = _cases(session, part, verdicts)
        if cases:
            yield cases, before


def _groups(session: Session, mine: list[ColumnElement[bool]]) -> Iterator[list[str]]:
    """The batches, as many together as have about SLICE profiles: a run of the gates costs half a second of its own."""
    sizes = session.execute(
        select(Profile.batch_id, func.count()).where(*mine).group_by(Profile.batch_id).order_by(Profile.batch_id)
    ).all()
    group: list[str] = []
    number = 0
    for batch_id, profiles in sizes:
        if group and (number + profiles > SLICE or len(group) >= BATCHES):
            yield group
            group, number = [], 0
        group.append(batch_id)
        number += profiles
    if group:
        yield group


def _checked(profile_ids: Sequence[str]) -> tuple[int, int]:
    """(people looked at, found a contact value wrong) of these profiles."""
    looked = wrong = 0
    with reading() as session:
        for start in range(0, len(profile_ids), IN_LIST):
            rows = session.execute(
                select(func.sum(case((Observation.right.is_(True), 0), else_=1)))
                .where(Observation.profile_id.in_(profile_ids[start : start + IN_LIST]))
                .group_by(Observation.profile_id)
            ).all()
            looked += len(rows)
            wrong += sum(bool(bad) for (bad,) in rows)
    return looked, wrong


def _verdicts(session: Session, mine: list[ColumnElement[bool]]) -> dict[str, Any]:
    """profile id -> the latest verdict on its current version."""
    query = (
        select(Verdict.profile_id, Verdict.outcome, Verdict.findings, Verdict.suite_version, Verdict.parts)
        .join(Profile, (Profile.id == Verdict.profile_id) & (Profile.version == Verdict.profile_version))
        .where(*mine)
        .order_by(Verdict.created_at, Verdict.id)
    )
    return {row.profile_id: row for row in session.execute(query)}


def _cases(session: Session, mine: list[ColumnElement[bool]], verdicts: dict[str, Any]) -> list[Case]:
    """The judged profiles as cases, by three flat queries: objects for each field would take minutes for 100,000."""
    entries: dict[str, list[tuple[str, float, str | None]]] = {}
    fields = select(Field.profile_id, Field.name, Field.confidence, Field.source).join(
        Profile, Profile.id == Field.profile_id
    )
    for identity, name, confidence, source in session.execute(fields.where(*mine).order_by(Field.id)):
        entries.setdefault(identity, []).append((name, confidence, source))
    documents = {
        row.id: row
        for row in session.execute(
            select(Document.id, Document.media_type, Document.facts).where(
                Document.id.in_(select(Profile.document_id).where(*mine))
            )
        )
    }
    profiles = select(
        Profile.id, Profile.document_id, Profile.name, Profile.email, Profile.phone, Profile.location, Profile.data
    ).where(*mine)
    return [
        _case(row, entries.get(row.id, []), documents[row.document_id], verdicts[row.id].parts)
        for row in session.execute(profiles.order_by(Profile.id))
        if row.id in verdicts
    ]


def _case(row: Any, entries: list[tuple[str, float, str | None]], document: Any, parts: dict[str, float]) -> Case:
    """Equal to the result of Case.of for the whole profile (a test compares the two)."""
    values: dict[str, Any] = {name: getattr(row, name, None) or row.data.get(name) or None for name in TEXTS}
    counts = {name: len(row.data.get(name, ())) for name in LISTS}
    known = facts_from(
        {name: bool(counts[name] if name in counts else values[name]) for name in FIELDS},
        ((name, confidence, source is not None) for name, confidence, source in entries),
    )
    contact_sources = {name: source for name, _, source in entries if name in CONTACT and source is not None}
    sources = list(contact_sources.values())
    compared: dict[str, Any] = {
        name: type(nothing)(parts.get(f"fact.{name}", nothing)) for name, nothing in COMPARED.items()
    }
    asked = parts.get("fact.domain_accepts_mail")
    signals = signals_that_hold(row.data.get("signals", {}), sources)
    return Case(
        profile_id=row.id,
        **values,
        counts=counts,
        confidences=calibrated(
            {name: fact.confidence for name, fact in known.items() if fact.present}, signals, compared
        ),
        evidenced=frozenset(name for name, fact in known.items() if fact.evidenced),
        language=document.facts.get("language"),
        text_quality=document.facts.get("text_quality"),
        ocr_share=round(sources.count("ocr") / len(sources), 4) if sources else 0.0,
        media_type=document.media_type,
        marks=marks_that_hold(row.data.get("marks", ()), contact_sources.get("phone")),
        signals=signals,
        domain_accepts_mail=None if asked is None else bool(asked),
        **compared,
    )
