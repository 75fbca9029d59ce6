"""The store's tables brought to this version, after a backup."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from alembic.script import ScriptDirectory

from gateway.pipeline.keeping.backup import Backup, backup
from gateway.settings import settings
from gateway.store import dump
from gateway.store.engine import alembic_config, migrate


@dataclass(frozen=True, slots=True)
class Upgrade:
    """before: the store's revision, None if it had no tables; steps: (revision, what it does) from there to `after`."""

    before: str | None
    after: str
    steps: tuple[tuple[str, str], ...]
    backup: Backup | None = None


def planned() -> Upgrade:
    """What an upgrade would do."""
    with dump.snapshot() as connection:
        before = dump.revision_of(connection)
    scripts = ScriptDirectory.from_config(alembic_config(settings().store_url))
    (after,) = scripts.get_heads()
    known = {one.revision for one in scripts.walk_revisions()}
    steps = tuple(
        (one.revision, " ".join(one.doc.split()))
        for one in scripts.iterate_revisions(after, before if before in known else None)
    )
    return Upgrade(before, after, tuple(reversed(steps)) if before is None or before in known else ())


def upgrade(*, backup_into: Path | None = None, no_backup: bool = False) -> Upgrade:
    """Backs the store up, unless there is nothing in it or nothing to do, and migrates it. Stop Airflow first.

    raises   Misconfigured(STORE_NEWER), and what `backup` raises: then nothing was migrated
    """
    plan = planned()
    made = None
    if plan.steps and plan.before is not None and not no_backup:
        made = backup(backup_into)
    migrate()
    return Upgrade(plan.before, plan.after, plan.steps, made)
