"""Manifests, agent files, criteria, names and archives: for every input a value or a coded error, never anything else."""

from __future__ import annotations

import contextlib
import io
import zipfile
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest

from gateway.agents import changed_agent, load_agents_lenient
from gateway.codes import CODES
from gateway.errors import GatewayError, Misconfigured, Unreadable
from gateway.intake import archive
from gateway.intake.manifest import NAME, Manifest, read_manifest
from gateway.intake.names import free_path, safe_path
from gateway.settings import PROJECT
from gateway.values.text import is_storable
from support.mutate import TOKENS, mutated, names

MANIFEST = (
    b"mode: review\ncanary: 3\nrows: 40\nsource: job fair\nconsent: form A\nuploaded_by: rita\n"
    b"received_on: 2026-01-31\nfiles: [a.pdf, 'b c.csv']\n"
)
YAML = (
    *TOKENS,
    b"[" * 300,
    b"{" * 300,
    b"&a [*a]",
    b"*a",
    b"!!int x",
    b"!!binary =",
    b"!!timestamp 2026-99-99",
    b"!!python/name:os.system",
    b"? : ",
    b"<<: *x",
    b"0o777777777777777777777777",
    b"2026-02-30",
    b".inf",
    b"- - - - -",
    b"%YAML 9.9\n---\n",
)
AGENTS = sorted((PROJECT / "include" / "agents").glob("*.yaml"))


def known(wrong: GatewayError) -> str:
    """The error's code, if it is one that people can look up, and says something."""
    assert wrong.code in CODES
    assert len(wrong.sentence) > 10
    return wrong.code


def test_manifests(tmp_path: Path) -> None:
    seen: Counter[str] = Counter()
    for content in mutated(MANIFEST, 1500, "manifest", YAML):
        (tmp_path / NAME).write_bytes(content)
        try:
            manifest = read_manifest(tmp_path)
        except Misconfigured as wrong:
            seen[known(wrong)] += 1
            continue
        assert isinstance(manifest, Manifest)
        assert all(is_storable(text) for text in (manifest.source, manifest.consent, manifest.uploaded_by) if text)
        seen["good"] += 1
    assert min(seen["good"], seen["MANIFEST_INVALID"]) > 100, seen


@pytest.mark.parametrize("path", AGENTS[:2], ids=lambda path: path.stem)
def test_agent_files_and_criteria(tmp_path: Path, path: Path) -> None:
    agents, _ = load_agents_lenient(path.parent)
    for content in mutated(path.read_bytes(), 120, "agent", YAML):
        (tmp_path / path.name).write_bytes(content)
        good, bad = load_agents_lenient(tmp_path)
        assert (len(good), [known(wrong) for wrong in bad]) in ((1, []), (0, ["AGENT_FILE_INVALID"]))
    for content in mutated(b"preset: lenient\nrequired: [name, email]\nlimits: {holds: 0.3}\n", 200, "criteria", YAML):
        with contextlib.suppress(Misconfigured):  # and nothing else
            changed_agent(agents[path.stem], content.decode("utf-8", "replace"), "criteria")


def test_names_become_paths_of_ours(tmp_path: Path) -> None:
    made = set()
    for name in names(2000, "names"):
        path = safe_path(name)
        parts = PurePosixPath(path).parts
        assert parts
        assert not path.startswith("/")
        assert ".." not in parts
        assert parts[0] not in (NAME, "_READY")
        assert all(0 < len(part.encode("utf-8")) <= 255 for part in parts), "a name the disk takes, and text"
        assert is_storable(path)
        if len(made) < 150:
            free = free_path(tmp_path, path)
            (tmp_path / free).write_bytes(b"")
            made.add(free)
    assert len(made) == 150, "no two are one file"


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        packed.writestr("a/list.csv", "Name,Email\nGreta,greta@example.com\n" * 20, zipfile.ZIP_DEFLATED)
        packed.writestr("b.txt", "Hello " * 50, zipfile.ZIP_BZIP2)
        packed.writestr("c.txt", "Hello " * 50, zipfile.ZIP_LZMA)
        packed.writestr("ü/d.pdf", b"%PDF-1.7")
        inner = io.BytesIO()
        with zipfile.ZipFile(inner, "w") as nested:
            nested.writestr("../up.txt", "x")
            nested.writestr("e.csv", "a,b\n")
        packed.writestr("inner.zip", inner.getvalue())
    return buffer.getvalue()


def test_archives(tmp_path: Path) -> None:
    opened, refused = 0, Counter[str]()
    tokens = (*TOKENS, b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04", b"\x0e\x00", b"\xff\xff\xff\xff", b"../")
    limits = archive.Limits(max_files=50, max_file_bytes=100_000, max_total_bytes=1_000_000)
    for number, content in enumerate(mutated(zipped(), 500, "zip", tokens)):
        path, into = tmp_path / "x.zip", tmp_path / str(number)
        path.write_bytes(content)
        into.mkdir()
        try:
            members = archive.expand(path, into, limits)
        except Unreadable as wrong:
            refused[known(wrong)] += 1
            continue
        opened += 1
        for member in members:
            assert member.ignored or (member.file is None) != (member.code is None)
            assert member.code is None or member.code in CODES
            assert member.file is None or member.file.parent == into
            assert "\0" not in member.path_in_zip
    assert sorted(p.name for p in tmp_path.iterdir() if not p.name.isdigit()) == ["x.zip"], "nothing beside"
    assert opened > 100
    assert sum(refused.values()) > 20, refused
