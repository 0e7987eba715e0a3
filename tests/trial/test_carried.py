"""A device and its uplink on the way through the control socket: nothing that a format may want is lost."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

from gateway.model import Device, Entity, Eui64, FskRate, Place
from gateway.trial.carried import device_as_json, device_of, uplink_as_json, uplink_of
from tests.formats.items import uplink
from tests.normalise.test_normalise import UPLINK


def test_an_uplink_comes_out_as_it_went_in() -> None:
    (reception,) = UPLINK.receptions
    by_gnss = replace(
        reception,
        gateway_time=datetime(2026, 3, 1, tzinfo=UTC),
        data_rate=FskRate(50_000),
        place=Place(59.0, 18.0, 7.5),
    )
    heard = replace(UPLINK, payload=b"\x00\xff", receptions=(reception, by_gnss))

    for one in (heard, uplink()):
        assert uplink_of(json.loads(json.dumps(uplink_as_json(one)))) == one


def test_a_device_comes_out_with_all_that_formats_want() -> None:
    device = Device(
        dev_eui=Eui64("000000000000000a"),
        name="Torget",
        decoder="elsys/ers",
        entity=Entity("WeatherObserved", "torget-1"),
        place=Place(59.3, 18.1),
        tags=frozenset({"air", "north"}),
    )

    for one in (device, replace(device, place=None, tags=frozenset())):
        assert device_of(json.loads(json.dumps(device_as_json(one)))) == one
