"""A whole batch of damaged files under odd names, on both databases: its counts add up, and every document says its end."""

from __future__ import annotations

import os
from pathlib import Path

from fuzz.test_files import LIST, docx_file, pdf_file, rtf_file
from fuzz.test_texts import YAML, zipped
from gateway.codes import CODES
from gateway.model import Mode
from gateway.pipeline.lines import document_lines
from gateway.pipeline.report import totals
from gateway.pipeline.run import run_batch
from gateway.store.engine import reading
from gateway.store.tables import Batch
from support.mutate import mutated, names


def test_a_batch_of_damaged_files(store: str, home: Path, tmp_path: Path) -> None:
    given = tmp_path / "given"
    given.mkdir()
    seeds = [
        LIST,
        zipped(),
        rtf_file(tmp_path / "a.rtf").read_bytes(),
        docx_file(tmp_path / "a.docx").read_bytes(),
        pdf_file(tmp_path / "a.pdf").read_bytes(),
    ]
    contents = [content for seed in seeds for content in mutated(seed, 12, "batch")]
    (given / "batch.yaml").write_bytes(next(mutated(b"mode: review\n", 1, "batch", YAML)))
    for content, name in zip(contents, names(len(contents), "batch"), strict=True):
        raw = name.replace("/", "_").replace("\0", "").encode("utf-8", "surrogatepass")[-200:] or b"x"
        path = os.path.join(os.fsencode(given), raw)  # noqa: PTH118  (a name of bytes: half a character, no text)
        if raw not in (b".", b"..") and not os.path.exists(path):  # noqa: PTH110
            with open(path, "wb") as file:  # noqa: PTH123
                file.write(content)
    batch_id = run_batch("backend-engineer", [given], actor="fuzz", mode=Mode.INGEST)
    numbers = totals(batch_id)
    assert numbers.add_up()
    assert (numbers.processing, numbers.in_flight) == (0, 0)
    assert numbers.received > 40
    assert numbers.delivered + numbers.held > 0
    for line in document_lines(batch_id):
        assert line["status"] == "success" or (line["code"] in CODES and line["error"]), line
        assert line["code"] != "READER_FAILED", line
    with reading() as session:
        assert session.get_one(Batch, batch_id).state in ("done", "waiting_review")
