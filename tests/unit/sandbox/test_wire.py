"""What leaves a reading child comes in as it was, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st

from gateway.extract.child.wire import hints_in, hints_out, iter_profiles, profile_line, reading_in, reading_out
from gateway.model import Evidence, ExtractedProfile, Field, Hints, Note, Reading, Sheet


def there_and_back(tmp_path: Path, *profiles: ExtractedProfile) -> list[ExtractedProfile]:
    spool = tmp_path / "spool"
    spool.write_bytes(b"".join(profile_line(profile) + b"\n" for profile in profiles))
    return list(iter_profiles(spool))


measures = st.floats(-1e6, 1e6)
evidence = st.builds(Evidence, box=st.none() | st.tuples(measures, measures, measures, measures))
profiles = st.builds(
    ExtractedProfile, fields=st.lists(st.builds(Field, confidence=measures, evidence=evidence)).map(tuple)
)
sheets = st.lists(st.builds(Sheet, width=measures, height=measures)).map(tuple)
readings = st.builds(Reading, text_quality=measures, cpu_s=st.dictionaries(st.text(), measures), sheets=sheets)


@given(profiles)
def test_any_profile_comes_back_equal(tmp_path_factory: pytest.TempPathFactory, profile: ExtractedProfile) -> None:
    assert there_and_back(tmp_path_factory.getbasetemp(), profile, profile) == [profile, profile]


@given(readings, st.builds(Hints))
def test_any_reading_and_any_hint_come_back_equal(reading: Reading, hints: Hints) -> None:
    assert reading_in(json.loads(json.dumps(reading_out(reading)))) == reading
    assert hints_in(json.loads(json.dumps(hints_out(hints)))) == hints


def test_half_a_character_costs_that_character_only(tmp_path: Path) -> None:
    broken = "Mar\ud800a Stein"
    [profile] = there_and_back(tmp_path, ExtractedProfile(name=broken, extra={"no\udfffte": "fine"}))
    assert (profile.name, profile.extra) == ("Mar?a Stein", {"no?te": "fine"})
    assert (
        reading_out(Reading("failed", "text/csv", notes=(Note("X", broken),)))["notes"][0]["sentence"] == "Mar?a Stein"
    )


def test_text_and_numbers_of_other_libraries_are_plain_outside(tmp_path: Path) -> None:
    shown = BeautifulSoup("<b>Mara Stein</b>", "html.parser").b.string  # type: ignore[union-attr]
    sure = np.float64(0.75)
    [profile] = there_and_back(tmp_path, ExtractedProfile(name=shown, fields=(Field("name", shown, shown, sure),)))
    assert type(profile.name) is str
    assert type(profile.fields[0].confidence) is float
    assert profile.fields[0].confidence == 0.75


def test_what_is_no_profile_is_refused(tmp_path: Path) -> None:
    """A child that a document took over cannot hand in values of other types."""
    spool = tmp_path / "spool"
    for line in (b'{"name": 7}', b'{"fields": [["name"]]}', b"[]", b"{", b'{"pages": [1, 2, 3]}'):
        spool.write_bytes(line + b"\n")
        with pytest.raises(ValueError, match=r"."):
            list(iter_profiles(spool))
    with pytest.raises(ValueError, match=r"."):
        reading_in({"status": "success", "media_type": "text/csv", "sheets": [[1]]})


def test_a_page_s_measures_come_back(tmp_path: Path) -> None:
    reading = Reading("success", "application/pdf", sheets=(Sheet(1, 595.3, 842.0, 1),))
    assert reading_in(reading_out(reading)) == reading
