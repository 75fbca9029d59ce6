"""From pages to profiles: lines and sections, one person after the other, fields chosen among candidates.

The same for every format that can be laid out as pages (PDF, scans, office documents).
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from gateway.extract.attacks import instructs, stuffed
from gateway.extract.page.columns import lines_of
from gateway.extract.page.layout import Line
from gateway.extract.page.words import Page
from gateway.extract.resume.columns import settled
from gateway.extract.resume.contact import Candidate, Person
from gateway.extract.resume.decide import decide, threshold
from gateway.extract.resume.entries import entries_of
from gateway.extract.resume.explained import tell_fields, tell_verdict
from gateway.extract.resume.family import family_of
from gateway.extract.resume.gate import is_resume
from gateway.extract.resume.headline import headline_of
from gateway.extract.resume.language import language_of
from gateway.extract.resume.links import link_candidates
from gateway.extract.resume.location import location_candidates
from gateway.extract.resume.looks import is_heading_cell
from gateway.extract.resume.roles import Entry, Fragment
from gateway.extract.resume.scorer import calibrated, rank
from gateway.extract.resume.sections import mark_sections
from gateway.extract.resume.signals import by_default_only, signals_of
from gateway.extract.resume.skills import Item, items_of, language_items
from gateway.extract.resume.split import mixed, split_people
from gateway.model import Education, Evidence, ExtractedProfile, Field, Hints, Note, Work
from gateway.values.dates import best_period
from gateway.values.places import country_from_text
from gateway.values.text import fold

OCR_CAP = 0.9  # look-alikes (l, 1, i) survive every check: nothing read by OCR is surer than this
LAST_RESORT = 0.6  # no score supports it and nothing speaks against it (decide): more often right than not, a person should check it
UNUSED_RANGE_CAP = (
    0.9  # a number of a possible length in a range nobody uses: often a reserved or brand-new range, sometimes a slip
)
ATTACKS = {
    "INSTRUCTION_TEXT": "The page holds words that tell a language model what to do; nobody here obeys them.",
    "KEYWORD_STUFFING": "The same few words fill a part of the page.",
}
MAX_ITEMS = {"skills": 80, "links": 30, "work": 40, "education": 20, "languages": 20}


@dataclass(slots=True)
class Facts:
    """Facts about a document as a whole."""

    profiles: int = 0
    language: str | None = None
    layout: str | None = None
    family: str | None = None
    text_quality: float | None = None
    code: str | None = None
    reason: str | None = None
    notes: tuple[Note, ...] = ()
    cpu_s: dict[str, float] = field(default_factory=dict)


def read_profiles(pages: Sequence[Page], sink: Callable[[ExtractedProfile], None], hints: Hints) -> Facts:
    """Sends each person's profile to the sink, in page order.

    pages    in reading order, as printed; hidden words stay in them and are ignored
    returns  facts; code NOT_A_RESUME or NO_TEXT if there is no profile, with the reason as a sentence
    """
    facts = Facts(text_quality=_quality(pages))
    started = time.process_time()
    lines, regions = _lines(pages)
    facts.cpu_s["layout"] = time.process_time() - started
    if not lines:
        facts.code, facts.reason = (
            "NO_TEXT",
            "No text could be read in it; ask for the original file or a sharper scan.",
        )
        return facts
    started = time.process_time()
    facts.layout = _layout(pages, regions)
    notes: list[Note] = []
    hidden = [page.number for page in pages if sum(w.hidden for w in page.words) >= 3]
    people = split_people(lines, pages)
    marked = _attacks(pages)
    languages: Counter[str] = Counter()
    for person_lines, person_pages in people:
        heights = {page.number: page.height for page in person_pages}
        headings = mark_sections(person_lines, heights)
        language = language_of("\n".join(line.text for line in person_lines), headings)
        person = Person(person_lines, person_pages, language, _body(person_lines))
        aside: list[Note] = []
        profile = read_person(person, hints, aside, hidden)
        mine = {page.number for page in person_pages}
        found = [code for code, numbers in marked.items() if mine & set(numbers)]
        profile = replace(profile, marks=(*profile.marks, *found))
        verdict = is_resume(person, profile, headings)
        tell_verdict(verdict.outcome, verdict.score, verdict.parts)
        if not verdict.read and not hints.as_resume:
            facts.code, facts.reason = "NOT_A_RESUME", verdict.reason
            notes.append(
                Note("NOT_A_RESUME", f"These pages were not read. {verdict.reason}", page=person_pages[0].number)
            )
            continue
        if verdict.outcome != "sure":
            profile = replace(profile, marks=(*profile.marks, "RESUME_DOUBTFUL"))
            notes.append(Note("RESUME_DOUBTFUL", verdict.reason, page=person_pages[0].number))
        if mixed(profile.best("name"), profile.best("email"), person_pages):
            profile = replace(profile, marks=(*profile.marks, "PEOPLE_MIXED"))
        languages[language or "?"] += 1
        notes += aside
        facts.profiles += 1
        sink(replace(profile, signals={**profile.signals, "resume": round(min(1.0, verdict.score / 8), 4)}))
    facts.family = family_of(pages, lines, facts.layout, _body(lines))
    if not facts.profiles:
        notes = []  # the document's own code says it
    else:
        facts.code = facts.reason = None
        facts.language = next((k for k, _ in languages.most_common() if k != "?"), None)
    for number in hidden:
        sentence = "The page holds text that cannot be seen; it was left out of the profile."
        notes.append(Note("HIDDEN_TEXT", sentence, page=number))
    notes += [Note(code, ATTACKS[code], page=number) for code, numbers in marked.items() for number in numbers]
    facts.notes = tuple(notes)
    facts.cpu_s["fields"] = time.process_time() - started
    return facts


def _attacks(pages: Sequence[Page]) -> dict[str, list[int]]:
    """Code -> pages that hold what is meant for machines, hidden words included."""
    return {
        "INSTRUCTION_TEXT": [page.number for page in pages if instructs(" ".join(word.text for word in page.words))],
        "KEYWORD_STUFFING": [page.number for page in pages if stuffed(word.text for word in page.words)],
    }


def _quality(pages: Sequence[Page]) -> float | None:
    quality = sorted(page.text_quality for page in pages if page.words)
    return quality[len(quality) // 10] if quality else None


def _lines(pages: Sequence[Page]) -> tuple[list[Line], list[int]]:
    lines: list[Line] = []
    regions: list[int] = []
    total = 0
    for page in pages:
        found, count = lines_of(page, is_heading_cell, lambda text: best_period(text) is not None, total)
        total += count
        regions.append(count)
        lines.extend(found)
    lines = settled(lines)
    for index, line in enumerate(lines):
        line.index = index
    return lines, regions


def _layout(pages: Sequence[Page], regions: Sequence[int]) -> str:
    most = max(regions, default=0)
    return "one_column" if most <= 1 else "two_columns" if most <= 3 else "many_regions"


def _body(lines: Sequence[Line]) -> float:
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def read_person(person: Person, hints: Hints, notes: list[Note], hidden: Sequence[int] = ()) -> ExtractedProfile:
    """The profile from one person's lines (sections marked); values set aside are reported in `notes`."""
    links = rank(link_candidates(person))
    places = rank(location_candidates(person))
    location = places[0] if places and places[0].score > threshold("location") else None
    person.country = country_from_text(location.value) or country_from_text(location.raw) if location else None
    contact = decide(person, hints, _kept_links(links, person, None))
    name, email, phone = contact.name, contact.email, contact.phone
    kept = _kept_links(links, person, email)
    weighed: dict[str, tuple[Sequence[Candidate | None], Sequence[Candidate]]] = {
        "name": ([name], contact.names),
        "email": ([email], contact.emails),
        "phone": ([phone], contact.phones),
        "location": ([location], places),
        "links": (kept, links),
    }
    tell_fields(weighed)
    notes.extend(contact.notes)
    fields: list[Field] = []
    pools = ((name, contact.names), (email, contact.emails), (phone, contact.phones), (location, places))
    for chosen, pool in pools:
        if chosen is not None:
            fields.append(_field(chosen, pool))
    fields += [_field(link, links, f"links[{n}]") for n, link in enumerate(kept)]
    headline = headline_of(person, name)
    if headline:
        fields.append(headline)
    skills, languages = _lists(person)
    fields += [_item_field(f"skills[{n}]", item, 0.9) for n, item in enumerate(skills)]
    fields += [_item_field(f"languages[{n}]", item, 0.9) for n, item in enumerate(languages)]
    work = entries_of(person, [x for x in person.lines if x.section == "work" and not x.heading], "work")[
        : MAX_ITEMS["work"]
    ]
    study = entries_of(person, [x for x in person.lines if x.section == "education" and not x.heading], "education")
    study = study[: MAX_ITEMS["education"]]
    for n, entry in enumerate(work):
        fields += _entry_fields(f"work[{n}]", entry, "company", "position")
    for n, entry in enumerate(study):
        fields += _entry_fields(f"education[{n}]", entry, "institution", "degree")
    pages = [page.number for page in person.pages]
    return ExtractedProfile(
        name=name.value if name else None,
        email=email.value if email else None,
        phone=phone.value if phone else None,
        location=location.value if location else None,
        headline=headline.value if headline else None,
        links=tuple(c.value for c in kept),
        skills=tuple(i.text for i in skills),
        languages=tuple(i.text for i in languages),
        work=tuple(Work(_text(e.first), _text(e.second), *_dates(e)) for e in work),
        education=tuple(Education(_text(e.first), _text(e.second), *_dates(e)) for e in study),
        fields=tuple(fields),
        pages=(min(pages), max(pages)),
        marks=(
            *(("HIDDEN_TEXT",) if any(number in pages for number in hidden) else ()),
            *(("PHONE_COUNTRY_GUESSED",) if by_default_only(person, contact) else ()),
        ),
        signals=signals_of(person, contact, [c.value for c in kept]),
    )


