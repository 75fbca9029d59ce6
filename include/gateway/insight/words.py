"""Fields, scores and numbers in the words a recruiter uses."""

from __future__ import annotations

import re
from collections.abc import Iterable

FIELD_WORDS = {
    "name": "name",
    "email": "e-mail address",
    "phone": "phone number",
    "location": "location",
    "headline": "headline",
    "links": "links",
    "skills": "skills",
    "languages": "languages",
    "work": "work history",
    "education": "education",
}
_ONE_OF = {"links": "Link", "skills": "Skill", "languages": "Language", "work": "Job", "education": "Education"}
STATE_WORDS = {
    "processing": "Processing",
    "success": "Success",
    "failed": "Failed",
    "extracted": "In progress",
    "passed": "Passed",
    "held": "Held",
    "approved": "Approved",
    "discarded": "Discarded",
    "duplicate": "Duplicate",
    "delivered": "Ingested",
    "refused": "Refused",
    "unknown": "Unclear",
    "receiving": "Receiving",
    "running": "Running",
    "waiting_review": "Waiting for review",
    "done": "Done",
    "open": "Open",
    "closed": "Closed",
    "reserved": "Queued",
    "sent": "Sent",
    "confirmed": "Confirmed",
}
PATH = re.compile(r"^([a-z_]+)(?:\[(\d+)\])?(?:\.([a-z_]+))?$")
PART_WORDS = {
    "quality.confidence": "Confidence in the values",
    "quality.evidence": "Values shown in the document",
    "quality.agreement": "Name and e-mail agree",
    "quality.text": "Readability of the document's text",
    "completeness.required": "Required fields found",
    "completeness.wanted": "Wanted fields found",
}


def state_word(state: str | None) -> str:
    """The everyday name of a state, for the page and files for people: "delivered" -> "Ingested"."""
    return STATE_WORDS.get(str(state), str(state)) if state else ""


def field_word(name: str) -> str:
    """ "work" -> "work history" """
    return FIELD_WORDS.get(name, name.replace("_", " "))


def path_word(path: str) -> str:
    """A value's path in words: "links[0]" -> "Link 1", "work[1].company" -> "Job 2: company", "email" -> "E-mail address"."""
    parsed = PATH.match(path)
    if parsed is None:
        return path
    base, index, part = parsed.groups()
    said = f"{_ONE_OF.get(base, base.capitalize())} {int(index) + 1}" if index else field_word(base)
    said = said[:1].upper() + said[1:]
    return f"{said}: {part.replace('_', ' ')}" if part else said


def and_list(words: Iterable[str], last: str = "and") -> str:
    """["a", "b", "c"] -> "a, b and c"."""
    listed = list(words)
    if len(listed) < 2:
        return "".join(listed)
    return f"{', '.join(listed[:-1])} {last} {listed[-1]}"
