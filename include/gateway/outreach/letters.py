"""A message to a candidate as mail: their language, the headers, and the address that ends such messages.

source   RFC 2369 and RFC 8058: List-Unsubscribe with one click
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, formataddr
from typing import Any
from zoneinfo import ZoneInfo

from gateway.agents import Agent
from gateway.agents.notices import Quiet
from gateway.agents.wording import filled
from gateway.credentials import Credentials
from gateway.errors import Misconfigured
from gateway.notify.senders import sender_of
from gateway.outreach.suppression import token_of
from gateway.settings import settings
from gateway.store import keys
from gateway.store.tables import now

DOMAIN = "candidate-ingestion-gateway"
LONGEST_NAME = 80
UNKNOWN_ZONE = "Etc/Unknown"  # what phonenumbers says where it does not know
ENDING = {
    "de": "Keine weiteren Nachrichten: ",
    "fr": "Ne plus recevoir de messages : ",
    "es": "No recibir más mensajes: ",
    "en": "No more messages: ",
}


@dataclass(frozen=True, slots=True)
class Letter:
    """A message to a candidate. html is "" if the agent's file has none."""

    subject: str
    text: str
    html: str
    unsubscribe: str


def letter_of(
    agent: Agent, kind: str, *, name: str | None, link: str | None, language: str | None, invitation_id: str
) -> Letter:
    """The agent's wording, filled in. kind: "invitation", or "reminder-1" and so on.

    raises   Misconfigured(OUTREACH_NOT_READY) if the agent's file has no such template or it cannot be filled in
    """
    template = agent.templates.get(kind.partition("-")[0])
    if template is None:
        raise not_ready(agent, f"its file has no templates.{kind.partition('-')[0]}")
    words = template.in_language(language)
    ending = unsubscribe_link(invitation_id)
    values: dict[str, Any] = {
        # A name was read from a document: it stays on one line and stays a name.
        "name": re.sub(r"\s+", " ", name or "").strip()[:LONGEST_NAME],
        "title": agent.title,
        "posting": agent.target.posting,
        "link": link or agent.outreach.link,
        "contact": agent.outreach.contact,
        "unsubscribe": ending,
    }
    try:
        subject = " ".join(filled(words.subject, values).split())
        text = filled(words.body, values).strip() + "\n"
        html = filled(words.html, values, html=True) if words.html else ""
    except ValueError as wrong:
        raise not_ready(agent, f"templates.{kind}: {wrong}") from None
    said = ENDING.get(language or "en", ENDING["en"])
    if ending and ending not in text:
        text += f"\n--\n{said}{ending}\n"
    if ending and html and ending not in html:
        html += f'<p><a href="{ending}">{said.rstrip(": ")}</a></p>'
    return Letter(subject, text, html, ending)


def mail_of(agent: Agent, given: Credentials, letter: Letter, to: str, invitation_id: str) -> EmailMessage:
    """The letter with its headers. The same invitation has the same Message-ID whenever it is made."""
    mail = EmailMessage()
    mail["Subject"] = letter.subject
    mail["From"] = formataddr((agent.outreach.sender_name, agent.outreach.sender or sender_of(given)))
    mail["To"] = to
    mail["Date"] = format_datetime(now())
    mail["Message-ID"] = f"<{invitation_id}@{DOMAIN}>"
    if re.fullmatch(r"[^@\s<>,]+@[^@\s<>,]+", agent.outreach.contact):
        mail["Reply-To"] = agent.outreach.contact
    if letter.unsubscribe:
        mail["List-Unsubscribe"] = f"<{letter.unsubscribe}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.text)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    return mail


def unsubscribe_link(invitation_id: str) -> str:
    """The unsubscribe link of one candidate; "" without GATEWAY_PUBLIC_URL."""
    base = settings().public_url.rstrip("/")
    return f"{base}/gateway/unsubscribe/{token_of(invitation_id)}" if base else ""


def answer_token(invitation_id: str) -> str:
    """The unguessable part of the link of a question; says nothing about the candidate."""
    return f"{invitation_id}.{keys.outreach_hashes([f'answer:{invitation_id}'])[0][:32]}"


def answer_link(invitation_id: str) -> str:
    """Where a candidate answers a question."""
    return f"{settings().public_url.rstrip('/')}/gateway/answer/{answer_token(invitation_id)}"


def due_for(quiet: Quiet, phone: str | None, at: datetime) -> datetime:
    """When a person may get a message: outside the quiet hours of every place that their number may be in."""
    due, zones = at, zones_of(phone)
    for _ in range(8):
        later = max((quiet.until(due, zone) for zone in zones), default=due)
        if later == due:
            return quiet.until(due) if not zones else due
        due = later
    return quiet.until(at)  # a number of nowhere in particular: no hour suits all its zones


def zones_of(phone: str | None) -> tuple[str, ...]:
    """The possible time zones of an E.164 number; () if it gives none."""
    if not phone:
        return ()
    import phonenumbers  # 56 ms
    from phonenumbers import timezone

    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(phone))
    except phonenumbers.NumberParseException:
        return ()
    return tuple(name for name in found if _is_zone(name)) if len(found) <= 12 else ()


def _is_zone(name: str) -> bool:
    if name == UNKNOWN_ZONE:
        return False
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        return False
    return True


def not_ready(agent: Agent, why: str) -> Misconfigured:
    return Misconfigured("OUTREACH_NOT_READY", f"Agent {agent.id} sends no messages: {why}.", subject=agent.id)


def reminder_times(agent: Agent, sent_at: datetime) -> Iterator[tuple[str, datetime]]:
    """(kind, when) of the agent's reminders after an invitation sent at that time."""
    for number, hours in enumerate(agent.outreach.reminders_after_h, 1):
        yield f"reminder-{number}", sent_at + timedelta(hours=hours)
