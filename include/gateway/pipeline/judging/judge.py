"""Profiles get their verdict: one Great Expectations run a batch, then what each verdict means here.

hold by a gate                  held, with the codes of its critical findings
pass, known already             duplicate: linked to the first, never sent
pass in review mode             held (REVIEW_MODE); behind the canary: held (CANARY_WAIT)
pass, but the batch is strange  held, all of them, with the batch's code
pass                            passed: delivered next
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from gateway.agents import Agent
from gateway.model import DeliveryState, Judgement, Mode, Severity, as_json
from gateway.model import ProfileState as P
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.judging import shared
from gateway.pipeline.judging.compare import neighbour_facts
from gateway.pipeline.judging.datadocs import keep_data_docs
from gateway.pipeline.judging.evidence import risk_cap
from gateway.pipeline.judging.judged import Tally, keep_gate_results, statistics_of
from gateway.pipeline.learning.calibrate import in_force
from gateway.quality.batch import STOPS, BatchFacts
from gateway.quality.case import Case
from gateway.quality.judge import judge
from gateway.store import change, ids
from gateway.store.counts import counts
from gateway.store.engine import reading, writing
from gateway.store.profiles import profile_rows
from gateway.store.tables import Batch, Delivery, Document, Profile, Review, Verdict, now

ACTOR = "judge"
OPEN = (P.EXTRACTED, P.PASSED, P.HELD)
SLICE = 500


def judge_batch(batch_id: str) -> dict[str, int]:
    """Judges the batch and moves every profile that is not decided yet; returns how many got each verdict.

    Judging again (a cleared task, a changed agent file) replaces the verdict of the same suite version and never
    touches a person's decision, even an undone one, or a sent candidate. Those are judged too, because shares,
    the canary and the figures for analytics describe the whole batch.
    """
    shared.ensure()
    with reading() as session:
        batch = session.get_one(Batch, batch_id)
        agent = agent_of(batch.agent_id)
        profile_ids = session.scalars(
            select(Profile.id)
            .join(Document, Document.id == Profile.document_id)
            .where(Profile.batch_id == batch_id)
            .order_by(Document.path, Profile.ordinal)
        ).all()
        decided = select(Review.id).where(Review.profile_id == Profile.id).exists()
        undecided = Profile.state.in_(OPEN), Profile.version == 1, ~decided
        movable = set(session.scalars(select(Profile.id).where(Profile.batch_id == batch_id, *undecided)))
        linked = set(
            session.scalars(select(Profile.id).where(Profile.batch_id == batch_id, Profile.state == P.DUPLICATE))
        )
        kept = batch.statistics.get("risk_cap")  # judged again, a batch keeps the evidence of its first judging
        cap = risk_cap(session, agent) if kept is None else float(kept)
        shifts = batch.statistics.get("calibration")
        shifts = in_force(session, agent.id).shifts if shifts is None else shifts
        cases, alike = _cases(session, agent, profile_ids, batch, cap, shifts)
        known = _delivered_before(session, agent, profile_ids)
        facts = _batch_facts(session, batch)
    verdict = judge(agent, cases, facts)
    by_id = {judgement.profile_id: judgement for judgement in verdict.judgements}
    stop = sorted({f.code for f in verdict.batch_findings if f.severity == Severity.CRITICAL})
    _store_verdicts(
        [one for one in verdict.judgements if one.profile_id in movable], verdict.suite_version, dict.fromkeys(by_id, 1)
    )
    survivors = _survivors(cases, by_id, linked)
    tally = Tally()
    for start in range(0, len(profile_ids), SLICE):
        with writing() as session:
            for profile in _in_order(session, profile_ids[start : start + SLICE]):
                judgement = by_id[profile.id]
                passed = tally.states["passed"]
                state, codes, of = _outcome(profile, judgement, batch, agent, survivors, known, stop, passed)
                tally.add(state, codes)
                if profile.id not in movable or profile.state not in OPEN:
                    continue
                profile.quality, profile.completeness = judgement.quality, judgement.completeness
                profile.codes, profile.duplicate_of = codes, of
                if profile.data.get("alike", []) != alike[profile.id]:
                    profile.data = {**profile.data, "alike": alike[profile.id]}
                change.move(
                    session, profile, state, actor=ACTOR, code=codes[0] if codes else None, rule=verdict.suite_version
                )
    docs_code = keep_data_docs(batch_id, verdict, profile_ids)
    with writing() as session:
        row = session.get_one(Batch, batch_id)
        keep_gate_results(session, row, verdict)
        row.statistics = {
            **row.statistics,
            **statistics_of(verdict, tally, docs_code),
            "risk_cap": cap,
            "calibration": shifts,
        }
        if stop:
            first = next(f for f in verdict.batch_findings if f.code == stop[0])
            row.code = first.code
            row.error = f"The whole batch is held: {first.measured}; limit: {first.threshold}. {first.remedy}"
        elif row.code in STOPS:
            row.code = row.error = None  # stopped by an earlier judging, before limits or documents changed
    return {word: number for word, number in tally.states.items() if number}


def judge_profiles(agent: Agent, profile_ids: Sequence[str]) -> None:
    """Writes a new verdict for corrected or approved profiles; their state is a person's decision and stays."""
    shared.ensure()
    _keep_keys(agent, profile_ids)
    with reading() as session:
        versions = dict(session.execute(select(Profile.id, Profile.version).where(Profile.id.in_(profile_ids))).all())
        shifts = in_force(session, agent.id).shifts
        cases, _ = _cases(session, agent, profile_ids, None, risk_cap(session, agent), shifts)
    verdict = judge(agent, cases)
    _store_verdicts(verdict.judgements, verdict.suite_version, versions)
    with writing() as session:
        for judgement in verdict.judgements:
            profile = session.get_one(Profile, judgement.profile_id)
            profile.quality, profile.completeness = judgement.quality, judgement.completeness
            profile.codes = _critical(judgement)


