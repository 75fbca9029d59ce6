"""The content of one cell: addresses, phone numbers, names, links, and the damage spreadsheets do to them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from gateway.values.text import fold, is_cjk, tidy
from gateway.values.values import (
    TITLES,
    find_emails,
    is_plausible_name,
    normalise_email,
    normalise_link,
    normalise_phone,
    split_name,
)

_PLACEHOLDERS = {
    "n/a",
    "na",
    "n.a.",
    "n.a",
    "none",
    "null",
    "nil",
    "nan",
    "-",
    "--",
    "---",
    "–",
    "—",
    "?",
    "??",
    ".",
    "..",
    "x",
    "xx",
    "unknown",
    "not provided",
    "not available",
    "not given",
    "not applicable",
    "no email",
    "no phone",
    "tbd",
    "tba",
    "undefined",
    "blank",
    "(blank)",
    "empty",
    "missing",
    "k.a.",
    "k. a.",
    "keine",
    "keine angabe",
    "unbekannt",
    "entfällt",
    "aucun",
    "aucune",
    "inconnu",
    "non renseigné",
    "néant",
    "ninguno",
    "no disponible",
    "desconocido",
    "sin correo",
    "nenhum",
    "não informado",
    "nessuno",
    "sconosciuto",
    "geen",
    "onbekend",
    "brak",
    "nie podano",
    "neuvedeno",
    "ingen",
    "okänd",
    "yok",
    "belirtilmemiş",
    "нет",
    "не указан",
    "не указано",
    "немає",
    "なし",
    "無し",
    "不明",
    "无",
    "無",
    "없음",
    "미입력",
    "لا يوجد",
    "#n/a",
    "#ref!",
    "#name?",
    "#value!",
    "#null!",
    "#div/0!",
    "#num!",
    "#error!",
    "#nv",
    "#bezug!",
    "#wert!",
    "#n/d",
}
_PLACEHOLDER_KEYS = {fold(word) for word in _PLACEHOLDERS}

_SCIENTIFIC = re.compile(r"^[+']?(\d+(?:[.,]\d+)?)[eE]\+?(\d{1,2})$")
_FLOAT_TAIL = re.compile(r"^([+']?\d{6,})[.,]0+$")
_GROUPED = re.compile(r"^\d{1,3}(?:,\d{3}){2,}(?:\.0+)?$")
_HASHES = re.compile(r"^#{3,}$")  # a column too narrow, saved as seen
_FORMULA_TEXT = re.compile(r'^=\s*"(.*)"$')  # ="0123": how exporters keep leading zeros
_NEUTRALISED = re.compile(r"^'(?=\s*[=+\-@＝＋－＠])")  # how exporters keep a cell from being calculated
_PHONE_SPLIT = re.compile(
    r"[;\n|]|\s/\s|(?<=\d)/(?=\s*[+(0])|:::|(?<=\d),\s*(?=[+(\d])|\s+(?:or|oder|ou|o|of|und|and|et|y|e)\s+", re.I
)
_PHONE_CHARS = re.compile(r"(?:\+|\(|\d)[\d\s().\-–/·]*\d(?:\s*(?:ext|x)\.?\s*\d{1,6})?", re.I)
_LINK_SPLIT = re.compile(r"[\s;|]+|,\s*(?=https?://|www\.|[\w-]+\.[a-z])|:::")
_LIST_SPLIT = re.compile(r"\s*(?:[;|\n•·]|:::)\s*")
_MAIL_WITH_NAME = re.compile(
    r"^\s*[\"']?(.*?)[\"']?\s*[<(\[]\s*(?:mailto:)?[^<>()\[\]\s]+@[^<>()\[\]\s]+\s*[>)\]]\s*;?,?\s*$", re.S
)
_HONORIFIC = re.compile(
    r"^(?:(?:mr|mrs|ms|miss|mx|herr|frau|hr|fr|m|mme|mlle|sr|sra|srta|dhr|mevr|pan|pani)\.?|г-н|г-жа)\s+(?=\S)", re.I
)
_MOJIBAKE = re.compile("[\u00c2-\u00c5\u00d0\u00d1\u00e2-\u00e9][\u0080-\u00bf\u0152-\u0178\u2013-\u2122\u02c6\u02dc]")


@dataclass(frozen=True, slots=True)
class Value:
    """A value read from a cell: normalised, as printed, its confidence (0..1, before the column's), and the rule."""

    value: str
    raw: str
    confidence: float
    rule: str


def clean(cell: str) -> str:
    """A cell as a person sees it: one-line spaces, no invisible characters, spreadsheet quoting and mojibake undone."""
    if not cell:
        return ""
    text = cell.strip()
    formula = _FORMULA_TEXT.match(text)
    if formula:
        text = formula.group(1)
    elif text.startswith("'"):
        text = _NEUTRALISED.sub("", text).strip()
    if not text.isascii():
        text = repair_mojibake(text)
    return text


def repair_mojibake(text: str) -> str:
    """UTF-8 that somebody saved as cp1252 ("MÃ¼ller") turned back; anything else unchanged."""
    if _MOJIBAKE.search(text) is None:
        return text
    return " ".join(_repaired(word) for word in text.split(" "))


def _repaired(word: str) -> str:
    try:
        return word.encode("cp1252").decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return word


def is_blank(text: str) -> bool:
    """True for an empty text, or a word for nothing."""
    return not text or fold(text) in _PLACEHOLDER_KEYS


def emails(cell: str) -> list[Value]:
    """The addresses in a cell, in order."""
    text = clean(cell)
    if is_blank(text):
        return []
    found = list(dict.fromkeys(value for _, _, value in find_emails(text)))
    if found:
        sure = 0.99 if len(found) == 1 else 0.93  # of several, the first is nearly always the one in use
        return [Value(value, text, sure, "address") for value in found]
    one = normalise_email(text)
    return [Value(one, text, 0.95, "spelled address")] if one else []


def links(cell: str) -> list[Value]:
    """Web addresses in a cell, in order."""
    out = []
    for part in _LINK_SPLIT.split(clean(cell)):
        value = normalise_link(part.strip(" ,")) if part.strip(" ,") else None
        if value:
            out.append(Value(value, part.strip(" ,"), 0.97, "address"))
    return out


@dataclass(frozen=True, slots=True)
class PhoneCell:
    """values = numbers in order; e164 tells which form each has. damaged = digits were lost to a spreadsheet."""

    values: tuple[tuple[Value, bool], ...] = ()
    damaged: bool = False
    invalid: bool = False


def phones(cell: str, country: str | None, country_confidence: float) -> PhoneCell:
    """The phone numbers of a cell.

    country             for national numbers; None keeps them as printed, with little confidence
    country_confidence  how sure the country is, 0..1
    """
    text = clean(cell).lstrip("'’`").strip()
    if is_blank(text) or _HASHES.match(text):
        return PhoneCell(damaged=bool(_HASHES.match(text)))
    text, damaged, rule = undo_spreadsheet(text)
    if damaged:
        return PhoneCell(damaged=True)
    out: list[tuple[Value, bool]] = []
    for part in _PHONE_SPLIT.split(text):
        for piece in _PHONE_CHARS.findall(part.replace("\u00a0", " ")):
            value = _phone(piece.strip(), country, country_confidence, rule)
            if value is not None:
                out.append(value)
    return PhoneCell(tuple(out), invalid=not out)


def _phone(piece: str, country: str | None, sure: float, rule: str) -> tuple[Value, bool] | None:
    digits = re.sub(r"\D", "", piece)
    if len(digits) < 6 or len(set(digits)) == 1:
        return None
    stands_alone = piece.startswith(("+", "00", "(+"))
    number, valid = normalise_phone(piece, None if stands_alone else country)
    if number is not None:
        confidence = (0.99 if stands_alone else 0.985 * sure) * (1.0 if valid else 0.75)
        if rule:
            confidence *= 0.93
        return Value(
            number, piece, round(confidence, 4), rule or ("international" if stands_alone else "national")
        ), True
    # "12025550149": a spreadsheet took the plus for a sign. Only where it is a number in use, and no country denies it.
    if country is None and piece.isdigit() and 11 <= len(digits) <= 15 and not digits.startswith("0"):
        number, valid = normalise_phone("+" + digits, None)
        if number is not None and valid:
            return Value(number, piece, 0.85, "lost plus"), True
    if stands_alone or not 7 <= len(digits) <= 15 or country is not None:
        return None
    return Value(piece, piece, 0.3, "no country"), False


def undo_spreadsheet(text: str) -> tuple[str, bool, str]:
    """(text, damaged, rule) of a cell a spreadsheet took for a number; damaged means digits are gone for good."""
    scientific = _SCIENTIFIC.match(text)
    if scientific:
        mantissa, exponent = scientific.group(1).replace(",", "."), int(scientific.group(2))
        decimals = len(mantissa.partition(".")[2])
        try:
            whole = Decimal(mantissa).scaleb(exponent)
        except InvalidOperation:
            return text, True, ""
        # Every digit must be printed: 1.3125550130E+10 has them all, 1.51256E+10 ends in invented zeros.
        if decimals < exponent or exponent > 15:
            return text, True, ""
        return str(int(whole)), False, "scientific notation"
    tail = _FLOAT_TAIL.match(text)
    if tail:
        return tail.group(1), False, "number with .0"
    if _GROUPED.match(text):
        return re.sub(r"[,]|\.0+$", "", text), False, "grouped number"
    return text, False, ""


def name(cell: str) -> Value | None:
    """A person's name from a cell; "Family, Given" is turned; an e-mail address or a "Mr" next to it is cut off."""
    raw = tidy(clean(cell))
    beside = _MAIL_WITH_NAME.match(raw)
    if beside:
        raw = beside.group(1).strip(" \"'")
    elif "@" in raw:
        spans = find_emails(raw)
        if not spans:
            return None
        raw = (raw[: spans[0][0]] + " " + raw[spans[-1][1] :]).strip(" \"',;:-–<>()[]|")
    if is_blank(raw) or not any(char.isalpha() for char in raw) or raw[0] in "=+@" or len(raw) > 120:
        return None
    shown = _HONORIFIC.sub("", raw).strip() or raw
    if shown[0] in "'’`" and shown[1:2].isupper():
        shown = shown[1:]  # a spreadsheet's mark for text
    shown = _without_suffix(shown)
    if "," in shown:
        given, family = split_name(shown)
        if given and family and is_plausible_name(given) and not is_cjk(shown):
            shown = f"{given} {family}"
            return Value(shown, raw, 0.95, "family name first")
    if is_plausible_name(shown):
        return Value(shown, raw, 0.98, "name")
    if any(char.isdigit() for char in shown) or len(shown.split()) > 6:
        return Value(shown, raw, 0.4, "odd name")
    return Value(shown, raw, 0.85 if not is_cjk(shown) else 0.9, "unusual name")


def _without_suffix(shown: str) -> str:
    """ "Archer, Ada, Jr." -> "Archer, Ada": what follows a second comma is a title or a generation."""
    parts = [part.strip() for part in shown.split(",")]
    while len(parts) > 2 and (not parts[-1] or all(fold(w).replace(".", "") in TITLES for w in parts[-1].split())):
        parts.pop()
    return ", ".join(parts)


def items(cell: str) -> list[str]:
    """A list in a cell: separated by ; | • or line ends, and by commas only if there are no others."""
    text = clean(cell)
    parts = _LIST_SPLIT.split(text)
    if len(parts) == 1:
        parts = text.split(",") if "," in text else text.split("、") if "、" in text else text.split("/")
    return list(dict.fromkeys(tidy(part).strip(" .,-") for part in parts if tidy(part).strip(" .,-")))[:100]
