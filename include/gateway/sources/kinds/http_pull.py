"""An address that answers with a list of files.

The list is JSON: {"files": [{"url", "name", "version", "size", "batch"}, ...], "next": "..."}, or only its list; or plain
text with one address a line. Only `url` must be there. Files with the same `batch` are one batch. The version may be
called etag or updated_at; without one, a file counts as new only if its address or size is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast
from urllib.parse import unquote, urljoin, urlsplit

import requests

from gateway.credentials import credentials
from gateway.deliver import guard
from gateway.deliver.webhook import checked_url
from gateway.errors import GatewayError, Misconfigured
from gateway.sources.port import FileReader, Item, Round

CONNECT_S, READ_S = 10.0, 60.0
LIST_BYTES = 10_000_000
LIST_PAGES = 100


class HttpPullReader(FileReader):
    """The secret is sent to the list's own origin only; redirects are refused, since they choose the address."""

    AWAY = "the server does not answer"

    def __init__(self, config: Any, round_: Round) -> None:
        super().__init__(config, round_)
        given = credentials(config.connection)
        if not given.base_url:
            raise Misconfigured(
                "WEBHOOK_NO_HOST", f"Connection {config.connection} has no host: enter the address of the list."
            )
        base = checked_url(given, allow_private=config.allow_private)
        self.list_url = urljoin(base.rstrip("/") + "/", config.path.lstrip("/"))
        self.origin = urlsplit(self.list_url)[:2]
        self.session = guard.session(allow_private=config.allow_private)
        self.session.headers["User-Agent"] = "candidate-ingestion-gateway"
        self.auth: Any = (given.login, given.secret) if given.login else None
        self.bearer = {"Authorization": f"Bearer {given.secret}"} if given.secret and not given.login else {}

    def close(self) -> None:
        self.session.close()

    def files(self) -> Iterator[Item]:
        url: str | None = self.list_url
        for _ in range(LIST_PAGES):
            if url is None:
                return
            with self._asked("GET", url) as answer:
                body = answer.raw.read(LIST_BYTES + 1, decode_content=True)
                kind = answer.headers.get("Content-Type", "")
            if len(body) > LIST_BYTES:
                raise self._invalid("it is larger than 10 MB; split it with next")
            rows, following = self._rows(body, kind)
            for row in rows:
                yield self._item(row)
            url = urljoin(url, following) if following else None
            if url is not None and urlsplit(url)[:2] != self.origin:
                raise self._invalid("next leads to another server")

    def _rows(self, body: bytes, kind: str) -> tuple[list[Any], str | None]:
        try:
            text = body.decode("utf-8-sig")
            if not kind.startswith("application/json") and not text.lstrip().startswith(("{", "[")):
                return [line.strip() for line in text.splitlines() if line.strip()], None
            said = json.loads(text)
        except ValueError:
            raise self._invalid("it is neither JSON nor a list of addresses") from None
        rows = said.get("files") if isinstance(said, dict) else said
        following = said.get("next") if isinstance(said, dict) else None
        if not isinstance(rows, list):
            raise self._invalid('it has no list "files"')
        return rows, following if isinstance(following, str) else None

    def _item(self, row: Any) -> Item:
        facts: dict[str, Any] = row if isinstance(row, dict) else {"url": row}
        if not isinstance(facts.get("url"), str) or not facts["url"]:
            raise self._invalid("an entry has no url")
        url = urljoin(self.list_url, facts["url"])
        if urlsplit(url).scheme not in ("http", "https"):
            raise self._invalid("an entry's url is neither http nor https")
        name = str(facts.get("name") or unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "file").lstrip("./\\")
        size = facts.get("size")
        size = size if isinstance(size, int) and not isinstance(size, bool) and size >= 0 else None
        version = next((str(facts[key]) for key in ("version", "etag", "updated_at") if facts.get(key)), "")
        batch = str(facts.get("batch") or "").replace("/", "_").lstrip(".")
        return Item(url, f"{size}-{version}", f"{batch}/{name}" if batch else name.replace("/", "_"), size)

    def open(self, item: Item) -> BinaryIO:
        return cast("BinaryIO", _Body(self._answer("GET", item.key), self))

    def version(self, item: Item) -> str | None:
        return item.version  # the list alone has versions; what it named was fetched a moment ago

    def remove(self, item: Item) -> None:
        with self._asked("DELETE", item.key, gone_is_fine=True):
            pass

    @contextmanager
    def _asked(self, method: str, url: str, *, gone_is_fine: bool = False) -> Iterator[requests.Response]:
        answer = self._answer(method, url, gone_is_fine=gone_is_fine)
        try:
            yield answer
        except (requests.RequestException, OSError) as wrong:
            raise self.away(type(wrong).__name__) from None
        finally:
            answer.close()

    def _answer(self, method: str, url: str, *, gone_is_fine: bool = False) -> requests.Response:
        ours = urlsplit(url)[:2] == self.origin
        try:
            answer = self.session.request(
                method,
                url,
                auth=self.auth if ours else None,
                headers=self.bearer if ours else {},
                timeout=(CONNECT_S, READ_S),
                stream=True,
            )
        except GatewayError:
            raise
        except (requests.RequestException, OSError) as wrong:
            raise self.away(type(wrong).__name__) from None
        status = answer.status_code
        if 200 <= status < 300 or (gone_is_fine and status in (404, 410)):
            return answer
        answer.close()
        if status == 429 or status >= 500:
            raise self.away(f"HTTP {status}")
        raise Misconfigured(
            "SOURCE_REFUSED",
            f"Source {self.config.name}: the server answers HTTP {status} to {method}. Check path and connection; redirects "
            "are not followed.",
        )

    def _invalid(self, why: str) -> Misconfigured:
        return Misconfigured(
            "SOURCE_INVALID",
            f"Source {self.config.name}: its list cannot be used: {why}. docs/sources.md has the format.",
        )


class _Body:
    """An answer's body in pieces; a line that breaks before its end is an error, not a short file."""

    def __init__(self, answer: requests.Response, reader: HttpPullReader) -> None:
        self.answer, self.reader = answer, reader

    def read(self, size: int) -> bytes:
        try:
            return bytes(self.answer.raw.read(size, decode_content=True))
        except Exception as wrong:  # urllib3's own errors
            raise self.reader.away(type(wrong).__name__) from None

    def __enter__(self) -> _Body:
        return self

    def __exit__(self, *_: object) -> None:
        self.answer.close()
