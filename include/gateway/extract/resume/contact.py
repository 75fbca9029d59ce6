"""Candidates for e-mail, phone, links and places: every one found, with where it stands and what speaks for it.

Nothing is decided here: `scorer` weighs the features, `profiles` picks. A candidate's features are numbers around 0..1 with
stable names, the same in training and at run time.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from gateway.extract.page.layout import Cell, Line, around
from gateway.extract.page.words import Link, Page
from gateway.model import Box, Evidence
from gateway.values.lexicon import bare, heading_of, phrases
from gateway.values.places import is_tld
from gateway.values.spelled import spelled_email
from gateway.values.text import tidy
from gateway.values.values import find_emails, normalise_email

BROKEN = 4  # lines of a column as narrow as there are
FOREIGN = ("references", "furniture")
OWN = {"top": 1.0, "contact": 1.0, "footer": 0.9, "links": 0.9, "summary": 0.8}
_ICON_KINDS = {  # Font Awesome's and Material's signs, and Unicode's own
    "\uf0e0": "email",
    "\uf199": "email",
    "\uf1fa": "email",
    "✉": "email",
    "📧": "email",
    "@": "email",
    "\ue0be": "email",
    "\uf095": "phone",
    "\uf10b": "phone",
    "\uf3cd": "phone",
    "\uf879": "phone",
    "\uf098": "phone",
    "☎": "phone",
    "📞": "phone",
    "📱": "phone",
    "✆": "phone",
    "☏": "phone",
    "\ue0cd": "phone",
    "\uf041": "address",
    "\uf3c5": "address",
    "\uf015": "address",
    "📍": "address",
    "🏠": "address",
    "\ue55f": "address",
    "\uf0e1": "web",
    "\uf08c": "web",
    "\uf09b": "web",
    "\uf092": "web",
    "\uf0ac": "web",
    "\uf0c1": "web",
    "\uf099": "web",
    "\uf1ac": "fax",
    "📠": "fax",
}
_SPELLED = re.compile(r"[\s(\[{<_-](?:at|ät|arroba|chez|chiocciola|malpa|собака|a)[\s)\]}>_-]", re.I)
_GLUED = re.compile(r"(?<![\w@.+-])((?:\+|\()?\d{2,}(?=[\d().-]*[\s().-]\S*)[\d\s().-]{5,}\d)(?=[a-z][\w.+-]*@)")
_PROSE = re.compile(r"[^\W\d_]{2,}\s+[^\W\d_]{2,}\s+[^\W\d_]{2,}\s+[^\W\d_]{2,}")
_LABEL = re.compile(r"([^\W\d_][\w .'’/()-]{0,28}?)\s*[:：.]?\s*$")


@dataclass(slots=True)
class Candidate:
    """One possible value of a field."""

    field: str  # "name", "email", "phone", "links" or "location"
    value: str
    raw: str
    evidence: Evidence
    line: int  # index of its line in the document, -1 for a link over nothing
    features: dict[str, float] = dataclasses.field(default_factory=dict)
    score: float = 0.0
    valid: bool = True


@dataclass(slots=True)
class Person:
    """The lines and pages of one résumé, with the values found so far."""

    lines: list[Line]
    pages: Sequence[Page]
    language: str | None = None
    body: float = 10.0
    country: str | None = None


def own(section: str) -> float:
    """How likely a section contains the candidate's own contact data."""
    return OWN.get(section, 0.0)


def source_of(cell: Cell) -> str:
    return cell.words[0].source if cell.words else "text"


def evidence(line: Line, cell: Cell, rule: str, raw: str | None = None) -> Evidence:
    """The position of `raw` in the cell: the box of its words, or the box of the cell."""
    box: Box = cell.box
    if raw:
        parts = raw.split()
        hit = [
            w
            for w in cell.words
            if w.text.strip(",;|·•()") and (w.text in raw or any(p in w.text for p in parts if len(p) > 3))
        ]
        if hit:
            box = around([w.box for w in hit])
    return Evidence(source_of(cell), rule, page=line.page, box=box)


def cells(person: Person, *, everywhere: bool = False) -> Iterator[tuple[int, Line, int, Cell]]:
    """Every cell with its line, except (unless `everywhere`) among the referees and in the template's credits."""
    for index, line in enumerate(person.lines):
        if line.section in FOREIGN and not everywhere:
            continue
        for number, cell in enumerate(line.cells):
            yield index, line, number, cell


def below(person: Person, index: int, cell: Cell) -> Cell | None:
    """The cell of the next line that continues this one: same left edge, close below."""
    for line in person.lines[index + 1 : index + 3]:
        if line.page != person.lines[index].page:
            return None
        for other in line.cells:
            near = 0 < other.box[1] - cell.box[1] < 2.2 * max(cell.size, 6.0)
            aligned = abs(other.box[0] - cell.box[0]) < 3 or abs(other.box[2] - cell.box[2]) < 3
            centred = abs(sum(other.box[::2]) - sum(cell.box[::2])) < 6
            if (
                near
                and (aligned or centred or (other.box[0] < cell.box[2] and len(line.cells) == 1))
                and abs(other.size - cell.size) < (3 if source_of(cell) == "ocr" else 1)
            ):
                return other
    return None


