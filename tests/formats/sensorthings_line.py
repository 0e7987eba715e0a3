"""Conversations with a SensorThings server through the real transport."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats import Format
from gateway.model import Device, Instant, Item, Receipt, Request, RowId, TimeQuality
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.service import Login, Service
from simulators.platforms.sensorthings import SensorThingsServer
from tests.formats.items import DEVICE, eui, item

LIMIT_S = 2.0  # of an exchange; a local one takes milliseconds


class Killed(Exception):
    """The agent, in the middle of a conversation."""


@dataclass
class Line:
    """A transport, and the memory that a journal would keep."""

    http: Http
    memory: dict[str, Any] = field(default_factory=dict)
    sent: list[Request] = field(default_factory=list)
    kill_before: Callable[[Request], bool] = lambda _: False

    async def deliver(self, platform: Format, batch: Sequence[Item]) -> Receipt:
        conversation = platform.deliver(batch, dict(self.memory))
        try:
            requests = next(conversation)
            while True:
                if any(self.kill_before(request) for request in requests):
                    conversation.close()
                    raise Killed
                self.sent += requests
                requests = conversation.send(await self.http.send(requests))
        except StopIteration as end:
            receipt: Receipt = end.value
            for key, value in receipt.memory.items():
                self.memory.pop(key, None) if value is None else self.memory.update({key: value})
            return receipt

    async def deliver_all(self, platform: Format, batch: Sequence[Item], turns: int = 12) -> Mapping[RowId, str]:
        """Deliver until nothing is undecided; return what was refused."""
        refused: dict[RowId, str] = {}
        waiting = list(batch)
        undecided: Mapping[RowId, str] = {}
        for _ in range(turns):
            receipt = await self.deliver(platform, waiting)
            refused.update(receipt.refused)
            undecided = receipt.undecided
            waiting = [one for one in waiting if one.row in undecided]
            if not waiting:
                return refused
        raise AssertionError(f"still undecided: {undecided}")


def now() -> Instant:
    return Instant(datetime(2026, 3, 1, 12, tzinfo=UTC), 0.0, "boot", TimeQuality.NTP)


@contextlib.asynccontextmanager
async def line(url: str, login: Login | None = None) -> AsyncIterator[Line]:
    http = Http(Service(endpoint=endpoint(url), login=login, total_limit_s=LIMIT_S, connect_limit_s=1.0), now)
    try:
        yield Line(http)
    finally:
        await http.close()


async def get(url: str, path: str) -> Any:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/v1.1/{path}") as response:
        assert response.status == 200, await response.text()
        return await response.json(content_type=None)


def a_value(quantity: str) -> float | bool:
    known = QUANTITIES[quantity]
    if known.value_type is ValueType.BOOLEAN:
        return True
    low, high = known.plausible_minimum, known.plausible_maximum
    return 7 if known.quantity_kind == "Count" else ((low or 0) + (high if high is not None else 100)) / 2


def of_every_quantity(names: Sequence[str] = tuple(QUANTITIES), device: Device = DEVICE) -> list[Item]:
    """Return an uplink for each ten quantities."""
    return [
        item(
            *(Reading(name, a_value(name), QUANTITIES[name].unit) for name in names[start : start + 10]),
            row=1 + start // 10,
            device=device,
        )
        for start in range(0, len(names), 10)
    ]


def heard(rows: int, first: int = 1) -> list[Item]:
    return [
        item(
            Reading("air_temperature", row / 10, "Cel"),
            Reading("relative_humidity", row % 100, "%"),
            Reading("door_open", row % 2 == 0),
            row=row,
            device=replace(DEVICE, dev_eui=eui(row % 3)),
        )
        for row in range(first, first + rows)
    ]


def ids(batch: list[Item]) -> set[str]:
    return {str(one.id) for each in batch for one in each.observations}


def once(server: SensorThingsServer, batch: list[Item]) -> bool:
    return server.kept.observations == dict.fromkeys(ids(batch), 1)
