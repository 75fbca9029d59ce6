"""How a message leaves, one class a kind of channel. A sender is opened for a few messages and closed again.

Every outcome is a value: a channel that is down must not stop the next one. A server's answer may quote the message,
so only its status is recorded.

source   Standard Webhooks 1.0.0 (standardwebhooks.com): headers, signatures, several of them while a secret is changed
"""

from __future__ import annotations

import json
import logging
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from gateway.agents.notices import LOG, Channel, ChatChannel, MailChannel, ReceiptChannel, WebhookChannel
from gateway.credentials import Credentials, credentials
from gateway.deliver import guard
from gateway.deliver.client import retry_after_s
from gateway.deliver.webhook import checked_url, signer_of
from gateway.errors import GatewayError, Misconfigured
from gateway.notify.wording import PICTURE, Words, html_of, words_of
from gateway.receipts import receipt_of
from gateway.receipts.tell import EVENT, addresses
from gateway.store.engine import reading
from gateway.store.tables import Batch

log = logging.getLogger(__name__)
CONNECT_S, READ_S = 5.0, 15.0
NOT_THIS_ONE = (400, 413, 422)  # the receiver says no to the content; trying again cannot help


@dataclass(frozen=True, slots=True)
class Message:
    """One row of the outbox, as a sender needs it."""

    id: str
    type: str
    agent_id: str
    batch_id: str | None
    data: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of one attempt. sent, or a code with a sentence; retry False: this message can never be sent.

    gone   the receiver says that it no longer exists (HTTP 410): the channel is paused at once
    """

    sent: bool
    code: str | None = None
    error: str | None = None
    retry: bool = True
    gone: bool = False
    retry_after_s: float | None = None


SENT = Outcome(True)


class Sender(Protocol):
    """parallel: the number of messages that may be sent at once."""

    parallel: int

    def send(self, message: Message) -> Outcome: ...

    def close(self) -> None: ...


def open_sender(key: str, channel: Channel | None) -> Sender:
    """The sender of that channel; connections are looked up here, in the caller's thread. Raises GatewayError."""
    if key == LOG:
        return LogSender()
    if channel is None:
        raise Misconfigured(
            "CHANNEL_GONE", f"Channel {key} is no longer in the agent's file: add it again, or ignore its messages."
        )
    given = credentials(channel.connection)
    if isinstance(channel, MailChannel):
        return MailSender(channel, given)
    if isinstance(channel, ReceiptChannel):
        return ReceiptSender(channel, given)
    if isinstance(channel, ChatChannel):
        return ChatSender(channel, given)
    return WebhookSender(channel, given)


class LogSender:
    """Writes to the task's own log."""

    parallel = 1

    def send(self, message: Message) -> Outcome:
        words = words_of(message.type, message.data, message.id)
        log.info("%s\n%s", words.subject, words.text)
        return SENT

    def close(self) -> None:
        """Does nothing: there is nothing to close."""


class _Mails:
    """Shared by mail to people and to senders: one connection for all messages; a broken connection is reopened."""

    parallel = 1

    def __init__(self, given: Credentials) -> None:
        self.given = given
        self.server: smtplib.SMTP | None = None

    def mail(self, words: Words, message: Message, to: tuple[str, ...]) -> Outcome:
        mail = EmailMessage()
        mail["Subject"] = words.subject
        mail["From"] = sender_of(self.given)
        mail["To"] = ", ".join(to)
        mail["Message-ID"] = f"<{message.id}@candidate-ingestion-gateway>"
        mail["Date"] = message.created_at
        mail["Auto-Submitted"] = "auto-generated"
        mail.set_content(words.text)
        mail.add_alternative(words.html, subtype="html")
        if words.picture:
            _, html = mail.iter_parts()
            html.add_related(words.picture, "image", "png", cid=f"<{PICTURE}>", disposition="inline")
        try:
            self.server = self.server or connect(self.given)
            refused = self.server.send_message(mail)
        except smtplib.SMTPRecipientsRefused:
            return self._failed("the server refused every address", retry=False)
        except (smtplib.SMTPException, OSError) as wrong:
            self.close()
            return self._failed(type(wrong).__name__)
        if refused:
            log.warning("NOTICE_NOT_SENT: %d of the addresses of %s were refused.", len(refused), self.given.connection)
        return SENT

    def _failed(self, why: str, *, retry: bool = True) -> Outcome:
        said = f"The mail server of connection {self.given.connection} did not take it ({why}): test that connection."
        return Outcome(False, "NOTICE_NOT_SENT", said, retry=retry)

    def close(self) -> None:
        if self.server is not None:
            hang_up(self.server)
            self.server = None


