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
from gateway.model import Box
from gateway.values.dates import Period
from gateway.values.lexicon import hits, phrases, title_score
from gateway.values.places import city_countries, country_code, region_country
from gateway.values.text import fold

EDGE = " ,;:|•·–—-()[]/、，。.　"
_REMOTE = frozenset(
    {
        "remote",
        "hybrid",
        "remoto",
        "fernarbeit",
        "teletravail",
        "a distancia",
        "full time",
        "part time",
        "full-time",
        "part-time",
    }
)


@dataclass(slots=True)
class Fragment:
    """A piece of an entry's head lines in one look."""

    text: str
    line: int  # within the entry
    order: int  # within the line
    bold: bool
    italic: bool
    words: list[Word]
    page: int
    confidence: float = 1.0

    @property
    def slot(self) -> tuple[int, int, bool, bool]:
        return (self.line, self.order, self.bold, self.italic)

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
    margin: float = 0.0  # how clearly the roles were told apart


def is_place(text: str) -> bool:
    """The whole text is a place: a city, a region or country, "City, Region", "Remote"."""
    key = fold(text).strip(EDGE)
    if key in _REMOTE or not key:
        return True
    parts = [p.strip(EDGE) for p in re.split(r"[,/]", text) if p.strip(EDGE)]
    if not parts or len(parts) > 4:
        return False
    return all(_one_place(p) for p in parts)


def _one_place(text: str) -> bool:
    text = re.sub(r"\s*\([^()]*\)?\s*$", "", text) or text
    return (
        bool(city_countries(text) or country_code(text) or region_country(text))
        or fold(text) in _REMOTE
        or (len(text) == 2 and text.isupper())
    )


def _organisation(text: str, kind: str) -> float:
    if kind == "education":
        return 1.6 * min(2, hits("institution", text)) - 1.0 * min(2, hits("degree", text))
    return (
        1.5 * min(1, hits("legal", text))
        + 0.8 * min(2, hits("company", text))
        + 0.4 * min(1, hits("institution", text))
        - min(2.0, title_score(text))
    )


def assign(entries: Sequence[Entry], kind: str) -> None:
    """Chooses for each entry which fragment is the organisation and which the position (or degree)."""
    for entry in entries:
        entry.fragments = _split_commas(entry, kind)
    _split_alike(entries, kind)
    _drop_places(entries)
    totals: Counter[tuple[tuple[int, int, bool, bool], tuple[int, int, bool, bool]]] = Counter()
    for entry in entries:
        pool = entry.fragments[:6]
        for a in pool:
            for b in pool:
                if a is not b:
                    totals[(a.slot, b.slot)] += (
                        0.3
                        + _organisation(a.text, kind)
                        - _organisation(b.text, kind)
                        - 0.05 * (a.line + b.line + a.order + b.order)
                    )  # type: ignore[assignment]
    for entry in entries:
        pool = entry.fragments[:6]
        if not pool:
            continue
        if len(pool) == 1:
            only = pool[0]
            if _organisation(only.text, kind) >= (0 if kind == "education" else 0.5):
                entry.first = only
            else:
                entry.second = only
            continue
        pairs = [
            (totals[(a.slot, b.slot)] + 0.5 * (_organisation(a.text, kind) - _organisation(b.text, kind)), i, j)
            for i, a in enumerate(pool)
            for j, b in enumerate(pool)
            if a is not b
        ]
        pairs.sort(key=lambda p: (-p[0], p[1] + p[2]))
        best = pairs[0]
        entry.first, entry.second = pool[best[1]], pool[best[2]]
        flipped = next((p[0] for p in pairs if p[1] == best[2] and p[2] == best[1]), 0.0)
        entry.margin = best[0] - flipped


def _split_commas(entry: Entry, kind: str) -> list[Fragment]:
    """A fragment that holds two parts, or a part and its place, cut at commas."""
    out: list[Fragment] = []
    many = len([f for f in entry.fragments if not is_place(f.text)]) > 1
    for fragment in [part for f in entry.fragments for part in _without_degree(f, kind)]:
        pieces = [
            p.strip(EDGE if not p.strip().endswith(".") else " ,;") for p in re.split(r"[,，、]\s*", fragment.text)
        ]
        pieces = [p for p in pieces if p]
        while len(pieces) > 1 and (_one_place(pieces[-1]) or fold(pieces[-1]) in _REMOTE) and not _is_legal(pieces[-1]):
            pieces = pieces[:-1]
        text = ", ".join(pieces) if len(pieces) > 1 else pieces[0] if pieces else fragment.text
        cut = _best_cut(pieces, kind) if len(pieces) > 1 and (not many or kind == "education") else None
        if cut is None:
            out.append(_like(fragment, text, fragment.order))
            continue
        out.append(_like(fragment, ", ".join(pieces[:cut]), fragment.order))
        out.append(_like(fragment, ", ".join(pieces[cut:]), fragment.order + 1))
    orders: Counter[int] = Counter()
    for fragment in out:
        fragment.order = orders[fragment.line]
        orders[fragment.line] += 1
    return out


def _without_degree(fragment: Fragment, kind: str) -> list[Fragment]:
    """ "MSc University of X" set as one text: the degree stood in a narrow column beside the institution."""
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
    first = sum(_organisation(e.fragments[0].text, kind) - _organisation(e.fragments[1].text, kind) for e in cut)
    if not cut:
        first = sum(
            _organisation(e.fragments[0].text.split(",")[0], kind)
            - _organisation(e.fragments[0].text.rpartition(",")[2], kind)
            for e in lone
        )
    sign = 1 if first >= 0 else -1
    for entry in lone:
        fragment = entry.fragments[0]
        pieces = [p.strip() for p in fragment.text.split(",") if p.strip()]
        scores = [
            (sign * (_organisation(", ".join(pieces[:n]), kind) - _organisation(", ".join(pieces[n:]), kind)), n)
            for n in range(1, len(pieces))
            if not _is_legal(pieces[n])
        ]
        if scores:
            at = max(scores)[1]
            entry.fragments = [
                _like(fragment, ", ".join(pieces[:at]), 0),
                _like(fragment, ", ".join(pieces[at:]), 1),
                *entry.fragments[1:],
            ]


def _is_legal(text: str) -> bool:
    return fold(text).replace(".", "").replace(" ", "") in phrases("legal")


def _best_cut(pieces: Sequence[str], kind: str) -> int | None:
    best, where = 0.9, None
    for cut in range(1, len(pieces)):
        left, right = ", ".join(pieces[:cut]), ", ".join(pieces[cut:])
        if _is_legal(pieces[cut]):
            continue
        clear = abs(_organisation(left, kind) - _organisation(right, kind))
        if clear > best:
            best, where = clear, cut
    return where


def _like(fragment: Fragment, text: str, order: int) -> Fragment:
    words = words_of(fragment.words, text)
    return Fragment(
        text, fragment.line, order, fragment.bold, fragment.italic, words, fragment.page, fragment.confidence
    )


def _drop_places(entries: Sequence[Entry]) -> None:
    """Fragments that are places go, unless nothing else would be left; a slot that is mostly places goes in every entry."""
    seen: Counter[tuple[int, int, bool, bool]] = Counter()
    places: Counter[tuple[int, int, bool, bool]] = Counter()
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
