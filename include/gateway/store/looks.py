"""Who was shown whose data: an event a person, thing and day, so that reading on costs no write.

looked   opened: a document, a desk, a page's picture
listed   a line of a list: a name at the queue, a file's name in a batch
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Event, now

IN_LIST = 500
SHOWN = ("looked", "listed")


def looked(subject: str, subject_id: str, *, actor: str) -> None:
    """Records that `actor` was shown a document or a profile. Names no batch, because nothing in the batch has changed."""
    _shown("looked", subject, [subject_id], actor)


def listed(subject: str, subject_ids: Iterable[str], *, actor: str) -> None:
    """Records that `actor` was shown a list with these documents or profiles: who looks for whom is told by each."""
    _shown("listed", subject, subject_ids, actor)


def _shown(kind: str, subject: str, subject_ids: Iterable[str], actor: str) -> None:
    at = now()
    wanted = {f"{kind}:{at:%Y-%m-%d}:{identity}:{actor}"[:200]: identity for identity in subject_ids}
    names = list(wanted)
    for start in range(0, len(names), IN_LIST):
        part = names[start : start + IN_LIST]
        with reading() as session:
            known = set(session.scalars(select(Event.once).where(Event.once.in_(part))))
        said = {"at": at, "kind": kind, "subject": subject, "actor": actor}
        new = [{**said, "subject_id": wanted[once], "once": once} for once in part if once not in known]
        if new:
            with writing() as session:
                session.execute(insert_into(session, Event).on_conflict_do_nothing(), new)
