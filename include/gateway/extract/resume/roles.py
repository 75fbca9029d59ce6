"""Which part of an entry is what: the organisation, the position or degree, a place.

Résumés repeat one pattern: the same part stands at the same place in the same type in every entry. So roles are decided for the
whole section at once: each place in an entry (a slot) is judged by what all entries have there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.page.layout import around
from gateway.extract.page.words import Word
from gateway.extract.resume.evidence import (
    EDGE,
    count,
    flaws,
    is_freelance,
    is_legal,
    is_place,
    one_place,
    organisation,
    place_like,
    title,
    trimmed,
)
from gateway.model import Box
from gateway.values.dates import Period
from gateway.values.lexicon import hits
from gateway.values.text import fold

Slot = tuple[int, int, bool, bool]  # line from the date's, order in it, bold, italic


@dataclass(slots=True)
class Fragment:
    """A piece of an entry's head lines in one style."""

    text: str
    line: int  # within the entry
    order: int  # within the line
    bold: bool
    italic: bool
    words: list[Word]
    page: int
    confidence: float = 1.0
    row: int = 0  # the line counted from that of the date
    role: str | None = None  # the role according to a label before it
    placed: bool = False  # a place was cut off at its end, and the rest may be a place too

    @property
    def slot(self) -> Slot:
        return (self.row, self.order, self.bold, self.italic)

    @property
    def box(self) -> Box:
        return around([w.box for w in self.words])


@dataclass(slots=True)
class Entry:
    fragments: list[Fragment] = field(default_factory=list)
    period: Period | None = None
    period_text: str = ""
    period_page: int = 0
    period_box: Box | None = None
    first: Fragment | None = None  # company or institution
    second: Fragment | None = None  # position or degree
    period_line: int | None = None  # the head line that contains the date
    ranges: int = 0  # date ranges in its head lines: more than one speaks against the cut
    margin: float = 0.0  # how clear the assignment of roles was
    worth: float = 0.0  # how well it reads; see worth()


def worth(entry: Entry, kind: str) -> float:
    """How well a cut's entry reads: above zero when it has the parts of one, below when it is a stray line."""
    value = -1.2
    if entry.first is not None:
        text = entry.first.text
        value += 0.8 + 0.5 * max(-1.0, min(1.0, organisation(text, kind))) - flaws(text, kind)
    if entry.second is not None:
        text = entry.second.text
        known = (
            title(text) / 2
            if kind == "work"
            else min(1, hits("degree", text) + count("degree", text) + 0.5 * count("field", text))
        )
        value += 0.5 + 0.6 * min(1.0, known) - 0.8 * flaws(text, kind)
    if entry.first is None and entry.second is None:
        return -0.6
    if entry.first is not None and entry.first.placed and entry.first.row > 0:
        value -= 0.4  # behind the date, before a region or country: a place more often than an employer
    value += 0.6 if entry.period is not None else 0.0
    value -= 0.9 * max(0, entry.ranges - 1)
    rest = [f for f in entry.fragments if f is not entry.first and f is not entry.second]
    return value - 0.1 * len(rest)


