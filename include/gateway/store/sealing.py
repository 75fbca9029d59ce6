"""Encryption at rest: envelope keys, and how values and files are sealed with them.

    master key    32 bytes outside of everything we keep: a key file or an Airflow connection (thus any secrets backend)
    data key      32 bytes, one a month, in the table `data_key`, wrapped (AES-256-GCM) by the master key
    value         AES-256-GCM under the data key, a random nonce each
    file          AES-256-GCM in pieces under a key of its own, derived from the data key and a random salt (HKDF-SHA256)

Changing the master key wraps the data keys again, a handful of rows; nothing that was sealed is written again.
What was sealed opens for as long as its master key is there, whether or not GATEWAY_ENCRYPT is still on.
source   NIST SP 800-38D 8.3 (at most 2^32 random nonces a key); RFC 5869; Hoang et al., CRYPTO 2015 (STREAM: a counter and a last mark)
"""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.credentials import from_environment, from_secrets_backend
from gateway.errors import Misconfigured, Unreadable
from gateway.settings import settings
from gateway.store.engine import engine, insert_into, reading
from gateway.store.tables import DataKey, now

CONNECTION = "gateway_master"
KEY_BYTES, NONCE, TAG = 32, 12, 16
ID = 10  # characters of a data key's id
PIECE = 1 << 18  # bytes of a file sealed at once
MAGIC = b"gwsealed"
_HEADER = struct.Struct(f">8s{ID}s16s")
DAMAGED = "does not open: it was changed or damaged. Restore it from the backup."


@dataclass(frozen=True, slots=True)
class Master:
    """A master key. id: eight hex digits that name it and give nothing of it away."""

    id: str
    secret: bytes = field(repr=False)


def is_on() -> bool:
    """Whether this process seals what it writes."""
    return settings().encrypt


def new_master() -> str:
    """A new master key as text: 32 random bytes in URL-safe base64."""
    return base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def masters() -> tuple[Master, ...]:
    """Every master key of this machine, the one that wraps new data keys first; () if there is none.

    raises   Misconfigured(KEY_INVALID) if one is not 32 bytes in base64, or the key file cannot be read
    """
    path, variable = str(settings().master_key_file or ""), os.environ.get(f"AIRFLOW_CONN_{CONNECTION.upper()}", "")
    if (path, variable) not in _known:
        found = tuple(_master(part.strip()) for part in _text(path, variable).split(",") if part.strip())
        if not found:
            return ()  # asked for again: a connection may be made while this process runs
        _known[path, variable] = found
    return _known[path, variable]


_known: dict[tuple[str, str], tuple[Master, ...]] = {}


def _text(path: str, variable: str) -> str:
    if path:
        try:
            return Path(path).read_text("ascii")
        except (OSError, ValueError) as wrong:
            raise Misconfigured(
                "KEY_INVALID",
                f"GATEWAY_MASTER_KEY_FILE cannot be read ({type(wrong).__name__}): correct its path or rights.",
            ) from None
    try:
        return (from_environment if variable else from_secrets_backend)(CONNECTION).secret
    except Misconfigured as wrong:
        if wrong.code == "CONNECTION_MISSING":
            return ""
        raise


def _master(text: str) -> Master:
    try:
        secret = base64.urlsafe_b64decode(text)
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise Misconfigured(
            "KEY_INVALID", "A master key is not 32 bytes in URL-safe base64: `gateway keys new` prints one that is."
        )
    return Master(hashlib.sha256(b"candidate-ingestion-gateway, master key: " + secret).hexdigest()[:8], secret)


# --- data keys ---------------------------------------------------------------------------------------------------------

_open: dict[tuple[str, str], bytes] = {}  # (store, id) -> data key, of this process
_newest: dict[str, tuple[str, str]] = {}  # store -> (month, id) that this process seals with


def ensure() -> None:
    """Makes sure that this month's data key is there. Called before a transaction begins: on SQLite nobody can add one within.

    raises   Misconfigured(MASTER_KEY_MISSING | KEY_INVALID)
    """
    store, month = settings().store_url, f"{now():%Y-%m}"
    if _newest.get(store, ("", ""))[0] == month:
        return
    with reading() as session:
        found = session.scalar(select(DataKey.id).where(DataKey.month == month))
    if found is None:
        known = masters()
        if not known:
            raise _no_master("GATEWAY_ENCRYPT is on, and this machine has no master key")
        identity, secret = f"k{secrets.token_hex(ID // 2)}"[:ID], secrets.token_bytes(KEY_BYTES)
        row = {"id": identity, "month": month, "created_at": now(), **wrapped(identity, secret, known[0])}
        with Session(engine()) as session, session.begin():
            session.execute(insert_into(session, DataKey).values(**row).on_conflict_do_nothing())
            found = session.scalar(select(DataKey.id).where(DataKey.month == month))
    data_key(str(found))  # whoever cannot open it must not begin to write with it
    _newest[store] = (month, str(found))


