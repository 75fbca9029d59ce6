"""batch.yaml: what a sender may say about a drop. Also the sign that the drop is complete."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from gateway.errors import Misconfigured
from gateway.model import Mode

NAME = "batch.yaml"
MAX_BYTES = 1_000_000
Text = Annotated[str, Field(min_length=1, max_length=200)]


class Manifest(BaseModel):
    """Everything is optional; unknown keys are refused so that a typing error is not a silent default.

    files   names that belong to the drop: it is complete when all of them are there
    rows    candidates the sender counted, compared with what was read
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    mode: Mode | None = None
    source: Text | None = None
    consent: Text | None = None
    uploaded_by: Text | None = None
    received_on: Text | None = None
    canary: int | None = Field(None, ge=1)
    rows: int | None = Field(None, ge=0)
    files: tuple[Text, ...] = ()


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a drop, None where there is none.

    raises   Misconfigured(MANIFEST_INVALID) naming the key and what is wrong with it, never the value given
    """
    path = folder / NAME
    if not path.is_file() or path.is_symlink():
        return None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise Misconfigured("MANIFEST_INVALID", f"{NAME} is larger than {MAX_BYTES:,} bytes; shorten it.")
        given = yaml.safe_load(path.read_text("utf-8-sig"))
        return Manifest.model_validate({} if given is None else given)
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = f" at line {mark.line + 1}" if mark else ""
        raise Misconfigured("MANIFEST_INVALID", f"{NAME} is not YAML{line}; correct it.") from None
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"]) or "the file"
        raise Misconfigured("MANIFEST_INVALID", f"{NAME}: {key}: {first['msg']}; correct it.") from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise Misconfigured("MANIFEST_INVALID", f"{NAME} cannot be read ({type(wrong).__name__}).") from None
