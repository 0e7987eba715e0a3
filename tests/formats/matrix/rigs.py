"""The rows of the matrix: each format on its way, its stand-in, and what the two do on good days and bad ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from gateway.formats import Format
from gateway.formats.catalogue import make, options_of
from gateway.model import Item
from simulators.platforms import diwise_iot_agent, ngsi_ld, orion_v2, sensorthings, thingsboard, web_platform, yggio
from simulators.platforms.aws_iot import AwsCore
from simulators.platforms.aws_iot import Fault as AwsFault
from simulators.platforms.azure_iot import AzureHub
from simulators.platforms.azure_iot import Fault as AzureFault
from simulators.platforms.diwise_context_broker import DiwiseContextBroker
from simulators.platforms.iot_open import IotOpenBroker
from simulators.platforms.mqtt_door import Publish as DoorPublish
from simulators.platforms.mqtt_platform import PAYLOAD_INVALID, TAKEN, MqttPlatform
from simulators.platforms.mqtt_platform import Fault as MqttFault
from simulators.platforms.ngsi_ld_rules import Problem
from simulators.platforms.scripted_broker import Publish
from simulators.platforms.sensorthings_rules import Refusal as StaRefusal
from simulators.platforms.sensorthings_store import Store
from simulators.platforms.web_platform import Refusal
from tests.formats.matrix import words
from tests.formats.matrix.backlog import DEVICES
from tests.formats.matrix.doors import BrokerDoor, Door, WebDoor
from tests.formats.matrix.ledger import Ledger, Statement, at_ms
from tests.formats.matrix.streams import known_streams

POISONED: Final = DEVICES[3].dev_eui  # the device that a platform does not take, where one is asked to refuse some
TOKEN: Final = "let-me-in"
BEARER: Final = {"Authorization": f"Bearer {TOKEN}"}
INTERNAL: Final = {device.dev_eui: f"internal-{number}" for number, device in enumerate(DEVICES)}
STUMBLES: Final = ("co2", "door_open")  # what a rule engine stumbles over: 500, whosever it is
THING: Final = "gateway-1"
LOST: Final = (1, 9, 50)  # requests without an answer; too far apart for one uplink to meet two
EVER: Final = 1 << 50  # milliseconds: the platform has times of its own


def _measuring(format_name: str, options: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the options that leave out what a format says of devices themselves, which no row asks for."""
    return {"device": False, **options} if "device_interval" in options_of(format_name) else options


def _is_of_the_poisoned(item: Item) -> bool:
    return item.device.dev_eui == POISONED


@dataclass(slots=True)
class Rig:
    """A format and its platform, side by side."""

    format: Callable[[], Format]
    door: Door
    ledger: Callable[[], Ledger]
    poison: Callable[[], None]  # from now on the platform refuses what is poisoned
    shut: Callable[[bool], None]  # whether the credential is wrong
    forget: Callable[[], None]  # some of the next requests are taken and not answered
    refused: str = ""  # a part of the words of its dead letters
    is_poisoned: Callable[[Item], bool] = _is_of_the_poisoned
    went_back: Callable[[], Iterable[str]] = tuple  # what an older value went over
    behind: Callable[[], Iterable[str]] = tuple  # what is older now than what was told


@dataclass(frozen=True, slots=True)
class Kind:
    """A row of the matrix, and what its page says of repetitions."""

    open: Callable[[], Any]  # an async context of a Rig
    asks: bool = False  # the platform can be asked what it has: nothing is there twice, whatever happens
    resolution_ms: int = 1
    stale_s: int | None = None  # what is older is refused as late: the platform would date it wrong


# ── over HTTP ──


def _lost_here_and_there(good: Any, lost: Any) -> Iterator[Any]:
    return (lost if number in LOST else good for number in range(max(LOST) + 1))


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
            format=lambda: make(format_name, _measuring(format_name, options)),
            door=door,
            ledger=ledger,
            poison=more["poison"],
            shut=shut,
            forget=lambda: platform.faults.extend(_lost_here_and_there(fault(), fault(silent=True))),
            refused=more.get("refused", ""),
            went_back=lambda: getattr(platform.kept, "went_back", ()),
            behind=more.get("behind", tuple),
            is_poisoned=more.get("is_poisoned", _is_of_the_poisoned),
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


def _ngsi_ld(platform: ngsi_ld.NgsiLdReceiver, options: Mapping[str, Any]) -> Any:
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


def _orion() -> Any:
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


def _diwise() -> Any:
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


def _sensorthings(dialect: Any, **options: Any) -> Any:
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