def _kept_links(links: Sequence[Candidate], person: Person, email: Candidate | None) -> list[Candidate]:
    """Own links, one of each, in page order."""
    best: dict[str, Candidate] = {}
    for candidate in links:
        if candidate.score <= threshold("links"):
            continue
        key = re.sub(r"^https?://(www\.)?", "", candidate.value.lower()).split("#")[0].rstrip("/")
        if (
            email
            and key == email.value.rsplit("@", 1)[-1]
            and candidate.features.get("text")
            and not candidate.raw.lower().startswith(("http", "www"))
        ):
            continue
        if key not in best:
            best[key] = candidate
    kept = list(best.values())
    # a link that is the beginning of another one is the same link, cut at the end of a line
    keys = list(best)
    kept = [
        c
        for k, c in best.items()
        if not any(o != k and o.startswith(k) and len(k) > 5 and _cut_off(k, o, best) for o in keys)
    ]
    return sorted(kept, key=lambda c: (c.evidence.page or 0, c.line))[: MAX_ITEMS["links"]]


def _cut_off(short: str, long: str, best: dict[str, Candidate]) -> bool:
    return best[short].features.get("text", 0) > 0 and abs(best[short].line - best[long].line) <= 1


def _field(chosen: Candidate, pool: Sequence[Candidate], name: str | None = None) -> Field:
    return Field(name or chosen.field, chosen.value, chosen.raw, confidence_of(chosen, pool), chosen.evidence)