def _keep_keys(agent: Agent, profile_ids: Sequence[str]) -> None:
    """A corrected profile is found by its new values."""
    for start in range(0, len(profile_ids), SLICE):
        part = profile_ids[start : start + SLICE]
        with writing() as session:
            rows = session.scalars(select(Profile).where(Profile.id.in_(part)).order_by(Profile.id).with_for_update())
            shared.replace(session, agent.id, {row.id: shared.person_of(row) for row in rows})


def _in_order(session: Session, profile_ids: Sequence[str]) -> list[Profile]:
    rows = {row.id: row for row in session.scalars(select(Profile).where(Profile.id.in_(profile_ids)))}
    return [rows[identity] for identity in profile_ids]


def _outcome(
    profile: Profile,
    judgement: Judgement,
    batch: Batch,
    agent: Agent,
    survivors: dict[str, str],
    known: dict[str, str],
    stop: list[str],
    passed: int,
) -> tuple[P, list[str], str | None]:
    """(state, codes, duplicate of) of one judged profile."""
    critical = _critical(judgement)
    if "SHARED_CONTACT" not in critical:
        if profile.id in known:
            here = known[profile.id] in survivors  # judged again after the batch's own delivery
            return P.DUPLICATE, ["DUPLICATE_IN_BATCH" if here else "DUPLICATE_DELIVERED"], known[profile.id]
        if survivors.get(profile.id, profile.id) != profile.id:
            return P.DUPLICATE, ["DUPLICATE_IN_BATCH"], survivors[profile.id]
    if critical:
        return P.HELD, critical, None
    if stop:
        return P.HELD, stop, None
    if batch.mode == Mode.REVIEW:
        return P.HELD, ["REVIEW_MODE"], None
    canary = batch.canary or agent.canary
    if canary is not None and passed >= canary and batch.mode == Mode.INGEST:
        return P.HELD, ["CANARY_WAIT"], None
    return P.PASSED, [], None


def _critical(judgement: Judgement) -> list[str]:
    return sorted({finding.code for finding in judgement.findings if finding.severity == Severity.CRITICAL})


