"""What sealing and verifying the audit trail costs: EVENTS events (default 200,000) in a new SQLite store."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "include"))

from sqlalchemy import insert

SLICE = 20_000


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--events", type=int, default=200_000)
    events = options.parse_args().events
    with tempfile.TemporaryDirectory(prefix="gateway-audit-") as home:
        os.environ["GATEWAY_HOME"] = home
        from gateway.pipeline.trail import seal_and_anchor, verify
        from gateway.store.engine import migrate, writing
        from gateway.store.tables import Event, now

        migrate()
        row = {"kind": "state", "subject": "profile", "before": "held", "after": "approved", "actor": "rita"}
        for start in range(0, events, SLICE):
            with writing() as session:
                rows = [
                    {**row, "at": now(), "subject_id": f"p{index:039}", "batch_id": "b20261122-190501-k7m2qd"}
                    for index in range(start, min(events, start + SLICE))
                ]
                session.execute(insert(Event), rows)
        for name, work in (("seal", seal_and_anchor), ("verify", verify)):
            started, cpu = time.perf_counter(), time.process_time()
            done = work()
            for kind, took in (("", time.perf_counter() - started), ("cpu_", time.process_time() - cpu)):
                figure = f"audit_{name}_{kind}s_per_million"
                print(json.dumps({"figure": figure, "value": round(took / events * 1e6, 1), "events": events}))
        assert done.broken is None
        assert done.links == events


if __name__ == "__main__":
    main()
