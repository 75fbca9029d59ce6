"""Is this installation well? One line a thing looked at, each with what to do. No personal data; nothing is changed.

    lines.py      what a line is, and how a look that fails becomes one
    machine.py    Python, settings, rights of files, disk, models, where files are kept
    work.py       the store, agents and their connections, the inbox, batches, deliveries, notices

What only Airflow knows (its parts, pools, DAGs) comes from gateway_airflow.health.
"""

from __future__ import annotations

from collections.abc import Iterable

from gateway.insight.doctor import machine, work
from gateway.insight.doctor.lines import Look, Report, looked


def diagnose(more: Iterable[Look] = ()) -> Report:
    """Everything looked at now. more: looks of whoever runs it, at the end."""
    return Report(tuple(line for look in (*machine.LOOKS, *work.LOOKS, *more) for line in looked(look)))
