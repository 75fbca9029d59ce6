"""Where one résumé ends and the next begins in a file that holds several.

A page starts a person if it has the signs of a first page: a name in large type, contact data at the top, sections that were there
before. What ties it to the pages before it: the same name or address, an address that repeats the name before it, a number
("2 of 3"), and being a page of contact data or referees, which shows no career and no new name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from gateway.extract.page.layout import Line
from gateway.extract.page.words import Page
from gateway.extract.resume.sections import mark_sections
from gateway.model import Field
from gateway.values.agreement import name_email_agreement
from gateway.values.dates import find_periods
from gateway.values.lexicon import heading_of, phrases
from gateway.values.text import fold
from gateway.values.values import PARTICLES, find_emails, is_plausible_name


@dataclass(slots=True)
class _Look:
    """Signs of a first page on one page."""

    emails: set[str] = field(default_factory=set)
    contact_high: bool = False
    title: str | None = None  # text of a line much larger than the body
    title_size: float = 0.0
    sections: list[str] = field(default_factory=list)
    starts_with_name: bool = False
    cv_title: bool = False
    phones: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)
    number: tuple[int, int] | None = None  # "page 2 of 3" as (2, 3)
    texts: frozenset[str] = frozenset()  # of a thin page: its cells, folded
    is_thin: bool = False  # little text, no career in it: contact data, referees, a cover


_NUMBER = re.compile(
    r"^\W*(?:\w{0,6}\.?\s)?(\d{1,2})\s*(?:/|of|von|de|di|sur|van|av|z|из)\s*(\d{1,2})\W*$", re.I
)  # "Page 2 of 3", "Seite 2 von 3", "2 / 3"
THIN_LINES = 18


def split_people(lines: Sequence[Line], pages: Sequence[Page]) -> list[tuple[list[Line], list[Page]]]:
    """(lines, pages) of each person, in page order; a person is one or more whole pages."""
    numbers = [page.number for page in pages]
    by_page = {number: [line for line in lines if line.page == number] for number in numbers}
    if len(pages) == 1:
        return [(list(lines), list(pages))]
    looks = {page.number: _look(by_page[page.number], page) for page in pages}
    groups: list[list[int]] = []
    for number in numbers:
        if groups and not _starts(looks[number], [looks[n] for n in groups[-1]]):
            groups[-1].append(number)
        else:
            groups.append([number])
    out = []
    for group in groups:
        person = [line for number in group for line in by_page[number]]
        for index, line in enumerate(person):
            line.index = index
        if person:
            out.append((person, [page for page in pages if page.number in group]))
        elif out:
            out[-1][1].extend(page for page in pages if page.number in group)
    return out or [(list(lines), list(pages))]


def _look(lines: list[Line], page: Page) -> _Look:
    look = _Look()
    if not lines:
        return look
    mark_sections(lines, {page.number: page.height})
    sizes = sorted(line.size for line in lines for _ in range(max(1, len(line.text) // 8)))
    body = sizes[len(sizes) // 2]
    own = [line for line in lines if line.section in ("top", "contact", "footer", "links", "summary")]
    for line in own:
        look.emails.update(value for _, _, value in find_emails(line.text))
        for match in re.finditer(r"(?:\+|\b00|\(0)[\d\s().-]{8,20}\d|\b\d{3}[.-]\d{3}[.-]\d{4}\b", line.text):
            look.phones.add(re.sub(r"\D", "", match.group()))
    for link in page.links:
        if link.uri.startswith("mailto:"):
            look.emails.add(link.uri[7:].split("?")[0].lower())
        elif "linkedin.com/in" in link.uri or "github.com/" in link.uri:
            look.links.add(link.uri.rstrip("/").lower())
    look.contact_high = any(
        line.box[1] < 0.4 * page.height and ("@" in line.text or re.search(r"\d{3}.?\d{2,}", line.text)) for line in own
    )
    look.sections = [
        found[0] for line in lines if line.heading and line.cells and (found := heading_of(line.cells[0].text))
    ]
    for line in lines[:40]:
        for cell in line.cells:
            if (
                cell.size >= 1.3 * body
                and heading_of(cell.text) is None
                and _is_name(cell.text)
                and cell.size > look.title_size
            ):
                look.title, look.title_size = fold(cell.text), cell.size
    look.cv_title = any(fold(line.text).strip(" :") in phrases("cvtitle") for line in lines[:4])
    look.number = _page_number(lines, page)
    core = {line.section for line in lines if line.section in ("work", "education", "skills")}
    dated = any(found.is_range for line in lines for found in find_periods(line.text))
    look.is_thin = len(lines) <= THIN_LINES and not core and not dated
    if look.is_thin:
        look.texts = frozenset(fold(cell.text) for line in lines for cell in line.cells)
    head = next((line for line in lines if line.text), None)
    look.starts_with_name = bool(
        head
        and head.section in ("top", "contact")
        and is_plausible_name(head.cells[0].text)
        and not heading_of(head.cells[0].text)
    )
    return look


def _is_name(text: str) -> bool:
    """True for what may be a name; not for a sentence set as a title ("More of my work.")."""
    words = text.split()
    sentence = text.endswith(".") and len(words[-1]) > 4
    lower = [word for word in words if word[:1].islower() and fold(word) not in PARTICLES and word[1:2] not in "'’"]
    return not sentence and not lower and is_plausible_name(text)


def _page_number(lines: Sequence[Line], page: Page) -> tuple[int, int] | None:
    """The number that the page's first or last lines give it, with how many there are; of this document or a longer one."""
    for line in [*lines[:2], *lines[-2:]]:
        at_edge = line.box[1] < 0.1 * page.height or line.box[3] > 0.88 * page.height
        found = _NUMBER.match(line.text.strip()) if at_edge else None
        if found and 1 <= int(found[1]) <= int(found[2]) <= 40:
            return int(found[1]), int(found[2])
    return None