def decided_score(chosen: Candidate, pool: Sequence[Candidate]) -> float:
    """The choice's score, reduced by a close rival with another value; the calibration is fitted on it."""
    if chosen.field == "links":
        return chosen.score
    rivals = [c.score for c in pool if c.value.casefold() != chosen.value.casefold()]
    return min(chosen.score, 1.2 * (chosen.score - max(rivals))) if rivals else chosen.score


def confidence_of(chosen: Candidate, pool: Sequence[Candidate]) -> float:
    """Calibrated probability that the choice is right."""
    value = calibrated(chosen.field, decided_score(chosen, pool))
    if chosen.features.get("last_resort"):
        value = max(value, LAST_RESORT)
    if chosen.evidence.source == "ocr":
        value = min(value, OCR_CAP)
    if chosen.field == "phone" and not chosen.valid:
        value = min(value, UNUSED_RANGE_CAP)
    return round(value, 4)


def _item_field(name: str, item: Item, confidence: float) -> Field:
    value = min(confidence, OCR_CAP * item.confidence) if item.source == "ocr" else confidence
    return Field(
        name,
        item.text,
        item.raw.strip(),
        round(value, 4),
        Evidence(item.source, "section", page=item.page, box=item.box),
    )


def _lists(person: Person) -> tuple[list[Item], list[Item]]:
    def parts(section: str) -> list[list[Line]]:
        groups: dict[int, list[Line]] = {}
        for line in person.lines:
            if line.section == section:
                groups.setdefault(line.part, []).append(line)
        return list(groups.values())

    languages = [item for group in parts("languages") for item in language_items(group)]
    skills: list[Item] = []
    seen: set[str] = set()
    for group in parts("skills"):
        for item in items_of(group):
            if fold(item.text) not in seen:
                seen.add(fold(item.text))
                skills.append(item)
    return skills[: MAX_ITEMS["skills"]], languages[: MAX_ITEMS["languages"]]


def _text(fragment: Fragment | None) -> str | None:
    return fragment.text if fragment else None


def _dates(entry: Entry) -> tuple[str | None, str | None]:
    if entry.period is None:
        return None, None
    if not entry.period.is_range:
        return (None, entry.period.start) if entry.period.end is None else (entry.period.start, entry.period.end)
    return entry.period.start, entry.period.end


def _entry_fields(path: str, entry: Entry, first: str, second: str) -> list[Field]:
    out = []
    for label, fragment in ((first, entry.first), (second, entry.second)):
        if fragment is None:
            continue
        confidence = min(0.97, max(0.3, 0.4 + 0.42 * entry.worth))
        if fragment.words and fragment.words[0].source == "ocr":
            confidence = min(confidence, OCR_CAP * fragment.confidence)
        source = fragment.words[0].source if fragment.words else "text"
        out.append(
            Field(
                f"{path}.{label}",
                fragment.text,
                fragment.text,
                round(confidence, 4),
                Evidence(source, "slot", page=fragment.page, box=fragment.box if fragment.words else None),
            )
        )
    if entry.period is not None:
        start, end = _dates(entry)
        for label, value in (("start", start), ("end", end)):
            if value:
                where = Evidence("text", "period", page=entry.period_page, box=entry.period_box)
                out.append(Field(f"{path}.{label}", value, entry.period_text, 0.9, where))
    return out
