"""Sends a batch's digest by the channels its agent names. Secrets stay in Airflow's connections."""

from __future__ import annotations

import logging
from typing import Any

import requests
from airflow.sdk import BaseHook

from gateway.agents import Notify
from gateway.errors import Misconfigured, Transient
from gateway.notify.messages import Digest
from gateway.pipeline.arrival.receive import agent_of
from gateway.pipeline.report import claim_notice, digest, return_notice

log = logging.getLogger(__name__)
TIMEOUT_S = 20


def send_digest(batch_id: str, agent_id: str) -> list[str]:
    """Tells every channel of the agent about the batch, each once for the same numbers; returns the channels told.

    raises   Transient(NOTICE_NOT_SENT) after all channels were tried: those that failed are tried again
    """
    message, notify = digest(batch_id), agent_of(agent_id).notify
    told: list[str] = []
    failed: list[str] = []
    for channel, send in _channels(notify):
        if not claim_notice(batch_id, message, channel):
            continue
        try:
            send(message)
            told.append(channel)
        except Exception as wrong:
            return_notice(batch_id, message, channel)
            failed.append(f"{channel} ({type(wrong).__name__})")
    if failed:
        raise Transient("NOTICE_NOT_SENT", f"The digest of {batch_id} did not leave by {', '.join(failed)}.", 30)
    return told


def _channels(notify: Notify) -> list[tuple[str, Any]]:
    channels: list[tuple[str, Any]] = []
    if notify.log:
        channels.append(("log", lambda message: log.info("%s\n%s", message.subject, message.text)))
    if notify.email:
        channels.append(("email", lambda message: _mail(message, notify)))
    if notify.webhook_connection:
        channels.append(("webhook", lambda message: _post(message, str(notify.webhook_connection))))
    return channels


def _mail(message: Digest, notify: Notify) -> None:
    from airflow.providers.smtp.hooks.smtp import SmtpHook

    with SmtpHook(smtp_conn_id=notify.smtp_connection) as hook:
        hook.send_email_smtp(to=list(notify.email), subject=message.subject, html_content=message.html)


def _post(message: Digest, connection_id: str) -> None:
    """A JSON POST to the connection's host; its password, if any, is sent as a bearer token."""
    connection = BaseHook.get_connection(connection_id)
    if not connection.host:
        raise Misconfigured("WEBHOOK_NO_HOST", f"Connection {connection_id} has no host: enter the webhook's address.")
    url = connection.host if "://" in connection.host else f"https://{connection.host}"
    if connection.port and url.count(":") == 1:
        url = f"{url}:{connection.port}"
    path = (connection.extra_dejson or {}).get("path", "")
    headers = {"Authorization": f"Bearer {connection.password}"} if connection.password else {}
    answer = requests.post(f"{url}{path}", json=message.data, headers=headers, timeout=TIMEOUT_S)
    answer.raise_for_status()
