"""A new Alembic revision from the difference between the models and the newest migration.

python tools/new_migration.py 0002 "What it adds"
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from alembic import command

from gateway.store.engine import alembic_config, migrate


def main(number: str, message: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'store.db'}"
        migrate(url)
        command.revision(alembic_config(url), message, autogenerate=True, rev_id=number)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
