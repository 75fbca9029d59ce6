"""
### Erase a person, when a second person approves

Does what `gateway erase` does: everything of one person goes, for every agent, and a signed receipt is kept.

**Starts** by hand, with a candidate's profile id, or with the keyed hash of an address
(`python -m gateway erase --email ... --hash` prints it): never with the address itself, since Airflow keeps what a run is given.
**Reads** who started and who approved. **Writes** what `gateway erase` writes; the receipt's id is the last task's result.
**Triage**: `ERASE_NOT_SECOND`: the same person started and approved it. `ERASE_LATER`: a delivery has no answer yet, clear the task
in a while. `LEGAL_HOLD`: release the hold first. A run that was killed is cleared and goes on. Without an answer nobody is erased.
**Settings**: `GATEWAY_RESPONSE_TIMEOUT_H`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, dag, task

from gateway.pipeline.erasure.choices import ERASE, KEEP
from gateway.settings import settings
from gateway_airflow.names import Pool, Tag
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS

BODY = """\
`{{ dag_run.triggering_user_name }}` asks to erase the person known as `{{ params.person }}` everywhere. It cannot be taken back.

Somebody else must approve it. Without an answer the person is kept.
"""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=20,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    params={
        "person": Param(
            type="string",
            pattern="^(p[0-9a-f]{20}|[0-9a-f]{64})$",
            description="A profile's id, or the keyed hash of an address; never an address",
        )
    },
    doc_md=__doc__,
    tags=[Tag.REVIEW, Tag.PII, Tag.ERASES],
)
def erase_person() -> None:
    ask = HITLOperator(
        task_id="decide",
        subject="Erase a person: approve what {{ dag_run.triggering_user_name }} asks?",
        body=BODY,
        options=[ERASE, KEEP],
        defaults=KEEP,
        response_timeout=timedelta(hours=settings().response_timeout_h),
        execution_timeout=None,
        retries=5,
    )

    @task(pool=Pool.STORE)
    def erase(answer: dict[str, Any], person: str, started_by: str) -> str | None:
        """The receipt's id; None where the person is kept."""
        from gateway.pipeline.erasure.approved import erase_approved

        return erase_approved(person, started_by=started_by or None, answer=answer)

    erase(ask.output, "{{ params.person }}", "{{ dag_run.triggering_user_name or '' }}")


erase_person()
