"""The door of a source: what a request wants, whether it may, and where a station finds its LNS."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aiohttp import web

from gateway.model import Eui64
from gateway.sources.basics_station.access import Access, Refused, certified_eui
from gateway.sources.basics_station.eui import read_router
from gateway.sources.basics_station.messages import (
    BadMessage,
    BadMessageReason,
    read_router_question,
    router_answer,
    router_refusal,
)
from gateway.sources.basics_station.stations import Stations

DISCOVERY: Final = "/router-info"
UPDATE_INFO: Final = "/update-info"
PATH: Final = "/router-"  # and the EUI: a station's own
# A station takes a URI of 127 characters.
HOST: Final = re.compile(r"([A-Za-z0-9._-]{1,80}|\[[0-9A-Fa-f:.]{2,45}\])(?::([0-9]{1,5}))?")
STATUS: Final[Mapping[Refused, int]] = {
    Refused.NOT_ALLOWED: 403,
    Refused.TOKEN: 401,
    Refused.CERTIFICATE: 403,
    Refused.TOO_MANY_GATEWAYS: 503,
}
WORDS: Final[Mapping[Refused, str]] = {
    Refused.NOT_ALLOWED: "this station is not on the list",
    Refused.TOKEN: "this station's token is another one",
    Refused.CERTIFICATE: "the certificate is another station's",
    Refused.TOO_MANY_GATEWAYS: "too many stations are connected",
}
TOO_MANY_CONNECTIONS: Final = "too_many_connections"
NO_SUCH_PATH: Final = "no_such_path"


@dataclass(frozen=True, slots=True)
class Listening:
    """The port that a request came to."""

    host: str
    port: int
    is_secure: bool


class Door:
    """Who comes in; ``counts`` and ``dropped`` are the source's."""

    def __init__(
        self,
        access: Access,
        stations: Stations,
        *,
        has_cups: bool,
        counts: Counter[str],
        dropped: Counter[str],
    ) -> None:
        self._access = access
        self._has_cups = has_cups
        self._stations = stations
        self._counts = counts
        self._dropped = dropped

    def wanted(self, request: web.BaseRequest) -> str | Refused | None:
        """Return what a request wants; None where there is no such path.

        DISCOVERY and UPDATE_INFO, where it is not known yet which station asks, or the EUI of a station that may speak.
        """
        path = request.path
        if path == DISCOVERY or (path == UPDATE_INFO and self._has_cups):
            knows = self._access.knows_token(request.headers.get("Authorization"))
            return path if knows else self._refused(None, Refused.TOKEN)
        try:
            gateway = read_router(path.removeprefix(PATH)) if path.startswith(PATH) else None
        except ValueError:
            gateway = None
        if gateway is None:
            self._dropped[NO_SUCH_PATH] += 1
            return None
        return self._entry_refusal(gateway, request) or gateway

    def refusal(self, gateway: Eui64, request: web.BaseRequest) -> Refused | None:
        """Return why a station may not speak, which is counted and noted; None: it may."""
        why = self._access.refusal(gateway, request.headers.get("Authorization"), _certified(request))
        return None if why is None else self._refused(gateway, why)

    def has_proved(self, gateway: Eui64, request: web.BaseRequest) -> bool:
        """Tell whether a station that may speak has shown what no other has, where nobody else could read it."""
        is_secure = request.get_extra_info("ssl_object") is not None
        return is_secure and self._access.has_proved(gateway, _certified(request))

    def _entry_refusal(self, gateway: Eui64, request: web.BaseRequest) -> Refused | None:
        if (why := self.refusal(gateway, request)) is not None:
            return why
        return None if self._stations.has_room(gateway) else self._refused(gateway, Refused.TOO_MANY_GATEWAYS)

    def crowded(self) -> None:
        """Count a connection that was one too many."""
        self._dropped[TOO_MANY_CONNECTIONS] += 1

    def directions(self, question: str, request: web.BaseRequest, here: Listening) -> str:
        """Return where the station finds its LNS: at the address that it has asked, on a path of its own."""
        self._counts["router_info"] += 1
        try:
            router = read_router_question(question)
            gateway = read_router(router)
        except (BadMessage, ValueError) as error:
            self._dropped[error.reason if isinstance(error, BadMessage) else BadMessageReason.ROUTER] += 1
            return router_refusal(None, "no router: an EUI is expected, such as 16:c001:ff10:a235")
        if (refusal := self._entry_refusal(gateway, request)) is not None:
            return router_refusal(router, WORDS[refusal])
        return router_answer(router, f"{_base(request, here)}{PATH}{gateway}")

    def _refused(self, gateway: Eui64 | None, why: Refused) -> Refused:
        self._dropped[why] += 1
        if gateway is not None:
            self._stations.refuse(gateway, why)
        return why


def _certified(request: web.BaseRequest) -> Eui64 | None:
    certificate = request.get_extra_info("peercert") or {}
    return certified_eui(certificate.get("subject", ()))


def _base(request: web.BaseRequest, here: Listening) -> str:
    """Return scheme, host and port as the station has asked them; a station wants the port named."""
    is_proxied = request.headers.get("X-Forwarded-Proto", "").lower() in {"https", "wss"}
    asked = HOST.fullmatch(request.headers.get("Host", ""))
    host, port = (here.host, None) if asked is None else (asked[1], asked[2])
    if port is None:
        port = "443" if is_proxied else str(here.port)
    return f"{'wss' if here.is_secure or is_proxied else 'ws'}://{host}:{port}"
