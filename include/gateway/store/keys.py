"""The gateway's own keys: one that signs (Ed25519), two that make keyed hashes. Files in GATEWAY_KEYS_DIR, for the owner alone.

    signing.pem       signs receipts and anchors
    suppression.key   erased people, who must not be read in again
    outreach.key      who must not be written to, the addresses that end messages, and those of hooks

A signature says that whoever had the key said it. Who could change the store could have had the key as well: give the
public key, and copies of the signed data, to somebody else.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlalchemy import select

from gateway.errors import Misconfigured
from gateway.settings import settings
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Bookmark, now

SUPPRESSION = "suppression.key"
OUTREACH = "outreach.key"
BYTES = 32


def create() -> None:
    """Creates the keys that are not there yet."""
    _private()
    _suppression()
    _outreach()


def public_key() -> str:
    """Our public key, base64 of its 32 bytes; it verifies our signatures."""
    return base64.b64encode(_private().public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def signed(said: dict[str, Any]) -> dict[str, Any]:
    """The content with "key" and "signature" added; JSON-ready values only."""
    with_key = {**said, "key": public_key()}
    return {**with_key, "signature": base64.b64encode(_private().sign(canonical(with_key))).decode()}


def is_signed(said: dict[str, Any], key: str) -> bool:
    """Whether that key signed exactly this content."""
    unsigned = {name: value for name, value in said.items() if name != "signature"}
    try:
        signature = base64.b64decode(str(said.get("signature")), validate=True)
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True)).verify(signature, canonical(unsigned))
    except (InvalidSignature, ValueError):
        return False
    return unsigned.get("key") == key


def canonical(said: dict[str, Any]) -> bytes:
    """The signed bytes: JSON with sorted keys and no blanks."""
    return json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def keyed_hash(text: str) -> str:
    """A hash that cannot be compared with a list of addresses without our key: 64 hex digits."""
    return keyed_hashes([text])[0]


def keyed_hashes(texts: Iterable[str]) -> list[str]:
    """The same of many texts, in their order."""
    key = _suppression()
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts]


def is_the_one(name: str, key: bytes) -> bool:
    """Whether this machine has the key that the store's lists were made with; the first key checked is recorded.

    Machines share the store, so a machine with a different key is detected there: it could not use the lists.
    """
    mark = f"key:{name}"
    ours = hashlib.sha256(b"candidate-ingestion-gateway, key: " + key).hexdigest()
    with reading() as session:
        known = session.scalar(select(Bookmark.value).where(Bookmark.name == mark))
    if known is None:
        with writing() as session:
            said = {"name": mark, "value": ours, "updated_at": now()}
            session.execute(insert_into(session, Bookmark).values(**said).on_conflict_do_nothing())
            known = session.scalar(select(Bookmark.value).where(Bookmark.name == mark))
    return known == ours


def check_suppression_key() -> None:
    """Raises Misconfigured(KEY_INVALID) on a machine whose suppression.key differs from the one of the erased people."""
    if not is_the_one(SUPPRESSION, _suppression()):
        raise Misconfigured(
            "KEY_INVALID",
            f"{settings().keys / SUPPRESSION} is not the key that erased people are known by: they would be read in again. "
            "Give every machine the same GATEWAY_KEYS_DIR, or restore it from the backup.",
        )


def _suppression() -> bytes:
    return _kept(SUPPRESSION, lambda: secrets.token_bytes(BYTES))


def outreach_hashes(texts: Iterable[str]) -> list[str]:
    """Keyed hashes (64 hex digits) for everything about messages to candidates, in the order given.

    raises   Misconfigured(OUTREACH_NOT_READY) where the key cannot be used
    """
    key = _outreach()
    return [hmac.new(key, text.encode(), hashlib.sha256).hexdigest() for text in texts]


def outreach_key_is_the_one() -> bool:
    """Whether this machine's outreach.key is the one that the list of who must not be written to was made with."""
    return is_the_one(OUTREACH, _outreach())


def _outreach() -> bytes:
    def make() -> bytes:
        # Until 0.2 this key lay in the home: with a new one, who unsubscribed then would be written to again.
        before = settings().home / OUTREACH
        return before.read_bytes() if before.is_file() else f"{secrets.token_hex(BYTES)}\n".encode()

    try:
        key = bytes.fromhex(_kept(OUTREACH, make).decode("ascii").strip())
    except (OSError, ValueError) as wrong:
        raise _no_outreach_key(type(wrong).__name__) from None
    if len(key) < BYTES:
        raise _no_outreach_key("it is too short")
    return key


def _no_outreach_key(why: str) -> Misconfigured:
    return Misconfigured(
        "OUTREACH_NOT_READY",
        f"The key file {OUTREACH} cannot be used ({why}): restore it from the backup; with a new key, the suppression list is lost.",
    )


def _private() -> Ed25519PrivateKey:
    pem = _kept(
        "signing.pem",
        lambda: Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )
    try:
        key = load_pem_private_key(pem, None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise Misconfigured(
            "KEY_INVALID", f"{settings().keys / 'signing.pem'} is not an Ed25519 private key in PEM without a password."
        )
    return key


def _kept(name: str, make: Callable[[], bytes]) -> bytes:
    """A key's bytes, created by the first process that needs it: the link appears complete or not at all."""
    path = settings().keys / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        made = path.with_name(f".{name}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(make())
        try:
            os.link(made, path)
        except FileExistsError:
            pass  # another process was first: its key counts
        finally:
            Path(made).unlink()
    return path.read_bytes()
