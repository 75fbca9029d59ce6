"""Whose contact data it is: the candidate's, a referee's, an agency's or an employer's. Reasons, not weights."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway.extract.page.layout import Line
from gateway.extract.resume.contact import Candidate, Person
from gateway.extract.resume.name_labels import is_full, key
from gateway.values.text import fold

REFEREE, AGENCY, EMPLOYER, FURNITURE = "referee", "agency", "employer", "furniture"
_AGENCY = re.compile(
    r"\b(?:recruit(?:ment|ers?|ing)|staffing|headhunt\w*|employment agency|talent (?:partners?|agency|solutions)|personnel|executive search|"
    r"personal(?:vermittlung|beratung|dienstleist\w*)|zeitarbeit|cabinet de recrutement|agence d'?interim|interim|"
    r"seleccion de personal|agencia de empleo|agenzia per il lavoro|uitzend\w*|werving|bemanning|rekrytering|rekruttering|agencja pracy|"
    r"кадровое агентство|人材紹介|人才|猎头|헤드헌팅)\b",
    re.I,
)
_PRESENTED = re.compile(
    r"\b(?:presented by|submitted by|represented by|your (?:contact|consultant)|account manager|contact your|consultant in charge|"
    r"ihr(?:e)? ansprechpartner(?:in)?|vorgestellt von|presente par|votre contact|presentado por|apresentado por|presentato da|uw contactpersoon|"
    r"candidate (?:ref|number|no|id)|kandidaten-?(?:nr|nummer))\b",
    re.I,
)
_KIN = re.compile(
    r"emergency|next of kin|in case of|notfall|urgence|emergencia|emergenza|noodgeval|緊急|紧急|비상|father|mother|spouse|guardian|"
    r"帰省|実家|保護者",
    re.I,
)
_REFEREE = re.compile(
    r"\b(?:referees?|references?|referenz\w*|referenc\w+|supervisor|former (?:coach|manager|boss)|reference[sz]?)\b",
    re.I,
)
_OFFICE = re.compile(
    r"^(?:info|contact|kontakt|office|hello|hr|jobs?|career\w*|sales|support|admin|mail|enquir\w+|inquir\w+|bewerbung|recruit\w*|cv|team)$"
)


def block_of(person: Person, index: int, reach: int = 3) -> str:
    """The lines about a line that stand close to each other in its column, folded."""
    lines, at = person.lines, person.lines[index]
    out = [fold(at.text)]
    for step in (-1, 1):
        last, number = at, index + step
        while 0 <= number < len(lines) and abs(number - index) <= reach:
            line = lines[number]
            gap = (line.box[1] - last.box[3]) if step > 0 else (last.box[1] - line.box[3])
            if line.page != at.page or line.region != at.region or gap > 0.9 * max(6.0, line.size) or line.heading:
                break
            out.append(fold(line.text))
            if step < 0 and _names_candidate(line):
                break  # what stands under the candidate's name in a form is the candidate's
            last, number = line, number + step
    return "\n".join(out)


def _names_candidate(line: Line) -> bool:
    """The row of a form that says whose form it is: "Candidate   Jane Roe"."""
    label = line.cells[0].text.partition(":")[0]
    return is_full(key(label)) and (len(line.cells) > 1 or ":" in line.cells[0].text)


def owner_of(person: Person, candidate: Candidate, agrees: bool) -> str | None:
    """None if it is the candidate's own; else its owner.

    agrees  the value repeats the candidate's name (an address), which settles it
    """
    if candidate.line < 0 or agrees:
        return None
    line = person.lines[candidate.line]
    if line.section == "references":
        return REFEREE
    if line.section == "furniture":
        return FURNITURE
    text = fold(line.text)
    if _KIN.search(text) or (candidate.line + 1 < len(person.lines) and _under(person, candidate.line, _KIN)):
        return REFEREE
    if _REFEREE.search(text):
        return REFEREE
    block = block_of(person, candidate.line)
    if _PRESENTED.search(block):
        return AGENCY
    if candidate.field == "email":
        local, _, domain = candidate.value.partition("@")
        if _AGENCY.search(re.sub(r"[.\-_]", " ", domain)) or (_AGENCY.search(block) and not _is_private(domain)):
            return AGENCY
        if _OFFICE.match(local) and candidate.features.get("work"):
            return EMPLOYER
    return None


def _under(person: Person, index: int, pattern: re.Pattern[str]) -> bool:
    """A remark in brackets right beneath ("(emergency contact)")."""
    beneath = person.lines[index + 1]
    return (
        beneath.page == person.lines[index].page
        and beneath.text.startswith(("(", "（"))
        and bool(pattern.search(fold(beneath.text)))
    )


_PRIVATE = frozenset(
    [
        "gmail",
        "googlemail",
        "hotmail",
        "outlook",
        "yahoo",
        "icloud",
        "live",
        "gmx",
        "web",
        "aol",
        "proton",
        "protonmail",
        "pm",
        "mail",
        "yandex",
        "qq",
        "163",
        "126",
        "naver",
        "daum",
        "hanmail",
        "posteo",
        "orange",
        "free",
        "libero",
        "wanadoo",
        "t-online",
        "seznam",
        "wp",
        "o2",
        "onet",
        "interia",
        "ukr",
        "rambler",
        "bk",
        "inbox",
        "list",
        "msn",
        "me",
        "mac",
        "zoho",
        "tutanota",
        "example",
    ]
)


def _is_private(domain: str) -> bool:
    return domain.split(".")[0] in _PRIVATE


_AGENCY_NAME = re.compile(
    r"(?:search|recruit\w*|staffing|talent\w*|personnel|resourcing|headhunt\w*|selection|personal\w*|interim|consult\w*|partners?|group|people|jobs)$"
)
LEAST_BRAND = 5  # letters a domain shares with a line before the line is called its brand


@dataclass(frozen=True, slots=True)
class Letterhead:
    """An organisation's name and contact data printed above or beneath somebody's résumé."""

    brands: frozenset[int]  # indexes of the lines with its name
    touch: frozenset[int]  # and of the lines with its addresses and numbers
    certain: bool  # its name says that it finds people work


def letterhead_of(person: Person, emails: Sequence[Candidate]) -> Letterhead | None:
    """The organisation whose domain is printed as a name: "HOLLOW OAK" above office@hollowoak.example. May be the candidate's own site."""
    for email in emails:
        if email.line < 0 or person.lines[email.line].section not in ("top", "contact", "footer"):
            continue
        domain = email.value.partition("@")[2].rsplit(".", 1)[0]
        brand = re.sub(r"[^a-z0-9]", "", max(domain.split("."), key=len))
        if len(brand) < LEAST_BRAND or _is_private(domain):
            continue
        named = [
            index
            for index, line in enumerate(person.lines)
            if line.section in ("top", "contact", "footer")
            for cell in line.cells
            if _is_brand(re.sub(r"[^a-z0-9]", "", fold(cell.text)), brand) and "@" not in cell.text
        ]
        if not named:
            continue
        touch = {n for n in range(email.line - 2, email.line + 3) if 0 <= n < len(person.lines)}
        touch = {n for n in touch if abs(person.lines[n].box[1] - person.lines[email.line].box[1]) < 2.5 * person.body}
        touch = {n for n in touch if person.lines[n].page == person.lines[email.line].page}
        others = {c.line for c in emails if c.value.partition("@")[2] != email.value.partition("@")[2]}
        near = touch - {n for n in touch if any(abs(n - other) < abs(n - email.line) for other in others)}
        return Letterhead(frozenset(named), frozenset(near - others | set(named)), bool(_AGENCY_NAME.search(brand)))
    return None


def _is_brand(text: str, brand: str) -> bool:
    shorter, longer = sorted((text, brand), key=len)
    return len(shorter) >= LEAST_BRAND and longer.startswith(shorter)
