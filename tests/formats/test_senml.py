"""SenML: what an independent reader makes of our packs, and what answers mean."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

import cbor2
import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.senml import PRIMARY, SECONDARY, SenMl
from gateway.model import Answer, Device, Entity, Item, Request, Verdict
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, SUNDSVALL, converse, eui, item
from tests.formats.senml_reader import read, resolve

VECTORS = Path(__file__).parent.parent / "vectors" / "senml" / "rfc8428.json"
EXAMPLES = json.loads(VECTORS.read_text(encoding="utf-8"))["examples"]
BASE = f"urn:dev:mac:{DEV_EUI}:"
AT = round(HEARD_AT.timestamp(), 3) + 1  # row 1 is heard one second later

Encoding = Literal["json", "cbor"]
ENCODINGS: tuple[Encoding, ...] = ("json", "cbor")


def only(platform: SenMl, one: Item) -> Request:
    waves, receipt = converse(platform, [one])
    assert receipt.accepted == {one.row}
    [[request]] = waves
    return request


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda one: one["section"])
def test_the_reader_reads_what_the_rfc_says(example: dict[str, Any]) -> None:
    expected = [tuple(one) for one in example["resolved"]]

    assert resolve(example["json"]) == expected
    if "cbor" in example:
        assert resolve(read(bytes.fromhex("".join(example["cbor"])), "application/senml+cbor")) == expected


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_pack_says_device_time_uplink_and_readings_in_primary_units(encoding: Encoding) -> None:
    heard = item(
        Reading("air_temperature", -0.5, "Cel"),
        Reading("atmospheric_pressure", 1013.2, "hPa"),
        Reading("co2", 612, "[ppm]"),
        Reading("soil_moisture", 35, "%", "depth 20cm"),
        Reading("door_open", True),
        Reading("battery_voltage", 3612, "mV"),
        Reading("radon", 70, "Bq/m3"),
    )

    request = only(SenMl(encoding=encoding), heard)

    assert request.content_type == f"application/senml+{encoding}"
    assert request.target == f"brygga/{DEV_EUI}/senml"
    assert request.headers == {"uplink": str(heard.uplink.id)}
    assert resolve(read(request.body, request.content_type)) == [
        (BASE + "uplink", "", AT, str(heard.uplink.id)),
        (BASE + "air_temperature", "Cel", AT, -0.5),
        (BASE + "atmospheric_pressure", "Pa", AT, 101320),
        (BASE + "co2", "/", AT, 0.000612),
        (BASE + "soil_moisture/depth-20cm", "/", AT, 0.35),
        (BASE + "door_open", "", AT, True),
        (BASE + "battery_voltage", "V", AT, 3.612),
        (BASE + "radon", "", AT, 70),
    ]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_secondary_units_are_announced_by_the_base_version(encoding: Encoding) -> None:
    heard = item(Reading("atmospheric_pressure", 1013.2, "hPa"), Reading("co2", 612, "[ppm]"))

    request = only(SenMl(encoding=encoding, units="secondary"), heard)

    records = read(request.body, request.content_type)
    assert records[0]["bver"] == 26
    assert [(one.get("u"), one["v"]) for one in records[1:]] == [("hPa", 1013.2), ("ppm", 612)]


def test_primary_units_need_no_base_version() -> None:
    records = read(only(SenMl(), item(Reading("co2", 612, "[ppm]"))).body, "application/senml+json")

    assert "bver" not in records[0]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_reading_with_its_own_time_says_so(encoding: Encoding) -> None:
    heard = item(
        Reading("air_temperature", 20.0, "Cel", None, HEARD_AT - timedelta(hours=2)),
        Reading("air_temperature", 21.0, "Cel", None, HEARD_AT - timedelta(minutes=10, milliseconds=5)),
    )

    request = only(SenMl(encoding=encoding), heard)

    times = [time for _, _, time, _ in resolve(read(request.body, request.content_type))]
    assert times == [AT, AT - 7201, round(AT - 601.005, 3)]


def test_cbor_uses_integer_labels_and_is_smaller() -> None:
    heard = item(Reading("air_temperature", 21.5, "Cel"), Reading("relative_humidity", 41, "%"))

    as_json, as_cbor = only(SenMl(), heard).body, only(SenMl(encoding="cbor"), heard).body

    assert cbor2.loads(as_cbor)[1] == {0: "air_temperature", 1: "Cel", 2: 21.5}
    assert len(as_cbor) < 0.8 * len(as_json)


@pytest.mark.parametrize("units", ["primary", "secondary"])
@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_of_the_vocabulary_can_be_said(quantity: str, units: Literal["primary", "secondary"]) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1
    heard = item(Reading(quantity, value, known.unit))

    request = only(SenMl(units=units), heard)

    [_, (name, unit, _, _)] = resolve(read(request.body, request.content_type))
    assert name == BASE + quantity
    assert unit in ({"", *PRIMARY} if units == "primary" else {"", *PRIMARY, *SECONDARY})
    assert bool(unit) == bool(known.senml_unit)


def test_dbm_goes_out_as_dbw_in_primary_units() -> None:
    request = only(SenMl(), item(Reading("rssi", -97, "dB{mW}")))

    assert resolve(read(request.body, request.content_type))[1][1:] == ("dBW", AT, -127)


def test_topic_and_base_name_are_templates_and_names_stay_names() -> None:
    device = Device(dev_eui=DEV_EUI, name="Torget/norr +1", entity=Entity("WeatherObserved", "torget-1"))
    platform = SenMl(topic="city/{entity_type}/{entity}/{device}", base_name="urn:dev:ops:32473-{device}:")

    request = only(platform, item(Reading("air_temperature", 1.0, "Cel"), device=device))

    assert request.target == "city/WeatherObserved/torget-1/Torget_norr _1"
    assert read(request.body, request.content_type)[0]["bn"] == "urn:dev:ops:32473-Torget/norr--1:"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"encoding": "xml"}, "encoding: 'xml' is neither"),
        ({"units": "imperial"}, "units: 'imperial' is neither"),
        ({"topic": "brygga/{deveui}"}, "topic: {deveui} is none of {dev_eui}"),
        ({"topic": "brygga/{dev_eui"}, "topic: "),
        ({"topic": "brygga/+/x"}, "wildcard"),
        ({"base_name": "_{dev_eui}"}, "base_name: '_{dev_eui}' begins"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words.replace("{", r"\{")):
        SenMl(**options)


def test_all_packs_go_side_by_side_and_each_answer_decides_its_row() -> None:
    batch = [item(Reading("air_temperature", 1.0, "Cel"), row=row) for row in range(1, 6)]
    answers = {
        0: Answer(verdict=Verdict.TAKEN, status=0),
        1: Answer(verdict=Verdict.REFUSED, status=0x99, detail="0x99 Payload format invalid"),
        2: Answer(verdict=Verdict.LATER, status=0x97, detail="0x97 Quota exceeded", retry_after=timedelta(seconds=7)),
        3: Answer(verdict=Verdict.UNCLEAR, status=0),
        4: Answer(verdict=Verdict.TAKEN, status=0x10),
    }

    waves, receipt = converse(SenMl(), batch, answers)

    assert [len(wave) for wave in waves] == [5]
    assert receipt.accepted == {1, 5}
    assert receipt.refused == {2: "0x99 Payload format invalid"}
    assert receipt.undecided == {3: "0x97 Quota exceeded", 4: "unclear"}
    assert receipt.retry_after == timedelta(seconds=7)
    assert receipt.warnings == ("the broker took it, and nobody subscribes to the topic (0x10)",)


def test_an_uplink_without_observations_is_accepted_and_said_so() -> None:
    waves, receipt = converse(SenMl(), [item()])

    assert waves == []
    assert receipt.accepted == {1}
    assert receipt.warnings == ("an uplink held no observation: nothing was sent of it",)


def test_a_repetition_says_the_same_octets() -> None:
    heard = item(Reading("co2", 612, "[ppm]"), device=replace(DEVICE, dev_eui=eui(7), place=SUNDSVALL))

    assert only(SenMl(), heard) == only(SenMl(), heard)
