"""
### Fetch from sources

Asks every source that is due (`sources` in the agents' files: folders, buckets, SFTP servers, mailboxes, addresses with lists),
fetches complete batches, and starts one `ingest_batch` run for each. Also starts the runs of batches sent through the API.

**Starts** when the sources' doorbell rings (an asset watcher: a source is due, or the API received a batch); when a program calls an
agent's `files` hook (docs/hooks.md); when somebody else writes an event of the asset `gateway://sources` (another DAG), whose
extra may name `{"agent": ..., "source": ...}`; every fifteen minutes in case an event was missed; and by hand, for one source.
**Reads** sources. **Writes** batches in the store, their files in the files store, claims; moves or deletes originals if the
agent's file says so, never before the batch is safe.
**Triage**: a source that fails fails its own task only; its code is in the log, on **Candidates, Sources**, and after three
failures in the notice `source.failing`. `python -m gateway sources check` asks each and says what to do. Safe to clear: nothing
is fetched twice.
**Settings**: `sources` in the agent's file (docs/sources.md); `GATEWAY_SOURCES_POLL_S`, `GATEWAY_INBOX_QUEUE`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    AssetOrTimeSchedule,
    AssetWatcher,
    CronTriggerTimetable,
    Param,
    TriggerRule,
    dag,
    get_current_context,
    task,
)

from gateway.settings import settings
from gateway_airflow.names import FILES_URI, OUTBOX_URI, SOURCES_URI, Pool, Tag
from gateway_airflow.operators.start_runs import arguments_of, start_runs
from gateway_airflow.policy import OWNER_LINKS, SEES_THE_INBOX, TASK_DEFAULTS
from gateway_airflow.triggers.sources_trigger import SourcesTrigger

SOURCES = Asset(
    name="sources",
    uri=SOURCES_URI,
    watchers=[
        AssetWatcher(name="sources_doorbell", trigger=SourcesTrigger(poll_s=settings().sources_poll_s, again_s=120.0))
    ],
)

FILES = Asset(name="files_ready", uri=FILES_URI)  # a program rang an agent's hook: what it wrote may be in a source


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("*/15 * * * *", timezone="UTC"), assets=SOURCES | FILES
    ),
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    params={
        "agent": Param(None, type=["null", "string"], title="Agent", description="With a source: ask it now"),
        "source": Param(None, type=["null", "string"], title="Source", description="Its name in the agent's file"),
    },
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.PII],
)
def pull_sources() -> None:
    @task(pool=Pool.STORE)
    def list_due() -> list[dict[str, str]]:
        """The sources to ask: those that are due, those an event names, the one of the form."""
        from gateway.sources.state import due
        from gateway_airflow.rung import rung

        return [one.as_dict() for one in due(rung=rung(get_current_context()))]

    # Nothing is retried here: a source that fails is asked again when it is due, later each time.
    @task(
        pool=Pool.SOURCES,
        retries=1,
        map_index_template="{{ label }}",
        execution_timeout=timedelta(hours=2),
        outlets=[Asset(name="outbox", uri=OUTBOX_URI)],
        **SEES_THE_INBOX,
    )
    def pull(source: dict[str, str]) -> dict[str, Any]:
        """Fetches what is new and complete in one source; returns counts. Fails at the end if something went wrong."""
        from gateway.sources.pull import pull as pull_one
        from gateway_airflow.hooks.sources import use_sources

        get_current_context()["label"] = f"{source['agent']}/{source['source']}"  # type: ignore[typeddict-unknown-key]
        use_sources()
        done = pull_one(source["agent"], source["source"])
        if done.problem is not None:
            raise done.problem
        return done.as_dict()

    @task(pool=Pool.STORE, trigger_rule=TriggerRule.ALL_DONE)
    def list_runs() -> list[dict[str, Any]]:
        """The arguments of the runs to start: of batches fetched now or before, and of those from the API."""
        from gateway.sources.bell import waiting_runs

        return arguments_of(waiting_runs())

    pulled = pull.expand(source=list_due())
    runs = list_runs()
    pulled >> runs
    start_runs("start_ingest", "ingest_batch", runs)


pull_sources()
