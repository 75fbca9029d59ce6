"""The ledger's rows through SMTP. Nobody gets a message twice, whatever dies when.

    planned    addresses were taken or refused by the server, but no message was given to it yet: safe to begin again
    sending    written before the message is given (DATA); found so later, it may or may not have arrived
    sent       the server took it
    unclear    its sender died, or the connection broke, while the server was taking it. Mail cannot be looked for, so
               it is never sent again automatically: a person decides (`gateway outreach list`, `resend`)

Between planned and sending lies nothing but a transaction, and SMTP names addresses before it takes a message: what a
kill can make unclear is one message at most.

source   RFC 5321 4.1.1.4: the server's answer after DATA decides who is responsible for the message
"""

from __future__ import annotations

import logging
import smtplib
import time
from dataclasses import dataclass, field
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP

from sqlalchemy import select
from sqlalchemy.orm import Session

from gateway.agents import Agent, load_agents_lenient
from gateway.credentials import Credentials, credentials
from gateway.errors import GatewayError, Misconfigured
from gateway.model import AgentState
from gateway.model import InvitationState as V
from gateway.notify.senders import connect, hang_up, sender_of
from gateway.outreach.letters import answer_link, letter_of, mail_of, not_ready
from gateway.outreach.planning import ACTOR, hindrance, plan
from gateway.outreach.suppression import suppress
from gateway.settings import settings
from gateway.store import change, keys
from gateway.store.engine import reading, writing
from gateway.store.tables import Delivery, Document, Invitation, Profile, now

log = logging.getLogger(__name__)
LOST_AFTER_S = 300.0  # longer than any server is waited for
BACKOFF_S = (300, 1800, 7200, 28_800, 86_400)
MAX_ATTEMPTS = len(BACKOFF_S)


@dataclass(slots=True)
class Tally:
    """The result of one walk, in numbers; problems: reasons why an agent cannot write to anybody."""

    planned: int = 0
    sent: int = 0
    skipped: int = 0
    refused: int = 0
    later: int = 0
    unclear: int = 0
    problems: list[GatewayError] = field(default_factory=list)

    def as_dict(self) -> dict[str, int]:
        names = ("planned", "sent", "skipped", "refused", "later", "unclear")
        return {name: getattr(self, name) for name in names}


def send_outreach(agent_id: str | None = None, *, limit: int = 1000) -> Tally:
    """Plans and sends for every open agent with outreach enabled, or for one of them.

    One agent that is not ready or whose server is away does not stop the next; `problems` says so.
    """
    done = Tally()
    agents, _ = load_agents_lenient(settings().agents_dir)
    done.unclear += settle_lost()
    for agent in agents.values():
        if agent_id not in (None, agent.id) or not agent.outreach.enabled or agent.state == AgentState.CLOSED:
            continue
        try:
            given = ready(agent)
            done.planned += plan(agent)
            _send(agent, given, done, limit)
        except GatewayError as wrong:
            log.warning("%s: %s", wrong.code, wrong.sentence)
            done.problems.append(wrong)
    return done


def ready(agent: Agent) -> Credentials:
    """The connection for sending. Raises Misconfigured(OUTREACH_NOT_READY | CONNECTION_MISSING | CONNECTION_INVALID)."""
    if not settings().public_url.startswith("https://"):
        raise not_ready(agent, "set GATEWAY_PUBLIC_URL (https://...), where candidates unsubscribe with one click")
    if not agent.outreach.contact:
        raise not_ready(agent, "outreach.contact must say who answers questions")
    if not keys.outreach_key_is_the_one():
        raise not_ready(
            agent,
            f"this machine's {keys.OUTREACH} is not the key that the list of who must not be written to was made with; "
            "give every machine the same GATEWAY_KEYS_DIR, or restore it from the backup",
        )
    given = credentials(agent.outreach.connection)
    if not (agent.outreach.sender or "@" in sender_of(given)):
        raise not_ready(agent, "outreach.sender must be an address")
    return given


def settle_lost(after_s: float = LOST_AFTER_S) -> int:
    """Sets rows to unclear whose sender died while the server was accepting the message."""
    with writing() as session:
        rows = session.scalars(
            select(Invitation).where(
                Invitation.state == V.SENDING, Invitation.updated_at < now() - timedelta(seconds=after_s)
            )
        ).all()
        for row in rows:
            row.code = "OUTREACH_UNCLEAR"
            change.move(session, row, V.UNCLEAR, actor=ACTOR, code="OUTREACH_UNCLEAR")
        return len(rows)


