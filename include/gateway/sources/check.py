"""Asks each source whether it can be used. Changes nothing there."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from gateway.codes import CODES
from gateway.errors import GatewayError
from gateway.sources.port import Round
from gateway.sources.registry import open_reader
from gateway.sources.state import every


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer of one source. fix: what to do, None where nothing is."""

    agent_id: str
    source: str
    kind: str
    ok: bool
    code: str | None
    sentence: str
    fix: str | None

    def as_dict(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


def check(agent_id: str | None = None) -> list[Checked]:
    """Every source of open agents, or of one; one that does not answer does not stop the next."""
    return [_asked(agent.id, source) for agent, source in every() if agent_id in (None, agent.id)]


def _asked(agent_id: str, source: Any) -> Checked:
    try:
        with open_reader(source, Round({}, time.time())) as reader:
            return Checked(agent_id, source.name, source.kind, True, None, reader.check(), None)
    except GatewayError as wrong:
        fix = CODES[wrong.code].fix
        return Checked(agent_id, source.name, source.kind, False, wrong.code, wrong.sentence, fix)
