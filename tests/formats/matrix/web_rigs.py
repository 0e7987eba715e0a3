"""Formats over HTTP with their stand-ins, each with a ledger of what it was told."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from gateway.formats.catalogue import make
from gateway.model import Item
from simulators.platforms import diwise_iot_agent, ngsi_ld, orion_v2, sensorthings, thingsboard, web_platform, yggio
from simulators.platforms.ngsi_ld_rules import Problem
from simulators.platforms.sensorthings_rules import Refusal as StaRefusal
from simulators.platforms.sensorthings_store import Store
from simulators.platforms.web_platform import Refusal
from tests.formats.matrix import words
from tests.formats.matrix.backlog import DEVICES
from tests.formats.matrix.doors import WebDoor
from tests.formats.matrix.ledger import Ledger, Statement
from tests.formats.matrix.rig import (
    BEARER,
    INTERNAL,
    POISONED,
    STUMBLES,
    TOKEN,
    Rig,
    is_of_the_poisoned,
    lost_here_and_there,
    measuring,
)


@asynccontextmanager
async def _web(
    platform: Any, format_name: str, options: Mapping[str, Any], ledger: Callable[[], Ledger], **more: Any
) -> AsyncIterator[Rig]:
    await platform.start()
    fault = more.get("fault", web_platform.Fault)
    login = BEARER if getattr(platform, "token", "") else {}
    door = WebDoor(platform, login)

    def shut(wrong: bool) -> None:  # noqa: FBT001 - of the rig
        door.login = {} if wrong else dict(login)
        if not login:
            platform.mood = fault(status=401) if wrong else None

    try:
        yield Rig(
            format=lambda: make(format_name, measuring(format_name, options)),
            door=door,
            ledger=ledger,
            poison=more["poison"],
            shut=shut,
            forget=lambda: platform.faults.extend(lost_here_and_there(fault(), fault(silent=True))),
            refused=more.get("refused", ""),
            went_back=lambda: getattr(platform.kept, "went_back", ()),
            behind=more.get("behind", tuple),
            is_poisoned=more.get("is_poisoned", is_of_the_poisoned),
        )
    finally:
        await platform.stop()


class Poisoned(dict[str, Any]):
    """What is refused: every id that holds the poisoned device's."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__()
        self._refusal = refusal

    def __contains__(self, name: object) -> bool:
        return POISONED in str(name)

    def __getitem__(self, name: str) -> Any:
        return self._refusal


class Entities(ngsi_ld.Kept):
    """What an NGSI-LD broker was told, with a ledger: history that an attribute had counts once for each time and value."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger = Counter()

    def take(self, tenant: str, entity: Mapping[str, Any], *, replaces: bool = False) -> bool:
        self.ledger.update(words.of_ngsi_ld(entity))
        return ngsi_ld.Kept.take(self, tenant, entity, replaces=replaces)


def ngsi_ld_rig(platform: ngsi_ld.NgsiLdReceiver, options: Mapping[str, Any]) -> Any:
    platform.kept = kept = Entities()

    def poison() -> None:
        platform.refused = Poisoned(Problem(400, "BadRequestData", "Not for us", "of the test"))

    return _web(
        platform,
        "ngsi_ld",
        options,
        lambda: kept.ledger,
        fault=ngsi_ld.Fault,
        poison=poison,
        refused="Not for us",
        behind=lambda: _behind(kept, lambda said: said.get("observedAt", "")),
    )


def _behind(kept: Any, at: Callable[[Mapping[str, Any]], str]) -> Iterator[str]:
    """Yield the attributes whose present value is older than one that was told; a registered place has no time."""
    newest: dict[tuple[str, str], str] = {}
    for entity, name, told_at in kept.instances:
        newest[entity, name] = max(told_at, newest.get((entity, name), ""))
    for key, entity in kept.entities.items():
        for name, said in entity.items():
            if name not in {"id", "type"} and "" < at(said) < newest[key[-1], name]:
                yield f"{key[-1]} {name}"


class LedgeredOrion(orion_v2.OrionV2):
    """Orion with a ledger."""

    def __init__(self) -> None:
        super().__init__(token=TOKEN)
        self.ledger: Ledger = Counter()

    def _append(self, key: orion_v2.Key, entity: dict[str, Any]) -> None:
        self.ledger.update(words.of_orion(entity))
        super()._append(key, entity)


def orion_rig() -> Any:
    platform = LedgeredOrion()

    def poison() -> None:
        platform.refused = Poisoned(Refusal(400, "BadRequest", "Not for us"))

    return _web(
        platform,
        "ngsi_v2",
        {},
        lambda: platform.ledger,
        poison=poison,
        refused="Not for us",
        behind=lambda: _behind(platform.kept, orion_v2._time_of),
    )


class Packs(diwise_iot_agent.Kept):
    """What iot-agent handed on, with a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger = Counter()

    def take(self, pack: list[dict[str, Any]], device: str, uplink: str) -> None:
        whose = next(eui for eui, internal in INTERNAL.items() if internal == device)
        self.ledger.update(words.of_lwm2m(pack, whose))
        diwise_iot_agent.Kept.take(self, pack, device, uplink)


