"""ChirpStack's up event, held against ChirpStack's own protobuf and against what diwise reads at its MQTT door."""

from __future__ import annotations

import json
from base64 import b64decode
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from chirpstack_api.integration import integration_pb2  # type: ignore[import-untyped]  # it says no py.typed
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.chirpstack import ChirpStack
from gateway.formats.network_server import data_rate_index
from gateway.model import (
    Answer,
    DataRate,
    Device,
    Eui64,
    FskRate,
    Item,
    LoraRate,
    Place,
    Reception,
    Request,
    Verdict,
)
from simulators.platforms import diwise_facade
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, item

ROOF = Place(62.39, 17.31, 45.0)


def heard(*, fields: dict[str, Any] | None = None, **uplink: Any) -> Item:
    """Return an uplink with a payload, heard by two gateways, whose decoder states ``fields``."""
    one = item(Reading("air_temperature", 21.5, "Cel"), device=replace(DEVICE, name="Torget", tags=frozenset({"city"})))
    receptions = (
        Reception(
            gateway=Eui64("aa555a0000000001"),
            frequency_hz=868_100_000,
            data_rate=LoraRate(12, 125_000),
            rssi_dbm=-80.6,
            snr_db=9.5,
            timestamp_us=3_000_000_000,
            channel=2,
            antenna=1,
            gateway_time=HEARD_AT,
            place=ROOF,
        ),
        replace(one.uplink.receptions[0], gateway=Eui64("aa555a0000000002"), rssi_dbm=-120, snr_db=-7.25),
    )
    known = {"payload": b"\x01\x67\x00\xd7", "receptions": receptions, "confirmed": True, **uplink}
    decoded = Decoded(one.decoded.readings, fields or {})
    return replace(one, uplink=replace(one.uplink, **known), decoded=decoded)


def only(platform: ChirpStack, one: Item) -> tuple[Request, dict[str, Any]]:
    [[request]], receipt = converse(platform, [one], Answer(verdict=Verdict.TAKEN, status=0))
    assert receipt.accepted == {one.row}
    return request, json.loads(request.body)


def parsed(body: bytes) -> integration_pb2.UplinkEvent:
    """Read an event as ChirpStack's own API does: a name or a type that it does not know is an error."""
    return json_format.Parse(body, integration_pb2.UplinkEvent())


# ── words ──


def test_chirpstacks_protobuf_reads_all_that_was_heard() -> None:
    platform = ChirpStack(application="5c8f", application_name="Bad", tenant="t-1", tenant_name="Sundsvall")
    one = heard(fields={"temperature": 21.5, "alarms": ["low"], "door": {"open": True}})

    event = parsed(only(platform, one)[0].body)

    assert event.deduplication_id == str(one.uplink.id)
    assert event.time.ToNanoseconds() == round((HEARD_AT + timedelta(seconds=1)).timestamp() * 1_000_000) * 1000
    info = event.device_info
    assert (info.tenant_id, info.tenant_name) == ("t-1", "Sundsvall")
    assert (info.application_id, info.application_name) == ("5c8f", "Bad")
    assert (info.dev_eui, info.device_name, dict(info.tags)) == (DEV_EUI, "Torget", {"city": "true"})
    assert (event.dev_addr, event.adr, event.dr, event.f_cnt, event.f_port) == ("01020304", True, 0, 1, 5)
    assert (event.confirmed, event.data) == (True, b"\x01\x67\x00\xd7")
    assert json_format.MessageToDict(event.object) == {"temperature": 21.5, "alarms": ["low"], "door": {"open": True}}
    best, other = event.rx_info
    assert (best.gateway_id, best.rssi, best.snr, best.channel, best.antenna) == ("aa555a0000000001", -81, 9.5, 2, 1)
    assert (best.location.latitude, best.location.longitude, best.location.altitude) == (62.39, 17.31, 45.0)
    assert (best.gw_time.ToDatetime(), best.ns_time.ToDatetime()) == (
        HEARD_AT.replace(tzinfo=None),
        (HEARD_AT + timedelta(seconds=1)).replace(tzinfo=None),
    )
    assert int.from_bytes(best.context, "big") == 3_000_000_000
    assert (other.gateway_id, other.rssi, other.snr) == ("aa555a0000000002", -120, -7.25)
    lora = event.tx_info.modulation.lora
    assert (event.tx_info.frequency, lora.bandwidth, lora.spreading_factor) == (868_100_000, 125_000, 12)
    assert json_format.MessageToDict(event)["txInfo"]["modulation"]["lora"]["codeRate"] == "CR_4_5"
    assert event.region_config_id == "eu868"


def test_the_events_own_fields_are_there_when_they_are_zero_as_chirpstack_emits_them() -> None:
    nothing = heard(f_cnt=0, f_port=0, confirmed=False, adr=False, payload=b"", activation="behind")

    _, event = only(ChirpStack(), nothing)

    message = FieldDescriptor.TYPE_MESSAGE
    fields = integration_pb2.UplinkEvent.DESCRIPTOR.fields
    assert {one.json_name for one in fields if one.type != message or one.is_repeated} <= event.keys()
    info = integration_pb2.DeviceInfo.DESCRIPTOR.fields
    assert {one.json_name for one in info} == event["deviceInfo"].keys()
    assert (event["fCnt"], event["confirmed"], event["data"], event["devAddr"]) == (0, False, "", "")