def _cases(
    session: Session,
    agent: Agent,
    profile_ids: Sequence[str],
    batch: Batch | None,
    cap: float,
    shifts: Mapping[str, float],
) -> tuple[list[Case], dict[str, list[str]]]:
    """The cases of these profiles, with what comparing them with each other and with history shows.

    It also gives, for each profile, the ids of possible duplicates: proposed to a reviewer (persons.py).
    """
    facts = {
        row.id: row
        for row in session.execute(
            select(Document.id, Document.media_type, Document.facts).where(
                Document.id.in_(select(Profile.document_id).where(Profile.id.in_(profile_ids)))
                if batch is None
                else Document.batch_id == batch.id
            )
        )
    }
    found = {row.id: (row, value) for row, value in profile_rows(session, profile_ids)}
    loaded = {identity: found[identity] for identity in profile_ids}  # in the order they were read
    compared = neighbour_facts(session, agent, loaded, one_batch=batch is not None)
    alike = {identity: list(facts_.pop("alike")) for identity, facts_ in compared.items()}
    calibration: dict[str, Any] = {f"{name}_shift": float(value) for name, value in shifts.items()}
    cases = []
    for identity in profile_ids:
        row, value = loaded[identity]
        document = facts[row.document_id]
        cases.append(
            Case.of(
                identity,
                value,
                language=document.facts.get("language"),
                text_quality=document.facts.get("text_quality"),
                media_type=document.media_type,
                risk_cap=cap,
                **calibration,
                **compared[identity],
            )
        )
    return cases, alike


def _batch_facts(session: Session, batch: Batch) -> BatchFacts:
    numbers = counts(session, batch.id)
    return BatchFacts(
        documents=numbers.received,
        documents_failed=numbers.failed,
        rows_expected=batch.manifest.get("rows"),
        rows_found=numbers.profiles,
    )


def _delivered_before(session: Session, agent: Agent, profile_ids: Sequence[str]) -> dict[str, str]:
    """profile id -> the profile that put the same person into the same posting before."""
    found: dict[str, str] = {}
    for start in range(0, len(profile_ids), SLICE):
        rows = session.execute(
            select(Profile.id, Delivery.profile_id)
            .join(Delivery, Delivery.email_norm == Profile.email_norm)
            .where(
                Profile.id.in_(profile_ids[start : start + SLICE]),
                Delivery.target == agent.target.kind,
                Delivery.posting == agent.target.posting,
                Delivery.profile_id != Profile.id,
                Delivery.state != DeliveryState.REFUSED,
            )
        )
        found.update({str(new): str(old) for new, old in rows})
    return found


def _survivors(cases: Sequence[Case], judged: dict[str, Judgement], linked: set[str]) -> dict[str, str]:
    """profile id -> the profile of the batch that stands for that person: the best read one, the first among equals.

    linked   profiles that are already duplicates: they stand for nobody, or a circle could form
    """
    groups: dict[str, list[Case]] = {}
    for case in cases:
        if case.email:
            groups.setdefault(case.email.casefold(), []).append(case)
    survivors: dict[str, str] = {}
    for group in groups.values():
        able = [case for case in group if case.profile_id not in linked]
        if able:
            best = max(able, key=lambda c: (judged[c.profile_id].outcome == "pass", judged[c.profile_id].completeness))
            survivors.update({case.profile_id: best.profile_id for case in group})
    return survivors


def _store_verdicts(judgements: Sequence[Judgement], suite_version: str, versions: dict[str, int]) -> None:
    rows: list[dict[str, Any]] = [
        {
            "id": ids.verdict_id(j.profile_id, versions[j.profile_id], suite_version),
            "profile_id": j.profile_id,
            "profile_version": versions[j.profile_id],
            "suite_version": suite_version,
            "outcome": j.outcome,
            "quality": j.quality,
            "completeness": j.completeness,
            "findings": [as_json(finding) for finding in j.findings],
            "parts": j.parts,
            "created_at": now(),
        }
        for j in judgements
    ]
    for start in range(0, len(rows), SLICE):
        part = rows[start : start + SLICE]
        with writing() as session:
            session.execute(delete(Verdict).where(Verdict.id.in_([row["id"] for row in part])))
            session.execute(insert(Verdict), part)
