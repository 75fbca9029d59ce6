"""Profiles and readings as JSON, for the way out of a reading child. The types in gateway.model are the format.

A profile is a line. msgspec walks the dataclasses themselves (dataclasses.asdict copies deeply: on a 100,000-row list that
costs more than the reading) and checks every type on the way in: docs/decisions/0010-a-kept-codec.md.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from gateway.model import ExtractedProfile, Hints, Reading


def _plain(value: Any) -> Any:
    """What parsers hand out as text or numbers of their own (bs4's strings, NumPy's floats)."""
    for kind in (str, float, int):
        if isinstance(value, kind):
            return kind(value)
    raise NotImplementedError(f"{type(value).__name__} has no place in a profile")


_OUT = msgspec.json.Encoder(enc_hook=_plain)
_PROFILE = msgspec.json.Decoder(ExtractedProfile)


def profile_line(profile: ExtractedProfile) -> bytes:
    """One profile as one line of JSON without its line end. Lone surrogates (broken text layers) become "?"."""
    try:
        return _OUT.encode(profile)
    except UnicodeEncodeError:
        return _OUT.encode(_printable(msgspec.to_builtins(profile, enc_hook=_plain)))


def profile_from_line(line: bytes | str) -> ExtractedProfile:
    """The profile `profile_line` wrote; raises msgspec.DecodeError on anything else."""
    return _PROFILE.decode(line)


def iter_profiles(spool: Path) -> Iterator[ExtractedProfile]:
    """The profiles of a spool file, one at a time, in the order they were read."""
    with spool.open("rb") as lines:
        for line in lines:
            yield profile_from_line(line)


def reading_out(reading: Reading) -> dict[str, Any]:
    """JSON-ready."""
    out: dict[str, Any] = _printable(msgspec.to_builtins(reading, enc_hook=_plain))
    return out


def reading_in(data: dict[str, Any]) -> Reading:
    """The reading `reading_out` took apart; raises msgspec.ValidationError on anything else."""
    return msgspec.convert(data, Reading)


def hints_out(hints: Hints) -> dict[str, Any]:
    """JSON-ready."""
    out: dict[str, Any] = msgspec.to_builtins(hints)
    return out


def hints_in(data: dict[str, Any]) -> Hints:
    """The hints `hints_out` took apart."""
    return msgspec.convert(data, Hints)


def _printable(value: Any) -> Any:
    """The same without lone surrogates, which UTF-8 cannot hold."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, dict):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return value
