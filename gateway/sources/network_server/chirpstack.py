"""ChirpStack v4's application events and its downlink command, in JSON and protobuf.

    application/<application>/device/<DevEUI>/event/{up, join, ack, txack, status, log}
    application/<application>/device/<DevEUI>/command/down

Source: ChirpStack's `api/proto/integration/integration.proto` (v4.20), `chirpstack/src/integration/mqtt.rs` and the MQTT page of its
documentation. Its own build writes zeros (``emit_fields``), other writers of the same messages leave them out: what is absent is zero.
`time` is GPS time of a gateway where one has it, else the gateway's clock, however wrong, else the server's (`get_rx_timestamp`);
`nsTime` is when the server was told. `deduplicationId` is
made once for each uplink, and is the same however often that is told. `joinServerContext` says that the payload is encrypted still.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Final
from uuid import UUID

from gateway.model import (
    DataRate,
    Downlink,
    DownlinkState,
    Eui64,
    FromServer,
    FskRate,
    Json,
    Reception,
    ServerNews,
    ServerReceipt,
    ServerUplink,
)
from gateway.sources.chirpstack_gateway.reading import read_place
from gateway.sources.chirpstack_gateway.scalars import enumerated, eui, moment, nanoseconds, number, whole
from gateway.sources.network_server import reading
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.chirpstack_fields import LOG_CODES, LOG_LEVELS, MESSAGES
from gateway.sources.network_server.reading import Circumstances

EVENTS: Final[Mapping[str, str]] = {
    "up": "UplinkEvent",
    "join": "JoinEvent",
    "ack": "AckEvent",
    "txack": "TxAckEvent",
    "status": "StatusEvent",
    "log": "LogEvent",
}
OTHER_EVENTS: Final = frozenset({"location", "integration"})  # of its own services; they tell nothing of a sensor
NANOSECONDS: Final = 10**9
MESSAGE_OF_DOWNLINK: Final = frozenset(
    {"DOWNLINK_PAYLOAD_SIZE", "DOWNLINK_CODEC", "DOWNLINK_GATEWAY", "F_CNT_DOWN", "EXPIRED"}
)
FOR_GOOD: Final = frozenset({"DOWNLINK_PAYLOAD_SIZE", "DOWNLINK_CODEC", "EXPIRED"})  # it is out of the server's queue
LONGEST_KEPT: Final = timedelta(
    days=1
)  # by a gateway whose line is down; its memory holds no more, and its clock is wrong then
SAME_TIME: Final = timedelta(minutes=1)  # of two clocks that are set by a network
LONGEST_WORDS: Final = 200  # characters of a log event's description


def topics(application: str) -> tuple[str, ...]:
    """Return what to subscribe to; ``application`` is an id, or "+" for every one that the broker lets us hear."""
    return tuple(f"application/{application}/device/+/event/{event}" for event in EVENTS)


def read_topic(topic: str) -> tuple[str, str]:
    """Return the application and the event of a topic; raise BadEvent for one that is none of these."""
    match topic.split("/"):
        case ["application", application, "device", _, "event", event]:
            return application, event
    raise BadEvent(BadEventReason.TOPIC, topic)


def read(event: str, octets: bytes, about: Circumstances, *, may_be_protobuf: bool = False) -> FromServer | None:
    """Return what an event tells, None where that is nothing for us; raise BadEvent and nothing else."""
    message = EVENTS.get(event)
    if message is None:
        if event in OTHER_EVENTS:
            return None
        raise BadEvent(BadEventReason.SHAPE, f"{event[:20]!r} is no event")
    said = _said(message, octets, may_be_protobuf=may_be_protobuf)
    match event:
        case "up":
            return _uplink(said, about)
        case "join":
            return _news(said, about, f"joined at {about.source} as {said.get('dev_addr', 'an unknown address')}")
        case "status":
            return _news(said, about, _status(said))
        case "log":
            return _log(said, about)
        case "txack":
            return _receipt(said, about, DownlinkState.SENT)
        case _:
            return _ack(said, about)


def write_down(address: str, downlink: Downlink, reference: UUID, *, is_json: bool) -> tuple[str, bytes]:
    """Return the topic and the body that hand a downlink to the server; ``address`` is its application's id."""
    topic = f"application/{address}/device/{downlink.dev_eui}/command/down"
    said: dict[str, Json] = {
        "id": str(reference),
        "dev_eui": downlink.dev_eui,
        "confirmed": downlink.confirmed,
        "f_port": downlink.f_port,
        "data": downlink.payload,
    }
    if is_json:
        named = {_camel(name): value for name, value in said.items()} | {"data": b64encode(downlink.payload).decode()}
        if downlink.expires_at is not None:
            named["expiresAt"] = downlink.expires_at.isoformat()
        return topic, json.dumps(named, separators=(",", ":")).encode()
    from gateway.sources.network_server import chirpstack_protobuf as protobuf  # google's library, where it is spoken

    if downlink.expires_at is not None:
        said["expires_at"] = {"seconds": int(downlink.expires_at.timestamp())}
    return topic, protobuf.write("DownlinkCommand", said)


