"""The headline: the job title under the name. An address, a link, a label, a heading or the candidate's own name is none."""

from __future__ import annotations

import re

from gateway.extract.page.layout import Line
from gateway.extract.resume.contact import Candidate, Person
from gateway.extract.resume.evidence import is_place, place_like, title
from gateway.extract.resume.headings import guessed_heading, known_heading
from gateway.extract.resume.labels import label_of, labelled
from gateway.model import Evidence, Field
from gateway.values.lexicon import bare, given_names, phrases
from gateway.values.text import fold, is_cjk

WITHIN = 4  # lines from the name's
CLEAR = 1.2  # of title(): one clear word of a position
_LINK = re.compile(r"https?:|www\.|\w\.\w{2,}\s*/|\w/\w+/|\b[\w-]+\.(?:com|org|net|io|dev|me|edu|app|ru|de|fr)\b", re.I)
_LABEL = re.compile(r"^[^:：]{2,30}[:：]")


def headline_of(person: Person, name: Candidate | None) -> Field | None:
    """The field with its confidence: 0.8 for words of a position, 0.6 if only its place suggests a headline."""
    if name is None:
        return None
    for line in person.lines[name.line : name.line + WITHIN]:
        if line.section not in ("top", "contact") or line.heading:
            continue
        for cell in line.cells:
            text = cell.text.replace(name.raw, "").strip(" ,|–-•·/")
            score = title(text)
            beneath = line.index == name.line + 1 and len(line.cells) == 1 and _close(person, name, line)
            if _may_be(text, name.value) and (score >= CLEAR or (beneath and _reads_like_one(text, score))):
                where = Evidence(cell.words[0].source, "below_name", page=line.page, box=cell.box)
                return Field("headline", text, text, 0.8 if score >= CLEAR else 0.6, where)
    return None


def _close(person: Person, name: Candidate, line: Line) -> bool:
    above = person.lines[name.line]
    return above.page == line.page and line.box[1] - above.box[3] < 2.5 * max(above.size, line.size)


def _may_be(text: str, name: str) -> bool:
    if not 3 <= len(text) <= 70 or len(text.split()) > 8 or any(c.isdigit() or c == "@" for c in text):
        return False
    if _LINK.search(text) or _LABEL.match(text) or labelled(text) or label_of(text):
        return False
    guess = guessed_heading(text)
    if known_heading(text) or (guess is not None and guess[1]) or bare(text) in phrases("cvtitle"):
        return False
    own = set(re.findall(r"[^\W\d_]+", fold(name)))
    return not set(re.findall(r"[^\W\d_]+", fold(text))) <= own


def _reads_like_one(text: str, score: float) -> bool:
    """True if only its place suggests a headline: several words, the first with a capital, no place and no names of people."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    if is_place(text) or place_like(text) >= 0.5 or text.endswith("."):
        return False
    if score > 0:
        return text[:1].isupper() or is_cjk(text) or not text[:1].islower()
    people = sum(word in given_names() for word in words)
    return len(words) >= 2 and not text[:1].islower() and people < 0.5 * len(words) and not is_cjk(text)
