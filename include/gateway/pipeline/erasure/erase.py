"""Forgets one person. Files first, then exports, then rows: until the last step the person can still be found, so that a run
that was killed is run again to its end; an erased person cannot be found any more, so a second run finds nothing.

Whoever asks (the person, or the end of a period: retention.py), this is the one way by which people are removed.

What stays is who did what to which id (events, the ledger's row without its address, states and codes), since counts must
add up and nobody is sent twice.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session, selectinload

from gateway.deliver.own_pool import OwnPool, export_path
from gateway.errors import Conflict, Misconfigured
from gateway.intake import files
from gateway.model import ProfileState as P
from gateway.pipeline.delivery.ledger import being_sent
from gateway.pipeline.erasure import holds, kept, suppression
from gateway.pipeline.judging import shared
from gateway.pipeline.keeping.receipts import copy_out
from gateway.pipeline.read import email_key
from gateway.settings import settings
from gateway.store import change, keys
from gateway.store.engine import engine, reading, writing
from gateway.store.tables import (
    Answer,
    Batch,
    Claim,
    Delivery,
    Document,
    Field,
    Interview,
    Invitation,
    PoolCandidate,
    Profile,
    ProfileKey,
    Review,
    Verdict,
    now,
)

TO_DISCARDED: dict[str, tuple[P, ...]] = {
    P.EXTRACTED: (P.HELD, P.DISCARDED),
    P.PASSED: (P.HELD, P.DISCARDED),
    P.HELD: (P.DISCARDED,),
    P.APPROVED: (P.DISCARDED,),
    P.REFUSED: (P.DISCARDED,),
}
OWN = "own_pool"
# Tables whose rows held the person.
SWEPT = (
    Profile,
    ProfileKey,
    Field,
    Answer,
    Claim,
    Verdict,
    Review,
    Delivery,
    Invitation,
    Interview,
    Document,
    PoolCandidate,
    Batch,
)


@dataclass(frozen=True, slots=True)
class Why:
    """Why people are removed. code: what their rows say from then on.

    forget   the person asked: they are not read in again, and leave our own pool; else the target keeps its own
    """

    code: str
    forget: bool


ASKED = Why("PERSON_ERASED", True)
PERIOD = Why("RETENTION_ENDED", False)


@dataclass(frozen=True, slots=True)
class Place:
    """One place that was searched. found: number of hits for the person; result: erased | nothing found | ask | left."""

    place: str
    found: int
    result: str
    note: str = ""


def erase(
    *, email: str | None = None, profile_id: str | None = None, email_hash: str | None = None, actor: str
) -> dict[str, Any]:
    """Erases everybody with that address (or keyed hash of it), or the person of that profile with all their versions.

    returns   the signed receipt, kept as receipts/<id>.json in the files store; it contains no personal data
    raises    Misconfigured(FORM_INCOMPLETE | UNKNOWN_PROFILE | KEY_INVALID), Conflict(ERASE_LATER: a call about them has no answer yet |
              LEGAL_HOLD)
    """
    keys.check_suppression_key()
    address = address_of(email_hash) if email_hash else email_key(email)
    if email_hash and address is None and profile_id is None:
        return remove([], ASKED, actor=actor, subject={"email_hash": email_hash}, hashes={email_hash})
    profiles = find(address, profile_id)
    _refuse(profiles)
    addresses = {address} if address else set()
    subject = {"person": profile_id} if profile_id else {"email_hash": suppression.of_email(address or "")}
    return remove(profiles, ASKED, actor=actor, subject=subject, addresses=addresses)


def remove(
    profiles: Sequence[Profile],
    why: Why,
    *,
    actor: str,
    subject: dict[str, Any],
    addresses: Collection[str] = (),
    hashes: Collection[str] = (),
    more: Collection[Place] = (),
) -> dict[str, Any]:
    """Removes these profiles from every place and keeps the signed receipt, which is returned.

    addresses, hashes   of the person, besides those of the profiles; hashes are those of suppression.of_email
    more                places that the caller has looked at
    """
    identity = f"e{now():%Y%m%d}-{secrets.token_hex(6)}"
    ids = [profile.id for profile in profiles]
    theirs = {*addresses, *(profile.email_norm for profile in profiles if profile.email_norm)}
    numbers = {profile.phone for profile in profiles if profile.phone}
    known = {*hashes, *suppression.of_emails(theirs).values()} if why.forget else set()
    places = [*more, *_files(profiles, ids, known, why)]
    if why.forget:
        places += _exports(ids)
    places += [*_rows(ids, identity, actor, why), _store_pages(), *_logs(theirs | numbers), *_elsewhere(ids, why)]
    receipt = keys.signed(
        {
            "receipt": identity,
            "version": 1,
            "at": now().isoformat(timespec="seconds"),
            "by": actor,
            "why": why.code,
            **subject,
            "profiles": ids,
            "suppressed": sorted(known),
            "places": [asdict(place) for place in places],
            "complete": not any(place.result == "left" for place in places),
        }
    )
    path = files.root() / "receipts" / f"{identity}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(json.dumps(receipt, indent=2, ensure_ascii=False).encode())
    copy_out()
    return receipt


def address_of(email_hash: str) -> str | None:
    """The address that has this keyed hash; None where nobody has it (any more)."""
    with reading() as session:
        addresses = session.scalars(select(Profile.email_norm).where(Profile.email_norm.is_not(None)).distinct()).all()
    hashes = suppression.of_emails(str(one) for one in addresses)
    return next((address for address, known in hashes.items() if known == email_hash), None)


def _refuse(profiles: Sequence[Profile]) -> None:
    with reading() as session:
        busy = [row.id for row in profiles if being_sent(session, row.id)]
        kept_by = holds.of(session, profiles)
    if busy:
        raise Conflict(
            "ERASE_LATER",
            f"A call about profile {busy[0]} has no answer yet: let deliver_reviewed settle it, then erase again.",
        )
    for identity, reference in sorted(kept_by.items()):
        raise Conflict(
            "LEGAL_HOLD",
            f"Profile {identity}, their batch or somebody in the same document is on legal hold ({reference}): release it "
            "with `gateway retention release` when the case is closed, then erase again.",
        )


def find(address: str | None, profile_id: str | None) -> list[Profile]:
    """Everything of the person: the address anywhere, and versions that were linked, whatever their address.

    raises   Misconfigured(FORM_INCOMPLETE | UNKNOWN_PROFILE)
    """
    if bool(address) == bool(profile_id):
        raise Misconfigured("FORM_INCOMPLETE", "Name the person by an e-mail address or by a profile's id, not both.")
    with reading() as session:
        if profile_id and session.get(Profile, profile_id) is None:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r}.")
        found: dict[str, Profile] = {}
        wanted = [Profile.email_norm == address] if address else [Profile.id == profile_id]
        while wanted:
            rows = session.scalars(select(Profile).where(or_(*wanted)).options(selectinload(Profile.fields))).all()
            new = [row for row in rows if row.id not in found]
            found.update((row.id, row) for row in new)
            wanted = []
            if new:
                linked = [row.duplicate_of for row in new if row.duplicate_of]
                same = {row.email_norm for row in new if row.email_norm}
                wanted = [
                    Profile.duplicate_of.in_([row.id for row in new]),
                    Profile.id.in_(linked),
                    Profile.email_norm.in_(same),
                ]
    return sorted(found.values(), key=lambda row: row.id)


def _files(profiles: Sequence[Profile], ids: Collection[str], known: set[str], why: Why) -> Iterator[Place]:
    """Who is not read in again, then each document with its file. Adds the files' keyed hashes to `known`."""
    by_document: dict[str, list[kept.Part]] = {}
    for profile in profiles:
        if not profile.data.get("erased"):
            by_document.setdefault(profile.document_id, []).append(kept.part_of(profile))
    if why.forget:
        with writing() as session:
            for document in session.scalars(select(Document).where(Document.id.in_(by_document))):
                everybody = session.scalars(select(Profile.id).where(Profile.document_id == document.id)).all()
                if set(everybody) <= set(ids):
                    known.add(suppression.of_file(document.sha256))
            suppression.suppress(session, known)
        yield Place("suppression", len(known), "kept as keyed hashes", "the same person or file is not read in again")
    done: dict[str, int] = {}
    for document_id, parts in by_document.items():
        with writing() as session:
            did = kept.clean(session, session.get_one(Document, document_id), parts, ids)
        done[did] = done.get(did, 0) + 1
        kept.sweep([document_id])
    whole = done.get("erased whole", 0)
    note = "; ".join(f"{number} {did}" for did, number in sorted(done.items()))
    yield Place("kept files, their pictures and names", sum(done.values()), "erased" if done else "nothing found", note)
    if whole:
        yield Place("files with other people", whole, "erased", "the others' values stay; the document cannot be shown")


