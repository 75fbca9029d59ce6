"""Countries, their regions and cities, looked up by name in many languages.

source   GeoNames (cities above 15,000 people), Unicode CLDR (country names), address data and ISO 3166-2 (regions);
         training/build_lists.py has their licences
"""

from __future__ import annotations

import re
from functools import lru_cache

from gateway.values.lists import find, lines
from gateway.values.text import fold


@lru_cache(maxsize=4096)
def city_countries(name: str) -> tuple[tuple[str, int], ...]:
    """Countries that have a city of this name, with its people in thousands, the largest first; () for no city."""
    key = fold(name)
    found = find("cities", key) if len(key) > 1 else None
    if found is None and "-" in key:
        found = find("cities", key.replace("-", " "))
    if found is None:
        return ()
    return tuple((item[:2], int(item[2:])) for item in found.split(","))


@lru_cache(maxsize=4096)
def country_code(name: str) -> str | None:
    """ISO 3166 alpha-2 of a country written out in any of 35 languages, or of a two- or three-letter form like "UK"."""
    key = fold(name).strip(" .,;()")
    return find("countries", key) or find("countries", key + ".") if key else None


@lru_cache(maxsize=2048)
def region_countries(name: str) -> tuple[str, ...]:
    """Countries that have a region of this long name ("texas") or short form ("TX", in capitals only), the likeliest first."""
    bare = name.strip(" .,;()")
    found = find("regions", fold(name).strip(" .,;()"))
    if found is None and bare.isupper() and 2 <= len(bare) <= 3:
        found = find("regions", bare)
    return tuple(found.split(",")) if found else ()


def region_country(name: str) -> str | None:
    """The likeliest country of a region ("NSW", "TX", "Ontario"); None for what is no region."""
    owners = region_countries(name)
    return owners[0] if owners else None


@lru_cache(maxsize=8)
def short_regions(country: str) -> tuple[str, ...]:
    """The short forms that addresses in a country use for its regions: ("ACT", "NSW", ...)."""
    rows = (line.split("\t") for line in lines("regions").decode().splitlines() if line)
    return tuple(key for key, owners in rows if key.isupper() and country in owners.split(","))


@lru_cache(maxsize=2048)
def is_tld(label: str) -> bool:
    """The label ends real host names (the Public Suffix List's snapshot) or is reserved for examples (RFC 2606)."""
    return label == "example" or find("tlds", label.lower()) is not None


_SPLIT = re.compile(r"[,;|/•·()\n\t]|\s[-–—]\s")


def country_from_text(text: str | None) -> str | None:
    """The country an address, a country cell or a place name speaks of; None when it names none or is ambiguous.

    text     "United Kingdom", "Berlin, Deutschland", "Austin, TX", "DE", "横浜市"; one place, not a page
    returns  ISO 3166 alpha-2
    """
    if not text or not text.strip():
        return None
    whole = country_code(text)
    if whole:
        return whole
    stripped = text.strip()
    parts = [part.strip() for part in _SPLIT.split(stripped) if part.strip()]
    cities = [found for part in parts for found in [city_countries(_bare_city(part))] if found]
    said = _named(parts) or _of_region(parts, {code for code, _ in cities[0]} if cities else None)
    if said:
        return said
    if len(stripped) == 2 and stripped.isupper() and stripped.isalpha():
        return _iso(stripped)
    for part in reversed(parts[1:]):
        if len(part) == 2 and part.isupper() and (found := _iso(part)):
            return found
    if cities:
        return _dominant(cities[0])
    return _of_city_and_region(parts) or (region_country(stripped) if len(stripped) > 3 else None)


def _named(parts: list[str]) -> str | None:
    """The country that a part names, the last part first: as a whole, else as its tail ("75001 Paris France")."""
    for part in reversed(parts):
        if found := country_code(part):
            return found
    for part in reversed(parts):
        words = part.split()
        for size in (3, 2, 1):
            tail = words[-size:]
            plausible = len(words) > size and (len(tail[-1]) > 3 or tail[-1].isupper())
            if plausible and (found := country_code(" ".join(tail))):
                return found
    return None


def _of_region(parts: list[str], owned: set[str] | None) -> str | None:
    """The country of a region next to something else ("Austin, TX").

    owned    countries that have a city of the first name in the text: a region of none of them is somebody else's
             short form; None = the text names no city
    """
    if len(parts) < 2:
        return None
    for part in reversed(parts):
        word = re.sub(r"[\d\s-]+$", "", part)
        owners = [country for country in region_countries(word) if owned is None or country in owned]
        if owners:
            return owners[0]
    return None


def _of_city_and_region(parts: list[str]) -> str | None:
    """The country of a city and its region without a comma between ("Austin Texas")."""
    for part in parts:
        words = _bare_city(part).split()
        for cut in range(1, len(words)):
            here = city_countries(" ".join(words[:cut]))
            region = region_country(" ".join(words[cut:])) if here else None
            if region and any(code == region for code, _ in here):
                return region
    return None


def _bare_city(part: str) -> str:
    """A place without its postal code: "10115 Berlin" -> "Berlin"."""
    return " ".join(word for word in part.split() if not any(c.isdigit() for c in word))


def _dominant(found: tuple[tuple[str, int], ...]) -> str | None:
    """The country of a city's name, when its city is far larger than its namesakes."""
    if len(found) == 1 or found[0][1] >= 8 * found[1][1]:
        return found[0][0]
    return None


@lru_cache(maxsize=1)
def _codes() -> frozenset[str]:
    return frozenset(line.rsplit(b"\t", 1)[-1].decode() for line in lines("countries").split(b"\n") if line)


def _iso(code: str) -> str | None:
    return code if code in _codes() else None
