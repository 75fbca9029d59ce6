"""What a complete drop is, and that claiming one is all or nothing."""

from __future__ import annotations

import errno
import os
import time
from pathlib import Path

import pytest

from gateway.errors import Misconfigured, Transient
from gateway.intake import inbox
from gateway.intake.manifest import read_manifest
from gateway.model import Mode

AGENTS = {"nurse"}


def drops(root: Path, *, quiet_s: float = 10.0, later_s: float = 0.0) -> tuple[inbox.Drop, ...]:
    return inbox.look(root, AGENTS, quiet_s=quiet_s, alarm_s=900, at=time.time() + later_s).drops


@pytest.fixture
def nurse(tmp_path: Path) -> Path:
    folder = tmp_path / "nurse"
    folder.mkdir()
    return folder


def test_loose_files_wait_for_the_quiet_period(tmp_path: Path, nurse: Path) -> None:
    (nurse / "a.pdf").write_bytes(b"%PDF")
    (nurse / "b.pdf").write_bytes(b"%PDF")
    (drop,) = drops(tmp_path)
    assert (drop.complete, drop.loose, len(drop.entries)) == (False, True, 2)
    (drop,) = drops(tmp_path, later_s=11)
    assert drop.complete


def test_a_file_that_grows_starts_the_quiet_period_again(tmp_path: Path, nurse: Path) -> None:
    path = nurse / "a.pdf"
    path.write_bytes(b"%PDF")
    old = time.time() - 100
    os.utime(path, (old, old))  # a copy that keeps old times: the inode's change is what counts
    assert not drops(tmp_path)[0].complete
    assert drops(tmp_path, later_s=11)[0].complete


def test_ready_marker_completes_at_once(tmp_path: Path, nurse: Path) -> None:
    (nurse / "week 48").mkdir()
    (nurse / "week 48" / "a.pdf").write_bytes(b"%PDF")
    assert not drops(tmp_path)[0].complete
    (nurse / "week 48" / "_READY").touch()
    assert drops(tmp_path)[0].complete


def test_manifest_completes_when_all_its_files_are_there(tmp_path: Path, nurse: Path) -> None:
    folder = nurse / "week 48"
    folder.mkdir()
    (folder / "a.pdf").write_bytes(b"%PDF")
    (folder / "batch.yaml").write_text("mode: review\nfiles: [a.pdf, b.pdf]\n")
    assert not drops(tmp_path)[0].complete
    assert not drops(tmp_path, later_s=60)[0].complete, "a listed file may still come"
    (folder / "b.pdf").write_bytes(b"%PDF")
    assert drops(tmp_path)[0].complete
    assert read_manifest(folder).mode == Mode.REVIEW  # type: ignore[union-attr]


def test_an_upload_in_progress_keeps_the_drop_open_until_it_is_stale(tmp_path: Path, nurse: Path) -> None:
    (nurse / "a.pdf").write_bytes(b"%PDF")
    (nurse / "b.pdf.part").write_bytes(b"%P")
    assert not drops(tmp_path, later_s=60)[0].complete
    assert drops(tmp_path, later_s=inbox.STALE_S + 1)[0].complete


def test_an_empty_folder_is_somebody_about_to_copy(tmp_path: Path, nurse: Path) -> None:
    (nurse / "week 48").mkdir()
    assert drops(tmp_path) == ()
    assert drops(tmp_path, later_s=inbox.STALE_S + 1)[0].complete


def test_unknown_agent_is_reported_and_left_alone(tmp_path: Path, nurse: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "a.pdf").write_bytes(b"%PDF")
    (tmp_path / "lost.pdf").write_bytes(b"%PDF")
    view = inbox.look(tmp_path, AGENTS, quiet_s=0, alarm_s=900)
    assert {trouble.code for trouble in view.problems} == {"UNKNOWN_AGENT", "NO_AGENT_FOLDER"}
    assert view.drops == ()
    assert (stranger / "a.pdf").exists()
    assert (tmp_path / "lost.pdf").exists()


def test_unreadable_folder_is_a_trouble_and_the_next_drop_goes_on(
    tmp_path: Path, nurse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("closed", "open"):
        (nurse / name).mkdir()
        (nurse / name / "a.pdf").write_bytes(b"%PDF")
        (nurse / name / "_READY").touch()
    real = os.scandir

    def scandir(path: object) -> object:  # root reads everything, so the refusal is made here
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return real(path)  # type: ignore[call-overload]

    monkeypatch.setattr(os, "scandir", scandir)
    view = inbox.look(tmp_path, AGENTS, quiet_s=0, alarm_s=900)
    assert [trouble.code for trouble in view.problems] == ["FOLDER_UNREADABLE"]
    assert "Permission denied" in view.problems[0].sentence
    assert [drop.folder.name for drop in view.drops] == ["open"]


def test_a_drop_that_waits_too_long_raises_the_alarm(tmp_path: Path, nurse: Path) -> None:
    (nurse / "a.pdf").write_bytes(b"%PDF")
    view = inbox.look(tmp_path, AGENTS, quiet_s=1, alarm_s=60, at=time.time() + 100)
    assert [trouble.code for trouble in view.problems] == ["INBOX_STALE"]


def test_claim_moves_a_folder_whole(tmp_path: Path, nurse: Path) -> None:
    (nurse / "week 48" / "deep").mkdir(parents=True)
    (nurse / "week 48" / "deep" / "a.pdf").write_bytes(b"%PDF")
    (drop,) = drops(tmp_path, quiet_s=0)
    folder = inbox.claim(tmp_path, drop, "b1")
    assert (folder / "deep" / "a.pdf").read_bytes() == b"%PDF"
    assert not (nurse / "week 48").exists()
    assert list(inbox.claimed(tmp_path)) == [("nurse", "b1", folder)]
    assert drops(tmp_path, quiet_s=0) == ()


def test_claim_that_fails_leaves_everything_in_the_inbox(
    tmp_path: Path, nurse: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (nurse / "a.pdf").write_bytes(b"%PDF")
    (drop,) = drops(tmp_path, quiet_s=0)

    def rename(self: Path, target: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(Transient) as raised:
        inbox.claim(tmp_path, drop, "b1")
    assert raised.value.code == "DISK_FULL"
    assert (nurse / "a.pdf").exists()
    assert list(inbox.claimed(tmp_path)) == []


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("mode: [", "not valid YAML at line"),
        ("mode: sometimes", "mode:"),
        ("moed: ingest", "moed:"),
        ("canary: 0", "canary:"),
        ("- a\n- b", "the file:"),
        ("\x00", "not valid YAML"),
    ],
)
def test_a_bad_manifest_says_where(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "batch.yaml").write_text(text)
    with pytest.raises(Misconfigured) as raised:
        read_manifest(tmp_path)
    assert raised.value.code == "MANIFEST_INVALID"
    assert says in raised.value.sentence


def test_a_manifest_never_repeats_values_it_refuses(tmp_path: Path) -> None:
    (tmp_path / "batch.yaml").write_text("mode: jane.doe@example.com\n")
    with pytest.raises(Misconfigured) as raised:
        read_manifest(tmp_path)
    assert "jane.doe" not in raised.value.sentence
