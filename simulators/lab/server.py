"""A network server in front of the agent: it joins devices, opens their frames, acknowledges, and tells what they said.

What stands in for it is the agent's own network on a disk of its own; its application's words are those of
`simulators.network_server`. Over MQTT it keeps what the agent has not acknowledged, a webhook it pushes again until it is taken.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, Final

import aiohttp

from gateway.cities.slugs import slug
from gateway.journal import Changes, Journal, Registration
from gateway.lorawan.region import EU868
from gateway.model import Eui64, Frame, Instant, Reception, TimeQuality, Uplink
from gateway.network import Network
from gateway.sources import Source
from gateway.sources.gather import Gather
from simulators.lab.broker import Broker
from simulators.lab.gateways import Given
from simulators.lab.served_mast import MASTS, Masts, ServedMast
from simulators.network_server import ChirpStack, Payload, TheThingsStack, Words
from simulators.packet_forwarder import Signal
from simulators.simulation.memory_disk import MemoryDisk, Seam

NET_ID: Final = 0x13
GATHERS_S: Final = 0.2  # ChirpStack's deduplication_delay
AGAIN_S: Final = 10.0  # between two tries of a push
PUSH_LIMIT_S: Final = 5.0
TOKEN: Final = "lab-lab-lab-lab-lab"  # noqa: S105 - it lets nobody in anywhere
APPLICATION: Final = "city@ttn"
WORDS: Final[Mapping[str, Callable[[], Words]]] = {
    "chirpstack": ChirpStack,
    "the_things_stack": lambda: TheThingsStack(APPLICATION),
    "webhook": ChirpStack,
}


class Server:
    """One server; ``now_us`` is the sky's time, ``begins_s`` the wall's Unix seconds at its beginning."""

    def __init__(
        self,
        kind: str,
        *,
        port: int,
        registrations: Sequence[Registration],
        folder: Path,
        now_us: Callable[[], int],
        begins_s: float,
        seed: int,
    ) -> None:
        self._kind = kind
        self._port = port
        self._registrations = registrations
        self._folder = folder
        self._now_us = now_us
        self._begins_s = begins_s
        self._random = Random(f"{seed}/server")
        self._masts: dict[Eui64, ServedMast] = {}
        self._words = WORDS[kind]()
        self._broker = Broker(lambda *_: None, keeps=True)
        self._pushes: deque[tuple[bytes, Given]] = deque()
        self._news = asyncio.Event()
        self._given: dict[bytes, list[Given]] = {}  # by PHYPayload, of copies that are on their way
        self._tasks: asyncio.TaskGroup | None = None

    def mast(self, mast: ServedMast) -> ServedMast:
        """Take a gateway."""
        self._masts[mast.gateway] = mast
        return mast

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve for as long as the block lasts."""
        if self._kind != "webhook":
            await self._broker.start(self._port)
        try:
            async with (
                network_of(
                    Masts(self._masts), self._registrations, self._folder, self._clock, self._random, self._committed
                ) as network,
                asyncio.TaskGroup() as self._tasks,
            ):
                self._gather = Gather(network.hear, window_s=GATHERS_S)
                running = [self._tasks.create_task(network.run(), name="network server")]
                if self._kind == "webhook":
                    running.append(self._tasks.create_task(self._push(), name="webhook"))
                yield
                for task in running:
                    task.cancel()
        finally:
            await self._broker.stop()

    def heard(self, gateway: Eui64, signal: Signal, given: Given) -> None:
        """Take a copy of a frame."""
        assert self._tasks is not None
        reception = Reception(
            gateway=gateway,
            frequency_hz=signal.frequency_hz,
            data_rate=signal.data_rate,
            rssi_dbm=signal.rssi_dbm,
            snr_db=signal.snr_db,
            timestamp_us=signal.timestamp_us,
            source=MASTS,
        )
        self._given.setdefault(signal.phy_payload, []).append(given)
        frame = Frame(signal.phy_payload, (reception,), self._clock())
        self._tasks.create_task(self._hear(frame), name="server hears")

    async def _hear(self, frame: Frame) -> None:
        await self._gather(frame)
        self._given.pop(frame.phy_payload, None)  # whose uplink was new is told already

    def _clock(self) -> Instant:
        return instant(self._begins_s, self._now_us() / 1e6)

    # ── to the agent ──

    def _committed(self, uplink: Uplink) -> None:
        told = self._words.up(
            Payload(
                dev_eui=uplink.dev_eui,
                f_cnt=uplink.f_cnt,
                data=uplink.payload,
                f_port=uplink.f_port,
                time=uplink.heard_at.utc,
            )
        )
        waiting = [
            given for payload, all_given in self._given.items() if _counts(payload, uplink) for given in all_given
        ]

        def given() -> None:
            for one in waiting:
                one()

        if self._kind == "webhook":
            self._pushes.append((told.body, given))
            self._news.set()
        else:
            self._broker.tell(told.target, told.body, given)

    async def _push(self) -> None:
        """Push what was said, in its order, each again until it is taken."""
        url = f"http://127.0.0.1:{self._port}/uplinks?event=up"
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        limit = aiohttp.ClientTimeout(total=PUSH_LIMIT_S)
        async with aiohttp.ClientSession(timeout=limit, headers=headers) as session:
            while True:
                await self._news.wait()  # no limit: nights may be quiet
                self._news.clear()
                while self._pushes:
                    body, given = self._pushes[0]
                    if await _taken(session, url, body):
                        self._pushes.popleft()
                        given()
                    else:
                        await asyncio.sleep(AGAIN_S)


