"""aiohttp's errors become ours: the one seam.

What matters is whether the platform may have got the request. Not sent: nothing was taken. Perhaps sent: it is unclear.
"""

from __future__ import annotations

import asyncio
from typing import Final
from urllib.parse import urlsplit

import aiohttp

from gateway.errors import Hindrance, Unreachable
from gateway.model import Answer, Verdict
from gateway.transports import network
from gateway.transports.proxy import Proxy, refusal

NOT_SENT: Final = (
    aiohttp.ClientConnectorError,  # names, TCP, TLS, proxies
    aiohttp.ConnectionTimeoutError,
    aiohttp.ServerFingerprintMismatch,
    aiohttp.ClientHttpProxyError,  # its answer to CONNECT
)
NO_URL: Final = (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError)


def translate(
    error: aiohttp.ClientError | OSError | ValueError, url: str, proxy: Proxy | None = None
) -> Answer | Unreachable:
    """Return what ``error`` says of the request: Unreachable when it was not sent, else UNCLEAR (or REFUSED: unsendable)."""
    if isinstance(error, NOT_SENT):
        if (by_proxy := _proxys(error, url, proxy)) is not None:
            return by_proxy  # without its cause, whose words hold the proxy's password
        unreachable = Unreachable(f"{url}: {_connect_words(error)}", _hindrance(error))
        unreachable.__cause__ = error
        return unreachable
    # Of the ValueErrors only those of a URL are ClientErrors; a header with a line break raises a bare one.
    if isinstance(error, NO_URL) or not isinstance(error, aiohttp.ClientError | OSError):
        return Answer(verdict=Verdict.REFUSED, status=0, detail=f"not sent: {error} cannot be part of a request")
    return Answer(verdict=Verdict.UNCLEAR, status=0, detail=f"sent, and no answer: {_words(error)}")


def refused(url: str, proxy: Proxy, status: int) -> Unreachable:
    """Return that a proxy let nothing through, and what to do."""
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme in {"https", "wss"} else 80)
    words = f"{url}: the proxy {proxy} answers {refusal(status, parts.hostname or '', port)}"
    return Unreachable(words, Hindrance.PROXY)


def _proxys(error: aiohttp.ClientError, url: str, proxy: Proxy | None) -> Unreachable | None:
    """Return what went wrong where it was the proxy's fault."""
    match error:
        case aiohttp.ClientHttpProxyError(status=status) if proxy is not None:
            return refused(url, proxy, status)
        case aiohttp.ClientProxyConnectionError() if proxy is not None:
            return Unreachable(f"{url}: the proxy {proxy}: {network.in_words(error.os_error)}", Hindrance.PROXY)
        case _:
            return None


def _connect_words(error: aiohttp.ClientError) -> str:
    match error:
        case aiohttp.ClientConnectorCertificateError():
            return _words_of_cause(error.certificate_error)
        case aiohttp.ClientConnectorError():
            return network.in_words(error.os_error)
        case aiohttp.ConnectionTimeoutError():
            return network.in_words(TimeoutError())
        case _:
            return str(error)


def _hindrance(error: aiohttp.ClientError) -> Hindrance:
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            return Hindrance.TLS
        case aiohttp.ClientConnectorError():
            return network.hindrance(error.os_error)
        case _:
            return Hindrance.SILENCE


def _words_of_cause(error: Exception) -> str:
    return network.in_words(error) if isinstance(error, OSError) else str(error)


def _words(error: aiohttp.ClientError | OSError) -> str:
    match error:
        case asyncio.TimeoutError():
            return "the time for the whole exchange was over"
        case aiohttp.ServerDisconnectedError():
            return "the platform closed the connection without an answer"
        case aiohttp.ClientResponseError():
            # Its repr holds the request's headers, and so the credential.
            return f"what came back is no HTTP: {error.message}"
        case OSError():
            return network.in_words(error)
        case _:
            return str(error) or type(error).__name__
