"""
### What if: judge history again, send nothing

Judges every profile of an agent, or of one batch, again and compares the result with the current verdicts: which candidates would
pass or be held now, by reason code.

**Starts** by hand: choose an agent or a batch. With criteria (keys of an agent file as YAML, such as `preset: lenient`), history is
judged as if they were in the file. Without criteria, the current file and rules are used: every verdict should come out unchanged, and
otherwise the part of the version that differs (agent, rules, engine) is named.
**Reads** verdicts and profiles. **Writes** a table `replays/<run>.jsonl` to the files store, with one line per profile whose outcome
or reasons differ (ids and codes, no personal data); the counts are the task's result. Nothing is sent and no state changes.
**Triage**: `AGENT_FILE_INVALID` names the line of the criteria that is wrong; trigger again. Safe to clear.
**Settings**: `GATEWAY_FILES_URL`.
"""

from __future__ import annotations

from typing import Any

from airflow.sdk import Param, dag, get_current_context, task

from gateway.settings import settings
from gateway_airflow.names import Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS

AGENTS = sorted(path.stem for path in settings().agents_dir.glob("*.yaml"))
PARAMS = {
    "agent": Param(
        None,
        type=["null", "string"],
        enum=[None, *AGENTS],
        values_display={"null": "The batch's own"},
        title="Agent",
        description="Interview agent whose history is judged again",
    ),
    "batch": Param(
        None, type=["null", "string"], title="Batch", description="Only this batch; empty: all of the agent"
    ),
    "criteria": Param(
        None,
        type=["null", "string"],
        format="multiline",
        title="Criteria",
        description="Keys of an agent file as YAML that replace its own; empty: the unchanged file",
    ),
}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=2,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    params=PARAMS,
    doc_md=__doc__,
    tags=[Tag.REVIEW],
)
def replay_batch() -> None:
    @task(pool=Pool.STORE)
    def judge_again() -> dict[str, Any]:
        """Returns the counts of profiles that would pass or be held now, by code, and the location of the table of changed profiles."""
        from gateway.pipeline.replay import replay_to_table

        context = get_current_context()
        form = context["params"]
        return replay_to_table(
            form["agent"] or None, form["batch"] or None, form["criteria"] or None, name=context["dag_run"].run_id
        )

    judge_again()


replay_batch()
