"""Data Docs of each batch, kept in the files store: datadocs/<batch id>/index.html and suite.html.

They contain the gates in words, counts and profile ids, but no personal data. A batch is complete without them:
a failure to write them is a code and a log line.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

from upath import UPath

from gateway.errors import Misconfigured
from gateway.intake import files
from gateway.quality.datadocs import INDEX, SUITE, write_data_docs
from gateway.quality.judge import BatchJudgement
from gateway.store import change
from gateway.store.engine import writing
from gateway.store.tables import Batch

log = logging.getLogger(__name__)
FILES = (INDEX, SUITE)


def keep_data_docs(batch_id: str, judged: BatchJudgement, profile_ids: Sequence[str]) -> str | None:
    """Writes the pages of one judged batch; None, or the code of what kept it from doing so.

    profile_ids   of the judged profiles, in the order they were judged
    """
    try:
        with tempfile.TemporaryDirectory(prefix="gateway-") as folder:
            # On the page they stand at batches/<id>/data-docs/<file>: two up is the list, and the batch in it.
            write_data_docs(judged, profile_ids, Path(folder), (f"../../{batch_id}", f"Batch {batch_id}"))
            place = _place(batch_id)
            place.mkdir(parents=True, exist_ok=True)
            for name in FILES:
                (place / name).write_bytes((Path(folder) / name).read_bytes())
    except Exception as wrong:  # rendering is Great Expectations', writing any file system's; neither may stop a batch
        log.warning("DATA_DOCS_NOT_WRITTEN: The Data Docs of batch %s (%s).", batch_id, type(wrong).__name__)
        return "DATA_DOCS_NOT_WRITTEN"
    return None


def open_data_docs(batch_id: str, name: str, *, actor: str) -> bytes:
    """One page of a batch's Data Docs as UTF-8 HTML; records an event that it was viewed.

    raises   Misconfigured(UNKNOWN_BATCH | UNKNOWN_DATA_DOCS: no such page, or none was written)
    """
    with writing() as session:
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise Misconfigured("UNKNOWN_BATCH", "There is no such batch; see the list of batches.")
        missing = Misconfigured(
            "UNKNOWN_DATA_DOCS", f"Batch {batch_id} has no such page of Data Docs: judge the batch again to write it."
        )
        if name not in FILES:
            raise missing
        try:
            page = (_place(batch_id) / name).read_bytes()
        except FileNotFoundError:
            raise missing from None
        change.record(session, "data_docs", batch, actor=actor, rule=name)
    return page


def _place(batch_id: str) -> UPath:
    return files.root() / "datadocs" / batch_id