def _exports(ids: Collection[str]) -> Iterator[Place]:
    """Our own pool, and its JSON Lines files written anew."""
    with writing() as session:
        rows = session.execute(
            select(Delivery.id, Delivery.posting, Delivery.batch_id).where(
                Delivery.profile_id.in_(ids), Delivery.target == OWN
            )
        ).all()
        gone = session.execute(delete(PoolCandidate).where(PoolCandidate.external_id.in_([row.id for row in rows])))
        number = int(gone.rowcount)  # type: ignore[attr-defined]
    written = 0
    for posting, batch_id in sorted({(row.posting, row.batch_id) for row in rows}):
        path = export_path(posting, batch_id)
        if path.exists():
            written += 1
        with reading() as session:
            left = session.scalar(
                select(PoolCandidate.id)
                .where(PoolCandidate.posting == posting, PoolCandidate.batch_id == batch_id)
                .limit(1)
            )
        if left:
            OwnPool().finish(posting, batch_id)
        else:
            path.unlink(missing_ok=True)
    yield Place("candidate pool", number, "erased" if number else "nothing found")
    yield Place("exports of the pool", written, "written anew" if written else "nothing found")


def _rows(ids: Collection[str], identity: str, actor: str, why: Why) -> Iterator[Place]:
    """Everything the store says about the person, in one transaction: the last step."""
    kinds = ("profiles", "fields", "answers", "verdicts", "decisions", "deliveries", "invitations", "interviews")
    counted = dict.fromkeys(kinds, 0)
    with writing() as session:
        for profile in session.scalars(
            select(Profile).where(Profile.id.in_(ids)).order_by(Profile.id).with_for_update()
        ):
            counted["profiles"] += not profile.data.get("erased")
            _empty(session, profile, identity, actor, why)
        counted["fields"] = _number(session.execute(delete(Field).where(Field.profile_id.in_(ids))))
        session.execute(delete(Claim).where(Claim.profile_id.in_(ids)))
        shared.remove(session, ids)
        counted["answers"] = _number(session.execute(delete(Answer).where(Answer.profile_id.in_(ids))))
        for verdict in session.scalars(select(Verdict).where(Verdict.profile_id.in_(ids))):
            verdict.findings = [{**one, "measured": None} for one in verdict.findings]
            counted["verdicts"] += 1
        for review in session.scalars(select(Review).where(Review.profile_id.in_(ids))):
            review.before, review.after, review.note = {}, {}, None
            counted["decisions"] += 1
        for delivery in session.scalars(select(Delivery).where(Delivery.profile_id.in_(ids))):
            delivery.email_norm = suppression.gone(
                delivery.email_norm, _taken(session, Delivery, delivery), delivery.id
            )
            delivery.receipt = {key: value for key, value in delivery.receipt.items() if key == "target_id"}
            delivery.error = None
            counted["deliveries"] += 1
        for invitation in session.scalars(select(Invitation).where(Invitation.profile_id.in_(ids))):
            invitation.email_norm = suppression.gone(
                invitation.email_norm, _taken(session, Invitation, invitation), invitation.id
            )
            counted["invitations"] += 1
        for interview in session.scalars(select(Interview).where(Interview.profile_id.in_(ids))):
            interview.score = None  # how far it came stays: counts must add up
            counted["interviews"] += 1
    for name, number in counted.items():
        yield Place(f"store: {name}", number, "erased" if number else "nothing found")


