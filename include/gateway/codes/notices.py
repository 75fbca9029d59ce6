"""Notices and messages to others."""

from __future__ import annotations

from .base import Code

NOTICES: tuple[Code, ...] = (
    Code(
        "NOTICE_NOT_SENT",
        "notify",
        "A message did not leave by its channel.",
        "The mail server or webhook did not answer, refused it, or its connection is missing.",
        "operator",
        "Test the connection named; the message is tried again for a day and a half, then `gateway notify resend`.",
        "The receiver of connection crm_hook did not take it (HTTP 503): test that connection.",
    ),
    Code(
        "WEBHOOK_NO_HOST",
        "notify",
        "A webhook's connection has no address.",
        "An empty Airflow connection.",
        "operator",
        "Enter the webhook's address as the connection's host.",
        "Connection ats_webhook has no host.",
    ),
    Code(
        "CHANNEL_GONE",
        "notify",
        "Messages wait for a channel that the agent's file names no more.",
        "The channel was renamed or removed.",
        "operator",
        "Add the channel again and `gateway notify resend --dead`, or let them rest.",
        "The agent's file names no channel webhook:crm_hook any more.",
    ),
    Code(
        "NOTICE_TEMPLATE_INVALID",
        "notify",
        "Your own wording of a notice cannot be used.",
        "A typing error in a file of GATEWAY_NOTICE_TEMPLATES_DIR.",
        "operator",
        "Correct the file named; `gateway notify preview` shows what it gives.",
        "The notice template batch.done.txt: placeholder batchid unknown; correct it.",
    ),
    Code(
        "UNKNOWN_MESSAGE",
        "notify",
        "There is no such message.",
        "A typing error, or it was sent long ago and removed.",
        "operator",
        "List them with `gateway notify list`.",
        "There is no message 'm0': list them with `gateway notify list`.",
    ),
)
