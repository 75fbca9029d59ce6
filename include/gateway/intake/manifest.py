"""batch.yaml: a sender's statements about a drop. It also marks the drop as complete."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from gateway.errors import Misconfigured
from gateway.model import Mode
from gateway.values.text import is_storable

NAME = "batch.yaml"
MAX_BYTES = 1_000_000


def _storable(text: str) -> str:
    if not is_storable(text):
        raise ValueError("it holds a character that is not text (NUL or half of a pair)")
    return text


def _iso(value: Any) -> Any:
    """YAML reads 2026-01-01 as a date; the sender's text is kept instead."""
    return value.isoformat() if isinstance(value, date) else value


Text = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_storable)]
MOST = 1_000_000_000  # of a number a sender gives; more fits no column and means nothing


class Manifest(BaseModel):
    """Everything is optional; unknown keys are refused so that a typo is not a silent default.

    files   names that belong to the drop: it is complete when all of them are there
    rows    number of candidates according to the sender, compared with the number read
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode | None = None
    source: Text | None = None
    consent: Text | None = None
    uploaded_by: Text | None = None
    received_on: Annotated[Text | None, BeforeValidator(_iso)] = None
    canary: int | None = Field(None, ge=1, le=MOST)
    rows: int | None = Field(None, ge=0, le=MOST)
    files: tuple[Text, ...] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a drop; None if there is none.

    raises   Misconfigured(MANIFEST_INVALID) naming the key and the mistake, never the value given
    """
    path = folder / NAME
    if not path.is_file() or path.is_symlink():
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Misconfigured("MANIFEST_INVALID", f"{NAME} is larger than {MAX_BYTES:,} bytes; shorten it.")
        return parse_manifest(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as wrong:
        raise Misconfigured("MANIFEST_INVALID", f"{NAME} cannot be read ({type(wrong).__name__}).") from None


def parse_manifest(text: str) -> Manifest:
    """The manifest in a YAML text. Raises only Misconfigured(MANIFEST_INVALID), whatever the text."""
    try:
        given = yaml.safe_load(text)
        return Manifest.model_validate({} if given is None else given)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise Misconfigured("MANIFEST_INVALID", f"{NAME} is not valid YAML{line}; correct it.") from None
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Misconfigured("MANIFEST_INVALID", f"{NAME}: {key}: {first['msg']}; correct it.") from None
    except Exception as wrong:  # a date that does not exist, 500 open brackets, !!int abc: PyYAML raises as it comes
        raise Misconfigured(
            "MANIFEST_INVALID", f"{NAME} contains a value that YAML cannot build ({type(wrong).__name__}); correct it."
        ) from None
