"""Candidates for where the person lives: addresses and "City, Country" in contact areas."""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.extract.resume.contact import (
    Candidate,
    Person,
    below,
    cells,
    evidence,
    label_kind,
    label_of,
    own,
    place_features,
    raw_text,
)
from gateway.values.dates import find_periods
from gateway.values.lexicon import title_score
from gateway.values.places import city_countries, country_code, country_from_text, region_country
from gateway.values.text import fold, is_cjk, tidy

_SEGMENT = re.compile(r"\s*[|•·∙;]\s*|\s{3,}|\s+/\s+")
_PIECE = re.compile(r"\s*[,،、，()]\s*|\s+-\s+|\s+[–—]\s+")
_POSTAL = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2}\d[A-Z\d]?\s?\d[A-Z]{2}|\d{3}\s\d{2}|\d{2}-\d{3}|\d{5}-\d{3,4}|\d{4}-\d{3}|\d{4}\s?[A-Z]{2}|\d{3}-\d{4}|[A-Z]-?\d{4,5}|\d{4,7}|[A-Z]\d[A-Z]\s?\d[A-Z]\d)(?![\w-])"
)
_CONTACT = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+|[^\w\s,.'()+-]|(?:\+|\(?0|\(?\d{3})[\d\s().-]{6,}\d")
_STREET = re.compile(
    r"\b(?:street|st|road|rd|avenue|ave|lane|ln|drive|dr|boulevard|blvd|way|court|ct|square|str|strasse|straße|weg|platz|allee|rue|av|"
    r"place|chemin|quai|calle|carrer|plaza|paseo|avda|rua|avenida|travessa|via|viale|piazza|corso|straat|laan|plein|gatan|gata|vägen|väg|"
    r"ulica|ul|aleja|sokak|sk|cad|caddesi|mah|mahallesi|đường|phố|jalan|jl|улица|ул|проспект|пр|οδος|شارع|marg|nagar|colony|plot|flat|"
    r"apt|suite|floor|no)\b",
    re.I,
)


def location_candidates(person: Person) -> list[Candidate]:
    out: list[Candidate] = []
    for index, line, number, cell in cells(person):
        if own(line.section) == 0 or (line.section == "summary" and len(cell.text) > 60) or len(cell.text) > 140:
            continue
        raw_cell = raw_text(cell)
        for segment in _segments(cell.text):
            text = _without_contact(segment)
            if not text or not any(c.isalpha() for c in text) or "@" in segment or len(text) > 120:
                continue
            position = raw_cell.find(segment[:6]) if segment[:6] in raw_cell else 0
            kind = label_of(line, number, raw_cell[:position])
            inline = re.match(r"([^:：]{2,24})[:：]\s*(.+)", text)
            if inline and kind != "address" and label_kind(inline.group(1)):
                inner = label_of(line, number, inline.group(1) + ":")
                kind, text = inner or kind, inline.group(2) if inner in ("address", None) else ""
            if kind in ("phone", "email", "web", "fax", "notphone") or not text:
                continue
            beneath = (
                below(person, index, cell)
                if segment.strip() and cell.text.rstrip().endswith(segment.strip()[-3:])
                else None
            )
            found = _place(text, beneath.text if beneath is not None and len(beneath.text) < 60 else "")
            if found is None:
                continue
            value, features = found
            features |= place_features(person, index, line)
            features["label"] = float(kind == "address")
            features["title"] = min(2.0, title_score(text)) / 2
            features["dated"] = float(bool(find_periods(text)))
            features["alone"] = float(len(text) > 0.6 * len(cell.text))
            where = evidence(line, cell, "place", text)
            out.append(Candidate("location", value, text, where, index, features))
    for rank, candidate in enumerate(out):
        candidate.features["first"] = 1.0 / (1 + rank)
    return out


def _segments(text: str) -> list[str]:
    """The parts of a line of contact data: at its separators, and at an address or number that only spaces set apart."""
    out: list[str] = []
    for segment in _SEGMENT.split(text):
        if "@" not in segment or re.match(r"[^:：@]{2,24}[:：]", segment):
            out.append(segment)
            continue
        pieces = [tidy(piece).strip(" ,;|-–⌂") for piece in _CONTACT.split(segment)]
        out += [piece for piece in pieces if "," in piece and not label_kind(piece)]  # a word alone may be a label
    return out


def _without_contact(segment: str) -> str:
    """The segment without addresses, web hosts and phone numbers that share its line."""
    text = re.sub(r"\S+@\S+", " ", segment)
    text = re.sub(r"(?:https?://|www\.)\S+|\b[\w-]+\.[\w.-]+/\S*", " ", text)
    text = re.sub(r"(?:\+|\b00)\d[\d\s().-]{6,}\d|\(\d{2,4}\)\s?\d[\d\s.-]{5,}\d", " ", text)
    return tidy(text).strip(" ,;|-–")


def _place(text: str, beneath: str) -> tuple[str, dict[str, float]] | None:
    """("City, Region, Country" as printed, features), or None if no place is named."""
    whole = text
    if (
        beneath
        and (
            text.rstrip().endswith(",")
            or _POSTAL.search(beneath)
            or country_code(beneath.split(",")[-1].strip())
            or country_code(f"{_PIECE.split(text)[-1]} {beneath}".strip())
            or is_cjk(text)
        )
        and (
            "@" not in beneath
            and "http" not in beneath
            and sum(c.isdigit() for c in beneath) <= 8
            and not beneath.lower().startswith("www")
        )
    ):
        whole = text + ("" if is_cjk(text) else " ") + beneath
    best = _city_in(whole)
    has_postal = bool(_POSTAL.search(whole)) and any(c.isdigit() for c in whole)
    has_street = bool(_STREET.search(whole)) and any(c.isdigit() for c in whole)
    country = country_from_text(whole) if len(whole) < 120 else None
    named_country = any(country_code(p) for p in _PIECE.split(whole) if len(p) > 2) or bool(
        re.search(r",\s*[A-Z]{2}\b|^[A-Z]{2},\s", whole)
    )
    if best is None:
        if not (named_country or has_postal or (has_street and country)) or len(whole.split()) > 12:
            return None
        pieces = [p for p in (_no_postal(q) for q in _PIECE.split(whole)) if p]
        if not pieces:
            return None
        value = ", ".join(pieces[-3:])
        return value, {
            "city": 0.0,
            "country": float(named_country),
            "postal": float(has_postal),
            "street": float(has_street),
            "people": 0.0,
        }
    value, people, alone = best
    words = len(whole.split())
    if alone and words > 4 and not (named_country or has_postal or has_street):
        return None
    return value, {
        "city": 1.0,
        "country": float(named_country or bool(region_country(value.split(",")[-1].strip()))),
        "postal": float(has_postal),
        "street": float(has_street),
        "people": min(1.0, people / 1000),
        "only_city": float(fold(value) == fold(whole)),
        "words": min(1.0, words / 12),
    }


def _no_postal(piece: str) -> str:
    return _POSTAL.sub(" ", piece).strip(" -,.") if not is_cjk(piece) else re.sub(r"[\d〒-]+", "", piece).strip()


def _city_in(text: str) -> tuple[str, int, bool] | None:
    """(the text from the city on, its population in thousands, whether only the city supports it)."""
    pieces = [p for p in (q.strip() for q in _PIECE.split(text)) if p]
    cleaned = [re.sub(r"\s+", " ", _no_postal(p)) for p in pieces]
    best: tuple[float, int, str, int] | None = None
    for at, piece in enumerate(cleaned):
        for city in _cities_of(piece):
            found = city_countries(city)
            score = 0.1 * at + 0.4 * min(1.0, found[0][1] / 800)
            if len(_words(city)) == len(_words(piece)):
                score += 1.0
            after = cleaned[at + 1 : at + 3]
            if any(country_code(p) or region_country(p) for p in after):
                score += 1.0
            later = piece[piece.find(city) + len(city) :].strip(" -").split()
            if later and (
                region_country(" ".join(later))
                or region_country(later[0])
                or region_country(" ".join(later[:-1]))
                or country_from_text(" ".join(later))
                or _is_code(later[-1], found)
            ):
                score += 1.0
            if at > 0 and _is_code(cleaned[at - 1], found):
                score += 1.0
            if any(city_countries(p) for p in after):
                score += 0.4
            if country_code(piece) and at == len(cleaned) - 1 and len(cleaned) > 1:
                score -= 1.5  # "Luxembourg", "Mexico": the country at the end of an address
            before = at > 0 and bool(city_countries(cleaned[at - 1]))
            if not before and any(ch.isdigit() for ch in pieces[at]) and _POSTAL.search(pieces[at]):
                score += 0.6
            if _STREET.search(piece) and len(_words(city)) < len(_words(piece)):
                score -= 1.2
            if best is None or score > best[0]:
                best = (score, at, city, found[0][1])
    if best is None or best[0] < 0.35:
        return None
    _, at, city, people = best
    tail = [p for p in cleaned[at + 1 : at + 3] if p and not any(c.isdigit() for c in p)]
    rest = cleaned[at][cleaned[at].find(city) + len(city) :].strip(" -") if city in cleaned[at] else ""
    first = f"{city} {rest}".strip() if rest and len(rest) < 25 and not is_cjk(city) else city
    if (
        not is_cjk(city)
        and len(_words(cleaned[at])) <= 5
        and not any(c.isdigit() for c in pieces[at])
        and not _STREET.search(cleaned[at])
    ):
        first = cleaned[at]
    return ", ".join([first, *tail]), people, len(pieces) == 1


def _is_code(piece: str, found: Sequence[tuple[str, int]]) -> bool:
    """A country's two capital letters beside a town that it has: "Dundee GB", "PT, Braga"."""
    return len(piece) == 2 and piece.isupper() and any(country == piece for country, _ in found)


def _words(text: str) -> list[str]:
    return text.split()


def _cities_of(piece: str) -> list[str]:
    if is_cjk(piece):
        out = []
        for match in re.finditer(r"[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]+", piece):
            run = match.group()
            out += [
                run[i:j]
                for i in range(len(run))
                for j in range(len(run), i + 1, -1)
                if j - i <= 6 and city_countries(run[i:j])
            ][:3]
        return sorted(out, key=len, reverse=True)
    words = piece.split()
    out = []
    for size in range(min(4, len(words)), 0, -1):
        for start in range(len(words) - size + 1):
            name = " ".join(words[start : start + size])
            if (
                (name[:1].isupper() or name[:2] in ("'s", "’s") or not name[:1].islower())
                and len(name) > 2
                and city_countries(name)
            ):
                out.append(name)
        if out:
            break
    return out
