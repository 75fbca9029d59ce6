"""Entries of the work and education sections: which lines make one entry, and the parts of its head lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gateway.extract.page.layout import Cell, Line, around, joined, run_on
from gateway.extract.page.words import Word
from gateway.extract.resume.contact import Person
from gateway.extract.resume.roles import EDGE, Entry, Fragment, assign, words_of
from gateway.model import Box
from gateway.values.dates import Period, find_periods
from gateway.values.lexicon import heading_of, hits, phrases, title_score
from gateway.values.text import fold, is_cjk, tidy

BULLETS = frozenset("•◦▪▫‣⁃●○■□►▸▶➢➤➔→✓✔❖◆◇·∙*-–—‐⚬◾◽✦★›»❯")
_SEPARATOR = re.compile(r"\s+[|•·–—/]\s+|\s+-\s+|\s*[|•]\s*|\s+@\s+|\s*；\s*|\s{3,}|\t")
_AT = re.compile(r"\s+(?:at|bei|chez|hos|presso|@)\s+", re.I)
_DURATION = re.compile(
    r"\(?\b\d{1,2}\+?\s*(?:years?|yrs?|months?|mos?|jahre?|monate?|ans?|mois|años?|meses|anos|anni|mesi|jaar|år|lat|miesięcy)\b.*$",
    re.I,
)
_SENTENCE_INSIDE = re.compile(r"[^\W\d_]{3,}\.\s+[^\W\d_]")
SENTENCE = 7  # words from which a line that ends with a full stop is text, not a heading of an entry


@dataclass(slots=True)
class _Row:
    """A line, or several wrapped ones, as the grouping sees it."""

    cells: list[Cell]
    page: int
    box: Box
    body: bool
    periods: list[tuple[Cell, Period]]
    size: float


def is_bullet(line: Line) -> bool:
    words = line.words
    return (
        bool(words)
        and (words[0].text in BULLETS or (len(words[0].text) == 1 and "\ue000" <= words[0].text <= "\uf8ff"))
        and len(words) > 1
    )


def entries_of(person: Person, lines: Sequence[Line], kind: str) -> list[Entry]:
    """
    lines    of one section kind ("work" or "education"), headings left out, in reading order
    returns  entries in that order; `first` and `second` may be None
    """
    out: list[Entry] = []
    parts: dict[int, list[Line]] = {}
    for line in lines:
        parts.setdefault(line.part, []).append(line)
    edges: dict[tuple[int, int], float] = {}
    for line in person.lines:
        edges[(line.page, line.region)] = max(line.box[2], edges.get((line.page, line.region), 0.0))
    for group in parts.values():
        rows = _rows(group, kind, edges)
        out.extend(_entries(rows, kind))
    assign(out, kind)
    return [entry for entry in out if entry.first or entry.second]


def _rows(lines: Sequence[Line], kind: str, right: dict[tuple[int, int], float]) -> list[_Row]:
    """`right` is the right edge of each (page, region)'s text: where lines have to wrap."""
    rows: list[_Row] = []
    left = min((line.box[0] for line in lines), default=0.0)
    bullet_at: float | None = None
    previous: Line | None = None
    for line in lines:
        if not any(any(ch.isalnum() for ch in c.text) for c in line.cells):
            continue
        bullet = is_bullet(line)
        cells = line.content
        aside = _date_aside(cells, kind) if bullet or (len(cells) > 1 and _is_text(line, cells[:-1], ())) else None
        if aside is not None:
            # a date at the margin, level with the first line of the description: it belongs to the head above
            head = next((row for row in reversed(rows) if not row.body), None)
            if head is not None and not head.periods:
                head.cells.append(aside[0])
                head.periods.append(aside)
            cells = cells[:-1]
            line = Line(cells, line.page, line.region, section=line.section, part=line.part).close()
        periods = [] if bullet else _periods(cells, kind)
        body = bullet or _is_text(line, cells, periods)
        if (
            not body
            and not periods
            and bullet_at is not None
            and line.box[0] >= bullet_at - 1
            and line.box[0] > left + 4
        ):
            body = True  # the second line of a bullet
        if bullet:
            inner = line.words[1].box[0] if len(line.words) > 1 else line.box[0]
            bullet_at = min(inner, line.box[0] + 3 * line.size)
        wrapped = previous is not None and rows and _wraps(previous, line, right[(line.page, line.region)])
        if wrapped and not bullet and periods and rows[-1].body and not previous.text.endswith((".", "。")):  # type: ignore[union-attr]
            body, periods = True, []
        if (
            wrapped
            and not bullet
            and not periods
            and (rows[-1].body or _SENTENCE_INSIDE.search(rows[-1].cells[-1].text))
        ):
            body = True
        if wrapped and not body and not rows[-1].body and not periods and len(cells) == 1 and len(previous.cells) == 1:  # type: ignore[union-attr]
            last = rows[-1].cells[-1]
            rows[-1].cells[-1] = _glued(last, cells[0])
        else:
            rows.append(_Row(cells, line.page, line.box, body, periods, line.size))
        if not body:
            bullet_at = None
        previous = line
    return rows


