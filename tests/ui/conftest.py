"""The page without Airflow around it: the app mounted in a host that records what it is asked."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from sqlalchemy import BigInteger, create_engine, func, insert, select

from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.engine import engine, writing
from gateway.store.tables import Base
from gateway_airflow.ui import access
from gateway_airflow.ui.access import Right, Visitor
from gateway_airflow.ui.app import build
from support.pdf_maker import make, resume

EVERYDAY = frozenset({Right.VIEW, Right.UPLOAD, Right.REVIEW})
ROLES = {
    "viewer": frozenset({Right.VIEW}),
    "user": EVERYDAY,
    "op": EVERYDAY | {Right.CONFIGURE, Right.ERASE},
    "admin": EVERYDAY | {Right.CONFIGURE, Right.ERASE},
}


class Host:
    """Stands for Airflow: records calls of its API and answers what the test says (200 and {} otherwise)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, Any]] = []
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {}
        self.app = FastAPI()

        @self.app.api_route("/api/v2/{path:path}", methods=["GET", "POST", "PATCH", "DELETE"])
        async def airflow(request: Request, path: str) -> JSONResponse:
            body = await request.json() if await request.body() else None
            self.calls.append((request.method, f"/{path}", body))
            status, said = self.answers.get((request.method, f"/{path}"), (200, {}))
            return JSONResponse(said, status)


@pytest.fixture
def host() -> Host:
    return Host()


@pytest.fixture
def _auth_manager() -> None:
    """Anew for each test: the tests of the whole app take theirs away at their end."""
    from airflow.api_fastapi.app import init_auth_manager

    init_auth_manager()


@pytest.fixture
def client(host: Host, _auth_manager: None) -> Callable[..., TestClient]:
    """client("viewer" | "user" | "op" | "admin" | None for nobody): requests below /gateway, as that role."""

    def sign_in(role: str | None = "user", name: str | None = None) -> TestClient:
        app = build()

        def visitor() -> Visitor:
            if role is None:
                raise HTTPException(401, "Not authenticated")
            return Visitor(name or role, ROLES[role])

        app.dependency_overrides[access.visitor] = visitor
        host_app = FastAPI()
        host_app.mount("/gateway", app)
        host_app.mount("/", host.app)
        return TestClient(host_app, base_url="http://testserver/gateway/", headers={"X-Gateway": "1"})

    return sign_in


LIST = """name,email,phone,location,skills
Ada Quill,ada.quill@example.org,+49 30 5550101,Berlin,Python; SQL
Ben Harrow,,+49 30 5550102,Hamburg,Go
Cleo Marsh,cleo.marsh@example.org,+49 30 5550103,Köln,Rust; Kafka
"""


@pytest.fixture(scope="session")
def filled_once(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> tuple[Path, str]:
    """The home that `filled` copies, and its batch: the pipeline takes seconds, a copy does not."""
    home = tmp_path_factory.mktemp("filled") / "home"
    folder = home.parent / "drop"
    folder.mkdir()
    make(folder / "anna.pdf", resume("Anna Brook", "anna.brook@example.org", "+49 30 5550111", city="Berlin, Germany"))
    make(
        folder / "otto.pdf",
        resume("Otto Lindqvist", "otto.lindqvist@gmial.com", "+49 30 5550112", city="Berlin, Germany"),
    )
    (folder / "list.csv").write_text(LIST, encoding="utf-8")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7 not really")
    home.mkdir()
    shutil.copyfile(sqlite_template, home / "gateway.db")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GATEWAY_") and name != "GATEWAY_CORPUS"]:
            patch.delenv(name)
        patch.setenv("GATEWAY_HOME", str(home))
        settings.cache_clear()
        batch_id = run_batch("backend-engineer", [folder], actor="tester")
        engine().dispose()
    settings.cache_clear()
    return home, batch_id


@pytest.fixture
def filled(store: str, home: Path, filled_once: tuple[Path, str]) -> str:
    """A store with one batch through the real pipeline: two résumés, a list of three, a file that is no document.

    Returns the batch id. Agent backend-engineer (strict): some pass into our own pool, some are held.
    """
    made, batch_id = filled_once
    shutil.copytree(made, home, dirs_exist_ok=True, ignore=shutil.ignore_patterns("gateway.db*"))
    source = create_engine(f"sqlite:///{made / 'gateway.db'}")
    with source.connect() as rows, writing() as session:
        for table in Base.metadata.sorted_tables:
            found = [dict(row) for row in rows.execute(select(table)).mappings()]
            if found:
                session.execute(insert(table).values(found))
            if store == "postgresql" and isinstance(table.primary_key.columns.values()[0].type, BigInteger):
                column = table.primary_key.columns.values()[0].name
                sequence = func.pg_get_serial_sequence(table.name, column)
                session.execute(select(func.setval(sequence, len(found) + 1)))
    source.dispose()
    return batch_id
