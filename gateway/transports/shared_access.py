r"""Passwords made of a shared access key: dated tokens, as Azure IoT Hub, its Edge and DPS want them.

    SharedAccessSignature sr=<resource>&sig=<base64(HMAC-SHA256(key, sr + "\n" + se))>&se=<seconds since 1970>

A hub closes a connection whose token has run out, so a new one is made, and the connection with it, some time before
(Microsoft Learn, "Control access to IoT Hub by using shared access signatures").
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from gateway.transports.secret import Secret

LIFETIME: Final = timedelta(hours=1)  # as Microsoft's SDKs have it
RENEWED_BEFORE: Final = timedelta(minutes=2)  # the same; at most half of a lifetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedAccess:
    """A key, and what its tokens open. Raises ValueError for a key that is no base64."""

    key: Secret  # base64, as the hub's portal shows it
    resource: str  # "<hub>/devices/<device>[/modules/<module>]"
    lifetime: timedelta = LIFETIME

    def __post_init__(self) -> None:
        self._octets()

    def token(self, now: datetime) -> Secret:
        """Return a token that opens the resource until ``lifetime`` after ``now``."""
        resource, expires = quote(self.resource, safe=""), int((now + self.lifetime).timestamp())
        signed = hmac.digest(self._octets(), f"{resource}\n{expires}".encode(), hashlib.sha256)
        return Secret(f"SharedAccessSignature sr={resource}&sig={quote(b64encode(signed), safe='')}&se={expires}")

    @property
    def renewed_after_s(self) -> float:
        """Return how many seconds a token is used before another takes its place."""
        return (self.lifetime - min(RENEWED_BEFORE, self.lifetime / 2)).total_seconds()

    def _octets(self) -> bytes:
        try:
            octets = b64decode(self.key.reveal(), validate=True)
        except (binascii.Error, ValueError):
            octets = b""
        if not octets:
            raise ValueError(
                "a shared access key is base64, as the hub's portal shows it (44 characters that end in =)"
            )
        return octets