def _send(agent: Agent, given: Credentials, done: Tally, limit: int) -> None:
    with reading() as session:
        ids = session.scalars(
            select(Invitation.id)
            .where(Invitation.agent_id == agent.id, Invitation.state == V.PLANNED, Invitation.due_at <= now())
            .order_by(Invitation.due_at, Invitation.id)
            .limit(limit)
        ).all()
    post = _Post(agent, given)
    try:
        for invitation_id in ids:
            begun = time.monotonic()
            if _one(agent, post, invitation_id, done):
                time.sleep(max(0.0, 60 / agent.outreach.per_minute - (time.monotonic() - begun)))
    finally:
        post.close()


def _one(agent: Agent, post: _Post, invitation_id: str, done: Tally) -> bool:
    """Sends one message; True if the server was contacted. Raises Misconfigured if the server cannot be used at all."""
    with writing() as session:
        row = session.get_one(Invitation, invitation_id, with_for_update=True)
        if row.state != V.PLANNED:
            return False
        if (code := hindrance(session, agent, row)) is not None:
            row.code = code
            change.move(session, row, V.SKIPPED, actor=ACTOR, code=code)
            done.skipped += 1
            return False
    try:
        with reading() as session:
            mail, to = _mail(session, agent, post.given, session.get_one(Invitation, invitation_id))
    except GatewayError:
        raise  # the agent's file is not right: nobody of it is written to
    except Exception as wrong:  # an address or a name that no message can be made with stops this one only
        _refuse(invitation_id, f"no message could be made ({type(wrong).__name__})", done, permanent=False)
        return False
    try:
        post.address(to)
    except _NotNow as wrong:
        _later(invitation_id, str(wrong), done)
        return True
    except _Never as wrong:
        _refuse(invitation_id, str(wrong), done, permanent=wrong.permanent)
        return True
    with writing() as session:
        row = session.get_one(Invitation, invitation_id, with_for_update=True)
        if row.state != V.PLANNED:  # another sender was quicker
            post.reset()
            return True
        row.attempts += 1
        change.move(session, row, V.SENDING, actor=ACTOR)
    try:
        post.give(mail)
    except _NotNow as wrong:
        _later(invitation_id, str(wrong), done)
    except _Never as wrong:
        _refuse(invitation_id, str(wrong), done, permanent=False)
    except _Nobody as wrong:
        log.warning("OUTREACH_UNCLEAR: invitation %s: %s", invitation_id, wrong)
        _move(invitation_id, V.UNCLEAR, "OUTREACH_UNCLEAR")
        done.unclear += 1
    else:
        _move(invitation_id, V.SENT, None)
        done.sent += 1
    return True


def _mail(session: Session, agent: Agent, given: Credentials, row: Invitation) -> tuple[bytes, str]:
    """The message as it goes over the wire, and whom to."""
    profile = session.get_one(Profile, row.profile_id)
    document = session.get_one(Document, profile.document_id)
    delivery = session.scalar(
        select(Delivery).where(Delivery.profile_id == profile.id, Delivery.email_norm == row.email_norm).limit(1)
    )
    letter = letter_of(
        agent,
        row.kind,
        name=None if row.kind == "question" else profile.name,  # an address in doubt may be a stranger's
        link=answer_link(row.id)
        if row.kind == "question"
        else str(delivery.receipt.get("url") or "")
        if delivery
        else "",
        language=document.facts.get("language"),
        invitation_id=row.id,
    )
    to = str(profile.email)
    return mail_of(agent, given, letter, to, row.id).as_bytes(policy=SMTP), to


class _NotNow(Exception):
    """The server did not accept it now; nothing was sent."""


class _Never(Exception):
    """The server will never accept it. permanent: it refused the address itself."""

    permanent = False


class _Nobody(Exception):
    """It is unclear whether the server accepted it."""


