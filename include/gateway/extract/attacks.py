"""What a document holds that is meant for machines, not for people. It is told and shown; nothing here obeys or removes it.

INSTRUCTION_TEXT   words that tell a language model what to do, seen or hidden
KEYWORD_STUFFING   the same words again and again
FORMULA_CELL       a cell of a list that a spreadsheet would calculate
POLYGLOT_FILE      bytes that are two kinds of file at once, so that two programs see two documents
"""

from __future__ import annotations

import re
import unicodedata
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from gateway.extract.media_types import PDF
from gateway.extract.office.package import PACKAGE_ERRORS

_BROKEN: tuple[type[Exception], ...] = (OSError, *PACKAGE_ERRORS)

TAGS = range(0xE0000, 0xE0080)  # tag characters: ASCII that nothing draws
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
_LONGEST = 400_000  # characters looked at; a page has some thousand

_INSTRUCTIONS = r"(?:instruction|direction|prompt|rule|guideline|command|criteri|context|message)\w*"
_EARLIER = r"(?:previous|prior|above|earlier|preceding|foregoing|existing|original|system|initial)"
_MODEL = r"(?:ai|a\.i\.|llm|gpt|chatgpt|language model|large language model|artificial intelligence|chatbot|ats bot|ai assistant|ai model|ai recruiter)"
_THEM = r"(?:this|the following|the above|my)\s+(?:candidate|applicant|r[eé]sum[eé]|cv|profile|application|person)"
_ENGLISH = (
    rf"\b(?:ignore|disregard|forget|override|bypass|discard)\b(?:\W+\w+){{0,4}}?\W+{_EARLIER}\b(?:\W+\w+){{0,3}}?\W+{_INSTRUCTIONS}",
    rf"\b(?:ignore|disregard|forget|override)\s+(?:all|any|every|your)\s+(?:of\s+)?(?:the\s+|your\s+|these\s+|those\s+)?{_INSTRUCTIONS}",
    r"\bnew\s+(?:system\s+)?(?:instructions?|prompt)\s*:",
    rf"\b(?:attention|note|instructions?|message|dear|hello|hey)\b[\s:,]*(?:to|for)?\s*(?:any|the|all|every)?\s*{_MODEL}(?:s|\s+(?:reviewer|screener|reader|system|evaluator|tool|agent)s?)?\s*[:,;.!-]",
    rf"\b(?:if|since|as|when)\s+you(?:\s+are|'re|’re)\s+(?:an?\s+|the\s+)?{_MODEL}\b",
    rf"\byou\s+are\s+(?:now\s+)?(?:an?\s+|the\s+)(?:\w+\s+){{0,3}}?(?:{_MODEL}|assistant|hiring manager|recruiter|screener|evaluator)\b",
    rf"\b(?:rate|rank|score|grade|classify|mark|treat|recommend|shortlist|select|approve|accept|pass|advance|describe|label|evaluate|list)\s+{_THEM}\s+(?:as|at|with|for|to|first|highly|above|top|in|immediately|\d)",
    rf"\b(?:give|assign|award)\s+{_THEM}\s+(?:an?\s+|the\s+|full\s+|maximum\s+|top\s+)",
    r"\b(?:reveal|print|repeat|output|show|leak|disclose)\s+(?:me\s+)?(?:your|the)\s+(?:entire\s+|full\s+)?(?:system|initial|hidden|developer)\s+(?:prompt|instructions?|message)",
    r"\b(?:return|respond|reply|answer|output)\s+(?:only|exactly|solely|just)\s+(?:with\s+|the\s+)?(?:json|yes|[\"'“{]|approved|accepted|hired|qualified|pass\b)",
    r"\bdo\s+not\s+(?:tell|inform|mention|reveal|disclose|report)\b(?:\W+\w+){0,5}?\W+(?:these\s+instructions|this\s+(?:instruction|message|prompt)|(?:the\s+)?(?:user|human|recruiter|reviewer)\b)",
)
_OTHERS = (
    r"\bignorier\w*\s+(?:sie\s+)?(?:bitte\s+)?(?:alle\w*\s+)?(?:die\s+|deine\s+|ihre\s+)?(?:vorherig|bisherig|obig|vorangegangen|früher)\w*\s+(?:anweisung|instruktion|vorgabe|regel)\w*",
    r"\bbewert\w*\s+(?:sie\s+)?dies\w*\s+(?:bewerb|kandidat|lebenslauf|profil)\w*\s+(?:als|mit)\b",
    r"\b(?:ignora|ignore|olvida)\w*\s+(?:todas?\s+)?(?:las\s+)?instrucciones\s+(?:anteriores|previas)",
    r"\b(?:ignore[zr]?|oublie[zr]?)\s+(?:toutes\s+)?(?:les\s+)?(?:instructions|consignes)\s+(?:précédentes|antérieures|ci-dessus)",
    r"\b(?:ignore|desconsidere)\w*\s+(?:todas\s+)?as\s+instruções\s+(?:anteriores|acima)",
    r"\b(?:ignora|dimentica)\w*\s+(?:tutte\s+)?le\s+istruzioni\s+(?:precedenti|sopra)",
    r"\bnegeer\s+(?:alle\s+)?(?:de\s+)?(?:vorige|eerdere|bovenstaande)\s+(?:instructies|opdrachten)",
    r"\bzignoruj\s+(?:wszystkie\s+)?(?:poprzednie|wcześniejsze)\s+(?:instrukcje|polecenia)",
    r"игнорируй(?:те)?\s+(?:все\s+)?(?:предыдущие|прежние)\s+(?:инструкции|указания)",
    r"忽略(?:之前|以上|前面|先前)(?:的)?(?:所有|一切)?(?:的)?(?:指令|指示|说明)",
    r"(?:以前|これまで|上記|前)の(?:すべての)?(?:指示|命令)を無視",
)
_MARKUP = (
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|start_header_id)\|>",
    r"\[/?inst\]",
    r"<</?sys>>",
    r"<(?:system|assistant|instructions?)>\s*\w",
    r"(?:^|\s)#{2,}\s*(?:system|instruction|assistant)s?\s*:",
    r"\bbegin\s+system\s+(?:prompt|message)\b",
)
_INSTRUCTION = re.compile("|".join(f"(?:{one})" for one in (*_ENGLISH, *_OTHERS, *_MARKUP)), re.I)
# A word without which none of the patterns can match: the patterns themselves are slow on long pages.
_HINT = re.compile(
    r"ignor|disregard|forget|overrid|bypass|discard|prompt|instruct|instruk|you are|you'?re|you’re|candidate|applicant|"
    r"sum[eé]|\bcv\b|profile|application|person|only|exactly|solely|just|do not|<\||inst\]|sys>>|<system|<assist|##|bewert|"
    r"olvida|oublie|desconsid|dimentica|negeer|игнор|忽略|無視|\bai\b|\bllm|gpt|language model|chatbot",
    re.I,
)
_TOKEN = re.compile(r"[^\W\d_][\w+#.-]{2,}")
WINDOW, DISTINCT, IN_A_ROW = 120, 30, 6

