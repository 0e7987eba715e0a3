"""What a failed connection means in words: the same for every protocol."""

from __future__ import annotations

import errno
import socket
import ssl

from gateway.errors import Hindrance
from gateway.transports import tls

CLOSED = "the connection was closed by the other side"
NO_WAY = {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN}


def in_words(error: OSError) -> str:
    """Say why a connection could not be made or did not last, and what to look at."""
    if isinstance(error, ssl.SSLError):
        return tls.in_words(error)
    if isinstance(error, socket.gaierror):
        return f"the name is not known ({error.strerror}): is it spelt right, and does this gateway have a name server?"
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return "no answer in time: is the internet away, or a firewall in between?"
    if _refused(error):
        return "connection refused: nothing listens on that port; is the platform running, and is the port right?"
    if isinstance(error, ConnectionError):
        return CLOSED
    if error.errno in NO_WAY:
        return f"no way there ({error.strerror}): is this gateway's network up?"
    return error.strerror or str(error) or type(error).__name__


def hindrance(error: OSError) -> Hindrance:
    """Return what kind of thing `in_words` says."""
    if isinstance(error, ssl.SSLError):
        return Hindrance.TLS
    if isinstance(error, socket.gaierror):
        return Hindrance.NAME
    if isinstance(error, TimeoutError) or error.errno == errno.ETIMEDOUT:
        return Hindrance.SILENCE
    if _refused(error):
        return Hindrance.NO_LISTENER
    return Hindrance.NO_WAY if error.errno in NO_WAY else Hindrance.CUT


def _refused(error: OSError) -> bool:
    # asyncio folds the refusals of a host's several addresses into one OSError without an errno.
    return error.errno == errno.ECONNREFUSED or f"[Errno {errno.ECONNREFUSED}]" in str(error)
