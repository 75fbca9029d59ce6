"""Pictures: positions in per cent, words escaped, nothing styled inline."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from markupsafe import Markup

from gateway_airflow.ui.charts import Column, columns, interval, parts_bar, swatch, ticks, unknown_bar


def parsed(picture: Markup) -> ElementTree.Element:
    """Well-formed, and without what the page's policy forbids."""
    assert "style=" not in picture
    return ElementTree.fromstring(f"<div>{picture}</div>")


def test_columns_stack_to_their_sums() -> None:
    given = [Column("1 Jan", "1 Jan: A 3, B 1", {"A": 3, "B": 1}), Column("2 Jan", "2 Jan: <none>", {})]
    picture = columns(given, ["A", "B"], classes=["s0", "s1"], title="Holds & more", desc="Most: A", height=130)
    found = parsed(picture)
    heights = [float(one.attrib["height"]) for one in found.iter("rect") if one.attrib["class"] in ("s0", "s1")]
    assert heights == [75.0, 25.0], "100 pixels for the mark 4, three and one of them"
    assert [one.text for one in found.iter("title")] == ["Holds & more", "1 Jan: A 3, B 1", "2 Jan: <none>"]
    assert found.find(".//svg[@role='img']/desc") is not None


def test_few_dates_are_written_below_many_columns() -> None:
    picture = columns([Column(f"d{n}", "", {}) for n in range(53)], ["A"], classes=["s0"], title="", desc="")
    assert 5 <= len(re.findall('class="date', picture)) <= 7


def test_a_bar_is_as_long_as_its_parts() -> None:
    bar = parsed(parts_bar([("unchanged", 1, "one"), ("open", 0, "none"), ("corrected", 3, "three")], 8, title="t"))
    assert [(one.attrib["x"], one.attrib["width"]) for one in bar.iter("rect")] == [("0%", "12.5%"), ("12.5%", "37.5%")]
    assert len(list(parsed(parts_bar([("open", 0, "none")], 0, title="t")).iter("rect"))) == 0


def test_an_interval_stays_inside_its_scale() -> None:
    found = parsed(interval(0.02, 0.05, 0.2, title="5 %", most=0.1))
    spread = found.find(".//line[@class='spread']")
    assert spread is not None
    assert (spread.attrib["x1"], spread.attrib["x2"]) == ("20%", "100%")


def test_what_is_not_known_is_an_empty_bar_and_not_nought() -> None:
    assert 'class="unknown"' in unknown_bar(title="not known")
    assert "&lt;b&gt;" in unknown_bar(title="<b>")
    assert 'class="s0"' in swatch("s0")


@pytest.mark.parametrize(
    ("top", "marks"),
    [(0, [0, 1]), (3, [0, 1, 2, 3]), (9, [0, 5, 10]), (60, [0, 20, 40, 60]), (4100, [0, 2000, 4000, 6000])],
)
def test_marks_are_round_and_reach_the_top(top: int, marks: list[int]) -> None:
    assert ticks(top) == marks
