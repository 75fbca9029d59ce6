"""The audit trail's proof: anchors outside the store, and a verification that names the first broken link.

An anchor is the chain's head of one day, signed, in the files store (`audit/anchor-000001.json`), and names the anchor
before it. Who can write to the store alone can rewrite the whole chain; then it no longer meets its anchors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from upath import UPath

from gateway.intake import files
from gateway.store import chain, keys
from gateway.store.engine import reading
from gateway.store.tables import now

EVERY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Anchor:
    """One signed head; digest: of the stored file."""

    number: int
    at: datetime
    sequence: int
    hash: str
    previous: str | None
    digest: str
    said: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Broken:
    """The first difference found. sequence and event_id are None if it concerns an anchor."""

    says: str
    sequence: int | None = None
    event_id: int | None = None


@dataclass(frozen=True, slots=True)
class Verified:
    """links: number verified; unsealed: events without a link, which are not protected yet."""

    links: int
    unsealed: int
    anchors: int
    anchored_at: datetime | None
    broken: Broken | None


def seal_and_anchor(*, now_: datetime | None = None) -> dict[str, int]:
    """Links new events; writes an anchor if the last one is a day old and there are new events. Returns counts."""
    at = now_ or now()
    sealed = chain.seal()
    last = next(reversed(list(anchors())), None)
    with reading() as session:
        head = chain.head(session)
    if not head.sequence or (last and (at - last.at < EVERY or last.sequence >= head.sequence)):
        return {"sealed": sealed, "anchored": 0}
    said = {
        "number": last.number + 1 if last else 1,
        "at": at.isoformat(timespec="seconds"),
        "sequence": head.sequence,
        "hash": head.hash.hex(),
        "previous": last.digest if last else None,
    }
    path = _folder() / f"anchor-{said['number']:06}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(keys.signed(said), indent=2).encode())
    return {"sealed": sealed, "anchored": 1}


def anchors() -> Iterator[Anchor]:
    """All anchors by number. An unreadable one counts as number 0, which verify() reports."""
    folder = _folder()
    if not folder.exists():
        return
    for path in sorted(folder.iterdir(), key=lambda one: one.name):
        if not path.name.startswith("anchor-"):
            continue
        content = path.read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        try:
            said = json.loads(content)
            at = datetime.fromisoformat(said["at"])
            yield Anchor(said["number"], at, said["sequence"], said["hash"], said["previous"], digest, said)
        except (ValueError, TypeError, KeyError):
            yield Anchor(0, now(), 0, "", None, digest, {})


def verify(key: str | None = None) -> Verified:
    """Walks the whole chain and all anchors.

    key   the public key that anchors must carry; our own if not given
    """
    known = list(anchors())
    broken = _check_anchors(known, key or keys.public_key())
    wanted = {anchor.sequence: anchor for anchor in known}
    before, count = chain.START, 0
    if broken is None:
        for link in chain.links():
            broken = _check(link, before, count + 1, wanted.get(count + 1))
            if broken is not None:
                break
            before, count = link.hash, count + 1
    if broken is None and known and known[-1].sequence > count:
        gone = known[-1].sequence - count
        broken = Broken(
            f"The last {gone:,} events are missing: anchor {known[-1].number} of {known[-1].at:%Y-%m-%d} covered them.",
            count + 1,
        )
    return Verified(count, chain.unsealed(), len(known), known[-1].at if known else None, broken)


def _check(link: chain.Link, before: bytes, sequence: int, anchor: Anchor | None) -> Broken | None:
    if link.sequence != sequence:
        return Broken(f"Link {sequence:,} is gone: the next there is {link.sequence:,}.", sequence)
    if link.said is None:
        return Broken(f"Event {link.event_id} is gone.", sequence, link.event_id)
    if chain.link_hash(before, sequence, link.said) != link.hash:
        return Broken(f"Event {link.event_id} was changed or moved after it was sealed.", sequence, link.event_id)
    if anchor is not None and anchor.hash != link.hash.hex():
        return Broken(
            f"The chain was rewritten before link {sequence:,}: anchor {anchor.number} of {anchor.at:%Y-%m-%d} says "
            "otherwise.",
            sequence,
            link.event_id,
        )
    return None


def _check_anchors(known: list[Anchor], key: str) -> Broken | None:
    previous: str | None = None
    for number, anchor in enumerate(known, start=1):
        if anchor.number != number or anchor.previous != previous:
            return Broken(f"Anchor {number} is gone, or was replaced.")
        if not keys.is_signed(anchor.said, key):
            return Broken(f"Anchor {number} does not carry the signature of key {key}.")
        previous = anchor.digest
    return None


def _folder() -> UPath:
    return files.root() / "audit"
