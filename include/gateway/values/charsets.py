"""Which character set some bytes are in, when nothing says so. Used for tables and for file names in archives."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Callable, Iterable
from itertools import pairwise

from charset_normalizer import from_bytes

# Letters each family of languages adds to a-z, most frequent first. One family's text uses few letters outside its own.
_FAMILIES = {
    "west": "éèàçüöäóíáñêôâîûßãõåøæëïùúìòœýÿš",
    "central": "áéíóúýłąęśżóćńźěščřžůďťňöüőűäôľĺŕđâăîșțşţ",
    "baltic": "āčēģīķļņšūžąęėįųõäöü",
    "turkish": "ıüöçşğiâî",
    "cyrillic": "оеаинтсрвлкмдпуяызбгчйхжюшцщэфёъьіїєґўђјљњћџ",
    "greek": "αοιετσνηυρπκμλωςγδθφχβξζψάέήίόύώ",
    "hebrew": "אבגדהוזחטיכךלמםנןסעפףצץקרשת",
    "arabic": "ابتثجحخدذرزسشصضطظعغفقكلمنهويةىأإآءئؤگچپژک",
    "thai": "กขคฆงจฉชซญฎฏฐฑณดตถทธนบปผฝพฟภมยรลวศษสหอฮะัาำิีึืุูเแโใไ็่้์",
}
# Codec -> the family its text would be in. Order decides between equals: the commonest first.
_SINGLE_BYTE = (
    ("cp1252", "west"),
    ("cp1250", "central"),
    ("cp1251", "cyrillic"),
    ("cp1254", "turkish"),
    ("cp1253", "greek"),
    ("cp1257", "baltic"),
    ("cp1255", "hebrew"),
    ("cp1256", "arabic"),
    ("mac_roman", "west"),
    ("cp850", "west"),
    ("cp437", "west"),
    ("cp852", "central"),
    ("iso8859_2", "central"),
    ("cp866", "cyrillic"),
    ("koi8_r", "cyrillic"),
    ("cp874", "thai"),
)
_MULTI_BYTE = ("cp932", "gb18030", "big5", "cp949", "euc_jp")
_WORD = re.compile(r"[^\W\d_]+")
_GLUED = re.compile(r"(?<=[A-Za-z])([^\x00-\x7f]{1,2})(?=[a-z])")  # an ideograph inside a word of a-z
_LONGEST_WORD = 45  # letters; longer runs are binary data that happens to be letters
_ENOUGH = 0.55  # below it, the guess is left to charset-normalizer


def guess_encoding(sample: bytes, is_known_word: Callable[[str], bool] | None = None) -> str | None:
    """The likeliest codec of bytes that are not UTF-8 and carry no byte order mark.

    sample         bytes with the letters in question; the end may be cut within a character
    is_known_word  tells words one expects (table headers): one of them with a letter beyond a-z decides much
    returns        a Python codec name; None when they make no words in any
    """
    scored: list[tuple[float, int, str]] = []
    rank = 0
    for codec in _MULTI_BYTE:
        text = decode_cut(sample, codec)
        if text is not None:
            scored.append((_east_asian(text, codec) + _known(text, is_known_word), -rank, codec))
        rank += 1
    for codec, family in _SINGLE_BYTE:
        text = decode_cut(sample, codec)
        if text is not None:
            scored.append((_alphabetic(text, family) + _known(text, is_known_word), -rank, codec))
        rank += 1
    if scored:
        score, _, codec = max(scored)
        if score >= _ENOUGH:
            return codec
    best = from_bytes(sample[:20_000]).best()
    if best is not None and best.encoding != "ascii":
        return best.encoding
    return max(scored)[2] if scored and max(scored)[0] > 0 else None


def decode_cut(sample: bytes, codec: str) -> str | None:
    """The text, an incomplete character at its end left out; None if the codec cannot read it."""
    try:
        return codecs.getincrementaldecoder(codec)("strict").decode(sample)
    except (UnicodeDecodeError, LookupError):
        return None


def repair_names(names: Iterable[bytes]) -> str:
    """The codec of an archive's file names that are not flagged as UTF-8: one for all, as one program wrote them."""
    joined = b"\n".join(names)
    if decode_cut(joined, "utf-8") is not None:
        return "utf-8"
    guess = guess_encoding(joined)
    # Windows' own packer writes the console's code page (437, 850, 932 ...), rarely the windowed one.
    return guess or "cp437"


