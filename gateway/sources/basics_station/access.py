"""Who may speak: stations by EUI, by the token of their tc.key, by the name in their certificate."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.model import Eui64, eui64
from gateway.transports.secret import Secret


class Refused(StrEnum):
    """Why a station may not speak: the label of its counter."""

    NOT_ALLOWED = "not_allowed"  # its EUI is not on the list
    TOKEN = "token"  # noqa: S105 - a reason: none, or another one
    CERTIFICATE = "certificate"  # made out to another EUI
    TOO_MANY_GATEWAYS = "too_many_gateways"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """The rules; empty ones let everybody in.

    A token may be everybody's or one station's. The header is compared whole, or behind the word that some put before a token
    ("Bearer ").
    """

    gateways: frozenset[Eui64] = frozenset()
    token: Secret | None = None
    tokens: Mapping[Eui64, Secret] = field(default_factory=dict)

    def knows_token(self, authorization: str | None) -> bool:
        """Tell whether a header has a token of any station: asked before it is known which."""
        known = [*([] if self.token is None else [self.token]), *self.tokens.values()]
        return not known or _among(authorization, known)

    def refusal(self, gateway: Eui64, authorization: str | None, certified: Eui64 | None) -> Refused | None:
        """Return why a station may not speak; None: it may. ``certified`` is the EUI in its certificate, None where it has none."""
        if self.gateways and gateway not in self.gateways:
            return Refused.NOT_ALLOWED
        if certified is not None and certified != gateway:
            return Refused.CERTIFICATE
        token = self.tokens.get(gateway, self.token)
        if token is None and not self.tokens:
            return None
        return None if token is not None and _among(authorization, [token]) else Refused.TOKEN

    def has_proved(self, gateway: Eui64, certified: Eui64 | None) -> bool:
        """Tell whether a station that may speak has shown what no other station has: its own token or certificate."""
        return certified == gateway or gateway in self.tokens


def _among(authorization: str | None, known: Iterable[Secret]) -> bool:
    """Compare with each, and in the same time whatever it is."""
    given = (authorization or "").strip().encode("utf-8", "surrogateescape")
    found = False
    for secret in known:
        whole = secret.reveal().strip().encode()
        found |= hmac.compare_digest(given, whole) | hmac.compare_digest(given, b"Bearer " + whole)
    return found


def certified_eui(subject: Iterable[Iterable[tuple[str, str]]]) -> Eui64 | None:
    """Return the EUI that a certificate's common name is; None where it is another kind of name."""
    for part in subject:
        for name, value in part:
            if name == "commonName":
                try:
                    return eui64(value)
                except ValueError:
                    continue
    return None
