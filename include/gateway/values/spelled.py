"""Addresses written so that machines do not see them: "jane (at) example (dot) org", "jane AT example DOT org", "jane @ example . org"."""

from __future__ import annotations

import re

from gateway.values.places import is_tld
from gateway.values.values import PROVIDERS, normalise_email

_OPEN, _CLOSE = r"\s*[(\[{<«]\s*", r"\s*[)\]}>»]\s*"
_AT_WORD = r"(?:at|ät|arroba|chez|chiocciola|malpa|собака|zavináč)"
_DOT_WORD = r"(?:dot|punkt|punto|point|ponto|kropka|точка|tecka)"
_AT = rf"(?:{_OPEN}(?:{_AT_WORD}|@|a){_CLOSE}|\s*[-_]{_AT_WORD}[-_]\s*|\s+{_AT_WORD}\s+|\s*@\s*)"
_DOT = rf"(?:{_OPEN}(?:{_DOT_WORD}|\.){_CLOSE}|\s*[-_]{_DOT_WORD}[-_]\s*|\s+{_DOT_WORD}\s+|\s?\.\s?(?=[a-z]))"
_WHOLE = re.compile(rf"(?<![\w@.])([\w+-]+(?:(?:{_DOT}|\.)[\w+-]+)*?)({_AT})([\w-]+(?:{_DOT}[\w-]+)+)(?![\w@])", re.I)
_LOOSE = re.compile(rf"\s+(?:{_AT_WORD}|@)\s+", re.I)
_CALLED = re.compile(r"(?:mail|correo|courriel|почта|post)\s*:?\s*$", re.I)


def spelled_email(text: str) -> tuple[int, int, str] | None:
    """(start, end, the address) of the first one in a text of a line's length, or None.

    A bare "at" or "@" between words counts only if a dot is spelled too, a label calls it a mail, or the first word is none of prose
    ("jane.roe", "jroe82"): "worked at example.org", "Developer @ example.org" name an employer.
    """
    for match in _WHOLE.finditer(text):
        local, at, host = match.groups()
        labels = [label for label in re.split(_DOT, host, flags=re.I) if label]
        while len(labels) > 2 and not is_tld(labels[-1]):
            labels.pop()
        if len(labels) < 2 or not is_tld(labels[-1]):
            continue
        spelled_dot = re.search(rf"{_DOT_WORD}", host, re.I) is not None
        if _LOOSE.fullmatch(at) and not spelled_dot and not _is_local(text[: match.start()], local, labels[0]):
            continue
        first = re.split(rf"(?:{_DOT}|\.)", local, flags=re.I)
        value = normalise_email(f"{'.'.join(part for part in first if part)}@{'.'.join(labels)}")
        if value:
            return match.start(), match.end(), value
    return None


def _is_local(before: str, local: str, host: str) -> bool:
    if _CALLED.search(before) or host.lower() in PROVIDERS:
        return True
    return bool(re.match(r"[^\W\d_]{2}", local) and re.search(r"[.\d_+]", local))
