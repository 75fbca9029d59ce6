"""Who is held, by format: counts a batch leaves, and the comparison of formats among candidates with the same content.

A format is how a document looks: its layout family, script, language, photo, length, kind. Its content is what was found in it: a
name, an e-mail, a phone, work, education. Where candidates with the same content are held more often in one format, the format decides.
"""

from __future__ import annotations

import json
import math
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Text, cast, select
from sqlalchemy.orm import Session

from gateway.pipeline.learning.alarms import raise_alarm
from gateway.pipeline.statistics import family_of, kind_of, sender_of
from gateway.store.engine import insert_into
from gateway.store.tables import Batch, Document, Event, Profile, Verdict, now

KEY = "formats"  # in batch.statistics
FORMATS = ("family", "script", "language", "photo", "length", "kind", "source")
DECIDES = ("family", "script", "language", "photo", "length", "kind")  # a source is no format: it is only shown
DAYS = 90
LEAST = 30  # candidates of a format, and of all others, before they are compared
# Beyond this many standard errors an alarm is raised. Compared once a day for ten years in 100 groups, chance alone gets there once
# in five such installations.
SURE = 5.0
APART = 0.1  # and the shares with the same content must lie that far apart

WORDS = {
    "family": "layout",
    "script": "script of the name",
    "language": "language",
    "photo": "photo",
    "length": "length",
    "kind": "kind of file",
    "source": "source",
}
_SCRIPTS = ("LATIN", "CYRILLIC", "GREEK", "ARABIC", "HEBREW", "DEVANAGARI", "HANGUL", "HIRAGANA", "KATAKANA", "CJK")


def script_of(name: str | None) -> str:
    """Latin | Cyrillic | ... by the first letter that says so; "unknown" without a name."""
    for char in name or "":
        if char.isalpha():
            said = unicodedata.name(char, "").partition(" ")[0]
            if said in ("HIRAGANA", "KATAKANA", "CJK"):
                return "Chinese or Japanese"
            return said.capitalize() if said in _SCRIPTS else "other"
    return "unknown"


def length_of(pages: tuple[int, int] | None) -> str:
    if not pages:
        return "a row"
    number = pages[1] - pages[0] + 1
    return "1 page" if number == 1 else "2 pages" if number == 2 else "3 pages and more"


def content_of(name: Any, email: Any, phone: Any, data: Mapping[str, Any]) -> str:
    """What was found, as letters: the same letters are the same content."""
    found = (("n", name), ("e", email), ("p", phone), ("w", data.get("work")), ("s", data.get("education")))
    return "".join(letter for letter, value in found if value)


def formats_of_batch(session: Session, batch: Batch) -> dict[str, list[int]]:
    """ "family|script|...|content" -> [judged, held by a gate], by first verdicts."""
    documents = {
        row.id: row
        for row in session.execute(
            select(Document.id, Document.media_type, Document.facts).where(Document.batch_id == batch.id)
        )
    }
    rows = session.execute(
        select(
            Profile.id, Profile.document_id, Profile.name, Profile.email, Profile.phone, Profile.data, Verdict.outcome
        )
        .join(Verdict, Verdict.profile_id == Profile.id)
        .where(Profile.batch_id == batch.id, Verdict.profile_version == 1)
        .order_by(Profile.id, Verdict.created_at)
    )
    counts: dict[str, list[int]] = {}
    done: set[str] = set()
    for identity, document_id, name, email, phone, data, outcome in rows:
        if identity in done:
            continue
        done.add(identity)
        document = documents[document_id]
        kind = kind_of(document.media_type, document.facts)
        photo = document.facts.get("photo")
        parts = (
            family_of(kind, document.facts),
            script_of(name),
            str(document.facts.get("language") or "unknown"),
            "unknown" if photo is None else "with" if photo else "without",
            length_of(data.get("pages")),
            kind,
            sender_of(batch.source),
            content_of(name, email, phone, data),
        )
        one = counts.setdefault("|".join(part.replace("|", "/") for part in parts), [0, 0])
        one[0] += 1
        one[1] += outcome == "hold"
    return counts