class MailSender(_Mails):
    """Mail to the channel's addresses."""

    def __init__(self, channel: MailChannel, given: Credentials) -> None:
        super().__init__(given)
        self.channel = channel

    def send(self, message: Message) -> Outcome:
        return self.mail(words_of(message.type, message.data, message.id), message, self.channel.to)

    def send_together(self, messages: Sequence[Message]) -> Outcome:
        """All of them as one mail, the digest of a day: oldest first."""
        parts = [words_of(one.type, one.data, one.id) for one in sorted(messages, key=lambda one: one.created_at)]
        if len(parts) == 1:
            return self.mail(parts[0], messages[0], self.channel.to)
        agent = messages[0].data.get("agent_title") or messages[0].agent_id
        lines = "\n".join(f"- {one.subject}" for one in parts)
        text = f"{lines}\n\n" + "\n\n".join(f"{one.subject}\n{one.text}" for one in parts)
        subject = f"{agent}: {len(parts)} notices"
        return self.mail(Words(subject, text, html_of(subject, text)), messages[0], self.channel.to)


class ReceiptSender(_Mails):
    """Mail to the sender of a batch, whose address only the store and the agent's file know."""

    def __init__(self, channel: ReceiptChannel, given: Credentials) -> None:
        super().__init__(given)
        self.channel = channel

    def send(self, message: Message) -> Outcome:
        words = words_of(message.type, message.data, message.id)
        if message.type != EVENT or message.batch_id is None:
            return Outcome(False, "NOTICE_NOT_SENT", "A receipt channel sends receipts only: use email.", retry=False)
        with reading() as session:
            batch = session.get(Batch, message.batch_id)
            to = addresses(session, self.channel, batch) if batch else ()
            said = receipt_of(session, batch) if batch and to else None
        if said is None:
            why = "The sender of the batch no longer has an address in the agent's file."
            return Outcome(False, "NOTICE_NOT_SENT", why, retry=False)
        files = ", ".join(f"{number} {status}" for status, number in said.file_totals.items() if number)
        people = ", ".join(f"{number} {outcome}" for outcome, number in said.totals.items() if number)
        lines = [f"{one.count} x {one.reason.means} {one.reason.fix} ({one.reason.code})" for one in said.advice]
        better = ["How to send better:", *lines] if lines else []
        parts = [words.text.strip(), f"Files: {files or 'none'}\nCandidates: {people or 'none'}", *better]
        text = "\n\n".join(parts) + "\n"
        return self.mail(Words(words.subject, text, html_of(words.subject, text)), message, to)


def connect(given: Credentials) -> smtplib.SMTP:
    """A session with the mail server of an Airflow connection of type smtp, with the extras that Airflow supports.

    TLS from the start unless disable_ssl; then STARTTLS unless disable_tls. Raises OSError, smtplib.SMTPException.
    """
    parts = urlsplit(given.base_url)
    host = parts.hostname or "localhost"
    timeout = float(given.extra.get("timeout") or 30)
    server: smtplib.SMTP
    if _true(given.extra.get("disable_ssl")):
        server = smtplib.SMTP(host, parts.port or 25, timeout=timeout)
        if not _true(given.extra.get("disable_tls")):
            server.starttls(context=ssl.create_default_context())
    else:
        server = smtplib.SMTP_SSL(host, parts.port or 465, timeout=timeout, context=ssl.create_default_context())
    if given.login:
        server.login(given.login, given.secret)
    return server


def hang_up(server: smtplib.SMTP) -> None:
    """Ends the session politely, or just closes it if the server does not answer any more."""
    try:
        server.quit()
    except (smtplib.SMTPException, OSError):
        server.close()


def sender_of(given: Credentials) -> str:
    """The sender address: the connection's from_email, or its login."""
    return str(given.extra.get("from_email") or given.login or "candidates@localhost")


def _true(value: Any) -> bool:
    return str(value).strip().lower() in ("true", "1", "yes", "t", "on")


