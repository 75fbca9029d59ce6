"""Every number of the analytics equals a slow, direct count, on a store filled by the real pipeline."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from doubles.pdf_maker import make, resume
from gateway.errors import Conflict
from gateway.insight.advice import advice
from gateway.insight.analytics import Analytics, Audits, Group, Price, Took, analytics
from gateway.model import Mode
from gateway.pipeline.review.audit import decide_audit
from gateway.pipeline.review.decided import reviews, standing
from gateway.pipeline.review.review import decide, deliver_reviewed, queue
from gateway.pipeline.run import run_batch
from gateway.pipeline.statistics import KEY, kind_of, layout_of
from gateway.quality.sampling import error_rate
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Delivery, Document, Profile, Verdict, now

AGENT, OTHER = "backend-engineer", "regional-nurse"


def people(first: int, number: int, *, spoil: bool = False) -> str:
    lines = ["Name,Email,Phone,Location"]
    for n in range(first, first + number):
        email = "" if spoil and n % 2 else f"wanda.norfel{n}@example.com"
        lines.append(f"Wanda Norfel{'abcdefghijklmnop'[n % 16]},{email},+49 30 55501{n:02d},Berlin")
    return "\n".join(lines) + "\n"


@pytest.fixture
def filled(store: str, tmp_path: Path) -> list[str]:
    """Batches of each mode and outcome, some decided, one undone, one old, two agents."""

    def run(name: str, agent: str, files: dict[str, str], mode: Mode | None = None) -> str:
        folder = tmp_path / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, "utf-8")
        if name == "mixed":
            make(folder / "anna.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111"))
            make(folder / "otto.pdf", resume("Otto Lindqvist", "otto.lindqvist@gmial.com", "+49 30 5550112"))
            (folder / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
        return run_batch(agent, [folder], actor="tester", mode=mode)

    made = [
        run("mixed", AGENT, {"list.csv": people(0, 5, spoil=True), "again.csv": people(0, 5, spoil=True)}),
        run("reviewed", AGENT, {"list.csv": people(10, 6)}, Mode.REVIEW),
        run("dry", AGENT, {"list.csv": people(20, 3)}, Mode.DRY_RUN),
        run("nurses", OTHER, {"list.csv": people(30, 3)}),
        run("known", AGENT, {"list.csv": people(10, 2)}),
        run("old", OTHER, {"list.csv": people(40, 2)}),
    ]
    first, second, third, fourth, fifth, sixth = [one.profile_id for one in queue(made[1])]
    decide(first, "approve", reviewer="rita")
    decide(second, "correct", reviewer="rita", corrections={"location": "Bremen"})
    decide(third, "discard", reviewer="rita")
    decide(fourth, "correct", reviewer="rita", corrections={"location": "Bremen"})
    decide(fourth, "undo", reviewer="rita")
    decide(fourth, "approve", reviewer="rita")
    decide(fifth, "discard", reviewer="rita")
    decide(sixth, "approve", reviewer="rita", bulk_of=6)
    deliver_reviewed()  # closes the batch: its sums are written
    decide(fifth, "undo", reviewer="rita")  # and they no longer hold
    with writing() as session:
        session.get_one(Batch, made[5]).created_at = now() - timedelta(days=60)
        passes = session.scalars(select(Profile).where(Profile.batch_id == made[0], Profile.state == "delivered"))
        for one in passes:
            if session.get(Audit, one.id) is None:
                session.add(Audit(profile_id=one.id, batch_id=one.batch_id, agent_id=one.agent_id, wrong_fields=[]))
    with reading() as session:
        drawn = list(session.scalars(select(Audit.profile_id).order_by(Audit.profile_id)))
    decide_audit(drawn[0], True, reviewer="rita")
    decide_audit(drawn[1], False, reviewer="rita", wrong_fields=["phone"])
    with pytest.raises(Conflict):
        decide_audit(drawn[1], True, reviewer="sam")
    return made


def test_every_number_is_the_direct_count(filled: list[str]) -> None:
    for agent, days in ((None, 30), (None, 90), (AGENT, 30), (OTHER, 365)):
        check(agent, days)


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


def test_what_is_not_known_is_said(filled: list[str]) -> None:
    """Links of targets that give none, sums of batches that have not ended, sources that look like a person."""
    with writing() as session:
        rows = session.scalars(select(Delivery).where(Delivery.batch_id == filled[0])).all()
        for place, row in enumerate(rows):
            row.target = "heymilo"
            row.receipt = {"target_id": "i1"} if place else {"target_id": "i0", "url": "https://example.org/i0"}
        session.get_one(Batch, filled[0]).source = "wanda@example.com"
        session.get_one(Batch, filled[1]).source = "call +49 30 5550100"
        session.get_one(Batch, filled[2]).statistics = {}
    found = analytics(AGENT, 30)
    assert (found.funnel.linked, found.funnel.asked) == (1, len(rows))
    assert found.funnel.completed is None
    assert found.unsettled == 1
    assert found.funnel.received == sum(bucket.documents for bucket in found.buckets)
    assert {group.name for group in found.sources} == {"other", "command line"}


def test_nothing_received_is_no_error(store: str) -> None:
    found = analytics(None, 30)
    assert (found.batches, found.funnel.found, found.prices, found.settled.median) == (0, 0, [], None)
    assert advice(found) == []


def price(code: str, unchanged: int, corrected: int) -> Price:
    return Price(code, 0, unchanged, corrected, 0, 0, 0, error_rate(unchanged + corrected, unchanged), True)


def test_a_criterion_is_called_dear_only_when_the_numbers_carry_it() -> None:
    assert price("READ_BY_OCR", 17, 3).verdict == "dear"
    assert price("READ_BY_OCR", 6, 0).verdict is None, "six are too few"
    assert price("READ_BY_OCR", 12, 8).verdict is None, "60 % of 20 may be less than half"
    assert price("EMAIL_MISSING", 1, 39).verdict == "worth it"
    assert replace(price("REVIEW_MODE", 90, 0), criterion=False).verdict is None
    clicked = replace(price("LIKELY_DUPLICATE", 0, 0), in_bulk=296)
    assert (clicked.verdict, clicked.held, clicked.accepted.rate) == (None, 296, None), (
        "one click is no judgement of 296"
    )


def test_advice_carries_its_numbers(home: Path) -> None:
    quiet = analytics(None, 30)
    at = now()
    loud = replace(
        quiet,
        prices=[price("READ_BY_OCR", 17, 3), price("EMAIL_MISSING", 1, 39)],
        documents=60,
        scans=23,
        failed={"ENCRYPTED_PDF": 6},
        kinds=[Group("pdf", 37, 0, 37, 37, 2, 0.9), Group("scan", 23, 0, 23, 23, 15, 0.6)],
        layouts=[Group("one_column", 40, 0, 40, 40, 2, 0.9), Group("many_regions", 20, 0, 20, 20, 15, 0.6)],
        audits=Audits(50, 0, error_rate(0, 0), {}),
        oldest_held=at - timedelta(days=9),
        funnel=replace(quiet.funnel, found=100, left={**quiet.funnel.left, "duplicate": 31, "unknown": 2, "held": 4}),
    )
    said = advice(loud, at)
    sentences = " ".join(one.sentence for one in said)
    assert said[0].tone == "warn"
    assert said[-1].tone == "good"
    for part in (
        "17 of 20 held by READ_BY_OCR were accepted unchanged",
        "39 of 40 holds by EMAIL_MISSING needed a person",
        "23 of 60 documents are scans",
        "quality of 60 % instead of 90 %",
        "6 of 60 documents failed with ENCRYPTED_PDF",
        "75 % of candidates from layout “many regions”, 5 % of all others",
        "Nobody looked at any of the 50 automatic passes",
        "31 of 100 candidates were known already",
        "waits for 9 days",
        "Of 2 candidates it is unclear",
    ):
        assert part in sentences, part
    waits = replace(loud, audits=Audits(50, 14, error_rate(2, 0), {}))
    assert "12 of 14 passes drawn for an audit" in " ".join(one.sentence for one in advice(waits, at))
