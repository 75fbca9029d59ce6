"""Date ranges as résumés print them, in the languages of the lexicon. A date stays as partial as it was printed.

"Jun 2020 – Present", "05/2019 - 11/2020", "2019-12-01 — 2020-01-31", "2016年4月 – 現在", "enero de 2019 a hoy", "since 2018"
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from gateway.values.lexicon import months, phrases
from gateway.values.text import INVISIBLE, fold


@dataclass(frozen=True, slots=True)
class Period:
    """A range (or one date: end None) found in a text; start and end as YYYY or YYYY-MM, end also "present"."""

    start: str | None
    end: str | None
    span: tuple[int, int]
    is_range: bool


_YEAR = r"(?:19[4-9]\d|20[0-4]\d)"
_MONTH = r"[^\W\d_]{3,14}\.?"
_DAY = r"(?:\d{1,2}(?:\.|st|nd|rd|th|er|º)?\s+(?:de\s+)?)?"
_ONE = (
    rf"(?:(?P<ymd>{_YEAR}[-./](?:0?[1-9]|1[0-2])(?:[-./](?:3[01]|[12]\d|0?[1-9]))?(?!\d))"
    rf"|(?P<cjk>{_YEAR}\s*[年년]\s*(?:\d{{1,2}}\s*[月월])?(?:\s*\d{{1,2}}\s*[日일])?)"
    rf"|(?P<mdy>(?:0?[1-9]|1[0-2])/(?:1[3-9]|2\d|3[01])/{_YEAR})"
    rf"|(?P<dmy>(?:(?:3[01]|[12]\d|0?[1-9])[./])?(?:0?[1-9]|1[0-2])[-./]{_YEAR})"
    rf"|(?P<vn>(?:tháng|thg\.?|th\.?)\s*\d{{1,2}}[\s,/.-]*(?:năm\s*)?{_YEAR})"
    rf"|(?P<name>{_MONTH}\s+(?:3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?,\s*{_YEAR}|{_DAY}{_MONTH},?\s*(?:de\s+|del\s+|of\s+)?(?:'\d\d\b|{_YEAR}))"
    rf"|(?P<rev>{_YEAR}[,\s]\s*{_MONTH}(?!\w))"
    rf"|(?P<y>{_YEAR}(?!\d)))"
)
_SEP = r"\s*(?:[-–—−~〜～→]+|\bto\b|\bbis\b|\bà\b|\bau\b|\ba\b|\bal\b|\baté\b|\btot\b|\btill?\b|\bdo\b|\bpo\b|\bпо\b|\bдо\b|至|から|ến|đến|până|إلى|الى|έως|tới|\buntil\b)+\s*"
_DATE = re.compile(_ONE, re.I)
_GAP = re.compile(_SEP, re.I)
_OPEN = re.compile(r"\s*(?:[-–—−~〜～→]+)\s*$")
_MONTH_ONLY = re.compile(rf"({_MONTH})\s*[-–—]\s*$", re.I)


@lru_cache(maxsize=8192)
def find_periods(text: str) -> tuple[Period, ...]:
    """Every date and date range of a text, in order."""
    if not re.search(r"[0-9'０-９٠-٩]", text):
        return ()
    text = "".join(str(int(c)) if c.isdigit() and not c.isascii() and c.isdecimal() else c for c in text)
    text = text.translate(dict.fromkeys(INVISIBLE, " "))
    out: list[Period] = []
    position = 0
    while True:
        first = _DATE.search(text, position)
        if first is None:
            break
        if not _starts_clean(text, first.start()):
            position = first.start() + 1
            continue
        start = _value(first)
        if start is None:
            year = re.search(_YEAR, first.group())
            if year is None:
                position = first.end()
                continue
            begin, end_at, start = first.start() + year.start(), first.start() + year.end(), year.group()
            whole = _DATE.match(text, begin)  # "Dundee, 2020-06-01": no month, and yet more than a year
            if whole is not None and (value := _value(whole)):
                end_at, start = whole.end(), value
        else:
            begin, end_at = first.start(), first.end()
        if end_at < len(text) and text[end_at].isdigit():
            position = end_at
            continue
        # "Mar – Jun 2019": the first month has no year of its own
        early = _MONTH_ONLY.search(text, 0, begin)
        end, finish, ranged = _end(text, end_at)
        if early and not ranged and (month := months().get(_month_key(early.group(1)))):
            out.append(Period(f"{start[:4]}-{month:02d}", start, (early.start(), end_at), True))
            position = end_at
            continue
        out.append(Period(start, end, (begin, finish), ranged))
        position = max(finish, end_at)
    return tuple(out)


def _end(text: str, at: int) -> tuple[str | None, int, bool]:
    gap = _GAP.match(text, at)
    if gap is None:
        word = re.match(r"\s+(?:[^\W\d_]+\s?){1,2}", text[at:])
        present = _present(text, at)
        if word and present:
            return "present", present, True
        return None, at, False
    second = _DATE.match(text, gap.end())
    if second is not None and (value := _value(second)):
        return value, second.end(), True
    short = re.match(r"(\d\d)(?!\d)", text[gap.end() :])
    if short and "/" not in text[at : gap.end()]:
        years = re.findall(_YEAR, text[:at])
        if years and int(short.group(1)) > int(years[-1][2:]):
            return years[-1][:2] + short.group(1), gap.end() + 2, True
    present = _present(text, gap.end())
    if present:
        return "present", present, True
    if _OPEN.match(text[at:]):
        return "present", len(text), True
    return None, at, False


def _present(text: str, at: int) -> int:
    """Where the words for "present" that start here end; 0 when there are none."""
    known = phrases("present")
    tail = text[at : at + 40]
    match = re.match(r"\s*(?:\(?)((?:[^\W\d_]|[.'’])+(?:\s+[^\W\d_]+){0,2})", tail)
    if match is None:
        return 0
    words = match.group(1).split()
    for size in range(len(words), 0, -1):
        key = fold(" ".join(words[:size])).replace(".", " ").strip()
        if key in known:
            offset = match.start(1)
            return at + offset + len(re.match(r"\s*".join(re.escape(w) for w in words[:size]), tail[offset:]).group())  # type: ignore[union-attr]
    for phrase in known:
        if not phrase.isascii() and len(phrase) >= 2 and tail.strip().startswith(phrase):
            return at + tail.index(phrase) + len(phrase)
    return 0


def _starts_clean(text: str, at: int) -> bool:
    """True if the date is not the tail of a longer number, price or code ("ISO 9001:2015", "€2019", "7890-2014")."""
    if at == 0:
        return True
    before = text[at - 1]
    if before.isdigit() or before in "$€£¥#:@_%" or (before.isalpha() and not _is_cjk_mark(before)):
        return False
    return not (
        before in "-./"
        and at >= 2
        and text[at - 2].isdigit()
        and not re.search(rf"{_YEAR}[-./]$", text[:at])
        and before != "-"
    )


def _is_cjk_mark(char: str) -> bool:
    return char > "\u2fff"


def _month_key(text: str) -> str:
    return fold(text).replace(".", "").strip(" ,")


def _value(match: re.Match[str]) -> str | None:
    groups = match.groupdict()
    text = match.group()
    year = re.search(_YEAR, text)
    if groups.get("ymd"):
        parts = re.split(r"[-./]", text)
        return f"{parts[0]}-{int(parts[1]):02d}"
    if groups.get("cjk"):
        month = re.search(r"[年년]\s*(\d{1,2})\s*[月월]", text)
        year_text = text[:4]
        return f"{year_text}-{int(month.group(1)):02d}" if month and 1 <= int(month.group(1)) <= 12 else year_text
    if groups.get("mdy"):
        return f"{text[-4:]}-{int(text.partition('/')[0]):02d}"
    if groups.get("dmy"):
        parts = re.split(r"[-./]", text)
        return f"{parts[-1]}-{int(parts[-2]):02d}"
    if groups.get("vn"):
        month = re.search(r"\d{1,2}", text)
        return f"{year.group()}-{int(month.group()):02d}" if year and month and 1 <= int(month.group()) <= 12 else None
    if groups.get("name"):
        name = re.search(r"[^\W\d_]{3,}", text)
        month_number = months().get(_month_key(name.group())) if name else None
        if month_number is None:
            return None
        if year:
            return f"{year.group()}-{month_number:02d}"
        short = int(re.search(r"'(\d\d)", text).group(1))  # type: ignore[union-attr]
        return f"{2000 + short if short < 50 else 1900 + short}-{month_number:02d}"
    if groups.get("rev"):
        name = re.search(r"[^\W\d_]{3,}", text)
        month_number = months().get(_month_key(name.group())) if name else None
        return f"{text[:4]}-{month_number:02d}" if month_number else None
    return year.group() if year else None


def best_period(text: str) -> Period | None:
    """The range of a text if it has one, else its first date that could head an entry."""
    found = find_periods(text)
    ranges = [p for p in found if p.is_range]
    return ranges[0] if ranges else (found[0] if found else None)
