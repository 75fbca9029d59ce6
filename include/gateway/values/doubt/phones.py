"""Is this number likely to reach the person? By phonenumbers' metadata, and the ranges kept for fiction.

Gate on "possible" (length fits the country); "valid" (range is assigned) only marks, because ranges open faster than
metadata is released.
"""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

# Ranges regulators keep for drama and examples, as E.164 patterns.
FICTIONAL: dict[str, str] = {
    "NANP": r"\+1\d{3}55501\d\d",
    "GB, Ofcom": r"\+44(?:7700900|1632960|2079460|11[3-8]4960|1[2-6]14960|1914980|2896496|2920180|8081570|9098790"
    r"|3069990)\d{3}",
    "AU, ACMA": r"\+61(?:49157\d{4}|[2378](?:5550|7010)\d{4})",
    "FR, Arcep": r"\+33(?:19900|26191|35301|46571|53649|63998)\d{4}",
    "DE, Bundesnetzagentur": r"\+49(?:(?:3023125|6990009|4066969|2214710|8999998)\d{3}|15228817386|15228895456"
    r"|15254599371|17139200\d\d|1729925904|1729968532|172997318[56]|1729980752|1749091317|1749464308|176040690\d\d)",
    "SE, PTS": r"\+46(?:3139006|4062804|8465004|9803192|7017406)\d\d",
    "IE, ComReg": r"\+3532091\d{5}",
}
_FICTIONAL = re.compile("|".join(f"(?:{pattern})" for pattern in FICTIONAL.values()))
_RUNS = ("01234567890", "12345678901", "98765432109")


def is_fictional(phone: str) -> bool:
    """In a range kept for fiction by the country's regulator."""
    return bool(_FICTIONAL.fullmatch(phone))


@lru_cache(maxsize=50_000)
def phone_doubts(phone: str) -> frozenset[str]:
    """Reason codes against this number (E.164, or as printed where no country is known)."""
    digits = re.sub(r"\D", "", phone)
    if not phone.startswith("+"):
        return frozenset({"PHONE_PLACEHOLDER" if _is_filler(digits) else "PHONE_NO_COUNTRY"})
    try:
        number = phonenumbers.parse(phone, None)
    except phonenumbers.NumberParseException:
        return frozenset({"PHONE_INVALID"})
    national = str(number.national_number)
    if _is_filler(national):
        return frozenset({"PHONE_PLACEHOLDER"})
    if is_fictional(phone):
        return frozenset({"PHONE_FICTIONAL"})
    if not phonenumbers.is_possible_number(number):
        return frozenset({"PHONE_INVALID"})
    return frozenset() if phonenumbers.is_valid_number(number) else frozenset({"PHONE_UNASSIGNED"})


def _is_filler(digits: str) -> bool:
    """True for seven or more equal digits in a row, or digits counting up or down: a filler."""
    return bool(re.search(r"(\d)\1{6,}", digits)) or any(run[:9] in digits for run in _RUNS)