class _Posting:
    """Shared by chats and webhooks: one guarded session, no redirects, outcomes by status."""

    parallel = 1

    def __init__(self, channel: ChatChannel | WebhookChannel, given: Credentials) -> None:
        self.connection = channel.connection
        self.session = guard.session(allow_private=channel.allow_private)
        self.session.headers["User-Agent"] = "candidate-ingestion-gateway"
        if channel.allow_private:  # the guarded adapter keeps the usual ten
            for prefix in ("http://", "https://"):
                self.session.mount(prefix, HTTPAdapter(pool_maxsize=self.parallel))

    def post(self, url: str, body: bytes, headers: dict[str, str]) -> Outcome:
        """One POST. The answer's body is not read."""
        try:
            with self.session.post(
                url,
                data=body,
                headers={"Content-Type": "application/json", **headers},
                timeout=(CONNECT_S, READ_S),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status, pause = answer.status_code, retry_after_s(answer.headers.get("Retry-After"))
                if 200 <= status < 300:
                    answer.raw.read(65_536)  # so that the connection can be used again
                    return SENT
        except GatewayError as wrong:
            return Outcome(False, wrong.code, wrong.sentence)
        except requests.RequestException as wrong:
            return self._failed(type(wrong).__name__)
        if status == 410:
            return Outcome(
                False, "NOTICE_NOT_SENT", f"The receiver of {self.connection} no longer exists (HTTP 410).", gone=True
            )
        return self._failed(f"HTTP {status}", retry=status not in NOT_THIS_ONE, pause=pause)

    def _failed(self, why: str, *, retry: bool = True, pause: float | None = None) -> Outcome:
        said = f"The receiver of connection {self.connection} did not take it ({why}): test that connection."
        return Outcome(False, "NOTICE_NOT_SENT", said, retry=retry, retry_after_s=pause)

    def close(self) -> None:
        self.session.close()


class WebhookSender(_Posting):
    """Signed messages to a program."""

    parallel = 8

    def __init__(self, channel: WebhookChannel, given: Credentials) -> None:
        super().__init__(channel, given)
        if not given.base_url:
            raise Misconfigured(
                "WEBHOOK_NO_HOST", f"Connection {channel.connection} has no host: enter the webhook's address."
            )
        self.url = checked_url(given, allow_private=channel.allow_private)
        older = given.extra.get("previous_secret")
        self.signers = [signer_of(given, secret) for secret in (given.secret, str(older or "")) if secret]
        if not self.signers:
            signer_of(given, "")  # says what is missing

    def send(self, message: Message) -> Outcome:
        body = payload(message)
        at = datetime.now(UTC)
        headers = {
            "webhook-id": message.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(signer.sign(message.id, at, body) for signer in self.signers),
        }
        return self.post(self.url, body.encode(), headers)


class ChatSender(_Posting):
    """A message in a room of Slack or Teams."""

    def __init__(self, channel: ChatChannel, given: Credentials) -> None:
        super().__init__(channel, given)
        # Airflow's own connections keep the secret part of the address as the password.
        secret = (
            given.secret
            if "://" in given.secret
            else "/".join(filter(None, (given.base_url.rstrip("/"), given.secret)))
        )
        if "://" not in secret:
            raise Misconfigured(
                "WEBHOOK_NO_HOST", f"Connection {channel.connection} has no host: enter the webhook's address."
            )
        self.kind = channel.kind
        self.url = checked_url(
            Credentials(given.connection, secret, "", given.extra), allow_private=channel.allow_private
        )

    def send(self, message: Message) -> Outcome:
        words = words_of(message.type, message.data, message.id)
        said = f"{words.subject}\n\n{words.text}".strip()
        body: dict[str, Any] = {"text": said}
        if self.kind == "teams":
            card = {
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": [{"type": "TextBlock", "text": said, "wrap": True}],
            }
            kind = "application/vnd.microsoft.card.adaptive"
            body = {"type": "message", "attachments": [{"contentType": kind, "content": card}]}
        return self.post(self.url, json.dumps(body).encode(), {})


def payload(message: Message) -> str:
    """The body of a webhook: the same bytes on every attempt. docs/events.md has its schema."""
    made = {"type": message.type, "timestamp": message.created_at.astimezone(UTC).isoformat(), "data": message.data}
    return json.dumps(made, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
