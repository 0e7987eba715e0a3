"""Ids, entities and observations in SensorThings' words (OGC 15-078r6 and 18-088)."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.catalogue import make
from gateway.formats.sensorthings import SensorThings, SensorThingsMqtt, refs
from gateway.formats.sensorthings.entities import datastream, feature, thing, unit_of_measurement
from gateway.model import Answer, Entity, Place, Request, Verdict
from simulators.platforms.sensorthings_rules import check
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, item
from tests.formats.sensorthings_line import of_every_quantity


def creations(*items: Any, **options: Any) -> list[tuple[str, Any]]:
    """Return what a server without anything in it is sent, by collection."""
    numbers = iter(range(1, 10_000))

    def answer(request: Request) -> Answer:
        if request.method == "GET":
            return Answer(verdict=Verdict.TAKEN, status=200, body=b'{"value":[]}')
        if request.target.endswith("CreateObservations"):
            rows = sum(len(group["dataArray"]) for group in json.loads(request.body))
            return Answer(verdict=Verdict.TAKEN, status=201, body=json.dumps(["link"] * rows).encode())
        link = f"http://sta.example{request.target}({next(numbers)})"
        return Answer(verdict=Verdict.TAKEN, status=201, headers={"Location": link})

    waves, receipt = converse(SensorThings(**options), items, answer)
    assert receipt.undecided == receipt.refused == {}
    return [
        (request.target.rsplit("/", 1)[-1], json.loads(request.body))
        for wave in waves
        for request in wave
        if request.method == "POST"
    ]


@pytest.mark.parametrize(
    ("link", "ref", "iot_id"),
    [
        ("http://sta.example/v1.1/Things(3)", "3", 3),
        ("http://sta.example/v1.1/Things('01a2150b-89ea')/", "'01a2150b-89ea'", "01a2150b-89ea"),
        ("Things(%27it%27%27s%20(1)%27)", "'it''s (1)'", "it's (1)"),
        ("http://sta.example/v1.1/Things(01a2150b-89ea)", "01a2150b-89ea", "01a2150b-89ea"),
        ("http://sta.example/v1.1/Things('3')", "'3'", "3"),
    ],
)
def test_an_id_is_read_from_a_link_and_named_in_bodies_as_the_server_has_it(link: str, ref: str, iot_id: Any) -> None:
    found = refs.of_link(link)

    assert found == ref
    assert refs.as_id(refs.Ref(ref)) == iot_id


@pytest.mark.parametrize(("iot_id", "path"), [(17, "(17)"), ("it's/ö", "('it''s%2F%C3%B6')")])
def test_an_id_stands_in_a_path_quoted_when_it_is_a_text(iot_id: Any, path: str) -> None:
    assert refs.in_path(refs.of_id(iot_id)) == path


@pytest.mark.parametrize("link", ["", "http://sta.example/v1.1/Things", "http://sta.example/v1.1/Things()"])
def test_a_link_without_an_id_has_none(link: str) -> None:
    assert refs.of_link(link) is None


@pytest.mark.parametrize(("written", "ref"), [(17, "17"), ("17", "17"), ("01a2-b", "'01a2-b'"), ("'17'", "'17'")])
def test_a_person_writes_an_id_as_it_is_shown(written: Any, ref: str) -> None:
    assert refs.of_person(written) == ref


@pytest.mark.parametrize("name", QUANTITIES)
def test_every_quantity_has_a_datastream_that_a_strict_server_takes_with_its_own_unit(name: str) -> None:
    known = QUANTITIES[name]
    links = {"Thing": {"@iot.id": 1}, "Sensor": {"@iot.id": 2}, "ObservedProperty": {"@iot.id": 3}}

    stream = datastream(DEVICE, name, None)
    unit = stream.body["unitOfMeasurement"]

    check("Datastreams", {**stream.body, **links})
    if known.value_type is ValueType.BOOLEAN:
        assert stream.body["observationType"].endswith("OM_TruthObservation")
        assert unit["definition"].endswith("UNITLESS")
    else:
        assert unit["symbol"] == known.unit
        assert unit["definition"] == (known.unit_iri or unit["definition"])
        assert unit["definition"].startswith("http://")


def test_a_unit_that_qudt_has_no_name_for_is_defined_by_ucum() -> None:
    unit = unit_of_measurement(QUANTITIES["soil_nitrogen"])

    assert unit == {"name": "mg/kg", "symbol": "mg/kg", "definition": "http://www.opengis.net/def/uom/UCUM/0/mg%2Fkg"}


def test_all_that_must_be_there_is_made_once_and_in_order() -> None:
    made = creations(*of_every_quantity())
    kinds = [kind for kind, _ in made]

    assert kinds.count("Things") == kinds.count("Sensors") == kinds.count("FeaturesOfInterest") == 1
    assert kinds.count("ObservedProperties") == kinds.count("Datastreams") == len(QUANTITIES)
    assert kinds.index("Datastreams") > max(kinds.index(kind) for kind in ("Things", "Sensors", "ObservedProperties"))
    assert kinds[-1] == "CreateObservations"


def test_a_thing_is_made_together_with_its_location() -> None:
    made = dict(creations(item(Reading("co2", 400, "[ppm]"))))

    assert made["Things"]["name"] == DEV_EUI
    [place] = made["Things"]["Locations"]
    assert place["location"] == {"type": "Point", "coordinates": [17.3063, 62.3908]}
    assert place["encodingType"] == "application/geo+json"


def test_devices_of_one_thing_share_it_and_have_their_own_datastreams() -> None:
    torget = Entity("WeatherObserved", "torget-1")
    one, other = replace(DEVICE, entity=torget), replace(DEVICE, dev_eui=type(DEV_EUI)("00" * 8), entity=torget)

    assert thing(one).identity == thing(other).identity
    assert datastream(one, "co2", None).name == f"torget-1/{DEV_EUI}/co2"
    assert datastream(one, "co2", "2").name != datastream(other, "co2", "2").name


def test_an_observation_has_both_times_its_result_and_its_identity() -> None:
    said = item(Reading("air_temperature", 21.5, "Cel", at=HEARD_AT - timedelta(hours=1)), heard_at=HEARD_AT)

    [group] = dict(creations(said))["CreateObservations"]
    row = dict(zip(group["components"], group["dataArray"][0], strict=True))

    assert group["dataArray@iot.count"] == 1
    assert row["phenomenonTime"] == "2026-03-01T11:00:00.123Z"
    assert row["resultTime"] == "2026-03-01T12:00:00.123Z"
    assert row["result"] == 21.5
    assert row["parameters"] == {"observation": str(said.observations[0].id), "uplink": str(said.uplink.id)}
    assert row["FeatureOfInterest/id"] == 4  # after property, sensor and thing


@pytest.mark.parametrize(
    ("reading", "result"),
    [
        (Reading("door_open", 1), "true"),
        (Reading("people_in", 12.0, "1"), "12"),
        (Reading("air_temperature", 20, "Cel"), "20"),
        (Reading("active_energy_import", 1500, "W.h"), "1.5"),
    ],
)
def test_a_result_is_of_the_type_that_its_datastream_has(reading: Reading, result: str) -> None:
    [group] = dict(creations(item(reading)))["CreateObservations"]

    assert json.dumps(group["dataArray"][0][2]) == result


def test_an_implausible_value_is_delivered_and_marked() -> None:
    [group] = dict(creations(item(Reading("air_temperature", 300, "Cel"))))["CreateObservations"]

    assert group["dataArray"][0][3]["plausibility"] == "implausible"


def test_what_moves_is_observed_where_it_was() -> None:
    made = creations(
        item(
            Reading("latitude", 59.3, "deg"),
            Reading("longitude", 18.1, "deg"),
            Reading("speed", 3, "m/s"),
            device=replace(DEVICE, place=None),
        )
    )

    [feature_of_interest] = [body for kind, body in made if kind == "FeaturesOfInterest"]
    assert feature_of_interest["feature"]["coordinates"] == [18.1, 59.3]
    assert dict(made)["Things"]["Locations"][0]["location"]["coordinates"] == [18.1, 59.3]


def test_a_device_without_a_place_observes_nowhere_and_has_no_location() -> None:
    made = dict(creations(item(Reading("co2", 1, "[ppm]"), device=replace(DEVICE, place=None))))

    assert "Locations" not in made["Things"]
    assert made["FeaturesOfInterest"]["feature"] == {"type": "GeometryCollection", "geometries": []}


def test_features_of_different_places_have_different_names() -> None:
    one, other = Place(62.3908, 17.3063), Place(62.3908, 17.3064)

    assert feature(DEVICE, one).name != feature(DEVICE, other).name


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"path": "v1.1"}, "path: 'v1.1' does not begin with '/'"),
        ({"write": "batch"}, "write: 'batch' is neither 'data_array' nor 'single'"),
        ({"look": "never"}, "look: 'never' is neither"),
        ({"batch": 0}, "batch: 0 observations a request; 1 to 400 is right"),
        ({"ids": {"a8": 1}}, "ids: 'a8' is no DevEUI: 2 hex digits"),
        ({"ids": {DEV_EUI: None}}, f"ids: '{DEV_EUI}': None is no id"),
        ({"ids": ["a"]}, r"ids: a table of ids is expected, not \['a'\]"),
        ({"datastreams": {f"{DEV_EUI}/humidity": 1}}, "'humidity' is no quantity"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        make("sensorthings", options)


@pytest.mark.parametrize(
    ("topic", "words"),
    [
        ("v1.1/Observations", "names its Datastream as {datastream}"),
        ("v1.1/{dev_eui}/{datastream}", "and nothing else"),
        ("v1.1/+/{datastream}", "holds a wildcard"),
        ("v1.1/{", "topic: 'v1.1/{'"),
    ],
)
def test_a_topic_that_cannot_be_is_said(topic: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SensorThingsMqtt(topic=topic)
