"""
### Handle the calls of hooks

Other programs ring: the target tells that something happened to an interview, a program tells that files are ready, a mail server
hands over messages that came back (or they are read from a mailbox). Nothing they say is believed: this DAG reads the target's API, the inbox or our own ledger.

**Starts** within seconds of a call (an asset watcher), and every five minutes for calls that are tried again.
**Reads** calls, the target's interviews, the inbox. **Writes** interviews and invitations with their events, claimed drops and
their runs, and the asset `gateway://files-ready`, on which DAGs that fetch files can be scheduled.
**Triage**: a target that does not answer keeps its calls, which are tried again for about five hours. **Candidates, Notices, Hooks** shows
each call and why it waits; there it is handled again. Safe to clear: a call only makes the gateway look.
**Settings**: `GATEWAY_HOOKS_POLL_S`, `GATEWAY_PUBLIC_URL` (docs/hooks.md).
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, AssetWatcher, CronTriggerTimetable, dag, get_current_context, task

from gateway.settings import settings
from gateway_airflow.names import HOOKS_URI, OUTBOX_URI, Pool, Tag
from gateway_airflow.operators.assets import FILES_ALIAS, tell_files_ready
from gateway_airflow.operators.start_runs import arguments_of, start_runs
from gateway_airflow.policy import OWNER_LINKS, SEES_THE_INBOX, TASK_DEFAULTS
from gateway_airflow.triggers.hooks_trigger import HooksTrigger

HOOKS = Asset(
    name="hooks",
    uri=HOOKS_URI,
    watchers=[AssetWatcher(name="hooks_doorbell", trigger=HooksTrigger(poll_s=settings().hooks_poll_s))],
)


@dag(
    schedule=AssetOrTimeSchedule(timetable=CronTriggerTimetable("*/5 * * * *", timezone="UTC"), assets=[HOOKS]),
    catchup=False,
    max_active_runs=1,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    doc_md=__doc__,
    tags=[Tag.INGEST, Tag.NOTIFY, Tag.PII],
)
def take_hooks() -> None:
    @task(pool=Pool.NOTIFY, outlets=[Asset(name="outbox", uri=OUTBOX_URI)])
    def handle() -> list[str]:
        """Handles the calls that wait; returns the agents for whom files are ready."""
        from gateway.hooks.handle import handle_due
        from gateway.hooks.mailbox import read_mailboxes
        from gateway_airflow.hooks.sources import use_sources

        use_sources()
        _, problems = read_mailboxes()
        ready = sorted(handle_due().files)
        if problems and not ready:
            raise problems[0]
        return ready

    @task(pool=Pool.STORE, outlets=[FILES_ALIAS], **SEES_THE_INBOX)
    def claim_ready(agents: list[str]) -> list[dict[str, Any]]:
        """Claims what is complete in the inbox, if somebody said that files are ready; returns the runs to start."""
        from gateway.hooks.handle import claim_ready as claim

        if not agents:
            return []
        tell_files_ready(get_current_context()["outlet_events"], agents)
        return arguments_of(claim())

    start_runs("start_ready", "ingest_batch", claim_ready(handle()))


take_hooks()
