"""What was claimed reaches whoever registers it, through the files store and nothing else."""

from __future__ import annotations

import os
import secrets
import shutil
import threading
import time
from pathlib import Path

import pytest
from upath import UPath

from gateway.errors import Misconfigured, Transient
from gateway.intake import arrivals, files
from gateway.settings import settings


@pytest.fixture(params=["local", "another file system", "object store"])
def kept_in(request: pytest.FixtureRequest, home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The kinds of files store; "memory" speaks fsspec as an object store does."""
    if request.param == "object store":
        monkeypatch.setenv("GATEWAY_FILES_URL", f"memory://gateway-{secrets.token_hex(4)}")
        settings.cache_clear()
    if request.param == "another file system":

        def refused(self: Path, target: Path) -> Path:
            if ".part" in self.name:
                os.rename(self, target)  # noqa: PTH104 - the test's own, below the patched one
                return target
            raise OSError(18, "Invalid cross-device link")

        monkeypatch.setattr(Path, "rename", refused)
    return str(request.param)


def claimed(home: Path) -> Path:
    folder = home / "inbox" / ".claimed" / "nurse" / "b1"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.csv").write_bytes(b"a")
    (folder / "sub" / "Müller.csv").write_bytes(b"b")
    (folder / os.fsdecode(b"M\xfcller.csv")).write_bytes(b"c")
    (folder / "link.pdf").symlink_to("/etc/passwd")
    return folder


def test_everything_arrives_under_the_name_it_was_sent_with(kept_in: str, home: Path) -> None:
    folder = claimed(home)
    arrivals.hand_over(folder, "nurse", "b1")
    assert not folder.exists()
    with arrivals.fetched("nurse", "b1") as there:
        found = {str(p.relative_to(there)): p for p in there.rglob("*") if p.is_symlink() or p.is_file()}
        assert set(found) == {"a.csv", "sub/Müller.csv", os.fsdecode(b"M\xfcller.csv"), "link.pdf"}
        assert found["sub/Müller.csv"].read_bytes() == b"b"
        assert found["link.pdf"].is_symlink()
    arrivals.clear("nurse", "b1")
    assert not arrivals.is_there("nurse", "b1")
    arrivals.clear("nurse", "b1")


def test_two_that_hand_over_the_same_folder_lose_nothing(
    kept_in: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page hands over what was uploaded, and the sensor finds the folder meanwhile."""
    folder = claimed(home)
    names = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_symlink() or p.is_file()}
    nearly = threading.Event()

    def tree(source: Path, target: Path, *, symlinks: bool) -> None:
        """Copies as shutil does; who came second is slower than the rest of who was first."""
        target.mkdir()
        for path in sorted(source.iterdir()):
            if path.is_dir():
                nearly.set()
                time.sleep(0.2)
                tree(path, target / path.name, symlinks=symlinks)
            else:
                time.sleep(0.5 if threading.current_thread() is threading.main_thread() else 0)
                shutil.copy2(path, target / path.name, follow_symlinks=False)

    monkeypatch.setattr(arrivals.shutil, "copytree", tree)
    first = threading.Thread(target=arrivals.hand_over, args=(folder, "nurse", "b1"))
    first.start()
    nearly.wait(1)
    arrivals.hand_over(folder, "nurse", "b1")
    first.join()
    assert not folder.exists()
    with arrivals.fetched("nurse", "b1") as there:
        assert {str(p.relative_to(there)) for p in there.rglob("*") if p.is_symlink() or p.is_file()} == names


def test_a_hand_over_cut_off_is_done_again_from_the_claimed_folder(
    kept_in: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = claimed(home)
    with monkeypatch.context() as cut:
        cut.setattr(arrivals.shutil, "rmtree", lambda *_, **__: None)  # killed before the claimed folder went
        arrivals.hand_over(folder, "nurse", "b1")
    if not folder.exists():
        pytest.skip("a rename is done or not done")
    arrivals.hand_over(folder, "nurse", "b1")
    assert not folder.exists()
    with arrivals.fetched("nurse", "b1") as there:
        assert (there / "a.csv").read_bytes() == b"a"


def test_half_an_upload_is_not_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_FILES_URL", f"memory://gateway-{secrets.token_hex(4)}")
    settings.cache_clear()
    folder = claimed(home)

    def cut(self: UPath, *_: object, **__: object) -> int:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(UPath, "write_bytes", cut)
        with pytest.raises(Transient) as raised:
            arrivals.hand_over(folder, "nurse", "b1")
    assert raised.value.code == "CLAIM_FAILED"
    assert folder.exists()
    with pytest.raises(Transient) as away, arrivals.fetched("nurse", "b1"):
        pass
    assert away.value.code == "FILES_MISSING"


def test_a_files_store_that_refuses_is_refused_at_the_start(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files.check()
    monkeypatch.setenv("GATEWAY_FILES_URL", "nosuchprotocol://bucket/prefix")
    settings.cache_clear()
    with pytest.raises(Misconfigured) as raised:
        files.check()
    assert raised.value.code == "FILES_STORE_REFUSED"


def test_the_connection_of_the_files_store(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GATEWAY_FILES_URL", "s3://bucket")
    settings.cache_clear()
    assert files._options() == {}
    monkeypatch.setenv(
        "AIRFLOW_CONN_GATEWAY_FILES",
        '{"conn_type": "aws", "login": "id", "password": "word", "host": "http://127.0.0.1", "port": 9000, "extra": {"anon": false}}',
    )
    assert files._options() == {"key": "id", "secret": "word", "endpoint_url": "http://127.0.0.1:9000", "anon": False}
