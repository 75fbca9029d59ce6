"""The first target: our own candidate pool, a table and one JSON Lines file a batch.

Putting is one statement that the unique external_id makes safe to repeat; the file is rewritten from the table and
appears whole, so a reader never meets half of it.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select

from gateway.deliver.port import Lookup, Receipt, Request
from gateway.errors import Transient
from gateway.settings import settings
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import PoolCandidate, now

IN_LIST = 500  # ids in one IN (...): SQLite before 3.32 takes 999 parameters


class OwnPool:
    """Writes candidates to `pool_candidate`, and to `<pool>/<posting>/<batch>.jsonl` for programs that read files."""

    kind = "own_pool"
    chunk_size = 500
    settle_s = 0.0  # a transaction of a killed worker is gone with it
    idempotent = True

    def preflight(self, posting: str) -> None:
        """Our own pool is always open."""

    def smaller(self) -> None:
        """Our own pool takes any number."""

    def wait_turn(self) -> None:
        """Our own pool has no limit."""

    def put(self, requests: Sequence[Request]) -> Iterable[Receipt]:
        rows = [
            {
                "id": f"c{request.external_id[1:]}",
                "posting": request.posting,
                "external_id": request.external_id,
                "batch_id": request.batch_id,
                "created_at": now(),
                "record": record(request),
            }
            for request in requests
        ]
        with writing() as session:
            session.execute(
                insert_into(session, PoolCandidate).on_conflict_do_nothing(index_elements=["external_id"]), rows
            )
        return [_receipt(str(row["external_id"]), str(row["id"])) for row in rows]

    def find(self, posting: str, lookups: Sequence[Lookup], since: datetime | None) -> Iterable[Receipt]:
        found: list[Receipt] = []
        external_ids = [item.external_id for item in lookups]
        with reading() as session:
            for start in range(0, len(external_ids), IN_LIST):
                part = external_ids[start : start + IN_LIST]
                rows = session.execute(
                    select(PoolCandidate.external_id, PoolCandidate.id).where(PoolCandidate.external_id.in_(part))
                )
                found += [Receipt(row.external_id, True, row.id, matched="external_id") for row in rows]
        return found

    def finish(self, posting: str, batch_id: str) -> None:
        """Rewrites the batch's file. Raises Transient(EXPORT_FAILED): no space or no write permission."""
        folder = settings().pool / _safe(posting)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with (folder / ".lock").open("a") as lock:
                # Read and replace under one lock: of two workers, the one that read earlier must not write later.
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._export(posting, batch_id, folder / f".{batch_id}.part")
        except OSError as wrong:
            raise Transient(
                "EXPORT_FAILED",
                f"The export of batch {batch_id} could not be written ({wrong.strerror}): "
                "free space or give the gateway write access to its pool folder; the export is retried.",
            ) from wrong

    def _export(self, posting: str, batch_id: str, part: Path) -> None:
        with reading() as session:
            records = session.scalars(
                select(PoolCandidate.record)
                .where(PoolCandidate.posting == posting, PoolCandidate.batch_id == batch_id)
                .order_by(PoolCandidate.external_id)
            ).all()
        if not records:
            return
        with part.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(r, ensure_ascii=False, sort_keys=True) + "\n" for r in records)
            out.flush()
            os.fsync(out.fileno())
        part.replace(export_path(posting, batch_id))

    def show(self, requests: Sequence[Request]) -> list[dict[str, Any]]:
        return [
            {"method": "INSERT", "url": f"pool:{request.posting}", "headers": {}, "body": record(request)}
            for request in requests
        ]


def export_path(posting: str, batch_id: str) -> Path:
    """The path of a batch's JSON Lines file."""
    return settings().pool / _safe(posting) / f"{batch_id}.jsonl"


def record(request: Request) -> dict[str, object]:
    """One line of the export: the request as any target would get it."""
    return {
        "external_id": request.external_id,
        "name": request.name,
        "email": request.email,
        "phone_number": request.phone,
        "metadata": request.metadata,
        "data": request.data,
    }


def _receipt(external_id: str, target_id: str) -> Receipt:
    return Receipt(external_id, True, target_id)


def _safe(posting: str) -> str:
    """A posting's name as a single folder name."""
    return "".join(c if c.isalnum() or c in "-_" else "-" for c in posting)[:100] or "posting"
