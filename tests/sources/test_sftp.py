"""A real SFTP server (asyncssh), asked through Airflow's own SFTPHook and connection."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from gateway.intake import files
from gateway.sources import pull
from gateway.sources.check import check
from gateway.store.engine import reading
from gateway.store.tables import Document
from gateway_airflow.hooks import sources as hooks
from support.sftp_server import PASSWORD, USER, Sftp, sftp_serving
from support.sources import AGENT, agent_with, connection, look, names_in, received

LIST = b"Name,Email\nGreta Hollingsworth,greta.hollingsworth@example.com\n"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sftp]:
    (tmp_path / "server" / "out").mkdir(parents=True)
    with sftp_serving(tmp_path / "server") as one:
        yield one


@pytest.fixture
def use(home: Path, server: Sftp, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """use(afterwards=...): the agent's source; the connection names the server's host key."""

    def made(**said: Any) -> None:
        agent_with(
            home,
            monkeypatch,
            {
                "name": "agency",
                "kind": "sftp",
                "connection": "agency_sftp",
                "path": "/out",
                "quiet_s": 0,
                "allow_private": True,
                **said,
            },
        )

    connect(monkeypatch, server)
    hooks.use_doors()
    return made


def connect(patch: pytest.MonkeyPatch, server: Sftp, password: str = PASSWORD, **extra: Any) -> None:
    said = {"host_key": server.host_key, **extra}
    connection(
        patch,
        "agency_sftp",
        conn_type="sftp",
        host="127.0.0.1",
        port=server.port,
        login=USER,
        password=password,
        extra={name: value for name, value in said.items() if value is not None},
    )


def test_folders_become_batches_and_are_moved_away(use: Callable[..., None], server: Sftp) -> None:
    use(afterwards="move")
    out = server.root / "out"
    (out / "monday" / "deep").mkdir(parents=True)
    for name in ("a.csv", "monday/b.csv", "monday/deep/c.csv"):
        (out / name).write_bytes(LIST)
    (out / "link.csv").symlink_to("/etc/passwd")
    done = look()
    assert sorted(names_in(one) for one in done.batches) == [["a.csv"], ["b.csv", "deep/c.csv"]]
    left = sorted(p.relative_to(out).as_posix() for p in out.rglob("*") if p.is_file() and not p.is_symlink())
    assert all(name.startswith(".taken/b") for name in left)
    assert len(left) == 3
    assert not (out / "monday").exists()
    assert look().batches == []


def test_a_large_file_arrives_whole_and_is_deleted(use: Callable[..., None], server: Sftp) -> None:
    use(afterwards="delete")
    content = LIST + b"".join(b"Person %d,p%d@example.com\n" % (n, n) for n in range(60_000))
    (server.root / "out" / "a.csv").write_bytes(content)
    [batch] = look().batches
    names_in(batch)
    with reading() as session:
        key = session.scalars(select(Document.file_key)).one()
    assert key is not None
    with files.local(key) as kept:
        assert kept.read_bytes() == content
    assert not list((server.root / "out").iterdir())


# The thread that paramiko asks ahead with has nobody to tell that the line is gone.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_line_that_is_cut_in_the_middle_loses_nothing(use: Callable[..., None], server: Sftp) -> None:
    use(afterwards="delete")
    for name in ("a.csv", "b.csv", "c.csv"):
        (server.root / "out" / name).write_bytes(LIST * 3000)
    server.reads_left = 8
    done = pull.pull(AGENT, "agency")
    assert done.problem is not None
    assert done.problem.code == "SOURCE_UNREACHABLE"
    assert done.batches == []
    assert len(list((server.root / "out").iterdir())) == 3, "nothing was removed before it was safe"
    server.reads_left = None
    assert len(look().batches) == 1
    assert received() == ["a.csv", "b.csv", "c.csv"]


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"password": "wrong"}, "SOURCE_REFUSED", "refuses the user"),
        ({"host_key": None}, "SOURCE_REFUSED", "host key"),
        (
            {"host_key": "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"},
            "SOURCE_REFUSED",
            "host key",
        ),
        ({"private_key": "not a key"}, "SOURCE_REFUSED", "fields"),
    ],
)
def test_what_is_wrong_with_a_connection_is_said(
    use: Callable[..., None],
    server: Sftp,
    monkeypatch: pytest.MonkeyPatch,
    change: dict[str, Any],
    code: str,
    said: str,
) -> None:
    use()
    connect(monkeypatch, server, **change)
    [one] = check()
    assert (one.ok, one.code) == (False, code)
    assert said in one.sentence
    assert one.fix
    assert PASSWORD not in one.sentence


def test_a_private_address_needs_the_agents_file_to_say_so(use: Callable[..., None], server: Sftp) -> None:
    use(allow_private=False)
    [one] = check()
    assert (one.ok, one.code) == (False, "ADDRESS_FORBIDDEN")


def test_a_server_that_is_away_and_a_folder_that_is_not_there(
    use: Callable[..., None], server: Sftp, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(path="/no-such")
    [one] = check()
    assert (one.code, one.kind) == ("SOURCE_REFUSED", "sftp")
    use()
    [one] = check()
    assert one.ok
    assert "0 file(s)" in one.sentence
    monkeypatch.delenv("AIRFLOW_CONN_AGENCY_SFTP")
    connection(monkeypatch, "agency_sftp", conn_type="sftp", host="127.0.0.1", port=1, login=USER, password="x")
    [one] = check()
    assert one.code == "SOURCE_UNREACHABLE"