def is_json(octets: bytes) -> bool:
    """Tell JSON from protobuf: "{" would be field 15 as a group, which none of these messages has."""
    return octets.startswith(b"{")


# ── either form ─────────────────────────────────────────────────────────────────────────────────────────────────


def _said(message: str, octets: bytes, *, may_be_protobuf: bool) -> Mapping[str, Json]:
    if is_json(octets) or not may_be_protobuf:
        named: Mapping[str, Json] = _named(message, reading.object_of(octets))
        return named
    from gateway.sources.network_server import chirpstack_protobuf as protobuf  # google's library, where it is spoken

    return protobuf.read(message, octets)


def _named(kind: str, value: Json) -> Json:
    """Return a message of JSON with our names: the table's, of which JSON has the camelCase form; null is absent."""
    if kind.startswith("["):
        return [_named(kind.strip("[]"), one) for one in value] if isinstance(value, list) else value
    if kind not in MESSAGES or kind in {"Struct", "ContextEntry"} or not isinstance(value, dict):
        return value
    found = {name: value.get(_camel(name), value.get(name)) for name in MESSAGES[kind]}
    return {name: _named(MESSAGES[kind][name][1], one) for name, one in found.items() if one is not None}


@cache  # of the table's names alone: half of an event's time went there
def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word.capitalize() for word in others)


# ── events ──────────────────────────────────────────────────────────────────────────────────────────────────────


def _device(said: Mapping[str, Json]) -> tuple[Eui64, str]:
    """Return the device and its application."""
    device = reading.part(said, "device_info")
    application = device.get("application_id")
    return reading.dev_eui(device.get("dev_eui")), application if isinstance(application, str) else ""


def _uplink(said: Mapping[str, Json], about: Circumstances) -> ServerUplink:
    if said.get("join_server_context") is not None:
        raise BadEvent(BadEventReason.ENCRYPTED)
    dev_eui, application = _device(said)
    fields = said.get("object")
    f_port = reading.port(said.get("f_port"))
    return ServerUplink(
        source=about.source,
        id=reading.id_of(said.get("deduplication_id")),
        dev_eui=dev_eui,
        dev_addr=reading.dev_addr(said.get("dev_addr")),
        f_cnt=reading.counter(said.get("f_cnt")),
        f_port=f_port,
        payload=reading.base64_of(said.get("data")) if f_port else b"",
        confirmed=said.get("confirmed") is True,
        adr=said.get("adr") is True,
        receptions=_receptions(said),
        server_time=_heard_at(said),
        heard_at=about.heard_at,
        decoded=reading.decoded(fields, None, about.decode),
        address=application,
    )


def _heard_at(said: Mapping[str, Json]) -> datetime:
    """Return when an uplink was heard: by the gateway's clock where that can be, else when the server was told."""
    told, copies = reading.time_of(said.get("time")), reading.parts(said, "rx_info")
    came = min((at for one in copies if (at := moment(one.get("ns_time"))) is not None), default=None)
    if came is None or any(one.get("time_since_gps_epoch") is not None for one in copies):
        return told
    return told if -SAME_TIME <= came - told <= LONGEST_KEPT else came