def _glued(first: Cell, second: Cell) -> Cell:
    """Two cells of one wrapped text; a word broken at the line's end is whole again."""
    a, b = first.words[-1], second.words[0]
    if a.text.endswith("-") and b.text[:1].isalpha():
        whole = replace(a, text=run_on(a.text, b.text), box=around([a.box, b.box]))
        return Cell([*first.words[:-1], whole, *second.words[1:]], first.page, first.order).close()
    return Cell(first.words + second.words, first.page, first.order).close()


def _periods(cells: Sequence[Cell], kind: str) -> list[tuple[Cell, Period]]:
    out = []
    for cell in cells:
        for period in find_periods(cell.text):
            rest = (cell.text[: period.span[0]] + cell.text[period.span[1] :]).strip(EDGE)
            if not period.is_range and kind == "work" and len(rest) > 12 and len(cells) == 1:
                continue
            if _in_sentence(cell, period):
                continue
            if len(rest) > 90 or (len(cells) == 1 and len(rest.split()) > 12 and period.span[0] > 20):
                continue
            out.append((cell, period))
            break
    return out


def _date_aside(cells: Sequence[Cell], kind: str) -> tuple[Cell, Period] | None:
    """The last of several cells, when it is a date range and nothing else."""
    if len(cells) < 2:
        return None
    found = _periods([cells[-1]], kind)
    return found[0] if found and len(cells[-1].text) - (found[0][1].span[1] - found[0][1].span[0]) <= 3 else None


def _in_sentence(cell: Cell, period: Period) -> bool:
    """The date belongs to running text ("... during 2015-2019."), it does not date an entry."""
    before, after = cell.text[: period.span[0]].rstrip(), cell.text[period.span[1] :].strip()
    words = before.split()
    if len(words) + len(after.split()) < 3 or not words or before[-1] in ",;:(|•·–—-)/":
        return False
    if is_cjk(cell.text):
        return after.endswith(("。", "．")) or len(cell.text) > 40
    if not words[-1][:1].islower() and not (after.endswith(".") and len(words) >= 3):
        return False
    date = cell.text[period.span[0] : period.span[1]].split()[0]
    for last, first in zip(cell.words, cell.words[1:], strict=False):
        if first.text.startswith(date[:4]) and last.text == words[-1]:
            changed = (last.bold, last.italic, last.colour) != (first.bold, first.italic, first.colour)
            return not changed and first.box[0] - last.box[2] < 0.6 * cell.size
    return True


