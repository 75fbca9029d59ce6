"""Evidence from the words of a piece: an organisation, a position, a degree, a place, or ordinary text."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from gateway.values.lexicon import bare, hits, months, phrases, title_score
from gateway.values.places import city_countries, country_code, region_country
from gateway.values.text import fold, is_cjk

EDGE = " ,;:|•·–—-()[]/、，。.　"
_FILE = Path(__file__).parent / "data" / "entry_words.txt"
_REMOTE = frozenset(
    [
        "remote",
        "hybrid",
        "remoto",
        "fernarbeit",
        "teletravail",
        "a distancia",
        "full time",
        "part time",
        "full-time",
        "part-time",
        "on site",
        "on-site",
        "onsite",
        "home office",
        "homeoffice",
        "vollzeit",
        "teilzeit",
        "temps plein",
        "temps partiel",
        "cdi",
        "cdd",
        "tiempo completo",
        "internship",
        "contract",
        "permanent",
    ]
)
_ADDRESS = re.compile(
    r"^\d{1,4}[,\s]+\w+|\b\d{5}\b|\b(?:street|str\.|strasse|straße|rue|calle|avenue|via|viale|piazza|ulica|ul\.|road)\b",
    re.I,
)
_AREA = re.compile(
    r"^(?:greater|gran|grande|gro(?:ß|ss)raum|(?:r[ée]gi[oó]n|provincia|province|state|comunidad|city|[aá]rea|regione|estado|departamento)"
    r"(?: metropolitana?)? (?:de|of|di|do|da|del)(?: la)?)\s+"
    r"|\s+(?:metropolitan area|metropolitan region|bay area|area|metropolregion|und umgebung|province|district|county|oblast"
    r"|область|y alrededores|e região|et périphérie)$",
    re.I,
)
_SCHOOL_DEGREE = re.compile(
    r"\b(?:senior )?(?:high|secondary) school (?=diploma|degree|certificate|leaving|equivalen)", re.I
)
# "Worked on ...", "Led a ...": an activity, not a title
_DID = re.compile(
    r"^(?:[A-Z][a-z]{2,}ed|Led|Built|Ran|Made|Wrote|Won|Taught|Sold|Grew|Drove|Took|Set up|Oversaw)\s+[a-z0-9]"
)
_PARTS = (
    *(
        "facult",
        "fakult",
        "facultad",
        "faculdade",
        "facolt",
        "wydzial",
        "факультет",
        "department",
        "dept",
        "departament",
    ),
    *("dipartiment", "كلية", "הפקולטה", "katedra", "кафедра", "school of", "college of"),
)
_DOMAIN = re.compile(r"\b[\w-]{2,}\.(?:com|org|net|io|ru|de|fr|it|es|co|ai|dev|app|uk|br|pl|ua|eu)\b", re.I)


@lru_cache(maxsize=1)
def _words() -> dict[str, tuple[frozenset[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]]:
    out = {}
    for line in _FILE.read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            kind, _, rest = line.partition(":")
            words = [w.strip() for w in rest.split(";") if w.strip()]
            out[kind] = (
                frozenset(bare(w) for w in words if w[0] not in "*=" and not w.endswith("*")),
                tuple(w[:-1] for w in words if w.endswith("*")),
                tuple(w[1:] for w in words if w[0] == "*"),
                tuple(w[1:] for w in words if w[0] == "="),
            )
    return out


@lru_cache(maxsize=16384)
def count(kind: str, text: str) -> int:
    """Number of words or phrases in a text that entry_words.txt lists under that kind."""
    whole, begins, ends, signs = _words()[kind]
    folded = fold(text).replace(".", "" if "." in text and ". " not in text else " ")
    tokens = re.findall(r"[\w'&/№+-]+", folded)
    if is_cjk(folded):
        return sum(sign in folded for sign in signs)
    out = sum(
        t in whole or any(t.startswith(b) for b in begins) or any(t.endswith(e) and len(t) > len(e) for e in ends)
        for t in tokens
    )
    out += sum(f"{a} {b}" in whole for a, b in zip(tokens, tokens[1:], strict=False))
    return out


def is_domain(text: str) -> bool:
    """True if the text names an organisation by its address on the web."""
    return _DOMAIN.search(text) is not None


@lru_cache(maxsize=16384)
def title(text: str) -> float:
    """How much a text reads like a position, including kinds of work ("internship", "summer job"); 2 for one clear word."""
    return max(title_score(text), 1.6 * min(1, count("activity", text)))


@lru_cache(maxsize=16384)
def is_freelance(text: str) -> bool:
    """True if the whole text says that there was no employer."""
    key = bare(text)
    whole, _, _, signs = _words()["freelance"]
    return key in whole or (is_cjk(key) and key in signs)


@lru_cache(maxsize=16384)
def is_place(text: str) -> bool:
    """True if the whole text is a place: a city, a region or country, "City, Region", "Remote"."""
    key = fold(text).strip(EDGE)
    if key in _REMOTE or not key:
        return True
    parts = [p.strip(EDGE) for p in re.split(r"[,/]", text) if p.strip(EDGE)]
    if not parts or len(parts) > 4:
        return False
    return all(one_place(p) for p in parts)


@lru_cache(maxsize=16384)
def one_place(text: str) -> bool:
    """A city, region or country, with or without "Greater ..." or "... Area", or how the work was done ("remote")."""
    text = re.sub(r"\s*\([^()]*\)?\s*$", "", text) or text
    text = _AREA.sub("", text) or text
    return (
        bool(city_countries(text) or country_code(text) or region_country(text))
        or fold(text) in _REMOTE
        or (len(text) == 2 and text.isupper())
    )


@lru_cache(maxsize=16384)
def place_like(text: str) -> float:
    """How much an unknown text reads like a place, 0..1: an address, something before a country or region."""
    if is_place(text):
        return 1.0
    if _ADDRESS.search(text):
        return 0.8
    parts = [p.strip(EDGE) for p in text.split(",") if p.strip(EDGE)]
    if len(parts) >= 2 and one_place(parts[-1]) and len(parts[0].split()) <= 4:
        return 0.6
    inner = re.match(r"^(.+?)[\s(]+([^()]+)\)?$", text)
    return 0.5 if inner and "(" in text and is_place(inner.group(1)) else 0.0


@lru_cache(maxsize=16384)
def organisation(text: str, kind: str) -> float:
    """Above zero for the words of an organisation, below for those of a position (degree); 0 when they say nothing."""
    if kind == "education":
        text = _SCHOOL_DEGREE.sub("", text)
        school = min(2, hits("institution", text) + count("institution", text))
        degree = min(2, hits("degree", text) + count("degree", text))
        field = min(1, count("field", text))
        value = 1.6 * school - 1.0 * degree - (0.5 * field if not school else 0.0)
        words = fold(text).split()
        if degree and school and words and count("degree", " ".join(words[:3])) + hits("degree", " ".join(words[:2])):
            value -= 1.6  # "High School Diploma", "Licence de l'Université": the first word decides
        if school and words and any(words[0].startswith(w) for w in _PARTS):
            value -= 0.8  # a part of a school; the school itself stands next to it
        if not school and not degree and re.fullmatch(r"[A-ZÀ-Þ]{3,7}", text.strip(EDGE)):
            value += 0.3  # an abbreviation alone is a school's more often than a subject's
        return value
    value = (
        1.5 * min(1, hits("legal", text))
        + 0.8 * min(2, hits("company", text))
        + 0.4 * min(1, hits("institution", text))
        + 0.4 * min(2, count("company", text))
        + 0.6 * bool(_DOMAIN.search(text))
        - min(2.0, title(text))
    )
    return value - 1.5 if is_freelance(text) else value


def is_legal(text: str) -> bool:
    """True if the whole text is a legal form: "Inc.", "GmbH"."""
    return fold(text).replace(".", "").replace(" ", "") in phrases("legal")


@lru_cache(maxsize=16384)
def flaws(text: str, kind: str) -> float:
    """Evidence against a text being any name: 0 none, above 1 it is text of a description."""
    words = text.split()
    letters = [c for c in text if c.isalpha()]
    out = 0.0
    if letters and letters[0].islower() and text[:1].isalpha() and not any(c.isupper() for c in words[0]):
        out += 0.6
    if text.endswith((".", ":", ";")) and not is_legal(words[-1]) and len(words) > 1:
        out += 0.4
    out += 0.4 * (len(words) > 8) + 0.5 * (len(words) > 12)
    if sum(c.isdigit() for c in text) > 0.4 * len(text):
        out += 0.6
    if ("@" in text and " " not in text) or text.startswith(("http", "www.")):
        out += 1.0
    if len(words) >= 3 and _DID.match(text):
        out += 0.6
    if re.match(r"(?:prof|supervisor|advisor|tutor|relatore|betreuer)\b\.?", text, re.I):
        out += 1.2
    if bare(text) in months():
        out += 1.5  # what is left of a date
    if len(letters) < 2:
        out += 0.8
    rest = [w for w in words[1:] if w[:1].isalpha()]
    small = sum(w[:1].islower() for w in rest)
    if len(words) >= 4 and len(rest) >= 3 and small >= 0.75 * len(rest) and abs(organisation(text, kind)) < 0.5:
        out += 0.6  # "Supported customers in three languages"
    return out + 0.6 * place_like(text)


def trimmed(text: str) -> str:
    """A name without its separators from neighbours; the full stop of an abbreviation stays ("Inc.", "S.L.")."""
    ends = EDGE.replace(".", "") + "@~<>*†"
    text = text.strip(ends).lstrip(EDGE)
    if text.endswith(".") and text.split():
        last = text.split()[-1]
        if not (is_legal(last) or "." in last[:-1] or (len(last) <= 5 and last[:1].isupper() and " " in text)):
            text = text.rstrip(".").rstrip(ends)
    return text
