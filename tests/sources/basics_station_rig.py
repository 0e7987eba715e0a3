"""What the tests of Basics Stations share: settings, a clock on the loop's time, a running source."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from gateway.config.sources.station_plan import station_plan
from gateway.lorawan.region import EU868
from gateway.model import Eui64, Instant, Json, LoraRate, TimeQuality, TxRequest, eui64
from gateway.sources import Hear
from gateway.sources.basics_station.source import BasicsStation
from gateway.sources.settings import BasicsStationSettings
from simulators.packet_forwarder import Signal

VECTORS: Final = Path(__file__).parent.parent / "vectors" / "basics_station"
LIMIT_S: Final = 20.0  # of every wait: far beyond what is needed, so that a hang fails instead of hanging
ROOF: Final = eui64("0016c001ff10a235")
CELLAR: Final = eui64("0016c001ff10a236")
SF7: Final = LoraRate(7, 125_000)
UPLINK: Final = bytes.fromhex("40 da1b0126 80 0100 01") + bytes(20) + bytes.fromhex("01020304")
DOWNLINK: Final = bytes.fromhex("60 da1b0126 00 0100 01020304")
BEGIN: Final = datetime(2026, 3, 1, tzinfo=UTC)


def vectors(name: str, *kinds: str) -> list[dict[str, Json]]:
    rows = [json.loads(line) for line in (VECTORS / name).read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["kind"] in kinds]


class LoopClock:
    """The event loop's time as a box's clock."""

    def __init__(self, quality: TimeQuality = TimeQuality.NTP) -> None:
        self.quality = quality

    def __call__(self) -> Instant:
        monotonic = asyncio.get_running_loop().time()
        return Instant(BEGIN + timedelta(seconds=monotonic), monotonic, "boot", self.quality)


def settings(**changes: Any) -> BasicsStationSettings:
    made = BasicsStationSettings(
        name="radio", host="127.0.0.1", port=0, plan=station_plan(EU868), trust=TimeQuality.NTP
    )
    return replace(made, **changes)


def source(clock: LoopClock | None = None, **changes: Any) -> BasicsStation:
    return BasicsStation(settings(**changes), clock or LoopClock())


@asynccontextmanager
async def running(made: BasicsStation, hear: Hear, scheme: str = "ws") -> AsyncIterator[str]:
    """Run a source and stop it; the block gets its URI."""
    async with asyncio.TaskGroup() as group:
        run = group.create_task(made.run(hear), name="source")
        async with asyncio.timeout(LIMIT_S):
            host, port = await made.listening()
        try:
            yield f"{scheme}://{host}:{port}"
        finally:
            run.cancel()


def signal(phy_payload: bytes = UPLINK, **changes: Any) -> Signal:
    return replace(Signal(phy_payload=phy_payload), **changes)


def request(context: bytes = b"", gateway: Eui64 = ROOF, **changes: Any) -> TxRequest:
    """Return a frame for RX1 a second after the uplink of ``context``; without one, for at once."""
    made = TxRequest(
        source="radio",
        gateway=gateway,
        phy_payload=DOWNLINK,
        frequency_hz=868_100_000,
        data_rate=SF7,
        power_dbm=14,
        timestamp_us=None,
        delay=timedelta(seconds=1) if context else None,
        context=context,
    )
    return replace(made, **changes)
