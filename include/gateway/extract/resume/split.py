"""Where one résumé ends and the next begins in a file that holds several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from gateway.extract.page.layout import Line
from gateway.extract.page.words import Page
from gateway.extract.resume.sections import mark_sections
from gateway.values.lexicon import heading_of, phrases
from gateway.values.text import fold
from gateway.values.values import find_emails, is_plausible_name


@dataclass(slots=True)
class _Look:
    """What one page has that a first page has."""

    emails: set[str] = field(default_factory=set)
    contact_high: bool = False
    title: str | None = None  # text of a line much larger than the body
    title_size: float = 0.0
    sections: list[str] = field(default_factory=list)
    starts_with_name: bool = False
    cv_title: bool = False
    phones: set[str] = field(default_factory=set)
    links: set[str] = field(default_factory=set)


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
                and is_plausible_name(cell.text)
                and cell.size > look.title_size
            ):
                look.title, look.title_size = fold(cell.text), cell.size
    look.cv_title = any(fold(line.text).strip(" :") in phrases("cvtitle") for line in lines[:4])
    head = next((line for line in lines if line.text), None)
    look.starts_with_name = bool(
        head
        and head.section in ("top", "contact")
        and is_plausible_name(head.cells[0].text)
        and not heading_of(head.cells[0].text)
    )
    return look


def _starts(look: _Look, before: Sequence[_Look]) -> bool:
    """The page is the first of another person, not the next page of the one before it."""
    seen_emails = set().union(*(b.emails for b in before))
    seen_phones = set().union(*(b.phones for b in before))
    seen_sections = {s for b in before for s in b.sections}
    score = 0.0
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
