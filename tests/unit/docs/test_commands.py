"""Every command that the pages about people's data show is run, as it stands there."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
from pathlib import Path

import pytest
from sqlalchemy import select

from gateway.cli import main
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.keeping.backup import backup
from gateway.pipeline.trail import seal_and_anchor
from gateway.settings import PROJECT, make_home, settings
from gateway.store import keys, sealing
from gateway.store.engine import engine, migrate, reading
from gateway.store.tables import Batch, Profile
from support.forgotten import EMAIL, make_drop, read_in

PAGES = ("operations", "encryption", "backup", "threat-model")
SOMEBODY = "somebody@example.org"  # whom the pages name


def commands() -> list[str]:
    """Each `python -m gateway ...` and `make ...` of the pages' blocks, comments taken off, in order."""
    found = []
    for page in PAGES:
        text = (PROJECT / "docs" / f"{page}.md").read_text("utf-8")
        for block in re.findall(r"```bash\n(.*?)```", text, re.DOTALL):
            for line in block.splitlines():
                words = shlex.split(line, comments=True)
                if words:
                    found.append(shlex.join(words).replace("python -m gateway ", "gateway "))
    return list(dict.fromkeys(found))


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as the pages suppose one: a batch, a sealed trail, somebody erased; kept for every command."""
    folder = tmp_path_factory.mktemp("docs")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("GATEWAY_") and name != "GATEWAY_CORPUS"]:
            patch.delenv(name)
        patch.setenv("GATEWAY_HOME", str(folder / "home"))
        settings.cache_clear()
        make_home()
        migrate()
        read_in(make_drop(folder / "drop"))
        seal_and_anchor()
        erase(email="greta.hollingsworth@example.com", actor="rita")
        backup(folder / "monday")
        make_home()
        engine().dispose()
    settings.cache_clear()
    return folder


@pytest.fixture
def place(filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it for one command; the shell stands in it."""
    for name in ("AIRFLOW_HOME", "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(filled / "home", tmp_path / "home")
    monkeypatch.setenv("GATEWAY_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GATEWAY_BACKUP_DIR", str(tmp_path / "backups"))
    monkeypatch.setenv("GATEWAY_ENCRYPT", "true")
    monkeypatch.setenv("AIRFLOW_CONN_GATEWAY_MASTER", json.dumps({"password": sealing.new_master()}))
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    (receipt,) = (tmp_path / "home" / "files" / "receipts").iterdir()
    shutil.copy(receipt, tmp_path / "receipt.json")
    (tmp_path / "rescued" / "receipts").mkdir(parents=True)
    yield tmp_path
    engine().dispose()
    settings.cache_clear()


@pytest.mark.parametrize("command", [one for one in commands() if one.startswith("gateway ")])
def test_a_command_of_the_pages_does_what_they_say(
    command: str, place: Path, filled: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monday = place / "monday"
    if "--verify" in command or command.startswith("gateway restore"):
        shutil.copytree(filled / "monday", monday)
    if command.startswith("gateway restore"):
        monkeypatch.setenv("GATEWAY_HOME", str(place / "empty"))
        settings.cache_clear()
    if command.startswith("gateway retention release"):
        assert main(["retention", "hold", "--email", EMAIL, "--reference", "case"]) == 0
    with reading() as session:
        known = not command.startswith("gateway restore")
        person = session.scalars(select(Profile.id).where(Profile.email_norm == EMAIL)).first() if known else ""
        batch = session.scalars(select(Batch.id)).first() if known else ""
    given = {
        SOMEBODY: EMAIL,
        "PROFILE_ID": str(person),
        "BATCH_ID": str(batch),
        "KEY": keys.public_key() if known else "",
        "/backups/monday": str(monday),
        "/backups/before": str(place / "before"),
        "/rescued/receipts": str(place / "rescued" / "receipts"),
    }
    words = [given.get(word, word) for word in shlex.split(command)[1:]]
    if words[0] == "resume":
        with reading() as session:
            session.execute(Batch.__table__.update().values(state="running"))  # type: ignore[attr-defined]
            session.commit()
    assert main(words) == 0, capsys.readouterr()
    assert capsys.readouterr().out or words[0] in ("retention",)


def test_every_make_target_of_the_pages_is_there_and_every_command_is_documented() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (PROJECT / "Makefile").read_text("utf-8"), re.MULTILINE))
    asked = [one for one in commands() if not one.startswith("gateway ")]
    assert {one.split()[0] for one in asked} == {"make"}
    assert {one.split()[1] for one in asked} <= targets
    shown = {one.split()[1] for one in commands() if one.startswith("gateway ")}
    assert {
        "erase",
        "receipt",
        "retention",
        "access",
        "audit",
        "keys",
        "backup",
        "restore",
        "upgrade",
        "doctor",
    } <= shown
