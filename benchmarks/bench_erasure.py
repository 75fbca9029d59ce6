"""Erasures that are killed in the middle, over and over, then run to their end: is anything of the person found afterwards?

    python benchmarks/bench_erasure.py [--trials 50] [--postgresql URL] [--object-store]

Each trial reads the same drop into a new home (a person in a résumé, in a PDF with somebody else, in a CSV and in an XLSX), kills
the erasure one to three times at steps drawn by the trial's seed (a statement, a commit, a file), runs it once more, and scans
every file, unpacked, and every row. One JSON line: trials; killed: runs that died; left_between: trials in which strings were
found after the last kill; left: trials in which one was found at the end; seconds.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / name) for name in ("include", "tests")]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--trials", type=int, default=50)
    options.add_argument("--postgresql", metavar="URL", help="of an empty database, emptied before each trial")
    options.add_argument(
        "--object-store", action="store_true", help="files through fsspec's memory instead of a folder"
    )
    given = options.parse_args()
    logging.disable(logging.CRITICAL)
    from sqlalchemy import text

    from gateway.pipeline.erasure.erase import erase
    from gateway.settings import settings
    from gateway.store.engine import engine, migrate
    from support.forgotten import EMAIL, erase_killed, found, make_drop, read_in

    told = {"trials": given.trials, "killed": 0, "left_between": 0, "left": 0}
    started = time.monotonic()
    for seed in range(given.trials):
        with tempfile.TemporaryDirectory(prefix="gateway-erasure-") as folder:
            os.environ["GATEWAY_HOME"] = str(Path(folder) / "home")
            if given.object_store:
                os.environ["GATEWAY_FILES_URL"] = f"memory://erasure-{seed}"
            if given.postgresql:
                os.environ["GATEWAY_DATABASE_URL"] = given.postgresql
            settings.cache_clear()
            if given.postgresql:
                with engine().begin() as connection:
                    connection.execute(text("DROP SCHEMA public CASCADE"))
                    connection.execute(text("CREATE SCHEMA public"))
            migrate()
            read_in(make_drop(Path(folder) / "drop", workbook=True))
            told["killed"] += erase_killed(seed)
            told["left_between"] += bool(found())
            receipt = erase(email=EMAIL, actor="bench")
            told["left"] += bool(found()) or not receipt["complete"]
            engine().dispose()
    store = "postgresql" if given.postgresql else "sqlite"
    files = "object store" if given.object_store else "folder"
    print(json.dumps({**told, "store": store, "files": files, "seconds": round(time.monotonic() - started, 1)}))


if __name__ == "__main__":
    main()
