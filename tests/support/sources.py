"""An agent file with one source, and what came of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import select

from gateway.pipeline.arrival.receive import register_batch
from gateway.settings import settings
from gateway.sources.pull import Pulled, pull
from gateway.store.engine import reading
from gateway.store.tables import Batch, Document, SourceClaim

AGENT = "backend-engineer"


def agent_with(home: Path, patch: pytest.MonkeyPatch, *sources: dict[str, Any]) -> None:
    """The sample agent with these sources, in a folder of the test's own."""
    folder = home / "agents"
    folder.mkdir(exist_ok=True)
    text = (Path(__file__).parents[2] / "include" / "agents" / f"{AGENT}.yaml").read_text("utf-8")
    (folder / f"{AGENT}.yaml").write_text(text + "\n" + yaml.safe_dump({"sources": list(sources)}), "utf-8")
    patch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()


def connection(patch: pytest.MonkeyPatch, name: str, **fields: Any) -> None:
    patch.setenv(f"AIRFLOW_CONN_{name.upper()}", json.dumps(fields))


def look(name: str = "agency") -> Pulled:
    """One look; a problem fails the test."""
    done = pull(AGENT, name)
    assert done.problem is None, done.problem
    return done


def batches() -> list[Batch]:
    with reading() as session:
        return list(session.scalars(select(Batch).order_by(Batch.created_at, Batch.id)))


def claims() -> list[SourceClaim]:
    with reading() as session:
        return list(session.scalars(select(SourceClaim).order_by(SourceClaim.created_at)))


def names_in(batch_id: str) -> list[str]:
    """Registers the batch; the names of its documents."""
    register_batch(batch_id)
    with reading() as session:
        return sorted(session.scalars(select(Document.path).where(Document.batch_id == batch_id)))


def received() -> list[str]:
    """Every file of every batch, registered: what must hold each sent file exactly once."""
    return sorted(name for batch in batches() for name in names_in(batch.id))
