"""diwise's iot-agent for tests and dry runs: its SenML door, with the little that it says of what went wrong.

Each rule names where it was read: diwise/iot-agent 6ed3932 (2026-06) and diwise/senml d0045d1. The door itself asks for
no credential (`RegisterHandlers` does not use `auth.go`); ``token`` is that of an ingress before it.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter, deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aiohttp import web

from simulators.platforms.ngsi_ld import Fault

Json = Any

PATH: Final = "/api/v0/messages/lwm2m"  # api.go, RegisterHandlers
PIVOT: Final = 1 << 28  # senml.go, Normalize: a smaller time is relative to now
URN: Final = "urn:oma:lwm2m:ext:"
TEXTS: Final = frozenset({"bn", "bu", "n", "u", "vs", "vd"})  # senml.go, Record; Go refuses another type
NUMBERS: Final = frozenset({"bt", "bv", "bs", "v", "s", "t", "ut"})

Value = tuple[str, str, str]  # device, object, resource


@dataclass(slots=True)
class Kept:
    """What was handed on to iot-core."""

    values: Counter[tuple[str, str, str, int]] = field(default_factory=Counter)  # device, object, resource, time
    last: dict[Value, tuple[int, Json, str]] = field(default_factory=dict)  # time, value and unit of what came last
    uplinks: Counter[tuple[str, str, int]] = field(default_factory=Counter)  # the header's uplink id, subject, time
    went_back: list[str] = field(default_factory=list)  # subjects whose older pack came after a newer one
    positions: dict[str, tuple[float, float]] = field(default_factory=dict)  # by device
    tenants: set[str] = field(default_factory=set)

    def take(self, pack: list[dict[str, Json]], device: str, uplink: str) -> None:
        """Keep a pack whose device is known."""
        records = list(_resolved(pack))
        lwm2m_object = next(one["vs"] for one in records if one["n"].rpartition("/")[2] == "0").removeprefix(URN)
        at = int(records[0]["t"])
        self.uplinks[uplink, f"{device}/{lwm2m_object}", at] += 1
        places = {one["u"]: one["v"] for one in records if one.get("u") in {"lat", "lon"}}
        if len(places) == 2:
            self.positions[device] = places["lat"], places["lon"]
        for one in records:
            resource = one["n"].rpartition("/")[2]
            if resource.isdigit() and resource != "0":
                self._take(device, lwm2m_object, resource, at, one)
            elif resource == "tenant":
                self.tenants.add(one["vs"])

    def _take(self, device: str, lwm2m_object: str, resource: str, at: int, record: Mapping[str, Json]) -> None:
        before = self.last.get((device, lwm2m_object, resource))
        if before is not None and at < before[0]:
            self.went_back.append(f"{device}/{lwm2m_object}/{resource} {at}")
        value = next(record[label] for label in ("v", "vb", "vs") if label in record)
        self.values[device, lwm2m_object, resource, at] += 1
        self.last[device, lwm2m_object, resource] = at, value, record.get("u", "")


class DiwiseIotAgent:
    """iot-agent on a local port: ``start``, change its mood at any time, ``stop``."""

    def __init__(self, *, devices: Iterable[str] = (), ignored: Collection[str] = (), token: str = "") -> None:
        """``devices`` are in its device management, by internal id; what comes of ``ignored`` ones is dropped unsaid."""
        self.devices = {device.lower() for device in devices}
        self.ignored = {device.lower() for device in ignored}
        self.token = token
        self.faults: deque[Fault] = deque()  # one for each of the next requests
        self.mood: Fault | None = None  # for every request while it is set
        self.kept = Kept()
        self.answers: Counter[int] = Counter()  # by status; 0 is none
        self.asked: Counter[str] = Counter()  # requests by the device that they name
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def start(self, host: str = "127.0.0.1", port: int = 0) -> str:
        """Listen, and return the URL below which the API begins."""
        app = web.Application()
        app.router.add_post(PATH, self._incoming)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port).start()
        address = self._runner.addresses[0]
        self.url = f"http://{address[0]}:{address[1]}"
        return self.url

    async def stop(self) -> None:
        """Close all connections and forget nothing."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    @property
    def uplink_ids(self) -> frozenset[str]:
        """The ids of all uplinks that something came of."""
        return frozenset(uplink for uplink, _, _ in self.kept.uplinks)

    @property
    def repeated(self) -> int:
        """How many packs came again."""
        return sum(times - 1 for times in self.kept.uplinks.values())

    async def _incoming(self, request: web.Request) -> web.Response:
        fault = self.faults.popleft() if self.faults else self.mood
        if fault is not None and fault.delay_s:
            await asyncio.sleep(fault.delay_s)
        status = fault.status if fault is not None and fault.status else await self._status(request)
        if fault is not None and fault.silent:
            self.answers[0] += 1
            assert request.transport is not None
            request.transport.abort()
        else:
            self.answers[status] += 1
        return web.Response(status=status)  # api.go writes a status and no body at this door

    async def _status(self, request: web.Request) -> int:
        """Answer as NewIncomingLWM2MMessageHandler does: its media type is not looked at."""
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            return 401
        pack = read_pack(await request.read())
        if not pack:
            return 400
        device = device_of(pack)
        self.asked[device] += 1
        if device in self.ignored:  # iotagent.go: ErrDeviceOnBlackList and ErrDeviceIgnored are no errors
            return 201
        if device not in self.devices:  # "device not found" is as any other trouble
            return 500
        self.kept.take(pack, device, request.headers.get("uplink", ""))
        return 201


def read_pack(body: bytes) -> list[dict[str, Json]]:
    """Read a pack as Go's json.Unmarshal into senml.Pack does; what it cannot read is an empty one."""
    try:
        pack = json.loads(body)
    except ValueError:
        return []
    if not isinstance(pack, list) or not all(map(_is_record, pack)):
        return []
    return pack


def device_of(pack: list[dict[str, Json]]) -> str:
    """Return whom a pack names (lwm2m.go, DeviceID): what stands before the first slash of the resolved name of "0".

    The old layout, ``{"bn":"urn:oma:lwm2m:ext:3303","n":"0","vs":"<device>"}``, names "urn:oma:lwm2m:ext:33030" so.
    """
    named = (full["n"] for record, full in zip(pack, _resolved(pack), strict=True) if record.get("n") == "0")
    return str(next(named, "")).split("/", maxsplit=1)[0].lower()


def _is_record(record: Json) -> bool:
    return isinstance(record, dict) and all(
        value is None
        or (
            (isinstance(value, str) if name in TEXTS else True)
            and (isinstance(value, (int, float)) and not isinstance(value, bool) if name in NUMBERS else True)
            and (isinstance(value, bool) if name == "vb" else True)
        )
        for name, value in record.items()
    )


def _resolved(pack: list[dict[str, Json]]) -> Iterator[dict[str, Json]]:
    """Yield the records with full names and times (senml.go, Normalize)."""
    base_name, base_time = "", 0.0
    for record in pack:
        base_name = record.get("bn") or base_name
        base_time = record.get("bt") or base_time
        at = base_time + (record.get("t") or 0)
        now = time.time() if at < PIVOT else 0.0  # what has no time was measured when it came
        yield {**record, "n": base_name + (record.get("n") or ""), "t": now + at}
