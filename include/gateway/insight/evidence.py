"""One document with the values read from it: its pages with a box for every value, or its rows with the cells used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from gateway.agents import Agent
from gateway.errors import GatewayError, Misconfigured, Unreadable
from gateway.extract import media_types
from gateway.extract.child.show import DPI, TableRow, page_png, pages_pdf, table_rows
from gateway.insight.candidates import Candidate, FieldShown, shown
from gateway.intake import files
from gateway.intake.cache import cached
from gateway.pipeline.arrival.receive import agent_of
from gateway.store import change
from gateway.store.engine import reading, writing
from gateway.store.tables import Document, Profile

PROFILES = 20  # on one page of a document: a list may hold thousands
_TABLES = (media_types.CSV, media_types.XLSX, media_types.ODS)


@dataclass(frozen=True, slots=True)
class DocumentShown:
    """Facts about a document. path is personal.

    kind     pages (a PDF: its pages are shown) | rows (a list) | text (read as text, nothing to show) | none (failed)
    origin   how the file says it was made: "made with LibreOffice Writer on 2024-05-01"; personal, "" if it does not say
    """

    id: str
    batch_id: str
    agent_id: str
    path: str
    media_type: str
    size_bytes: int
    state: str
    code: str | None
    error: str | None
    duplicate_of: str | None
    has_file: bool
    kind: str
    language: str | None
    layout: str | None
    text_quality: float | None
    pages_total: int | None
    rows_total: int | None
    ocr_pages: int
    notes: tuple[dict[str, Any], ...]
    profiles_total: int
    origin: str
    sheets: tuple[tuple[int, float, float, int], ...]  # number, width and height in points, quarter turns


@dataclass(frozen=True, slots=True)
class Mark:
    """A value's box on a page, in points from the page's top left."""

    field: str
    label: str
    profile_id: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class PageShown:
    """One page; width and height in points, None if unknown (then a script takes the picture's)."""

    number: int
    width: float | None
    height: float | None
    marks: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell; fields: (name, label) of the values read from it. title and text are personal."""

    title: str
    text: str
    fields: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RowShown:
    profile_id: str
    row: int
    sheet: str | None
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class RowsShown:
    """rows, or the reason why they cannot be shown."""

    rows: tuple[RowShown, ...] = ()
    code: str | None = None
    sentence: str | None = None


def document(document_id: str, start: int = 0) -> tuple[DocumentShown, tuple[Candidate, ...]]:
    """A document and PROFILES of its candidates from `start` on; raises Misconfigured(UNKNOWN_DOCUMENT)."""
    with reading() as session:
        row = _row(session.get(Document, document_id), document_id)
        total = session.scalar(select(func.count(Profile.id)).where(Profile.document_id == document_id)) or 0
        profiles = session.scalars(
            select(Profile)
            .where(Profile.document_id == document_id)
            .order_by(Profile.ordinal)
            .offset(start)
            .limit(PROFILES)
        ).all()
        return _document(row, total), tuple(shown(session, profiles))


def start_of(document_id: str, profile_id: str) -> int:
    """Start of the part of a document's candidates that contains this one; 0 if it is not there."""
    with reading() as session:
        row = session.get(Profile, profile_id)
        if row is None or row.document_id != document_id:
            return 0
        before = select(func.count(Profile.id)).where(Profile.document_id == document_id, Profile.ordinal < row.ordinal)
        return (session.scalar(before) or 0) // PROFILES * PROFILES


def document_of(profile: Candidate) -> DocumentShown:
    """The document a candidate was read from."""
    with reading() as session:
        return _document(_row(session.get(Document, profile.document_id), profile.document_id), 1)


def pages_of(
    document: DocumentShown, profiles: Iterable[Candidate], *, all_pages: bool = True
) -> tuple[PageShown, ...]:
    """The pages of a PDF with the boxes on each, larger boxes first so that smaller ones stay clickable.

    all_pages   False = those of the profiles only
    """
    marks: dict[int, list[Mark]] = {}
    wanted: set[int] = set()
    for profile in profiles:
        for field in profile.fields:
            if field.page and field.box:
                marks.setdefault(field.page, []).append(_mark(profile.id, field))
        if profile.pages:
            wanted.update(range(profile.pages[0], profile.pages[1] + 1))
    sizes = {number: (width, height) for number, width, height, _ in document.sheets}
    known = set(sizes) or set(range(1, (document.pages_total or 0) + 1))
    numbers = known | set(marks) if all_pages or not wanted else (wanted & known) | set(marks)
    return tuple(
        PageShown(
            number,
            sizes[number][0] if number in sizes else None,
            sizes[number][1] if number in sizes else None,
            tuple(sorted(marks.get(number, ()), key=lambda mark: -mark.width * mark.height)),
        )
        for number in sorted(numbers)
    )


def rows_of(document: DocumentShown, profiles: Sequence[Candidate]) -> RowsShown:
    """The rows of a list with these candidates, read from the kept file."""
    owners: dict[tuple[str | None, int], Candidate] = {}
    for profile in profiles:
        if profile.row is not None:
            owners[_sheet_of(profile), profile.row] = profile
    if not owners:
        return RowsShown()
    try:
        rows = _rows(document, list(owners))
    except GatewayError as wrong:
        return RowsShown(code=wrong.code, sentence=wrong.sentence)
    return RowsShown(
        tuple(_row_shown(row, owners[row.sheet, row.row]) for row in rows if (row.sheet, row.row) in owners)
    )


def page_version(document_id: str, number: int) -> str:
    """A key that changes when the picture of a page changes; reveals nothing of the file. Raises Misconfigured(UNKNOWN_DOCUMENT)."""
    with reading() as session:
        row = _row(session.get(Document, document_id), document_id)
    kept = bool(row.file_key)
    return hashlib.sha256(f"{row.sha256} {number} {_turn(row, number)} {DPI} {kept}".encode()).hexdigest()[:24]


def page_image(document_id: str, number: int) -> bytes:
    """A page of a PDF as PNG, turned as its boxes are.

    raises   Misconfigured(UNKNOWN_DOCUMENT), Unreadable(FILE_GONE | PAGE_NOT_SHOWN | why the PDF does not open)
    """
    with reading() as session:
        row = _row(session.get(Document, document_id), document_id)
    key = _file_key(row)
    turn = _turn(row, number)

    def draw() -> bytes:
        with _kept(key, document_id) as path:
            return page_png(path, number, turn=turn)

    return cached(row.sha256, f"{number}-{'x' if turn is None else turn}-{DPI}.png", draw)


def original(document_id: str, *, actor: str) -> tuple[bytes, str]:
    """(the file's bytes, its ending) for a download, which is recorded; raises as page_image does."""
    with writing() as session:
        row = _row(session.get(Document, document_id), document_id)
        key = _file_key(row)
        change.record(session, "file_downloaded", row, actor=actor)
        ending = Path(row.path).suffix.lower()
    with _kept(key, document_id) as path:
        body = path.read_bytes()
    return body, ending if len(ending) <= 6 and ending[1:].isalnum() else ""


def pages_of_person(profile_id: str, *, actor: str) -> bytes:
    """One person's pages of a PDF with several people, as a separate PDF for download, which is recorded.

    raises   Misconfigured(UNKNOWN_PROFILE), Unreadable(FILE_GONE | PAGE_NOT_SHOWN | why the PDF does not open)
    """
    with writing() as session:
        profile = session.get(Profile, profile_id)
        pages = profile.data.get("pages") if profile is not None else None
        if profile is None or not pages:
            raise Misconfigured("UNKNOWN_PROFILE", f"There is no profile {profile_id!r} that was read from pages.")
        key = _file_key(profile.document)
        change.record(session, "file_downloaded", profile, actor=actor)
        document_id = profile.document_id
    with _kept(key, document_id) as path:
        return pages_pdf(path, pages[0], pages[1])


def _rows(document: DocumentShown, wanted: list[tuple[str | None, int]]) -> list[TableRow]:
    with reading() as session:
        row = _row(session.get(Document, document.id), document.id)
    key = _file_key(row)
    agent: Agent = agent_of(document.agent_id)
    asked = json.dumps([sorted(wanted, key=lambda pair: (pair[0] or "", pair[1])), agent.mapping])

    def look() -> bytes:
        with _kept(key, document.id) as path:
            found = table_rows(path, document.media_type, wanted, agent.mapping)
        return json.dumps([asdict(one) for one in found]).encode()

    name = f"rows-{hashlib.sha256(asked.encode()).hexdigest()[:24]}.json"
    return [
        TableRow(one["row"], tuple(one["header"]), tuple(one["cells"]), one["sheet"])
        for one in json.loads(cached(row.sha256, name, look))
    ]


@contextmanager
def _kept(key: str, document_id: str) -> Iterator[Path]:
    """The kept file here; raises Unreadable(FILE_GONE) if it is no longer kept."""
    try:
        with files.local(key) as path:
            if not path.is_file():
                raise _gone(document_id)
            yield path
    except Unreadable as wrong:
        if wrong.code == "FILE_MISSING":
            raise _gone(document_id) from wrong
        raise


def _file_key(row: Document) -> str:
    if not row.file_key:
        raise _gone(row.id)
    return row.file_key


def _gone(document_id: str) -> Unreadable:
    return Unreadable(
        "FILE_GONE", f"The file of document {document_id} is no longer kept; the values read from it are."
    )


def _row(row: Document | None, document_id: str) -> Document:
    if row is None:
        raise Misconfigured("UNKNOWN_DOCUMENT", f"There is no document {document_id!r}.")
    return row


def _turn(row: Document, number: int) -> int | None:
    return next((turn for page, _, _, turn in _sheets(row) if page == number), None)


def _sheets(row: Document) -> tuple[tuple[int, float, float, int], ...]:
    return tuple((one["number"], one["width"], one["height"], one["turn"]) for one in row.facts.get("sheets", ()))


def _document(row: Document, total: int) -> DocumentShown:
    facts = row.facts
    kind = "text"
    if row.media_type == media_types.PDF:
        kind = "pages"
    elif row.media_type in _TABLES:
        kind = "rows"
    return DocumentShown(
        id=row.id,
        batch_id=row.batch_id,
        agent_id=row.agent_id,
        path=row.path,
        media_type=row.media_type,
        size_bytes=row.size_bytes,
        state=row.state,
        code=row.code,
        error=row.error,
        duplicate_of=row.duplicate_of,
        has_file=bool(row.file_key),
        kind=kind,
        language=facts.get("language"),
        layout=facts.get("layout"),
        text_quality=facts.get("text_quality"),
        pages_total=facts.get("pages"),
        rows_total=facts.get("rows"),
        ocr_pages=facts.get("ocr_pages") or 0,
        notes=tuple(facts.get("notes", ())),
        profiles_total=total,
        origin=_origin(facts.get("origin") or {}),
        sheets=_sheets(row),
    )


def _mark(profile_id: str, field: FieldShown) -> Mark:
    x0, top, x1, bottom = field.box or (0.0, 0.0, 0.0, 0.0)
    return Mark(
        field.name,
        field.label,
        profile_id,
        round(x0 - 1.5, 1),
        round(top - 1, 1),
        round(max(4.0, x1 - x0) + 3, 1),
        round(max(4.0, bottom - top) + 2, 1),
    )


def _sheet_of(profile: Candidate) -> str | None:
    """The sheet of a candidate's row: in a workbook with several, evidence names it before the column."""
    for field in profile.fields:
        if field.column and field.row == profile.row and "!" in field.column:
            return field.column.partition("!")[0]
    return None


def _row_shown(row: TableRow, profile: Candidate) -> RowShown:
    used: dict[str, list[tuple[str, str]]] = {}
    for field in profile.fields:
        if field.row != row.row or not field.column:
            continue
        titles = field.column.removeprefix(f"{row.sheet}!") if row.sheet else field.column
        for title in titles.split(" + "):
            used.setdefault(title.strip(), []).append((field.name, field.label))
    width = max(len(row.header), len(row.cells))
    titles_shown = [*row.header, *("" for _ in range(width - len(row.header)))]
    cells = [*row.cells, *("" for _ in range(width - len(row.cells)))]
    return RowShown(
        profile.id,
        row.row,
        row.sheet,
        tuple(
            Cell(title, text, tuple(used.get(title.strip(), ())))
            for title, text in zip(titles_shown, cells, strict=True)
            if title or text
        ),
    )


def _origin(said: dict[str, Any]) -> str:
    how = [f"with {said['program']}"] if said.get("program") else []
    how += [f"on {said['made']}"] if said.get("made") else []
    parts = [f"made {' '.join(how)}"] if how else []
    if said.get("changed") and said["changed"] != said.get("made"):
        parts.append(f"changed on {said['changed']}")
    return ", ".join([*parts, "protected against copying or changes"] if said.get("restricted") else parts)