_FORMULA = re.compile(
    r"^[=＝]\s*[A-Za-z0-9(\"'+\-@$]|^[@＠+\-＋－]\s*[A-Za-z.]+\d*\s*\(.*\)|^[=＝@＠+\-＋－].*\|.*!", re.S
)
_TEXT_FORMULA = re.compile(r'^=\s*"[^"]*"$')  # ="0123": how exporters keep leading zeros
_CALLS = re.compile(
    rb"<f[^>]*>[^<]*(?:WEBSERVICE|FILTERXML|IMPORT(?:XML|DATA|HTML|RANGE)|CALL\(|REGISTER|cmd\s*\||DDE)", re.I
)
_SHEET_BYTES = 50_000_000

_OTHER_HEADS = (
    b"MZ",
    b"\x7fELF",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x89PNG",
    b"PK\x03\x04",
    b"#!",
    b"Rar!",
    b"\xca\xfe\xba\xbe",
)
_MARKUP_HEAD = re.compile(rb"<(?:!doctype|html|script|svg|\?php)", re.I)
_EOCD = b"PK\x05\x06"
_TAIL = 66_000


def plain(text: str) -> str:
    """Text as it means: tag characters turned into what they spell, invisible ones gone, compatibility forms folded."""
    if not text.isascii():
        text = "".join(chr(ord(char) - 0xE0000) if ord(char) in TAGS else char for char in text)
        text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    return " ".join(text[:_LONGEST].split())


