"""One line of a diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from gateway.errors import GatewayError


class Level(StrEnum):
    """ok < warning (works, but needs attention) < fault (does not work)."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


ORDER = list(Level)


@dataclass(frozen=True, slots=True)
class Line:
    """name: the check; says: the finding; step: the remedy, "" if nothing needs to be done."""

    name: str
    level: Level
    says: str
    step: str = ""


Look = Callable[[], Iterable[Line]]


@dataclass(frozen=True, slots=True)
class Report:
    lines: tuple[Line, ...]

    @property
    def worst(self) -> Level:
        return max((line.level for line in self.lines), key=ORDER.index, default=Level.OK)

    def as_dict(self) -> dict[str, Any]:
        """{"worst": level, "counts": {level: number}, "lines": [{"name", "level", "says", "step"}]}"""
        counts = {str(level): sum(line.level is level for line in self.lines) for level in Level}
        return {"worst": str(self.worst), "counts": counts, "lines": [asdict(line) for line in self.lines]}


def looked(look: Look) -> Iterator[Line]:
    """The lines of a check. A check that fails is a fault and stops no other; only the type of its error is shown."""
    name = look.__name__.strip("_").replace("_", " ")
    try:
        yield from look()
    except GatewayError as wrong:
        yield Line(
            name, Level.FAULT, f"{wrong.code}: {wrong.sentence}", "Do what the message says, then run the check again."
        )
    except Exception as wrong:
        yield Line(name, Level.FAULT, f"This check failed ({type(wrong).__name__}).", "Fix the line above first.")


def ok(name: str, says: str) -> Line:
    return Line(name, Level.OK, says)


def warning(name: str, says: str, step: str) -> Line:
    return Line(name, Level.WARNING, says, step)


def fault(name: str, says: str, step: str) -> Line:
    return Line(name, Level.FAULT, says, step)
