"""Checks this installation. One line per check, with the remedy. No personal data; nothing is changed.

    lines.py      the shape of a line, and the line for a check that fails
    machine.py    Python, settings, rights of files, disk, models, where files are kept
    work.py       the store, agents and their connections, the inbox, batches, deliveries, notices

What only Airflow knows (its parts, pools, DAGs) comes from gateway_airflow.health.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.insight.doctor import machine, work
from gateway.insight.doctor.lines import Look, Report, looked


def diagnose(more: Iterable[Look] = ()) -> Report:
    """Runs all checks. more: additional checks of the caller, at the end."""
    return Report(tuple(line for look in (*machine.LOOKS, *work.LOOKS, *more) for line in looked(look)))
