"""A scenario's gateways: each stood in for by its kind, on one sky, and what an installer would have written of their sources."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

from gateway.cities.slugs import slug
from gateway.model import Eui64
from simulators.hashed import key
from simulators.lab.beside import FIRST_PORT, Beside, lines_of
from simulators.lab.broker import Broker
from simulators.lab.chirpstack_masts import PREFIX, ConcentratordMast, ForwarderMast, LabRadio, sockets_of
from simulators.lab.gateways import Gateway
from simulators.lab.mailbox import Post
from simulators.lab.mast import Mast
from simulators.lab.modem_mast import FAMILY, ModemMast, ports_of
from simulators.lab.plan import MODEM, Town
from simulators.lab.scenario import Mast as Place
from simulators.lab.scenario import Scenario
from simulators.lab.served_mast import ServedMast
from simulators.lab.server import APPLICATION, TOKEN, Server
from simulators.lab.sky import Sky
from simulators.lab.station import Station
from simulators.lab.wire import HOST, Line

PORTS: Final[Mapping[str, int]] = {
    "semtech_udp": 1700,
    "basics_station": 3001,
    "chirpstack_mqtt": 1883,
    "chirpstack": 1884,
    "the_things_stack": 1885,
    "webhook": 8090,
}
SERVED: Final = frozenset({"chirpstack", "the_things_stack", "webhook"})  # a network server stands between
ONE_EACH: Final = frozenset({"concentratord", MODEM})  # a source for each gateway
# What stands in `brygga.toml` of a source, besides name and type; of the words in braces the gateway has its own.
SOURCES: Final[Mapping[str, str]] = {
    "semtech_udp": 'host = "0.0.0.0"\nport = {port}\n',
    "basics_station": 'host = "0.0.0.0"\nport = {port}\n',
    "chirpstack_mqtt": f'url = "mqtt://127.0.0.1:{{port}}"\nprefix = "{PREFIX}"\n',
    "concentratord": 'event_url = "ipc:///lab/{eui}"\ncommand_url = "ipc:///lab/{eui}"\n',
    MODEM: f'port = "/dev/lab-modem-{{eui}}"\nmodem = "{FAMILY}"\ngateway = "{{eui}}"\n'
    "frequency_hz = {frequency_hz}\nspreading_factor = {spreading_factor}\n",
    "chirpstack": 'url = "mqtt://127.0.0.1:{port}"\n',
    "the_things_stack": f'url = "mqtt://127.0.0.1:{{port}}"\napplication = "{APPLICATION}"\n',
    "webhook": f'server = "chirpstack"\nport = {{port}}\ntoken = "{TOKEN}"\n',
}


def is_served(scenario: Scenario) -> bool:
    """Tell whether a network server stands between gateways and agent."""
    return any(one.kind in SERVED for one in scenario.masts)


def sources(masts: Sequence[tuple[Eui64, Place]]) -> str:
    """Return the sections of all sources: one for each kind, or for each gateway where a kind has one each."""
    written: dict[str, str] = {}
    for eui, mast in masts:
        name = slug(mast.name) if mast.kind in ONE_EACH else mast.kind
        words = SOURCES[mast.kind].format(
            port=PORTS.get(mast.kind), eui=eui, frequency_hz=mast.frequency_hz, spreading_factor=mast.spreading_factor
        )
        written[name] = f'\n[[source]]\nname = "{name}"\ntype = "{mast.kind}"\n{words}'
    return "".join(written[name] for name in sorted(written))


def relays(scenario: Scenario) -> str:
    """Return the sections of all relays."""
    return "".join(
        f'\n[[relay]]\nname = "{name}"\nurl = "udp://{HOST}:{port}"\n'
        for port, name in enumerate(scenario.relays, FIRST_PORT)
    )


class Radios:
    """All gateways, and what lies between them and the agent."""

    def __init__(
        self,
        scenario: Scenario,
        town: Town,
        sky: Sky,
        post: Post,
        folder: Path,
        relayed: Callable[[str, UUID], None],
    ) -> None:
        """Servers have their keys in ``folder``; ``relayed`` is told which uplinks a server has that is beside the agent."""
        self._scenario = scenario
        self._town = town
        self._sky = sky
        self._post = post
        self._folder = folder
        self._broker = Broker(self._obey, keeps=False)
        self._broker.subscribed = self._greet
        kinds = {one.kind for one in scenario.masts}
        self._at_broker = "chirpstack_mqtt" in kinds
        self.server = self._server(next(iter(kinds & SERVED), None))
        self.besides = [self._beside(name, port, relayed) for port, name in enumerate(scenario.relays, FIRST_PORT)]
        self._makes: Mapping[str, Callable[[int, Eui64], Gateway]] = {
            "semtech_udp": self._forwarder,
            "basics_station": self._station,
            "chirpstack_mqtt": lambda number, eui: ForwarderMast(self._radio(number, eui), self._broker),
            "concentratord": lambda number, eui: ConcentratordMast(self._radio(number, eui)),
            MODEM: lambda _, eui: ModemMast(eui),
            **dict.fromkeys(SERVED, self._served),
        }
        self.masts: dict[str, Gateway] = {}  # by name
        for number, (eui, one) in enumerate(town.masts):
            self.masts[one.name] = sky.masts[eui] = self._makes[one.kind](number, eui)

    def ports(self) -> Mapping[str, int]:
        """Return the ports at which the agent meets network servers."""
        served = {one.kind: PORTS[one.kind] for one in self._scenario.masts if one.kind in SERVED}
        return {**served, **{one.name: one.port for one in self.besides}}

    @contextmanager
    def in_place(self, line_to: Callable[[int], Line]) -> Iterator[None]:
        """Have the agent's sources meet these gateways where they would open what only a machine has."""
        masts = self.masts.values()
        with ExitStack() as patches:
            patches.enter_context(sockets_of({one.url: one for one in masts if isinstance(one, ConcentratordMast)}))
            patches.enter_context(lines_of(self._post, line_to))
            patches.enter_context(ports_of({one.port: one for one in masts if isinstance(one, ModemMast)}))
            yield

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Let what lies between run for as long as the block lasts."""
        if self._at_broker:
            await self._broker.start(PORTS["chirpstack_mqtt"])
        try:
            async with AsyncExitStack() as servers:
                for beside in self.besides:
                    await servers.enter_async_context(beside.running())
                if self.server is not None:
                    await servers.enter_async_context(self.server.running())
                yield
        finally:
            await self._broker.stop()

    # ── kinds ──

    def _forwarder(self, number: int, eui: Eui64) -> Gateway:
        return Mast(
            eui,
            self._post,
            number=number,
            port=PORTS["semtech_udp"],
            now_us=self._sky.now_us,
            counter_start_us=self._counter_us(number),
            deliver=partial(self._sky.deliver, eui),
            decided=partial(self._sky.decided, eui),
        )

    def _station(self, _: int, eui: Eui64) -> Gateway:
        return Station(
            eui,
            port=PORTS["basics_station"],
            seed=key(self._scenario.seed, "station", eui),
            sky_us=self._sky.now_us,
            deliver=partial(self._sky.deliver, eui),
            decided=partial(self._sky.decided, eui),
        )

    def _radio(self, number: int, eui: Eui64) -> LabRadio:
        return LabRadio(
            eui,
            counter_start_us=self._counter_us(number),
            sky_us=self._sky.now_us,
            deliver=partial(self._sky.deliver, eui),
            decided=partial(self._sky.decided, eui),
        )

    def _served(self, number: int, eui: Eui64) -> Gateway:
        assert self.server is not None
        mast = ServedMast(
            eui,
            self.server.heard,
            counter_start_us=self._counter_us(number),
            sky_us=self._sky.now_us,
            deliver=partial(self._sky.deliver, eui),
            decided=partial(self._sky.decided, eui),
        )
        return self.server.mast(mast)

    def _counter_us(self, number: int) -> int:
        return self._town.links.receivers[number].counter_start_us

    def _server(self, kind: str | None) -> Server | None:
        if kind is None:
            return None
        return Server(
            kind,
            port=PORTS[kind],
            registrations=[one.registration() for one in self._town.settlers],
            folder=self._folder,
            now_us=self._sky.now_us,
            begins_s=self._scenario.begins.timestamp(),
            seed=self._scenario.seed,
        )

    def _beside(self, name: str, port: int, relayed: Callable[[str, UUID], None]) -> Beside:
        own = [one for one in self._town.settlers if one.fleet.answered_by == name]
        return Beside(
            name,
            port,
            registrations=[one.at_its_server() for one in own],
            folder=self._folder,
            now_us=self._sky.now_us,
            begins_s=self._scenario.begins.timestamp(),
            seed=self._scenario.seed,
            committed=lambda uplink: relayed(name, uplink.id),
        )

    # ── at the broker ──

    def _obey(self, topic: str, body: bytes) -> None:
        for mast in self.masts.values():
            if isinstance(mast, ForwarderMast):
                mast.obey(topic, body)

    def _greet(self) -> None:
        for mast in self.masts.values():
            if isinstance(mast, ForwarderMast):
                mast.tell_state()
