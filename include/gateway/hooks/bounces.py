"""A mail server's report that a message could not be delivered, which comes hours after the server had taken it.

source   RFC 3464 (delivery status notifications): Final-Recipient, Action, Status; RFC 3463: what a status means
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message

from gateway.outreach.letters import DOMAIN

OURS = re.compile(rf"<(i[0-9a-z]{{10,40}})@{re.escape(DOMAIN)}>")
# The address itself does not exist or takes no mail: bad mailbox, bad system, moved, disabled; 5.0.0 says no more.
NEVER_AGAIN = re.compile(r"5\.(1\.\d{1,3}|2\.1|0\.0)")


@dataclass(frozen=True, slots=True)
class Bounce:
    """One failed message of ours. status: "5.1.1"; permanent: the address is not to be written to again."""

    invitation_id: str
    status: str
    permanent: bool


def bounces(raw: bytes) -> list[Bounce]:
    """The failures that a report names, of messages that may be ours; [] for a delay, and for any other mail."""
    report = message_from_bytes(raw, policy=policy.default)
    told = [status for part in report.walk() for status in _failures(part)]
    ids = {found for part in report.walk() for found in _ids(part)}
    if len(told) != 1 or len(ids) != 1:  # our messages have one recipient: another report is about another mail
        return []
    return [Bounce(ids.pop(), told[0], NEVER_AGAIN.fullmatch(told[0]) is not None)]


def _failures(part: Message) -> Iterator[str]:
    """The status of each recipient whose delivery failed for good."""
    if part.get_content_type() != "message/delivery-status":
        return
    blocks = part.get_payload()
    for block in blocks if isinstance(blocks, list) else []:
        if not isinstance(block, Message):
            continue
        status = re.search(r"\b5\.\d{1,3}\.\d{1,3}\b", str(block.get("Status", "")))
        if status and str(block.get("Action", "")).strip().casefold() == "failed":
            yield status[0]


def _ids(part: Message) -> Iterator[str]:
    """Ids of ours in the headers of the message that came back."""
    kind = part.get_content_type()
    if kind == "message/rfc822":
        inner = part.get_payload()
        heads = [str(one.get("Message-ID", "")) for one in inner if isinstance(one, Message)] if inner else []
    elif kind == "text/rfc822-headers":
        content = part.get_content() if isinstance(part, EmailMessage) else str(part.get_payload())
        heads = [line for line in str(content).splitlines() if line.casefold().startswith("message-id:")]
    else:
        return
    for head in heads:
        yield from OURS.findall(head)
