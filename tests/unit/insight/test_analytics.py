"""Every number of the analytics equals a slow, direct count, on a store filled by the real pipeline."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.errors import Conflict
from gateway.insight.advice import advice
from gateway.insight.analytics import Audits, Group, analytics
from gateway.insight.prices import Price
from gateway.model import Mode
from gateway.pipeline.review.audit import decide_audit
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.quality.sampling import error_rate
from gateway.store.engine import reading, writing
from gateway.store.tables import Audit, Batch, Delivery, Profile, now
from support.direct_count import check
from support.pdf_maker import make, resume

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
    return Price(code, 0, unchanged, corrected, 0, 0, 0, error_rate(unchanged + corrected, unchanged), 1.5, True)


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
        "None of the 50 automatic passes has been audited",
        "31 of 100 candidates were already known",
        "has been waiting for 9 days",
        "unclear whether the target has 2 candidates",
    ):
        assert part in sentences, part
    waits = replace(loud, audits=Audits(50, 14, error_rate(2, 0), {}))
    assert "12 of 14 passes drawn for an audit" in " ".join(one.sentence for one in advice(waits, at))