def _receptions(said: Mapping[str, Json]) -> tuple[Reception, ...]:
    """Return how it was heard, the best copy first; nothing where frequency or data rate are none that we know."""
    tx = reading.part(said, "tx_info")
    frequency_hz, rate = whole(tx.get("frequency"), 10**10), _data_rate(reading.part(tx, "modulation"))
    if not frequency_hz or rate is None:
        return ()
    found = [one for rx in reading.parts(said, "rx_info") if (one := _reception(rx, frequency_hz, rate)) is not None]
    return tuple(
        sorted(found, key=lambda one: (-999 if one.snr_db is None else one.snr_db, one.rssi_dbm), reverse=True)
    )


def _reception(rx: Mapping[str, Json], frequency_hz: int, rate: DataRate) -> Reception | None:
    gateway, rssi_dbm = eui(rx.get("gateway_id")), number(rx.get("rssi", 0), 300)
    if gateway is None or rssi_dbm is None:
        return None
    fine = nanoseconds(rx.get("fine_time_since_gps_epoch"))
    return Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=rate,
        rssi_dbm=rssi_dbm,
        snr_db=None if isinstance(rate, FskRate) else number(rx.get("snr", 0.0), 100),
        channel=whole(rx.get("channel", 0), 255),
        antenna=whole(rx.get("antenna", 0), 255) or 0,
        gateway_time=moment(rx.get("gw_time")),
        fine_time_ns=None if fine is None else fine % NANOSECONDS,
        place=read_place(rx.get("location")),
    )


def _data_rate(modulation: Mapping[str, Json]) -> DataRate | None:
    lora, fsk = reading.part(modulation, "lora"), reading.part(modulation, "fsk")
    if lora:
        return reading.lora_rate(lora.get("spreading_factor"), lora.get("bandwidth"))
    bit_rate = whole(fsk.get("datarate"), 1_000_000)
    return FskRate(bit_rate) if bit_rate else None


def _news(said: Mapping[str, Json], about: Circumstances, what: str) -> ServerNews:
    dev_eui, _ = _device(said)
    return ServerNews(source=about.source, dev_eui=dev_eui, at=moment(said.get("time")), what=what)


def _status(said: Mapping[str, Json]) -> str:
    margin, battery = number(said.get("margin", 0), 1000), number(said.get("battery_level", 0.0), 100)
    if said.get("external_power_source") is True:
        power = "external power"
    elif said.get("battery_level_unavailable") is True or battery is None:
        power = "the battery's level is not known"
    else:
        power = f"battery {battery:.0f} %"
    return f"{power}; it hears its network with {margin or 0:.0f} dB to spare"


def _log(said: Mapping[str, Json], about: Circumstances) -> FromServer | None:
    """Return a warning or an error as news; what is about a downlink of ours as its receipt."""
    level, code = (
        names[found]
        if (found := enumerated(said.get(name, 0), names)) is not None and found < len(names)
        else "UNKNOWN"
        for name, names in (("level", LOG_LEVELS), ("code", LOG_CODES))
    )
    description = said.get("description")
    words = f"{about.source}: {code}: {description if isinstance(description, str) else ''}"[:LONGEST_WORDS]
    context = said.get("context")
    reference = _reference(context.get("queue_item_id") if isinstance(context, dict) else None)
    if reference is not None and code in MESSAGE_OF_DOWNLINK:
        dev_eui, _ = _device(said)
        state = DownlinkState.FAILED if code in FOR_GOOD else DownlinkState.QUEUED
        return ServerReceipt(source=about.source, dev_eui=dev_eui, reference=reference, state=state, detail=words)
    return None if level == "INFO" else _news(said, about, words)


def _ack(said: Mapping[str, Json], about: Circumstances) -> ServerReceipt | None:
    if said.get("acknowledged") is True:
        return _receipt(said, about, DownlinkState.ACKNOWLEDGED)
    return _receipt(said, about, DownlinkState.FAILED, f"{about.source}: the device did not acknowledge it")


def _receipt(
    said: Mapping[str, Json], about: Circumstances, state: DownlinkState, detail: str = ""
) -> ServerReceipt | None:
    """Return what became of a downlink; None of one that is nobody's, as the server's own MAC commands are."""
    reference = _reference(said.get("queue_item_id"))
    if reference is None:
        return None
    return ServerReceipt(
        source=about.source,
        dev_eui=_device(said)[0],
        reference=reference,
        state=state,
        detail=detail,
        f_cnt=whole(said.get("f_cnt_down", 0), reading.LAST_COUNTER),
    )


def _reference(value: Json) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
