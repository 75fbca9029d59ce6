# ruff: noqa: T201
"""Is anybody held for how their document looks? The same invented people in every format; writes docs/fairness.md.   (make fairness)

    PYTHONPATH=include python training/fairness.py [--people N] [--out FILE]

Balanced: everybody appears once in every layout, with and without a photo, short and long, as PDF, scan, Word file and text. What
differs within a table is the format alone, so a difference in holds is the format's doing. Languages are compared on one layout, with
as many people each; names and contact data are drawn by the same rules for all. A format decides where it is held at least
ten points more often than the same people in the other formats, by more than three standard errors.
"""

from __future__ import annotations

import argparse
import io
import logging
import math
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pypdfium2 as pdfium
from canvas import HEIGHT, Canvas, Run, as_pages, as_pdf
from personas import LOCALES, Persona, persona
from risk_examples import wrong_values
from stress import truth_of
from templates import HELD_OUT, STRUCTURES, draw

from gateway.agents import Agent, parse_agent
from gateway.extract.dispatch import read_document
from gateway.extract.resume.profiles import read_profiles
from gateway.model import ExtractedProfile, Hints, Reading, Severity
from gateway.quality.case import Case
from gateway.quality.judge import judge

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "docs" / "fairness.md"
PRESETS = ("standard", "strict")
APART, SURE = 0.10, 3.0
SCANS = 0.5  # share of the people who are also scanned: recognition takes a hundred times as long
LATIN = ("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "sv_SE")
_SCRIPT = {"ru": "Cyrillic", "uk": "Cyrillic", "el": "Greek", "ja": "Japanese", "zh": "Chinese", "ko": "Korean"}
_DID = [
    "Prepared",
    "Answered",
    "Recorded",
    "Planned",
    "Checked",
    "Improved",
    "Trained",
    "Compared",
    "Delivered",
    "Ordered",
    "Counted",
    "Repaired",
    "Described",
]
_WHAT = [
    "the weekly plan",
    "questions of customers",
    "every delivery",
    "new colleagues",
    "the stock",
    "a budget",
    "three reports",
    "our tools",
]
_WHERE = [
    "for two sites",
    "with a small team",
    "before each season",
    "after an audit",
    "in the evening shift",
    "on short notice",
    "abroad",
]


@dataclass(frozen=True)
class Row:
    """One document: whose, in which table and group, and what came of it under each preset."""

    who: int
    table: str
    group: str
    case: Case
    wrong: bool


def people(number: int, locales: Sequence[str], seed: int) -> list[Persona]:
    """Personas that have name, e-mail and phone; the same for the same seed."""
    dice = random.Random(seed)  # noqa: S311  documents, not secrets
    made: list[Persona] = []
    while len(made) < number:
        who = persona(dice, locales[len(made) % len(locales)])
        if who.email and who.phone and who.printed_phone:
            made.append(who)
    return made


def canvas_of(at: int, who: Persona, structure: str) -> Canvas:
    return draw(random.Random(f"{at}-{structure}"), who, structure)  # noqa: S311


def _sentence(number: int) -> str:
    """Everyday sentences, 728 of them: the same few words over and over would be taken for stuffing."""
    words = (some[number % len(some)] for some in (_DID, _WHAT, _WHERE))
    return f"{' '.join(words)}."


def longer(canvas: Canvas) -> Canvas:
    """Two pages more, of everyday sentences."""
    last = max(run.page for run in canvas.runs)
    more = [
        Run(last + page, 50.0, 50.0 + 16 * line, f"• {_sentence(44 * page + line)}", canvas.body)
        for page in (1, 2)
        for line in range(44)
    ]
    return replace(canvas, runs=[*canvas.runs, *more])


def with_photo(data: bytes) -> bytes:
    """The PDF with a grey portrait in the upper right corner of its first page."""
    from PIL import Image, ImageDraw

    picture = Image.new("RGB", (180, 220), (205, 208, 214))
    pen = ImageDraw.Draw(picture)
    pen.ellipse((50, 30, 130, 120), fill=(150, 153, 160))
    pen.ellipse((20, 130, 160, 300), fill=(150, 153, 160))
    document = pdfium.PdfDocument(data)
    image = pdfium.PdfImage.new(document)
    image.set_bitmap(pdfium.PdfBitmap.from_pil(picture))
    image.set_matrix(pdfium.PdfMatrix().scale(72, 88).translate(500, HEIGHT - 100))
    page = document[0]
    page.insert_obj(image)
    page.gen_content()
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def scanned(data: bytes) -> bytes:
    """The PDF's pages as pictures."""
    document = pdfium.PdfDocument(data)
    pictures = [page.render(scale=150 / 72).to_pil().convert("L") for page in document]
    out = io.BytesIO()
    pictures[0].save(out, "PDF", save_all=True, append_images=pictures[1:], resolution=150)
    return out.getvalue()


def lines_of(canvas: Canvas) -> list[tuple[str, float, bool]]:
    """(text, size, bold) of the lines from top to bottom."""
    rows: dict[tuple[int, float], list[Run]] = defaultdict(list)
    for run in canvas.runs:
        rows[run.page, round(run.y)].append(run)
    return [
        ("   ".join(run.text for run in sorted(row, key=lambda run: run.x)), max(r.size for r in row), row[0].bold)
        for _, row in sorted(rows.items())
    ]


def as_word(canvas: Canvas) -> bytes:
    import docx
    from docx.shared import Pt

    document = docx.Document()
    for text, size, bold in lines_of(canvas):
        run = document.add_paragraph().add_run(text)
        run.font.size, run.bold = Pt(size), bold
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def as_text(canvas: Canvas) -> bytes:
    return "\n".join(text for text, _, _ in lines_of(canvas)).encode()


def formats(number: int) -> Iterable[tuple[int, Persona, str, str, str, Callable[[], bytes]]]:
    """(who, persona, table, group, ending, its bytes) of every document of the balanced set."""
    for at, who in enumerate(people(number, LATIN, 17)):
        plain = canvas_of(at, who, "single")
        data = as_pdf(plain)
        for structure in STRUCTURES + HELD_OUT:
            yield at, who, "layout", structure, ".pdf", partial(as_pdf, canvas_of(at, who, structure))
        yield at, who, "photo", "without", ".pdf", partial(bytes, data)
        yield at, who, "photo", "with", ".pdf", partial(with_photo, data)
        yield at, who, "length", "as it is", ".pdf", partial(bytes, data)
        yield at, who, "length", "two pages more", ".pdf", partial(as_pdf, longer(plain))
        if at < SCANS * number:
            yield at, who, "kind of file", "PDF", ".pdf", partial(bytes, data)
            yield at, who, "kind of file", "Word", ".docx", partial(as_word, plain)
            yield at, who, "kind of file", "text", ".txt", partial(as_text, plain)
            yield at, who, "kind of file", "scan", ".pdf", partial(scanned, data)


def read_all(number: int) -> list[Row]:
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for at, who, table, group, ending, content in formats(number):
            path = Path(folder) / f"document{ending}"
            path.write_bytes(content())
            found: list[ExtractedProfile] = []
            reading = read_document(path, found.append, Hints(country=who.country, name=path.name), limit_pages=60)
            rows.append(_row(at, table, group, who, found, reading))
    for locale, (language, _) in LOCALES.items():
        for at, who in enumerate(people(number, [locale], 23)):
            found = []
            facts = read_profiles(as_pages(canvas_of(at, who, "single")), found.append, Hints(country=who.country))
            reading = Reading("success", "application/pdf", profiles=facts.profiles, language=facts.language)
            reading = replace(reading, text_quality=facts.text_quality)
            one = _row(at, "language", locale.replace("_", "-"), who, found, reading)
            rows += [one, replace(one, table="script", group=_SCRIPT.get(language, "Latin"))]
    return rows


def _row(at: int, table: str, group: str, who: Persona, found: Sequence[ExtractedProfile], reading: Reading) -> Row:
    """The best of the profiles found, as the calibration counts it; a document without one is a case without values."""
    truth = truth_of(who)
    best = min(found, key=lambda one: len(wrong_values(one, truth)), default=ExtractedProfile())
    return Row(at, table, group, Case.of(f"{table}-{group}-{at}", best, reading), bool(wrong_values(best, truth)))


@dataclass(frozen=True)
class Group:
    table: str
    name: str
    number: int
    wrong: int
    held: int
    held_right: int  # held although everything was read right
    passed_wrong: int
    difference: float  # of the share held, from the same people in the other formats
    z: float

    @property
    def decides(self) -> bool:
        return self.difference >= APART and self.z >= SURE


def groups_of(rows: Sequence[Row], held: dict[str, bool]) -> list[Group]:
    tables: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        tables[row.table].append(row)
    made = []
    for table, members in tables.items():
        names = list(dict.fromkeys(row.group for row in members))
        for name in names:
            mine = [row for row in members if row.group == name]
            difference, z = (
                _paired(members, name, held) if table not in ("language", "script") else _apart(members, name, held)
            )
            is_held = [held[row.case.profile_id] for row in mine]
            made.append(
                Group(
                    table,
                    name,
                    len(mine),
                    sum(row.wrong for row in mine),
                    sum(is_held),
                    sum(h and not row.wrong for h, row in zip(is_held, mine, strict=True)),
                    sum(not h and row.wrong for h, row in zip(is_held, mine, strict=True)),
                    difference,
                    z,
                )
            )
    return made


def _paired(members: Sequence[Row], name: str, held: dict[str, bool]) -> tuple[float, float]:
    """Everybody against themselves in the other formats."""
    here: dict[int, float] = {}
    there: dict[int, list[float]] = defaultdict(list)
    for row in members:
        if row.group == name:
            here[row.who] = float(held[row.case.profile_id])
        else:
            there[row.who].append(float(held[row.case.profile_id]))
    apart = [here[who] - sum(there[who]) / len(there[who]) for who in here if there[who]]
    mean = sum(apart) / len(apart)
    spread = math.sqrt(sum((one - mean) ** 2 for one in apart) / max(1, len(apart) - 1) / len(apart))
    return mean, mean / spread if spread else 0.0


def _apart(members: Sequence[Row], name: str, held: dict[str, bool]) -> tuple[float, float]:
    """Other people in the other groups: two shares."""
    one = [held[row.case.profile_id] for row in members if row.group == name]
    rest = [held[row.case.profile_id] for row in members if row.group != name]
    p, q, both = sum(one) / len(one), sum(rest) / len(rest), (sum(one) + sum(rest)) / (len(one) + len(rest))
    spread = math.sqrt(both * (1 - both) * (1 / len(one) + 1 / len(rest)))
    return p - q, (p - q) / spread if spread else 0.0


def agent(preset: str) -> Agent:
    text = f"id: balanced\ntitle: Balanced\ntarget: {{posting: T-1}}\npreset: {preset}\nfictional_contacts: mark\n"
    return parse_agent(text, "balanced.yaml")


def judged(rows: Sequence[Row], preset: str) -> dict[str, bool]:
    """profile id -> held by a gate."""
    cases = list({row.case.profile_id: row.case for row in rows}.values())
    return {
        one.profile_id: any(f.severity is Severity.CRITICAL for f in one.findings)
        for one in judge(agent(preset), cases).judgements
    }


def report(found: dict[str, list[Group]], number: int) -> str:
    deciding = [(preset, one) for preset, groups in found.items() for one in groups if one.decides]
    out = [
        "# Fairness of the gate\n",
        f"Made by `make fairness`: {number} invented people, each in every format, read and judged as any document. Do not edit.\n",
        "A gate judges our reading, never a person, so the same person should be held as often in one format as in another. Within a",
        "table of formats everybody is compared with themselves; languages and scripts are compared across people drawn by the same",
        f"rules. A format *decides* where it is held at least {APART:.0%} more often than the others, by more than {SURE:g} standard errors.".replace(
            "%", " %"
        ),
        "“Right, but held” counts those of whom name, e-mail and phone were read right, and who waited for a person anyway.\n".replace(
            "%", " %"
        ),
        "On live data the same is watched by agent: [quality.md](quality.md#fairness).\n",
        "## Result\n",
    ]
    if deciding:
        out += [
            f"- **{preset}**: {one.table} *{one.name}* is held {100 * one.difference:+.0f} points more often than the others "
            f"({one.held} of {one.number}; read wrong: {one.wrong})"
            for preset, one in deciding
        ]
    else:
        out.append("No format decides.")
    for preset, groups in found.items():
        out.append(f"## {preset.capitalize()}\n" if out[-1] == "" else f"\n## {preset.capitalize()}\n")
        for table in dict.fromkeys(one.table for one in groups):
            out += [
                f"| {table} | documents | read wrong | held | right, but held | passed, but wrong | against the others |",
                "| --- | --- | --- | --- | --- | --- | --- |",
            ]
            out += [
                f"| {one.name.replace('_', ' ')} | {one.number} | {one.wrong} | {one.held / one.number:.0%} | {one.held_right} | "
                f"{one.passed_wrong} | {100 * one.difference:+.0f} points{', decides' if one.decides else ''} |".replace(
                    "%", " %"
                )
                for one in sorted((g for g in groups if g.table == table), key=lambda g: -g.held / g.number)
            ]
            out.append("")
    return "\n".join(out).rstrip() + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=40)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = read_all(options.people)
    found: dict[str, Any] = {preset: groups_of(rows, judged(rows, preset)) for preset in PRESETS}
    options.out.write_text(report(found, options.people), "utf-8")
    decides = sum(one.decides for groups in found.values() for one in groups)
    print(f"{len(rows)} documents; {decides} formats decide; {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