def assign(entries: Sequence[Entry], kind: str) -> None:
    """Chooses for each entry which fragment is the organisation and which the position (or degree)."""
    usual = Counter(e.period_line for e in entries if e.period_line is not None)
    at = usual.most_common(1)[0][0] if usual else 0
    for entry in entries:
        if kind == "education":
            entry.fragments = _with_abbreviation(entry.fragments)
        entry.fragments = _split_commas(entry, kind)
        base = entry.period_line if entry.period_line is not None else at
        for fragment in entry.fragments:
            fragment.row = fragment.line - base
    _split_alike(entries, kind)
    places = _place_slots(entries)
    _drop_places(entries)
    totals: dict[tuple[Slot, Slot], float] = {}
    for entry in entries:
        pool = entry.fragments[:6]
        for a in pool:
            for b in pool:
                if a is not b:
                    key = (a.slot, b.slot)
                    known = places.get(a.slot, 0.0) + places.get(b.slot, 0.0)
                    totals[key] = totals.get(key, 0.0) + _together(a, b, kind) - 1.5 * known
    for entry in entries:
        pool = entry.fragments[:6]
        labelled = {f.role: f for f in reversed(entry.fragments) if f.role}
        if labelled.keys() & {"organisation", "position"}:
            entry.first, entry.second = labelled.get("organisation"), labelled.get("position")
            entry.margin = 6.0
            continue
        if not pool:
            continue
        if len(pool) == 1:
            only = pool[0]
            if organisation(only.text, kind) >= (0 if kind == "education" else 0.5) and not is_freelance(only.text):
                entry.first = only
            else:
                entry.second = only
            continue
        pairs = [
            (totals[(a.slot, b.slot)] + 0.5 * (organisation(a.text, kind) - organisation(b.text, kind)), i, j)
            for i, a in enumerate(pool)
            for j, b in enumerate(pool)
            if a is not b
        ]
        pairs.sort(key=lambda p: (-p[0], p[1] + p[2]))
        best = pairs[0]
        entry.first, entry.second = pool[best[1]], pool[best[2]]
        if is_freelance(entry.first.text):
            entry.first = None
        flipped = next((p[0] for p in pairs if p[1] == best[2] and p[2] == best[1]), 0.0)
        entry.margin = best[0] - flipped


def without_place(entries: Sequence[Entry]) -> None:
    """Cuts the place off the end of employers where most of a section's employers have one there: "Acme Foods Leeds"."""
    firsts = [entry.first for entry in entries if entry.first is not None]
    ends = [_place_at_end(fragment.text) for fragment in firsts]
    if sum(map(bool, ends)) < max(3, 0.6 * len(firsts)):
        return
    for entry in entries:
        if entry.first is not None and (kept := _place_at_end(entry.first.text)):
            entry.first = _like(entry.first, kept, entry.first.order)


def _place_at_end(text: str) -> str:
    """The text without the place it ends with, when a name is left; empty when it ends with none."""
    words = text.split()
    for size in (2, 1):
        kept, place = words[:-size], " ".join(words[-size:])
        if (
            kept
            and not is_legal(place)
            and (kept[-1][:1].isupper() or is_legal(kept[-1]))
            and place[:1].isupper()
            and is_place(place)
            and not is_place(" ".join(kept))
        ):
            return trimmed(" ".join(kept))
    return ""


def _place_slots(entries: Sequence[Entry]) -> dict[Slot, float]:
    """Slots where places stand, with the share of entries in which they do; none of those where a place only follows a name."""
    seen: Counter[Slot] = Counter()
    pure: Counter[Slot] = Counter()
    like: Counter[Slot] = Counter()
    for entry in entries:
        for fragment in entry.fragments:
            seen[fragment.slot] += 1
            plain = is_place(fragment.text)
            pure[fragment.slot] += plain
            like[fragment.slot] += plain or fragment.placed or place_like(fragment.text) >= 0.5
    return {slot: like[slot] / n for slot, n in seen.items() if pure[slot] >= 0.3 * n and like[slot] >= 0.5 * n}


def _together(a: Fragment, b: Fragment, kind: str) -> float:
    """Evidence for `a` as the organisation and `b` as the position, in one entry."""
    return (
        0.3
        + organisation(a.text, kind)
        - organisation(b.text, kind)
        - flaws(a.text, kind)
        - flaws(b.text, kind)
        - 0.5 * a.placed
        - 0.8 * b.placed
        - 0.05 * (a.line + b.line + a.order + b.order)
    )


