"""Messages that came back, read from the mailbox of the sender's address; the mailbox itself is not changed.

A cursor says how far it was read. What is found goes the way of a hook's call: the id of our message and its status are
kept, nothing of the mail, and the ledger decides what follows.
"""

from __future__ import annotations

import json
import logging
import re
from contextlib import suppress
from typing import Any

from sqlalchemy.orm import Session

from gateway.agents import Agent, load_agents_lenient
from gateway.agents.outreach import BounceMailbox
from gateway.errors import GatewayError, Misconfigured, Transient
from gateway.hooks.addresses import Kind
from gateway.hooks.bounces import bounces
from gateway.hooks.receive import MOST_BYTES
from gateway.settings import settings
from gateway.sources import doors
from gateway.sources.mailbox import Mailbox
from gateway.store import ids
from gateway.store.engine import insert_into, reading, writing
from gateway.store.tables import Agent as AgentRow
from gateway.store.tables import Bookmark, Inbound, now

log = logging.getLogger(__name__)
MOST = 500  # messages of one look
SIZE = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM)])"


def read_mailboxes() -> tuple[int, list[GatewayError]]:
    """Reads the mailbox of every agent that names one; returns (calls kept, problems). One that fails stops no other."""
    agents, _ = load_agents_lenient(settings().agents_dir)
    kept, problems = 0, []
    for agent in agents.values():
        if agent.outreach.bounces is None:
            continue
        with reading() as session:
            if session.get(AgentRow, agent.id) is None:  # nothing was ever received for it, so nobody was written to
                continue
        try:
            kept += _read(agent, agent.outreach.bounces)
        except GatewayError as wrong:
            log.warning("%s: agent %s: %s", wrong.code, agent.id, wrong.sentence)
            problems.append(wrong)
    return kept, problems


def _read(agent: Agent, config: BounceMailbox) -> int:
    client = doors.open_("imap", config.connection, allow_private=config.allow_private)
    try:
        box = Mailbox(client, config.mailbox, readonly=True, refused=lambda _: _refused(agent))
        name = f"bounces:{agent.id}"
        with reading() as session:
            row = session.get(Bookmark, name)
            mark = json.loads(row.value) if row else {}
        first = int(mark.get("next", 1)) if mark.get("validity") == box.validity else 1
        kept = 0
        for uid in box.uids(first)[:MOST]:
            refs = _refs(agent, box, uid)
            with writing() as session:
                if refs:
                    kept += _keep(session, agent.id, refs, f"bounces:{agent.id}:{box.validity}:{uid}")
                _mark(session, name, {"validity": box.validity, "next": uid + 1})
        return kept
    except GatewayError:
        raise
    except Exception as wrong:  # imaplib's errors, OSError: the line is gone, or the server talks nonsense
        raise Transient(
            "SOURCE_UNREACHABLE", f"The mailbox of connection {config.connection} broke off ({type(wrong).__name__})."
        ) from None
    finally:
        with suppress(Exception):
            client.logout()


def _refs(agent: Agent, box: Mailbox, uid: int) -> list[dict[str, Any]]:
    """What a message says about messages of ours; [] for any other mail, and for one that is larger than a report."""
    heads = box.fetch(str(uid), SIZE)
    size = re.search(rb"RFC822\.SIZE (\d+)", heads[0][0]) if heads else None
    if size is None or int(size[1]) > MOST_BYTES[Kind.BOUNCES]:
        return []
    raw = box.message(str(uid))
    try:
        found = bounces(raw)
    except Exception as wrong:  # the library's own errors over hostile mail are many
        log.warning("HOOK_NOT_READ: a message in the mailbox of agent %s (%s)", agent.id, type(wrong).__name__)
        return []
    return [{"id": one.invitation_id, "status": one.status, "permanent": one.permanent} for one in found]


def _keep(session: Session, agent_id: str, refs: list[dict[str, Any]], once: str) -> bool:
    at = now()
    values = {
        "id": ids.inbound_id(),
        "kind": str(Kind.BOUNCES),
        "agent_id": agent_id,
        "refs": refs,
        "signed": True,  # known by its place in the mailbox: it never counts twice
        "once": once[:200],
        "attempts": 0,
        "received_at": at,
        "due_at": at,
    }
    done = session.execute(
        insert_into(session, Inbound).values(**values).on_conflict_do_nothing().returning(Inbound.id)
    )
    return done.scalar_one_or_none() is not None


def _mark(session: Session, name: str, value: dict[str, Any]) -> None:
    row = session.get(Bookmark, name)
    if row is None:
        session.add(Bookmark(name=name, value=json.dumps(value), updated_at=now()))
    else:
        row.value, row.updated_at = json.dumps(value), now()


def _refused(agent: Agent) -> Misconfigured:
    return Misconfigured(
        "SOURCE_REFUSED",
        f"Agent {agent.id}: the mail server refuses to read outreach.bounces: check mailbox and the user's rights.",
    )
