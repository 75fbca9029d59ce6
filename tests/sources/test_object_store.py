"""A bucket on an S3 server (moto), by fsspec: objects become a batch, claims are the store's, originals go last."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from gateway.sources import pull
from gateway.sources.check import check
from gateway.sources.kinds.object_store import ObjectStoreReader
from support.sources import AGENT, agent_with, batches, connection, look, names_in, received

LIST = b"Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(endpoint: str, request: pytest.FixtureRequest) -> Any:
    s3 = boto3.resource(
        "s3", endpoint_url=endpoint, aws_access_key_id="key", aws_secret_access_key="secret", region_name="us-east-1"
    )
    made = s3.Bucket(f"agency-{abs(hash(request.node.name)) % 10**8}")
    made.create()
    return made


@pytest.fixture
def use(home: Path, endpoint: str, bucket: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def made(**said: Any) -> None:
        agent_with(
            home,
            monkeypatch,
            {
                "name": "agency",
                "kind": "object_store",
                "url": f"s3://{bucket.name}/out",
                "connection": "agency_s3",
                "quiet_s": 0,
                "allow_private": True,
                **said,
            },
        )

    connection(
        monkeypatch,
        "agency_s3",
        conn_type="aws",
        login="key",
        password="secret",
        extra={"endpoint_url": endpoint, "region_name": "us-east-1"},
    )
    return made


def put(bucket: Any, *keys: str, body: bytes = LIST) -> None:
    for key in keys:
        bucket.put_object(Key=key, Body=body)


def keys(bucket: Any) -> list[str]:
    return sorted(one.key for one in bucket.objects.all())


def test_prefixes_become_batches_and_what_is_beside_the_prefix_is_not_ours(
    use: Callable[..., None], bucket: Any
) -> None:
    use()
    put(bucket, "out/a.csv", "out/monday/b.csv", "out/monday/deep/c.csv", "outside.csv", "out/empty/")
    done = look()
    assert sorted(names_in(one) for one in done.batches) == [["a.csv"], ["b.csv", "deep/c.csv"]]
    assert look().batches == []
    put(bucket, "out/a.csv", body=LIST + b"Ada Quill,ada.quill@example.com\n")
    assert len(look().batches) == 1, "the same key with other bytes is something new"
    assert [batch.source for batch in batches()] == ["agency"] * 3


@pytest.mark.parametrize("afterwards", ["move", "delete"])
def test_originals_go_last(
    use: Callable[..., None], bucket: Any, afterwards: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(afterwards=afterwards, complete="marker")
    put(bucket, "out/x/a.csv", "out/x/b.csv")
    assert look().waiting == 1
    put(bucket, "out/x/_READY", body=b"")

    def away(*_: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(pull, "open_claimed", away)
        done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert len(keys(bucket)) == 3, "the batch is not open: nothing was touched"
    [batch] = look().batches
    wanted = [f"out/.taken/{batch}/{name}" for name in ("_READY", "a.csv", "b.csv")] if afterwards == "move" else []
    assert keys(bucket) == wanted
    assert received() == ["a.csv", "b.csv"]
    assert look().batches == []


def test_two_workers_that_see_the_same_objects_share_them_out(
    use: Callable[..., None], bucket: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    use()
    put(bucket, *(f"out/{n}/a{n}.csv" for n in range(4)))
    real, other = ObjectStoreReader.fetch, []

    def slow(self: ObjectStoreReader, *given: Any) -> None:
        if not other:
            other.append(None)
            other.append(pull.pull(AGENT, "agency"))
        real(self, *given)

    monkeypatch.setattr(ObjectStoreReader, "fetch", slow)
    first = look()
    assert (len(first.batches), len(other[1].batches)) == (1, 3)
    assert received() == [f"a{n}.csv" for n in range(4)]


def test_what_is_wrong_is_said(use: Callable[..., None], bucket: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    use()
    [one] = check()
    assert one.ok, one.sentence
    use(url="s3://no-such-bucket-anywhere/x")
    [one] = check()
    assert one.code == "SOURCE_REFUSED"
    use(allow_private=False)
    [one] = check()
    assert one.code == "ADDRESS_FORBIDDEN"
    use(url="gs://bucket/x", connection=None)
    [one] = check()
    assert one.code == "SOURCE_REFUSED"
    assert "gcsfs" in one.sentence
    connection(
        monkeypatch, "agency_s3", conn_type="aws", login="k", password="s", extra={"endpoint_url": "http://127.0.0.1:1"}
    )
    use()
    [one] = check()
    assert one.code == "SOURCE_UNREACHABLE"
