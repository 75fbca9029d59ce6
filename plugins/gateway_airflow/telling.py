"""The one place where DAGs tell people something; how a message leaves is the notifiers' business."""

from __future__ import annotations

import logging

from gateway.errors import Transient
from gateway.intake.inbox import InboxProblem
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.report import batch_agent, claim_inbox_notice, inbox_notice, return_inbox_notice

log = logging.getLogger(__name__)


def tell_batch(batch_id: str) -> None:
    """The batch's digest to its agent's channels, each once for the same numbers. Raises Transient(NOTICE_NOT_SENT)."""
    from gateway_airflow.notifiers.digest_notifier import send_digest

    send_digest(batch_id, batch_agent(batch_id))


def tell_inbox(problem: InboxProblem) -> None:
    """A drop that nobody claims, to the channels of the agent it is for, each once a day.

    raises   Transient(NOTICE_NOT_SENT) after all channels were tried: those that failed are tried again
    """
    from gateway_airflow.notifiers.digest_notifier import _channels

    agent = agent_of(problem.where)
    message, failed = inbox_notice(agent, problem), []
    for channel, send in _channels(agent.notify):
        if claim_inbox_notice(problem, channel):
            try:
                send(message)
            except Exception as wrong:
                return_inbox_notice(problem, channel)
                failed.append(f"{channel} ({type(wrong).__name__})")
    if failed:
        raise Transient("NOTICE_NOT_SENT", f"{problem.code} of {agent.id} did not leave by {', '.join(failed)}.", 30)