def label_of(line: Line, number: int, before: str) -> str | None:
    """The label of a value, from the words before it in its cell or the cell to its left: "phone", "fax", "notphone", ..."""
    text = before.rstrip(" |,;•·")
    for char in reversed(before.strip()[-3:]):
        if char in _ICON_KINDS:
            return _ICON_KINDS[char]
    match = _LABEL.search(text) if text else None
    if match:
        kind = label_kind(match.group(1))
        if kind or not text.endswith((":", "：")):
            return kind
    if not text.strip() and number > 0:
        left = line.cells[number - 1]
        raw = left.words[-1].text if left.words else ""
        if raw in _ICON_KINDS:
            return _ICON_KINDS[raw]
        if len(left.text) <= 30:
            return label_kind(left.text)
    return None


@lru_cache(maxsize=4096)
def label_kind(text: str) -> str | None:
    """The kind of a label's words, trying its last words too ("My mobile phone" is a phone)."""
    key = bare(text.replace("(", " ").replace(")", " "))
    words = key.split()
    for size in range(min(4, len(words)), 0, -1):
        tail = " ".join(words[-size:])
        for kind in ("notphone", "fax", "phone", "email", "address", "web"):
            if tail in phrases(kind):
                return kind
    for part in re.split(r"[/,]", key):
        for kind in ("notphone", "fax", "phone", "email", "address", "web"):
            if part.strip() in phrases(kind):
                return kind
    return None


def raw_text(cell: Cell) -> str:
    """The cell's text with icon signs kept."""
    return " ".join(w.text for w in cell.words)


def place_features(person: Person, index: int, line: Line) -> dict[str, float]:
    """Evidence from the place of a line about whose data it contains."""
    section = line.section
    page = next((p for p in person.pages if p.number == line.page), person.pages[0])
    first = person.pages[0].number
    return {
        "own": own(section),
        "top": float(section == "top"),
        "contact_section": float(section == "contact"),
        "footer": float(section == "footer"),
        "references": float(section == "references"),
        "work": float(section in ("work", "projects", "education")),
        "other": float(section in ("other", "skills", "languages")),
        "first_page": float(line.page == first),
        "height": min(1.0, max(0.0, line.box[1] / max(1.0, page.height))),
        "small": float(line.size < 0.9 * person.body),
        "prose": float(bool(_PROSE.search(line.text)) and len(line.text) > 60),
        "early": 1.0 / (1.0 + 0.15 * index),
    }


def unglued(text: str) -> str:
    """The text with a space where a number runs into an address: recognition loses the icon or dot that parts the two."""
    return _GLUED.sub(lambda found: found.group(1) + " ", text) if "@" in text else text


def email_candidates(person: Person, *, everywhere: bool = False) -> list[Candidate]:
    """Addresses as printed, spelled out, broken over two lines, or behind a link.

    everywhere  those among the referees and in the furniture as well
    """
    out: list[Candidate] = []
    for index, line, number, cell in cells(person, everywhere=everywhere):
        text = unglued(cell.text)
        signed = "@" in text or "＠" in text or _SPELLED.search(text) is not None
        if not signed and not _begins_email(person, index, line, number, cell):
            continue
        found = find_emails(text.replace("＠", "@"))
        joined = continued_email(person, index, cell)
        if joined:
            found = [f for f in found if not joined[2].startswith(f[2][: max(4, f[2].find("@") + 3)])] + [joined]
        spelled = spelled_email(text) if not found and len(text) < 160 else None
        if spelled:
            found = [spelled]
        for start, end, value in found:
            features = place_features(person, index, line)
            kind = label_of(
                line, number, raw_text(cell)[: max(0, raw_text(cell).find(text[start : start + 4]))] if start else ""
            )
            features["label"] = float(kind == "email")
            where = evidence(line, cell, "pattern", value)
            if joined and value == joined[2]:
                where = Evidence(where.source, "continued", page=where.page, box=where.box)
            out.append(Candidate("email", value, tidy(text[start:end]), where, index, features))
    for page, link, index in links_over(person):
        if link.uri.lower().startswith("mailto:"):
            target = normalise_email(link.uri)
            if target:
                features = (
                    place_features(person, index, person.lines[index])
                    if index >= 0
                    else {"own": 0.5, "first_page": 1.0}
                )
                features["mailto"] = 1.0
                out.append(
                    Candidate(
                        "email", target, link.uri, Evidence("link", "mailto", page=page, box=link.box), index, features
                    )
                )
    # the second half of a broken address ("roe@example.org" of "jane-" and "roe@example.org") is also a valid address, but a wrong one
    whole = [c.value for c in out if c.evidence.rule in ("continued", "mailto")]
    out = [c for c in out if not any(o != c.value and o.endswith(c.value) for o in whole)]
    for rank, candidate in enumerate(out):
        candidate.features["first"] = 1.0 / (1 + rank)
    return out


