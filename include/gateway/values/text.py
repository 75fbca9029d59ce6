"""Text as it should be compared, and the scripts it is written in. Values keep the printed form; matching uses these."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

# Characters that print nothing: soft hyphen, zero-width space and joiners, direction marks, word joiner, BOM.
INVISIBLE = dict.fromkeys([0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF])
_TYPOGRAPHIC = str.maketrans("’‘ʼ“”‐‑‒–—−\u00a0", "'''\"\"------ ")
_UNDECOMPOSED = str.maketrans("ıłøđ", "ilod")
_SPACES = re.compile(r"\s+")
_LAM_ALEF = re.compile("\u0627([\u0623\u0625\u0622\u0627])\u0644")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]")


def tidy(text: str) -> str:
    """The text on one line, without invisible and private-use characters (icon fonts), compatibility forms kept."""
    if text.isascii():
        return " ".join(text.split())
    text = text.translate(INVISIBLE)
    text = "".join(" " if unicodedata.category(c) in ("Co", "Cc", "Cn") else c for c in text)
    if "\u0627" in text:
        # Fonts draw lam-alef as one sign; turned with its word it comes out as alef-lam, which after an alef is no Arabic.
        text = _LAM_ALEF.sub("\u0627\u0644\\1", text)
    return unicodedata.normalize("NFC", _SPACES.sub(" ", text)).strip()


# Full-width signs, and the dashes and bars that stand for plain ones; each one character, so that positions stay.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    0x3000: 0x20,
    0xA0: 0x20,
    0x2212: 0x2D,
    0xFE63: 0x2D,
}


def plain_signs(text: str) -> str:
    """The text with full-width letters, digits and signs in their plain form; as long as before."""
    return text if text.isascii() else text.translate(_PLAIN)


def is_storable(text: str) -> bool:
    """Text that every store accepts: PostgreSQL refuses NUL, and UTF-8 has no lone surrogates."""
    return "\0" not in text and not any("\ud800" <= char <= "\udfff" for char in text)


@lru_cache(maxsize=16384)
def fold(text: str) -> str:
    """Case, accents (of alphabets, not of kana or Indic scripts), width and typographic forms taken away."""
    if text.isascii():
        return " ".join(text.lower().split())
    text = unicodedata.normalize("NFKC", text.translate(INVISIBLE)).translate(_TYPOGRAPHIC).casefold()
    out = []
    for char in unicodedata.normalize("NFD", text):
        if "\u0300" <= char <= "\u036f" or "\u064b" <= char <= "\u0652":
            continue
        out.append(char)
    text = unicodedata.normalize("NFC", "".join(out)).translate(_UNDECOMPOSED)
    return _SPACES.sub(" ", text).strip()


def is_cjk(text: str) -> bool:
    """Chinese, Japanese or Korean letters are in it (such text has names of two to five signs and no spaces)."""
    return not text.isascii() and _CJK.search(text) is not None


def script(text: str) -> str:
    """The script of most letters: latin, cyrillic, greek, arabic, hebrew, cjk, kana, hangul, devanagari, "
    "thai, other, none."""
    if text.isascii():
        return "latin" if any(c.isalpha() for c in text) else "none"
    counts: dict[str, int] = {}
    for char in text:
        if char.isalpha():
            kind = _script(char)
            counts[kind] = counts.get(kind, 0) + 1
    return max(counts, key=lambda k: counts[k]) if counts else "none"


_RANGES = (
    (0x0000, 0x024F, "latin"),
    (0x1E00, 0x1EFF, "latin"),
    (0x0370, 0x03FF, "greek"),
    (0x1F00, 0x1FFF, "greek"),
    (0x0400, 0x052F, "cyrillic"),
    (0x0590, 0x05FF, "hebrew"),
    (0x0600, 0x06FF, "arabic"),
    (0x0750, 0x077F, "arabic"),
    (0xFB50, 0xFDFF, "arabic"),
    (0xFE70, 0xFEFF, "arabic"),
    (0x0900, 0x097F, "devanagari"),
    (0x0E00, 0x0E7F, "thai"),
    (0x3040, 0x30FF, "kana"),
    (0x3400, 0x9FFF, "cjk"),
    (0xF900, 0xFAFF, "cjk"),
    (0xAC00, 0xD7AF, "hangul"),
    (0xFF21, 0xFF5A, "latin"),
)


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    code = ord(char)
    return next((name for low, high, name in _RANGES if low <= code <= high), "other")