class _Post:
    """One session with the mail server, opened when needed and reopened after it broke."""

    def __init__(self, agent: Agent, given: Credentials) -> None:
        self.agent, self.given = agent, given
        self.sender = agent.outreach.sender or sender_of(given)
        self.server: smtplib.SMTP | None = None

    def address(self, to: str) -> None:
        """MAIL and RCPT: nothing is sent yet. Raises _NotNow, _Never."""
        try:
            to.encode("ascii")
        except UnicodeEncodeError:
            raise _Never("the address is not ASCII") from None
        for fresh in (False, True):  # a kept connection may have been closed meanwhile
            try:
                if self.server is None:
                    self.server = connect(self.given)
                    self.server.ehlo_or_helo_if_needed()
                code, _ = self.server.mail(self.sender)
                if code == 250:
                    code, _ = self.server.rcpt(to)
                break
            except smtplib.SMTPAuthenticationError:
                self.close()
                raise Misconfigured(
                    "OUTREACH_NOT_READY",
                    f"The mail server of connection {self.given.connection} refused the login: correct the connection.",
                ) from None
            except (smtplib.SMTPException, OSError) as wrong:
                self.close()
                if fresh:
                    raise _NotNow(type(wrong).__name__) from None
        if code in (250, 251):
            return
        self.reset()
        if 500 <= code < 600:
            refused = _Never(f"SMTP {code}")
            refused.permanent = code in (550, 551, 553, 556)
            raise refused
        raise _NotNow(f"SMTP {code}")

    def give(self, mail: bytes) -> None:
        """DATA. Raises _NotNow or _Never if the server refused, _Nobody if it did not answer."""
        assert self.server is not None
        try:
            code, _ = self.server.data(mail)
        except smtplib.SMTPDataError as wrong:  # said no before the message was given
            code = wrong.smtp_code
        except (smtplib.SMTPException, OSError) as wrong:
            self.close()
            raise _Nobody(type(wrong).__name__) from None
        if 200 <= code < 300:
            return
        self.reset()
        raise (_Never if 500 <= code < 600 else _NotNow)(f"SMTP {code}")

    def reset(self) -> None:
        try:
            if self.server is not None:
                self.server.rset()
        except (smtplib.SMTPException, OSError):
            self.close()

    def close(self) -> None:
        if self.server is not None:
            hang_up(self.server)
            self.server = None


def _move(invitation_id: str, to: V, code: str | None) -> None:
    with writing() as session:
        row = session.get_one(Invitation, invitation_id, with_for_update=True)
        row.code = code
        if to == V.SENT:
            row.sent_at = now()
        change.move(session, row, to, actor=ACTOR, code=code)


def _later(invitation_id: str, why: str, done: Tally) -> None:
    """Nothing was sent: retried, but given up after the fifth time."""
    log.warning("OUTREACH_NOT_SENT: invitation %s: %s", invitation_id, why)
    with writing() as session:
        row = session.get_one(Invitation, invitation_id, with_for_update=True)
        if row.state == V.PLANNED:
            row.attempts += 1
        row.code = "OUTREACH_NOT_SENT"
        if row.attempts > MAX_ATTEMPTS:
            change.move(session, row, V.REFUSED, actor=ACTOR, code=row.code)
            done.refused += 1
            return
        row.due_at = now() + timedelta(seconds=BACKOFF_S[row.attempts - 1])
        if row.state != V.PLANNED:
            change.move(session, row, V.PLANNED, actor=ACTOR, code=row.code, rule="not sent")
    done.later += 1


def _refuse(invitation_id: str, why: str, done: Tally, *, permanent: bool) -> None:
    """The server refused permanently. An address that it does not know is never written to again."""
    log.warning("OUTREACH_REFUSED: invitation %s: %s", invitation_id, why)
    with writing() as session:
        row = session.get_one(Invitation, invitation_id, with_for_update=True)
        row.code = "OUTREACH_REFUSED"
        if permanent:
            suppress(session, row.email_norm, "refused")
        change.move(session, row, V.REFUSED, actor=ACTOR, code="OUTREACH_REFUSED")
    done.refused += 1


def resend(invitation_id: str, *, actor: str) -> None:
    """Queues an unclear or refused message again, as decided by a person.

    raises   Misconfigured(UNKNOWN_INVITATION) when there is none, or it is neither
    """
    with writing() as session:
        row = session.get(Invitation, invitation_id, with_for_update=True)
        if row is None or row.state not in (V.UNCLEAR, V.REFUSED):
            raise Misconfigured(
                "UNKNOWN_INVITATION",
                f"There is no unclear or refused message {invitation_id!r}: list them with `gateway outreach list`.",
            )
        row.attempts, row.due_at, row.code = 0, now(), None
        change.move(session, row, V.PLANNED, actor=actor, rule="sent again by hand")


def send_test(given: Credentials, mail: EmailMessage) -> None:
    """One message, outside the ledger: an operator's to themselves. Raises Misconfigured(OUTREACH_NOT_READY)."""
    try:
        server = connect(given)
        server.send_message(mail)
        server.quit()
    except (smtplib.SMTPException, OSError) as wrong:
        raise Misconfigured(
            "OUTREACH_NOT_READY",
            f"The mail server of connection {given.connection} did not accept the test message ({type(wrong).__name__}).",
        ) from None
