"""An SFTP server of asyncssh on this machine: a folder, one user, a host key of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh

USER, PASSWORD = "agency", "correct horse"


@dataclass
class Sftp:
    """Where it listens. host_key: as a connection's extra takes it; reads: the reads answered before the line is cut."""

    port: int
    host_key: str
    root: Path
    reads_left: int | None = None


@contextmanager
def sftp_serving(root: Path) -> Iterator[Sftp]:
    """Serves the folder until the end of the block."""
    loop = asyncio.new_event_loop()
    key = asyncssh.generate_private_key("ssh-ed25519")
    said = Sftp(0, " ".join(key.export_public_key().decode().split()[:2]), root)

    class Server(asyncssh.SSHServer):
        def connection_made(self, connection: Any) -> None:
            self.connection = connection

        def begin_auth(self, username: str) -> bool:
            return True

        def password_auth_supported(self) -> bool:
            return True

        def validate_password(self, username: str, password: str) -> bool:
            return (username, password) == (USER, PASSWORD)

    class Files(asyncssh.SFTPServer):
        def __init__(self, channel: Any) -> None:
            super().__init__(channel, chroot=str(root).encode())
            self.channel_ = channel

        def read(self, file_obj: Any, offset: int, size: int) -> Any:
            if said.reads_left is not None:
                said.reads_left -= 1
                if said.reads_left < 0:
                    self.channel_.get_connection().abort()
            return super().read(file_obj, offset, size)

    async def start() -> Any:
        return await asyncssh.create_server(Server, "127.0.0.1", 0, server_host_keys=[key], sftp_factory=Files)

    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(start(), loop).result(10)
    said.port = server.sockets[0].getsockname()[1]
    try:
        yield said
    finally:
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)


async def _stop(server: Any) -> None:
    server.close()
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
