"""Whether a document is a résumé: yes, doubtful, or no.

    sure      read
    doubtful  read, and every profile of it is held for a person (RESUME_DOUBTFUL)
    no        not read (NOT_A_RESUME), with the reason

Headings are one witness among several. A career shows without them: periods of time, occupations, schools, a person with an
address. Refusing takes both: little of that, or much that belongs to another kind of document.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.extract.page.layout import Line
from gateway.extract.resume.contact import Person
from gateway.model import ExtractedProfile
from gateway.values.dates import find_periods
from gateway.values.lexicon import heading_of, hits, phrases, title_score
from gateway.values.text import fold

_CORE = ("work", "education", "skills", "summary", "languages", "projects", "references")
# Words that head other kinds of documents; one of them in large type or at the top names the kind.
_OTHER_KINDS = {
    "invoice": "an invoice",
    "rechnung": "an invoice",
    "facture": "an invoice",
    "factura": "an invoice",
    "fatura": "an invoice",
    "fattura": "an invoice",
    "factuur": "an invoice",
    "faktura": "an invoice",
    "счет": "an invoice",
    "請求書": "an invoice",
    "发票": "an invoice",
    "receipt": "a receipt",
    "quittung": "a receipt",
    "recibo": "a receipt",
    "ricevuta": "a receipt",
    "kvitto": "a receipt",
    "quotation": "an offer",
    "quote": "an offer",
    "angebot": "an offer",
    "devis": "an offer",
    "presupuesto": "an offer",
    "purchase order": "an order",
    "order confirmation": "an order",
    "delivery note": "a delivery note",
    "lieferschein": "a delivery note",
    "minutes": "minutes of a meeting",
    "meeting minutes": "minutes of a meeting",
    "protokoll": "minutes of a meeting",
    "agenda": "an agenda",
    "contract": "a contract",
    "agreement": "a contract",
    "vertrag": "a contract",
    "contrat": "a contract",
    "contrato": "a contract",
    "terms and conditions": "terms and conditions",
    "privacy policy": "a policy",
    "job description": "a job advertisement",
    "we are hiring": "a job advertisement",
    "vacancy": "a job advertisement",
    "stellenanzeige": "a job advertisement",
    "menu": "a menu",
    "newsletter": "a newsletter",
    "report": "a report",
    "user manual": "a manual",
    "manual": "a manual",
    "price list": "a price list",
    "preisliste": "a price list",
    "syllabus": "a syllabus",
    "cover letter": "a letter",
    "anschreiben": "a letter",
    "lettre de motivation": "a letter",
    "statement": "a statement",
    "bank statement": "a statement",
    "press release": "a press release",
    "memo": "a memo",
    "memorandum": "a memo",
    "certificate": "a certificate",
    "zeugnis": "a certificate",
    "timetable": "a timetable",
    "programme": "a programme",
}
_SALUTATIONS = (
    "dear ",
    "sehr geehrte",
    "madame, monsieur",
    "chere madame",
    "estimad",
    "prezad",
    "gentile ",
    "egregi",
    "geachte ",
    "beste ",
    "hej ",
    "szanown",
    "уважаем",
    "κυριε",
    "拝啓",
    "尊敬的",
    "sayin ",
    "kinh gui",
    "caro ",
    "to whom it may concern",
)
_ADVERT = (
    "we offer",
    "we are looking for",
    "apply now",
    "your profile",
    "your tasks",
    "send your cv",
    "send your application",
    "join our team",
    "how to apply",
    "wir bieten",
    "wir suchen",
    "ihre aufgaben",
    "ihr profil",
    "bewerben sie sich",
    "nous recherchons",
    "votre profil",
    "postulez",
    "ofrecemos",
    "buscamos",
    "envia tu cv",
    "oferecemos",
    "procuramos",
    "cerchiamo",
    "offriamo",
    "wij bieden",
    "wij zoeken",
    "vi soker",
    "vi erbjuder",
    "oferujemy",
    "poszukujemy",
    "you will",
    "what you will do",
    "requirements",
    "responsibilities include",
    "the ideal candidate",
    "about the role",
    "salary",
    "benefits",
    "who you are",
    "closing date",
    "apply by",
    "submit your",
)
_TRADE = (
    "total",
    "subtotal",
    "vat",
    "qty",
    "quantity",
    "unit price",
    "amount due",
    "due date",
    "iban",
    "invoice no",
    "mwst",
    "tva",
    "iva",
    "bill to",
    "price",
    "netto",
    "summe",
    "betrag",
    "montant",
    "importe",
    "moms",
    "btw",
)
SURE = 3.5  # from here on a document is read without a question
CLEAR = 5.0  # from here on dates are not needed
PLAIN = 8.0  # from here on not even a way to reach the person is: their e-mail is missed by a gate of its own
READ = 1.5  # from here on it is read, and held
CARD_WORDS = 30
LITTLE = "It shows little of a résumé: few dates, positions, schools or headings."
NO_WAY = "No e-mail address and no phone number was read in it, and little else of a résumé."
LONG = 8  # pages; reports, theses and manuals are longer, and only careers of academics are
_YEAR = re.compile(r"(?<!\d)(?:19[5-9]|20[0-4])\d(?!\d)")
_NUMBERED = re.compile(r"^\d{1,2}(?:\.\d{1,2}){0,2}\.?\s+[^\W\d_]")  # "2.1 Method"
_PAPER = frozenset(
    [
        "abstract",
        "introduction",
        "conclusion",
        "conclusions",
        "table of contents",
        "contents",
        "bibliography",
        "acknowledgements",
        "related work",
        "discussion",
        "appendix",
        "zusammenfassung",
        "einleitung",
        "inhaltsverzeichnis",
        "inhalt",
        "fazit",
        "literaturverzeichnis",
        "literatur",
        "sommaire",
        "table des matieres",
        "resumen",
        "indice",
        "conclusiones",
        "introduccion",
        "conclusao",
        "introducao",
        "sumario",
        "introduzione",
        "conclusioni",
        "inhoudsopgave",
        "inleiding",
        "innehall",
        "inledning",
        "spis tresci",
        "wstep",
        "оглавление",
        "введение",
        "заключение",
        "目次",
        "摘要",
        "引言",
        "结论",
        "参考文献",
    ]
)
_CLOSINGS = (
    "sincerely",
    "yours faithfully",
    "kind regards",
    "best regards",
    "mit freundlichen grussen",
    "hochachtungsvoll",
    "cordialement",
    "salutations distinguees",
    "atentamente",
    "un cordial saludo",
    "atenciosamente",
    "cordiali saluti",
    "distinti saluti",
    "met vriendelijke groet",
    "med vanlig halsning",
    "z powazaniem",
    "с уважением",
    "敬具",
    "此致",
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """outcome is sure | doubtful | no; parts explain the score: name -> points, negative for signs of another kind."""

    outcome: str
    reason: str
    score: float
    parts: Mapping[str, float] = field(default_factory=dict)

    @property
    def read(self) -> bool:
        return self.outcome != "no"


def is_resume(person: Person, profile: ExtractedProfile, headings: Counter[str]) -> Verdict:
    """Weighs signs of a résumé against signs of other documents.

    person     its lines, sections marked
    profile    the values read so far
    returns    a Verdict; its reason is a sentence for the sender where the outcome is not "sure"
    """
    text = fold(" ".join(line.text for line in person.lines))
    for_it = {**_sections(person), **_entries(profile), **_contact(person, profile), **_career(person.lines)}
    against, reason = _other_kinds(person, text, for_it)
    parts = {name: round(points, 2) for name, points in {**for_it, **against}.items() if points}
    score = sum(parts.values())
    if not against and len(text.split()) <= CARD_WORDS and profile.email and profile.phone:
        return Verdict("sure", "", max(score, SURE), parts)  # a contact sheet, as some systems export
    reached = bool(profile.email or profile.phone)
    timed = not for_it["no dated entry"] or for_it["title"] > 0 or sum(map(_has_year, person.lines)) >= 2
    if score >= SURE and (reached or score >= PLAIN) and (timed or score >= CLEAR):
        return Verdict("sure", "", score, parts)
    reason = reason or (LITTLE if reached else NO_WAY)
    # A person and signs of a career, of two kinds with an address and three without, are a candidate without headings.
    career = (for_it["periods"], for_it["occupations"], for_it["schools"], for_it["work"] + for_it["education"])
    candidate = not against and profile.name is not None and sum(map(bool, career)) >= (2 if reached else 3)
    return Verdict("doubtful" if score >= READ or candidate else "no", reason, score, parts)


def _sections(person: Person) -> dict[str, float]:
    sections = {line.section for line in person.lines if line.section in _CORE}
    marked = {
        found[0]
        for line in person.lines
        if line.cells and (found := _heading(line, person.body)) is not None and found in _CORE
    }
    marked |= {
        known[0]
        for line in person.lines
        if line.cells and (known := heading_of(line.cells[0].text)) and known[0] in _CORE
    }
    main = {"work", "education", "skills"}
    return {
        "sections": 0.9 * len(sections & main)
        + 0.5 * len((sections | marked) - main)
        + 0.6 * len((marked - sections) & main),
        "title": 1.5 * any(fold(line.text).strip(" :.") in phrases("cvtitle") for line in person.lines[:12]),
    }


def _heading(line: Line, body: float) -> str | None:
    """The section of a short line that stands out and has a heading's word in it ("My Work History")."""
    words = fold(line.text).strip(" :.").split()
    stands_out = line.bold or line.size >= 1.12 * body or line.text.isupper()
    if not stands_out or not 2 <= len(words) <= 5:
        return None
    pairs = [f"{a} {b}" for a, b in zip(words, words[1:], strict=False)]
    return next((found[0] for text in (*pairs, *words) if len(text) > 4 and (found := heading_of(text))), None)


