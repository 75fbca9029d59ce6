"""Candidates for the person's name: cells and parts of cells that have the form of a name, with what speaks for each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from gateway.extract.page.layout import Cell, around, joined, run_on
from gateway.extract.page.words import Word
from gateway.extract.resume.contact import Candidate, Person, below, evidence
from gateway.extract.resume.name_features import Known, features_of
from gateway.extract.resume.name_labels import FormNames, form_names, is_label, trimmed
from gateway.extract.resume.name_lines import LARGE, has_form, names_in_row, respaced, stacked_names
from gateway.model import Evidence
from gateway.values.east_asian import solid
from gateway.values.lexicon import bare, heading_of, phrases
from gateway.values.text import fold, is_cjk, tidy

_SPLIT = re.compile(r"\s*(?:[|│┃∣⎪¦‖§•·∙●◆◇■★☆/–—]|\s-\s|,|:|：)\s*")
_SAID = re.compile(
    r"(?:my name is|mi nombre es|me llamo|je m[’']appelle|ich hei(?:ß|ss)e|mein name ist|(?:o )?meu nome é|(?:eu )?me chamo|mi chiamo|"
    r"меня зовут|jag heter|mijn naam is|nazywam się|我叫|私は|저는)\s+(.+)$",
    re.I,
)
# How a web page opens, in large type: "Hi, I'm Jane Roe."
_I_AM = re.compile(
    r"^(?:(?:hi|hello|hey|hallo|bonjour|hola|olá|ciao|hej)\b[\s,!.]*)?"
    r"(?:i\s?['’]\s?m|i am|ich bin|je suis|(?:yo )?soy|(?:eu )?sou|(?:io )?sono|ik ben|jag är|jeg er)\s+(.+)$",
    re.I,
)
MAX_WORDS = 8


def name_candidates(
    person: Person, handles: Sequence[str], contact_lines: Sequence[int], brands: frozenset[int] = frozenset()
) -> list[Candidate]:
    """Every text that may be the name, with its features; the arguments as in name_features.Known.

    brands  indexes of lines that name an organisation whose letterhead the page has
    """
    first_page = person.pages[0].number
    here = [line for n, line in enumerate(person.lines) if line.page == first_page and n not in brands]
    cells = sorted((c for line in here for c in line.cells), key=lambda c: -c.size)
    largest = next((c.size for c in cells if _is_text(c.text)), 1.0)
    known = Known(person, handles, contact_lines, largest)
    form = form_names(person)
    others = {fold(text) for text in form.others}
    out = list(_labelled(known, form))
    counted: dict[str, int] = {}
    for index, line in enumerate(person.lines):
        if index in brands:
            continue
        for number, cell in enumerate(line.cells):
            top_size = cell.size >= 0.98 * largest and cell.size > 1.04 * person.body
            large = cell.size > LARGE * person.body or top_size
            if line.section not in ("top", "contact", "footer", "summary") and not large:
                continue
            in_row = list(names_in_row(known, index, line, number, cell))
            out.extend(in_row)
            if not (1 if is_cjk(cell.text) else 2) <= len(cell.text) <= 110 or (
                line.section == "summary" and not large and index > 12
            ):
                continue
            stacked = list(stacked_names(known, index, line, cell))
            relaxed = line.page == first_page and (top_size or index < 3)
            for text, words, how in _parts(person, index, cell):
                if len(text.split()) > MAX_WORDS or not has_form(person, text, relaxed or how == "said"):
                    continue
                if is_label(text) or heading_of(solid(text) if is_cjk(text) else text) or fold(text) in others:
                    continue
                if stacked and text == cell.text and text.endswith("-"):
                    continue  # a double name broken at its hyphen: whole only with the line below
                key = fold(text)
                counted[key] = counted.get(key, 0) + 1
                where = evidence(line, cell, how)
                if words:
                    where = Evidence(where.source, how, page=line.page, box=around([w.box for w in words]))
                features = features_of(known, index, line, number, cell, text, how)
                features["continued"] = float(any(map(_is_whole, (*stacked, *in_row))))
                parted = respaced(text, handles)
                if parted:
                    again = features_of(known, index, line, number, cell, parted, how)
                    out.append(Candidate("name", parted, text, where, index, again))
                out.append(Candidate("name", tidy(text).strip(" ,;-"), text, where, index, features))
            stacked = [c for c in stacked if not is_label(c.value) and fold(c.value) not in others]
            for shorter, longer in zip(stacked, stacked[1:], strict=False):
                shorter.features["continued"] = float(_is_whole(longer))
            out.extend(stacked)
    read = [i for i, line in enumerate(person.lines) if i not in brands and any(_is_text(c.text) for c in line.cells)]
    head = read[0] if read else 0
    for candidate in out:
        candidate.features["first_line"] = float(candidate.line == head)
        candidate.features["twice"] = float(counted.get(fold(candidate.raw), 0) > 1)
    return out


def _is_whole(longer: Candidate) -> bool:
    """True if the text continues a name and is not the job title or employer below it."""
    return not any(longer.features[name] for name in ("title", "company", "institution", "heading", "cv_title"))


def _is_text(text: str) -> bool:
    """True for words that are not an icon, the document's title or a heading; the last two may be larger than the name."""
    return sum(c.isalpha() for c in text) >= 2 and not is_label(text) and heading_of(text) is None


