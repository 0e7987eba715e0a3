"""The desk's counter for labels: what a code or a text says of a device, to be looked at before the device is added."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping

from gateway import __version__
from gateway.devices_file.columns import COLUMNS
from gateway.errors import ConfigError
from gateway.model import Activation, Device, Eui64, Json, Key, MacVersion
from gateway.onboarding.labels import TypedLabel, registration
from gateway.onboarding.moved import lacking
from gateway.onboarding.reading import read_whole_label
from gateway.onboarding.tr005 import Label

Ask = Callable[[Mapping[str, Json]], Awaitable[Json]]


class LabelDesk:
    """Answer what a label says."""

    def __init__(self, find: Callable[[Eui64], Device | None], ask: Ask) -> None:
        """``ask`` is the desk, which proposes decoders."""
        self._find = find
        self._ask = ask

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {"do": "label.read", "text": str(text)}:
                return await self._read(text)
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    async def _read(self, text: str) -> Json:
        try:
            label = read_whole_label(text)
            registered = registration(label)
        except ConfigError as error:
            return {"cells": {}, "problems": list(error.problems), "remarks": [], "is_known": False, "proposed": None}
        cells = dict(cells_of(label))
        profile = [label.vendor_id, label.profile_id] if isinstance(label, Label) else None
        wanted = {"dev_eui": cells["dev_eui"], "join_eui": cells.get("join_eui"), "label": profile}
        return {
            "cells": cells,
            "problems": [],
            "remarks": list(lacking(registered)),
            "is_known": self._find(registered.device.dev_eui) is not None,
            "proposed": await self._ask({"do": "decoding.propose", **wanted}),
        }


def cells_of(label: Label | TypedLabel) -> Iterator[tuple[str, str]]:
    """Yield column and cell of a devices file for all that a label says."""
    for name in COLUMNS:
        value = getattr(label, name, None)
        if value is not None:
            yield name, value.reveal().hex() if isinstance(value, Key) else str(value)
    device = registration(label).device
    if device.activation is Activation.ABP:
        yield "activation", str(device.activation)
    if device.mac_version is MacVersion.V1_1:
        yield "mac_version", str(device.mac_version)
