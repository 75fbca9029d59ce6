"""A mailbox, through the provider's hook: the attachments of a message are a batch, and its sender is kept.

Messages are read without marking them as seen. The cursor is the lowest UID that is not finished, with the mailbox's
UIDVALIDITY: if the server gives new UIDs, everything is looked at again, and known files are recognised by their bytes.

source   RFC 3501 (UID, UIDVALIDITY), RFC 6851 (MOVE), RFC 4315 (UID EXPUNGE)
"""

from __future__ import annotations

import email
import email.policy
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from gateway.errors import GatewayError, Misconfigured
from gateway.intake.names import free_path, safe_path
from gateway.settings import settings
from gateway.sources import doors
from gateway.sources.mailbox import Mailbox, quoted
from gateway.sources.port import Item, Lot, Reader, Round

HEADERS = "(UID RFC822.SIZE BODY.PEEK[HEADER.FIELDS (FROM)])"
SLICE = 200  # messages whose headers are asked for at once


class ImapReader(Reader):
    """One selected mailbox."""

    AWAY = "the mail server broke off"  # imaplib's errors, OSError: the line is gone, or the server talks nonsense

    def __init__(self, config: Any, round_: Round) -> None:
        super().__init__(config, round_)
        self.client: Any = doors.open_("imap", config.connection, allow_private=config.allow_private)
        self.client_is_read_only = config.afterwards == "leave"
        self._last: tuple[str, EmailMessage] | None = None
        self._beyond = 1  # the UID after the last one looked at
        try:
            with self.words():
                self.box = Mailbox(
                    self.client, config.mailbox, readonly=self.client_is_read_only, refused=self._refused
                )
        except GatewayError:
            self.close()
            raise
        if round_.cursor.get("uidvalidity") != self.box.validity:
            round_.cursor.clear()
            round_.cursor.update(uidvalidity=self.box.validity, next_uid=1)
        self._beyond = int(round_.cursor["next_uid"])

    def close(self) -> None:
        with suppress(Exception):
            self.client.logout()

    def check(self) -> str:
        """A look for its number only: what counts here is that the mailbox can be read."""
        return f"The mailbox can be read; {len(self._new()):,} message(s) are new."

    def lots(self) -> Iterator[Lot]:
        """One lot per message with a sender that counts, oldest first."""
        uids = self._new()
        for start in range(0, len(uids), SLICE):
            part = uids[start : start + SLICE]
            with self.words():
                heads = self.box.fetch(",".join(map(str, part)), HEADERS)
            for head in heads:
                found = re.search(rb"UID (\d+)", head[0])
                size = re.search(rb"RFC822\.SIZE (\d+)", head[0])
                if not found:
                    continue
                uid = found[1].decode()
                self._beyond = max(self._beyond, int(uid) + 1)
                sender = sender_of(head[1])
                if not self._counts(sender):
                    self.round.heard += 1
                    continue
                item = Item(uid, self.box.validity, f"message-{uid}", int(size[1]) if size else None)
                yield Lot(uid, (item,), sender=sender)

    def is_complete(self, lot: Lot) -> bool:
        return True

    def fetch(self, item: Item, folder: Path) -> None:
        """The attachments, by their own names. A message larger than a file may be is kept as it is, and refused by its size."""
        limit = settings().max_file_bytes
        if (item.size_bytes or 0) > 2 * limit:  # base64 adds a third; a message holds several files
            with (folder / f"{item.name}.eml").open("wb") as sink:
                sink.truncate(limit + 1)
            return
        for part in attachments(self._message(item.key)):
            content = part.get_payload(decode=True)
            if isinstance(content, bytes):
                name = free_path(folder, safe_path((part.get_filename() or "attachment").replace("/", "_")))
                (folder / name).write_bytes(content)

    def settle(self, items: Iterable[Item], batch_id: str) -> list[Item]:
        """A UID is never given again, so a message that is gone may be remembered."""
        items = list(items)
        for item in items:
            if (
                self.client_is_read_only or item.too_large
            ):  # a file in it may have been refused by its size: the message stays
                continue
            with self.words():
                if self.config.afterwards == "move":
                    target = quoted(self.config.move_to)
                    if "MOVE" in self.client.capabilities:
                        self.box.ok(self.client.uid("MOVE", item.key, target), "MOVE")
                        continue
                    self.box.ok(self.client.uid("COPY", item.key, target), "COPY")
                self.box.ok(self.client.uid("STORE", item.key, "+FLAGS.SILENT", r"(\Deleted)"), "STORE")
                if "UIDPLUS" in self.client.capabilities:
                    self.box.ok(self.client.uid("EXPUNGE", item.key), "EXPUNGE")
                else:
                    self.box.ok(self.client.expunge(), "EXPUNGE")
        return items

    def advance(self, unfinished: Iterable[Item]) -> None:
        left = [int(item.key) for item in unfinished]
        self.round.cursor["next_uid"] = min([self._beyond, *left])

    def _new(self) -> list[int]:
        with self.words():
            return self.box.uids(int(self.round.cursor["next_uid"]))

    def _refused(self, command: str) -> Misconfigured:
        return Misconfigured(
            "SOURCE_REFUSED",
            f"Source {self.config.name}: the mail server refuses {command}. Check mailbox, move_to and the user's rights.",
        )

    def _counts(self, sender: str) -> bool:
        allowed = [one.lower() for one in self.config.senders]
        return not allowed or any(sender == one or (one[0] == "@" and sender.endswith(one)) for one in allowed)

    def _message(self, uid: str) -> EmailMessage:
        if self._last is None or self._last[0] != uid:
            with self.words():
                raw = self.box.message(uid)
            self._last = (uid, email.message_from_bytes(raw, EmailMessage, policy=email.policy.default))
        return self._last[1]


def sender_of(header: bytes) -> str:
    """The address in a From header, lower case; "" if there is none."""
    message = email.message_from_bytes(header, EmailMessage, policy=email.policy.default)
    try:
        addresses: tuple[Address, ...] = message["From"].addresses
        found = addresses[0].addr_spec.lower()
    except (AttributeError, IndexError, ValueError):  # none, or one that the parser cannot make sense of
        return ""
    return found if re.fullmatch(r"[!-~]{1,100}@[!-~]{1,99}", found) else ""


def attachments(message: EmailMessage) -> Iterator[EmailMessage]:
    """Files of a message, those of a forwarded one included; pictures that its text shows (logos) are not files."""
    for part in message.walk():
        if part.is_multipart() or part.get_filename() is None:
            continue
        shown = part.get_content_maintype() == "image" and (
            part.get_content_disposition() == "inline" or part.get("Content-ID") is not None
        )
        if not shown:
            yield part