def _entries(profile: ExtractedProfile) -> dict[str, float]:
    undated = not any(w.start for w in profile.work) and not any(e.start for e in profile.education)
    return {
        "work": min(1.5, 0.5 * len(profile.work)),
        "education": min(1.0, 0.6 * len(profile.education)),
        "skills": min(0.8, 0.15 * len(profile.skills)),
        "no dated entry": -1.0 * undated,
    }


def _contact(person: Person, profile: ExtractedProfile) -> dict[str, float]:
    name = profile.best("name")
    return {
        "e-mail": 0.6 * (profile.email is not None),
        "phone": 0.4 * (profile.phone is not None),
        "name": 0.6 * (profile.name is not None) - 0.7 * (name is None or name.confidence < 0.3),
    }


def _career(lines: Sequence[Line]) -> dict[str, float]:
    """Signs of a career, anywhere: short lines with a period, an occupation, a school or a degree."""
    periods = occupations = schools = 0
    for line in lines:
        words = line.text.split()
        if len(words) > 14:
            continue
        periods += any(found.is_range for found in find_periods(line.text))
        occupations += len(words) <= 9 and title_score(line.text) >= 1.8
        schools += len(words) <= 9 and bool(hits("institution", line.text) or hits("degree", line.text))
    return {
        "periods": min(1.6, 0.4 * periods),
        "occupations": min(0.8, 0.2 * occupations),
        "schools": min(0.6, 0.2 * schools),
    }