def diwise_rig() -> Any:
    platform = diwise_iot_agent.DiwiseIotAgent(devices=INTERNAL.values(), token=TOKEN)
    platform.kept = kept = Packs()

    def poison() -> None:
        platform.devices.discard(INTERNAL[POISONED])

    return _web(
        platform,
        "diwise",
        {"ids": INTERNAL},
        lambda: kept.ledger,
        fault=ngsi_ld.Fault,
        poison=poison,
        refused="is 'internal-3' its id there?",
        behind=lambda: (
            f"{value}"
            for value, (at, _, _) in kept.last.items()
            if at < max(one[3] for one in kept.values if one[:3] == value)
        ),
    )


def sensorthings_rig(dialect: Any, **options: Any) -> Any:
    platform = sensorthings.SensorThingsServer(dialect=dialect)

    def poison() -> None:
        platform.store = PoisonedStore(dialect, platform.store.url)

    return _web(
        platform,
        "sensorthings",
        options,
        lambda: sta_ledger(platform),
        fault=sensorthings.Fault,
        poison=poison,
        refused="Not for us",
    )


class PoisonedStore(Store):
    """A SensorThings store that has something against one device's observations."""

    def _check_observation(self, entity: Any, links: dict[str, Any]) -> None:
        stream = self.kept.entities["Datastreams"][links["Datastream"]]
        if POISONED in stream["name"]:
            raise StaRefusal(400, "Not for us")
        Store._check_observation(self, entity, links)


def sta_ledger(platform: sensorthings.SensorThingsServer) -> Ledger:
    """Return what stands in a SensorThings server."""
    streams = platform.kept.entities["Datastreams"]
    return Counter(
        words.of_observation(one, streams[one["Datastream"]]) for one in platform.kept.entities["Observations"].values()
    )


def yggio_push_rig() -> Any:
    platform = yggio.YggioPush(nodes={device.dev_eui.upper() for device in DEVICES})
    heard: Ledger = Counter()
    keep = platform.kept.take

    class Values(yggio.Kept):
        def take(self, node: str, said: Mapping[str, Any], at: str) -> None:
            keep(node, said, at)
            heard.update(flat(node, said, 0))

    platform.kept = Values()

    def poison() -> None:
        assert platform.nodes is not None
        platform.nodes.discard(POISONED.upper())

    options = {"topic": "/http-push/generic?identifier=devEui"}
    return _web(platform, "yggio", options, lambda: heard, poison=poison, refused="no such node")


def flat(node: str, said: Mapping[str, Any], at: int) -> Iterator[Statement]:
    for key, value in said.items():
        if not key.endswith("_unit"):
            yield Statement(node.lower(), at, value, said.get(f"{key}_unit", ""), key)


def thingsboard_http_rig() -> Any:
    tokens = {device.dev_eui: f"token-{device.dev_eui}" for device in DEVICES}
    platform = thingsboard.ThingsBoardHttp(tokens.values())

    def poison() -> None:
        platform.poison = set(STUMBLES)

    options = {"topic": "/api/v1/{id}/telemetry", "ids": tokens}
    return _web(
        platform,
        "thingsboard",
        options,
        lambda: tb_ledger(platform.kept),
        poison=poison,
        refused="500",
        is_poisoned=_stumbles,
    )


def _stumbles(item: Item) -> bool:
    return any(one.quantity in STUMBLES for one in item.observations)


def tb_ledger(kept: thingsboard.Kept) -> Ledger:
    """Return the telemetry, each value with its unit from the attributes of its device."""
    return Counter(
        {
            Statement(
                words.eui_in(device), ts, value, kept.attributes[device].get(f"unit_{key}", ""), key
            ): kept.values[device, key, ts]
            for (device, key, ts), value in kept.log.items()
        }
    )
