"""The desk's counter for all devices at a glance: a list to search and sort, and a plan of the site."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final

from gateway import __version__
from gateway.desk.lately import Lately
from gateway.errors import ConfigError
from gateway.lorawan.mac_layer import DeviceStatus
from gateway.model import Clock, Device, Eui64, Json, Place
from gateway.network.sessions import LiveSession
from gateway.network.stories import EXTERNAL_POWER, FULL, NOT_MEASURED

MOST_LISTED: Final = 500
AT_ONCE: Final = 250  # devices of a site, before others have their turn: 1 ms here
METRES_A_DEGREE: Final = 111_320.0  # of latitude; a plan of a site needs no ellipsoid

Status = Callable[[Eui64], DeviceStatus | None]
"""Return what a device's last DevStatusAns said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A device in the list."""

    device: Device
    last_heard_s: float | None
    rssi_dbm: float | None
    snr_db: float | None
    battery: float | None
    battery_v: float | None
    external_power: bool

    def as_json(self) -> dict[str, Json]:
        """Return it as the list has it."""
        device = self.device
        return {
            "dev_eui": device.dev_eui,
            "name": device.name,
            "decoder": device.decoder or None,
            "activation": str(device.activation),
            "tags": sorted(device.tags),
            "last_heard_s": self.last_heard_s,
            "rssi_dbm": self.rssi_dbm,
            "snr_db": self.snr_db,
            "battery": self.battery,
            "battery_v": self.battery_v,
            "external_power": self.external_power,
        }


@dataclass(frozen=True, slots=True)
class Sight:
    """What is known of devices at one moment, asked for one by one: a page of fifty shows fifty."""

    heard: Mapping[Eui64, float]  # when each was heard since the start, monotonic
    lately: Lately
    status: Status
    monotonic: float  # now
    since_1970_s: float  # now

    def last_heard_s(self, device: Device) -> float | None:
        """Return how long ago a device was heard; before the start by the clock."""
        since_start = self.heard.get(device.dev_eui)
        if since_start is not None:
            return round(self.monotonic - since_start, 1)
        last = self.lately.of(device.dev_eui)
        return None if last is None else round(max(0.0, self.since_1970_s - last.at), 1)

    def rssi_dbm(self, device: Device) -> float | None:
        """Return how strong it was heard last."""
        last = self.lately.of(device.dev_eui)
        return None if last is None else last.rssi_dbm

    def snr_db(self, device: Device) -> float | None:
        """Return how clearly it was heard last."""
        last = self.lately.of(device.dev_eui)
        return None if last is None else last.snr_db

    def battery(self, device: Device) -> float | None:
        """Return what a device told of its battery last: in an uplink, else in a DevStatusAns."""
        last = self.lately.of(device.dev_eui)
        if last is None or last.battery is None:
            return _percent(self.status(device.dev_eui))
        return round(last.battery, 1)

    def line(self, device: Device) -> Line:
        """Return a device's line."""
        last, told = self.lately.of(device.dev_eui), self.status(device.dev_eui)
        return Line(
            device=device,
            last_heard_s=self.last_heard_s(device),
            rssi_dbm=self.rssi_dbm(device),
            snr_db=self.snr_db(device),
            battery=self.battery(device),
            battery_v=None if last is None or last.battery_v is None else round(last.battery_v, 3),
            external_power=told is not None and told.battery == EXTERNAL_POWER,
        )


SORTS: Final[Mapping[str, Callable[[Sight, Device], Json]]] = {
    "name": lambda _, device: device.name.casefold() or None,
    "dev_eui": lambda _, device: device.dev_eui,
    "decoder": lambda _, device: device.decoder or None,
    "last_heard_s": Sight.last_heard_s,
    "rssi_dbm": Sight.rssi_dbm,
    "snr_db": Sight.snr_db,
    "battery": Sight.battery,
}


