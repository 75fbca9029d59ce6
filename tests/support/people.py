"""Agents, batches and invented people straight into the store, as the stages before delivery would leave them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import yaml
from sqlalchemy import select

from gateway.agents import Agent
from gateway.pipeline.arrival.receive import agent_of, sync_agent
from gateway.settings import settings
from gateway.store import change, ids
from gateway.store.engine import reading, writing
from gateway.store.tables import Batch, Delivery, Document, Profile


def agent_file(folder: Path, target: dict[str, Any], agent_id: str = "tester", **more: Any) -> Agent:
    """Writes an agent file into the folder that GATEWAY_AGENTS_DIR names, and its row into the store."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"id": agent_id, "title": "Tester", "default_mode": "ingest", "target": target, **more}
    (folder / f"{agent_id}.yaml").write_text(yaml.safe_dump(content))
    assert settings().agents_dir == folder
    agent = agent_of(agent_id)
    sync_agent(agent)
    return agent


def batch(agent_id: str = "tester", mode: str = "ingest") -> str:
    """A running batch with one document; returns its id."""
    batch_id = ids.batch_id()
    with writing() as session:
        row = Batch(id=batch_id, agent_id=agent_id, mode=mode, state="receiving", manifest={}, statistics={})
        change.create(session, row, actor="test")
        session.flush()
        change.move(session, row, "running", actor="test")
        document = Document(
            id=f"d{batch_id}",
            batch_id=batch_id,
            agent_id=agent_id,
            path="people.csv",
            sha256="0" * 64,
            size_bytes=1,
            media_type="text/csv",
            state="success",
            facts={},
        )
        change.create(session, document, actor="test")
    return batch_id


def people(
    batch_id: str, emails: list[str], state: str = "passed", agent_id: str = "tester", **changes: Any
) -> list[str]:
    """A profile for each address, in that state; returns their ids."""
    made = []
    with writing() as session:
        start = len(session.scalars(select(Profile.id).where(Profile.batch_id == batch_id)).all())
        for number, email in enumerate(emails, start):
            profile = Profile(
                **{
                    "id": ids.profile_id(f"d{batch_id}", number),
                    "document_id": f"d{batch_id}",
                    "batch_id": batch_id,
                    "agent_id": agent_id,
                    "ordinal": number,
                    "state": "extracted",
                    "name": f"Person Number {number}",
                    "email": email,
                    "email_norm": email.casefold(),
                    "phone": "+12025550123",
                    "location": "Springfield",
                    "data": {
                        "skills": ["Welding", "Örtliche Planung"],
                        "work": [{"company": "Oak & Sons", "position": "Fitter", "start": "2019-04", "end": "present"}],
                    },
                    "codes": [],
                    **changes,
                }
            )
            change.create(session, profile, actor="test")
            session.flush()
            for step in {"passed": ["passed"], "held": ["held"], "approved": ["held", "approved"], "extracted": []}[
                state
            ]:
                change.move(session, profile, step, actor="test")
            made.append(profile.id)
    return made


def addresses(number: int, start: int = 0) -> list[str]:
    return [f"person.{n}@example.org" for n in range(start, start + number)]


def states(batch_id: str | None = None) -> dict[str, int]:
    """Profiles by state."""
    with reading() as session:
        query = select(Profile.state) if batch_id is None else select(Profile.state).where(Profile.batch_id == batch_id)
        listed = session.scalars(query).all()
    return {state: listed.count(state) for state in sorted(set(listed))}


def ledger_states() -> dict[str, int]:
    with reading() as session:
        listed = session.scalars(select(Delivery.state)).all()
    return {state: listed.count(state) for state in sorted(set(listed))}


def connection(monkeypatch: Any, name: str, url: str, secret: str, **extra: Any) -> None:
    """An Airflow connection in the environment, as the command line reads it."""
    text = json.dumps({"conn_type": "http", "host": url, "password": secret, "extra": extra})
    monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}", text)
