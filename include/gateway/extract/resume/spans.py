"""Date ranges as they stand in the head of an entry: `values.dates` plus the forms only an entry has.

"Summer of 2018", "Fall 2019 – Spring 2020", "June '18-Present", "07/21 - 08/22", "2025–…", "since 2019", "2017 to date (3 years)".
The span takes in what belongs to the date: the season, the word for since, so that none of it is left as an employer.
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.values.dates import Period, find_periods
from gateway.values.lexicon import months, phrases
from gateway.values.text import fold

# One sign for another, so that spans stay those of the printed text.
_FORMS = str.maketrans("\u2010\u2011\u2012\u2212\ufe63\uff0d’‘ʼ´`", "-----–'''''"[:11])
_SEASONS = (
    "summer|winter|spring|fall|autumn|sommer|winter|fruhjahr|fruhling|herbst|ete|hiver|printemps|automne|verano|invierno|otono|primavera"
    "|verao|inverno|outono|estate|autunno|zomer|lente|herfst|sommaren|hosten|varen|lato|zima|jesien|wiosna|leto|yaz|kis|bahar|guz|mid|early|late"
    "|q[1-4]|[1-4]t|ws|ss|лето|зима|весна|осень|летом|зимой|semester|semestre|sem|trimestre"
)
_SEASON_BEFORE = re.compile(rf"(?:^|(?<=[\s(,\[/–-]))(?:{_SEASONS})\.?(?:\s+(?:of|de|del|term|semester))?[\s,]*$")
_SEASON_AFTER = re.compile(rf"\s*(?:{_SEASONS})(?=$|[\s),\]])")
_BETWEEN = re.compile(
    rf"^\s*(?:г\.?|года?|р\.?)?[\s)]*(?:[-–—~/→]|to|bis|until|till|a|à|al|au|по|до|עד)\s*(?:(?:{_SEASONS})\.?(?:\s+of)?\s*)?[(]?\s*$"
)
_EARLY = re.compile(
    r"(?:\d{1,2}\.?\s+)?(?<!\w)([^\W\d_]{3,12}\.?)\s*(?:[-–—/&+]|a|au|to|bis|al|ate|until|et|and|und|y|e)\s*(?:\d{1,2}\.?\s+)?$"
)
_JOINT = re.compile(r"\s*(?:г\.?|года?|р\.?)?\s*(?:[-–—~～/→]+|עד|to|till|until|bis|по|до)?\s*")
_NOTHING = re.compile(r"\s*(?:г\.?)?\s*[-–—~→]+\s*(?:[.·…?_]{1,8}|(?=[)\],;|]|$))")
_SHORT = re.compile(
    r"(?<![\d/.])(0?[1-9]|1[0-2])[/.'](\d\d)\s*(?:[-–—~]+|to|bis|al?|à)\s*(?:(0?[1-9]|1[0-2])[/.'](\d\d)(?![\d/.])|(?=[^\W\d_]))"
)
_NAMED = re.compile(r"(?<!\w)([^\W\d_]{3,10})\.?\s?'?(\d\d)(?![\d\w/:.%])")
_SHORT_NAMED = re.compile(r"(?<!\w)([^\W\d_]{3,10})\.?\s*'?(\d\d)\s*[-–—]\s*$")  # "Jun 14 - " before "Jul '18"
_DATE_WORDS = frozenset({"н.в", "н.в.", "нв", "נ", "היום", "ongoing"})


@lru_cache(maxsize=8192)
def periods(text: str) -> tuple[Period, ...]:
    """Every date and range of a cell's text, in order; spans are of that text."""
    if not any(c.isdigit() for c in text):
        return ()
    plain = text.translate(_FORMS)
    found = list(find_periods(plain)) or _short(plain) or _named(plain)
    out: list[Period] = []
    for period in found:
        if out and not out[-1].is_range and not period.is_range:
            between = _folded(plain[out[-1].span[1] : period.span[0]])
            if _BETWEEN.match(between):
                last = out.pop()
                out.append(Period(last.start, period.start, (last.span[0], period.span[1]), True))
                continue
        out.append(period)
    return tuple(_widened(plain, period) for period in out)


