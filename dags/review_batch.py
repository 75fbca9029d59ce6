"""
### Ask a person about one batch's held profiles

Creates one required action per batch, never one per candidate. An answer here decides all held candidates at once. Deciding them
one by one on the page or by command works too, and then closes the action automatically. Without an answer they stay held.

**Starts** from `ingest_batch` when something is held; the run id is `review-<batch id>`.
**Reads** counts and codes; the request holds no personal data. **Writes** decisions and their events.
**Triage**: the triggerer closes the action within seconds of the last decision. When documents of the batch are read
again and new candidates are held, a new question replaces this one, which closes. A second answer, or one given after a decision
in the queue, changes nothing: the first decision stands.
**Settings**: `GATEWAY_RESPONSE_TIMEOUT_H`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import Asset, Param, dag, task

from gateway.pipeline.review.choices import APPROVE_ALL, APPROVE_PASSED, DISCARD_ALL, KEEP_HELD
from gateway.settings import settings
from gateway_airflow.names import DECISIONS_URI, Pool, Tag
from gateway_airflow.operators.ask_operator import AskOperator
from gateway_airflow.policy import OWNER_LINKS, TASK_DEFAULTS

BODY = """\
{{ params.held }} candidate profile(s) of batch `{{ params.batch_id }}` ({{ params.agent }}) were held when this question
was asked. Some may have been decided since; an answer here decides all that are still held.

{% for code, number in params.codes.items() %}
* {{ number }} x **{{ code }}**
{% endfor %}

{page}See them with `python -m gateway review --batch {{ params.batch_id }}`. Reason codes: docs/codes.md.
"""
PAGE = settings().page("/review")
LINK = f"[Review them one by one]({PAGE}?batch={{{{ params.batch_id }}}})\n\n" if PAGE else ""


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=100,
    default_args=TASK_DEFAULTS,
    owner_links=OWNER_LINKS,
    params={
        "batch_id": Param("", type="string"),
        "question": Param(None, type=["null", "string"]),
        "agent": Param("", type="string"),
        "held": Param(0, type="integer"),
        "codes": Param({}, type="object"),
    },
    doc_md=__doc__,
    tags=[Tag.REVIEW],
)
def review_batch() -> None:
    ask = AskOperator(
        task_id="decide",
        batch_id="{{ params.batch_id }}",
        question="{{ params.question or '' }}",
        subject="{{ params.agent }}: held candidates of batch {{ params.batch_id }} wait for a decision",
        body=BODY.replace("{page}", LINK),
        options=[APPROVE_PASSED, APPROVE_ALL, DISCARD_ALL, KEEP_HELD],
        defaults=KEEP_HELD,
        response_timeout=timedelta(hours=settings().response_timeout_h),
        execution_timeout=None,
        retries=5,
    )

    @task(pool=Pool.STORE, outlets=[Asset(name="decisions", uri=DECISIONS_URI)])
    def apply_decision(answer: dict[str, Any], batch_id: str) -> int:
        """Writes the answer as decisions and returns their number; the asset starts deliver_reviewed."""
        from gateway.pipeline.review.review import answer_batch

        chosen = answer.get("chosen_options") or [KEEP_HELD]
        user = answer.get("responded_by_user") or {}
        return answer_batch(batch_id, chosen[0], reviewer=str(user.get("name") or user.get("id") or "timeout"))

    apply_decision(ask.output, "{{ params.batch_id }}")


review_batch()
