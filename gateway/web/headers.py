"""What every answer says beside itself: what a browser may do with it (OWASP Secure Headers)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

ALWAYS: Final[Mapping[str, str]] = {
    "Server": "brygga",  # aiohttp would tell its version and Python's
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    # blob: a photo of a label is shown and read in the page, and never leaves it.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' blob: data:; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=()",
}
DATA: Final[Mapping[str, str]] = {**ALWAYS, "Cache-Control": "no-store", "Vary": "Cookie, Authorization"}
PAGE: Final[Mapping[str, str]] = {**ALWAYS, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
