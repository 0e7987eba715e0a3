"""What of an uplink a destination may have: quantities, places, names, and what tells of persons."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decoders.contract import Decoded, Reading
from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.persons import COUNTS_PEOPLE, WATCHES_SOMEBODY
from gateway.formats import Format
from gateway.formats.aws_iot import AwsIot
from gateway.formats.azure_iot import AzureIot
from gateway.formats.chirpstack import ChirpStack
from gateway.formats.json_event import JsonEvent
from gateway.formats.template import Template
from gateway.formats.the_things_stack import TheThingsStack
from gateway.model import Device, Entity, Item, Place
from gateway.sharing import ALL, TELLS_OF_A_HOME, Positions, Share, name_problem, shared
from gateway.trial.preview import preview
from tests.formats.items import DEV_EUI, DEVICE, item

GPS = (Reading("latitude", 62.39084, "deg"), Reading("longitude", 17.30634, "deg"), Reading("altitude", 12.5, "m"))
CO2, WARM = Reading("co2", 700, "[ppm]"), Reading("air_temperature", 21.5, "Cel")
HOME = Device(dev_eui=DEV_EUI, name="Flat 12", tags=frozenset({"household"}), place=DEVICE.place)


def raw(one: Item) -> Item:
    """Return an item whose payload and raw fields say more than its observations."""
    (reception,) = one.uplink.receptions
    heard_there = replace(reception, place=Place(62.4001, 17.4001))
    return replace(
        one,
        uplink=replace(one.uplink, payload=b"\x01\x02", receptions=(heard_there,)),
        decoded=replace(one.decoded, fields={"lat": 62.39084, "co2": 700}, warnings=("battery of 62.39084",)),
    )


def told(one: Item, share: Share) -> Item:
    found = shared(one, share).item
    assert found is not None
    return found


def quantities(one: Item) -> list[str]:
    return [observation.quantity for observation in one.observations]


def test_without_rules_an_uplink_goes_as_it_is() -> None:
    whole = raw(item(CO2, *GPS))

    assert shared(whole, ALL).item is whole


def test_only_the_quantities_that_are_named_go() -> None:
    left = told(raw(item(CO2, WARM)), Share(quantities=frozenset({"co2"})))

    assert quantities(left) == ["co2"]
    assert left.decoded.readings == (CO2,)


def test_quantities_that_are_named_as_not_shared_stay() -> None:
    assert quantities(told(item(CO2, WARM), Share(without=frozenset({"co2"})))) == ["air_temperature"]


def test_an_uplink_of_which_nothing_is_left_is_not_told() -> None:
    found = shared(item(CO2), Share(without=frozenset({"co2"})))

    assert (found.item, found.withheld) == (None, {})


def test_an_uplink_that_had_nothing_to_say_stays_as_it_is() -> None:
    empty = item()

    assert shared(empty, Share(quantities=frozenset({"co2"}))).item is not None


@pytest.mark.parametrize(
    "share",
    [
        Share(without=frozenset({"radon"})),
        Share(quantities=frozenset({"co2"})),
        Share(positions=Positions.ROUNDED),
        Share(positions=Positions.NONE),
    ],
)
def test_where_something_is_withheld_neither_payload_nor_raw_fields_tell_it(share: Share) -> None:
    left = told(raw(item(CO2)), share)

    assert (left.uplink.payload, left.decoded.fields, left.decoded.warnings) == (b"", {}, ())


# ── places ──


def test_a_rounded_position_is_rounded_wherever_it_stands() -> None:
    left = told(raw(item(CO2, *GPS)), Share(positions=Positions.ROUNDED, decimals=2))

    rounded = Place(62.39, 17.31)
    assert {one.place for one in left.observations} == {rounded}
    assert {one.quantity: one.value for one in left.observations} == {"co2": 700, "latitude": 62.39, "longitude": 17.31}
    assert left.device.place == rounded
    assert [one.place for one in left.uplink.receptions] == [Place(62.4, 17.4)]
    assert left.decoded.readings == (CO2,)


def test_where_no_position_is_shared_there_is_none_anywhere() -> None:
    left = told(raw(item(CO2, *GPS)), Share(positions=Positions.NONE))

    assert quantities(left) == ["co2"]
    assert left.observations[0].place is left.device.place is left.uplink.receptions[0].place is None
    assert "62.39" not in repr(left)


@pytest.mark.parametrize(
    "share",
    [
        Share(without=frozenset({"latitude", "longitude"})),
        Share(without=frozenset({"longitude"})),
        Share(quantities=frozenset({"co2"})),
        Share(quantities=frozenset({"co2"}), positions=Positions.ROUNDED),
    ],
)
def test_a_fix_that_is_not_shared_is_no_place_either(share: Share) -> None:
    left = told(raw(item(CO2, *GPS)), share)

    assert {one.place for one in left.observations} == {None}
    assert left.device.place is None


def test_a_households_fix_is_no_place_either() -> None:
    left = told(raw(item(CO2, *GPS, device=HOME)), ALL)

    assert quantities(left) == ["co2"]
    assert left.observations[0].place is left.device.place is None


def test_the_place_where_a_device_is_registered_is_told_without_a_fix() -> None:
    left = told(item(CO2, WARM), Share(quantities=frozenset({"co2"})))

    assert left.observations[0].place == left.device.place == DEVICE.place


# ── names ──


def test_a_device_has_the_name_that_the_destination_is_to_know() -> None:
    device = Device(dev_eui=DEV_EUI, name="Torget", entity=Entity("WeatherObserved", "torget-1"), place=DEVICE.place)

    left = told(item(CO2, device=device), Share(name="lund/{name}", entity="x-{entity}"))

    assert (left.device.name, left.device.entity) == ("lund/Torget", Entity("WeatherObserved", "x-torget-1"))
    assert left.observations[0].entity == left.device.entity
    assert left.uplink.payload == item(CO2).uplink.payload


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{name} at {dev_eui}", ""),
        ("{street}", "{street} is nothing that is known of a device; {name}, {dev_eui}, {entity} are"),
        ("{0}", "is nothing that is known of a device"),
        ("{name", "is no template"),
        ("{name.x}", "{name.x} is nothing"),
    ],
)
def test_the_template_of_a_name_is_checked(template: str, words: str) -> None:
    assert words in name_problem(template)
    assert bool(words) == bool(name_problem(template))


# ── persons ──


@pytest.mark.parametrize("quantity", sorted(COUNTS_PEOPLE))
def test_what_counts_people_is_off_until_it_is_switched_on(quantity: str) -> None:
    counted = raw(item(Reading(quantity, 1, QUANTITIES[quantity].unit), CO2))

    off, on = shared(counted, ALL), shared(counted, Share(personal=True))

    assert off.item is not None
    assert quantities(off.item) == ["co2"]
    assert off.item.uplink.payload == b""
    assert off.withheld == {f"{quantity} is not shared: it counts people; share.personal = true shares it": 1}
    assert on.item is counted


@pytest.mark.parametrize("quantity", sorted(TELLS_OF_A_HOME))
def test_a_households_meter_is_off_until_it_is_switched_on_and_a_works_meter_is_not(quantity: str) -> None:
    reading = Reading(quantity, 1, QUANTITIES[quantity].unit)

    assert shared(item(reading, device=HOME), ALL).item is None
    assert shared(item(reading, device=HOME), Share(personal=True)).item is not None
    assert shared(item(reading), ALL).item is not None


WATCHER = Device(dev_eui=DEV_EUI, name="Desk 4", decoder="milesight/vs340", place=DEVICE.place)
FIELDS_OF_PERSONS = {"radar": {"regions": [{"out_of_bed_time": 4369}]}}


@pytest.mark.parametrize("quantity", sorted(WATCHES_SOMEBODY))
def test_what_a_model_that_watches_persons_sees_is_off_and_on_a_street_it_is_not(quantity: str) -> None:
    reading = Reading(quantity, 1, QUANTITIES[quantity].unit)
    watched = replace(item(reading, CO2, device=WATCHER), is_personal=True)

    left = told(watched, ALL)

    assert quantities(left) == ["co2"]
    assert shared(watched, ALL).withheld.keys() == {
        f"{quantity} is not shared: its device watches persons; share.personal = true shares it"
    }
    assert quantities(told(item(reading, CO2), ALL)) == [quantity, "co2"]


@pytest.mark.parametrize(
    "whole",
    [
        raw(item(CO2, device=HOME)),
        raw(item(device=HOME)),
        replace(raw(item(CO2)), is_personal=True),
        replace(raw(item(CO2)), decoded=Decoded((CO2,), FIELDS_OF_PERSONS)),
    ],
    ids=["a household's", "a household's without observations", "a model of persons", "a field's name"],
)
def test_what_no_quantity_stands_for_is_not_shared_where_it_may_tell_of_persons(whole: Item) -> None:
    off, on = told(whole, ALL), told(whole, Share(personal=True))

    assert (off.uplink.payload, off.decoded.fields, off.decoded.warnings) == (b"", {}, ())
    assert quantities(off) == quantities(whole)
    assert on is whole


def test_that_a_device_is_a_households_is_told_to_whom_it_may_be() -> None:
    off, on = told(item(CO2, device=HOME), ALL), told(item(CO2, device=HOME), Share(personal=True))

    assert (off.device.tags, on.device.tags) == (frozenset(), frozenset({"household"}))


def test_an_ordinary_uplinks_raw_fields_go_on() -> None:
    occupied = replace(raw(item(CO2)), decoded=Decoded((CO2,), {"occupied": True, "child_lock": 1, "tag": "roof"}))

    assert told(occupied, ALL) is occupied


def test_the_lists_of_what_tells_of_persons_are_quantities_of_the_vocabulary() -> None:
    assert QUANTITIES.keys() >= COUNTS_PEOPLE | TELLS_OF_A_HOME | WATCHES_SOMEBODY
    assert {"door_open", "window_open", "button_pressed"} <= TELLS_OF_A_HOME


@pytest.mark.parametrize(
    ("share", "may"),
    [
        (ALL, True),
        (Share(positions=Positions.ROUNDED), True),
        (Share(quantities=frozenset({"co2"})), False),
        (Share(quantities=frozenset({"co2", "rssi"})), False),
        (Share(quantities=frozenset({"co2", "rssi", "snr"})), True),
        (Share(without=frozenset({"rssi"})), False),
    ],
)
def test_how_a_device_was_heard_is_shared_as_the_two_quantities_that_it_is(share: Share, may: bool) -> None:  # noqa: FBT001 - a table's column
    assert told(item(CO2), share).may_tell_signal is may


@pytest.mark.parametrize("name", ["aws_iot", "azure_iot", "chirpstack", "json", "template", "the_things_stack"])
def test_how_a_device_was_heard_is_kept_back_where_each_message_says_it(name: str) -> None:
    heard = item(CO2)
    (reception,) = heard.uplink.receptions
    heard = replace(heard, uplink=replace(heard.uplink, receptions=(replace(reception, rssi_dbm=-91.0, snr_db=7.25),)))
    format_ = SAYING_HOW[name]

    open_, kept = (said(format_, told(heard, share)) for share in (ALL, Share(without=frozenset({"rssi", "snr"}))))

    assert "-91" in open_
    assert "7.25" in open_
    assert "-91" not in kept
    assert "7.25" not in kept


def said(format_: Format, one: Item) -> str:
    return "".join(request.body.decode() for request in preview(format_, one, {}).requests)


SAYING_HOW: dict[str, Format] = {
    "aws_iot": AwsIot(),
    "azure_iot": AzureIot(),
    "chirpstack": ChirpStack(),
    "json": JsonEvent(),
    "template": Template(
        body='{"time":{time},"rssi":{rssi_dbm},"snr":{snr_db},"radio":{radio},"all":[{each}{value}{end}]}'
    ),
    "the_things_stack": TheThingsStack(),
}