def instant(begins_s: float, seconds: float) -> Instant:
    """Return a server's time, which is right."""
    return Instant(datetime.fromtimestamp(begins_s + seconds, UTC), seconds, "server", TimeQuality.GPS)


@asynccontextmanager
async def network_of(
    source: Source,
    registrations: Sequence[Registration],
    folder: Path,
    clock: Callable[[], Instant],
    random: Random,
    committed: Callable[[Uplink], None],
) -> AsyncIterator[Network]:
    """Give a network that knows some devices, not yet running, on a disk of its own; its key is in ``folder``.

    ``committed`` is told of each new uplink.
    """
    key = folder / f"{slug(source.name)}.key"
    key.touch(mode=0o600)
    key.write_text(random.randbytes(32).hex() + "\n", encoding="ascii")
    journal = await Journal.open(
        folder / "server.db",
        clock=clock,
        destinations=[],
        key_file=key,
        opening=MemoryDisk().opening(Seam()),
    )
    try:
        network = Network(
            journal=_Telling(journal, committed),  # type: ignore[arg-type]  # it does what it is asked, and tells
            sources={source.name: source},
            region=EU868,
            net_id=NET_ID,
            clock=clock,
            random_bits=random.getrandbits,
        )
        await journal.put_devices(registrations)
        await network.load()
        yield network
    finally:
        await journal.close()


async def _taken(session: aiohttp.ClientSession, url: str, body: bytes) -> bool:
    try:
        async with session.post(url, data=body) as answer:
            return answer.status == 200
    except (TimeoutError, aiohttp.ClientError):
        return False


def _counts(phy_payload: bytes, uplink: Uplink) -> bool:
    """Tell whether a data frame has an uplink's counter and address."""
    address = bytes.fromhex(uplink.activation[:8])[::-1]
    return phy_payload[1:5] == address and int.from_bytes(phy_payload[6:8], "little") == uplink.f_cnt & 0xFFFF


class _Telling:
    """A journal that tells of each uplink that is committed."""

    def __init__(self, journal: Journal, tell: Callable[[Uplink], None]) -> None:
        self._journal = journal
        self._tell = tell

    def __getattr__(self, name: str) -> Any:
        return getattr(self._journal, name)

    async def commit(self, changes: Changes) -> None:
        await self._journal.commit(changes)
        for uplink in changes.uplinks:
            self._tell(uplink)