def inherit(entries: Sequence[Entry]) -> list[Entry]:
    """Positions set under one employer get it: "Company / total time / Position, dates / Position, dates"."""
    both = Counter((e.first.row, e.second.row) for e in entries if e.first and e.second)
    if not both:
        return list(entries)
    (top, below), _ = both.most_common(1)[0]
    out: list[Entry] = []
    for entry in entries:
        before = out[-1] if out else None
        stacked = top < below and entry.second is not None and entry.second.row == below
        if stacked and entry.first is not None and entry.second is not None:
            doubtful = entry.first.placed or is_place(entry.first.text) or flaws(entry.first.text, "work") >= 0.3
            if entry.first.row > entry.second.row and doubtful:
                entry.first = None
        if stacked and entry.period and entry.first is None and before is not None and before.first is not None:
            entry.first, entry.margin = before.first, before.margin
        out.append(entry)
    return out


def _placeless(pieces: Sequence[str]) -> list[str]:
    """The pieces without the places at either end, but at least one."""
    out = list(pieces)
    while len(out) > 1 and one_place(out[-1]) and not is_legal(out[-1]):
        out.pop()
    while len(out) > 1 and one_place(out[0]) and not is_legal(out[1]):
        out.pop(0)
    return out


def _with_abbreviation(fragments: Sequence[Fragment]) -> list[Fragment]:
    """ "MIT – Massachusetts Institute of Technology" is one name, whichever part comes first."""
    out: list[Fragment] = []
    for fragment in fragments:
        last = out[-1] if out else None
        same = last is not None and last.line == fragment.line and last.bold == fragment.bold and not last.role
        if same and last is not None:
            short, long = sorted((last.text, fragment.text), key=len)
            lone = len(short.split()) == 1 and not is_place(short) and organisation(short, "education") >= 0
            school = organisation(long, "education") >= 1.2 and len(long.split()) >= 2
            if (
                lone
                and school
                and ((short.isupper() and len(short) >= 3) or (short == last.text and len(short) >= 5))
                and not hits("institution", short)
            ):
                last.text = f"{last.text} - {fragment.text}"
                last.words = [*last.words, *fragment.words]
                continue
        out.append(fragment)
    return out


def _split_commas(entry: Entry, kind: str) -> list[Fragment]:
    """A fragment that holds two parts, or a part and its place, cut at commas."""
    out: list[Fragment] = []
    many = len([f for f in entry.fragments if not is_place(f.text)]) > 1
    for fragment in [part for f in entry.fragments for part in _without_degree(f, kind)]:
        pieces = [trimmed(p) for p in re.split(r"[,，、]\s*", fragment.text)]
        pieces = [p for p in pieces if p]
        pieces_before = len(pieces)
        while len(pieces) > 1 and (one_place(pieces[-1])) and not is_legal(pieces[-1]):
            pieces = pieces[:-1]
        cut_off = len(pieces) < pieces_before
        text = ", ".join(pieces) if len(pieces) > 1 else pieces[0] if pieces else fragment.text
        fragment.placed = cut_off and len(pieces[0].split()) <= 4 and abs(organisation(text, kind)) < 0.5
        cut = _best_cut(pieces, kind, many) if len(pieces) > 1 and (not many or kind == "education") else None
        if cut is None:
            out.append(_like(fragment, text, fragment.order))
            continue
        for number, part in enumerate((pieces[:cut], pieces[cut:])):
            out.append(_like(fragment, ", ".join(_placeless(part)), fragment.order + number))
    orders: Counter[int] = Counter()
    for fragment in out:
        fragment.order = orders[fragment.line]
        orders[fragment.line] += 1
    return out


def _without_degree(fragment: Fragment, kind: str) -> list[Fragment]:
    """ "MSc University of X" set as one text: the degree was in a narrow column next to the institution."""
    words = fragment.text.split()
    if kind != "education" or len(words) < 3 or not hits("institution", fragment.text):
        return [fragment]
    lead = 0
    while lead < len(words) - 1 and hits("degree", words[lead]) and not hits("institution", words[lead]):
        lead += 1
    rest = " ".join(words[lead:])
    if lead == 0 or fold(words[lead]) in ("of", "in", "de", "di", "en", "i", "of the") or not hits("institution", rest):
        return [fragment]
    return [_like(fragment, " ".join(words[:lead]), fragment.order), _like(fragment, rest, fragment.order + 1)]


