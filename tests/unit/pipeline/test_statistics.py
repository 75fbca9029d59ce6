"""What a batch leaves for analytics: written when it comes to rest, kept in step when it comes to rest again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.pipeline.review import persons
from gateway.pipeline.review.held import queue
from gateway.pipeline.review.review import decide
from gateway.pipeline.review.send import deliver_reviewed
from gateway.pipeline.run import run_batch
from gateway.pipeline.statistics import KEY, SUMS, Decided, decided_of, decisions, kind_of, layout_of
from gateway.store.engine import reading
from gateway.store.tables import Batch

ROWS = (
    "Name,Email,Phone\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    "Otto Nkemelu,,+1 312 555 0119\n"
    "Ines Barden,ines.barden@example.com,+1 312 555 0120\n"
)


@pytest.fixture
def batch(store: str, tmp_path: Path) -> str:
    (tmp_path / "drop").mkdir()
    (tmp_path / "drop" / "list.csv").write_text(ROWS, "utf-8")
    (tmp_path / "drop" / "again.csv").write_text(ROWS, "utf-8")
    (tmp_path / "drop" / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
    return run_batch("backend-engineer", [tmp_path / "drop"], actor="test")


def sums(batch_id: str) -> dict[str, Any]:
    with reading() as session:
        return dict(session.get_one(Batch, batch_id).statistics[KEY])


def test_documents_are_summed_by_layout_and_kind(batch: str) -> None:
    made = sums(batch)
    assert (made["documents"], made["known"], made["scans"]) == (2, 1, 0)
    assert sum(made["failed"].values()) == 1
    by_kind = {name: dict(zip(SUMS, one, strict=True)) for name, one in made["kind"].items()}
    assert by_kind["csv"]["profiles"] == by_kind["csv"]["judged"] == 3
    assert by_kind["csv"]["held"] == 1
    assert 0 < by_kind["csv"]["quality"] <= 3
    assert made["layout"]["table"] == made["kind"]["csv"]
    assert made["settled_s"] >= 0


def test_a_decision_changes_the_sums_when_the_batch_comes_to_rest_again(batch: str) -> None:
    before = sums(batch)
    assert before["decided"] == {"EMAIL_MISSING open 0": 1}
    (held,) = queue(batch)
    decide(held.profile_id, "correct", reviewer="rita", corrections={"email": "otto.n@example.com"})
    deliver_reviewed()
    after = sums(batch)
    assert after["decided"] == {"EMAIL_MISSING corrected 1": 1}
    assert after["states"] == {"delivered": 3}
    assert after["settled_s"] == before["settled_s"], "the machine's time is not the people's"
    assert after["kind"] == before["kind"], "how well it was read does not change with what was corrected"


def test_a_link_taken_back_leaves_the_decision_before_it(batch: str) -> None:
    (held,) = queue(batch)
    decide(held.profile_id, "approve", reviewer="rita")
    with reading() as session:
        assert decisions(session, [batch])[batch] == {"EMAIL_MISSING unchanged 0": 1}
        other = next(p for d in session.get_one(Batch, batch).documents for p in d.profiles if p.id != held.profile_id)
    persons.mark_duplicate(held.profile_id, other.id, reviewer="rita")
    with reading() as session:
        assert decisions(session, [batch])[batch] == {"EMAIL_MISSING same_person 0": 1}
    persons.undo(held.profile_id, reviewer="rita")
    with reading() as session:
        assert decisions(session, [batch])[batch] == {"EMAIL_MISSING unchanged 0": 1}


@pytest.mark.parametrize("one", [Decided((), "open", False), Decided(("A", "B"), "same_person", True)])
def test_a_key_reads_back(one: Decided) -> None:
    assert decided_of(one.key) == one


@pytest.mark.parametrize(
    ("media_type", "facts", "kind", "layout"),
    [
        ("application/pdf", {"layout": "one_column"}, "pdf", "one_column"),
        ("application/pdf", {"layout": "two_columns", "ocr_pages": 1}, "scan", "two_columns"),
        ("text/csv", {"layout": "comma, utf-8"}, "csv", "table"),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", {}, "sheet", "table"),
        ("application/rtf", {}, "word", "unknown"),
        ("text/html", {"layout": "somebody's own words"}, "text", "unknown"),
        ("image/png", {}, "other", "unknown"),
    ],
)
def test_kinds_and_layouts_are_few_known_words(media_type: str, facts: dict[str, Any], kind: str, layout: str) -> None:
    assert kind_of(media_type, facts) == kind
    assert layout_of(kind, facts) == layout
