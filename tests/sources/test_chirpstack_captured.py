"""What Gateway Bridge v3 and v4 and MQTT Forwarder published when they were run: understood, and refused when it is cut short."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.model import Eui64, Json, LoraRate, TxResult
from gateway.sources.chirpstack_gateway import protobuf, words
from gateway.sources.chirpstack_gateway.bad_event import BadEvent
from gateway.sources.chirpstack_gateway.mqtt import PROTOBUF_OF
from gateway.sources.chirpstack_gateway.order import read_number, read_result
from gateway.sources.chirpstack_gateway.reading import Generation, named_gateway, read_online, read_stats, read_uplink
from gateway.sources.chirpstack_gateway.topics import Kind, Topics

CAPTURED: list[dict[str, str]] = [
    json.loads(line)
    for line in (Path(__file__).parent.parent / "vectors" / "chirpstack" / "captured_gateways.jsonl")
    .read_text(encoding="utf-8")
    .splitlines()
]
GATEWAY = Eui64("0016c001f153a14c")
RUNS = sorted({(one["program"], one["form"]) for one in CAPTURED})


def octets(one: dict[str, str]) -> bytes:
    return one["body"].encode() if one["form"] == "json" else bytes.fromhex(one["body"])


def kind(one: dict[str, str]) -> Kind:
    found = Topics("eu868").read(one["topic"])
    assert found is not None
    return found[1]


def read(of: Kind, body: bytes) -> dict[str, Json]:
    return words.read(body) if words.is_json(body) else protobuf.read(PROTOBUF_OF[of], body)


def said(program: str, form: str, of: Kind) -> Iterator[dict[str, Json]]:
    for one in CAPTURED:
        if (one["program"], one["form"]) == (program, form) and kind(one) is of:
            yield read(of, octets(one))


@pytest.mark.parametrize(("program", "form"), RUNS)
def test_the_same_packet_is_the_same_frame(program: str, form: str) -> None:
    (frame,) = said(program, form, Kind.UP)

    heard = read_uplink(frame, gateway=GATEWAY, source="radio")

    one = heard.reception
    assert heard.phy_payload == bytes.fromhex("40DA1B260180010001020304")
    assert heard.generation is (Generation.V3 if "v3" in program else Generation.V4)
    assert heard.in_kilohertz is ("v3" in program)
    assert (one.gateway, one.frequency_hz, one.data_rate) == (GATEWAY, 868_100_000, LoraRate(7, 125_000))
    assert (one.rssi_dbm, one.snr_db, one.channel) == (-57.0, 9.2, 2)
    assert (one.gateway_time, one.fine_time_ns) == (datetime(2026, 3, 1, 12, 0, 0, 250_000, UTC), 250_000_123)
    assert one.timestamp_us == int.from_bytes(one.context[2:], "big")


@pytest.mark.parametrize(("program", "form"), RUNS)
def test_statistics_state_and_acknowledgements_are_understood(program: str, form: str) -> None:
    (stats,) = said(program, form, Kind.STATS)
    acks = [*said(program, form, Kind.ACK)]
    states = [*said(program, form, Kind.CONNECTION)]

    place = read_stats(stats).place

    assert place is not None
    assert (place.latitude, place.longitude, place.altitude_m) == (57.7, 11.97, 10.0)
    assert [read_result(one) for one in acks] == [TxResult.SENT, TxResult.COLLISION_PACKET]
    assert len({read_number(one) for one in acks} - {None}) == 2
    assert [read_online(one) for one in states] == [True, False]
    assert {named_gateway(one) for one in (stats, *acks, *states)} == {GATEWAY}


@pytest.mark.parametrize("one", CAPTURED, ids=lambda one: f"{one['program']} {one['form']} {one['topic'][-9:]}")
def test_what_is_cut_short_is_read_or_refused(one: dict[str, str]) -> None:
    whole, outcomes = octets(one), []
    for length in range(len(whole)):
        try:
            part = read(kind(one), whole[:length])
            if kind(one) is Kind.UP:
                read_uplink(part, gateway=GATEWAY, source="radio")
        except BadEvent as error:
            outcomes.append(error.reason)

    assert outcomes