def _split_alike(entries: Sequence[Entry], kind: str) -> None:
    """Entries of one part only are cut like their neighbours were: "Company, Position" is the section's habit."""
    lone = [e for e in entries if len([f for f in e.fragments if not is_place(f.text)]) == 1]
    cut = [
        e
        for e in entries
        if len(e.fragments) >= 2
        and e.fragments[0].line == e.fragments[1].line
        and e.fragments[0].bold == e.fragments[1].bold
    ]
    lone = [e for e in lone if "," in e.fragments[0].text]
    if not lone or (not cut and len(lone) < 2):
        return
    first = sum(organisation(e.fragments[0].text, kind) - organisation(e.fragments[1].text, kind) for e in cut)
    if not cut:
        first = sum(
            organisation(e.fragments[0].text.split(",")[0], kind)
            - organisation(e.fragments[0].text.rpartition(",")[2], kind)
            for e in lone
        )
    sign = 1 if first >= 0 else -1
    for entry in lone:
        fragment = entry.fragments[0]
        pieces = [p.strip() for p in fragment.text.split(",") if p.strip()]
        scores = [
            (sign * (organisation(", ".join(pieces[:n]), kind) - organisation(", ".join(pieces[n:]), kind)), n)
            for n in range(1, len(pieces))
            if not is_legal(pieces[n])
        ]
        if scores:
            at = max(scores)[1]
            entry.fragments = [
                _like(fragment, ", ".join(_placeless(pieces[:at])), 0),
                _like(fragment, ", ".join(_placeless(pieces[at:])), 1),
                *entry.fragments[1:],
            ]


def _best_cut(pieces: Sequence[str], kind: str, many: bool) -> int | None:
    """Where an organisation and what was done there part; with other parts in the entry, one side must be an organisation."""
    best, where = 0.6 if kind == "education" else 0.9, None
    for cut in range(1, len(pieces)):
        left, right = ", ".join(pieces[:cut]), ", ".join(pieces[cut:])
        if is_legal(pieces[cut]):
            continue
        sides = organisation(left, kind), organisation(right, kind)
        if many and max(sides) < 0.4:
            continue
        clear = abs(sides[0] - sides[1])
        if clear > best:
            best, where = clear, cut
    return where


def _like(fragment: Fragment, text: str, order: int) -> Fragment:
    words = words_of(fragment.words, text)
    return Fragment(
        text,
        fragment.line,
        order,
        fragment.bold,
        fragment.italic,
        words,
        fragment.page,
        fragment.confidence,
        fragment.row,
        fragment.role,
        fragment.placed,
    )


def _drop_places(entries: Sequence[Entry]) -> None:
    """Removes fragments that are places, unless nothing else would be left; a slot of mostly places is removed in every entry."""
    seen: Counter[Slot] = Counter()
    places: Counter[Slot] = Counter()
    for entry in entries:
        for fragment in entry.fragments:
            seen[fragment.slot] += 1
            places[fragment.slot] += is_place(fragment.text)
    for entry in entries:
        kept = [
            f
            for f in entry.fragments
            if not is_place(f.text) and not (places[f.slot] * 2 > seen[f.slot] and len(entry.fragments) > 2)
        ]
        if len(kept) >= 2 or (kept and len(entry.fragments) - len(kept) <= 1 and len(entry.fragments) > 1):
            entry.fragments = kept


def words_of(words: Sequence[Word], text: str) -> list[Word]:
    tokens = set(text.split())
    return [w for w in words if w.text.strip(EDGE) and (w.text in tokens or w.text.strip(EDGE) in text)] or list(words)