def _parts(person: Person, index: int, cell: Cell) -> Iterator[tuple[str, list[Word], str]]:
    """The cell, its runs of one style, and the text before or after a separator."""
    yield cell.text, cell.words, "cell"
    runs = _runs(cell.words)
    if 2 <= len(runs) <= 3:
        for run in runs:
            if len(run) < len(cell.words):
                yield joined(run).strip(" ,|–-"), run, "style"
    shorter = trimmed(cell.text)
    if shorter and shorter != cell.text:
        yield shorter, [], "trimmed"
    said = _SAID.search(cell.text) or (_I_AM.search(cell.text) if cell.size >= LARGE * person.body else None)
    if said:
        yield _said(person, index, cell, said.group(1)), [], "said"
    pieces = _SPLIT.split(cell.text)
    if len(pieces) > 1:
        if pieces[0]:
            yield pieces[0], [], "before_separator"
        if is_label(pieces[0]) and len(pieces) > 1:
            yield pieces[1], [], "after_title"
        if len(pieces) > 2 and len(pieces[0].split()) <= 4:
            yield pieces[-1], [], "after_separator"
        rest = cell.text[len(pieces[0]) :].lstrip(" |•·/–—-,:：")
        if "," in cell.text and len(pieces) == 2 and len(rest.split()) <= 3 and rest.upper() != rest:
            turned = f"{rest} {pieces[0]}"
            if pieces[0].isupper():
                yield turned, [], "family_first"
    words = cell.text.split()
    if len(words) >= 3 and bare(words[-1]) in phrases("cvtitle"):
        yield " ".join(words[:-1]), [], "after_title"
    for size in (1, 2):
        if len(words) >= size + 2 and bare(" ".join(words[:size])) in phrases("cvtitle"):
            yield " ".join(words[size:]), [], "after_title"


def _said(person: Person, index: int, cell: Cell, rest: str) -> str:
    """The name in "My name is Jane", including its continuation in the next line."""
    words: list[str] = []
    for word in rest.split():
        if not word[:1].isupper() and not is_cjk(word):
            return " ".join(words)
        words.append(word.strip(",.!"))
        if word[-1] in ",.!":
            return " ".join(words)
    beneath = below(person, index, cell)
    follow = _SPLIT.split(beneath.text)[0].split() if beneath is not None else []
    if words and len(words) <= 2 and 1 <= len(follow) <= 2 and all(w[:1].isupper() for w in follow):
        return run_on(" ".join(words), " ".join(w.strip(",.!") for w in follow))
    return " ".join(words)


def _labelled(known: Known, form: FormNames) -> Iterator[Candidate]:
    for found in form.own:
        line, cell = known.person.lines[found.line], found.cells[0]
        features = features_of(known, found.line, line, 0, cell, found.text, "labelled")
        where = evidence(line, cell, "labelled")
        where = Evidence(where.source, "labelled", page=line.page, box=around([c.box for c in found.cells]))
        yield Candidate("name", found.text, found.text, where, found.line, features)


def _runs(words: Sequence[Word]) -> list[list[Word]]:
    runs: list[list[Word]] = []
    for word in words:
        last = runs[-1][-1] if runs else None
        if (
            last is not None
            and last.bold == word.bold
            and last.colour == word.colour
            and abs(last.size - word.size) < 0.6
        ):
            runs[-1].append(word)
        else:
            runs.append([word])
    return runs