def _folded(text: str) -> str:
    """Folded letter by letter, so that places in it are places in the text."""
    return "".join(fold(c)[:1] or " " for c in text)


def _widened(text: str, period: Period) -> Period:
    start, end = period.span
    begin, finish, ranged = period.start, period.end, period.is_range
    low = _folded(text)
    if not ranged:
        nothing = _NOTHING.match(text, end)
        present = _present(low, end)
        if present:
            end, finish, ranged = present, "present", True
        elif nothing and nothing.end() > end:
            end, finish, ranged = nothing.end(), "present", True
    short = _SHORT_NAMED.search(low[:start])
    if short and not ranged and begin and (number := months().get(short.group(1))):
        begin, finish, ranged = f"{_century(short.group(2))}-{number:02d}", begin, True
        start = short.start()
    early = _EARLY.search(low[:start])
    if early and (month := months().get(early.group(1).rstrip("."))) and begin:
        if not ranged or (finish or "")[:4] == begin[:4] or finish is None:
            begin, finish, ranged = f"{begin[:4]}-{month:02d}", finish or begin, True
            start = early.start()
    else:
        day = re.search(r"(?:^|(?<=[\s(,]))\d{1,2}\.?\s+(?:(?:et|and|und|y|e)\s+\d{1,2}\s+)?$", low[:start])
        if day and text[start : start + 1].isalpha():
            start = day.start()
    after = _SEASON_AFTER.match(low, end)
    if after:
        end = after.end()
    before = _SEASON_BEFORE.search(low[:start])
    if before:
        start = before.start()
    since = re.search(r"(?:^|(?<=[\s(\[|,]))([^\W\d_]{1,6})\.?\s+$", low[:start])
    if since and since.group(1) in phrases("since"):
        start = since.start()
        if not ranged:
            finish, ranged = "present", True
    if ranged and begin and finish and finish != "present" and finish[:4] < begin[:4]:
        begin, finish = finish, begin  # right-to-left text: the later date is printed first
    return Period(begin, finish, (start, end), ranged)


def _present(low: str, at: int) -> int:
    """Where a word for "present" ends that follows a date; 0 when none does. A word alone must be unmistakable."""
    joint = _JOINT.match(low, at)
    start = joint.end() if joint else at
    if start == at:
        return 0
    word = re.match(r"[(]?((?:[^\W\d_]|[.'])+(?:\s+[^\W\d_]+){0,2})", low[start : start + 40])
    if word is None:
        return 0
    words = word.group(1).split()
    for size in range(len(words), 0, -1):
        key = " ".join(words[:size])
        if key.strip(".") in phrases("present") or key in _DATE_WORDS:
            whole = re.match(r"[(]?" + r"\s+".join(re.escape(w) for w in words[:size]), low[start:])
            return start + whole.end() if whole else 0
    return 0


def _short(text: str) -> list[Period]:
    """ "07/21 - 08/22": months with two-digit years, only as a range."""
    out = []
    for match in _SHORT.finditer(text):
        begin = f"{_century(match.group(2))}-{int(match.group(1)):02d}"
        if match.group(3):
            out.append(Period(begin, f"{_century(match.group(4))}-{int(match.group(3)):02d}", match.span(), True))
        elif end := _present(_folded(text), match.start(2) + 2):
            out.append(Period(begin, "present", (match.start(), end), True))
    return out


def _named(text: str) -> list[Period]:
    """ "May '17", "June 18 - Present": a month's name with a two-digit year."""
    out = []
    for match in _NAMED.finditer(text):
        month = months().get(fold(match.group(1)))
        if month and (
            "'" in match.group()
            or re.search(r"[-–—]", text[match.end() : match.end() + 3] + text[: match.start()][-3:])
        ):
            date = f"{_century(match.group(2))}-{month:02d}"
            out.append(Period(date, None, match.span(), False))
    return out


def _century(two: str) -> int:
    return int(two) + (2000 if int(two) < 50 else 1900)
