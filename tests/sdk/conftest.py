"""The same province and server as the server's own tests, for the clients that speak to them."""

from __future__ import annotations

from tests.server.conftest import province, server

__all__ = ["province", "server"]
