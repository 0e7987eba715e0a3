"""The desk's counter for all devices at a glance: a list to search and sort, and a plan of the site."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway import __version__
from gateway.desk.lately import Lately
from gateway.errors import ConfigError
from gateway.lorawan.mac_layer import DeviceStatus
from gateway.model import Clock, Device, Eui64, Json, Place
from gateway.network.sessions import LiveSession
from gateway.network.stories import EXTERNAL_POWER, FULL, NOT_MEASURED

MOST_LISTED: Final = 500
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


SORTS: Final[Mapping[str, Callable[[Line], Json]]] = {
    "name": lambda line: line.device.name.casefold() or None,
    "dev_eui": lambda line: line.device.dev_eui,
    "decoder": lambda line: line.device.decoder or None,
    "last_heard_s": lambda line: line.last_heard_s,
    "rssi_dbm": lambda line: line.rssi_dbm,
    "snr_db": lambda line: line.snr_db,
    "battery": lambda line: line.battery,
}


class OverviewDesk:
    """Answer what is asked about all devices together; of a running agent only."""

    def __init__(
        self,
        devices: Callable[[], Sequence[Device]],
        heard: Callable[[], Mapping[str, float]],
        status: Status,
        lately: Lately,
        clock: Clock,
    ) -> None:
        """``heard``: the age in seconds of each device's last frame since the start."""
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
                return self._site()
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")

    def _listed(self, search: str, tag: str, sort: str, page: slice) -> Json:
        devices = self._devices()
        words = search.casefold().split()
        fitting = [one for one in devices if (not tag or tag in one.tags) and (not words or _fits(words, one))]
        # What devices told of their batteries is looked up for those that are shown, unless all are sorted by it.
        status = self._status if sort.endswith("battery") else _untold
        lines = ordered(self._lines(fitting, status), sort)
        return {
            "total": len(lines),
            "registered": len(devices),
            "tags": Counter(one for device in devices for one in sorted(device.tags)),
            "devices": [line.as_json() for line in self._lines([one.device for one in lines[page]], self._status)],
        }

    def _lines(self, devices: Sequence[Device], status: Status) -> list[Line]:
        heard, now = self._heard(), self._clock().utc.timestamp()
        return [self._line(device, heard.get(device.dev_eui), now, status(device.dev_eui)) for device in devices]

    def _line(self, device: Device, heard_s: float | None, now: float, told: DeviceStatus | None) -> Line:
        last = self._lately.of(device.dev_eui)
        if heard_s is None and last is not None:
            heard_s = round(max(0.0, now - last.at), 1)
        battery = None if last is None else last.battery
        return Line(
            device=device,
            last_heard_s=heard_s,
            rssi_dbm=None if last is None else last.rssi_dbm,
            snr_db=None if last is None else last.snr_db,
            battery=_percent(told) if battery is None else round(battery, 1),
            battery_v=None if last is None or last.battery_v is None else round(last.battery_v, 3),
            external_power=told is not None and told.battery == EXTERNAL_POWER,
        )

    # ── the site ──

    def _site(self) -> Json:
        devices = self._devices()
        placed = [device for device in devices if device.place is not None]
        places = [device.place for device in placed if device.place is not None] + [*self._lately.gateways.values()]
        middle = middle_of(places)
        return {
            "middle": None if middle is None else {"latitude": middle.latitude, "longitude": middle.longitude},
            "gateways": [{"gateway": eui, **_around(middle, place)} for eui, place in self._lately.gateways.items()],
            "devices": [self._on_site(line, middle) for line in self._lines(placed, _untold)],
            "without_place": len(devices) - len(placed),
        }

    def _on_site(self, line: Line, middle: Place | None) -> dict[str, Json]:
        device, last = line.device, self._lately.of(line.device.dev_eui)
        return {
            "dev_eui": device.dev_eui,
            "name": device.name,
            **_around(middle, device.place),
            "last_heard_s": line.last_heard_s,
            "rssi_dbm": line.rssi_dbm,
            "snr_db": line.snr_db,
            "gateways": [] if last is None else list(last.gateways),
        }


def ordered(lines: Sequence[Line], sort: str) -> list[Line]:
    """Return lines by one of SORTS, with a - before it the other way round; where it is not known last, then by name."""
    key = SORTS[sort.removeprefix("-")]
    known = [(value, line) for line in lines if (value := key(line)) is not None]
    rest = [line for line in lines if key(line) is None]
    by_name = sorted(known, key=lambda pair: (pair[1].device.name.casefold(), pair[1].device.dev_eui))
    found = [line for _, line in sorted(by_name, key=lambda pair: pair[0], reverse=sort.startswith("-"))]
    return found + sorted(rest, key=lambda line: (line.device.name.casefold(), line.device.dev_eui))


def middle_of(places: Sequence[Place]) -> Place | None:
    """Return the middle of what the places span; None without any."""
    if not places:
        return None
    north, east = [one.latitude for one in places], [one.longitude for one in places]
    return Place((min(north) + max(north)) / 2, (min(east) + max(east)) / 2)


def _around(middle: Place | None, place: Place | None) -> dict[str, Json]:
    assert middle is not None  # where there is a place there is a middle
    assert place is not None
    shrink = math.cos(math.radians(middle.latitude))
    return {
        "x_m": round((place.longitude - middle.longitude) * METRES_A_DEGREE * shrink, 1),
        "y_m": round((place.latitude - middle.latitude) * METRES_A_DEGREE, 1),
        "latitude": place.latitude,
        "longitude": place.longitude,
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


def _untold(_: Eui64) -> None:
    """Say nothing of a device's status."""


def _percent(told: DeviceStatus | None) -> float | None:
    """Return the battery of a DevStatusAns, as `gateway.network.stories.status` does."""
    if told is None or told.battery in {EXTERNAL_POWER, NOT_MEASURED}:
        return None
    return float(round(100 * (told.battery - 1) / (FULL - 1)))
