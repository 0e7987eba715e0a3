"""Why a station's line does not stand, in words that say what to do."""

from __future__ import annotations

from typing import Final

import aiohttp

from gateway.transports import network

REFUSED: Final = frozenset({401, 403})


def in_words(error: Exception) -> str:
    """Return what a failed connection means."""
    match error:
        case aiohttp.WSServerHandshakeError(status=status) if status in REFUSED:
            return f"it refuses this gateway's token or certificate ({status}): is token_file the one that the server has made for it?"
        case aiohttp.WSServerHandshakeError(status=status):
            return f"it answers {status} where a station's server opens a WebSocket: are name and port right?"
        case aiohttp.ClientHttpProxyError(status=status):
            return f"the proxy answers {status} and lets nothing through: does it let CONNECT through to the server's port?"
        case aiohttp.ClientProxyConnectionError():
            return f"the proxy: {network.in_words(error.os_error)}"
        case aiohttp.ClientConnectorCertificateError(certificate_error=OSError() as inner):
            return network.in_words(inner)
        case aiohttp.ClientConnectorError(os_error=inner):
            return network.in_words(inner)
        case OSError():
            return network.in_words(error)
        case _:
            return str(error) or type(error).__name__