def _repeats(emails: Iterable[str], names: Iterable[str | None]) -> bool:
    return any((name_email_agreement(name, email) or 0.0) >= 0.8 for email in emails for name in names if name)


def _identity(look: _Look, before: Sequence[_Look]) -> float:
    """Whose page it is, by name and address: below 0 = still the person before, above 0 = somebody else."""
    names = {b.title for b in before if b.title}
    mine = bool(look.emails) and _repeats(look.emails, [look.title])
    theirs = bool(look.emails) and _repeats(look.emails, names)
    if theirs and not mine:
        return -3.0
    if mine and look.title not in names and not theirs:
        return 2.5  # a name of its own, and an address that repeats it
    return 0.0


def _by_page_number(look: _Look, before: Sequence[_Look]) -> float:
    if look.number is not None:
        if look.number[0] == 1 and any(b.number for b in before):
            return 2.0
        if look.number[0] == len(before) + 1:
            return -3.0  # not more: whoever binds several résumés may number them through
    return 0.0


def _goes_on(look: _Look, before: Sequence[_Look], identity: float) -> bool:
    """True if the page cannot be anybody's first."""
    if look.is_thin and identity <= 0:
        return True  # contact data or referees at the end; a person has a career or a name with an address
    if not (look.emails or look.phones or look.contact_high or look.title):
        return True  # nobody is named or reached on it, whatever its heading says ("Résumé" over a part of a web page)
    if len(before) == 1 and look.title and look.title in before[0].texts:
        return True  # a cover page presents the person by name, beneath the name of whoever sends it
    cover = all(b.is_thin and not b.emails and not b.phones and not b.sections for b in before)
    named = before[0].title or before[0].starts_with_name
    # the first page after one that only names the person
    only_named = cover and len(before) == 1 and bool(named)
    return only_named and look.title in (None, before[0].title) and not look.starts_with_name


def _starts(look: _Look, before: Sequence[_Look]) -> bool:
    """True if the page is the first of another person, not the next page of the previous one."""
    identity = _identity(look, before)
    if _goes_on(look, before, identity):
        return False
    seen_emails = set().union(*(b.emails for b in before))
    seen_phones = set().union(*(b.phones for b in before))
    seen_sections = {s for b in before for s in b.sections}
    score = identity + _by_page_number(look, before)
    new_emails = look.emails - seen_emails
    if new_emails and not look.emails & seen_emails:
        score += 2.0 if seen_emails else 1.0
    if look.emails & seen_emails:
        score -= 3.0  # the same address again: a running header
    if look.phones and not look.phones & seen_phones and look.contact_high:
        score += 1.5
    if look.contact_high:
        score += 0.5
    titles = [b.title for b in before if b.title]
    sizes = [b.title_size for b in before if b.title]
    if look.title and look.title in titles:
        score -= 3.0
    elif look.title and sizes and look.title_size >= 0.8 * max(sizes):
        score += 1.5
    elif look.title:
        score += 0.7
    repeated = {
        s
        for s in look.sections
        if s in seen_sections and s in ("summary", "work", "education", "skills", "contact", "languages")
    }
    score += 0.8 * len(repeated)
    if look.sections and look.sections[0] in ("summary", "contact"):
        score += 0.5
    if look.cv_title:
        score += 2.0
    if look.starts_with_name and look.contact_high:
        score += 0.7
    if not look.sections:
        score -= 1.0
    return score >= 3.0


def mixed(name: Field | None, email: Field | None, pages: Sequence[Page]) -> bool:
    """Whether nothing connects a name and an address: other letters, other pages, and pages enough for two people.

    A link that repeats both, or the name printed on the page of the address, is a connection.
    """
    if name is None or email is None or name.evidence is None or email.evidence is None:
        return False
    there = email.evidence.page
    if there is None or there == name.evidence.page or (name_email_agreement(name.value, email.value) or 0.0) >= 0.8:
        return False
    words = [fold(word.text).strip(",.;") for page in pages if page.number == there for word in page.words]
    return not set(fold(name.value).split()) <= set(words)
