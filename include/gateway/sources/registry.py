"""The kinds of sources. A new one: its model in gateway.agents.sources, a Reader in kinds/, and its entry here."""

from __future__ import annotations

from typing import Any

from gateway.sources.kinds.folder import FolderReader
from gateway.sources.kinds.http_pull import HttpPullReader
from gateway.sources.kinds.imap import ImapReader
from gateway.sources.kinds.object_store import ObjectStoreReader
from gateway.sources.kinds.sftp import SftpReader
from gateway.sources.port import Reader, Round

KINDS: dict[str, type[Reader]] = {
    "folder": FolderReader,
    "object_store": ObjectStoreReader,
    "sftp": SftpReader,
    "imap": ImapReader,
    "http_pull": HttpPullReader,
}


def open_reader(source: Any, round_: Round) -> Reader:
    """The reader of an agent file's source. Raises GatewayError when it cannot be opened."""
    return KINDS[source.kind](source, round_)
