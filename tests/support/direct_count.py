"""Every number of the analytics counted again, row by row and without a query that groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.insight.analytics import Analytics, Group, Took, analytics
from gateway.pipeline.review.decided import reviews, standing
from gateway.pipeline.statistics import KEY, kind_of, layout_of
from gateway.quality.sampling import error_rate
from gateway.store.engine import reading
from gateway.store.tables import Audit, Batch, Document, Profile, Verdict, now


def check(agent: str | None, days: int) -> None:
    found = analytics(agent, days)
    with reading() as session:
        since = datetime.combine(now().date() - timedelta(days=days - 1), datetime.min.time(), UTC)
        batches = [b for b in session.scalars(select(Batch)) if b.created_at >= since and agent in (None, b.agent_id)]
        profiles = [p for b in batches for d in b.documents for p in d.profiles]
        documents = [d for b in batches for d in b.documents]
        assert found.batches == len(batches) > 0
        check_funnel(found, session, documents, profiles)
        check_groups(found, session, batches, documents)
        check_prices(found, session, profiles)
        check_audits(found, session, profiles)
        check_time(found, batches, profiles)


def check_funnel(found: Analytics, session: Session, documents: list[Document], profiles: list[Profile]) -> None:
    funnel = found.funnel
    assert funnel.received == len(documents)
    assert funnel.read == sum(d.state == "success" for d in documents)
    assert funnel.failed == sum(d.state == "failed" for d in documents)
    assert funnel.processing == 0
    dry = {b.id for b in session.scalars(select(Batch).where(Batch.mode == "dry_run"))}
    states = Counter("dry_run" if p.batch_id in dry and p.state == "passed" else p.state for p in profiles)
    assert funnel.found == len(profiles)
    assert funnel.delivered == states["delivered"]
    for name in ("held", "discarded", "duplicate", "extracted", "refused", "unknown", "dry_run"):
        assert funnel.left[name] == states[name], name
    assert funnel.left["to_send"] == states["passed"] + states["approved"]
    before = ("held", "discarded", "duplicate", "extracted")
    after = ("refused", "unknown", "to_send", "dry_run")
    assert funnel.found == funnel.passed + sum(funnel.left[name] for name in before)
    assert funnel.passed == funnel.delivered + sum(funnel.left[name] for name in after)
    assert (funnel.linked, funnel.completed) == (None, None), "our own pool tells neither: not known is not nought"


def check_groups(found: Analytics, session: Session, batches: list[Batch], documents: list[Document]) -> None:
    fresh = [d for d in documents if not d.duplicate_of]
    assert found.documents == len(fresh)
    assert found.known == len(documents) - len(fresh)
    assert found.scans == sum(d.media_type == "application/pdf" and bool(d.facts.get("ocr_pages")) for d in fresh)
    assert found.failed == Counter(d.code for d in fresh if d.state == "failed")
    assert found.unsettled == 0
    source = {b.id: b.source for b in batches}

    def direct(name_of: object) -> Iterator[Group]:
        names = Counter(name_of(d) for d in fresh)  # type: ignore[operator]
        for name, number in names.items():
            of_name = [d for d in fresh if name_of(d) == name]  # type: ignore[operator]
            verdicts = [
                session.scalars(
                    select(Verdict)
                    .where(Verdict.profile_id == p.id)
                    .order_by(Verdict.profile_version, Verdict.created_at)
                ).first()
                for d in of_name
                for p in d.profiles
            ]
            judged = [v for v in verdicts if v is not None]
            quality = round(sum(v.quality for v in judged) / len(judged), 3) if judged else None
            failed, held = sum(d.state == "failed" for d in of_name), sum(v.outcome == "hold" for v in judged)
            yield Group(str(name), number, failed, len(verdicts), len(judged), held, quality)

    def same(shown: list[Group], counted: Iterator[Group]) -> bool:
        pairs = zip(sorted(shown, key=str), sorted(counted, key=str), strict=True)
        return all(
            replace(one, quality=None) == replace(other, quality=None)
            and one.quality == pytest.approx(other.quality, abs=2e-3)
            for one, other in pairs
        )

    assert same(found.kinds, direct(lambda d: kind_of(d.media_type, d.facts)))
    assert same(found.layouts, direct(lambda d: layout_of(kind_of(d.media_type, d.facts), d.facts)))
    assert same(found.sources, direct(lambda d: source[d.batch_id]))


def outcome_of(session: Session, profile: Profile) -> tuple[list[str], str] | None:
    if profile.state == "held":
        return profile.codes, "open"
    last = standing(reviews(session, profile.id))
    if last is None:
        return None
    words = {"approve": "unchanged", "correct": "corrected", "discard": "discarded"}
    if last.bulk_of:
        return last.codes, "in_bulk"
    return last.codes, words.get(last.decision, "same_person")


def check_prices(found: Analytics, session: Session, profiles: list[Profile]) -> None:
    counted: dict[str, Counter[str]] = {}
    for profile in profiles:
        outcome = outcome_of(session, profile)
        for code in outcome[0] if outcome else ():
            counted.setdefault(code, Counter())[outcome[1]] += 1  # type: ignore[index]
    assert {price.code for price in found.prices} == counted.keys()
    for price in found.prices:
        outcomes = counted[price.code]
        for name in ("open", "unchanged", "corrected", "discarded", "same_person", "in_bulk"):
            assert getattr(price, name) == outcomes[name], (price.code, name)
        assert price.held == outcomes.total()
        assert price.accepted == error_rate(price.decided, outcomes["unchanged"])
        held_over_time = sum(bucket.held.get(price.code, 0) for bucket in found.buckets)
        assert held_over_time == price.held, "over time and by price the same are counted"


def check_audits(found: Analytics, session: Session, profiles: list[Profile]) -> None:
    rows = [row for p in profiles if (row := session.get(Audit, p.id)) is not None]
    outcomes = Counter(row.outcome for row in rows)
    automatic = [p for p in profiles if p.state == "delivered" and standing(reviews(session, p.id)) is None]
    assert found.audits.automatic == len(automatic)
    assert found.audits.drawn == len(rows)
    assert found.audits.rate == error_rate(outcomes["right"] + outcomes["wrong"], outcomes["wrong"])
    assert found.audits.wrong_fields == Counter(name for row in rows for name in row.wrong_fields)


def check_time(found: Analytics, batches: list[Batch], profiles: list[Profile]) -> None:
    assert sum(bucket.documents for bucket in found.buckets) == found.funnel.received
    assert sum(bucket.profiles for bucket in found.buckets) == found.funnel.found
    assert found.buckets[-1].start <= now().date() < found.buckets[-1].start + timedelta(days=7)
    settled = sorted(b.statistics[KEY]["settled_s"] for b in batches)
    assert found.settled == Took(
        len(settled), settled[(len(settled) + 1) // 2 - 1], settled[-(-9 * len(settled) // 10) - 1]
    )
    done = [b for b in batches if b.state == "done"]
    assert found.finished.batches == len(done)
    held = [p.created_at for p in profiles if p.state == "held"]
    if found.days == 365 or not found.agent_id:
        assert (found.oldest_held is None) == (not held)
