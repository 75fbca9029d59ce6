"""Opens what sources need through Airflow's own providers: their connections, with our guard around every socket.

The providers' hooks read the connections as their documentation says (host_key, private_key, use_ssl, ...).
"""

from __future__ import annotations

import imaplib
import socket
import ssl
from functools import cached_property
from typing import Any

from airflow.providers.imap.hooks.imap import ImapHook
from airflow.providers.sftp.hooks.sftp import SFTPHook
from paramiko import ssh_exception

from gateway import credentials
from gateway.deliver import guard
from gateway.errors import GatewayError, Misconfigured, Transient
from gateway.sources import doors
from gateway_airflow.hooks.connections import use_connections

CONNECT_S = 20.0


def use_sources() -> None:
    """From now on this task's process opens sources with Airflow's connections."""
    use_connections()
    use_doors()


def use_doors() -> None:
    """Says how sftp and imap are opened, whoever knows the connections."""
    doors.use("sftp", sftp_client)
    doors.use("imap", imap_client)


def open_socket(host: str, port: int, *, allow_private: bool) -> socket.socket:
    """A connection whose address was checked where it is opened. Raises Misconfigured(ADDRESS_FORBIDDEN), OSError."""
    if allow_private:
        return socket.create_connection((host, port), CONNECT_S)
    return guard.open_socket(host, port, CONNECT_S)


class GuardedSftpHook(SFTPHook):
    """The provider's hook on a socket of ours. Without a host_key, the server must be in ~/.ssh/known_hosts."""

    def __init__(self, connection: str, *, allow_private: bool) -> None:
        super().__init__(ssh_conn_id=connection, conn_retry_attempts=1)
        self.allow_private = allow_private
        self.look_for_keys = False  # of this machine's user: only what the connection names is offered

    @cached_property
    def host_proxy(self) -> Any:
        """What paramiko talks through."""
        return open_socket(str(self.remote_host), int(self.port or 22), allow_private=self.allow_private)


def sftp_client(connection: str, allow_private: bool) -> Any:
    """An open SFTP session; closing it ends the connection.

    raises   Misconfigured(CONNECTION_MISSING | SOURCE_REFUSED | ADDRESS_FORBIDDEN), Transient(SOURCE_UNREACHABLE)
    """
    credentials.credentials(connection)  # says in our words when it is missing
    try:
        hook = GuardedSftpHook(connection, allow_private=allow_private)
        client: Any = hook.get_conn()
    except GatewayError:
        raise
    except ssh_exception.AuthenticationException:
        raise _refused(connection, "the server refuses the user or the key") from None
    except (ssh_exception.BadHostKeyException, ssh_exception.SSHException) as wrong:
        if isinstance(wrong, ssh_exception.BadHostKeyException) or "known_hosts" in str(wrong):
            raise _refused(
                connection, "the server's host key is not the one known; set host_key in its extra"
            ) from None
        raise _away(connection, wrong) from None
    except (OSError, EOFError) as wrong:
        raise _away(connection, wrong) from None
    except Exception as wrong:  # the hook's own complaints about the connection's fields; they may quote a key
        raise _refused(connection, f"its fields cannot be used ({type(wrong).__name__})") from None
    client.get_channel().settimeout(120)
    return _Ended(client, hook)


class _Ended:
    """An SFTP session that takes its connection along when it is closed."""

    def __init__(self, client: Any, hook: GuardedSftpHook) -> None:
        self._client, self._hook = client, hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def close(self) -> None:
        self._hook.close_conn()
        if self._hook.client is not None:
            self._hook.client.close()


class _Imap(imaplib.IMAP4):
    """IMAP on a socket of ours."""

    def __init__(self, host: str, port: int, *, allow_private: bool) -> None:
        self.allow_private = allow_private
        super().__init__(host, port, CONNECT_S)

    def _create_socket(self, timeout: Any) -> socket.socket:
        return open_socket(self.host, self.port, allow_private=self.allow_private)


class _ImapTls(_Imap):
    """IMAP with TLS from the start; certificates are always verified."""

    def _create_socket(self, timeout: Any) -> socket.socket:
        return ssl.create_default_context().wrap_socket(super()._create_socket(timeout), server_hostname=self.host)


class GuardedImapHook(ImapHook):
    """The provider's hook with clients of ours. Without TLS only inside one's own network (allow_private)."""

    def __init__(self, connection: str, *, allow_private: bool) -> None:
        super().__init__(imap_conn_id=connection)
        self.allow_private = allow_private

    def _build_client(self, conn: Any) -> Any:
        tls = str(conn.extra_dejson.get("use_ssl", True)).lower() not in ("false", "0", "no")
        if not tls and not self.allow_private:
            raise Misconfigured(
                "SOURCE_REFUSED",
                f"Connection {self.imap_conn_id} has use_ssl false, which needs allow_private in the agent's file: the "
                "password would be readable on its way.",
            )
        kind = _ImapTls if tls else _Imap
        client = kind(conn.host or "", conn.port or (993 if tls else 143), allow_private=self.allow_private)
        client.sock.settimeout(120)
        return client


def imap_client(connection: str, allow_private: bool) -> Any:
    """A mailbox session after sign-in. Raises as `sftp_client` does."""
    credentials.credentials(connection)
    try:
        return GuardedImapHook(connection, allow_private=allow_private).get_conn().mail_client
    except GatewayError:
        raise
    except (OSError, EOFError, imaplib.IMAP4.abort) as wrong:
        if isinstance(wrong, ssl.SSLCertVerificationError):
            raise _refused(connection, "the server's certificate is not valid for it") from None
        raise _away(connection, wrong) from None
    except imaplib.IMAP4.error:
        raise _refused(connection, "the server refuses the user or the password") from None


def _refused(connection: str, why: str) -> Misconfigured:
    return Misconfigured("SOURCE_REFUSED", f"Connection {connection} cannot be used: {why}.")


def _away(connection: str, wrong: BaseException) -> Transient:
    return Transient(
        "SOURCE_UNREACHABLE",
        f"The server of connection {connection} does not answer ({type(wrong).__name__}). It is asked again later.",
    )
