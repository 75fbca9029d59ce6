"""Who is held by format: a format that decides is told from a content that does."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update

from gateway.pipeline.learning.fairness import KEY, compare, formats_of_batch, length_of, script_of, watch_formats
from gateway.pipeline.report import finish_batch
from gateway.store.engine import reading, writing
from gateway.store.tables import Alarm, Batch, Event, now
from support.stored import AGENT, batch


def key(family: str, content: str = "nepw", photo: str = "without") -> str:
    return "|".join((family, "Latin", "en", photo, "1 page", "pdf", "agency", content))


def test_the_same_content_held_more_often_in_one_layout_is_a_format_that_decides() -> None:
    found = compare([(key("sidebar"), [200, 90]), (key("plain"), [400, 60])])
    sidebar = next(one for one in found if one.name == "sidebar")
    assert (sidebar.judged, sidebar.share, round(sidebar.share_expected, 2)) == (200, 0.45, 0.15)
    assert sidebar.decides
    assert sidebar.odds == pytest.approx((90 / 110) / (60 / 340), rel=0.01)
    assert not next(one for one in found if one.name == "plain").decides


def test_what_the_content_explains_is_no_format_that_decides() -> None:
    """Half of the sidebar's candidates have no phone; without a phone everybody is held as often."""
    parts = [
        (key("sidebar", "nepw"), [100, 10]),
        (key("sidebar", "new"), [300, 180]),
        (key("plain", "nepw"), [500, 50]),
        (key("plain", "new"), [100, 60]),
    ]
    sidebar = next(one for one in compare(parts) if one.name == "sidebar")
    assert sidebar.share > 2 * 110 / 600
    assert sidebar.z == pytest.approx(0, abs=0.5)
    assert not sidebar.decides


def test_few_are_not_compared() -> None:
    found = compare([(key("rare"), [12, 12]), (key("plain"), [400, 40])])
    assert next(one for one in found if one.name == "rare").z is None
    alone = compare([(key("only"), [400, 40])])
    assert all(one.z is None for one in alone)


@pytest.mark.parametrize(
    ("name", "script"),
    [
        ("Mira Okonjo", "Latin"),
        ("Мира", "Cyrillic"),
        ("山田 太郎", "Chinese or Japanese"),
        ("김민수", "Hangul"),
        (None, "unknown"),
    ],
)
def test_the_script_of_a_name(name: str | None, script: str) -> None:
    assert script_of(name) == script


def test_the_length_of_a_document() -> None:
    assert [length_of(pages) for pages in (None, (1, 1), (3, 4), (1, 5))] == [
        "a row",
        "1 page",
        "2 pages",
        "3 pages and more",
    ]


def test_a_batch_leaves_its_counts_and_the_day_is_compared_once(store: str) -> None:
    batch(state="running")
    finish_batch("b1")
    with writing() as session:
        row = session.get_one(Batch, "b1")
        assert row.statistics[KEY] == formats_of_batch(session, row)
        row.created_at = now()
        row.statistics = {**row.statistics, KEY: {key("sidebar"): [300, 150], key("plain"): [600, 60]}}
    with writing() as session:
        assert watch_formats(session, AGENT) == [], "today was compared when the batch ended"
        session.execute(update(Event).values(once=None))
    with writing() as session:
        assert [one.name for one in watch_formats(session, AGENT)] == ["sidebar"]
    with reading() as session:
        (alarm,) = session.scalars(select(Alarm)).all()
    assert (alarm.code, alarm.about) == ("FORMAT_DECIDES", "family sidebar")
    assert "50 % of 300" in alarm.sentence
