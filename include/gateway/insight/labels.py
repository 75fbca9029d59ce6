"""Names of fields, rules and score parts in a recruiter's words. One table each; nothing here looks at the store."""

from __future__ import annotations

import re

from gateway.insight.words import PART_WORDS, PATH

GROUPS = {
    "contact": "Contact",
    "links": "Links",
    "skills": "Skills",
    "languages": "Languages",
    "work": "Work",
    "education": "Education",
    "other": "Other",
}
_GROUP_OF = {"name": "contact", "email": "contact", "phone": "contact", "location": "contact", "headline": "contact"}
_LABELS = {
    "name": "Name",
    "email": "E-mail",
    "phone": "Phone",
    "location": "Location",
    "headline": "Headline",
    "links": "Link",
    "skills": "Skill",
    "languages": "Language",
    "company": "Employer",
    "position": "Position",
    "start": "From",
    "end": "Until",
    "institution": "School",
    "degree": "Degree",
}
# What `personal` in the templates needs to know to leave the right shape standing.
_KINDS = {"name": "name", "email": "email", "phone": "phone"}

_SOURCES = {"ocr": "by text recognition", "link": "a link", "form": "a form field", "file": "the file's name"}
_RULES = {
    "mailto": "to write to",
    "tel": "to call",
    "annotation": "where it leads",
    "pattern": "its form",
    "labelled": "the label before it",
    "style": "how it is printed",
    "stacked": "printed over lines",
    "cell": "its place on the page",
    "place": "a known place",
    "below_name": "below the name",
    "section": "its section",
    "slot": "place in the entry",
    "period": "dates of the entry",
    "before_separator": "text before a separator",
    "after_title": "text after a title",
    "family_first": "family name first",
}
_COLUMNS = {"header": "by its heading", "values": "by the form of its values", "mapping": "by the agent's own mapping"}
_CELLS = {
    "joined": "joined from several columns",
    "international": "with its country code",
    "national": "as a national number",
    "family name first": "family name first",
}
_PARTS = {
    "quality.confidence": "how likely our reading matches the document",
    "quality.evidence": "values whose place in the document is known",
    "quality.agreement": "values that agree with each other confirm both",
    "quality.text": "how clean the document's own text is",
    "completeness.required": "share of the required fields that were found",
    "completeness.wanted": "share of the wanted fields that were found",
}


def group_of(path: str) -> str:
    """The group a field's path belongs to: "work[1].company" -> "work"."""
    head = re.split(r"[\[.]", path, maxsplit=1)[0]
    return _GROUP_OF.get(head, head if head in GROUPS else "other")


def entry_of(path: str) -> int:
    """Index of the list entry in a path, from 0; 0 if the path is not in a list."""
    found = PATH.match(path)
    return int(found[2]) if found and found[2] else 0


def label_of(path: str) -> str:
    """The field's name alone: "work[1].company" -> "Employer"."""
    found = PATH.match(path)
    last = (found[3] or found[1]) if found else path
    return _LABELS.get(last, last.replace("_", " ").capitalize())


def kind_of(path: str) -> str:
    """How to mask the value: name | email | phone | text."""
    return _KINDS.get(path, "text")


def where_of(source: str | None, rule: str | None, page: int | None, row: int | None, column: str | None) -> str:
    """Where a value was read and why it was chosen for this field, in words; "" if unknown.

    The heading of a column is the document's own text and not included: it is shown separately, through the mask.
    """
    if source is None:
        return ""
    if source == "person":
        return "Entered by the candidate" if rule == "candidate" else "Set by a person"
    if source == "cell":
        how, _, cell = (rule or "").partition(", ")
        said = [f"Row {row}" if row else "The list", _COLUMNS.get(how.partition(":")[0], ""), _CELLS.get(cell, "")]
        return ", ".join(part for part in said if part)
    parts = [f"Page {page}" if page else "", _SOURCES.get(source, ""), _RULES.get(rule or "", "")]
    words = ", ".join(part for part in parts if part) or "Text"
    return words[0].upper() + words[1:]


def part_of(key: str) -> tuple[str, str] | None:
    """(title, meaning) of a score's part; None for parts that only a replay needs ("fact.*")."""
    return (PART_WORDS[key], _PARTS[key]) if key in _PARTS else None