def _begins_email(person: Person, index: int, line: Line, number: int, cell: Cell) -> bool:
    """True if an address may begin in this cell and continue below: it ends in a joint, or a label announces an e-mail."""
    words = cell.text.split()
    if label_kind(cell.text) or not words or "@" in words[-1] or not re.fullmatch(r"[\w.+-]+", words[-1]):
        return False
    beneath = below(person, index, cell)
    first = beneath.text.split()[0] if beneath is not None and beneath.text.split() else ""
    if "@" not in first:
        return False
    called = label_of(line, number, cell.text[: -len(words[-1])]) == "email"
    joint = words[-1].endswith(("-", "_", ".")) and len(words[-1]) > 2
    return first.startswith("@") or called or joint or (len(words) == 1 and _is_cut(person, line, cell, beneath))


def _is_cut(person: Person, line: Line, cell: Cell, beneath: Cell | None) -> bool:
    """A lone word that ends at the edge of a narrow column, where the column breaks words: "jane.roe19" above "87@example.org"."""
    word = cell.text
    # A site of their own above an address that is whole.
    if word.startswith("www.") or ("." in word and is_tld(word.rpartition(".")[2])):
        return False
    if beneath is None or not re.fullmatch(r"[a-z][a-z0-9._-]{5,}", word) or label_kind(word) or heading_of(word):
        return False
    return _at_edge(person, line, cell) and beneath.box[2] < cell.box[2] + cell.size


def _at_edge(person: Person, line: Line, cell: Cell) -> bool:
    """True if another line that begins where this one does also ends where it does, and none goes further."""
    column = [c for other in person.lines if other.page == line.page for c in other.cells if c is not cell]
    edges = [c.box[2] for c in column if abs(c.box[0] - cell.box[0]) < 3]
    near = any(abs(edge - cell.box[2]) < 0.8 * cell.size for edge in edges)
    return near and max(edges) < cell.box[2] + cell.size


def _placed(person: Person, index: int, cell: Cell) -> tuple[Line, int, Cell]:
    line = person.lines[index]
    return line, next((n for n, other in enumerate(line.cells) if other is cell), 0), cell


def continued_email(person: Person, index: int, cell: Cell) -> tuple[int, int, str] | None:
    """An address broken over two to four lines of a narrow column; (start, end, value) in the first line."""
    text = cell.text
    last = text.split()[-1] if text.split() else ""
    if not last or ("@" not in last and not _begins_email(person, index, *_placed(person, index, cell))):
        return None
    label = last.rpartition(":")[2]
    whole, value, at = label, None, cell
    for _ in range(BROKEN - 1):
        beneath = below(person, index, at)
        first = beneath.text.split()[0] if beneath is not None and beneath.text.split() else ""
        if beneath is None or not re.fullmatch(r"[@\w.+-]+", first) or ("@" in first and "@" in whole):
            break
        if _is_address(whole) and not _goes_on(person, index, at, beneath, first):
            break
        whole += first
        value = whole if _is_address(whole) else None
        if len(beneath.text.split()) > 1:
            break
        at, index = beneath, next(n for n, line in enumerate(person.lines) if any(c is beneath for c in line.cells))
    address = normalise_email(value) if value else None
    return (len(text) - len(last), len(text), address) if address else None


def _is_address(text: str) -> bool:
    value = normalise_email(text) if "@" in text else None
    return value is not None and is_tld(value.rsplit(".", 1)[-1])


def _goes_on(person: Person, index: int, cell: Cell, beneath: Cell, first: str) -> bool:
    """True if an address that is complete as it stands goes on below: "example.co" above "m", "acme.so" above "lutions.example".

    The text below must be the rest of a longer ending, alone in its line; one with a dot in it could as well be a site of its
    own, so its start and the ending above must make a word, and the address must reach the edge that other lines reach.
    """
    if first.startswith("."):
        return True
    if len(beneath.text.split()) > 1 or not first.islower():
        return False
    if label_kind(first):  # "m" heads a mobile number as well
        return len(first) == 1 and _at_edge(person, person.lines[index], cell)
    if first.isalpha():
        return True
    rest = re.fullmatch(r"([a-z]+)(?:\.[a-z0-9-]+)+", first)
    ending = cell.text.rsplit(".", 1)[-1]
    return rest is not None and is_tld(ending + rest[1]) and _at_edge(person, person.lines[index], cell)


def links_over(person: Person) -> Iterator[tuple[int, Link, int]]:
    """Links of the person's pages with the line each lies over (-1 for none)."""
    for page in person.pages:
        for link in page.links:
            best, most = -1, 0.0
            for index, line in enumerate(person.lines):
                if line.page != page.number or line.box[1] > link.box[3] or line.box[3] < link.box[1]:
                    continue
                for cell in line.cells:
                    wide = min(cell.box[2], link.box[2]) - max(cell.box[0], link.box[0])
                    high = min(cell.box[3], link.box[3]) - max(cell.box[1], link.box[1])
                    if wide > 0 and high > 0 and wide * high > most:
                        best, most = index, wide * high
            if best < 0 or person.lines[best].section not in FOREIGN:
                yield page.number, link, best
