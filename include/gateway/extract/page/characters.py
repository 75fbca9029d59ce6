"""What printed characters mean as text: accents drawn apart, presentation forms, dashes, copies, and text that is nonsense.

Pure functions over words' texts and characters' places; the page reader calls them where a word needs it.
source   The Unicode Standard, chapters 2.11 (combining marks), 9.2 (Arabic presentation forms), 6.2 (dashes)
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gateway.extract.page.words import Word
from gateway.model import Box

# Accents as signs of their own, as TeX and some printers draw them over or under a letter -> the combining mark.
ACCENTS = {
    "¨": "\u0308",
    "´": "\u0301",
    "`": "\u0300",
    "ˆ": "\u0302",
    "˜": "\u0303",
    "ˇ": "\u030c",
    "˘": "\u0306",
    "˝": "\u030b",
    "˙": "\u0307",
    "˚": "\u030a",
    "¸": "\u0327",
    "˛": "\u0328",
}
_UNDOTTED = {"ı": "i", "ȷ": "j"}
# Hyphens and minus signs that typesetters put where somebody typed "-": in numbers, addresses and double names.
_HYPHENS = str.maketrans(dict.fromkeys("\u2010\u2011\u2212\ufe63\uff0d", "-"))
_FORMS = ("<initial>", "<medial>", "<final>", "<isolated>")
_CLUSTERS = re.compile(r"[\dA-Za-z]+(?:[.,:/-][\dA-Za-z]+)*|.[\u0591-\u05c7\u064b-\u065f\u0670]*", re.S)
_VOWELS = frozenset("aeiouyæœøı")
LONG_WORD = 4
ENOUGH_WORDS = 20
NONSENSE = 0.35  # share of words without a vowel; the worst of 266 pages of real and made résumés has 0.05


@dataclass(slots=True)
class Glyph:
    """One printed character: its text, its position, and whether it is painted at all."""

    text: str
    box: Box
    painted: bool = True


def plain(token: str) -> str:
    """A word as one would type it: accents composed, presentation forms as letters in reading order, hyphens as hyphens."""
    if token.isascii():
        return token
    token = token.translate(_HYPHENS)
    if any("\ufb00" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc" for char in token):
        token = _letters(token)
    return unicodedata.normalize("NFC", token)


def _letters(token: str) -> str:
    """Ligatures and positional forms as letters. A word that ends in an initial form was stored as drawn, backwards."""
    forms = [unicodedata.decomposition(char).partition(" ")[0] for char in token]
    shaped = [form for form in forms if form in _FORMS]
    if len(shaped) > 1 and (shaped[-1] == "<initial>" or shaped[0] == "<final>"):
        token = token[::-1]
    return "".join(
        unicodedata.normalize("NFKC", char) if "\ufb00" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc" else char
        for char in token
    )


def is_rtl(text: str) -> bool:
    """True for text with a letter of a script that runs from right to left (Hebrew, Arabic, Syriac)."""
    return any(
        "\u0590" <= char <= "\u08ff" or "\ufb1d" <= char <= "\ufdff" or "\ufe70" <= char <= "\ufefc" for char in text
    )


def in_reading_order(glyphs: Sequence[Glyph]) -> str:
    """The word of right-to-left letters that was stored as drawn, turned; where its letters stand tells, not their form.

    Digits and Latin letters in it keep their order among themselves; a vowel sign stays behind its letter.
    """
    token = "".join(glyph.text for glyph in glyphs)
    at = [(glyph.box[0] + glyph.box[2]) / 2 for glyph in glyphs if is_rtl(glyph.text) and glyph.text.isalpha()]
    rising = sum(after > before for before, after in zip(at, at[1:], strict=False))
    if 2 * rising < len(at) or len(at) < 2:
        return token
    return "".join(cluster for cluster in reversed(_CLUSTERS.findall(token)))


def accented(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Joins accents drawn as separate characters with the letter they are over; those over none stay unchanged."""
    out = list(glyphs)
    for accent in [glyph for glyph in glyphs if glyph.text in ACCENTS]:
        letters = [glyph for glyph in out if glyph is not accent and glyph.text.isalpha()]
        under = min(letters, key=lambda glyph: _apart(glyph.box, accent.box), default=None)
        if under is None or _apart(under.box, accent.box) > 0.5 * max(1.0, under.box[2] - under.box[0]):
            continue
        whole = unicodedata.normalize("NFC", _UNDOTTED.get(under.text, under.text) + ACCENTS[accent.text])
        if len(whole) == 1:
            out[out.index(under)] = Glyph(whole, under.box, under.painted)
            out.remove(accent)
    return out


def _apart(a: Box, b: Box) -> float:
    return abs((a[0] + a[2]) / 2 - (b[0] + b[2]) / 2)