def has_tags(text: str) -> bool:
    """Words in characters that nothing draws; the flags of some regions are spelled with a few, after a black flag."""
    return not text.isascii() and sum(ord(char) in TAGS for char in text.replace("\U0001f3f4", "")) > 12


def instructs(text: str) -> bool:
    """Whether the text, an whole page or a cell, holds an instruction to a language model."""
    said = plain(text)
    return bool(_HINT.search(said)) and bool(_INSTRUCTION.search(said))


def stuffed(words: Iterable[str]) -> bool:
    """The same words again and again: one six times in a row, or fewer than 30 different ones among 120."""
    tokens = [token.casefold() for word in words for token in _TOKEN.findall(word)]
    run = 1
    for before, token in zip(tokens, tokens[1:], strict=False):
        run = run + 1 if token == before else 1
        if run >= IN_A_ROW:
            return True
    return any(
        len(set(tokens[start : start + WINDOW])) < DISTINCT for start in range(0, max(0, len(tokens) - WINDOW + 1), 20)
    )


def is_formula(cell: str) -> bool:
    """A spreadsheet would calculate it: =..., +SUM(...), @SUM(...), =cmd|...!A1; numbers, handles and bullets are none."""
    text = cell.strip()
    return bool(text) and text[0] in "=＝@＠+-＋－" and not _TEXT_FORMULA.match(text) and bool(_FORMULA.match(text))


def marks_of_cells(cells: Sequence[str]) -> list[str]:
    """Codes for one row of a list, each once."""
    found = []
    if any(is_formula(cell) for cell in cells):
        found.append("FORMULA_CELL")
    long = [cell for cell in cells if len(cell) > 12]
    if any(has_tags(cell) for cell in long):
        found.append("HIDDEN_TEXT")
    if any(instructs(cell) for cell in long):
        found.append("INSTRUCTION_TEXT")
    if any(stuffed([cell]) for cell in long):
        found.append("KEYWORD_STUFFING")
    return found


def calls_out(path: Path) -> bool:
    """A workbook with formulas that fetch or start something, or with links to other files that are loaded."""
    try:
        with zipfile.ZipFile(path) as packed:
            names = packed.namelist()
            if any(
                "ddelink" in packed.read(name)[:4_000].lower().decode("latin-1") for name in names if _is_link(name)
            ):
                return True
            for name in names:
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    with packed.open(name) as sheet:
                        if _CALLS.search(sheet.read(_SHEET_BYTES)):
                            return True
    except _BROKEN:
        return False  # the reader says what is wrong with it
    return False


def _is_link(name: str) -> bool:
    return name.startswith("xl/externalLinks/") and name.endswith(".xml")


def is_polyglot(path: Path, media_type: str) -> bool:
    """The bytes are a file of another kind as well: another one's beginning before a PDF's, an archive at its end, ..."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(1_024)
        file.seek(max(0, size - _TAIL))
        tail = file.read()
    is_archive = head.startswith(b"PK\x03\x04")
    if media_type == PDF:
        before = head.partition(b"%PDF")[0].lstrip(b"\xef\xbb\xbf \t\r\n\0")
        if before.startswith(_OTHER_HEADS) or _MARKUP_HEAD.search(before):
            return True
    elif is_archive and (b"%PDF-" in head or b"%PDF-" in _after_archive(tail)):
        return True
    if is_archive:
        return len(_after_archive(tail).strip(b"\0 \r\n\t")) > 64
    return _ends_as_archive(tail, size)


def _after_archive(tail: bytes) -> bytes:
    """What follows an archive's end record and its comment."""
    at = tail.rfind(_EOCD)
    if at < 0 or len(tail) < at + 22:
        return b""
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    return tail[at + 22 + comment :] + tail[at + 22 : at + 22 + comment]


def _ends_as_archive(tail: bytes, size: int) -> bool:
    """An archive's end record that reaches to the file's end: what unpackers look for, whatever stands before it.

    A file that merely holds an archive (an attachment) has more after that record than its comment.
    """
    at = tail.rfind(_EOCD)
    if at < 0 or len(tail) < at + 22:
        return False
    entries = int.from_bytes(tail[at + 10 : at + 12], "little")
    directory = int.from_bytes(tail[at + 12 : at + 16], "little")
    comment = int.from_bytes(tail[at + 20 : at + 22], "little")
    start = size - len(tail) + at - directory
    return entries > 0 and start >= 0 and abs(len(tail) - (at + 22 + comment)) <= 2