def _known(text: str, is_known_word: Callable[[str], bool] | None) -> float:
    if is_known_word is None:
        return 0.0
    hits = 0
    for cell in re.split(r"[,;\t|\r\n\"]", text[:4_000]):
        if not cell.isascii() and is_known_word(cell):
            hits += 1
    return min(1.0, 0.5 * hits)


def _alphabetic(text: str, family: str) -> float:
    """How much the letters beyond ASCII look like words of a family, about 0..1."""
    letters = _FAMILIES[family]
    weight = {letter: 1.0 - 0.5 * index / len(letters) for index, letter in enumerate(letters)}
    total, sum_ = 0, 0.0
    for word in _WORD.findall(text):
        beyond = [char for char in word if not char.isascii()]
        if not beyond:
            continue
        own = sum(weight.get(char.lower(), -0.5) for char in beyond)
        if any(a.islower() and b.isupper() for a, b in pairwise(word) if not b.isascii()):
            own -= 1.0  # a capital inside a word is the sign of a wrong table
        latin = family in ("west", "central", "baltic", "turkish")
        if latin and len(beyond) == len(word) > 1:
            own -= 0.7 * len(beyond)  # no language of these writes words without a-z
        if not latin and len(beyond) < len(word):
            own -= 1.5 * len(beyond)  # and no other one mixes a-z into its words
        if len(word) > _LONGEST_WORD:
            own = -float(len(beyond))
        total += len(beyond)
        sum_ += own
    odd = 0
    for index, char in enumerate(text):
        if not char.isascii() and not char.isalpha() and unicodedata.category(char) not in ("Zs", "Mn", "Mc", "Pd"):
            beside = text[index - 1 : index] + text[index + 1 : index + 2]
            odd += 2 if any(near.isalpha() for near in beside) and char not in "’‘“”«»°ºª·" else 0
            odd += 2 if unicodedata.category(char) == "Cc" else 0
    return (sum_ - odd) / total if total else (0.3 if not odd else -1.0)


def _east_asian(text: str, codec: str) -> float:
    """How much it looks like Chinese, Japanese or Korean: kana, Hangul and the everyday half of the ideographs."""
    good, bad = 0.0, 0.0
    for char in text:
        if char.isascii():
            continue
        if "\u3041" <= char <= "\u30ff" or "\uff01" <= char <= "\uff5e" or "\u3000" <= char <= "\u301c":
            good += 1.0 if codec in ("cp932", "euc_jp") or char >= "\uff01" or char <= "\u301c" else 0.3
        elif "\uac00" <= char <= "\ud7a3":
            good += 1.0 if codec == "cp949" else -0.5
        elif "\uff61" <= char <= "\uff9f":
            bad += 1.0  # half-width kana: what Latin letters become in cp932
        elif "\u4e00" <= char <= "\u9fff":
            good += _everyday(char, codec)
        else:
            bad += 1.0
    bad += sum(len(glued.group(1)) for glued in _GLUED.finditer(text))
    total = good + bad
    return (good - bad) / total if total else -1.0


def _everyday(char: str, codec: str) -> float:
    """Ideographs are sorted in two levels in each national set; text is nearly all of the first."""
    try:
        lead = char.encode(codec)[0]
    except UnicodeEncodeError:
        return -0.5
    first = {
        "cp932": 0x88 <= lead <= 0x98,
        "euc_jp": 0xB0 <= lead <= 0xCF,
        "gb18030": 0xB0 <= lead <= 0xD7,
        "big5": 0xA4 <= lead <= 0xC6,
        "cp949": False,  # ideographs are rare in Korean text
    }
    return 0.9 if first[codec] else -0.4
