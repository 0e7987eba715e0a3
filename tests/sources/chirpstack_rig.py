"""What the tests of ChirpStack's gateway side share: a running source, a downlink in answer to an uplink, waiting for a fact."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

from gateway.model import Eui64, LoraRate, Reception, TxRequest
from gateway.sources import Hear
from gateway.sources.chirpstack_gateway.concentratord import Concentratord
from gateway.sources.chirpstack_gateway.mqtt import ChirpstackMqtt
from simulators.chirpstack_radio import Radio
from tests.sources.conftest import LIMIT_S

GATEWAY = Eui64("0016c001f153a14c")
OTHER = Eui64("0016c001f153a14d")
PHY_PAYLOAD = bytes.fromhex("40 DA1B2601 80 0100 01 02030405")
DOWNLINK = bytes.fromhex("60 DA1B2601 00 0100 01 02030405")
RX2_HZ = 869_525_000
SLOW = 0.1  # seconds of the radio in one real second: its windows stay open while this machine has other work


@asynccontextmanager
async def running(source: ChirpstackMqtt | Concentratord, hear: Hear, *, is_there: bool = True) -> AsyncIterator[None]:
    """Run a source and stop it; ``is_there``: and wait until it is connected."""
    async with asyncio.timeout(4 * LIMIT_S), asyncio.TaskGroup() as group:
        run = group.create_task(source.run(hear), name="source")
        if is_there:
            async with asyncio.timeout(LIMIT_S):
                await source.listening()
        yield
        run.cancel()


async def until(is_so: Callable[[], object]) -> None:
    """Return when something is so; TimeoutError says that it never was."""
    async with asyncio.timeout(LIMIT_S):
        while not is_so():  # noqa: ASYNC110 - what is asked has no event to wait for
            await asyncio.sleep(0.005)


def radio(gateway: Eui64 = GATEWAY, *, counter_start_us: int = 0, v3: bool = False) -> Radio:
    return Radio(gateway, speed=SLOW, counter_start_us=counter_start_us, v3=v3)


def answer(
    heard: Reception,
    *,
    after_s: float | None = 1.0,
    frequency_hz: int = 868_100_000,
    context: bytes | None = None,
    gateway: Eui64 | None = None,
) -> TxRequest:
    """Return the request of a downlink ``after_s`` an uplink; None: at once."""
    return TxRequest(
        source="radio",
        gateway=gateway or heard.gateway,
        phy_payload=DOWNLINK,
        frequency_hz=frequency_hz,
        data_rate=LoraRate(7, 125_000),
        power_dbm=14,
        timestamp_us=None,
        delay=None if after_s is None else timedelta(seconds=after_s),
        context=heard.context if context is None else context,
    )