def parted_at(glyphs: Sequence[Glyph], size: float) -> int | None:
    """Where two words set without a space part ("OMARSTAUFFER" with a margin between): the one gap far wider than the others."""
    gaps = [after.box[0] - before.box[2] for before, after in zip(glyphs, glyphs[1:], strict=False)]
    if len(gaps) < 5:
        return None
    *_, second, widest = sorted(gaps)
    at = gaps.index(widest) + 1
    usual = sorted(gaps)[len(gaps) // 2]
    apart = widest > usual + 0.14 * size and widest > 0.08 * size and widest - second > 0.08 * size
    return at if apart and 2 <= at <= len(glyphs) - 2 else None


def looks_doubled(token: str) -> bool:
    """ "JJoohhnn": every character twice, as where a shadow is drawn letter by letter. No word of five letters is.

    A pair of one letter is looked at as well ("mm" of "I'm"); whether it is a copy, its place tells.
    """
    if len(token) == 2:
        return token[0] == token[1]
    return len(token) >= 4 and len(token) % 2 == 0 and token[0::2] == token[1::2] and len(set(token)) > 1


def without_copies(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """The painted glyphs, with glyphs drawn twice at (nearly) the same position reduced to one."""
    out: list[Glyph] = []
    for glyph in glyphs:
        twin = next((kept for kept in out[-4:] if kept.text == glyph.text and same_place(kept.box, glyph.box)), None)
        if twin is None:
            out.append(glyph)
        elif glyph.painted and not twin.painted:
            out[out.index(twin)] = glyph
    painted = [glyph for glyph in out if glyph.painted]
    return painted or out


def same_place(a: Box, b: Box) -> bool:
    """True for two boxes of the same size whose distance is less than a fifth of their height: a shadow, not the next letter."""
    near = 0.2 * min(a[3] - a[1], b[3] - b[1])
    close = abs(a[0] - b[0]) <= near and abs(a[1] - b[1]) <= near
    return close and abs((a[2] - a[0]) - (b[2] - b[0])) <= max(near, 0.3 * (a[2] - a[0]))


def is_torn(before: Word, word: Word, text: str, start: int) -> bool:
    """Joins a word that PDFium split because one of its letters comes from another font: the space is not visible."""
    if text[start - 1 : start] != " " or not before.text[-1:].isalpha() or not word.text[:1].isalpha():
        return False
    one_letter = len(before.text) == 1 or len(word.text) == 1
    gap, size = word.box[0] - before.box[2], min(before.size, word.size)
    level = abs(word.box[3] - before.box[3]) < 0.35 * size
    return one_letter and level and before.hidden == word.hidden and -0.1 * size < gap < 0.05 * size


def glued(before: Word, word: Word) -> Word:
    """Joins both into one word, with the style of the longer."""
    box = tuple(f(a, b) for f, a, b in zip((min, min, max, max), before.box, word.box, strict=True))
    longer = before if len(before.text) >= len(word.text) else word
    return dataclasses.replace(longer, text=before.text + word.text, box=(box[0], box[1], box[2], box[3]))


def once(words: list[Word], starts: list[int]) -> list[tuple[Word, int]]:
    """The words with their start, without copies drawn at (nearly) the same position; a visible copy is kept."""
    seen: dict[tuple[str, int], list[int]] = {}
    out: list[tuple[Word, int] | None] = []
    for word, start in zip(words, starts, strict=True):
        row = round(word.box[1] / 8)
        here = [n for near in (row - 1, row, row + 1) for n in seen.get((word.text, near), ())]
        twin = next((n for n in here if (kept := out[n]) is not None and same_place(kept[0].box, word.box)), None)
        if twin is not None:
            kept = out[twin]
            if kept is None or not kept[0].hidden or word.hidden:
                continue
            out[twin] = None
        seen.setdefault((word.text, row), []).append(len(out))
        out.append((word, start))
    return [pair for pair in out if pair is not None]


def covers(word: Word, accent: Word) -> bool:
    """True if the accent is over, under or in the word."""
    middle = (accent.box[0] + accent.box[2]) / 2
    shared = min(word.box[3], accent.box[3]) - max(word.box[1], accent.box[1])
    return word.box[0] <= middle <= word.box[2] and shared > 0.5 * (accent.box[3] - accent.box[1])


def sense(words: Iterable[str]) -> float:
    """1 for text, 0 for letters without meaning (a font whose table of characters is wrong): words without a vowel tell.

    Only Latin words of four or more letters count, and only if there are twenty; other scripts always count as text.
    """
    total = dry = 0
    for word in words:
        letters = word.strip(".,;:()[]\"'!?").casefold()
        if len(letters) < LONG_WORD or not letters.isalpha() or letters[0] > "\u024f" or word.isupper():
            continue
        total += 1
        dry += not any(char in _VOWELS for char in unicodedata.normalize("NFD", letters))
    return 0.0 if total >= ENOUGH_WORDS and dry > NONSENSE * total else 1.0
