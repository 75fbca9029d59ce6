"""The page's client, for the fuzz over HTTP."""

from ui.conftest import _auth_manager, client, host

__all__ = ["_auth_manager", "client", "host"]