def _taken(session: Session, table: type[Delivery | Invitation], row: Delivery | Invitation) -> list[str]:
    """Whether another row has the person's keyed hash already."""
    made = suppression.gone(row.email_norm)
    return list(session.scalars(select(table.email_norm).where(table.email_norm == made, table.id != row.id)))


def _empty(session: Session, profile: Profile, identity: str, actor: str, why: Why) -> None:
    if profile.email_norm:  # somebody who sent the mail that their own résumé came with
        for batch in session.scalars(select(Batch).where(Batch.uploaded_by == profile.email_norm)):
            batch.uploaded_by = None
            batch.manifest = {key: value for key, value in batch.manifest.items() if key != "uploaded_by"}
    for state in TO_DISCARDED.get(profile.state, ()):
        change.move(session, profile, state, actor=actor, code=why.code, rule=identity)
    profile.name = profile.email = profile.email_norm = profile.phone = profile.location = None
    profile.data, profile.codes = {"erased": identity}, [why.code]
    profile.version += 1  # whoever looks at it now decides about somebody else
    change.record(session, "erased", profile, actor=actor, code=why.code, rule=identity)


def _store_pages() -> Place:
    """Remains of old rows in a database until it is cleaned up: SQLite's log file, PostgreSQL's dead rows."""
    if engine().dialect.name == "sqlite":
        with engine().execution_options(gateway_write=False, isolation_level="AUTOCOMMIT").connect() as connection:
            busy = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").scalar()
        if busy:
            return Place("the store's own remains", 1, "left", "somebody was reading: run the same command again")
        return Place("the store's own remains", 1, "erased", "freed content is overwritten; the log was emptied")
    with engine().connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        for table in SWEPT:
            connection.execute(text(f"VACUUM {table.__tablename__}"))
    return Place(
        "the store's own remains", 1, "erased", "vacuumed; write-ahead logs go with the server's own retention"
    )


