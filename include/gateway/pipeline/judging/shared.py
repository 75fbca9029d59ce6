"""Earlier profiles are found by what they share with new ones, so that judging reads its batch and not the history.

Each profile has a row a key (quality/duplicates.match_keys), as a hash with its agent: written when it is read, anew when a
person's correction is judged, removed when it is erased.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Select, cast, delete, func, insert, literal, select, true, union_all
from sqlalchemy.orm import Session

from gateway.quality.duplicates import LARGEST_BLOCK, Person, match_keys
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Bookmark, Profile, ProfileKey, now

MARK, VERSION = (
    "profile_keys",
    "1",
)  # another version whenever match_keys changes: then every profile gets its keys anew
KEYS_A_UNION, KEYS_A_CALL = 100, 2_000  # SQLite takes 500 parts of a union
ROWS_A_STATEMENT = 400
SLICE = 2_000


def hashed(agent_id: str, key: str) -> int:
    """The key as a signed 64-bit number: two different keys meet once in billions, and are then compared in vain."""
    return int.from_bytes(hashlib.blake2b(f"{agent_id}\0{key}".encode(), digest_size=8).digest(), "big", signed=True)


def person_of(row: Any) -> Person:
    """The compared facts of a profile's row (or of the columns name, email, phone, location, data)."""
    return Person(
        row.name,
        row.email,
        row.phone,
        row.location,
        tuple(work["company"] for work in row.data.get("work", ()) if work.get("company")),
        tuple(school["institution"] for school in row.data.get("education", ()) if school.get("institution")),
        tuple(row.data.get("links", ())),
    )


def add(session: Session, agent_id: str, people: Mapping[str, Person]) -> None:
    """Writes the keys of profiles that have none. people: profile id -> its facts."""
    rows = [
        {"key": hashed(agent_id, key), "profile_id": identity}
        for identity, person in people.items()
        for key in sorted(match_keys(person))
    ]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        session.execute(insert(ProfileKey), rows[start : start + ROWS_A_STATEMENT])


def replace(session: Session, agent_id: str, people: Mapping[str, Person]) -> None:
    """Writes the keys of profiles anew."""
    remove(session, people)
    add(session, agent_id, people)


def remove(session: Session, profile_ids: Iterable[str]) -> None:
    wanted = sorted(profile_ids)
    for start in range(0, len(wanted), ROWS_A_STATEMENT):
        session.execute(delete(ProfileKey).where(ProfileKey.profile_id.in_(wanted[start : start + ROWS_A_STATEMENT])))


def profiles_sharing(session: Session, agent_id: str, people: Collection[Person]) -> tuple[set[str], set[str]]:
    """(ids of the agent's profiles that share a key with these people, keys too common to say anything).

    Of a common key only the first profiles are read: what one batch reads has a limit, however long the history is.
    """
    texts = {hashed(agent_id, key): key for person in people for key in match_keys(person)}
    found: set[str] = set()
    crowded: set[str] = set()
    ordered = sorted(texts)
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    size = KEYS_A_CALL if is_postgresql else KEYS_A_UNION
    for start in range(0, len(ordered), size):
        part = ordered[start : start + size]
        sharers: dict[int, list[str]] = {}
        for key, identity in session.execute(_first_of_each(part) if is_postgresql else _first_by_union(part)):
            sharers.setdefault(key, []).append(identity)
        for key, ids in sharers.items():
            if len(ids) > LARGEST_BLOCK:
                crowded.add(texts[key])
            if len(ids) <= LARGEST_BLOCK or texts[key].startswith(("e:", "p:", "l:")):
                found.update(ids)  # an address or a number tells, however many share it; a name does not
    return found, crowded


def _first_of_each(keys: Sequence[int]) -> Any:
    """(key, profile id) of the first profiles of each key: a look into the index for each, in one short statement."""
    wanted = func.unnest(cast(list(keys), ARRAY(BigInteger))).table_valued("key", name="wanted").render_derived()
    first = _first(wanted.c.key).lateral("first")
    return select(wanted.c.key, first.c.profile_id).select_from(wanted.join(first, true()))


def _first_by_union(keys: Sequence[int]) -> Any:
    """The same for SQLite, which knows no lateral join."""
    parts = ((key, _first(key).subquery()) for key in keys)
    return union_all(*(select(literal(key, ProfileKey.key.type), first.c.profile_id) for key, first in parts))


def _first(key: Any) -> Select[Any]:
    rows = select(ProfileKey.profile_id).where(ProfileKey.key == key).order_by(ProfileKey.profile_id)
    return rows.limit(LARGEST_BLOCK + 1)


def ensure() -> None:
    """Gives every profile its keys where an earlier version of the gateway left none; afterwards costs one look."""
    with reading() as session:
        mark = session.get(Bookmark, MARK)
        if mark is not None and mark.value == VERSION:
            return
    last = ""
    while True:
        # Read and written in one transaction, the rows locked: an erasure in between would leave a person's keys behind.
        with writing() as session:
            rows = session.scalars(
                select(Profile).where(Profile.id > last).order_by(Profile.id).limit(SLICE).with_for_update(read=True)
            ).all()
            by_agent: dict[str, dict[str, Person]] = {}
            for row in rows:
                by_agent.setdefault(row.agent_id, {})[row.id] = person_of(row)
            for agent_id, people in by_agent.items():
                replace(session, agent_id, people)
        if not rows:
            break
        last = rows[-1].id
    with writing() as session:
        made = insert_into(session, Bookmark).values(name=MARK, value=VERSION, updated_at=now())
        session.execute(
            made.on_conflict_do_update(index_elements=["name"], set_={"value": VERSION, "updated_at": now()})
        )
