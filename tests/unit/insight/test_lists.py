"""What lists and figures of agents, batches and documents are made of; that they agree with a slow, direct count."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from gateway.errors import Misconfigured
from gateway.insight.agents import agent_counts, agent_lines
from gateway.insight.batches import batch_of_run, batch_page, batch_version, batch_view
from gateway.insight.documents import document_page, profiles_of, web_link
from gateway.insight.listing import Listed, literal, page_within
from gateway.insight.words import and_list, path_word
from gateway.model import Mode
from gateway.pipeline.arrival.retry import retry_documents
from gateway.pipeline.report import totals
from gateway.pipeline.run import run_batch
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Document

AGENT = "backend-engineer"
ROWS = (
    "Name,Email,Phone\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134\n"
    "Otto Nkemelu,,+1 312 555 0119\n"
)


@pytest.fixture
def batches(store: str, tmp_path: Path) -> list[str]:
    """Three batches of one agent: the first ingests, the second repeats it, the third is for review."""
    made = []
    for number, mode in enumerate((Mode.INGEST, Mode.INGEST, Mode.REVIEW)):
        path = tmp_path / f"{number}.csv"
        path.write_text(ROWS + "\n" * number, "utf-8")
        made.append(run_batch(AGENT, [path], actor="test", mode=mode))
    return made


def test_figures_agree_wherever_they_are_shown(batches: list[str]) -> None:
    whole = agent_counts(AGENT)
    assert whole.add_up()
    assert whole == replace(totals(), codes={}), "the agent is the only one"
    (line,) = (line for line in agent_lines() if line.id == AGENT)
    assert (line.documents, line.delivered, line.held) == (whole.received, whole.delivered, whole.held)
    assert line.last_batch == batches[-1]
    for row in batch_page().rows:
        assert row.counts == replace(totals(row.id), codes={})
        assert batch_view(row.id).counts == totals(row.id)


def test_batches_are_paged_newest_first(batches: list[str]) -> None:
    first, second = batch_page(size=2), batch_page(size=2, page=2)
    assert [row.id for row in (*first.rows, *second.rows)] == list(reversed(batches))
    assert (first.total, first.pages) == (3, 2)
    assert batch_page(size=2, page=99).page == 2, "a page too far is the last one"
    assert batch_page(agent_id="store-associate").total == 0
    assert batch_page(search=batches[0]).total == 1


@pytest.mark.parametrize("agent_id", [None, AGENT])
def test_reading_on_from_a_row_shows_what_counting_pages_shows(store: str, agent_id: str | None) -> None:
    """Forward and back, in a list where several batches came at once; whoever was erased in between is counted round."""
    from datetime import timedelta

    from gateway.store.tables import Batch, now
    from support import stored

    stored.batch("first", agent=AGENT)
    at = now()
    with writing() as session:
        for number in range(22):
            session.add(
                Batch(
                    id=f"b{number:02}",
                    agent_id=AGENT,
                    mode="ingest",
                    state="done",
                    created_at=at - timedelta(seconds=number // 4),
                )
            )
    size = 5
    pages = [batch_page(agent_id=agent_id, size=size, page=number) for number in range(1, 6)]
    whole = [row.id for page in pages for row in page.rows]
    assert len(set(whole)) == len(whole) == 23
    for number, (page, following) in enumerate(pairwise(pages), 1):
        on = batch_page(agent_id=agent_id, size=size, page=number + 1, after=page.last)
        back = batch_page(agent_id=agent_id, size=size, page=number, before=following.first)
        assert (on, back) == (following, page)
    assert batch_page(agent_id=agent_id, size=size, page=2, after="gone") == pages[1]


def test_the_list_of_agents_counts_a_month(store: str) -> None:
    from datetime import timedelta

    from gateway.store.tables import Batch, now
    from support import stored

    for identity in ("new", "old"):
        stored.batch(identity, agent=AGENT)
        stored.person(f"{identity}-1", of=identity, state="delivered", agent=AGENT)
        stored.person(f"{identity}-2", of=identity, state="held", agent=AGENT)
    with writing() as session:
        session.get_one(Batch, "new").created_at = now() - timedelta(days=29)
        session.get_one(Batch, "old").created_at = now() - timedelta(days=31)
    (line,) = (line for line in agent_lines() if line.id == AGENT)
    assert (line.documents, line.delivered, line.held) == (1, 1, 2), "who waits does so however long ago they came"
    assert line.last_batch == "new"


def test_a_version_changes_with_anything_of_the_batch(batches: list[str]) -> None:
    before = [batch_version(batch_id) for batch_id in batches]
    assert before == [batch_version(batch_id) for batch_id in batches]
    with writing() as session:
        document = session.get_one(Document, document_page(batches[0]).rows[0].id)
        change.record(session, "looked", document, actor="test")
    assert batch_version(batches[0]) != before[0]
    assert batch_version(batches[1]) == before[1]
    assert batch_version("b0") is None
    with pytest.raises(Misconfigured, match="UNKNOWN_BATCH"):
        batch_view("b0")


def test_what_can_be_read_again_and_which_run_it_waits_for(store: str, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    (given / "broken.pdf").write_bytes(b"%PDF-1.7 nothing")
    (given / "half.pdf.part").write_bytes(b"%PDF-1.7")
    batch_id = run_batch(AGENT, [given], actor="test")
    view = batch_view(batch_id)
    assert (view.retryable, view.lost, view.at_rest, view.run_id, view.to_start) == (1, 1, True, None, None)
    retry_documents(batch_id, None, actor="rita")
    view = batch_view(batch_id)
    assert (view.retryable, view.at_rest, view.to_start) == (0, False, f"retry-{batch_id}-1")
    assert view.run_id == view.to_start
    assert batch_of_run(view.run_id) == batch_id
    assert batch_of_run(f"review-{batch_id}-1") == batch_id
    assert batch_of_run("retry-b20260101-000000-aaaaaa-1") is None


def test_a_line_says_what_became_of_the_document(batches: list[str]) -> None:
    (first,) = document_page(batches[0]).rows
    assert dict(first.outcomes) == {"delivered": 1, "held": 1}
    assert first.codes == (("EMAIL_MISSING", 1),)
    (second,) = document_page(batches[1]).rows
    assert dict(second.outcomes) == {"duplicate": 1, "held": 1}
    assert first.version != second.version
    found = {view.name: view for view in profiles_of(second.id).rows}
    greta = found["Greta Hollingsworth"]
    assert greta.kept is not None
    assert greta.kept[0] == first.id, "a duplicate leads to the one kept"
    assert all("fact" not in label for label, _ in greta.parts)
    otto = found["Otto Nkemelu"]
    assert "EMAIL_MISSING" in {finding.code for finding in otto.findings}


def test_a_document_with_many_candidates_is_paged(store: str, tmp_path: Path) -> None:
    rows = "".join(f"Person Number{n},p{n}@example.com,+1 415 555 01{n:02d}\n" for n in range(45))
    (tmp_path / "list.csv").write_text("Name,Email,Phone\n" + rows, "utf-8")
    batch_id = run_batch(AGENT, [tmp_path / "list.csv"], actor="test", mode=Mode.REVIEW)
    (line,) = document_page(batch_id).rows
    parts = [profiles_of(line.id, page=number) for number in (1, 2, 3)]
    assert [len(part.rows) for part in parts] == [20, 20, 5]
    ordinals = [view.ordinal for part in parts for view in part.rows]
    assert ordinals == sorted(ordinals)


def test_words() -> None:
    assert path_word("links[0]") == "Link 1"
    assert path_word("work[1].company") == "Job 2: company"
    assert path_word("email") == "E-mail address"
    assert and_list(["a", "b", "c"]) == "a, b and c"
    assert literal("50%_\\") == "%50\\%\\_\\\\%"
    assert [page_within(page, 10, 25) for page in (0, 1, 3, 4)] == [1, 1, 3, 3]
    assert Listed((), 1, 10, 0).pages == 1
    assert [web_link(url) for url in ("https://a.example", "javascript:x", 3)] == ["https://a.example", None, None]