def _logs(strings: Collection[str]) -> Iterator[Place]:
    """Logs and Airflow's own database hold no personal data by design; searched anyway, for address and number."""
    home = settings().home
    wanted = [one.encode() for one in strings]
    for name, paths in (
        ("logs", [*_below(home / "logs"), *_below(home / "airflow" / "logs")]),
        ("Airflow's database", [path for path in _below(home / "airflow") if path.name.startswith("airflow.db")]),
    ):
        hits = sum(1 for path in paths if _holds(path, wanted))
        note = f"{len(paths)} files looked at" if paths else "not on this machine: search it yourself"
        yield Place(name, hits, "left" if hits else "nothing found", note)


def _below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]


def _holds(path: Path, wanted: Collection[bytes]) -> bool:
    longest = max((len(one) for one in wanted), default=0)
    before = b""
    try:
        with path.open("rb") as handle:
            while wanted and (piece := handle.read(1 << 20)):
                seen = before + piece
                if any(one in seen for one in wanted):
                    return True
                before = seen[-longest:]
    except OSError:
        return False
    return False


def _elsewhere(ids: Collection[str], why: Why) -> Iterator[Place]:
    """Places outside the gateway."""
    with reading() as session:
        sent = session.execute(
            select(Delivery.target, Delivery.posting, Delivery.receipt).where(
                Delivery.profile_id.in_(ids), Delivery.target != OWN, Delivery.state == "confirmed"
            )
        ).all()
    for target, posting, receipt in sent if why.forget else ():
        yield Place(
            f"target {target}", 1, "ask", f"posting {posting}, their id {receipt.get('target_id') or 'not known'}"
        )
    if not why.forget:
        yield Place("targets, our own pool included", len(sent), "keeps its own", "what was ingested is the target's")
    waiting = _unread()
    yield Place(
        "drops not read yet",
        waiting,
        "ask" if waiting else "nothing found",
        "not searched: a person in them is left out when they are read; set-aside drops and uploads begun are yours to look at",
    )
    yield Place("Data Docs, replays", 0, "nothing found", "they hold ids, counts and codes, nobody's data")
    yield Place("backups", 0, "ask", "those made before now hold the person until they are overwritten")


def _unread() -> int:
    """Files in the inbox (claimed, set aside and uploads begun among them), and batches whose files are not registered."""
    inbox = settings().inbox
    files_ = sum(1 for path in _below(inbox) if path.name not in (".lock", "upload.json", "totals", "index.jsonl"))
    with reading() as session:
        batches = session.scalar(select(func.count(Batch.id)).where(Batch.registered_at.is_(None))) or 0
    return files_ + batches


def _number(result: Any) -> int:
    return int(result.rowcount)