def _has_year(line: Line) -> bool:
    return bool(_YEAR.search(line.text))


def _other_kinds(person: Person, text: str, for_it: Mapping[str, float]) -> tuple[dict[str, float], str | None]:
    """(negative points, sentence of the heaviest) of signs of other kinds of documents."""
    found: dict[str, tuple[float, str]] = {}
    kind = _named_kind(person)
    if kind:
        found["names itself"] = -2.5, f"It looks like {kind}, not a résumé."
    trade = sum(f" {word} " in f" {text} " for word in _TRADE)
    if trade >= 3:
        found["trade"] = -0.6 * trade, "It looks like an invoice or an offer, not a résumé."
    career = for_it["work"] + for_it["education"] + for_it["periods"]
    opens = any(fold(line.text).startswith(_SALUTATIONS) for line in person.lines[:25])
    closes = any(fold(line.text).startswith(_CLOSINGS) for line in person.lines)
    if opens or closes:
        points = (2.5 if opens else 1.5) if career < 1.5 else 1.0  # a letter before a résumé in one file
        found["letter"] = -points, "It looks like a letter, not a résumé."
    adverts = sum(f" {phrase}" in f" {text}" for phrase in _ADVERT)
    if adverts >= 2:
        found["advert"] = -0.9 * adverts, "It looks like a job advertisement, not a résumé."
    numbered = sum(bool(_NUMBERED.match(line.text)) for line in person.lines)
    chapters = {key for line in person.lines if (key := _chapter(line.text)) in _PAPER}
    if len(chapters) >= 2 or (chapters and numbered >= 4):
        found["paper"] = -1.2 * len(chapters), "It looks like a paper, a report or a manual, not a résumé."
    if len(person.pages) > LONG:
        over = len(person.pages) - LONG
        found["length"] = (
            -min(2.5, 0.5 * over),
            f"It has {len(person.pages)} pages and looks like a report, not a résumé.",
        )
    heaviest = min(found.values(), default=None)
    return {name: points for name, (points, _) in found.items()}, heaviest[1] if heaviest else None


def _chapter(text: str) -> str:
    return re.sub(r"^[\dIVX.]+\s+", "", fold(text)).strip(" :.")


def _named_kind(person: Person) -> str | None:
    """The kind of document according to a title in large type, or one of the first lines."""
    head = person.lines[:12]
    large = [line for line in person.lines if line.size >= 1.25 * person.body or (line.bold and line in head)] or head
    for line in [*large, *head[:4]]:
        if heading_of(line.text):
            continue  # a personal statement is not a bank statement
        words = fold(line.text).strip(" :.").split()
        for text in (" ".join(words), " ".join(words[:2]), *words[:3]):
            if len(words) <= 6 and text.strip(",:") in _OTHER_KINDS:
                return _OTHER_KINDS[text.strip(",:")]
    return None
