"""Do the contact values of one profile belong together? Pure text comparison, no Great Expectations.

An address often repeats the owner's name. When it does, both were read right; when it does not, nothing is proven
(people choose odd addresses), which is why the lowest value here is 0.5 and never 0.
"""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz

AGREES, SIMILAR, UNRELATED = 1.0, 0.8, 0.5

# Letters that NFKD leaves alone but that addresses spell out.
_SPELLED = str.maketrans(
    {"ß": "ss", "ø": "o", "đ": "d", "ł": "l", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th", "ŋ": "n"}
)
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa"})
_TITLES = frozenset(
    [
        "dr",
        "prof",
        "mr",
        "mrs",
        "ms",
        "mx",
        "sir",
        "ing",
        "dipl",
        "phd",
        "md",
        "mba",
        "msc",
        "bsc",
        "jr",
        "sr",
        "ii",
        "iii",
    ]
)


def folded(text: str) -> str:
    """Lower case without accents, as an address would spell it: "Łukasz Müller" -> "lukasz muller"."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFC", text).casefold().translate(_SPELLED))
    return "".join(c for c in plain if not unicodedata.combining(c))


def name_tokens(name: str) -> tuple[str, ...]:
    """The folded words of a name in order, without titles and degrees: "Dr. Ana de Souza" -> (ana, de, souza)."""
    words = re.findall(r"[^\W\d_]+", folded(name))
    return tuple(w for w in words if w not in _TITLES) or tuple(words)


def name_email_agreement(name: str | None, email: str | None) -> float | None:
    """How well an address fits a name: 1.0 repeats it, 0.8 resembles it, 0.5 unrelated, None if it cannot be decided.

    None when either is missing, or the name has no Latin letters (an address cannot repeat it).
    """
    if not name or not email or "@" not in email:
        return None
    umlauts = unicodedata.normalize("NFC", name).casefold().translate(_UMLAUTS)
    spellings = {name_tokens(name), name_tokens(umlauts)}
    if not any(re.search("[a-z]", word) for words in spellings for word in words):
        return None
    local = folded(email.split("@", 1)[0].split("+", 1)[0])
    return max(_fit(words, local) for words in spellings)


def _fit(words: tuple[str, ...], local: str) -> float:
    letters = re.sub(r"[^a-z]", "", local)
    if not letters:
        return UNRELATED
    long_words = [w for w in words if len(w) >= 3]
    if any(w in letters for w in long_words):
        return AGREES
    parts = [p for p in re.split(r"[^a-z]+", local) if p]
    short_words = [w for w in words if len(w) < 3]
    if short_words and any(w in parts for w in short_words):
        return AGREES
    initials = "".join(w[0] for w in words)
    if len(initials) >= 2 and letters in (initials, initials[0] + initials[-1]):
        return SIMILAR
    if any(fuzz.ratio(w, p) >= 80 for w in long_words for p in parts if len(p) >= 4):
        return SIMILAR
    # Truncated names ("schmi" for "schmidt", "alex" for "alexandra") still show the same person.
    if any(len(p) >= 4 and w.startswith(p) for w in long_words for p in parts):
        return SIMILAR
    return UNRELATED