def _is_text(line: Line, cells: Sequence[Cell], periods: Sequence[tuple[Cell, Period]]) -> bool:
    if periods:
        return False
    text = line.text
    words = text.split()
    if is_cjk(text):
        return text.endswith(("。", "．")) or len(text) > 40
    ends = text.endswith((".", "!", ";", "…", "؛")) and not _ends_with_legal(words)
    if ends and len(words) >= 4:
        return True
    if len(words) >= 13 and len(cells) == 1:
        return True
    # A running sentence: mostly lower-case words and none of an entry's vocabulary
    lower = sum(w[:1].islower() for w in words)
    return len(words) >= SENTENCE and lower >= 0.6 * len(words) and not line.bold


def _ends_with_legal(words: Sequence[str]) -> bool:
    last = fold(words[-1]).replace(".", "").strip(",;)") if words else ""
    return last in phrases("legal") or (len(last) <= 2 and last.isalpha())


def _wraps(previous: Line, line: Line, right: float) -> bool:
    """`line` goes on with `previous`: same type, tight beneath it, and its first word had no room up there."""
    if line.page != previous.page or line.region != previous.region or not line.words:
        return False
    step = line.box[1] - previous.box[1]
    if not 0 < step < 1.45 * max(line.size, previous.size) or abs(line.size - previous.size) > 0.6:
        return False
    last = previous.cells[-1]
    if last.bold != line.bold or last.italic != line.italic:
        return False
    first = line.words[0]
    return last.box[2] + 0.25 * line.size + (first.box[2] - first.box[0]) > right + 0.5


def _entries(rows: Sequence[_Row], kind: str) -> list[Entry]:
    if not rows:
        return []
    dated = [i for i, row in enumerate(rows) if row.periods and not row.body]
    starts: list[int] = []
    if dated:
        lead = Counter[int]()
        counts = {}
        for position, at in enumerate(dated):
            floor = dated[position - 1] + 1 if position else 0
            k = 0
            while at - k - 1 >= floor and not rows[at - k - 1].body:
                k += 1
            closed = position == 0 or any(rows[i].body for i in range(floor, at))
            counts[at] = (k, closed)
            if closed:
                lead[k] += 1
        usual = min((k for k, n in lead.items() if n == max(lead.values())), default=0)
        for at in dated:
            k, closed = counts[at]
            back = k if closed and (k <= 3) else min(k, usual)
            if not closed and usual == 0 and rows[at].cells[0] is not rows[at].periods[0][0]:
                back = 0
            starts.append(max(at - back, starts[-1] + 1 if starts else 0))
    else:
        starts = _undated_starts(rows, kind)
    out = []
    for number, start in enumerate(starts):
        end = starts[number + 1] if number + 1 < len(starts) else len(rows)
        out.append(_entry(rows[start:end]))
    return out


def _undated_starts(rows: Sequence[_Row], kind: str) -> list[int]:
    heads = [i for i, row in enumerate(rows) if not row.body]
    if not heads:
        return []
    first = rows[heads[0]].cells[0]
    alike = [
        i
        for i in heads
        if rows[i].cells[0].bold == first.bold
        and rows[i].cells[0].italic == first.italic
        and abs(rows[i].size - rows[heads[0]].size) < 0.3
    ]
    if len(alike) < len(heads):
        return [i for n, i in enumerate(alike) if n == 0 or alike[n - 1] != i - 1]
    # All alike: an entry starts after text, or at every other line
    after_text = [i for n, i in enumerate(heads) if n == 0 or rows[i - 1].body]
    if len(after_text) > 1:
        return after_text
    word = "institution" if kind == "education" else "legal"
    marked = [i for i in heads if any(hits(word, c.text) for c in rows[i].cells)]
    if len(marked) > 1 and marked[0] > 0 and marked[1] - marked[0] == 2:
        return [i - 1 for i in marked]
    return marked or heads[:1]


