"""Templates: values written as where they stand asks for, and what a person wrote wrong said at start."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.naming import milliseconds
from gateway.formats.template import Template
from gateway.formats.template.values import OF_AN_OBSERVATION, OF_AN_UPLINK
from gateway.model import Answer, Device, Entity, Item, Request, Verdict
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, eui, item

NASTY = "a\"b\\c/d+e#f g&h<i>å\n\t\x00{time}%2F,;'="


def requests_of(platform: Template, one: Item) -> list[Request]:
    waves, receipt = converse(platform, [one])
    assert receipt.accepted == {one.row}
    return [request for wave in waves for request in wave]


def only(platform: Template, one: Item) -> Request:
    [request] = requests_of(platform, one)
    return request


def named(name: str) -> Item:
    device = Device(dev_eui=DEV_EUI, name=name, entity=Entity("WeatherObserved", name))
    return item(Reading("air_temperature", 21.5, "Cel"), device=device)


# ── the words ──


def test_the_template_that_comes_with_it_says_every_observation() -> None:
    heard = item(Reading("air_temperature", 21.5, "Cel"), Reading("door_open", True))

    request = only(Template(), heard)

    assert (request.target, request.content_type) == (f"brygga/{DEV_EUI}", "application/json")
    at = "2026-03-01T12:00:01.123Z"
    assert json.loads(request.body) == {
        "id": str(heard.uplink.id),
        "device": DEV_EUI,
        "time": at,
        "observations": [
            {"quantity": "air_temperature", "channel": None, "value": 21.5, "unit": "Cel", "time": at},
            {"quantity": "door_open", "channel": None, "value": True, "unit": "", "time": at},
        ],
    }


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_can_be_said_one_by_one_with_its_own_time(quantity: str) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1
    heard = item(Reading(quantity, value, known.unit, None, HEARD_AT - timedelta(hours=1)))
    body = '{"n":{quantity},"v":{value},"u":{unit},"t":{time.ms}}'

    said = json.loads(only(Template(per="observation", topic="x/{quantity}", body=body), heard).body)

    at = round((HEARD_AT - timedelta(hours=1)).timestamp() * 1000)
    assert said == {"n": quantity, "v": value, "u": known.unit, "t": at}


@pytest.mark.parametrize("path", sorted(OF_AN_UPLINK.keys() | OF_AN_OBSERVATION.keys()))
def test_each_name_gives_json_wherever_a_value_may_stand(path: str) -> None:
    body = f'{{"a":{{{path}}},"b":"in {{{path}}}","v":{{value}},"t":{{time}}}}'

    said = json.loads(only(Template(per="observation", body=body), named(NASTY)).body)

    assert said["b"].startswith("in ")


def test_a_body_without_a_loop_says_the_quantities_it_names_and_counts_the_others() -> None:
    heard = item(
        Reading("air_temperature", 21.5, "Cel"),
        Reading("co2", 612, "[ppm]"),
        Reading("soil_moisture", 30, "%", "depth_20cm"),
        Reading("soil_moisture", 40, "%", "depth_40cm"),
    )
    body = '{"t":{values.air_temperature},"m":{values.soil_moisture.depth_40cm},"h":{values.relative_humidity},"at":{time}}'

    waves, receipt = converse(Template(body=body), [heard])

    assert json.loads(waves[0][0].body) == {"t": 21.5, "m": 40, "h": None, "at": "2026-03-01T12:00:01.123Z"}
    assert receipt.inexpressible == {"co2": 1, "soil_moisture": 1}


def test_an_uplink_of_which_nothing_can_be_said_is_accepted_and_counted() -> None:
    heard = item(Reading("co2", 612, "[ppm]"))

    waves, receipt = converse(Template(body='{"t":{values.air_temperature},"at":{time}}'), [heard])

    assert waves == []
    assert receipt.accepted == {1}
    assert receipt.inexpressible == {"co2": 1}


def test_a_value_with_a_time_of_its_own_is_said_only_beside_that_time() -> None:
    hour = HEARD_AT - timedelta(hours=1)
    heard = item(
        Reading("co2", 600, "[ppm]", None, hour), Reading("co2", 500, "[ppm]", None, hour - timedelta(hours=1))
    )

    misdated = converse(Template(body='{"c":{values.co2},"at":{time}}'), [heard])
    dated = converse(Template(body='{"c":{values.co2},"at":{times.co2}}'), [heard])

    assert (misdated[0], misdated[1].inexpressible) == ([], {"co2": 2})
    assert json.loads(dated[0][0][0].body) == {"c": 600, "at": "2026-03-01T11:00:00.123Z"}
    assert dated[1].inexpressible == {"co2": 1}


def test_raw_fields_are_reached_by_their_path() -> None:
    heard = named("x")
    fields = {"temp": 21.5, "probe": [{"id": "a"}, {"id": "b"}], "flag": None}
    heard = replace(heard, decoded=Decoded(heard.decoded.readings, fields))
    body = '{"a":{fields.temp},"b":{fields.probe.1.id},"c":{fields.probe.9.id},"d":{fields.flag},"all":{fields},"t":{time}}'

    said = json.loads(only(Template(body=body), heard).body)

    assert said == {"a": 21.5, "b": "b", "c": None, "d": None, "all": fields, "t": "2026-03-01T12:00:01.123Z"}


def test_a_boolean_is_a_number_where_a_number_is_asked_for() -> None:
    body = '{"v":{value.number},"t":{time.unix}}'

    said = json.loads(only(Template(per="observation", body=body), item(Reading("door_open", True))).body)

    assert (said["v"], type(said["v"])) == (1, int)


def test_doubled_braces_write_the_characters_themselves() -> None:
    body = '{"help":"write {{dev_eui}}","v":{values.co2},"t":{time}}'

    assert json.loads(only(Template(body=body), item(Reading("co2", 1, "[ppm]"))).body)["help"] == "write {dev_eui}"


# ── each place has its own way of writing ──


def test_in_json_a_value_breaks_out_of_nothing() -> None:
    body = '{"n":{name},"s":"<{name}>","v":{values.air_temperature},"t":{time}}'

    said = json.loads(only(Template(body=body), named(NASTY)).body)

    assert (said["n"], said["s"]) == (NASTY, f"<{NASTY}>")


def test_in_a_path_a_value_adds_no_segment_and_no_parameter() -> None:
    request = only(Template(topic="/v1/{name}/data?d={entity}&x=1", method="PUT"), named("a/b?c&d=é #"))

    assert request.target == "/v1/a%2Fb%3Fc%26d%3D%C3%A9%20%23/data?d=a%2Fb%3Fc%26d%3D%C3%A9%20%23&x=1"
    assert request.method == "PUT"


def test_in_a_topic_a_value_adds_no_level_and_no_wildcard() -> None:
    assert only(Template(topic="city/{name}/x"), named("a/b+c#d\0e")).target == "city/a_b_c_d e/x"


def test_in_a_form_in_xml_and_in_csv_a_value_stays_one() -> None:
    form = "name={name}&v={values.air_temperature}&t={time.s}"
    xml = "<m n='{name}' t='{time}'><v>{values.air_temperature}</v><n>{name}</n></m>"

    as_form = only(Template(body=form, content_type="application/x-www-form-urlencoded"), named("a&v=9 é")).body
    as_xml = only(Template(body=xml, content_type="application/xml"), named("<'&\">")).body
    as_csv = only(Template(body="{name},{values.air_temperature},{time}", content_type="text/csv"), named('a,"b;')).body

    assert as_form == b"name=a%26v%3D9%20%C3%A9&v=21.5&t=1772366401"
    assert next(unquote(pair) for pair in as_form.decode().split("&")) == "name=a&v=9 é"
    tree = ET.fromstring(as_xml)
    assert (tree.get("n"), tree.findtext("n"), tree.findtext("v")) == ("<'&\">", "<'&\">", "21.5")
    assert list(csv.reader([as_csv.decode()])) == [['a,"b;', "21.5", "2026-03-01T12:00:01.123Z"]]


def test_in_plain_text_a_value_begins_no_line() -> None:
    line = "{each}t,dev={dev_eui} {quantity}={value} {time.ms}\n{end}"

    body = only(Template(body=line, content_type="text/plain"), named("x")).body
    forged = only(
        Template(body="{name} {values.air_temperature} {time}", content_type="text/plain"), named("a\nb=1")
    ).body

    assert body == f"t,dev={DEV_EUI} air_temperature=21.5 1772366401123\n".encode()
    assert forged == b"a b=1 21.5 2026-03-01T12:00:01.123Z"


@given(name=st.text(min_size=1), value=st.text())
def test_no_text_of_a_device_breaks_a_message(name: str, value: str) -> None:
    heard = named(name)
    heard = replace(heard, decoded=Decoded(heard.decoded.readings, {"t": value}))
    body = '[{each}{"s":"{name}|{fields.t}","n":{name},"v":{value},"t":{time}}{end}]'

    [request] = converse(Template(topic="/x/{name}", body=body), [heard])[0][0]

    [said] = json.loads(request.body)
    assert (said["n"], said["s"]) == (name, f"{name}|{value}")
    assert unquote(request.target).count("/x/") >= 1
    assert request.target.removeprefix("/x/").isascii()
    assert "/" not in request.target.removeprefix("/x/")


# ── what is not there ──


def test_what_is_not_known_is_null_in_json_empty_in_text_and_has_a_default_where_one_stands() -> None:
    heard = item(Reading("co2", 1, "[ppm]"), device=Device(dev_eui=DEV_EUI))
    body = '{"a":{snr_db},"b":"{snr_db}","c":{channel|"main"},"d":"{name|nobody}","v":{value},"t":{time}}'

    said = json.loads(only(Template(per="observation", body=body), heard).body)

    assert (said["a"], said["b"], said["c"], said["d"]) == (None, "", "main", "nobody")


def test_a_place_to_go_that_cannot_be_filled_refuses_the_row_and_not_its_neighbours() -> None:
    rows = [item(Reading("co2", 1, "[ppm]")), replace(named("x"), row=item(row=2).row)]

    _, receipt = converse(Template(topic="city/{name}"), rows)

    assert receipt.accepted == {2}
    assert receipt.refused == {1: "topic: {name} is not known of it; {name|unknown} would be sent as 'unknown'"}


# ── a platform that stamps the time of arrival ──

NO_TIME = '{"v":{values.co2}}'


def of(row: int, device: int = 1) -> Item:
    return item(Reading("co2", row, "[ppm]"), row=row, device=replace(DEVICE, dev_eui=eui(device)))


def test_where_the_body_says_no_time_an_older_reading_never_follows_a_newer_one() -> None:
    platform = Template(body=NO_TIME, late="refuse")

    waves, receipt = converse(platform, [of(5), of(3), of(4, device=2)], memory={})
    _, later = converse(platform, [of(2), of(6)], memory=receipt.memory)

    assert [json.loads(request.body)["v"] for request in waves[0]] == [5, 4]
    assert receipt.refused == {
        3: "late: 2026-03-01T12:00:03.123Z, and a newer value (2026-03-01T12:00:05.123Z) is already there"
    }
    assert list(later.refused) == [2]
    assert later.accepted == {6}
    assert set(receipt.memory) == {f"newest/{eui(1)}", f"newest/{eui(2)}"}


def test_a_newer_reading_that_was_not_taken_is_no_reason_to_keep_an_older_one_back() -> None:
    refused = {0: Answer(verdict=Verdict.REFUSED, status=422, detail="422")}

    _, receipt = converse(Template(body=NO_TIME, late="refuse"), [of(5), of(3)], refused)

    assert receipt.accepted == {3}
    assert receipt.refused == {5: "422"}
    assert receipt.memory == {f"newest/{eui(1)}": milliseconds(of(3).uplink.heard_at.utc)}


def test_an_older_reading_waits_while_nobody_knows_what_became_of_a_newer_one() -> None:
    busy = {0: Answer(verdict=Verdict.LATER, status=503, detail="503")}

    _, receipt = converse(Template(body=NO_TIME, late="refuse"), [of(5), of(3)], busy)

    assert set(receipt.undecided) == {3, 5}
    assert (receipt.refused, receipt.memory) == ({}, {})


def test_late_readings_go_out_where_that_is_chosen() -> None:
    _, receipt = converse(Template(body=NO_TIME, late="send"), [of(5), of(3)])

    assert receipt.accepted == {3, 5}


# ── what a person wrote wrong ──

WRONG = [
    ({"body": '{"a":{valu},"t":{time}}'}, "body: {valu} is nothing that is known of an uplink; did you mean 'value'?"),
    ({"body": '{"a":{xyzzy},"t":{time}}'}, "body: {xyzzy} is nothing that is known of an uplink; there are altitude_m, channel,"),
    ({"body": '{"a":{value},"t":{time}}'}, "body: {value} belongs to one observation: put it between {each} and {end}"),
    ({"body": '{"a":{values.air_temprature},"t":{time}}'}, "body: {values.air_temprature}: there is no quantity 'air_temprature'; did you mean 'air_temperature'?"),
    ({"body": '{"a":{time}}'}, "body: says nothing of what was measured"),
    ({"body": NO_TIME}, "body: says no {time}, and what waited here would look new there"),
    ({"body": '{"a":1}', "per": "observation"}, "body: says no {value}"),
    ({"body": '{"a":{values.co2} {time}}'}, "body: gives no JSON for an example: Expecting ',' delimiter"),
    ({"body": '{"a":{channel|none},"v":{value},"t":{time}}', "per": "observation"}, "body: gives no JSON for an example"),
    ({"body": '{"a":{values.co2},"t":{time},"s":"{time}'}, "body: gives no JSON for an example"),
    ({"body": "[{each}{value}{time}]"}, "body: has an {each} without its {end}"),
    ({"body": "[{each}{each}{value}{time}{end}]"}, "body: {each} and {end} come in pairs"),
    ({"body": "[{value}{end}]"}, "body: {value} belongs to one observation"),
    ({"body": "[{time}{end}]"}, "body: {each} and {end} come in pairs"),
    ({"body": '{"a":{dev_eui'}, "body: '{dev_eui': this is no name between { and }; {dev_eui} is one"),
    ({"body": "x" * 70_000}, "body: has 70000 characters; 65536 are the most"),
    ({"topic": "a/{device"}, "topic: '{device': this is no name between { and }"),
    ({"topic": "a/+/{device}"}, "topic: 'a/+/{device}' holds a wildcard; a message goes to one topic"),
    ({"topic": ""}, "topic: is empty"),
    ({"topic": "/a b"}, "topic: '/a b' holds a blank or a letter that a URL has in percent only"),
    ({"topic": "a/{each}{quantity}{end}"}, "topic: has an {each}; it goes to one place"),
    ({"per": "day"}, "per: 'day' is neither 'uplink' nor 'observation'"),
    ({"method": "GET"}, "method: 'GET' is none of 'POST', 'PUT', 'PATCH'"),
    ({"late": "skip"}, "late: 'skip' is neither 'send' nor 'refuse'"),
    ({"content_type": "json"}, "content_type: 'json' is no media type; 'application/json' is one"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "words"), WRONG)
def test_what_a_person_wrote_wrong_is_said_at_start(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011 - the words are compared below
        Template(**options)

    assert str(caught.value).startswith(words)


@given(body=st.text(alphabet=st.sampled_from('{}[]",:|. abcdeghilnopqrstuvy_\\0'), max_size=60))
def test_whatever_is_written_is_a_template_or_a_value_error(body: str) -> None:
    try:
        made = Template(body=body, late="send")
    except ValueError:
        return

    assert json.loads(only(made, named("x")).body) is not None