def _yggio_push() -> Any:
    platform = yggio.YggioPush(nodes={device.dev_eui.upper() for device in DEVICES})
    heard: Ledger = Counter()
    keep = platform.kept.take

    class Values(yggio.Kept):
        def take(self, node: str, said: Mapping[str, Any], at: str) -> None:
            keep(node, said, at)
            heard.update(_flat(node, said, 0))

    platform.kept = Values()

    def poison() -> None:
        assert platform.nodes is not None
        platform.nodes.discard(POISONED.upper())

    options = {"topic": "/http-push/generic?identifier=devEui"}
    return _web(platform, "yggio", options, lambda: heard, poison=poison, refused="no such node")


def _flat(node: str, said: Mapping[str, Any], at: int) -> Iterator[Statement]:
    for key, value in said.items():
        if not key.endswith("_unit"):
            yield Statement(node.lower(), at, value, said.get(f"{key}_unit", ""), key)


def _thingsboard_http() -> Any:
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


# ── over MQTT ──


def _reads(publish: Publish) -> str:
    return (publish.topic + publish.payload.decode("latin-1")).lower()


class Reader(MqttPlatform):
    """A broker with a subscriber that reads everything, and takes nothing of whom it has something against."""

    def __init__(self, read: Callable[[bytes], Iterable[Statement]]) -> None:
        super().__init__()
        self._read = read
        self.against = ""
        self.ledger: Ledger = Counter()

    def take(self, publish: Publish) -> int:
        if self.against and self.against in _reads(publish):
            return PAYLOAD_INVALID
        self.ledger.update(self._read(publish.payload))
        return TAKEN


@asynccontextmanager
async def _mqtt(
    platform: MqttPlatform,
    format_name: str,
    options: Mapping[str, Any],
    ledger: Callable[[], Ledger],
    poison: Callable[[], None],
) -> AsyncIterator[Rig]:
    door = BrokerDoor(platform._answer)

    def shut(wrong: bool) -> None:  # noqa: FBT001 - of the rig
        door.away = "0x86 Bad user name or password" if wrong else ""

    await asyncio.sleep(0)
    yield Rig(
        format=lambda: make(format_name, _measuring(format_name, options)),
        door=door,
        ledger=ledger,
        poison=poison,
        shut=shut,
        forget=lambda: platform.faults.extend(_lost_here_and_there(MqttFault(), MqttFault(silent=True))),
        refused="0x99",
    )


def _read_by(read: Callable[[bytes], Iterable[Statement]], format_name: str, **options: Any) -> Callable[[], Any]:
    def open_rig() -> Any:
        platform = Reader(read)

        def poison() -> None:
            platform.against = POISONED

        return _mqtt(platform, format_name, options, lambda: platform.ledger, poison)

    return open_rig


def _checked(make_platform: Callable[[], Any], format_name: str, ledger: Callable[[Any], Ledger]) -> Callable[[], Any]:
    """Open a stand-in with rules of its own, and let it refuse the poisoned device besides."""

    def open_rig() -> Any:
        platform = make_platform()
        rules = platform.take

        def poison() -> None:
            def take(publish: Publish) -> int:
                against = "telemetry" in publish.topic or format_name != "thingsboard"
                return PAYLOAD_INVALID if against and POISONED in _reads(publish) else rules(publish)

            platform.take = take

        return _mqtt(platform, format_name, {}, lambda: ledger(platform), poison)

    return open_rig


class YggioValues(yggio.Kept):
    """What Yggio's nodes were told, with a ledger."""

    def __init__(self) -> None:
        super().__init__()
        self.ledger: Ledger = Counter()

    def take(self, node: str, said: Mapping[str, Any], at: str) -> None:
        self.ledger.update(_flat(node, said, at_ms(at)))
        yggio.Kept.take(self, node, said, at)


def _yggio_broker() -> yggio.YggioBroker:
    platform = yggio.YggioBroker(f"yggio/generic/v2/{device.dev_eui}" for device in DEVICES)
    platform.kept = YggioValues()
    return platform


def _iot_open_ledger(platform: IotOpenBroker) -> Ledger:
    kept = platform.kept
    return Counter(
        {
            Statement(words.eui_in(topic), round(at * 1000), kept.log[topic, at], kept.units[topic]): times
            for (topic, at), times in kept.values.items()
        }
    )


# ── clouds ──


