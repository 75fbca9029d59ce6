"""Data Docs: plain words, profile ids instead of values, nothing fetched from elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

from gateway.quality.datadocs import INDEX, LISTED, SUITE, write_data_docs
from gateway.quality.judge import judge
from support.cases import agent, spoilt


def test_pages_speak_in_plain_words_about_ids_and_never_show_a_value(tmp_path: Path) -> None:
    cases = [
        spoilt("profile-one", name="John Doe", location="Bremerhaven"),
        spoilt("profile-two", email="mira.okonjo@gmial.com", phone="030 901 820"),
        spoilt("profile-three", other_names_with_email=1),
    ]
    own = "expectations: [{type: expect_column_values_to_be_in_set, column: location, kwargs: {value_set: [Oslo]}, says: Oslo only}]"
    index = write_data_docs(judge(agent(more=own), cases), [case.profile_id for case in cases], tmp_path)
    assert index == tmp_path / INDEX
    for name in (INDEX, SUITE):
        page = (tmp_path / name).read_text("utf-8")
        assert "The e-mail domain is not a misspelt well-known provider" in page
        assert not re.search(r"""<script|<link|<img|(?:href|src)=["'](?:https?:)?//|url\(""", page)
        for value in ("Okonjo", "gmial", "harbourlight", "901", "Bremerhaven"):
            assert value not in page, (name, value)
    shown = index.read_text("utf-8")
    assert {"profile-one", "profile-two", "profile-three"} <= set(re.findall(r"profile-\w+", shown))
    assert "a misspelt well-known provider (holds)" in shown, "what each gate does is said"
    assert set(re.findall(r'href="([^"]*)"', shown)) == {INDEX, SUITE}, "no link leads nowhere"
    assert "expect_" not in re.sub(r"<[^>]*>", "", shown)


def test_long_lists_are_cut_and_an_empty_batch_says_so(tmp_path: Path) -> None:
    cases = [spoilt(f"p{n:03}", email=None) for n in range(60)]
    page = write_data_docs(judge(agent(), cases), [case.profile_id for case in cases], tmp_path / "many").read_text()
    assert len(set(re.findall(r"p\d{3}", page))) == LISTED
    empty = write_data_docs(judge(agent(), []), [], tmp_path / "none")
    assert "No profile was judged" in empty.read_text("utf-8")
