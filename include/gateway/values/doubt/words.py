"""The word lists of words.txt, which says what each is for."""

from __future__ import annotations

from pathlib import Path


def _sections(text: str) -> dict[str, list[str]]:
    """Section -> its lines, without comments and blank lines."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            lines = sections.setdefault(line.strip("[] "), [])
        elif line.strip() and not line.startswith("#"):
            lines.append(line.strip())
    return sections


_LISTS = _sections(Path(__file__).with_suffix(".txt").read_text("utf-8"))


def _words(section: str) -> frozenset[str]:
    return frozenset(word for line in _LISTS[section] for word in line.split())


HEADINGS = _words("headings")
HEADINGS_ELSEWHERE = frozenset(_LISTS["headings_phrases"])
JOBS = _words("jobs")
ORGANISATIONS = _words("organisations")
ORGANISATIONS_INSIDE = tuple(sorted(_words("organisations_inside")))
NAME_PLACEHOLDERS = frozenset(_LISTS["name_placeholders_phrases"])
ROLES = _words("roles")
SOFT_ROLES = _words("soft_roles")
EMAIL_PLACEHOLDERS = _words("email_placeholders")
EMAIL_PLACEHOLDER_DOMAINS = _words("email_placeholder_domains")
PROVIDERS: dict[str, frozenset[str]] = {
    label: frozenset(endings) for label, *endings in (line.split() for line in _LISTS["providers_phrases"])
}