class OverviewDesk:
    """Answer what is asked about all devices together; of a running agent only."""

    def __init__(
        self,
        devices: Callable[[], Sequence[Device]],
        heard: Callable[[], Mapping[Eui64, float]],
        status: Status,
        lately: Lately,
        clock: Clock,
    ) -> None:
        """``heard``: when each device was heard since the start, in seconds of the monotonic clock."""
        self._devices = devices
        self._heard = heard
        self._status = status
        self._lately = lately
        self._clock = clock

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Do what is asked; ConfigError says in words what is wrong with the request."""
        match request:
            case {
                "do": "overview.devices",
                "search": str(search),
                "tag": str(tag),
                "sort": str(sort),
                "offset": int(offset),
                "limit": int(limit),
            } if sort.removeprefix("-") in SORTS and offset >= 0 and 0 < limit <= MOST_LISTED:
                return self._listed(search, tag, sort, slice(offset, offset + limit))
            case {"do": "overview.site"}:
                return await self._site()
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    def _sight(self) -> Sight:
        now = self._clock()
        return Sight(self._heard(), self._lately, self._status, now.monotonic, now.utc.timestamp())

    def _listed(self, search: str, tag: str, sort: str, page: slice) -> Json:
        devices, sight = self._devices(), self._sight()
        words = search.casefold().split()
        fitting = [one for one in devices if (not tag or tag in one.tags) and (not words or _fits(words, one))]
        tags = Counter(chain.from_iterable(one.tags for one in devices))
        return {
            "total": len(fitting),
            "registered": len(devices),
            "tags": dict(sorted(tags.items())),
            "devices": [sight.line(one).as_json() for one in ordered(fitting, sight, sort)[page]],
        }

    # ── the site ──

    async def _site(self) -> Json:
        devices, sight = self._devices(), self._sight()
        placed = [(device, device.place) for device in devices if device.place is not None]
        middle = middle_of([*(place for _, place in placed), *self._lately.gateways.values()])
        return {
            "middle": None if middle is None else {"latitude": middle.latitude, "longitude": middle.longitude},
            "gateways": [
                {"gateway": eui, **_around(middle, place), "latitude": place.latitude, "longitude": place.longitude}
                for eui, place in self._lately.gateways.items()
            ],
            "devices": [one async for one in self._on_site(placed, sight, middle)],
            "without_place": len(devices) - len(placed),
        }

    @staticmethod
    async def _on_site(
        placed: Sequence[tuple[Device, Place]], sight: Sight, middle: Place | None
    ) -> AsyncIterator[dict[str, Json]]:
        """Yield what the plan draws of each device; others have their turn between."""
        for number, (device, place) in enumerate(placed):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            last, heard_s = sight.lately.of(device.dev_eui), sight.last_heard_s(device)
            yield {
                "dev_eui": device.dev_eui,
                "name": device.name,
                **_around(middle, place),
                "last_heard_s": None if heard_s is None else round(heard_s),
                "rssi_dbm": None if last is None else last.rssi_dbm,
                "snr_db": None if last is None else last.snr_db,
            }


def ordered(devices: Sequence[Device], sight: Sight, sort: str) -> list[Device]:
    """Return devices by one of SORTS, with a - before it the other way round; where it is not known last, then by name."""
    key = SORTS[sort.removeprefix("-")]
    by_name = sorted(devices, key=lambda one: (one.name.casefold(), one.dev_eui))
    valued = [(key(sight, one), one) for one in by_name]
    known = sorted(
        (pair for pair in valued if pair[0] is not None), key=lambda pair: pair[0], reverse=sort.startswith("-")
    )
    return [one for _, one in known] + [one for value, one in valued if value is None]


def middle_of(places: Sequence[Place]) -> Place | None:
    """Return the middle of what the places span; None without any."""
    if not places:
        return None
    north, east = [one.latitude for one in places], [one.longitude for one in places]
    return Place((min(north) + max(north)) / 2, (min(east) + max(east)) / 2)


def _around(middle: Place | None, place: Place) -> dict[str, Json]:
    assert middle is not None  # where there is a place there is a middle
    shrink = math.cos(math.radians(middle.latitude))
    return {
        "x_m": round((place.longitude - middle.longitude) * METRES_A_DEGREE * shrink, 1),
        "y_m": round((place.latitude - middle.latitude) * METRES_A_DEGREE, 1),
    }


def _fits(words: Sequence[str], device: Device) -> bool:
    text = f"{device.name} {device.dev_eui} {device.decoder} {device.entity.id} {' '.join(device.tags)}".casefold()
    return all(word in text for word in words)


def told_by(session: Callable[[Eui64], LiveSession | None]) -> Status:
    """Return what tells a device's status by its session."""

    def status(dev_eui: Eui64) -> DeviceStatus | None:
        live = session(dev_eui)
        return None if live is None else live.mac.status

    return status


def _percent(told: DeviceStatus | None) -> float | None:
    """Return the battery of a DevStatusAns, as `gateway.network.stories.status` does."""
    if told is None or told.battery in {EXTERNAL_POWER, NOT_MEASURED}:
        return None
    return float(round(100 * (told.battery - 1) / (FULL - 1)))
