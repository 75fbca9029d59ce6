"""What encryption at rest costs: the same work with and without it, in turns, in one process.

    python benchmarks/bench_encryption.py [--resumes 40] [--rows 400] [--rounds 3]

A batch of résumés and a list is read, judged and delivered; a desk of each candidate is read back. Ratios are of the best round
of each; the bytes of one file are sealed and opened for a rate of processor time. One JSON line a figure.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("include", "tests")]

MOST = 1.10  # ratio of a batch
DESK = 1.50  # ratio of reading rows back: milliseconds


def drop_of(folder: Path, resumes: int, rows: int) -> Path:
    from support.pdf_maker import make, resume

    folder.mkdir()
    for number in range(resumes):
        name = f"Mira{chr(97 + number % 26)} Okonjo{chr(97 + number // 26)}"
        make(folder / f"{number}.pdf", resume(name, f"mira{number}@example.org", f"+1 415 555 0{100 + number % 100}"))
    lines = [f"Greta Hollingsworth,greta{number}@example.com,+1 415 555 0134,Portland" for number in range(rows)]
    (folder / "list.csv").write_text("name,email,phone,location\n" + "\n".join(lines) + "\n", "utf-8")
    return folder


def one_round(encrypt: bool, drop: Path, folder: Path) -> tuple[float, float]:
    """(seconds of the batch, seconds to read every candidate's rows back)."""
    from sqlalchemy import select

    from gateway.pipeline.run import run_batch
    from gateway.settings import settings
    from gateway.store.engine import engine, migrate, reading
    from gateway.store.profiles import profile_rows
    from gateway.store.tables import Profile

    os.environ.update(GATEWAY_HOME=str(folder), GATEWAY_ENCRYPT=str(encrypt).lower())
    settings.cache_clear()
    migrate()
    started = time.perf_counter()
    run_batch("backend-engineer", [drop], actor="bench")
    batch = time.perf_counter() - started
    started = time.perf_counter()
    with reading() as session:
        number = sum(1 for _ in profile_rows(session, session.scalars(select(Profile.id)).all()))
    assert number
    read = time.perf_counter() - started
    engine().dispose()
    return batch, read


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--resumes", type=int, default=40)
    options.add_argument("--rows", type=int, default=400)
    options.add_argument("--rounds", type=int, default=3)
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    from gateway.intake.files import PIECE
    from gateway.store import sealing

    os.environ["AIRFLOW_CONN_GATEWAY_MASTER"] = json.dumps({"password": sealing.new_master()})
    took: dict[bool, list[tuple[float, float]]] = {False: [], True: []}
    with tempfile.TemporaryDirectory(prefix="gateway-encryption-") as place:
        drop = drop_of(Path(place) / "drop", given.resumes, given.rows)
        for number in range(given.rounds):
            for encrypt in (False, True):
                took[encrypt].append(one_round(encrypt, drop, Path(place) / f"{encrypt}{number}"))
        content = os.urandom(64 << 20)
        pieces = [content[start : start + PIECE] for start in range(0, len(content), PIECE)]
        started = time.process_time()
        sealed = b"".join(sealing.seal_pieces(pieces, "bench"))
        between = time.process_time()
        assert b"".join(sealing.open_pieces(io.BytesIO(sealed), "bench")) == content
        rates = (between - started, time.process_time() - between)
    figures = []
    for index, name, budget in ((0, "batch", MOST), (1, "reading_rows", DESK)):
        plain, on = (min(one[index] for one in took[encrypt]) for encrypt in (False, True))
        ratio = round(on / plain, 3)
        more = {"plain_s": round(plain, 3), "encrypted_s": round(on, 3)}
        figures.append(
            {
                "name": f"encryption_{name}_ratio",
                "value": ratio,
                "unit": "x",
                "budget": budget,
                "ok": ratio <= budget,
                **more,
            }
        )
    for name, seconds in zip(("seal", "open"), rates, strict=True):
        figures.append(
            {
                "name": f"encryption_{name}_mb_s",
                "value": round(64 / seconds),
                "unit": "MB/s",
                "budget": 100,
                "ok": 64 / seconds >= 100,
            }
        )
    for figure in figures:
        print(json.dumps(figure))
    return 0 if all(figure["ok"] for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
