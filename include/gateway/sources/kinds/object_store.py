"""A prefix of a bucket, by fsspec: s3, gs, abfs. An object appears whole, a batch of several does not: the rule stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, cast
from urllib.parse import urlsplit

from upath import UPath

from gateway.credentials import Credentials, credentials
from gateway.deliver import guard
from gateway.sources.port import FileReader, Item, Round

CONNECT_S = 10.0


class ObjectStoreReader(FileReader):
    """Versions are the store's own (ETag, generation), with the time of the last change. Each fsspec store has its own errors."""

    AWAY = "the store does not answer"
    REFUSALS = (
        (
            (ImportError, ValueError, TypeError),
            "the store cannot be opened ({}). Install its fsspec package (s3fs, gcsfs, adlfs), and check url and connection.",
        ),
        ((PermissionError, FileNotFoundError), "the store refuses it ({}). Check url, connection and rights."),
    )

    def __init__(self, config: Any, round_: Round) -> None:
        super().__init__(config, round_)
        given = credentials(config.connection) if config.connection else None
        options = _options(given) if given else {}
        endpoint = options.get("endpoint_url")
        if endpoint and not config.allow_private:
            parts = urlsplit(str(endpoint))
            try:
                guard.open_socket(parts.hostname or "", parts.port or 443, CONNECT_S).close()
            except OSError as wrong:
                raise self.away(type(wrong).__name__) from None
        with self.words():
            root = UPath(config.url, **options)
            self.fs: Any = root.fs
            self.root = root.path.rstrip("/") + "/"

    def files(self) -> Iterator[Item]:
        with self.words():
            self.fs.invalidate_cache()
            try:
                found = self.fs.find(self.root, detail=True)
            except FileNotFoundError:
                bucket = self.root.split("/", 1)[0]
                if not self.fs.exists(bucket):
                    raise
                found = {}
        for key, facts in found.items():
            name = key.removeprefix(self.root)
            if name and not name.endswith("/"):
                yield Item(key, _version(facts), name, facts.get("size"))

    def open(self, item: Item) -> BinaryIO:
        with self.words():
            return cast("BinaryIO", self.fs.open(item.key, "rb"))

    def version(self, item: Item) -> str | None:
        with self.words():
            self.fs.invalidate_cache()
            try:
                return _version(self.fs.info(item.key))
            except FileNotFoundError:
                return None

    def move(self, item: Item, into: str) -> None:
        with self.words():
            self.fs.copy(item.key, f"{self.root}{into}")
            self.fs.rm_file(item.key)

    def remove(self, item: Item) -> None:
        with self.words():
            self.fs.rm_file(item.key)


def _options(given: Credentials) -> dict[str, Any]:
    """fsspec's options from an Airflow connection, of type aws among others."""
    extra = dict(given.extra)
    region = extra.pop("region_name", None)
    own = {"key": given.login, "secret": given.secret, "endpoint_url": given.base_url}
    client = {"client_kwargs": {"region_name": region}} if region else {}
    return {name: value for name, value in own.items() if value} | client | extra


def _version(facts: Mapping[str, Any]) -> str:
    tag = next((str(facts[name]) for name in ("ETag", "etag", "generation", "content_md5") if facts.get(name)), "")
    changed = next((str(facts[n]) for n in ("LastModified", "updated", "last_modified", "mtime") if facts.get(n)), "")
    return f"{facts.get('size')}-{tag.strip(chr(34))}-{changed}"
