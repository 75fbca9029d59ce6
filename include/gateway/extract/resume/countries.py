"""The country of a number printed without a country code: the evidence in the document, weighted for each number.

Every hint names countries with a weight: a country written in the address, a postcode's form, another number's country code, the
ending of the e-mail address, the language. A country counts for a number only when the number is in use there; the form in which the
number is grouped and its being a mobile decide between the countries left. The agent's default is the last resort.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from gateway.extract.resume.contact import FOREIGN, Candidate, Person, own
from gateway.values.places import city_countries, country_code, country_from_text, short_regions
from gateway.values.values import normalise_phone, phone_country, phone_fit

# Where a language is the everyday one, the country with most of its speakers first.
SPOKEN = {
    "en": "US GB IN CA AU IE NZ ZA SG",
    "de": "DE AT CH",
    "fr": "FR BE CH CA",
    "nl": "NL BE",
    "es": "ES MX CO AR CL PE EC UY",
    "pt": "BR PT",
    "it": "IT CH",
    "ru": "RU KZ BY",
    "zh": "CN TW HK SG",
    "ar": "EG SA AE MA JO",
    "ja": "JP",
    "ko": "KR",
    "pl": "PL",
    "sv": "SE",
    "da": "DK",
    "nb": "NO",
    "fi": "FI",
    "cs": "CZ",
    "hu": "HU",
    "ro": "RO",
    "tr": "TR",
    "vi": "VN",
    "id": "ID",
    "el": "GR",
    "he": "IL",
    "th": "TH",
    "uk": "UA",
    "fa": "IR",
}
# Postcodes as a line of an address prints them, with the countries of that form (of countries that share it, the language tells).
_POSTCODES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(rf"\b(?:{'|'.join(short_regions('US'))})[ ,]+\d{{5}}(?:-\d{{4}})?\b"), "US"),
    (re.compile(rf"\b(?:{'|'.join(short_regions('AU'))})[ ,]+\d{{4}}\b"), "AU"),
    (re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s\d[A-Z]{2}\b"), "GB"),
    (re.compile(r"\b[ABCEGHJ-NPRSTVXY]\d[A-Z]\s?\d[A-Z]\d\b"), "CA"),
    (re.compile(r"\b\d{5}-\d{3}\b"), "BR"),
    (re.compile(r"\b\d{4}-\d{3}\b"), "PT"),
    (re.compile(r"\b\d{2}-\d{3}\s+[^\W\d]"), "PL"),
    (re.compile(r"〒\s?\d{3}-?\d{4}"), "JP"),
    (re.compile(r"\b\d{4}\s?[A-Z]{2}\s+[^\W\d]"), "NL"),
    (re.compile(r"\b\d{3}\s\d{2}\s+[^\W\d]"), "CZ SK SE GR"),
    (re.compile(r"(?<![\w+./-])\d{5}(?:,\s*|\s+)[^\W\d]{3}"), "DE FR ES IT FI TR"),
    (re.compile(r"(?<![\w+./-])\d{4}(?:,\s*|\s+)[^\W\d]{3}"), "AT CH BE DK NO HU NL"),
    (re.compile(r"[^\W\d]{3}\s?[,–-]\s?\d{3}\s?\d{3}\b"), "IN"),
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_INTERNATIONAL = re.compile(r"(?:\+|\b00)\d[\d\s().-]{7,18}\d")
_NO_PLACE = ("CO", "IO", "ME", "AI", "TV", "EU", "CC", "LY", "SO", "TO", "FM")  # endings sold everywhere
SURE, GUESS = 2.8, 2.2  # summed weights from which a country is sure, or a guess


@dataclass
class Countries:
    """The countries that a person's national numbers may belong to, weighed when the first such number comes.

    emails   the person's, the best first
    default  the agent's country
    """

    person: Person
    emails: Sequence[Candidate]
    default: str | None = None

    @cached_property
    def weights(self) -> dict[str, float]:
        return _weights(self.person, self.emails)

    def read(self, raw: str) -> tuple[str | None, bool, bool]:
        """(E.164 or None, whether its range is in use, whether the country is a guess) of a number as printed."""
        value, valid = normalise_phone(raw, None)
        if value:
            return value, valid, False
        best: tuple[float, str, bool] | None = None
        for country, weight in self.weights.items():
            found, used = normalise_phone(raw, country)
            if not found or (not used and weight < SURE):
                continue
            total = weight + (phone_fit(raw, found) if used else -2.0)
            if best is None or total > best[0]:
                best = total, found, used
        if best and best[0] >= SURE:
            return best[1], best[2], False
        found, used = normalise_phone(raw, self.default)  # surer than the language alone
        if found and used:
            return found, used, True
        return (best[1], best[2], True) if best and best[0] >= GUESS else (None, False, False)


def _weights(person: Person, emails: Sequence[Candidate]) -> dict[str, float]:
    """The evidence on the person's pages."""
    weights: defaultdict[str, float] = defaultdict(float)
    if person.country:
        weights[person.country] += 3.0
    spoken = SPOKEN.get(person.language or "", "").split()
    for number, country in enumerate(spoken):
        weights[country] += 2.0 if len(spoken) == 1 else 0.9 if number == 0 else 0.6 if number < 4 else 0.3
    seen: set[str] = set()
    beside = [c.line for c in emails[:1] if c.line >= 0]
    for line in person.lines:
        near = own(line.section) > 0 or any(abs(line.index - at) <= 4 for at in beside)
        if line.section in FOREIGN and not near:
            continue  # a contact block at the foot of the page may stand under the referees' heading
        if near or _INTERNATIONAL.search(line.text):
            for match in _INTERNATIONAL.finditer(line.text):
                digits = re.sub(r"\D", "", match.group())
                found = phone_country("+" + (digits[2:] if match.group().startswith("00") else digits))
                if found and f"+{found}" not in seen:
                    seen.add(f"+{found}")
                    weights[found] += 2.5 if near else 1.5
        if near and len(line.text) < 140:
            _add_address(line.text, spoken, weights, seen)
    for candidate in emails[:1]:
        ending = candidate.value.rsplit(".", 1)[-1].upper()
        ending = "GB" if ending == "UK" else ending
        if len(ending) == 2 and ending not in _NO_PLACE:
            weights[ending] += 1.6
    return weights


