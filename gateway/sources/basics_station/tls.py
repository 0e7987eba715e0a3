"""The same as `gateway.sources.web_tls`, for who still asks here."""

from gateway.sources.web_tls import ServerTls, server_context

__all__ = ["ServerTls", "server_context"]
