"""Netmore's uplinks, as its platform pushes them: one object or a list of them.

    {"devEui": "70b3d57ed0000001", "sensorType": "elt_2_hp", "messageType": "payload", "timestamp": "2026-09-04T17:46:43.079435Z",
     "payload": "0100910262070e38", "fCntUp": 76533, "fPort": "5", "freq": 867300000, "dr": 5, "spreadingFactor": "7", "rssi": "-87",
     "snr": "11", "gatewayIdentifier": "773", "latitude": 67.8, "longitude": 11.7, …}

Source: "Netmore Cloud Control sample application" (github.com/netmoregroup/netmore-mqtt-sample, Readme.md, "Payload sample"), which shows
the object whole; its MQTT topics carry the same as `v` of a SenML record. Numbers come as texts or as numbers. An uplink has no id:
device, `fCntUp` and `timestamp` tell it from all others.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from gateway.model import FromServer, Json, Place, Reception, ServerUplink
from gateway.sources.chirpstack_gateway.scalars import number, whole
from gateway.sources.network_server import reading
from gateway.sources.network_server.bad_event import BadEvent, BadEventReason
from gateway.sources.network_server.reading import Circumstances

PAYLOAD: Final = "payload"  # messageType of an uplink
WIDE: Final = 6  # the data rate of 250 kHz (RP002, EU863-870); all below have 125 kHz
BANDWIDTHS_HZ: Final = (125_000, 250_000)


def read(octets: bytes, about: Circumstances) -> Iterator[FromServer | BadEvent]:
    """Yield the uplinks of a push, a BadEvent in the place of one that is wrong; raise BadEvent and nothing else."""
    said = reading.json_of(octets)
    for one in said if isinstance(said, list) else [said]:
        try:
            yield from _told(one, about)
        except BadEvent as bad:
            yield bad


def _told(one: Json, about: Circumstances) -> Iterator[FromServer]:
    if not isinstance(one, dict):
        raise BadEvent(BadEventReason.SHAPE, "an object, or a list of objects, is expected")
    inner = one.get("v") if one.get("n") == "raw" else one  # as a SenML record has it
    if not isinstance(inner, dict) or "devEui" not in inner:
        raise BadEvent(BadEventReason.SHAPE, "devEui is expected")
    if inner.get("messageType", PAYLOAD) == PAYLOAD:
        yield _uplink(inner, about)


def _uplink(said: Mapping[str, Json], about: Circumstances) -> ServerUplink:
    f_cnt, time = reading.counter(said.get("fCntUp")), said.get("timestamp")
    f_port = reading.port(said.get("fPort"))
    return ServerUplink(
        source=about.source,
        id=reading.id_of(f"{f_cnt}/{time}"),
        dev_eui=reading.dev_eui(said.get("devEui")),
        dev_addr=reading.dev_addr(said.get("devAddr")),
        f_cnt=f_cnt,
        f_port=f_port,
        payload=reading.hex_of(said.get("payload")) if f_port else b"",
        confirmed=said.get("ack") is True,
        adr=False,  # not told
        receptions=_receptions(said),
        server_time=reading.time_of(time),
        heard_at=about.heard_at,
        decoded=None,  # its own decoding goes another way
    )


def _receptions(said: Mapping[str, Json]) -> tuple[Reception, ...]:
    """Return how the best gateway heard it."""
    bandwidth_hz = BANDWIDTHS_HZ[whole(said.get("dr"), 15) == WIDE]
    frequency_hz, rate = whole(said.get("freq"), 10**10), reading.lora_rate(said.get("spreadingFactor"), bandwidth_hz)
    gateway, rssi_dbm = reading.gateway_id(said.get("gatewayIdentifier")), number(said.get("rssi"), 300)
    if not frequency_hz or rate is None or gateway is None or rssi_dbm is None:
        return ()
    latitude, longitude = number(said.get("latitude"), 90), number(said.get("longitude"), 180)
    best = Reception(
        gateway=gateway,
        frequency_hz=frequency_hz,
        data_rate=rate,
        rssi_dbm=rssi_dbm,
        snr_db=number(said.get("snr"), 100),
        place=None if not latitude or not longitude else Place(latitude, longitude),
    )
    return (best,)
