"""The Things Stack v3's application messages and its downlink queue, in JSON.

    v3/<application>@<tenant>/devices/<device id>/{up, join, down/queued, down/sent, down/ack, down/nack, down/failed}
    v3/<application>@<tenant>/devices/<device id>/down/push

Source: TheThingsNetwork/lorawan-stack, `api/ttn/lorawan/v3/messages.proto` (ApplicationUp and what it holds), and the pages "Data
formats" and "MQTT server" of its documentation: what is 0, false or empty is left out, 64-bit numbers are texts, MQTT is 3.1.1 at
QoS 0 only. An uplink is told once over MQTT, and again by a webhook whose answer was lost: `session_key_id`, `f_cnt` and the
network server's `received_at` stand in the message itself and are the same then. (`f_cnt` alone begins anew where a device's session
was reset by hand, and the newest releases give the `correlation_ids` of the gateway server only.) `app_s_key` comes with a payload that
the stack was told not to decrypt.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator, Mapping
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
from gateway.sources.chirpstack_gateway.scalars import eui, moment, number, whole
from gateway.sources.network_server import reading
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.reading import Circumstances

EVENTS: Final = ("up", "join", "down/queued", "down/sent", "down/ack", "down/nack", "down/failed")
OURS: Final = "brygga:"  # before the reference among a downlink's correlation_ids
PRIORITIES: Final = ("LOWEST", "LOW", "BELOW_NORMAL", "NORMAL", "ABOVE_NORMAL", "HIGH", "HIGHEST")
NORMAL: Final = PRIORITIES.index("NORMAL")
NS_RETRIES: Final = "not acknowledged; the server tries it again"
# What is told of a downlink: the member of the message, what it means, and in words.
RECEIPTS: Final[Mapping[str, tuple[DownlinkState, str]]] = {
    "downlink_queued": (DownlinkState.QUEUED, "waits in the server's queue"),
    "downlink_sent": (DownlinkState.SENT, ""),
    "downlink_ack": (DownlinkState.ACKNOWLEDGED, ""),
    "downlink_nack": (DownlinkState.SENT, NS_RETRIES),
}
OTHER_MEMBERS: Final = frozenset(
    {"uplink_normalized", "location_solved", "service_data", "downlink_queue_invalidated"}
)  # said in the uplink already, or nothing of a sensor's


def topics(application: str) -> tuple[str, ...]:
    """Return what to subscribe to; ``application`` is "<id>@<tenant>", or "<id>" in the open source stack."""
    return tuple(f"v3/{application}/devices/+/{event}" for event in EVENTS)


def read_topic(topic: str) -> str:
    """Return the address of the device that a topic is of, "<application>/<device id>"; raise BadEvent for one that is none of these."""
    match topic.split("/"):
        case ["v3", application, "devices", device, *_]:
            return f"{application}/{device}"
    raise BadEvent(BadEventReason.TOPIC, topic)


def read(octets: bytes, about: Circumstances, address: str = "") -> FromServer | None:
    """Return what a message tells, None where that is nothing for us; raise BadEvent and nothing else.

    ``address`` is what `read_topic` says; a webhook has none.
    """
    said = reading.object_of(octets)
    if "uplink_message" in said:
        return _uplink(said, about, address)
    if "join_accept" in said:
        address_there = reading.part(said, "end_device_ids").get("dev_addr", "an unknown address")
        return _news(said, about, f"joined at {about.source} as {str(address_there).lower()[:8]}")
    for member, (state, words) in RECEIPTS.items():
        if member in said:
            return _receipt(said, reading.part(said, member), about, state, words)
    if "downlink_failed" in said:
        return _failed(said, about)
    if said.keys() & OTHER_MEMBERS:
        return None
    raise BadEvent(BadEventReason.SHAPE, "no message of an application")


def write_down(address: str, downlink: Downlink, reference: UUID) -> tuple[str, bytes]:
    """Return the topic and the body that put a downlink behind the others of its device's queue."""
    application, _, device = address.partition("/")
    one = {
        "f_port": downlink.f_port,
        "frm_payload": b64encode(downlink.payload).decode(),
        "confirmed": downlink.confirmed,
        "priority": PRIORITIES[min(max(NORMAL + downlink.priority, 0), len(PRIORITIES) - 1)],
        "correlation_ids": [f"{OURS}{reference}"],
    }
    return f"v3/{application}/devices/{device}/down/push", json.dumps(
        {"downlinks": [one]}, separators=(",", ":")
    ).encode()


# ── messages ────────────────────────────────────────────────────────────────────────────────────────────────────


def _dev_eui(said: Mapping[str, Json]) -> Eui64:
    return reading.dev_eui(reading.part(said, "end_device_ids").get("dev_eui"))