@pytest.mark.parametrize(
    ("region", "rate", "index"),
    [
        ("eu868", LoraRate(12, 125_000), 0),
        ("eu868", LoraRate(7, 125_000), 5),
        ("eu868", LoraRate(7, 250_000), 6),
        ("eu868", FskRate(50_000), 7),
        ("as923_2", LoraRate(10, 125_000), 2),
        ("us915_0", LoraRate(10, 125_000), 0),
        ("us915_0", LoraRate(8, 500_000), 4),
        ("au915_1", LoraRate(8, 500_000), 6),
    ],
)
def test_data_rates_have_their_regions_numbers(region: str, rate: DataRate, index: int) -> None:
    assert data_rate_index(region, rate) == index


def test_an_fsk_uplink_is_said_as_one() -> None:
    one = heard()
    best = replace(one.uplink.receptions[0], data_rate=FskRate(50_000))

    request, _ = only(ChirpStack(), replace(one, uplink=replace(one.uplink, receptions=(best,))))

    assert parsed(request.body).tx_info.modulation.fsk.datarate == 50_000


def test_a_decoder_without_fields_gives_observations_with_unit_and_time() -> None:
    earlier = HEARD_AT - timedelta(hours=1)
    one = item(Reading("soil_moisture", 35, "%", "depth_20cm", earlier), Reading("door_open", True))

    request, event = only(ChirpStack(), one)

    first, second = event["object"]["observations"]
    assert {name: first[name] for name in ("quantity", "value", "unit", "channel", "time")} == {
        "quantity": "soil_moisture",
        "value": 35,
        "unit": "%",
        "channel": "depth_20cm",
        "time": "2026-03-01T11:00:00.123456Z",
    }
    assert (second["quantity"], second["value"]) == ("door_open", True)
    parsed(request.body)


@pytest.mark.parametrize(
    ("what", "keys"), [("fields", {"t"}), ("observations", {"observations"}), ("both", {"t", "observations"})]
)
def test_the_object_is_what_the_option_says(what: Any, keys: set[str]) -> None:
    _, event = only(ChirpStack(object=what), heard(fields={"t": 1}))

    assert event["object"].keys() == keys


def test_a_field_that_is_no_number_is_null_and_the_rest_goes_on() -> None:
    request, event = only(ChirpStack(), heard(fields={"t": float("nan"), "u": [float("inf"), 1]}))

    assert event["object"] == {"t": None, "u": [None, 1]}
    parsed(request.body)


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_of_the_vocabulary_is_said_and_can_be_read(quantity: str) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1

    request, event = only(ChirpStack(), item(Reading(quantity, value, known.unit)))

    [said] = json_format.MessageToDict(parsed(request.body).object)["observations"]
    assert (said["quantity"], said["value"], said["unit"]) == (quantity, value, known.unit)
    assert diwise_facade.read("up", request.body).object == event["object"]


def test_topics_and_paths_are_those_of_chirpstack() -> None:
    device = Device(dev_eui=DEV_EUI, name="Torget/norr +1")
    one = item(Reading("co2", 1, "[ppm]"), device=device)

    assert only(ChirpStack(application="5c8f"), one)[0].target == f"application/5c8f/device/{DEV_EUI}/event/up"
    assert only(ChirpStack(topic="a/{device}/up"), one)[0].target == "a/Torget_norr _1/up"
    assert only(ChirpStack(topic="/in?event=up"), one)[0].target == "/in?event=up"
    assert only(ChirpStack(), one)[0].headers == {"uplink": str(one.uplink.id)}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"region": "eu686"}, "region: 'eu686' is none of as923, eu433, eu868, us915, au915"),
        ({"object": "all"}, "object: 'all' is none of 'fields', 'observations', 'both'"),
        ({"application": ""}, "application: is empty"),
        ({"topic": "a/{app}"}, "topic: {app} is none of {application}"),
        ({"topic": "a/+/b"}, "topic: 'a/.*' holds a wildcard"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{")):
        ChirpStack(**options)


# ── answers ──


def test_each_answer_decides_its_event() -> None:
    batch = [item(Reading("co2", row, "[ppm]"), row=row) for row in (1, 2, 3)]
    answers = {
        0: Answer(verdict=Verdict.TAKEN, status=0),
        1: Answer(verdict=Verdict.REFUSED, status=0x99, detail="0x99 Payload format invalid"),
        2: Answer(verdict=Verdict.UNCLEAR, status=0, detail="no answer in 10 s"),
    }

    _, receipt = converse(ChirpStack(), batch, answers)

    assert receipt.accepted == {1}
    assert receipt.refused == {2: "0x99 Payload format invalid"}
    assert list(receipt.undecided) == [3]


def test_a_repetition_says_the_same_octets() -> None:
    one = heard(fields={"b": 1, "a": 2})

    assert only(ChirpStack(), one)[0] == only(ChirpStack(), one)[0]


# ── diwise's MQTT door ──


def test_diwise_keeps_the_time_of_the_event_and_reads_data_and_object() -> None:
    one = heard(fields={"temperature": 21.5})

    read = diwise_facade.read("up", only(ChirpStack(), one)[0].body)

    assert read == diwise_facade.Event(
        DEV_EUI, one.uplink.heard_at.utc, 5, b64decode("AWcA1w=="), {"temperature": 21.5}
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"rxInfo": [{"rssi": -80.5}]}, "rxInfo\\[\\].rssi: -80.5 is no whole number"),
        ({"deviceInfo": {}}, "the sensor's id is missing"),
        ({"deviceInfo": {"devEui": "a", "tags": {"x": 1}}}, "deviceInfo.tags"),
        ({"data": "", "object": None}, "the payload contains no data"),
        ({"data": "x"}, "data: "),
    ],
)
def test_the_facade_refuses_what_go_could_not_read(change: dict[str, Any], words: str) -> None:
    _, event = only(ChirpStack(), heard())

    with pytest.raises(diwise_facade.Unprocessable, match=words):
        diwise_facade.read("up", json.dumps({**event, **change}).encode())
