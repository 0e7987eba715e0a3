"""The platforms of the 19 cities as stand-ins, each of its city's kind, and what each has got."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.cities.catalogue import Catalogue
from gateway.model import Eui64, Uplink
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.diwise_iot_agent import DiwiseIotAgent
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.yggio import YggioBroker

INTERNAL_ID = "25e185f6-bdba-4c68-b6e8-23ae2bb10254"  # what diwise calls the device

Got = Callable[[Uplink], int]
"""Return how many times an uplink came."""


@dataclass(frozen=True, slots=True)
class City:
    """A city's platform: where it is, and what it has got."""

    server: Any
    got: Got
    more: str = ""  # keys of its connection beside the address

    def count(self, uplinks: Mapping[int, Uplink]) -> Counter[int]:
        """Return which of ``uplinks``, by frame counter, came, and how often."""
        return Counter({f_cnt: times for f_cnt, one in uplinks.items() if (times := self.got(one))})


def _entities(server: NgsiLdReceiver) -> Got:
    def got(uplink: Uplink) -> int:
        told = [times for (_, source), times in server.kept.sources.items() if source.endswith(f"#{uplink.id}")]
        return max(told, default=0)

    return got


def _packs(server: DiwiseIotAgent) -> Got:
    def got(uplink: Uplink) -> int:
        return max((times for (id_, *_), times in server.kept.uplinks.items() if id_ == str(uplink.id)), default=0)

    return got


def _values(server: YggioBroker) -> Got:
    def got(uplink: Uplink) -> int:
        at = uplink.heard_at.utc.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return max((times for (*_, told_at), times in server.kept.values.items() if told_at == at), default=0)

    return got


def city_of(kind: str) -> City:
    """Return a stand-in of a kind of platform."""
    match kind:
        case "ngsi_ld_merge":
            merging = DiwiseContextBroker()
            return City(merging, _entities(merging))
        case "diwise":
            agent = DiwiseIotAgent(devices=[INTERNAL_ID])
            return City(agent, _packs(agent), 'ids_file = "ids.csv"\n')
        case "yggio":
            broker = YggioBroker()
            return City(broker, _values(broker))
        case _:
            receiver = NgsiLdReceiver()
            return City(receiver, _entities(receiver))


@asynccontextmanager
async def all_cities(folder: Path, dev_eui: Eui64) -> AsyncIterator[Mapping[str, City]]:
    """Start every city's platform, and connect each in ``folder`` as an installer would."""
    connections = folder / "cities"
    connections.mkdir()
    (connections / "ids.csv").write_text(f"dev_eui,id\n{dev_eui},{INTERNAL_ID}\n", encoding="utf-8")
    cities = {slug: city_of(profile.kind) for slug, profile in Catalogue.load().profiles.items()}
    async with AsyncExitStack() as closing:
        for slug, city in cities.items():
            await city.server.start()
            closing.push_async_callback(city.server.stop)
            (connections / f"{slug}.toml").write_text(f'url = "{city.server.url}"\n{city.more}', encoding="utf-8")
        yield cities
