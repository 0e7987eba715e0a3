"""The Things Stack's uplink message, held against its protobuf, its normalised payload's schema and a client of its users."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ttn_client.parsers import ttn_parse

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.the_things_stack import TheThingsStack
from gateway.formats.ttn_normalised import NUMBERS, normalised_payload
from gateway.model import Answer, Eui64, FskRate, Item, Json, Request, Verdict
from tests.formats.items import DEV_EUI, HEARD_AT, converse, item
from tests.formats.lorawan_stack_messages import parsed
from tests.formats.test_chirpstack import heard

VECTORS = Path(__file__).parent.parent / "vectors" / "the_things_stack"
SCHEMA = json.loads((VECTORS / "normalized-payload.schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def only(platform: TheThingsStack, one: Item) -> tuple[Request, dict[str, Any]]:
    [[request]], receipt = converse(platform, [one], Answer(verdict=Verdict.TAKEN, status=0))
    assert receipt.accepted == {one.row}
    return request, json.loads(request.body)


def empties(value: Json, path: str = "") -> list[str]:
    """Return where something is 0, false or empty, which no message of the stack says."""
    if isinstance(value, dict):
        return [place for name, one in value.items() for place in empties(one, f"{path}.{name}")] or (
            [] if value else [path]
        )
    if isinstance(value, list):
        return [place for one in value for place in empties(one, f"{path}[]")] or ([] if value else [path])
    return [] if value else [path]


# ── words ──


def test_the_stacks_protobuf_reads_all_that_was_heard() -> None:
    one = heard(fields={"temperature": 21.5, "door": {"open": True}})
    one = replace(one, device=replace(one.device, join_eui=Eui64("70b3d57ed0000001")))

    request, message = only(TheThingsStack(application="bad@ttn", ids={DEV_EUI: "torget-1"}), one)

    up = parsed(request.body)
    ids = up.end_device_ids
    assert (ids.device_id, ids.application_ids.application_id) == ("torget-1", "bad")
    assert (ids.dev_eui, ids.join_eui, ids.dev_addr) == (DEV_EUI.upper(), "70B3D57ED0000001", "01020304")
    assert list(up.correlation_ids) == [f"as:up:{one.uplink.id}"]
    uplink = up.uplink_message
    assert (uplink.f_port, uplink.f_cnt, uplink.frm_payload, uplink.confirmed) == (5, 1, b"\x01\x67\x00\xd7", True)
    assert message["uplink_message"]["decoded_payload"] == {"temperature": 21.5, "door": {"open": True}}
    at = (HEARD_AT + timedelta(seconds=1)).replace(tzinfo=None)
    assert up.received_at.ToDatetime() == uplink.received_at.ToDatetime() == at
    best, other = uplink.rx_metadata
    assert (best.gateway_ids.gateway_id, best.gateway_ids.eui) == ("eui-aa555a0000000001", "AA555A0000000001")
    assert (round(best.rssi, 1), best.snr, best.channel_index, best.antenna_index) == (-80.6, 9.5, 2, 1)
    assert (best.location.latitude, best.location.longitude, best.location.altitude) == (62.39, 17.31, 45)
    assert (best.timestamp, best.time.ToDatetime()) == (3_000_000_000, HEARD_AT.replace(tzinfo=None))
    assert other.snr == -7.25
    lora = uplink.settings.data_rate.lora
    assert (lora.bandwidth, lora.spreading_factor, lora.coding_rate) == (125_000, 12, "4/5")
    assert message["uplink_message"]["settings"]["frequency"] == "868100000"
    assert uplink.network_ids.tenant_id == "ttn"


def test_what_is_zero_false_or_empty_is_left_out() -> None:
    nothing = heard(f_cnt=0, confirmed=False, payload=b"", activation="behind")
    nothing = replace(nothing, observations=())

    _, message = only(TheThingsStack(), nothing)

    uplink = message["uplink_message"]
    assert not {"f_cnt", "confirmed", "frm_payload", "normalized_payload", "network_ids"} & uplink.keys()
    assert not {"dev_addr", "join_eui"} & message["end_device_ids"].keys()
    assert empties({name: one for name, one in uplink.items() if name != "decoded_payload"}) == []


def test_an_fsk_uplink_is_said_as_one() -> None:
    one = heard()
    best = replace(one.uplink.receptions[0], data_rate=FskRate(50_000))

    request, _ = only(TheThingsStack(), replace(one, uplink=replace(one.uplink, receptions=(best,))))

    assert parsed(request.body).uplink_message.settings.data_rate.fsk.bit_rate == 50_000


def test_a_client_of_the_stacks_users_reads_the_decoded_fields_with_their_time() -> None:
    one = heard(fields={"temperature": 21.5, "door": {"open": True}})

    _, message = only(TheThingsStack(ids={DEV_EUI: "torget-1"}), one)

    values = ttn_parse(message)
    assert {name: value.value for name, value in values.items()} == {"temperature": 21.5, "door_open": True}
    assert {value.device_id for value in values.values()} == {"torget-1"}
    assert {value.received_at for value in values.values()} == {one.uplink.heard_at.utc}


# ── the normalised payload ──


@pytest.mark.parametrize("value", [0, 1, -10, 359.9, 360, 1e7])
@pytest.mark.parametrize("quantity", sorted(name for name, known in QUANTITIES.items() if known.ttn_path))
def test_what_is_normalised_validates_whatever_was_measured(quantity: str, value: float) -> None:
    known = QUANTITIES[quantity]
    stated = bool(value) if known.value_type is ValueType.BOOLEAN else value
    one = item(Reading(quantity, stated, known.unit))

    said = normalised_payload(one.observations)

    assert list(VALIDATOR.iter_errors(said)) == []
    assert len(said) <= 1


@pytest.mark.parametrize("quantity", sorted(name for name, known in QUANTITIES.items() if known.ttn_path))
def test_every_quantity_that_it_has_a_word_for_is_normalised_with_its_time(quantity: str) -> None:
    known = QUANTITIES[quantity]
    stated: float = True if known.value_type is ValueType.BOOLEAN else 950
    if NUMBERS.get(known.ttn_path) and known.ttn_path != "air.pressure":
        stated = 10

    [said] = normalised_payload(item(Reading(quantity, stated, known.unit)).observations)

    found: Json = said
    for name in known.ttn_path.split("."):
        found = found[name]
    assert said["time"] == "2026-03-01T12:00:01.123456Z"
    assert found in (stated, "open", stated * 1000, stated * 10)


def test_litres_and_decisiemens_are_what_it_counts_in() -> None:
    [said] = normalised_payload(
        item(Reading("water_volume", 1.5, "m3"), Reading("soil_conductivity", 0.05, "S/m")).observations
    )

    assert said["metering"] == {"water": {"total": 1500}}
    assert said["soil"] == {"ec": 0.5}


def test_each_time_and_channel_is_a_measurement_of_its_own() -> None:
    earlier = HEARD_AT - timedelta(hours=1)
    readings = [
        Reading("air_temperature", 1, "Cel", None, earlier),
        Reading("air_temperature", 2, "Cel"),
        Reading("relative_humidity", 3, "%"),
        Reading("soil_moisture", 4, "%", "depth_20cm"),
        Reading("soil_moisture", 5, "%", "depth_40cm"),
        Reading("door_open", True),
        Reading("window_open", False),
    ]

    said = normalised_payload(item(*readings).observations)

    assert [{name: one for name, one in each.items() if name != "time"} for each in said] == [
        {"air": {"temperature": 1}},
        {"air": {"temperature": 2, "relativeHumidity": 3}, "action": {"contactState": "open"}},
        {"soil": {"moisture": 4}},
        {"soil": {"moisture": 5}},
        {"action": {"contactState": "closed"}},
    ]
    assert said[0]["time"] == "2026-03-01T11:00:00.123456Z"
    assert list(VALIDATOR.iter_errors(said)) == []


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_of_the_vocabulary_is_said(quantity: str) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1

    request, message = only(TheThingsStack(), item(Reading(quantity, value, known.unit)))

    [said] = message["uplink_message"]["decoded_payload"]["observations"]
    assert (said["quantity"], said["value"], said["unit"]) == (quantity, value, known.unit)
    parsed(request.body)


# ── options ──


def test_topics_are_those_of_the_stack_and_devices_are_named_as_it_names_them() -> None:
    one = item(Reading("co2", 1, "[ppm]"))

    assert only(TheThingsStack(application="bad@ttn"), one)[0].target == f"v3/bad@ttn/devices/eui-{DEV_EUI}/up"
    assert only(TheThingsStack(ids={DEV_EUI: "torget-1"}), one)[0].target == "v3/brygga/devices/torget-1/up"
    assert only(TheThingsStack(topic="/hook/{device}"), one)[0].target == f"/hook/eui-{DEV_EUI}"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"application": "Bad"}, "application: 'Bad' is no id there"),
        ({"application": "a--b"}, "application: 'a--b' is no id there"),
        ({"ids": {DEV_EUI: "Torget 1"}}, "ids: 'Torget 1' is no id there; 3 to 36"),
        ({"ids": {DEV_EUI: "x" * 37}}, "is no id there"),
        ({"ids": {"a8": "torget-1"}}, "ids: 'a8' is no DevEUI"),
        ({"object": "all"}, "object: 'all' is none of"),
        ({"topic": "v3/{app}"}, "topic: {app} is none of {application}"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{")):
        TheThingsStack(**options)
