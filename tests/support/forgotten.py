"""A person in several documents, everywhere their strings may stand, and runs of an erasure that are killed in the middle."""

from __future__ import annotations

import os
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import openpyxl
import pikepdf
from sqlalchemy import LargeBinary, Text, cast, event, select

from gateway.intake import cache, files
from gateway.pipeline.erasure.erase import erase
from gateway.pipeline.run import run_batch
from gateway.settings import settings
from gateway.store.engine import engine, reading
from gateway.store.tables import Base, Profile
from support.pdf_maker import make, resume

LIST = (
    "name,email,phone,location\n"
    "Greta Hollingsworth,greta.hollingsworth@example.com,+1 415 555 0134,Portland\n"
    "Quentin Barrowby,quentin.barrowby@example.org,+1 312 555 0119,Chicago\n"
    "Ines Marchetti,,+1 206 555 0144,Seattle\n"
)
EMAIL = "quentin.barrowby@example.org"
STRINGS = ("quentin", "barrowby", "3125550119", "312 555 0119")


def make_drop(folder: Path, *, workbook: bool = False) -> Path:
    """Quentin in a résumé of his own, in a PDF with another person and in a list (and in a workbook)."""
    folder.mkdir()
    pages = resume("Quentin Barrowby", EMAIL, "+1 312 555 0119")
    make(folder / "Quentin Barrowby CV.pdf", pages)
    make(folder / "two.pdf", resume("Anna Brook", "anna.brook@example.org", "+1 415 555 0111"), pages)
    (folder / "list.csv").write_text(LIST, "utf-8")
    names = ["Quentin Barrowby CV.pdf", "two.pdf", "list.csv"]
    if workbook:
        book = openpyxl.Workbook()
        for line in LIST.splitlines():
            book.active.append(line.split(","))
        book.save(folder / "list.xlsx")
        names.append("list.xlsx")
    (folder / "batch.yaml").write_text(f"files: [{', '.join(names)}]\n")
    return folder


def read_in(drop: Path) -> str:
    """The drop as a batch, and a picture of each of his documents in the cache; returns the batch's id."""
    batch_id = run_batch("backend-engineer", [drop], actor="test")
    with reading() as session:
        for one in session.scalars(select(Profile).where(Profile.email_norm == EMAIL)):
            cache.cached(one.document.sha256, "1.png", lambda: b"a picture of quentin barrowby")
    return batch_id


def everything() -> Iterator[tuple[str, str]]:
    """(where, text) of every file below the home and in the files store, unpacked where it is packed, and of every row."""
    places: list[tuple[str, bytes]] = [(str(p), p.read_bytes()) for p in settings().home.rglob("*") if p.is_file()]
    root = files.root()
    if not isinstance(root, os.PathLike) and root.exists():
        places += [(str(p), p.read_bytes()) for p in root.rglob("*") if p.is_file()]
    for where, content in places:
        yield where, content.decode("latin-1") + where
        if content[:5] == b"%PDF-":
            yield from _unpacked(where, content)
        if content[:2] == b"PK":
            yield where, _cells(content)
    with reading() as session:
        for table in Base.metadata.sorted_tables:
            columns = [one if isinstance(one.type, LargeBinary) else cast(one, Text) for one in table.columns]
            for row in session.execute(select(*columns)):
                yield table.name, " ".join(str(value) for value in row)


def _unpacked(where: str, content: bytes) -> Iterator[tuple[str, str]]:
    import io

    with pikepdf.open(io.BytesIO(content)) as pdf:
        for page in pdf.pages:
            stream = page.get("/Contents")
            yield f"{where}, unpacked", stream.read_bytes().decode("latin-1") if stream is not None else ""


def _cells(content: bytes) -> str:
    import io
    import zipfile

    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())


def found() -> set[str]:
    """Where any of the person's strings stands."""
    return {where for where, text in everything() for string in STRINGS if string in text.lower()}


class Killed(BaseException):
    """Stands for a kill where the process must live on."""


def _dies_at(step: int, die: Callable[[], Any]) -> Callable[[], None]:
    """Counts statements of the store and files written or removed; calls `die` at the given one. Returns what undoes it."""
    count = 0

    def counted(*_: Any, **__: Any) -> None:
        nonlocal count
        count += 1
        if count == step:
            die()

    real_keep = files.keep

    def keep(*given: Any) -> Any:
        counted()
        made = real_keep(*given)
        counted()
        return made

    event.listen(engine(), "before_cursor_execute", counted)
    event.listen(engine(), "commit", counted)
    files.keep = keep  # type: ignore[assignment]

    def undo() -> None:
        event.remove(engine(), "before_cursor_execute", counted)
        event.remove(engine(), "commit", counted)
        files.keep = real_keep  # type: ignore[assignment]

    return undo


def erase_killed(seed: int) -> int:
    """Runs the erasure and kills it at some step, as often as the seed says; returns how many runs were killed."""
    rng, killed = random.Random(seed), 0
    for _ in range(rng.randint(1, 3)):
        step = rng.randint(1, 90)
        killed += _in_child(step) if isinstance(files.root(), os.PathLike) else _in_this(step)
    return killed


def _in_child(step: int) -> bool:
    """In a process of its own that ends without a word, as under SIGKILL."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 3
        try:
            engine().dispose(close=False)
            _dies_at(step, lambda: os._exit(9))
            erase(email=EMAIL, actor="rita")
            code = 0
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, 9), f"the erasure failed by itself ({code})"
    return code == 9


def _in_this(step: int) -> bool:
    def die() -> None:
        raise Killed

    undo = _dies_at(step, die)
    try:
        erase(email=EMAIL, actor="rita")
    except Killed:
        return True
    finally:
        undo()
    return False