@asynccontextmanager
async def _cloud(
    platform: Any,
    format_name: str,
    poison: Callable[[], None],
    *,
    fault: Any,
    ledger: Callable[[], Ledger],
    refused: str,
) -> AsyncIterator[Rig]:
    def receive(publish: Publish) -> int | None:
        size = len(publish.payload) + len(publish.topic) + 10
        said = DoorPublish(
            client_id=THING,
            topic=publish.topic,
            payload=publish.payload,
            qos=1,
            retain=False,
            duplicate=False,
            size=size,
        )
        return platform.take(said)  # type: ignore[no-any-return]  # of a stand-in

    door = BrokerDoor(receive)
    options: dict[str, Any] = {"device": THING} if format_name == "azure_iot" else {"thing": THING}

    def shut(wrong: bool) -> None:  # noqa: FBT001 - of the rig
        door.away = "0x05 Not authorized" if wrong else ""

    await asyncio.sleep(0)
    yield Rig(
        format=lambda: make(format_name, _measuring(format_name, options)),
        door=door,
        ledger=ledger,
        poison=poison,
        shut=shut,
        forget=lambda: platform.faults.extend(_lost_here_and_there(fault(), fault(forgets=True))),
        refused=refused,
    )


def _azure() -> Any:
    platform = AzureHub({THING: "a2V5"})

    def poison() -> None:
        platform.poison = lambda telemetry: telemetry.properties["devEUI"] == POISONED

    def ledger() -> Ledger:
        return Counter(one for told in platform.kept.telemetry for one in words.of_json_event(told.body))

    return _cloud(platform, "azure_iot", poison, fault=AzureFault, ledger=ledger, refused="were taken")


def _aws() -> Any:
    platform = AwsCore(frozenset({THING}))
    platform._v5[THING] = True

    def poison() -> None:
        platform.policy = lambda _, topic: POISONED not in topic

    def ledger() -> Ledger:
        return Counter(one for told in platform.kept.messages for one in words.of_json_event(told.payload))

    return _cloud(platform, "aws_iot", poison, fault=AwsFault, ledger=ledger, refused="0x87")


# ── SensorThings over MQTT ──


def _sensorthings_mqtt() -> Any:
    server, datastreams = known_streams()
    platform = Observing(server)

    def poison() -> None:
        poisoned = {number for name, number in datastreams.items() if name.startswith(POISONED)}
        platform.against = frozenset(f"({number})" for number in poisoned)

    return _mqtt(platform, "sensorthings_mqtt", {"datastreams": datastreams}, lambda: sta_ledger(server), poison)


class Observing(MqttPlatform):
    """A SensorThings server's broker."""

    def __init__(self, server: sensorthings.SensorThingsServer) -> None:
        super().__init__()
        self._server = server
        self.against: frozenset[str] = frozenset()

    def take(self, publish: Publish) -> int:
        if any(number in publish.topic for number in self.against):
            return PAYLOAD_INVALID
        self._server.hear(publish.topic, publish.payload)
        return TAKEN


def _senml(encoding: str) -> Callable[[], Any]:
    return _read_by(
        lambda body: words.of_senml(body, f"application/senml+{encoding}"), "senml", encoding=encoding, units="primary"
    )


KINDS: Final[Mapping[str, Kind]] = {
    "ngsi_ld": Kind(lambda: _ngsi_ld(ngsi_ld.NgsiLdReceiver(), {})),
    "ngsi_ld, Orion-LD's answers": Kind(lambda: _ngsi_ld(ngsi_ld.NgsiLdReceiver(dialect="orion_ld"), {"late": "send"})),
    "ngsi_ld, merging": Kind(lambda: _ngsi_ld(DiwiseContextBroker(token=TOKEN), {"way": "merge"})),
    "ngsi_v2": Kind(_orion),
    "diwise": Kind(_diwise, resolution_ms=1000),
    "sensorthings": Kind(lambda: _sensorthings("frost"), asks=True),
    "sensorthings, one by one": Kind(lambda: _sensorthings("frost", write="single"), asks=True),
    "sensorthings_mqtt": Kind(_sensorthings_mqtt),
    "yggio": Kind(_checked(_yggio_broker, "yggio", lambda platform: platform.kept.ledger)),
    "yggio, pushed": Kind(_yggio_push, stale_s=600, resolution_ms=EVER),
    "iot_open": Kind(_checked(IotOpenBroker, "iot_open", _iot_open_ledger)),
    "thingsboard": Kind(
        _checked(thingsboard.ThingsBoardBroker, "thingsboard", lambda platform: tb_ledger(platform.kept))
    ),
    "thingsboard, by token": Kind(_thingsboard_http),
    "rec_edge": Kind(_read_by(words.of_rec_edge, "rec_edge")),
    "senml": Kind(_senml("json")),
    "senml, CBOR": Kind(_senml("cbor")),
    "json": Kind(_read_by(words.of_json_event, "json")),
    "json, one by one": Kind(_read_by(words.of_json_event, "json", per="observation")),
    "template": Kind(_read_by(words.of_template, "template")),
    "chirpstack": Kind(_read_by(words.of_network_server, "chirpstack")),
    "the_things_stack": Kind(_read_by(words.of_network_server, "the_things_stack")),
    "azure_iot": Kind(_azure),
    "aws_iot": Kind(_aws),
}
