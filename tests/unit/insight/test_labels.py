"""Paths, rules and parts in words."""

from __future__ import annotations

import pytest

from gateway.insight.labels import entry_of, group_of, kind_of, label_of, part_of, where_of


@pytest.mark.parametrize(
    ("path", "group", "entry", "label"),
    [
        ("email", "contact", 0, "E-mail"),
        ("headline", "contact", 0, "Headline"),
        ("links[2]", "links", 2, "Link"),
        ("work[1].company", "work", 1, "Employer"),
        ("education[0].degree", "education", 0, "Degree"),
        ("shoe_size", "other", 0, "Shoe size"),
    ],
)
def test_a_path_in_words(path: str, group: str, entry: int, label: str) -> None:
    assert (group_of(path), entry_of(path), label_of(path)) == (group, entry, label)


def test_only_contact_values_keep_their_shape_under_a_mask() -> None:
    assert [kind_of(path) for path in ("name", "email", "phone", "location", "work[0].company")] == [
        "name",
        "email",
        "phone",
        "text",
        "text",
    ]


@pytest.mark.parametrize(
    ("source", "rule", "page", "row", "says"),
    [
        ("text", "pattern", 2, None, "Page 2, its form"),
        ("ocr", "cell", 1, None, "Page 1, by text recognition, its place on the page"),
        ("link", "mailto", 1, None, "Page 1, a link, to write to"),
        ("cell", "header:name, joined", None, 7, "Row 7, by its heading, joined from several columns"),
        ("cell", "mapping:email, address", None, 3, "Row 3, by the agent's own mapping"),
        ("person", "review", None, None, "Set by a person"),
        ("text", "no such rule", None, None, "Text"),
        (None, None, None, None, ""),
    ],
)
def test_where_a_value_was_read(
    source: str | None, rule: str | None, page: int | None, row: int | None, says: str
) -> None:
    assert where_of(source, rule, page, row, "secret heading") == says


def test_parts_that_only_a_replay_needs_are_not_shown() -> None:
    assert part_of("fact.likely_duplicates") is None
    assert part_of("quality.evidence") is not None
