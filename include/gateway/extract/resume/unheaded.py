"""Work and education without a heading: dated lines with the words of positions, employers or schools.

Only for a section without a heading in the document, and only among lines that are under no heading of another kind.
"""

from __future__ import annotations

from collections.abc import Sequence

from gateway.extract.page.layout import Line
from gateway.extract.resume.evidence import count, title
from gateway.extract.resume.labels import labelled
from gateway.extract.resume.rows import is_bullet
from gateway.extract.resume.spans import periods
from gateway.values.lexicon import hits

_FREE = ("top", "contact", "summary")
LEAD_WORDS = 9  # most words of the line above a date that heads the dated entry
APART = 4.0  # type sizes between two lines of one block at most
ENOUGH = 2  # dated lines of any kind from which a block is believed


def mark_unheaded(lines: Sequence[Line]) -> None:
    """Gives lines under no heading the section "work" or "education" where their words and dates say so."""
    missing = {"work", "education"} - {line.section for line in lines}
    if not missing or not any("@" in line.text for line in lines if line.section in (*_FREE, "footer")):
        return  # nothing to find, or a page with nobody's address on it: a form, a schedule
    free = [
        line for line in lines if line.section in _FREE and not line.heading and any(c.isalnum() for c in line.text)
    ]
    found = {i: kind for i in range(len(free)) if (kind := _kind(free, i))}
    if len(found) < ENOUGH:
        return
    part = max((line.part for line in lines), default=0)
    order = sorted(found)
    starts = [at - 1 if _leads(free, at, found) else at for at in order]
    last: str | None = None
    for number, (at, start) in enumerate(zip(order, starts, strict=True)):
        end = starts[number + 1] if number + 1 < len(starts) else len(free)
        kind = found[at]
        if kind != last:
            part += 1
        last = kind
        if kind not in missing:
            continue
        for n in range(start, end):
            if n > at and _broken(free[n - 1], free[n]):
                break
            free[n].section, free[n].part = kind, part


def mark_unknown(lines: Sequence[Line]) -> None:
    """Gives what stands under a heading of unknown words its section, where its dated lines say which and no other heading does."""
    missing = {"work", "education"} - {line.section for line in lines}
    unknown = {line.part for line in lines if "unknown" in line.marks} if missing else set()
    for part in sorted(unknown):
        here = [line for line in lines if line.part == part and line.section == "other" and not line.heading]
        kinds = [kind for i in range(len(here)) if (kind := _kind(here, i))]
        dated = sum(_dated(line) for line in here)
        best = max(missing, key=kinds.count)
        enough = ENOUGH if best == "work" else 1
        if kinds.count(best) >= max(enough, 0.6 * len(kinds)) and len(kinds) >= 0.5 * dated:
            for line in lines:
                if line.part == part and line.section == "other":
                    line.section = best
            missing = missing - {best}
            if not missing:
                return


def _kind(free: Sequence[Line], at: int) -> str | None:
    """work or education for a dated line, by its words and those of its neighbours."""
    line = free[at]
    if "@" in line.text or len(line.text.split()) > 16 or not _dated(line):
        return None
    near = [line.text]
    for n in (at - 1, at + 1, at + 2):
        if 0 <= n < len(free) and not _dated(free[n]) and not is_bullet(free[n]) and not _apart(free[n], line):
            if len(free[n].text.split()) > LEAD_WORDS + 3:
                break
            near.append(free[n].text)
    text = " ; ".join(near)
    school = hits("institution", text) + count("institution", text)
    degree = hits("degree", text) + count("degree", text)
    job = title(line.text) >= 1.2 or any(title(t) >= 1.2 for t in near)
    firm = hits("legal", text) + hits("company", text) + count("company", text)
    if school and (degree or not job):
        return "education"
    return "work" if job or firm else None


def _dated(line: Line) -> bool:
    label = labelled(line.text)
    if label is not None and label[0] != "nothing":
        return False
    return any(period.is_range for cell in line.cells for period in periods(cell.text))


def _leads(free: Sequence[Line], at: int, found: dict[int, str]) -> bool:
    """True if the line above the date heads the dated entry: short, no list mark, close above, no date of its own."""
    if at == 0 or at - 1 in found or _apart(free[at - 1], free[at]):
        return False
    above = free[at - 1]
    plain = len(above.text.split()) <= LEAD_WORDS and not is_bullet(above) and "@" not in above.text
    words = above.text
    named = title(words) >= 1.2 or hits("institution", words) + hits("legal", words) + hits("company", words) > 0
    return plain and named and not above.text.endswith((".", ":"))


def _apart(one: Line, other: Line) -> bool:
    distance = max(one.box[1], other.box[1]) - min(one.box[3], other.box[3])
    return one.page != other.page or one.region != other.region or distance > 1.6 * max(one.size, other.size)


def _broken(above: Line, line: Line) -> bool:
    """Something else begins: a wide gap in one column, another section between."""
    if above.page == line.page and above.region == line.region:
        return line.box[1] - above.box[3] > APART * max(above.size, line.size)
    return line.index - above.index > 3
