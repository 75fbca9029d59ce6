"""The table of reason codes and the source agree: nothing undocumented, nothing unused, nothing half filled."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.cli.docs import pages
from gateway.codes import CODES, explain
from gateway.codes.docs import STAGES
from gateway.settings import PROJECT

SHAPE = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+")
# Calls whose arguments are reason codes, wherever they stand in the source.
CALLS = {"Misconfigured", "Unreadable", "Refused", "Conflict", "Permanent", "Transient", "Note", "Finding", "Gate"}
FOLDERS = ("include/gateway", "plugins", "dags")


def sources() -> Iterator[tuple[Path, ast.Module]]:
    for folder in FOLDERS:
        for path in sorted((PROJECT / folder).rglob("*.py")):
            if "gateway/codes" not in path.as_posix():
                yield path, ast.parse(path.read_text("utf-8"))


def literals() -> set[str]:
    """Every text constant of the source that has the shape of a code."""
    return {
        node.value
        for _, tree in sources()
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SHAPE.fullmatch(node.value)
    }


def raised() -> set[str]:
    """Codes given to an exception, a note, a finding or a gate, or as `code=`."""
    found = set()
    for _, tree in sources():
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if name in CALLS and node.args:
                given.append(node.args[0])
            found |= {one.value for one in given if isinstance(one, ast.Constant) and SHAPE.fullmatch(str(one.value))}
    return found


def test_the_search_finds_codes_at_all() -> None:
    assert {"AGENT_FILE_INVALID", "GATE_BROKEN", "BATCH_HOLDS"} <= raised() | literals()


def test_every_code_that_is_used_is_documented() -> None:
    assert raised() - CODES.keys() == set()


def test_every_documented_code_is_used() -> None:
    assert CODES.keys() - literals() == set()


def test_every_entry_is_filled_and_of_a_known_stage() -> None:
    for code in CODES.values():
        assert SHAPE.fullmatch(code.id), code.id
        assert code.stage in STAGES, code.id
        assert code.who in ("recruiter", "sender", "operator", "nobody"), code.id
        for text in (code.means, code.cause, code.fix, code.example):
            assert len(text) >= 8, (code.id, text)
            assert "|" not in text, (code.id, text)
        assert explain(code.id) is code


def test_the_page_names_every_code() -> None:
    page = pages()["docs/codes.md"]
    assert [code for code in CODES if f"| `{code}` |" not in page] == []
