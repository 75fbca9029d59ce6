"""A selected IMAP mailbox: what everybody who reads one shares."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from typing import Any


class Mailbox:
    """Raises what `refused(command)` makes where the server says no: its own words may quote a message, so they are not told.

    client     imaplib's, signed in; its own errors go through
    validity   the server's UIDVALIDITY: UIDs of another one say nothing
    """

    def __init__(self, client: Any, name: str, *, readonly: bool, refused: Callable[[str], Exception]) -> None:
        self.client, self._refused = client, refused
        self.ok(client.select(quoted(name), readonly=readonly), "SELECT")
        found = client.response("UIDVALIDITY")[1][0]
        self.validity = found.decode() if isinstance(found, bytes) else "0"

    def ok(self, answer: tuple[str, list[Any]], command: str) -> list[Any]:
        """The answer's lines."""
        if answer[0] != "OK":
            raise self._refused(command)
        return answer[1]

    def uids(self, first: int) -> list[int]:
        """UIDs of the messages from `first` on that are not deleted, ascending."""
        said = self.ok(self.client.uid("SEARCH", f"UID {first}:*", "UNDELETED"), "SEARCH")
        # "n:*" always names the last message, also one below n.
        return sorted(uid for line in said if line for uid in map(int, line.split()) if uid >= first)

    def fetch(self, uids: str, what: str) -> list[tuple[bytes, bytes]]:
        """(what the line says, its data) for each message of a set like "4,7"."""
        return [part for part in self.ok(self.client.uid("FETCH", uids, what), "FETCH") if isinstance(part, tuple)]

    def message(self, uid: str) -> bytes:
        """The whole message, without marking it as read; empty if it is gone."""
        return next((data for _, data in self.fetch(uid, "(BODY.PEEK[])")), b"")


def quoted(mailbox: str) -> str:
    """A mailbox's name as IMAP wants it: modified UTF-7, in quotes (RFC 3501 5.1.3)."""
    out, waiting = "", ""

    def flushed(text: str) -> str:
        return "&" + b64encode(text.encode("utf-16-be")).decode().rstrip("=").replace("/", ",") + "-" if text else ""

    for char in mailbox:
        if " " <= char <= "~":
            out += flushed(waiting) + ("&-" if char == "&" else char)
            waiting = ""
        else:
            waiting += char
    out += flushed(waiting)
    return '"' + out.replace("\\", "\\\\").replace('"', '\\"') + '"'
