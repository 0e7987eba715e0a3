"""diwise as a format: how one destination wants its packs named and sent."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, get_args

from gateway.formats import Conversation
from gateway.formats.diwise.conversation import Delivery, Late, Way
from gateway.model import Item, Json, eui64

MOST_TRIES: Final = 1000
NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9:._-]*")  # of SenML (RFC 8428, 4.5.1), less the slash that ends it here


class Diwise:
    """diwise's iot-agent: ``POST /api/v0/messages/lwm2m``, one SenML pack for each LwM2M object."""

    def __init__(
        self,
        *,
        ids: Mapping[str, str] | None = None,
        path: str = "/api/v0/messages/lwm2m",
        tenant: str = "",
        late: Late = "refuse",
        tries: int = 5,
    ) -> None:
        """Take what a city's diwise wants; ValueError says what cannot be.

        ``ids``: diwise's id of each device, by DevEUI. A device that measures one quantity on several channels is
        several devices there: ``"<dev_eui>/<channel>"``, ``"<dev_eui>/<quantity>"``, or all three parts.
        ``tenant``: "" leaves it to diwise's device management.
        ``late``: what becomes of a value older than the one delivered; see the NGSI-LD format.
        ``tries``: how often a pack that is answered with 500 is sent.
        """
        known = dict(ids or {})
        _check(ids=known, path=path, late=late, tries=tries)
        self._way = Way(target=path, ids=known, tenant=tenant, late=late, tries=tries)

    def deliver(self, batch: Sequence[Item], memory: Mapping[str, Json]) -> Conversation:
        """Tell what ``batch`` says, oldest first for each device and object."""
        return Delivery(batch, memory, self._way).talk()


def _check(*, ids: Mapping[str, str], path: str, late: str, tries: int) -> None:
    for key, device in ids.items():
        _check_id(key, device)
    if not path.startswith("/"):
        raise ValueError(f"path: {path!r} does not begin with '/'")
    if late not in get_args(Late):
        raise ValueError(f"late: {late!r} is none of {', '.join(map(repr, get_args(Late)))}")
    if not 1 <= tries <= MOST_TRIES:
        raise ValueError(f"tries: {tries} is not from 1 to {MOST_TRIES}")


def _check_id(key: str, device: str) -> None:
    dev_eui = key.partition("/")[0]
    try:
        right = eui64(dev_eui)
    except ValueError as error:
        raise ValueError(f"ids: {key!r} begins with no DevEUI: {error}") from error
    if dev_eui != right:
        raise ValueError(f"ids: {key!r} is to be written {key.replace(dev_eui, right, 1)!r}")
    if NAME.fullmatch(device) is None:
        raise ValueError(f"ids: {device!r} is no id of diwise's; letters, digits and - : . _ are right")
