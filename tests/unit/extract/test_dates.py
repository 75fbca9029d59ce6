"""Date ranges in many languages; nothing is filled in that was not printed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.values.dates import best_period, find_periods


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("Jun 2020 – Present", "2020-06", "present"),
        ("05/2019 - 11/2020", "2019-05", "2020-11"),
        ("2019-12-01 — 2020-01-31", "2019-12", "2020-01"),
        ("2016年4月 – 現在", "2016-04", "present"),
        ("enero de 2019 a marzo de 2020", "2019-01", "2020-03"),
        ("2018 – nu", "2018", "present"),
        ("2022 – oggi", "2022", "present"),
        ("05/2019 – настоящее время", "2019-05", "present"),
        ("tháng 6/2019 - hiện tại", "2019-06", "present"),
        ("styczeń 2017 – obecnie", "2017-01", "present"),
        ("2020-04-01 —", "2020-04", "present"),
        ("2021 - 22", "2021", "2022"),
        ("Mar – Jun 2019", "2019-03", "2019-06"),
        ("Bay College, 2005–2009", "2005", "2009"),
    ],
)
def test_range(text: str, start: str, end: str) -> None:
    period = best_period(text)
    assert period is not None
    assert (period.start, period.end, period.is_range) == (start, end, True)


@pytest.mark.parametrize("text", ["ISO 9001:2015", "$2019", "ID 820191234", "call 555 0134", "v2.2019.1x"])
def test_numbers_that_are_no_dates(text: str) -> None:
    assert find_periods(text) == ()


@given(st.text(max_size=80))
def test_any_text_is_survived_and_spans_lie_inside(text: str) -> None:
    for period in find_periods(text):
        assert 0 <= period.span[0] < period.span[1] <= len(text)
