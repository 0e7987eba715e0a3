"""A web service as a person configures it."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from gateway.transports.endpoint import Endpoint
from gateway.transports.proxy import Proxy
from gateway.transports.secret import Secret
from gateway.transports.tls import Tls

BODY_LIMIT_OCTETS: Final = 64 << 10  # of an answer; the verdicts on a batch of 100 entities need some 20 kB


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token of OAuth 2.0 (RFC 6750)."""

    token: Secret


@dataclass(frozen=True, slots=True)
class Basic:
    """User name and password (RFC 7617)."""

    username: str
    password: Secret


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in a header of the platform's own, e.g. ``ApiKey("X-API-Key", secret)``."""

    header: str
    value: Secret


Login = Bearer | Basic | ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A web service and how to speak to it. A request's target is put behind the endpoint's path."""

    endpoint: Endpoint
    login: Login | None = None
    headers: Mapping[str, str] = field(default_factory=dict)  # sent with each request, e.g. a tenant
    tls: Tls = field(default_factory=Tls)  # for https://
    proxy: Proxy | None = None  # through which it is reached
    concurrency: int = 4  # exchanges side by side, each on a connection of its own
    connect_limit_s: float = 10.0  # for name, TCP and TLS together
    total_limit_s: float = 30.0  # for a whole exchange
    body_limit_octets: int = BODY_LIMIT_OCTETS
    gzip: bool = False  # bodies go compressed; most platforms take them plain only

    def __post_init__(self) -> None:
        if not self.endpoint.scheme.startswith("http"):
            raise ValueError(f"{self.endpoint} is no web service; http:// and https:// are")
        if self.concurrency < 1:
            raise ValueError(f"concurrency is {self.concurrency}; 1 or more is right")
        if not 0 < self.connect_limit_s < self.total_limit_s:
            raise ValueError(
                f"connecting may take {self.connect_limit_s:g} s of {self.total_limit_s:g} s; it must be less than the whole"
            )
        if isinstance(self.login, Basic) and ":" in self.login.username:
            raise ValueError("a user name of Basic authentication has no colon in it (RFC 7617)")

    def login_headers(self) -> Mapping[str, str]:
        """Return the headers that prove who we are; they are secret."""
        match self.login:
            case Bearer(token):
                return {"Authorization": f"Bearer {token.reveal()}"}
            case Basic(username, password):
                pair = base64.b64encode(f"{username}:{password.reveal()}".encode()).decode("ascii")
                return {"Authorization": f"Basic {pair}"}
            case ApiKey(header, value):
                return {header: value.reveal()}
            case None:
                return {}
