"""One request that sends a batch: received as the page receives its uploads, once for each Idempotency-Key.

The first request with a key has a row from its beginning. A repeat is received too, but only its hash is kept: if it is
the same, it gets the first one's batch; if not, it is refused. While the first is on its way, others wait (409).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Literal

from sqlalchemy import delete, select, update

from gateway.errors import Conflict, Misconfigured, Refused
from gateway.model import FROM_API, Mode
from gateway.pipeline.arrival import upload
from gateway.pipeline.arrival.receive import agent_of, batch_exists
from gateway.senders.keys import Holder
from gateway.settings import settings
from gateway.store.engine import insert_into, writing
from gateway.store.tables import ApiRequest, now

LEASE = timedelta(minutes=30)  # for one request: what is not received by then was given up
REMEMBERED = timedelta(days=30)  # how long a key means the same batch
SentMode = Literal["review", "dry_run"]


class Part:
    """One file on its way; of a repeat, only its hash."""

    def __init__(self, sending: Sending, name: str, incoming: upload.Incoming | None) -> None:
        self._sending, self._name, self._incoming = sending, name, incoming
        self._hash = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._sending.count(len(piece))
        if self._incoming is not None:
            self._incoming.write(piece)

    def keep(self) -> None:
        """The file is complete."""
        self._sending.told(self._name, self._hash.hexdigest())
        if self._incoming is not None:
            self._incoming.keep()

    def abandon(self) -> None:
        """Safe to call after `keep`."""
        if self._incoming is not None:
            self._incoming.abandon()


class Sending:
    """A batch being received.

    mode     review or dry_run; None: as the agent's file says. A sender cannot make an agent that reviews ingest
    key      the Idempotency-Key, or None
    raises   Misconfigured(UNKNOWN_AGENT | AGENT_CLOSED | AGENT_FILE_INVALID), Conflict(API_REQUEST_BUSY), and as upload.begin
    """

    def __init__(self, holder: Holder, agent_id: str, *, mode: SentMode | None, key: str | None) -> None:
        if holder.agents and agent_id not in holder.agents:
            raise Misconfigured("UNKNOWN_AGENT", "There is no agent of that name that this key may send for.")
        self.holder, self.key = holder, key
        self.mode = Mode(mode) if mode else agent_of(agent_id).default_mode
        self.upload_id = upload.begin(agent_id, by=holder.by)
        self.first: str | None = None  # the fingerprint that a repeat must have
        self._files: list[tuple[str, str]] = []
        self._bytes = 0
        self._ours = hashlib.sha256(f"{agent_id}\0{mode or ''}".encode())
        if key is not None:
            try:
                self._claim(key)
            except BaseException:
                upload.cancel(self.upload_id, by=holder.by)
                raise

    def part(self, name: str) -> Part:
        """A file begins. Raises as upload.Incoming."""
        if len(self._files) >= settings().max_batch_files:
            raise Refused("BATCH_TOO_MANY_FILES", f"A batch can have at most {settings().max_batch_files:,} files.")
        incoming = None if self.first else upload.Incoming(self.upload_id, name, by=self.holder.by)
        return Part(self, name, incoming)

    def count(self, size: int) -> None:
        """Bytes of a repeat are limited too."""
        self._bytes += size
        if self._bytes > settings().max_batch_bytes:
            raise Refused("BATCH_TOO_LARGE", "A batch can have at most as many bytes as GATEWAY_MAX_BATCH_BYTES says.")

    def told(self, name: str, digest: str) -> None:
        self._files.append((name, digest))

    def finish(self) -> tuple[str, bool]:
        """(the batch's id, whether it was there before).

        raises   Refused(UPLOAD_EMPTY | API_KEY_REUSED), and as upload.submit
        """
        for name, digest in sorted(self._files):
            self._ours.update(f"\0{name}\0{digest}".encode("utf-8", "surrogatepass"))
        fingerprint = self._ours.hexdigest()
        if self.first is not None:
            if self.first != fingerprint:
                raise Refused(
                    "API_KEY_REUSED",
                    "This Idempotency-Key was used for something else: send a new one for a new batch.",
                )
            return self.upload_id, True
        if self.key is not None and self._files:
            with writing() as session:
                session.execute(
                    update(ApiRequest)
                    .where(ApiRequest.sender == self.holder.sender, ApiRequest.key == self.key)
                    .values(fingerprint=fingerprint, batch_id=self.upload_id)
                )
        source = f"{FROM_API}{self.holder.sender}"
        return upload.submit(self.upload_id, by=self.holder.by, mode=self.mode, source=source), False

    def abandon(self) -> None:
        """The request failed: nothing of it stays, and its key may be used again at once. Not after `finish`."""
        if self.first is not None:
            return
        upload.cancel(self.upload_id, by=self.holder.by)
        if self.key is not None and not batch_exists(self.upload_id):
            with writing() as session:
                session.execute(
                    update(ApiRequest)
                    .where(
                        ApiRequest.sender == self.holder.sender,
                        ApiRequest.key == self.key,
                        ApiRequest.batch_id == self.upload_id,
                    )
                    .values(lease_until=now())
                )

    def _claim(self, key: str) -> None:
        """Makes this the first request with the key, or finds out what the first one made."""
        with writing() as session:
            session.execute(delete(ApiRequest).where(ApiRequest.created_at < now() - REMEMBERED))
            values = {
                "sender": self.holder.sender,
                "key": key,
                "batch_id": self.upload_id,
                "lease_until": now() + LEASE,
                "created_at": now(),
            }
            done = insert_into(session, ApiRequest).values(**values).on_conflict_do_nothing().returning(ApiRequest.key)
            if session.scalar(done) is not None:
                return
            row = session.scalars(
                select(ApiRequest)
                .where(ApiRequest.sender == self.holder.sender, ApiRequest.key == key)
                .with_for_update()
            ).one()
            before, fingerprint = row.batch_id, row.fingerprint
        if fingerprint is not None and batch_exists(before):
            upload.cancel(self.upload_id, by=self.holder.by)
            self.first, self.upload_id = fingerprint, before
            return
        with writing() as session:
            mine = session.execute(
                update(ApiRequest)
                .where(
                    ApiRequest.sender == self.holder.sender,
                    ApiRequest.key == key,
                    ApiRequest.batch_id == before,
                    ApiRequest.lease_until <= now(),
                )
                .values(batch_id=self.upload_id, fingerprint=None, lease_until=now() + LEASE)
                .returning(ApiRequest.key)
            )
            if mine.scalar_one_or_none() is None:
                raise Conflict(
                    "API_REQUEST_BUSY", "A request with this Idempotency-Key is being received: repeat it in a moment."
                )
