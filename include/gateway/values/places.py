"""Countries, their regions and cities, looked up by name in many languages.

source   GeoNames (cities above 15,000 people, CC BY 4.0), Unicode CLDR (country names); training/build_places.py
The files are sorted lines searched by bisection: no start-up cost, a look-up takes some 10 µs.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from gateway.values.text import fold

_DATA = Path(__file__).parent / "data"

# First-level regions whose short or long name follows a city in an address, by country.
# Short names count only as printed in capitals after a comma or a city (see region_country).
REGIONS: dict[str, str] = {
    "US": "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC "
    "ND OH OK OR PA RI "
    "SC SD TN TX UT VT VA WA WV WI WY DC",
    "CA": "AB BC MB NB NL NS NT NU ON PE QC SK YT",
    "AU": "NSW VIC QLD TAS ACT",
    "BR": "AC AL AP AM BA CE DF ES GO MA MT MS MG PA PB PR PE PI RJ RN RS RO RR SC SP SE TO",
}
REGION_NAMES: dict[str, str] = {
    "US": "alabama alaska arizona arkansas california colorado connecticut delaware florida hawaii idaho "
    "illinois indiana iowa kansas "
    "kentucky louisiana maine maryland massachusetts michigan minnesota mississippi missouri montana nebraska "
    "nevada new_hampshire "
    "new_jersey new_mexico new_york north_carolina north_dakota ohio oklahoma oregon pennsylvania rhode_island "
    "south_carolina "
    "south_dakota tennessee texas utah vermont virginia washington west_virginia wisconsin wyoming",
    "CA": "alberta british_columbia manitoba new_brunswick nova_scotia ontario quebec saskatchewan "
    "newfoundland_and_labrador",
    "AU": "new_south_wales victoria queensland tasmania south_australia western_australia",
    "IN": "andhra_pradesh assam bihar gujarat haryana karnataka kerala madhya_pradesh maharashtra odisha "
    "punjab rajasthan tamil_nadu "
    "telangana uttar_pradesh uttarakhand west_bengal jharkhand chhattisgarh goa",
    "MX": "jalisco nuevo_leon cdmx estado_de_mexico guanajuato puebla yucatan oaxaca chiapas sonora sinaloa "
    "chihuahua coahuila "
    "quintana_roo tamaulipas baja_california",
    "BR": "sao_paulo rio_de_janeiro minas_gerais bahia parana rio_grande_do_sul santa_catarina pernambuco "
    "ceara goias distrito_federal",
    "DE": "bayern bavaria hessen sachsen niedersachsen nordrhein-westfalen baden-wurttemberg brandenburg "
    "thuringen saarland",
    "ES": "andalucia cataluna catalunya comunidad_de_madrid comunidad_valenciana galicia pais_vasco aragon",
    "IT": "lombardia lazio toscana veneto piemonte campania sicilia emilia-romagna liguria puglia sardegna",
}


@lru_cache(maxsize=3)
def _lines(name: str) -> bytes:
    return (_DATA / f"{name}.txt").read_bytes()


def _find(name: str, key: str) -> str | None:
    """The second column of the line whose first is `key`."""
    data, wanted = _lines(name), key.encode()
    low, high = 0, len(data) - 1
    while low < high:
        middle = (low + high) // 2
        start = data.rfind(b"\n", 0, middle + 1) + 1
        end = data.find(b"\n", start)
        if end < 0:
            high = middle
            continue
        line = data[start:end].split(b"\t")
        if line[0] == wanted:
            return line[1].decode() if len(line) > 1 else ""
        if line[0] < wanted:
            low = end
        else:
            high = start - 1
            if high <= 0:
                return None
    return None


@lru_cache(maxsize=4096)
def city_countries(name: str) -> tuple[tuple[str, int], ...]:
    """Countries that have a city of this name, with its people in thousands, the largest first; () for no city."""
    key = fold(name)
    found = _find("cities", key) if len(key) > 1 else None
    if found is None and "-" in key:
        found = _find("cities", key.replace("-", " "))
    if found is None:
        return ()
    return tuple((item[:2], int(item[2:])) for item in found.split(","))


@lru_cache(maxsize=4096)
def country_code(name: str) -> str | None:
    """ISO 3166 alpha-2 of a country written out in any of 35 languages, or of a two- or three-letter form like "UK"."""
    key = fold(name).strip(" .,;()")
    return _find("countries", key) or _find("countries", key + ".") if key else None


@lru_cache(maxsize=1)
def _regions() -> dict[str, tuple[str, ...]]:
    out: dict[str, tuple[str, ...]] = {}
    for country, names in REGION_NAMES.items():
        for name in names.split():
            key = name.replace("_", " ")
            out[key] = (*out.get(key, ()), country)
    return out


@lru_cache(maxsize=2048)
def region_country(name: str) -> str | None:
    """The country of a region by its long name, or by its short name when only one country has it ("NSW", "TX")."""
    key = fold(name).strip(" .,;()")
    if key in _regions():
        return _regions()[key][0]
    short = name.strip(" .,;()")
    if short.isupper() and 2 <= len(short) <= 3:
        owners = [country for country, codes in REGIONS.items() if short in codes.split()]
        if owners:
            return owners[0]
    return None


@lru_cache(maxsize=2048)
def is_tld(label: str) -> bool:
    """The label ends real host names (the Public Suffix List's snapshot) or is reserved for examples (RFC 2606)."""
    return label == "example" or _find("tlds", label.lower()) is not None


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
        region = region_country(word)
        if region and (owned is None or region in owned):
            return region
        if region:
            owners = [
                country for country, codes in REGIONS.items() if word in codes.split() and country in (owned or ())
            ]
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
    return frozenset(line.rsplit(b"\t", 1)[-1].decode() for line in _lines("countries").split(b"\n") if line)


def _iso(code: str) -> str | None:
    return code if code in _codes() else None
