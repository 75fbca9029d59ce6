"""Makes this checkout's code known to the Python that runs it: a path file, and the provider Airflow looks for.

Airflow finds connection types only through the entry point of an installed distribution; this writes the smallest one.
"""

from __future__ import annotations

import sysconfig
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[1]
NAME, VERSION = "candidate_ingestion_gateway", "0.1.0"


def main() -> None:
    site = Path(sysconfig.get_paths()["purelib"])
    (site / "gateway-project.pth").write_text(f"{PROJECT / 'include'}\n{PROJECT / 'plugins'}\n")
    info = site / f"{NAME}-{VERSION}.dist-info"
    info.mkdir(exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME.replace('_', '-')}\nVersion: {VERSION}\n")
    (info / "entry_points.txt").write_text(
        "[apache_airflow_provider]\nprovider_info = gateway_airflow.provider:get_provider_info\n"
    )
    (info / "INSTALLER").write_text("setup\n")
    (info / "RECORD").write_text("")


if __name__ == "__main__":
    main()
