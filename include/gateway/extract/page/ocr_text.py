"""What recognition gets wrong in addresses and numbers, put right where the rest leaves no doubt."""

from __future__ import annotations

import re

from gateway.values.places import is_tld

_DOMAIN = r"(?=[\w-]+(?:[ ]?\.[ ]?[\w-]+)*[ ]?\.[ ]?[a-z]{2,}\b)"
_LOOKS_LIKE_AT = re.compile(rf"(?<=[a-z0-9])(?:[ ]?(?:[©＠]|\((?:a|@|o)\))[ ]?|®){_DOMAIN}")
_ADDRESS = re.compile(r"([\w.+-]+(?:[ ]?\.[ ]?[\w+-]+)*)[ ]?@[ ]?([\w-]+)((?:[ ]?\.[ ]?[a-z0-9-]+)+)")
_NUMBER = re.compile(r"(?<![\w@.])[+(]{0,2}[\dOoIl][\dOoIl()\s./-]{5,20}[\dOoIl](?![\w@])")
_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1"})
LEAST_DIGITS = 6  # beside them a letter in a number is a digit misread
MOST_LETTERS = 3


def mended(text: str) -> str:
    """The line with e-mail addresses closed up ("jane . doe (a) example. com") and letters among a number's digits turned back."""
    if any(sign in text for sign in "@©®＠(") and "." in text:
        text = _ADDRESS.sub(_closed, _LOOKS_LIKE_AT.sub("@", text))
    return _NUMBER.sub(_dialled, text) if any(sign in text for sign in "OoIl") else text


def _closed(match: re.Match[str]) -> str:
    """The address without spaces, as far as it reaches: what follows a whole domain and a space is the next sentence."""
    whole, local, host, rest = match.group(), match.group(1), match.group(2), match.group(3)
    if " " not in whole:
        return whole
    kept = ""
    for part in re.findall(r"[ ]?\.[ ]?[a-z0-9-]+", rest):
        if " " in part and kept and is_tld(kept.rsplit(".", 1)[-1]):
            break
        kept += part
    domain = kept.replace(" ", "")
    if not is_tld(domain.rsplit(".", 1)[-1]):
        return whole
    # a space before the last dot of the local part may be the end of a sentence: join only what is written small throughout
    if " " in local:
        pieces = re.split(r"[ ]?\.[ ]?", local)
        name = ".".join(pieces) if local == local.lower() else local.rsplit(" ", 1)[-1]
        lead = "" if local == local.lower() else local[: len(local) - len(name)]
    else:
        lead, name = "", local
    return f"{lead}{name}@{host}{domain}{rest[len(kept) :]}"


def _dialled(match: re.Match[str]) -> str:
    whole = match.group()
    letters = sum(c.isalpha() for c in whole)
    if sum(c.isdigit() for c in whole) < LEAST_DIGITS or not 0 < letters <= MOST_LETTERS:
        return whole
    return whole.translate(_DIGITS)