def wrapped(identity: str, secret: bytes, master: Master) -> dict[str, object]:
    """The columns `master` and `wrapped` of a data key under this master key."""
    nonce = os.urandom(NONCE)
    return {
        "master": master.id,
        "wrapped": nonce + AESGCM(master.secret).encrypt(nonce, secret, f"data key {identity}".encode()),
    }


def data_key(identity: str) -> bytes:
    """The data key of that id; raises Misconfigured(MASTER_KEY_MISSING | KEY_INVALID)."""
    store = settings().store_url
    if (store, identity) not in _open:
        with reading() as session:
            row = session.get(DataKey, identity)
        if row is None:
            raise Misconfigured(
                "KEY_INVALID",
                f"Data key {identity} is not in this store: these files or values belong to another one. Restore both from one backup.",
            )
        _open[store, identity] = unwrapped(row)
    return _open[store, identity]


def unwrapped(row: DataKey) -> bytes:
    """The data key of that row; raises Misconfigured(MASTER_KEY_MISSING | KEY_INVALID)."""
    master = next((one for one in masters() if one.id == row.master), None)
    if master is None:
        raise _no_master(f"Data key {row.id} is wrapped by master key {row.master}, which this machine does not have")
    try:
        return AESGCM(master.secret).decrypt(row.wrapped[:NONCE], row.wrapped[NONCE:], f"data key {row.id}".encode())
    except InvalidTag:
        raise Misconfigured("KEY_INVALID", f"Data key {row.id} {DAMAGED}") from None


def _no_master(what: str) -> Misconfigured:
    return Misconfigured(
        "MASTER_KEY_MISSING",
        f"{what}: give it in GATEWAY_MASTER_KEY_FILE, or as the password of the connection {CONNECTION}.",
    )


def _current() -> str:
    store = settings().store_url
    if store not in _newest:
        ensure()
    return _newest[store][1]


# --- values ------------------------------------------------------------------------------------------------------------


def sealed(content: bytes, about: str) -> bytes:
    """The content sealed: id of the data key, nonce, ciphertext. `about` must be the same to open it: what it is of."""
    identity, nonce = _current(), os.urandom(NONCE)
    return identity.encode() + nonce + AESGCM(data_key(identity)).encrypt(nonce, content, about.encode())


def opened(content: bytes, about: str) -> bytes:
    """What was sealed; raises Unreadable(SEALED_DAMAGED), Misconfigured(MASTER_KEY_MISSING | KEY_INVALID)."""
    try:
        if len(content) < ID + NONCE + TAG:
            raise InvalidTag
        identity = content[:ID].decode("ascii")
        return AESGCM(data_key(identity)).decrypt(content[ID : ID + NONCE], content[ID + NONCE :], about.encode())
    except (InvalidTag, ValueError):
        raise Unreadable("SEALED_DAMAGED", f"An encrypted value ({about}) {DAMAGED}") from None


# --- files -------------------------------------------------------------------------------------------------------------


def seal_pieces(pieces: Iterable[bytes], about: str) -> Iterator[bytes]:
    """A file sealed as it is read, in bounded memory: a header, then pieces of PIECE bytes and a tag each.

    about   the same is needed to open it
    """
    identity, salt = _current(), os.urandom(16)
    header = _HEADER.pack(MAGIC, identity.encode(), salt)
    cipher = _of_file(identity, salt)
    yield header
    waiting, number = b"", 0
    for piece in pieces:
        waiting += piece
        start = 0
        while len(waiting) - start > PIECE:  # the last piece, even a full one, waits for its mark
            part = memoryview(waiting)[start : start + PIECE]
            yield cipher.encrypt(_nonce(number, False), part, header + about.encode())
            start, number = start + PIECE, number + 1
        waiting = waiting[start:]
    yield cipher.encrypt(_nonce(number, True), waiting, header + about.encode())


def open_pieces(source: BinaryIO, about: str) -> Iterator[bytes]:
    """The content of a sealed file, piece by piece; what was cut off, changed or moved is refused before its piece is given.

    raises   Unreadable(SEALED_DAMAGED), Misconfigured(MASTER_KEY_MISSING | KEY_INVALID)
    """
    header = source.read(_HEADER.size)
    try:
        magic, identity, salt = _HEADER.unpack(header)
        if magic != MAGIC:
            raise InvalidTag
        cipher = _of_file(identity.decode("ascii"), salt)
        number, piece = 0, source.read(PIECE + TAG)
        while True:
            following = source.read(PIECE + TAG)
            yield cipher.decrypt(_nonce(number, not following), piece, header + about.encode())
            if not following:
                return
            number, piece = number + 1, following
    except (InvalidTag, struct.error, ValueError):
        raise Unreadable("SEALED_DAMAGED", f"A kept file {DAMAGED}") from None


def _of_file(identity: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, b"candidate-ingestion-gateway, file").derive(data_key(identity)))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(NONCE - 1, "big") + bytes([last])
