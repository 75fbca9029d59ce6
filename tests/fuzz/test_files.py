"""Damaged documents of every kind: each ends read, or failed with a code; none of them makes a reader raise.

They are read in the pool's children, as in production: a parser that crashes costs a code, not the test.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from gateway.codes import CODES
from gateway.extract.child.sandbox import ReaderPool, iter_profiles
from gateway.model import Hints
from gateway.values.text import is_storable
from support.mutate import mutated
from support.pdf_maker import make, resume
from support.resume_files import docx_file, html_file, odt_file, rtf_file, text_file

LIST = (
    'Name,E-Mail,Telefon,"Ort, Land",Skills,Website\n'
    'Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134,"Austin, TX","Python; SQL",https://g.example\n'
    '"Ünal, Zoë",zoe@example.org,(030) 5550-101,Köln,"Go ""lang""",\n'
    "Otto Nkemelu,,+1 312 555 0119,Chicago,,\n"
).encode()


def csv_file(path: Path) -> Path:
    path.write_bytes(LIST)
    return path


def xlsx_file(path: Path) -> Path:
    book = openpyxl.Workbook()
    for row in (
        ["Name", "Email", "Phone"],
        ["Greta Hollingsworth", "greta@example.com", 14155550134],
        ["Otto", None, 1.5],
    ):
        book.active.append(row)
    book.save(path)
    return path


def pdf_file(path: Path) -> Path:
    pages = [resume("Vera Kilbride", "vera.kilbride@example.com", "+1 503 555 0144")]
    return make(path, *pages, links=[(60, 100, 90, 10, "mailto:vera.kilbride@example.com")])


KINDS: dict[str, tuple[Callable[[Path], Path], int]] = {
    ".csv": (csv_file, 160),
    ".xlsx": (xlsx_file, 60),
    ".pdf": (pdf_file, 50),
    ".docx": (docx_file, 50),
    ".odt": (odt_file, 50),
    ".rtf": (rtf_file, 50),
    ".html": (html_file, 50),
    ".txt": (text_file, 40),
}


@pytest.mark.parametrize("suffix", KINDS)
def test_a_damaged_file_is_a_value_or_a_code(home: Path, tmp_path: Path, suffix: str) -> None:
    maker, number = KINDS[suffix]
    seed = maker(tmp_path / f"seed{suffix}").read_bytes()
    files = []
    for at, content in enumerate(mutated(seed, number, suffix)):
        path = tmp_path / f"{at}{suffix}"
        path.write_bytes(content)
        files.append((at, path))
    seen: Counter[str] = Counter()
    wrong = []
    with ReaderPool(2) as pool:
        for result in pool.read(files, Hints(country="US")):
            told = result.reading
            seen[told.code or told.status] += 1
            for profile in iter_profiles(result.spool):
                texts = [profile.name, profile.email, profile.phone, profile.location, *(f.raw for f in profile.fields)]
                if not all(is_storable(text) for text in texts if text):
                    wrong.append((result.key, "a value the store does not take"))
            if told.status == "failed" and (told.code not in CODES or not told.error):
                wrong.append((result.key, f"failed without a reason: {told.code}"))
            if told.code in ("READER_FAILED", "READER_CRASHED", "TIMED_OUT"):
                wrong.append((result.key, f"{told.code}: {told.error}"))
    assert sum(seen.values()) == number, "an outcome for every input"
    assert wrong == [], seen
