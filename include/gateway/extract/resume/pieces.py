"""The pieces of an entry's head lines: what type, separators and little words set apart."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from html import unescape

from gateway.extract.page.layout import joined
from gateway.extract.page.words import Word
from gateway.extract.resume.evidence import EDGE, count, is_domain, is_place, title, trimmed
from gateway.extract.resume.labels import label_of
from gateway.extract.resume.roles import Fragment, words_of
from gateway.values.lexicon import hits, phrases
from gateway.values.text import fold, is_cjk, tidy

_SEPARATOR = re.compile(r"\s+[|•·–—/]\s+|\s+-\s+|\s*[|•—]\s*|\s+@\s+|\s*；\s*|\s{3,}|\t")
_ASIDE = re.compile(r"\([^()]*\)")
_AT = re.compile(
    r"\s+(?:at|bei|chez|hos|presso|beim|bij|u|w firmie|в компании|в|у|for|für|pour|para|en|em|na|no|presso|@)\s+(?:der firma |the )?",
    re.I,
)
_NAMED_AT = re.compile(r"univers|college|institut|academ|akadem", re.I)  # "University of X at Y" is one name
# Words that always mean "at"; the others ("in", "for") count only before a proper name.
_PLAIN_AT = frozenset({"at", "bei", "beim", "chez", "hos", "presso", "@", "bij"})
_DURATION = re.compile(
    r"\(?\b\d{1,2}\+?\s*(?:years?|yrs?|months?|mos?|jahre?|monate?|ans?|mois|años?|mes(?:es)?|anos?|anni|mesi|jaar|år|lat|miesięcy|мес\w*|год\w*|лет)\b.*$"
    r"|^(?:총\s*)?\d{1,2}\s*(?:年|년)間?(?:\s*\d{1,2}\s*(?:ヶ月|か月|个月|個月|개월))?間?$|^\d{1,2}\s*개월$|^an? (?:few )?(?:day|week|month|year)s?$|[(（]\s*\d{1,2}\s*(?:年|년|ヶ月|か月|个月|개월).*$",
    re.I,
)


# Text next to a degree that is not part of a name: the European level, an average of marks
_LEVEL = re.compile(
    r"[\s,·|(–-]*\b(?:EQF level|livello EQF|nivel EQF|EQR-niveau|niveau CEC)\s*\d\b\)?"
    r"|[\s,·|(–-]+\b(?:grade|result|class|note|mention|voto|nota)\s*[:=]\s*[^,;|]{1,24}$"
    r"|[\s,·|(–-]*\b(?:C?GPA|CPI|SGPA|IPK|promedio|notenschnitt|note|percentage|score|grade|media|voto)\s*[:=]?\s*(?:of\s*)?\d[\d.,/% ]*\)?",
    re.I,
)


# Japanese forms say behind a name what happened there: entered, graduated, joined, left; "that is all" ends them
_EVENT = re.compile(
    r"\s*(?:へ|に|を)?\s*(?:卒業見込み?|卒業|入学|中退|修了見込み?|修了|編入学?|入社|退社|入職|退職|在学中|在籍中|転職)$"
)
_CLOSING = frozenset({"以上", "なし", "無し", "現在に至る", "同上", "없음", "無"})


def pieces_of(words: Sequence[Word], page: int, line: int) -> list[Fragment]:
    """The pieces of one cell, the dates already gone."""
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        same = last is not None and (last.bold, last.italic) == (word.bold, word.italic) and last.colour == word.colour
        if (same and last is not None and abs(last.size - word.size) < 0.6) or (
            last is not None and not any(c.isalnum() for c in word.text)
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
    out: list[Fragment] = []
    for number, run in enumerate(runs):
        if number and run[0].text.startswith(".") and len(run) > 1:
            break  # the description follows in the same line
        if (
            number
            and runs[number - 1][-1].text.endswith(".")
            and len(run) >= 4
            and not ends_with_legal([runs[number - 1][-1].text])
        ):
            break
        for text in _texts(joined(run)):
            cut = words_of(run, text)
            out.append(Fragment(text, line, 0, run[0].bold, run[0].italic, cut, page, min(w.confidence for w in cut)))
    return out


def without(words: Sequence[Word], text: str, span: tuple[int, int]) -> list[Word]:
    """The words of a cell without the letters of `text` in `span`; a word that is cut keeps the part outside."""
    out: list[Word] = []
    at = 0
    for word in words:
        printed = tidy(word.text)
        begin = text.find(printed, at) if printed else at
        if begin < 0:
            return _without_tokens(words, text[span[0] : span[1]])  # letter-spaced: the text is not the words in a row
        at = begin + len(printed)
        if at <= span[0] or begin >= span[1]:
            out.append(word)
            continue
        rest = text[begin : max(begin, span[0])] + text[min(at, span[1]) : at]
        if rest.strip(EDGE):
            out.append(replace(word, text=rest))
        elif printed.startswith(("|", "·")):
            out.append(word)
    return out


def words_after(words: Sequence[Word], value: str) -> list[Word]:
    """The last words, those that make up `value`: the text after a label."""
    count = len(value.split())
    return list(words[len(words) - count :]) if count else []


def _without_tokens(words: Sequence[Word], text: str) -> list[Word]:
    squeezed = text.replace(" ", "")
    return [w for w in words if not (w.text.strip("(),") and w.text.strip("(),") in squeezed)]


@lru_cache(maxsize=8192)
def _texts(text: str) -> tuple[str, ...]:
    text = unescape(text)  # "Smith &amp; Partners": what a web page's template escaped twice
    text = _LEVEL.sub("", _DURATION.sub("", text))
    kept: list[str] = []  # text in brackets is not cut

    def keep(match: re.Match[str]) -> str:
        kept.append(match.group())
        return f"({len(kept) - 1})"

    whole = [
        re.sub(r"\((\d+)\)", lambda m: kept[int(m.group(1))], part) for part in _SEPARATOR.split(_ASIDE.sub(keep, text))
    ]
    pieces = [p for part in whole for p in _at(part)]
    out = []
    for piece in pieces:
        sentence = re.match(r"(.{6,}?[^\W\d_]{3,})\.\s+[^\W\d_]", piece)
        piece = sentence.group(1) if sentence and len(piece) > 50 else piece
        piece = re.sub(r"^(?:at|bei|chez|hos|presso|@)\s+", "", piece.strip(), flags=re.I)
        piece = re.sub(r"^(?:na|no|em|en|au|à|u|w)\s+(?=[^\W\d_a-z])", "", piece)
        piece = trimmed(piece)
        for opened, closed in ("()", "[]"):
            if piece.count(opened) > piece.count(closed):
                piece += closed
        piece = _EVENT.sub("", piece)
        if len(pieces) > 1 and len(piece) <= 16 and label_of(piece) == "nothing":
            continue  # "Grad. May 2014": the word before a date
        if any(c.isalpha() for c in piece) and piece not in _CLOSING:
            out.append(piece)
    return tuple(out)


_WORKED_AS = re.compile(
    r"^(?:i\s+)?(?:(?:currently|previously|presently)\s+)?(?:work(?:ed|ing)?|employed|engaged|serv(?:ed|ing))\s+as\s+(?:an?\s+|the\s+)?(?=\S)",
    re.I,
)
_FROM = re.compile(r"\s+from\s+(?:the\s+)?(?=[^\W\d_a-z])")


def _at(text: str) -> list[str]:
    """ "Engineer at Company" in two, when the first half is a title ("University of X at Y" is not); "BSc Y from University of X" too."""
    text = _WORKED_AS.sub("", text)
    for match in _FROM.finditer(text):
        left, right = text[: match.start()], text[match.end() :]
        school = hits("institution", right) and not hits("institution", left)
        if school and hits("degree", left):
            return [left, right]
    for match in _AT.finditer(text):
        if match.group().split()[0].casefold() in _PLAIN_AT and _is_school_at(
            text[: match.start()], text[match.end() :]
        ):
            return [text[: match.start()], text[match.end() :]]
        left, right = text[: match.start()], text[match.end() :]
        word = match.group().split()[0].casefold()
        if not left.strip() or not right.strip():
            continue
        job = title(left) >= 1.2 or (word in _PLAIN_AT and _is_role(left))
        if not job or (
            hits("institution", left) and (word not in _PLAIN_AT or title(left) < 1.2 or _NAMED_AT.search(left))
        ):
            continue
        if word in _PLAIN_AT or _is_name(right):
            where = re.search(r"\s+(?:in|à|en|em|a|w|v|в)\s+([^,]+)$", right)
            return [left, right[: where.start()] if where and is_place(where.group(1)) else right]
    return [text]


def _is_role(left: str) -> bool:
    """True for what may stand before "at" though no list of positions has it: a few words, no organisation, no running text."""
    words = left.split()
    named = hits("company", left) or hits("legal", left) or count("company", left)
    return len(words) <= 4 and left[:1].isalpha() and words[-1][:1].isupper() and not named


def _is_school_at(left: str, right: str) -> bool:
    """ "Bachelor, Economics at University of X": a school behind what is learnt there."""
    return bool(hits("institution", right)) and not hits("institution", left) and not count("institution", left)


def _is_name(text: str) -> bool:
    """True if an organisation follows "in" or "for": capitalised words, with its vocabulary or in another script."""
    words = [w for w in text.split() if any(c.isalpha() for c in w)]
    if not words or is_cjk(text) or title(text) >= 1.2:
        return False
    if len(words) == 1 and is_domain(text):
        return True
    if hits("legal", text) or hits("company", text):
        return words[0][:1].isupper()
    capitals = [w for w in words if w[:1].isupper()]
    return words[0][:1].isupper() and len(capitals) >= 0.6 * len(words) and len(words) <= 5


def ends_with_legal(words: Sequence[str]) -> bool:
    """The last word is an abbreviation of a company's form, or an initial: its full stop ends no sentence."""
    last = fold(words[-1]).replace(".", "").strip(",;)") if words else ""
    return last in phrases("legal") or (len(last) <= 2 and last.isalpha())