def _add_address(text: str, spoken: Sequence[str], weights: defaultdict[str, float], seen: set[str]) -> None:
    parts = [part.strip() for part in re.split(r"[,;|()/•·]|\s[-–—]\s|\s{2,}", text)]
    towns = {code for part in parts for code, _ in city_countries(part)}
    for part in parts:
        town, _, code = part.rpartition(" ")
        here = {country for country, _ in city_countries(town)} if town else towns
        if re.fullmatch(r"[A-Z]{2}", code) and code in here and code not in seen:
            seen.add(code)
            weights[code] += 1.6  # "PT, Braga", "Bari (IT)", "Utrecht NL": a code beside a town of that country
        place = re.sub(r"^[^:：]{2,20}[:：]\s*", "", part)
        if not 3 < len(place) < 40 or len(place.split()) > 4 or "@" in place:
            continue
        named = country_code(place)
        found = named or (country_from_text(place) if len(parts) > 1 or any(c.isdigit() for c in place) else None)
        if found and found not in seen:
            seen.add(found)
            weights[found] += 1.6 if named else 1.3
    for pattern, countries in _POSTCODES:
        match = pattern.search(text)
        if not match or _YEAR.fullmatch(re.sub(r"\D", "", match.group())[:4]):
            continue
        codes = countries.split()
        shared = [code for code in codes if code in spoken] if len(codes) > 1 else codes
        for code in shared:
            if f"post {code}" not in seen:
                seen.add(f"post {code}")
                weights[code] += 2.0
        return
