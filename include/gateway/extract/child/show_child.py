"""The child side of show: reads one request from standard input, writes "ok" and the answer, or "no" and why not."""

from __future__ import annotations

import io
import json
import logging
import resource
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from gateway.errors import Unreadable
from gateway.extract.child.confine import die_with_parent, refuse_network

MAX_PIXELS = 4_000_000  # A4 at 110 dpi has 1.1 million
_MB = 1 << 20
_MOST_ROWS = 200
_MOST_CELL = 2_000  # characters of one cell that are shown


def main() -> int:
    request = json.loads(sys.stdin.buffer.read())
    if not die_with_parent(request["parent"]):
        return 1
    refuse_network()
    logging.disable(logging.CRITICAL)  # parsers quote documents in their warnings
    warnings.simplefilter("ignore")
    _limit(request["memory_mb"], request["cpu_s"])
    try:
        answer = b"ok\n" + {"page": _page, "pages": _pages, "rows": _rows}[request["do"]](request)
    except Unreadable as wrong:
        answer = _no(wrong.code, wrong.sentence)
    except (Exception, MemoryError) as wrong:
        sentence = (
            f"This part of the document cannot be shown ({type(wrong).__name__}). Download the file to look at it."
        )
        answer = _no("PAGE_NOT_SHOWN", sentence)
    sys.stdout.buffer.write(answer)
    return 0


def _no(code: str, sentence: str) -> bytes:
    return b"no\n" + json.dumps({"code": code, "sentence": sentence}).encode()


def _limit(memory_mb: int, cpu_s: float) -> None:
    """Address space, processor time, no files, no core dumps (they would hold documents)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[0])
    space = pages * resource.getpagesize() + memory_mb * _MB
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CPU, (int(cpu_s) + 1, int(cpu_s) + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * _MB, 64 * _MB))  # libraries' temporary files
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _page(request: dict[str, Any]) -> bytes:
    import pypdfium2.raw as raw

    from gateway.extract.page.pdf_open import open_pdf
    from gateway.extract.page.pdfium import upright

    document, _ = open_pdf(Path(request["path"]))
    number = request["number"]
    if not 1 <= number <= len(document):
        raise Unreadable("PAGE_NOT_SHOWN", f"The document has {len(document)} pages; there is no page {number}.")
    page = document[number - 1]
    turn = request["turn"]
    if turn is None:
        turned = raw.FPDFPage_GetRotation(page.raw)
        text = raw.FPDFText_LoadPage(page.raw)
        turn = (upright(text, turned) - turned) % 4 if text else 0
    width, height = page.get_size()
    scale = min(request["dpi"] / 72, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    image = page.render(scale=scale, rotation=90 * turn, may_draw_forms=True).to_pil()
    out = io.BytesIO()
    _small(image).save(out, "PNG", compress_level=6)
    return out.getvalue()


def _pages(request: dict[str, Any]) -> bytes:
    from gateway.extract.page.pdf_structure import pages_alone

    return pages_alone(Path(request["path"]), request["first"], request["last"])


def _small(image: Any) -> Any:
    """Printed pages have few colours: a palette halves their size. Photographs and scans keep their colours."""
    colours = image.getcolors(maxcolors=4096)
    return image.quantize(64, dither=0) if colours is not None else image


def _rows(request: dict[str, Any]) -> bytes:
    wanted = {(sheet, row) for sheet, row in request["wanted"][:_MOST_ROWS]}
    found = []
    for sheet, records in _tables(Path(request["path"]), request["media_type"]):
        here = {row for name, row in wanted if name == sheet}
        if here:
            found += [[sheet, row, *parts] for row, *parts in _wanted_rows(records, here, request["mapping"])]
    return json.dumps(found).encode()


def _tables(path: Path, media_type: str) -> Iterator[tuple[str | None, Iterable[Any]]]:
    from gateway.extract import media_types
    from gateway.extract.tables import workbook
    from gateway.extract.tables.dialect import find_dialect
    from gateway.extract.tables.encoding import open_text
    from gateway.extract.tables.records import records

    if media_type == media_types.XLSX:
        yield from workbook.xlsx_tables(path)
    elif media_type == media_types.ODS:
        yield from workbook.ods_tables(path)
    else:
        text = open_text(path)
        yield None, records(text, find_dialect(text.sample()))


def _wanted_rows(
    records: Iterable[Any], wanted: set[int], mapping: dict[str, str | None]
) -> Iterator[tuple[int, list[str], list[str]]]:
    """(row, header, cells) of the requested rows, found like the reader of lists finds them."""
    from gateway.extract.tables.columns import is_form, is_header_row, make_plan, titles_of
    from gateway.extract.tables.reader import LOOK_AHEAD, Ahead, turned

    waiting = Ahead(iter(records))
    head = [record.cells for record in waiting.peek(LOOK_AHEAD)]
    if is_form(head):
        waiting = Ahead(turned(list(waiting)))
        head = [record.cells for record in waiting.peek(LOOK_AHEAD)]
    plan = make_plan(head, mapping)
    header = [column.title for column in plan.columns] if plan is not None else []
    left = set(wanted)
    for record in waiting:
        if record.row in left:
            yield record.row, _cut(header), _cut(record.cells)
            left.discard(record.row)
            if not left:
                return
        elif is_header_row(record.cells):
            header = titles_of(record.cells, [])


def _cut(cells: list[str]) -> list[str]:
    return [cell[:_MOST_CELL] for cell in cells]


if __name__ == "__main__":
    sys.exit(main())
