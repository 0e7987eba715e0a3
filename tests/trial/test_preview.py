"""What would go out: the requests that the format really makes, with nobody asked."""

from __future__ import annotations

from dataclasses import replace

import pytest

from decoders.contract import Reading
from decoders.registry import Registry
from gateway.formats import catalogue
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.senml import SenMl
from gateway.formats.sensorthings import SensorThings
from gateway.sharing import ALL, Share
from gateway.trial.preview import item_of, preview
from tests.cities.test_move import DEVICE, ERS
from tests.formats.items import converse, item, uplink

CO2, WARM = Reading("co2", 700, "[ppm]"), Reading("air_temperature", 21.5, "Cel")


@pytest.mark.parametrize("format_", [NgsiLd(), NgsiLd(way="merge"), SenMl()])
def test_it_is_what_goes_out_octet_by_octet(format_: NgsiLd | SenMl) -> None:
    one = item(CO2, WARM)

    told = preview(format_, one, {})

    waves, _ = converse(format_, [one])
    assert list(told.requests) == [request for wave in waves for request in wave]
    assert told.remarks == ()


def test_what_was_told_already_is_shown_all_the_same() -> None:
    newer = item(CO2, row=2)
    _, receipt = converse(NgsiLd(), [newer])

    told = preview(NgsiLd(), item(CO2, row=1), receipt.memory)

    assert b'"type":"AirQualityObserved"' in told.requests[0].body


@pytest.mark.parametrize("name", sorted(catalogue.FORMATS))
def test_every_format_can_be_previewed(name: str) -> None:
    told = preview(catalogue.make(name, {}), item(CO2, WARM), {})

    assert told.requests or told.remarks


async def test_an_item_is_decoded_normalised_and_shared_as_delivery_does() -> None:
    registry = Registry.load([])
    heard = uplink(dev_eui=DEVICE.dev_eui)
    whole = replace(heard, payload=ERS)

    found = await item_of(whole, DEVICE, registry, Share(quantities=frozenset({"co2"})))
    unreadable = await item_of(heard, DEVICE, registry, ALL)
    nothing = await item_of(whole, DEVICE, registry, Share(quantities=frozenset({"radon"})))

    assert not isinstance(found, str)
    assert [one.quantity for one in found.observations] == ["co2"]
    assert "elsys/ers cannot read it" in str(unreadable)
    assert nothing == "the destination may have nothing of it ([destination.share])"
    registry.close()


def test_a_conversation_is_shown_as_with_a_platform_that_has_had_nothing_before() -> None:
    told = preview(SensorThings(), item(CO2, WARM), {})

    said = [f"{one.method} {one.target.partition('?')[0].rpartition('/')[2]}" for one in told.requests]
    assert said.count("POST Things") == said.count("POST CreateObservations") == 1
    assert said.count("POST Datastreams") == 2
    assert said[-1] == "POST CreateObservations"
    assert told.remarks == ()
