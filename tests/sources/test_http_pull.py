"""A real HTTP server that lists files: paged lists, broken lines, redirects, secrets that stay with their origin."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse

from gateway.sources import pull
from gateway.sources.check import check
from support.serve import serving
from support.sources import AGENT, agent_with, connection, look, names_in, received

LIST = b"Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n"


@dataclass
class Site:
    """What it lists and holds; `cut`: files whose line breaks in the middle, once."""

    base: str = ""
    listed: Any = None
    files: dict[str, bytes] = field(default_factory=dict)
    cut: set[str] = field(default_factory=set)
    seen: list[tuple[str, str, str | None]] = field(default_factory=list)


def app_of(site: Site) -> FastAPI:
    app = FastAPI()

    @app.middleware("http")
    async def note(request: Request, go: Any) -> Any:
        site.seen.append((request.method, request.url.path, request.headers.get("authorization")))
        return await go(request)

    @app.get("/list")
    def listed(page: int = 1) -> Response:
        if isinstance(site.listed, Response):
            return site.listed
        if isinstance(site.listed, str):
            return PlainTextResponse(site.listed)
        if isinstance(site.listed, list) and site.listed and isinstance(site.listed[0], list):
            more = {"next": f"/list?page={page + 1}"} if page < len(site.listed) else {}
            return JSONResponse({"files": site.listed[page - 1], **more})
        return JSONResponse(site.listed)

    @app.get("/files/{name}")
    def one(name: str) -> Response:
        if name in site.cut:
            site.cut.discard(name)

            def half() -> Iterator[bytes]:
                yield site.files[name][:20]

            return StreamingResponse(half(), headers={"content-length": str(len(site.files[name]))})
        return Response(site.files[name]) if name in site.files else Response(status_code=404)

    @app.delete("/files/{name}")
    def gone(name: str) -> Response:
        return Response(status_code=204 if site.files.pop(name, None) is not None else 404)

    return app


@pytest.fixture
def site() -> Iterator[Site]:
    one = Site()
    with serving(app_of(one)) as base:
        one.base = base
        yield one


@pytest.fixture
def use(home: Path, site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def made(**said: Any) -> None:
        source = {
            "name": "agency",
            "kind": "http_pull",
            "connection": "agency_http",
            "path": "/list",
            "allow_private": True,
        }
        agent_with(home, monkeypatch, {**source, **said})

    connection(monkeypatch, "agency_http", conn_type="http", host=site.base, password="token-of-ours")
    return made


def test_a_paged_list_with_batches(use: Callable[..., None], site: Site) -> None:
    use()
    site.files = dict.fromkeys("abc", LIST)
    site.listed = [
        [
            {"url": "/files/a", "name": "a.csv", "version": 1, "batch": "monday"},
            {"url": "/files/b", "name": "../b.csv"},
        ],
        [{"url": "/files/c", "name": "c.csv", "etag": "x", "size": len(LIST), "batch": "monday"}],
    ]
    done = look()
    assert sorted(names_in(one) for one in done.batches) == [["a.csv", "c.csv"], ["b.csv"]]
    assert {said for _, _, said in site.seen} == {"Bearer token-of-ours"}
    assert look().batches == []
    site.listed = [[{"url": "/files/a", "name": "a.csv", "version": 2, "batch": "monday"}]]
    assert len(look().batches) == 1


def test_a_plain_list_and_originals_that_are_deleted(use: Callable[..., None], site: Site) -> None:
    use(afterwards="delete")
    site.files = {"a.csv": LIST, "b.csv": LIST + b"x"}
    site.listed = f"{site.base}/files/a.csv\n/files/b.csv\n"
    assert len(look().batches) == 1
    assert received() == ["a.csv", "b.csv"]
    assert site.files == {}


def test_a_line_that_breaks_is_no_short_file(use: Callable[..., None], site: Site) -> None:
    use()
    site.files, site.cut = {"a": LIST, "b": LIST + b"x"}, {"b"}
    site.listed = ["/files/a", "/files/b"]
    done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert (done.problem.code, done.batches) == ("SOURCE_UNREACHABLE", [])
    assert len(look().batches) == 1
    assert received() == ["a", "b"]


def test_the_secret_stays_with_its_origin(use: Callable[..., None], site: Site) -> None:
    use()
    other = Site(files={"x": LIST})
    with serving(app_of(other)) as elsewhere:
        site.listed = [f"{elsewhere}/files/x"]
        assert len(look().batches) == 1
    assert [said for _, _, said in other.seen] == [None]


@pytest.mark.parametrize(
    ("listed", "code"),
    [
        ({"no": "files"}, "SOURCE_INVALID"),
        ({"files": [{"name": "a"}]}, "SOURCE_INVALID"),
        ({"files": ["file:///etc/passwd"]}, "SOURCE_INVALID"),
        ({"files": [], "next": "http://127.0.0.2/list"}, "SOURCE_INVALID"),
        (Response(b"\xff\xfe\x00", media_type="application/json"), "SOURCE_INVALID"),
        (Response(b"{", media_type="application/json"), "SOURCE_INVALID"),
        (Response(status_code=302, headers={"location": "http://127.0.0.1:1/"}), "SOURCE_REFUSED"),
        (Response(status_code=401), "SOURCE_REFUSED"),
        (Response(status_code=503), "SOURCE_UNREACHABLE"),
        (Response(status_code=429), "SOURCE_UNREACHABLE"),
    ],
)
def test_what_is_wrong_with_a_list_is_said(use: Callable[..., None], site: Site, listed: Any, code: str) -> None:
    use()
    site.listed = listed
    [one] = check()
    assert (one.ok, one.code) == (False, code)


def test_a_file_that_is_missing_does_not_stop_the_next_batch(use: Callable[..., None], site: Site) -> None:
    use()
    site.files = {"a": LIST}
    site.listed = [{"url": "/files/gone", "batch": "1"}, {"url": "/files/a", "batch": "2"}]
    done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert (done.problem.code, len(done.batches)) == ("SOURCE_REFUSED", 1)
    assert received() == ["a"]


def test_private_addresses_are_refused_where_the_file_does_not_allow_them(use: Callable[..., None], site: Site) -> None:
    use(allow_private=False)
    [one] = check()
    assert one.code == "CONNECTION_INVALID", "plain http needs it too"


def test_a_public_list_that_names_a_private_address_gains_nothing(
    use: Callable[..., None], site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list is another's: its addresses go through the guard as the list's own does."""
    use(allow_private=False)
    connection(monkeypatch, "agency_http", conn_type="http", host=site.base.replace("http:", "https:"), password="x")
    [one] = check()
    assert one.code == "ADDRESS_FORBIDDEN"