def _entry(rows: Sequence[_Row]) -> Entry:
    entry = Entry()
    line = 0
    for row in rows:
        if row.body:
            if entry.fragments:
                break
            continue
        if line >= 4 or (entry.fragments and line >= 3 and entry.period is None):
            break
        if len(row.cells) == 1 and not row.periods and heading_of(row.cells[0].text) and entry.fragments:
            continue  # "Highlights", "Responsibilities": a label inside the entry
        order = 0
        for cell in row.cells:
            words = list(cell.words)
            found = next((p for c, p in row.periods if c is cell), None)
            if found is not None and (entry.period is None or found.is_range) and entry.period is None:
                entry.period, entry.period_page = found, row.page
                entry.period_text = cell.text[found.span[0] : found.span[1]]
                entry.period_box = cell.box
            if found is not None:
                words = _without(words, cell.text[found.span[0] : found.span[1]])
            for piece in _pieces(words, row.page, line):
                piece.order = order
                order += 1
                entry.fragments.append(piece)
        if order:
            line += 1
    return entry


def _without(words: Sequence[Word], text: str) -> list[Word]:
    """The words without those of a date range."""
    tokens = text.split()
    for start in range(len(words) - len(tokens) + 1):
        if all(tidy(words[start + i].text).strip("(),.;|") == t.strip("(),.;|") for i, t in enumerate(tokens)):
            return [*words[:start], *words[start + len(tokens) :]]
    # the printed words hold more than the date ("(2018", "2019年4月–現在"): cut by letters
    squeezed = text.replace(" ", "")
    out: list[Word] = []
    for word in words:
        rest = word.text.replace(squeezed, "") if squeezed in word.text else word.text
        if (
            rest == word.text
            and len(word.text) >= 4
            and word.text.strip("(),") in squeezed
            and any(c.isdigit() for c in word.text)
        ):
            continue
        if rest.strip(EDGE):
            out.append(
                word
                if rest == word.text
                else Word(rest, word.box, word.size, word.bold, word.italic, word.colour, word.source)
            )
    return out


def _pieces(words: Sequence[Word], page: int, line: int) -> list[Fragment]:
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        same = last is not None and (last.bold, last.italic) == (word.bold, word.italic) and last.colour == word.colour
        if (same and last is not None and abs(last.size - word.size) < 0.6) or (
            last is not None and not any(c.isalnum() for c in word.text)
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
    out: list[Fragment] = []
    for number, run in enumerate(runs):
        if number and run[0].text.startswith(".") and len(run) > 1:
            break  # the description follows in the same line
        if (
            number
            and runs[number - 1][-1].text.endswith(".")
            and len(run) >= 4
            and not _ends_with_legal([runs[number - 1][-1].text])
        ):
            break
        for text in _texts(joined(run)):
            cut = words_of(run, text)
            out.append(Fragment(text, line, 0, run[0].bold, run[0].italic, cut, page, min(w.confidence for w in cut)))
    return out


def _texts(text: str) -> list[str]:
    text = _DURATION.sub("", text)
    pieces = [p for part in _SEPARATOR.split(text) for p in _at(part)]
    out = []
    for piece in pieces:
        sentence = re.match(r"(.{6,}?[^\W\d_]{3,})\.\s+[^\W\d_]", piece)
        piece = sentence.group(1) if sentence and len(piece) > 50 else piece
        piece = re.sub(r"^(?:at|bei|chez|hos|presso|@)\s+", "", piece.strip(), flags=re.I)
        piece = piece.strip(EDGE) if not piece.strip().endswith(".") else piece.strip(EDGE.replace(".", "")).rstrip()
        if piece.count("(") != piece.count(")"):
            piece = piece + ")" if piece.count("(") > piece.count(")") else piece
        if any(c.isalpha() for c in piece):
            out.append(piece)
    return out


def _at(text: str) -> list[str]:
    """ "Engineer at Company" in two, when the first half is a title ("University of X at Y" is not)."""
    pieces = _AT.split(text, maxsplit=1)
    return (
        pieces if len(pieces) == 2 and title_score(pieces[0]) >= 1.2 and not hits("institution", pieces[0]) else [text]
    )
