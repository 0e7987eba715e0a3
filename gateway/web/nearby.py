"""Whether a request comes from this machine itself, and for itself: one rule for the dashboard and for the port of /metrics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from gateway.web.settings import LOOPBACK

FOR_OTHERS: Final = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Real-IP",
    "Via",
)  # what proxies add (RFC 7239; RFC 9110)


def is_called_local(headers: Mapping[str, str]) -> bool:
    """Tell whether a request's `Host` is a name of this machine alone: a page of another site has its own there (DNS rebinding)."""
    try:
        return (urlsplit(f"//{headers.get('Host', '')}").hostname or "") in LOOPBACK
    except ValueError:
        return False


def proxy_header(headers: Mapping[str, str]) -> str | None:
    """Return the header that shows that a proxy on this machine asks for somebody else; None where there is none."""
    return next((name for name in FOR_OTHERS if headers.get(name)), None)
