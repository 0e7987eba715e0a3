"""SensorThings behind the telling loop: a journal, the real transport, a strict server, and what goes wrong between."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from decoders.contract import Decoded, Payload, Reading
from gateway.codecs import Codecs
from gateway.delivery import Destination, Telling
from gateway.formats.sensorthings import SensorThings
from gateway.journal import Changes, HeldKind, Journal
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.service import Service
from simulators.platforms.sensorthings import Fault, SensorThingsServer
from simulators.platforms.sensorthings_rules import Refusal
from tests.formats.items import DEVICE, uplink
from tests.formats.sensorthings_line import LIMIT_S, now

SENSOR = replace(DEVICE, decoder="acme/th")


class AcmeTh:
    """Two octets of temperature, in hundredths of a degree; its humidity is always the same."""

    name = "acme/th"
    revision = "1"

    def decode(self, payload: Payload) -> Decoded:
        (hundredths,) = struct.unpack(">H", payload.data)
        return Decoded((Reading("air_temperature", hundredths / 100, "Cel"), Reading("relative_humidity", 50, "%")))


@dataclass
class Bench:
    journal: Journal
    server: SensorThingsServer
    start: Callable[[], Telling]

    async def hear(self, *f_cnts: int) -> None:
        uplinks = tuple(replace(uplink(one), payload=struct.pack(">H", one % 5000)) for one in f_cnts)
        await self.journal.commit(Changes(uplinks=uplinks))

    async def tell(self, telling: Telling, turns: int) -> None:
        for _ in range(turns):
            await telling.turn()
        await telling.close()

    async def waiting(self) -> int:
        return (await self.journal.depth("lund")).waiting


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    server = SensorThingsServer()
    await server.start()
    journal = await Journal.open(tmp_path / "journal.db", clock=now, destinations=["lund"])
    decoder = AcmeTh()

    def start() -> Telling:
        service = Service(endpoint=endpoint(server.url), total_limit_s=LIMIT_S, connect_limit_s=1.0)
        destination = Destination(
            name="lund", format=SensorThings(), transport=Http(service, now), selects=lambda _: True, strict=True
        )
        return Telling(
            destination,
            journal=journal,
            codecs=Codecs(lambda _: decoder),
            find={SENSOR.dev_eui: SENSOR}.get,
            clock=now,
            trust=now().quality,
        )

    yield Bench(journal, server, start)
    await journal.close()
    await server.stop()


async def test_a_backlog_arrives_once(bench: Bench) -> None:
    await bench.hear(*range(1, 1001))

    await bench.tell(bench.start(), 10)

    assert await bench.waiting() == 0
    assert len(bench.server.kept.observations) == 2000
    assert bench.server.kept.repeated == 0
    assert bench.server.answers["POST", 201] < 20


async def test_through_faults_and_restarts_each_observation_is_there_once(bench: Bench) -> None:
    faults = [
        Fault(status=401),
        Fault(status=503),
        Fault(silent=True),
        Fault(silent=True, method="POST"),
        Fault(status=500, method="POST"),
        Fault(status=429),
        Fault(delay_s=LIMIT_S + 0.3, method="POST"),
        Fault(silent=True, status=502, method="GET"),
    ]

    for number, fault in enumerate(faults):
        await bench.hear(*range(1 + 10 * number, 11 + 10 * number))
        bench.server.faults.append(fault)
        await bench.tell(bench.start(), 3)
    bench.server.faults.clear()
    await bench.tell(bench.start(), 5)

    assert await bench.waiting() == 0
    assert len(bench.server.kept.observations) == 160
    assert bench.server.kept.repeated == 0
    assert bench.server.kept.twins == {}
    assert list(await bench.journal.held("lund")) == []


async def test_a_refused_uplink_is_a_dead_letter_and_can_be_sent_again(bench: Bench) -> None:
    await bench.hear(1, 2, 3)
    bench.server.store.refused[0.02] = Refusal(400, "not plausible here")
    await bench.tell(bench.start(), 1)
    [letter] = await bench.journal.held("lund", HeldKind.REFUSED)

    bench.server.store.refused.clear()
    await bench.journal.retry("lund", HeldKind.REFUSED)
    await bench.tell(bench.start(), 2)

    assert letter.uplink.f_cnt == 2
    assert letter.reason.endswith("/air_temperature: 400 not plausible here")
    assert list(await bench.journal.held("lund")) == []
    assert len(bench.server.kept.observations) == 6
    assert bench.server.kept.repeated == 0


async def test_while_the_server_is_away_everything_stays(bench: Bench) -> None:
    await bench.hear(1, 2, 3)
    port = int(bench.server.url.split(":")[2].split("/")[0])
    await bench.server.stop()
    telling = bench.start()
    await bench.tell(telling, 3)
    away = await bench.waiting()
    trouble = telling.status()["trouble"]

    await bench.server.start(port=port)
    await bench.tell(bench.start(), 1)

    assert away == 3
    assert "refused" in trouble
    assert await bench.waiting() == 0
    assert len(bench.server.kept.observations) == 6