@dataclass(frozen=True, slots=True)
class Compared:
    """One group of a format against all others.

    expected   held of it if it were held like others with the same content; odds: common odds ratio (Mantel and Haenszel 1959)
    z          standard errors between held and expected (Cochran, Mantel, Haenszel); None where too few can be compared
    """

    format: str
    name: str
    judged: int
    held: int
    expected: float
    odds: float | None
    z: float | None

    @property
    def share(self) -> float:
        return self.held / self.judged

    @property
    def share_expected(self) -> float:
        return self.expected / self.judged

    @property
    def decides(self) -> bool:
        """The format decides: held far more often than others with the same content, and not by chance."""
        return self.z is not None and self.z >= SURE and self.share - self.share_expected >= APART


def compare(counts: Iterable[tuple[str, list[int]]]) -> list[Compared]:
    """Every group of every format against all others, within the same content; largest groups first.

    counts   as formats_of_batch() gives them, of any number of batches
    """
    by_content: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    groups: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for key, (judged, held) in counts:
        *parts, content = key.split("|")
        cells = [by_content[content], *(groups[one][content] for one in zip(FORMATS, parts, strict=True))]
        for cell in cells:
            cell[0] += judged
            cell[1] += held
    made = [_compared(which, name, cells, by_content) for (which, name), cells in groups.items()]
    return sorted(made, key=lambda one: (FORMATS.index(one.format), -one.judged, one.name))


def _compared(which: str, name: str, cells: Mapping[str, list[int]], whole: Mapping[str, list[int]]) -> Compared:
    judged, held = (sum(cell[at] for cell in cells.values()) for at in (0, 1))
    compared = others = 0
    difference = variance = over = under = rest = 0.0
    for content, (here, here_held) in cells.items():
        all_, all_held = whole[content]
        there, there_held = all_ - here, all_held - here_held
        if not there:
            continue
        compared, others = compared + here, others + there
        rest += here_held
        difference += here_held - here * all_held / all_
        if all_ > 1:
            variance += here * there * all_held * (all_ - all_held) / (all_ * all_ * (all_ - 1))
        over += here_held * (there - there_held) / all_
        under += there_held * (here - here_held) / all_
    # What is expected of the part that can be compared: the share held among the others, content by content.
    expected = sum(
        here * (whole[content][1] - here_held) / (whole[content][0] - here)
        if whole[content][0] > here
        else float(here_held)
        for content, (here, here_held) in cells.items()
    )
    enough = compared >= LEAST and others >= LEAST and variance > 0
    return Compared(
        which,
        name,
        judged,
        held,
        round(expected, 2),
        round(over / under, 2) if under else None,
        round(difference / math.sqrt(variance), 2) if enough else None,
    )


def formats_since(session: Session, agent_id: str | None, days: int) -> list[tuple[str, list[int]]]:
    """The counts that the batches of the last days left, added up by key."""
    chosen = [Batch.created_at >= now() - timedelta(days=days)]
    if agent_id:
        chosen.append(Batch.agent_id == agent_id)
    total: dict[str, list[int]] = {}
    for text in session.scalars(select(cast(Batch.statistics[KEY], Text)).where(*chosen)):
        for key, (judged, held) in (json.loads(text) or {}).items() if text else ():
            one = total.setdefault(key, [0, 0])
            one[0] += judged
            one[1] += held
    return list(total.items())


def watch_formats(session: Session, agent_id: str) -> list[Compared]:
    """Once a day at most: raises FORMAT_DECIDES for formats that decide; returns them."""
    today = now().date()
    first = {"at": now(), "kind": "compared", "subject": "agent", "subject_id": agent_id, "actor": "watch"}
    once = insert_into(session, Event).values(**first, once=f"formats:{agent_id}:{today}")
    if session.execute(once.on_conflict_do_nothing().returning(Event.id)).scalar_one_or_none() is None:
        return []
    found = [one for one in compare(formats_since(session, agent_id, DAYS)) if one.decides and one.format in DECIDES]
    for one in found:
        sentence = (
            f"With the same content, {one.share:.0%} of {one.judged:,} candidates are held where the {WORDS[one.format]} is "
            f"“{one.name}”, and {one.share_expected:.0%} elsewhere (last {DAYS} days). Compare some of them with their documents."
        ).replace("%", " %")
        data = {"format": one.format, "name": one.name, "judged": one.judged, "held": one.held, "odds": one.odds}
        raise_alarm(session, agent_id, "FORMAT_DECIDES", f"{one.format} {one.name}", sentence, data)
    return found
