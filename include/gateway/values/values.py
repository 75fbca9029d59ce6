"""Normalised e-mail addresses, phone numbers, links and names. Shared by every reader.

Each returns None for what cannot be such a value, never a guess.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from urllib.parse import unquote

from gateway.values.places import country_code, country_from_text, is_tld
from gateway.values.text import INVISIBLE, fold, is_cjk, tidy

__all__ = [
    "country_code",
    "country_from_text",
    "find_emails",
    "is_plausible_name",
    "join_name",
    "normalise_email",
    "normalise_link",
    "normalise_phone",
    "split_name",
]

_AT = re.compile(r"\s*[(\[{<]\s*(?:at|a|@|arroba|ät|chez)\s*[)\]}>]\s*|(?<=\S)\s+at\s+", re.I)
_DOT = re.compile(r"\s*[(\[{<]\s*(?:dot|punkt|punto|point|ponto|\.)\s*[)\]}>]\s*|(?<=\S)\s+dot\s+", re.I)
_ANGLE = re.compile(r"<\s*([^<>\s]+@[^<>\s]+)\s*>")
# The possible shape of an address in running text; email-validator decides afterwards.
_EMAIL = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@(?:[\w-]+\.)+[^\W\d_][\w-]{1,62}", re.UNICODE)
# a column's bar, a label or a number run into its start; RFC 5322 allows the bar in an address, but nobody uses it
_GLUED = re.compile(r"^(?:.*[|/=](?=\w)|(?:E-?[Mm]ail|Mail|Correo|Courriel)(?=[a-z])|\+\d{9,13}(?=[a-z]))")
PROVIDERS = frozenset(["gmail", "hotmail", "outlook", "yahoo", "icloud", "live", "googlemail", "protonmail", "aol"])
_EMAIL_EDGE = "'`\"“”‘’.,;:!?*/|=#$%&^~{}-"


def find_emails(text: str) -> list[tuple[int, int, str]]:
    """Addresses in a text, as (start, end, normalised); plain forms only."""
    out = []
    if "@" in text:
        for match in _EMAIL.finditer(text):
            raw = _unglued(match.group())
            start = match.start() + len(raw) - len(_GLUED.sub("", raw))
            value = normalise_email(_GLUED.sub("", raw))
            if value:
                out.append((start, match.start() + len(raw), value))
    return out


def _unglued(raw: str) -> str:
    """An address without the word that ran into its end: "jane@example.comLinkedIn", "jane@gmail.comphone"."""
    head, _, ending = raw.rpartition(".")
    if is_tld(ending):
        return raw
    provider = head.rpartition("@")[2].lower() in PROVIDERS
    for size in range(min(6, len(ending) - 1), 1, -1):
        rest = ending[size:]
        if is_tld(ending[:size]) and (rest[0].isupper() or rest[0].isdigit() or (provider and size == 3)):
            return f"{head}.{ending[:size]}"
    return raw


@lru_cache(maxsize=4096)
def normalise_email(raw: str | None) -> str | None:
    """One address in lower case, or None.

    raw      a cell, a link target or printed text holding one address: "mailto:", a display name, angle brackets, a
             final dot, full-width signs and " (at) " / " dot " spellings are understood
    returns  None for no address, for several, and for one that could not be delivered to by its form (RFC 5321,
             5322); the reserved ".example" passes, ".test", ".local" and ".invalid" do not
    """
    if not raw or len(raw) > 1000:
        return None
    text = unicodedata.normalize("NFKC", raw.translate(INVISIBLE)).strip()
    angle = _ANGLE.findall(text)
    if len(angle) == 1:
        text = angle[0]
    if text.lower().startswith("mailto:"):
        text = unquote(text[7:]).split("?")[0]
    if "@" not in text:
        spelled = _DOT.sub(".", _AT.sub("@", text, count=1))
        if "@" not in spelled:
            return None
        text = spelled
    elif " " in text:
        spelled = _DOT.sub(".", re.sub(r"\s*@\s*", "@", text))
        text = spelled if len(_EMAIL.findall(spelled)) == 1 else text
    found = {match.strip(_EMAIL_EDGE) for match in _EMAIL.findall(text)}
    if len(found) != 1 or any("*" in address for address in found):
        return None  # none, several, or one with letters masked by stars
    return _validated(found.pop())


def _validated(address: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email  # 45 ms to import

    try:
        return validate_email(address, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return None


_EXTENSION = re.compile(
    r"\s*[,;(]?\s*(?<![^\W\d_])(?:ext(?:ension)?|extn|x|anexo|ramal|int|poste|dw|durchwahl|w|wew|доб)"
    r"\.?\s*:?\s*\d{1,6}\)?\s*$",
    re.I,
)
_PHONE_DIGITS = re.compile(r"\d")


@lru_cache(maxsize=4096)
def normalise_phone(raw: str | None, country: str | None) -> tuple[str | None, bool]:
    """One phone number.

    raw      as printed: "(415) 555-0134", "+44 (0)20 7946 0958", "0049 30 123456", "tel:...", any digits of Unicode;
             extension dropped
    country  ISO 3166 alpha-2 for a national number; never guessed
    returns  (E.164 or None, whether the number's range is in use); None when no country is known for a national number
             or when the length is impossible. A possible number outside the ranges in use is returned with False: judge
             it, don't drop it.
    """
    if not raw:
        return None, False
    import phonenumbers  # 56 ms

    text = unicodedata.normalize("NFKC", raw.translate(INVISIBLE)).strip()
    if text.lower().startswith("tel:"):
        text = unquote(text[4:])
    text = "".join(str(unicodedata.digit(c)) if c.isdigit() and not c.isascii() else c for c in text)
    text = _EXTENSION.sub("", text)
    digits = "".join(_PHONE_DIGITS.findall(text))
    if not 6 <= len(digits) <= 17:
        return None, False
    international = text.lstrip("( ").startswith("+")
    if not international and digits.startswith("00") and len(digits) >= 10:
        text, international = "+" + digits[2:], True
    if international:
        # Mexico gave up the 1 before mobile numbers in 2019.
        text = re.sub(r"^\(?\+\s*52\)?[\s.-]*1[\s.-]*(?=(?:[\s().-]*\d){10}$)", "+52", text)
        # "+44 (0)20 ...": the bracketed trunk zero is not dialled from abroad; Italy's real zero is never bracketed.
        text = re.sub(r"\(0\)", "", text)
    for candidate, region in _readings(text, digits, country, international):
        try:
            number = phonenumbers.parse(candidate, region)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_possible_number(number):
            # A number typed with its country code but no plus parses nationally as impossible and lands here second.
            e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
            return e164, phonenumbers.is_valid_number(number)
    return None, False


def phone_fit(raw: str, e164: str) -> float:
    """How well a number's country explains the way it is printed: 0 not at all, 0.8 for a mobile, 1 more for its grouping."""
    import phonenumbers

    number = phonenumbers.parse(e164)
    kind = phonenumbers.number_type(number)
    mobile = kind in (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE)
    usual = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
    groups = re.findall(r"\d+", usual)
    return 0.8 * mobile + 1.0 * (len(groups) > 1 and groups == re.findall(r"\d+", raw))


def _readings(text: str, digits: str, country: str | None, international: bool) -> list[tuple[str, str | None]]:
    import phonenumbers

    if international:
        return [(text, None)]
    if not country:
        return []
    code = str(phonenumbers.country_code_for_region(country))
    national: list[tuple[str, str | None]] = [(text, country)]
    if code != "0" and digits.startswith(code) and len(digits) > len(code) + 6 and not text.startswith("0"):
        with_plus = ("+" + digits, None)
        try:
            nationally_valid = phonenumbers.is_valid_number(phonenumbers.parse(text, country))
            abroad_valid = phonenumbers.is_valid_number(phonenumbers.parse("+" + digits))
        except phonenumbers.NumberParseException:
            return [*national, with_plus]
        return [with_plus, *national] if abroad_valid and not nationally_valid else [*national, with_plus]
    return national


@lru_cache(maxsize=50_000)
def phone_country(e164: str) -> str | None:
    """ISO country of an E.164 number, or None. Unassigned numbers get the main country of their calling code."""
    import phonenumbers

    try:
        number = phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_number(number) or phonenumbers.region_code_for_country_code(
        number.country_code or 0
    )
    return str(region) if region not in (None, "001", "ZZ") else None


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://", re.I)
_HOST = re.compile(r"^(?:[\w-]+\.)+[^\W\d_][\w-]{1,62}(?::\d+)?(?=[/?#]|$)", re.UNICODE)
# Hosts people write without a scheme; any other bare host is as likely a product ("asp.net", "socket.io").
KNOWN_HOSTS = _set(
    "linkedin.com github.com gitlab.com twitter.com x.com facebook.com medium.com stackoverflow.com "
    "behance.net dribbble.com xing.com "
    "instagram.com youtube.com kaggle.com orcid.org researchgate.net bitbucket.org scholar.google.com dev.to "
    "leetcode.com "
    "hackerrank.com codepen.io about.me angel.co wellfound.com vimeo.com soundcloud.com t.me telegram.me "
    "github.io mastodon.social "
    "huggingface.co codeforces.com npmjs.com pypi.org crunchbase.com glassdoor.com academia.edu substack.com "
    "wantedly.com"
)


@lru_cache(maxsize=4096)
def normalise_link(raw: str | None, *, bare_hosts: bool = True) -> str | None:
    """One web address with a scheme and its host in lower case, or None.

    raw         a cell, a link target or printed text: "www.example.org/", "linkedin.com/in/someone"
    bare_hosts  accept "example.com" without scheme, "www." or path (right for a cell headed "website", wrong for prose)
    returns     None for e-mail addresses, "tel:" targets, local files and hosts without a known ending
    """
    if not raw:
        return None
    text = tidy(raw).strip("<>()[]{}\"'“”,;|").rstrip(".…:")
    if " " in text or "@" in text.split("/")[0 if not _SCHEME.match(text) else 2 if text.count("/") > 1 else 0]:
        return None
    scheme = _SCHEME.match(text)
    if scheme and scheme.group().lower() not in ("http://", "https://"):
        return None
    rest = text[scheme.end() :] if scheme else text
    host = _HOST.match(rest)
    if not host:
        return None
    name = host.group().split(":")[0].lower()
    if not scheme:
        if not is_tld(name.rsplit(".", 1)[-1]):
            return None
        known = name in KNOWN_HOSTS or any(name.endswith("." + h) for h in KNOWN_HOSTS)
        if not (bare_hosts or known or name.startswith("www.") or len(rest) > host.end() + 1):
            return None
    return (scheme.group().lower() if scheme else "https://") + host.group().lower() + rest[host.end() :]


PARTICLES = _set(
    "van von der den die het op de del della dello di da do dos das du la le los las el al bin ibn ben abu ter ten te op "
    "'t zu zum zur af av y e "
    "san santa st saint mac mc o d' l' bint ap ab vom und dal degli dei lo nic ní ó"
)
TITLES = _set(
    "dr prof mr mrs ms miss mx sir dame herr frau ing dipl-ing dott dottssa dra sr sra mag rev hon capt eng "
    "adv ca phd dphil md mba pmp "
    "cpa rn pe jr ii iii iv msc bsc ma ba esq cissp cfa acca frcs dds jd llm llb mph edd psyd cphr shrm rgn "
    "aprn bcom meng beng"
)
_NAME_TOKEN = re.compile(r"^[^\W\d_]+(?:['’ʼ.‐‑-][^\W\d_]*)*[.,]?$|^['’]t$|^['’][^\W\d_]+$", re.UNICODE)
_QUOTED = re.compile(r"[\"“”„«»(][^\"“”„«»()]{1,30}[\"“”«»)]")


def _key(token: str) -> str:
    return fold(token).replace(".", "").strip(",;'\"()")


@lru_cache(maxsize=8192)
def is_plausible_name(text: str | None) -> bool:
    """True if the text has the form of one person's name in some script: one to seven words of letters, at least one a capitalised
    non-particle.

    Form only: a job title passes as well; the scorer decides what is a name on a page.
    """
    if not text:
        return False
    text = _QUOTED.sub(" ", tidy(text)).strip()
    if not 2 <= len(text) <= 70 or "@" in text:
        return False
    if is_cjk(text):
        signs = [c for c in text if not c.isspace() and c not in "・·･"]
        return 2 <= len(signs) <= 14 and all(c.isalpha() or c in "ー々〆" for c in signs)
    tokens = text.replace(",", ", ").split()
    words = [t for t in tokens if _key(t) not in TITLES]
    if not 1 <= len(words) <= 7 or not all(_NAME_TOKEN.match(t.strip(",")) for t in words):
        return False
    full = [t for t in words if fold(t) not in PARTICLES]
    # an unknown short word between others may be a particle too
    inner = {id(t) for t in words[1:-1] if len(t) <= 3}
    if not full or any(t[0].islower() for t in full if fold(t)[:2] not in ("d'", "l'") and id(t) not in inner):
        return False
    return max(len(_key(t)) for t in full) >= 2


def split_name(full: str) -> tuple[str | None, str | None]:
    """(given, family) of a name in the order printed; "Family, Given" is turned; a single word is a given name.

    Particles belong to the family name ("Ludwig van Beethoven"). A CJK name with a space is family first, without
    one unsplit.
    """
    text = tidy(full)
    if not text:
        return None, None
    if is_cjk(text):
        parts = text.split()
        return (parts[1], parts[0]) if len(parts) == 2 else (text, None)
    if "," in text:
        family, _, given = text.partition(",")
        if given.strip() and _key(given.split()[0]) not in TITLES:
            return given.strip(), family.strip()
        text = family.strip()
    tokens = [t for t in text.split() if _key(t) not in TITLES] or text.split()
    if len(tokens) == 1:
        return tokens[0], None
    cut = len(tokens) - 1
    while cut > 1 and fold(tokens[cut - 1]) in PARTICLES:
        cut -= 1
    return " ".join(tokens[:cut]), " ".join(tokens[cut:])


def join_name(given: str | None, family: str | None, middle: str | None = None) -> str | None:
    """One printed name from its parts; East Asian names are family first."""
    parts = [tidy(p) for p in (given, middle, family) if p and tidy(p)]
    if not parts:
        return None
    if family and given and is_cjk(family) and is_cjk(given):
        return f"{tidy(family)} {tidy(given)}"
    return " ".join(parts)
