"""Candidates for web addresses: link annotations and addresses in the text, whole ones and those broken over lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, Line
from gateway.extract.resume.contact import (
    Candidate,
    Person,
    below,
    cells,
    continued_email,
    evidence,
    label_kind,
    label_of,
    links_over,
    own,
    place_features,
)
from gateway.model import Evidence
from gateway.values.lexicon import title_score
from gateway.values.places import is_tld
from gateway.values.text import fold
from gateway.values.values import normalise_link

_URL = re.compile(
    r"(?:https?://|www\.)[^\s<>|,;()\[\]]+|(?<![@\w.])(?:[\w-]+\.)+[a-zA-Z][\w-]{1,20}(?:/[^\s<>|,;()\[\]]*)?(?![\w@])",
    re.UNICODE,
)


def link_candidates(person: Person) -> list[Candidate]:
    out: list[Candidate] = []
    for page, link, index in links_over(person):
        value = normalise_link(link.uri)
        if value is None:
            continue
        line = person.lines[index] if index >= 0 else None
        features = (
            place_features(person, index, line)
            if line
            else {"own": 0.6, "first_page": float(page == person.pages[0].number)}
        )
        features["annotation"] = 1.0
        out.append(
            Candidate(
                "links", value, link.uri, Evidence("link", "annotation", page=page, box=link.box), index, features
            )
        )
    for index, line, number, cell in cells(person):
        text = cell.text
        if "." not in text and "/" not in text:
            continue
        for raw, value, strong in _urls(person, index, line, number, cell, text):
            features = place_features(person, index, line)
            features |= {"label": float(strong), "text": 1.0}
            out.append(Candidate("links", value, raw, evidence(line, cell, "pattern", raw), index, features))
    return out


def _urls(
    person: Person, index: int, line: Line, number: int, cell: Cell, text: str
) -> Iterator[tuple[str, str, bool]]:
    address_free = re.sub(r"\S+@\S+", lambda m: " " * len(m.group()), text)
    for match in _URL.finditer(address_free):
        raw = match.group().rstrip(".,;:")
        at_end = match.end() >= len(text.rstrip()) - 1
        whole = _continued_url(person, index, cell, raw) if at_end else raw
        bare_allowed = own(line.section) > 0
        value = normalise_link(whole, bare_hosts=bare_allowed)
        if value is None:
            continue
        host = value.split("//", 1)[1].split("/")[0]
        explicit = raw.lower().startswith(("http", "www."))
        if match.start() == 0 and not explicit and _ends_email(person, index, cell):
            continue
        if not explicit and not is_tld(host.rsplit(".", 1)[-1]):
            continue
        if not explicit and "/" not in whole and title_score(text) >= 2 and line.section not in ("contact", "links"):
            continue
        yield whole, value, label_of(line, number, text[: match.start()]) == "web"


def _ends_email(person: Person, index: int, cell: Cell) -> bool:
    """True if the cell above ends in an address that continues in this cell."""
    for line in person.lines[max(0, index - 2) : index]:
        for above in line.cells:
            last = above.text.split()[-1] if above.text.split() else ""
            if "@" in last and below(person, line.index, above) is cell and continued_email(person, line.index, above):
                return True
    return False


def _continued_url(person: Person, index: int, cell: Cell, raw: str) -> str:
    beneath = below(person, index, cell)
    if beneath is None or not beneath.text:
        return raw
    first = beneath.text.split()[0].rstrip(",;|")
    if not re.fullmatch(r"[\w./?=&%~#-]+", first) or "@" in first or label_kind(first):
        return raw
    if raw.endswith(("/", "-", "_", ".")) or (first.startswith("/") and len(first) > 1):
        return raw + first
    host_open = "/" not in raw.removeprefix("https://").removeprefix("http://") and not is_tld(
        raw.rsplit(".", 1)[-1].lower()
    )
    if host_open and is_tld((raw + first).split("/")[0].rsplit(".", 1)[-1].lower()):
        return raw + first
    return raw


def handle_words(email: str | None, links: Sequence[str]) -> list[str]:
    """Folded strings in which a person's name is likely: local parts, own domains, last pieces of paths."""
    out = []
    if email:
        local, _, domain = email.partition("@")
        out += [fold(local.split("+")[0]), fold(domain.rsplit(".", 1)[0])]
    for link in links:
        rest = link.split("//", 1)[-1].rstrip("/")
        host, _, path = rest.partition("/")
        site = host.removeprefix("www.").rpartition(".")[0]
        out.append(fold(path.rsplit("/", 1)[-1] if path and len(path) > 3 else site))
    return [text for text in out if len(text) > 2]