def _uplink(said: Mapping[str, Json], about: Circumstances, address: str) -> ServerUplink:
    message, ids = reading.part(said, "uplink_message"), reading.part(said, "end_device_ids")
    if message.get("app_s_key") is not None:
        raise BadEvent(BadEventReason.ENCRYPTED)
    f_cnt, f_port = reading.counter(message.get("f_cnt")), reading.port(message.get("f_port"))
    heard = message.get("received_at", said.get("received_at"))
    return ServerUplink(
        source=about.source,
        id=reading.id_of(f"{message.get('session_key_id', '')}/{f_cnt}/{heard}"),
        dev_eui=_dev_eui(said),
        dev_addr=reading.dev_addr(ids.get("dev_addr")),
        f_cnt=f_cnt,
        f_port=f_port,
        payload=reading.base64_of(message.get("frm_payload")) if f_port else b"",
        confirmed=message.get("confirmed") is True,
        adr=False,  # the stack does not tell
        receptions=_receptions(message),
        server_time=reading.time_of(heard),
        heard_at=about.heard_at,
        decoded=reading.decoded(message.get("decoded_payload"), message.get("normalized_payload"), about.decode),
        address=address,
    )


def _receptions(message: Mapping[str, Json]) -> tuple[Reception, ...]:
    """Return how it was heard, the best copy first; nothing where frequency or data rate are none that we know."""
    settings = reading.part(message, "settings")
    frequency_hz, rate = whole(settings.get("frequency"), 10**10), _data_rate(reading.part(settings, "data_rate"))
    if not frequency_hz or rate is None:
        return ()
    found = [
        one for rx in reading.parts(message, "rx_metadata") if (one := _reception(rx, frequency_hz, rate)) is not None
    ]
    return tuple(
        sorted(found, key=lambda one: (-999 if one.snr_db is None else one.snr_db, one.rssi_dbm), reverse=True)
    )


def _reception(rx: Mapping[str, Json], frequency_hz: int, rate: DataRate) -> Reception | None:
    gateway, rssi_dbm = _gateway(rx), number(rx.get("rssi"), 300)
    if gateway is None or rssi_dbm is None:
        return None
    return Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=rate,
        rssi_dbm=rssi_dbm,
        snr_db=None if isinstance(rate, FskRate) else number(rx.get("snr", 0.0), 100),
        timestamp_us=whole(rx.get("timestamp"), 0xFFFF_FFFF),
        channel=whole(rx.get("channel_index", 0), 255),
        antenna=whole(rx.get("antenna_index", 0), 255) or 0,
        gateway_time=moment(rx.get("time")),
        place=read_place(rx.get("location")),
    )


def _gateway(rx: Mapping[str, Json]) -> Eui64 | None:
    """Return who heard it: a gateway of the stack's own, or one of another network that Packet Broker speaks for."""
    own, foreign = reading.part(rx, "gateway_ids"), reading.part(rx, "packet_broker")
    return eui(foreign.get("forwarder_gateway_eui")) or eui(own.get("eui"))


def _data_rate(told: Mapping[str, Json]) -> DataRate | None:
    lora, fsk = reading.part(told, "lora"), reading.part(told, "fsk")
    if lora:
        return reading.lora_rate(lora.get("spreading_factor"), lora.get("bandwidth"))
    bit_rate = whole(fsk.get("bit_rate"), 1_000_000)
    return FskRate(bit_rate) if bit_rate else None


def _news(said: Mapping[str, Json], about: Circumstances, what: str) -> ServerNews:
    return ServerNews(source=about.source, dev_eui=_dev_eui(said), at=moment(said.get("received_at")), what=what)


def _failed(said: Mapping[str, Json], about: Circumstances) -> ServerReceipt | None:
    failed = reading.part(said, "downlink_failed")
    error = reading.part(failed, "error")
    words = error.get("message_format") or error.get("name") or "no reason is told"
    detail = f"{about.source}: {words}"[:200]
    return _receipt(said, reading.part(failed, "downlink"), about, DownlinkState.FAILED, detail)


def _receipt(
    said: Mapping[str, Json], downlink: Mapping[str, Json], about: Circumstances, state: DownlinkState, words: str
) -> ServerReceipt | None:
    """Return what became of a downlink; None of one that others have pushed."""
    reference = next(_references(said, downlink), None)
    if reference is None:
        return None
    return ServerReceipt(
        source=about.source,
        dev_eui=_dev_eui(said),
        reference=reference,
        state=state,
        detail=words,
        f_cnt=whole(downlink.get("f_cnt", 0), reading.LAST_COUNTER) if state is not DownlinkState.QUEUED else None,
    )


def _references(*said: Mapping[str, Json]) -> Iterator[UUID]:
    for one in said:
        ids = one.get("correlation_ids")
        for text in ids if isinstance(ids, list) else ():
            if isinstance(text, str) and re.fullmatch(
                rf"{OURS}[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}", text
            ):
                yield UUID(text.removeprefix(OURS))
