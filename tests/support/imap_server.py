"""A small IMAP server over sockets: as much of RFC 3501 (and MOVE, UIDPLUS) as a client of ours may use."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesHeaderParser

USER, PASSWORD = "jobs@example.org", "correct horse"


@dataclass
class Mailbox:
    """Its messages by UID; deleted: those with the flag."""

    messages: dict[int, bytes] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    next_uid: int = 1
    validity: int = 7

    def add(self, message: EmailMessage | bytes) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.messages[uid] = message if isinstance(message, bytes) else message.as_bytes()
        return uid


@dataclass
class Imap:
    """Where it listens, what it holds, what it was told. cut_at: the command after which it hangs up."""

    port: int = 0
    boxes: dict[str, Mailbox] = field(default_factory=lambda: {"INBOX": Mailbox(), "Ingested": Mailbox()})
    capabilities: str = "IMAP4rev1 MOVE UIDPLUS"
    said: list[str] = field(default_factory=list)
    cut_at: str = ""


def mail(sender: str, *files: tuple[str, bytes], text: str = "Please find attached.") -> EmailMessage:
    """A message with attachments."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = sender, USER, "Candidates"
    message.set_content(text)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return message


class _Session(socketserver.StreamRequestHandler):
    world: Imap

    def handle(self) -> None:
        self.box: Mailbox | None = None
        self.readonly = True
        self.tell("* OK ready")
        while line := self.rfile.readline():
            tag, _, rest = line.decode().strip().partition(" ")
            self.world.said.append(rest if not rest.upper().startswith("LOGIN") else "LOGIN")
            if self.world.cut_at and rest.upper().startswith(self.world.cut_at):
                self.world.cut_at = ""
                return
            if self.answer(tag, rest):
                return

    def tell(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def answer(self, tag: str, rest: str) -> bool:
        """Answers one command; True after LOGOUT."""
        command, _, given = rest.partition(" ")
        command = command.upper()
        if command == "UID":
            sub, _, given = given.partition(" ")
            command = f"UID {sub.upper()}"
        if command == "CAPABILITY":
            self.tell(f"* CAPABILITY {self.world.capabilities}")
        elif command == "LOGIN":
            if re.findall(r'"([^"]*)"|(\S+)', given)[-1][0] != PASSWORD:
                self.tell(f"{tag} NO wrong password for {USER}")
                return False
        elif command in ("SELECT", "EXAMINE"):
            self.box = self.world.boxes.get(given.strip('"'))
            self.readonly = command == "EXAMINE"
            if self.box is None:
                self.tell(f"{tag} NO no such mailbox")
                return False
            self.tell(f"* {len(self.box.messages)} EXISTS")
            self.tell(f"* OK [UIDVALIDITY {self.box.validity}] ok")
        elif command == "LOGOUT":
            self.tell("* BYE")
            self.tell(f"{tag} OK done")
            return True
        elif self.box is None or not self.on_box(command, given):
            self.tell(f"{tag} NO cannot do that")
            return False
        self.tell(f"{tag} OK done")
        return False

    def on_box(self, command: str, given: str) -> bool:
        box = self.box
        assert box is not None
        if command == "UID SEARCH":
            first = int(re.search(r"UID (\d+):\*", given)[1])  # type: ignore[index]
            live = [uid for uid in box.messages if uid not in box.deleted]
            found = [uid for uid in live if uid >= first] or live[-1:]  # "n:*" always names the last
            self.tell("* SEARCH" + "".join(f" {uid}" for uid in found))
            return True
        if command == "UID FETCH":
            numbers, _, what = given.partition(" ")
            for place, uid in enumerate(box.messages, 1):
                if str(uid) in numbers.split(","):
                    self.fetch(place, uid, box.messages[uid], what)
            return True
        if self.readonly:
            return False
        if command in ("UID MOVE", "UID COPY"):
            numbers, _, target = given.partition(" ")
            if command == "UID MOVE" and "MOVE" not in self.world.capabilities:
                return False
            into = self.world.boxes.get(target.strip('"'))
            if into is None:
                return False
            into.add(box.messages[int(numbers)])
            if command == "UID MOVE":
                del box.messages[int(numbers)]
            return True
        if command == "UID STORE":
            box.deleted.add(int(given.split()[0]))
            return True
        if command in ("UID EXPUNGE", "EXPUNGE"):
            gone = box.deleted if command == "EXPUNGE" else box.deleted & {int(given)}
            for uid in set(gone):
                box.messages.pop(uid, None)
                box.deleted.discard(uid)
            return True
        return False

    def fetch(self, place: int, uid: int, raw: bytes, what: str) -> None:
        if "HEADER.FIELDS" in what:
            sender = BytesHeaderParser().parsebytes(raw)["From"]
            body = f"From: {sender}\r\n\r\n".encode() if sender else b"\r\n"
            head = f"* {place} FETCH (UID {uid} RFC822.SIZE {len(raw)} BODY[HEADER.FIELDS (FROM)] {{{len(body)}}}\r\n"
        else:
            body, head = raw, f"* {place} FETCH (UID {uid} BODY[] {{{len(raw)}}}\r\n"
        self.wfile.write(head.encode() + body + b")\r\n")


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def imap_serving() -> Iterator[Imap]:
    """Serves until the end of the block, without TLS."""
    world = Imap()
    with _Server(("127.0.0.1", 0), type("Session", (_Session,), {"world": world})) as server:
        world.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield world
        server.shutdown()
