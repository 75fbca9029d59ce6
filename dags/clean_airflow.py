"""
### Clean up after Airflow

Removes old rows from Airflow's own database, and old log files. Candidates, documents and decisions are not touched: they have
periods of their own (`apply_retention`).

**Starts** at 02:23 UTC.
**Reads and removes** rows of runs, tasks and events older than `GATEWAY_KEEP_RUNS_DAYS`; log files that were not written for
`GATEWAY_KEEP_LOGS_DAYS`, below the folder that this worker writes its logs to. Logs in an object store follow the rules of
their bucket.
**Triage**: `AIRFLOW_NOT_CLEANED`: run `airflow db clean` where Airflow's settings are known. Without
`GATEWAY_AIRFLOW_DATABASE_URL` the database is not cleaned here, and the task says so. Safe to clear.
**Settings**: `GATEWAY_AIRFLOW_DATABASE_URL`, `GATEWAY_KEEP_RUNS_DAYS`, `GATEWAY_KEEP_LOGS_DAYS`.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

from airflow.configuration import conf
from airflow.sdk import CronTriggerTimetable, dag, task

from gateway_airflow.names import Pool, Tag
from gateway_airflow.policy import TASK_DEFAULTS

log = logging.getLogger(__name__)


@dag(
    schedule=CronTriggerTimetable("23 2 * * *", timezone="UTC"),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    doc_md=__doc__,
    tags=[Tag.UPKEEP],
)
def clean_airflow() -> None:
    @task(pool=Pool.STORE)
    def clean_database() -> str:
        """Removes old rows from Airflow's database; returns what was done."""
        from gateway.settings import settings
        from gateway_airflow.housekeeping import clean_database as clean

        config = settings()
        if not config.airflow_database_url:
            log.warning("GATEWAY_AIRFLOW_DATABASE_URL is not set: Airflow's database is not cleaned here.")
            return "not cleaned: GATEWAY_AIRFLOW_DATABASE_URL is not set"
        clean(config.airflow_database_url, datetime.now(UTC) - timedelta(days=config.keep_runs_days))
        return f"cleaned up to {config.keep_runs_days} days ago"

    @task(pool=Pool.STORE)
    def clean_logs() -> dict[str, int]:
        """Removes old log files of this machine; returns how many, and their bytes."""
        from gateway.settings import settings
        from gateway_airflow.housekeeping import clean_logs as clean

        folder = Path(conf.get("logging", "base_log_folder"))
        files, size = clean(folder, datetime.now(UTC) - timedelta(days=settings().keep_logs_days))
        return {"files": files, "bytes": size}

    clean_database()
    clean_logs()


clean_airflow()
