"""Whether a document is a résumé at all. A file that is none yields no profile, with the reason."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from gateway.extract.resume.contact import Person
from gateway.model import ExtractedProfile
from gateway.values.lexicon import heading_of, phrases
from gateway.values.text import fold

_CORE = ("work", "education", "skills", "summary", "languages", "projects", "references")
# Words that head other kinds of documents; one of them in large type or at the top says what it is instead.
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
NEEDED = 2.5
CARD_WORDS = 30


@dataclass(frozen=True, slots=True)
class Verdict:
    resume: bool
    reason: str
    score: float


def is_resume(person: Person, profile: ExtractedProfile, headings: Counter[str]) -> Verdict:
    """Weighs what a résumé has (its sections, dated entries, contact data beside a name) against what other documents have."""
    text = fold(" ".join(line.text for line in person.lines))
    sections = {line.section for line in person.lines if line.section in _CORE}
    marked = {
        found[0]
        for line in person.lines
        if line.cells and (found := heading_of(line.cells[0].text)) and found[0] in _CORE
    }
    score = 0.9 * len(sections & {"work", "education", "skills"}) + 0.5 * len(
        (sections | marked) - {"work", "education", "skills"}
    )
    score += (
        min(1.5, 0.5 * len(profile.work))
        + min(1.0, 0.6 * len(profile.education))
        + min(0.8, 0.15 * len(profile.skills))
    )
    score += 0.6 * (profile.email is not None) + 0.4 * (profile.phone is not None) + 0.6 * (profile.name is not None)
    head = list(person.lines[:12])
    if any(fold(line.text).strip(" :.") in phrases("cvtitle") for line in head):
        score += 1.5
    bare = reason = "It has none of the sections of a résumé (experience, education, skills)."
    large = [line for line in person.lines if line.size >= 1.25 * person.body or line.bold] or head
    for line in [*large, *head[:4]]:
        key = fold(line.text).strip(" :.")
        words = key.split()
        kind = next(
            (
                _OTHER_KINDS[w.strip(",:")]
                for w in (key, " ".join(words[:2]), *words[:3])
                if w.strip(",:") in _OTHER_KINDS
            ),
            None,
        )
        if kind and (len(words) <= 6):
            score -= 2.5
            reason = f"It looks like {kind}, not a résumé."
            break
    trade = sum(f" {word}" in f" {text}" for word in _TRADE)
    if trade >= 3:
        score -= 0.6 * trade
        reason = "It looks like an invoice or an offer, not a résumé."
    if any(fold(line.text).startswith(_SALUTATIONS) for line in person.lines[:25]):
        score -= 2.5 if not sections & {"work", "education"} else 1.0
        reason = "It looks like a letter, not a résumé."
    adverts = sum(phrase in text for phrase in _ADVERT)
    if adverts >= 2:
        score -= 0.9 * adverts
        reason = "It looks like a job advertisement, not a résumé."
    name = profile.best("name")
    if not any(w.start for w in profile.work) and not any(e.start for e in profile.education):
        score -= 1.0
    if name is None or name.confidence < 0.3:
        score -= 0.7
    if reason is bare and len(text.split()) <= CARD_WORDS and profile.email and profile.phone:
        score = max(
            score, NEEDED
        )  # a contact sheet: nothing but a person and how to reach them, as some systems export
    return Verdict(score >= NEEDED, reason, score)
