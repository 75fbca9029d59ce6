"""A real SMTP server that keeps what it takes, and misbehaves on request.

faults, one a message, taken after DATA: none | 451 | 554 | drop (the connection breaks without an answer)
addresses: what RCPT answers for an address, "250 OK" otherwise
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller


class Mailbox:
    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.faults: list[str] = []
        self.addresses: dict[str, str] = {}

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        said = self.addresses.get(address, "250 OK")
        if said.startswith("250"):
            envelope.rcpt_tos.append(address)
        return said

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        fault = self.faults.pop(0) if self.faults else "none"
        if fault in ("451", "554"):
            return f"{fault} no"
        message = BytesParser(policy=default).parsebytes(envelope.content)
        assert isinstance(message, EmailMessage)
        self.messages.append(message)
        self.recipients += envelope.rcpt_tos
        if fault == "drop":
            server.transport.abort()
        return "250 taken"

    @property
    def ids(self) -> list[str]:
        return [str(message["Message-ID"]) for message in self.messages]


@contextmanager
def mail_server(patch: pytest.MonkeyPatch, connection: str = "smtp_default") -> Iterator[Mailbox]:
    """A server on a free port, reached by that connection."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    extra = {"disable_ssl": True, "disable_tls": True, "from_email": "jobs@acme.example"}
    said = {"conn_type": "smtp", "host": "127.0.0.1", "port": port, "extra": extra}
    patch.setenv(f"AIRFLOW_CONN_{connection.upper()}", json.dumps(said))
    try:
        yield box
    finally:
        server.stop()
