"""What platforms are told of devices themselves: how they were heard, at most so often, and the gateway beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from decoders.contract import Reading
from gateway.formats import Format
from gateway.formats.catalogue import FORMATS, make, options_of
from gateway.formats.ngsi_ld import NgsiLd
from gateway.formats.ngsi_v2 import NgsiV2
from gateway.formats.senml import SenMl
from gateway.formats.sensorthings import SensorThings
from gateway.formats.thingsboard import ThingsBoard
from gateway.formats.yggio import Yggio
from gateway.model import Answer, Eui64, Item, Place, Receipt, Request, Verdict
from gateway.sharing import Share, shared
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.ngsi_ld_rules import check_entity
from simulators.platforms.orion_v2 import OrionV2
from simulators.platforms.sensorthings import SensorThingsServer
from simulators.platforms.thingsboard import ThingsBoardBroker
from simulators.platforms.yggio import YggioBroker
from tests.formats.items import DEV_EUI, HEARD_AT, TAKEN, converse, eui, item
from tests.formats.items import DEVICE as SENSOR
from tests.formats.over_mqtt import over_mqtt
from tests.formats.sensorthings_line import line
from tests.formats.smart_data_models import complaints, lost_terms
from tests.formats.telling import Loop, over_http

RADIO = Eui64("aa555a0000000001")
ROOF = Place(62.39, 17.31)
DEVICE = f"urn:ngsi-ld:Device:{DEV_EUI}"
SNR = f"urn:ngsi-ld:DeviceMeasurement:{DEV_EUI}:snr"
GATEWAY = f"urn:ngsi-ld:Device:{RADIO}"
AT = "2026-03-01T12:00:01.123Z"
REFUSED = Answer(verdict=Verdict.REFUSED, status=400, detail="400", body=b'{"title":"no","detail":"not this type"}')
LATER = Answer(verdict=Verdict.LATER, status=503, detail="503")
KEEPING_APART = ["ngsi_ld", "ngsi_v2", "thingsboard"]
ON_DEMAND = ["senml", "sensorthings", "yggio"]


def heard(
    *readings: Reading,
    row: int = 1,
    minutes: float = 0,
    rssi: float = -97,
    snr: float | None = -3.5,
    device: int | None = None,
) -> Item:
    """Return an item that was heard so many minutes after the first, by the radio on the roof."""
    sensor = SENSOR if device is None else replace(SENSOR, dev_eui=eui(device))
    at = HEARD_AT + timedelta(seconds=1, minutes=minutes)
    made = item(*readings or (Reading("co2", 400 + row, "[ppm]"),), row=row, heard_at=at, device=sensor)
    best = replace(made.uplink.receptions[0], gateway=RADIO, rssi_dbm=rssi, snr_db=snr, place=ROOF)
    return replace(made, uplink=replace(made.uplink, receptions=(best,)))


def entities(waves: Sequence[Sequence[Request]]) -> dict[str, dict[str, Any]]:
    """Return the entities as a broker has them after all requests."""
    found: dict[str, dict[str, Any]] = {}
    for entity in (one for wave in waves for request in wave for one in json.loads(request.body)):
        found[entity["id"]] = found.get(entity["id"], {}) | entity
    return found


def told(platform: Format, batch: Sequence[Item], memory: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the entities of a conversation, and the memory after it."""
    waves, receipt = converse(platform, batch, memory=memory)
    assert receipt.accepted == {one.row for one in batch}
    return entities(waves), {**memory, **receipt.memory}


# ── NGSI-LD ──


def test_a_device_says_how_and_when_it_was_heard_last_in_valid_entities() -> None:
    found, _ = told(NgsiLd(), [heard()], {})

    for entity in found.values():
        check_entity(entity)
        assert complaints(entity) == []
        assert lost_terms(entity) == []
    rssi = {"type": "Property", "value": -97, "unitCode": "DBM", "observedAt": AT}
    assert found[DEVICE]["rssi"] == rssi
    assert found[DEVICE]["dateLastValueReported"]["value"]["@value"] == AT
    assert (found[SNR]["numValue"]["value"], found[SNR]["numValue"]["unitCode"]) == (-3.5, "2N")


def test_the_gateway_is_a_device_with_its_software_and_its_place() -> None:
    found, memory = told(NgsiLd(), [heard()], {})
    again, _ = told(NgsiLd(), [heard(row=2, minutes=10)], memory)

    gateway = found[GATEWAY]
    assert gateway["category"]["value"] == ["network"]
    assert gateway["softwareVersion"]["value"].startswith("brygga ")
    assert gateway["location"]["value"]["coordinates"] == [ROOF.longitude, ROOF.latitude]
    assert not {"softwareVersion", "location"} & again[GATEWAY].keys()
    assert again[GATEWAY]["dateLastValueReported"]["value"]["@value"] == "2026-03-01T12:10:01.123Z"


def test_the_battery_stays_the_measurement_that_it_is() -> None:
    found, _ = told(NgsiLd(), [heard(Reading("battery_level", 87.0, "%"))], {})

    assert found[DEVICE]["batteryLevel"]["value"] == 0.87


def test_a_broker_that_takes_no_devices_costs_no_uplink() -> None:
    def answer(request: Request) -> Answer:
        return REFUSED if b'"type":"Device' in request.body else TAKEN

    waves, receipt = converse(NgsiLd(), [heard()], answer)
    again, _ = converse(NgsiLd(), [heard(row=2, minutes=1)], answer, receipt.memory)

    assert receipt.accepted == {1}
    assert not receipt.refused
    assert not receipt.undecided
    assert any("not this type" in words for words in receipt.warnings)
    assert len(waves) > len(again) == 1


def test_merging_says_it_only_on_demand() -> None:
    quiet, _ = converse(NgsiLd(way="merge"), [heard()])
    asked, _ = converse(NgsiLd(way="merge", device=True), [heard()])

    assert [len(wave) for wave in quiet] == [1]
    assert DEVICE in {request.target.rpartition("/")[2] for wave in asked for request in wave}


def test_a_device_that_moves_stays_where_it_said_that_it_is() -> None:
    fix = Reading("latitude", 62.4, "deg"), Reading("longitude", 17.4, "deg")

    found, _ = told(NgsiLd(), [heard(*fix)], {})

    assert found[DEVICE]["location"]["value"]["coordinates"] == [17.4, 62.4]
    assert found[DEVICE]["rssi"]["value"] == -97


# ── how often, and of which rows ──


def test_a_device_is_spoken_of_once_an_interval_and_only_what_changed_but_for_when_it_was_heard() -> None:
    platform = NgsiLd(device_interval=600)
    memory: dict[str, Any] = {}
    first, memory = told(platform, [heard()], memory)
    soon, memory = told(platform, [heard(row=2, minutes=9.9)], memory)
    same, memory = told(platform, [heard(row=3, minutes=10)], memory)
    other, memory = told(platform, [heard(row=4, minutes=20, snr=2.0)], memory)

    assert {DEVICE, SNR} <= first.keys()
    assert not {DEVICE, SNR, GATEWAY} & soon.keys()
    assert DEVICE in same
    assert SNR not in same
    assert {DEVICE, SNR} <= other.keys()


def test_of_a_backlog_only_the_newest_of_each_device_is_said_and_an_older_one_never_after_it() -> None:
    batch = [heard(row=row, minutes=row, rssi=-60 - row, device=row % 2) for row in range(1, 9)]
    platform = NgsiLd()
    found, memory = told(platform, batch, {})
    late, _ = converse(platform, [heard(row=20, minutes=-60, device=1)], memory=memory)

    assert found[f"urn:ngsi-ld:Device:{eui(0)}"]["rssi"]["value"] == -68
    assert found[f"urn:ngsi-ld:Device:{eui(1)}"]["rssi"]["value"] == -67
    assert b"rssi" not in b"".join(request.body for wave in late for request in wave)


def test_the_memory_grows_with_devices_and_not_with_uplinks() -> None:
    memory: dict[str, Any] = {}
    for row in range(1, 40):
        _, memory = told(NgsiLd(), [heard(row=row, minutes=11 * row, device=row % 3)], memory)

    assert sum(key.startswith("state/") for key in memory) == 4


def test_a_row_that_is_not_decided_says_nothing_of_its_device() -> None:
    waves, receipt = converse(NgsiLd(), [heard()], LATER)

    assert len(waves) == 1
    assert receipt.undecided.keys() == {1}
    assert not [key for key in receipt.memory if key.startswith("state/")]


def test_a_loss_behind_the_rows_leaves_them_delivered() -> None:
    _, receipt = converse(NgsiLd(), [heard()], {1: LATER, 2: LATER})

    assert receipt.accepted == {1}
    assert not receipt.undecided


@pytest.mark.parametrize("name", [*KEEPING_APART, *ON_DEMAND])
def test_what_conversations_keep_about_rows_stays_theirs(name: str) -> None:
    options = {"device": True} | ({"late": "send"} if name == "yggio" else {})
    memory = {"tries/7": 2}

    def answer(request: Request) -> Answer:
        stumbles = b"407" in request.body
        return Answer(verdict=Verdict.LATER, status=500, detail="500") if stumbles else TAKEN

    _, receipt = converse(make(name, options), [heard(row=1), heard(row=7, device=2)], answer, memory)

    assert receipt.memory.get("tries/7", 2) is not None
    assert not any(key.startswith(("step/", "part/")) for key in receipt.memory)


def test_a_destination_without_signal_among_its_quantities_is_not_told_of_it() -> None:
    limited = shared(heard(), Share(quantities=frozenset({"co2"}))).item
    asked = shared(heard(), Share(quantities=frozenset({"co2", "rssi", "snr"}))).item
    assert limited is not None
    assert asked is not None

    quiet, _ = told(NgsiLd(), [limited], {})
    open_, _ = told(NgsiLd(), [asked], {})

    assert DEVICE not in quiet
    assert DEVICE in open_


def test_a_device_that_tells_of_a_radio_of_its_own_keeps_its_word() -> None:
    found, _ = told(NgsiLd(), [heard(Reading("rssi", -55.0, "dB{mW}"))], {})

    assert found[DEVICE]["rssi"]["value"] == -55


@pytest.mark.parametrize("name", [*KEEPING_APART, *ON_DEMAND])
def test_every_format_with_a_place_for_it_has_the_two_options(name: str) -> None:
    assert options_of(name)["device_interval"] == 600
    with pytest.raises(ValueError, match="device_interval: 0 is less than a second"):
        make(name, {"device_interval": 0})


def test_only_these_formats_have_them() -> None:
    assert [name for name in FORMATS if "device_interval" in options_of(name)] == sorted(
        [*KEEPING_APART, *ON_DEMAND], key=list(FORMATS).index
    )


# ── against the stand-ins, through the real loop and transports ──


def backlog() -> list[Item]:
    return [heard(row=row, minutes=row, device=row % 4) for row in range(60)]


async def test_ngsi_ld_brokers_take_it() -> None:
    broker = NgsiLdReceiver()
    await broker.start()
    transport = over_http(broker.url)
    loop = Loop(NgsiLd(), transport, backlog())
    await loop.to_its_end()
    await transport.close()
    await broker.stop()

    assert (len(loop.journal.delivered), loop.refused(), broker.kept.went_back) == (60, {}, [])
    device = broker.kept.entities["", f"urn:ngsi-ld:Device:{eui(3)}"]
    assert (device["rssi"]["value"], device["rssi"]["observedAt"]) == (-97, "2026-03-01T12:59:01.123Z")


async def test_orion_takes_it() -> None:
    broker = OrionV2(token="t0ken")
    await broker.start()
    transport = over_http(broker.url, headers={"X-Auth-Token": "t0ken"})
    loop = Loop(NgsiV2(), transport, backlog())
    await loop.to_its_end()
    await transport.close()
    await broker.stop()

    assert (len(loop.journal.delivered), loop.refused(), broker.kept.went_back) == (60, {}, [])
    device = broker.entity(f"urn:ngsi-ld:Device:{eui(3)}", "")
    assert (device["rssi"]["type"], device["rssi"]["value"]) == ("Number", -97)
    assert device["dateLastValueReported"]["type"] == "DateTime"
    assert broker.entity(GATEWAY, "")["softwareVersion"]["type"] == "Text"


async def test_thingsboard_takes_it_as_telemetry_and_the_gateways_own_attributes() -> None:
    broker = ThingsBoardBroker()
    await broker.start()
    async with over_mqtt(broker.url) as transport:
        loop = Loop(ThingsBoard(), transport, [heard(), heard(row=2, minutes=10)])
        await loop.turns(1)
    await broker.stop()

    assert broker.refusals == []
    assert {(key, value) for (_, key, _), value in broker.kept.log.items() if key != "co2"} == {
        ("rssi", -97),
        ("snr", -3.5),
    }
    assert broker.kept.attributes[DEV_EUI]["unit_rssi"] == "dB{mW}"
    own = broker.kept.own
    assert (own["gateway_eui"], own["latitude"], own["uptime_s"]) == (RADIO, ROOF.latitude, 2.0)
    assert own["software_version"].startswith("brygga ")


async def test_sensorthings_has_datastreams_of_it_on_demand() -> None:
    server = SensorThingsServer()
    await server.start()
    async with line(server.url.removesuffix("/v1.1")) as way:
        await way.deliver_all(SensorThings(device=True), [heard(), heard(row=2, minutes=10, snr=4.0)])
    await server.stop()

    streams = {one["name"]: one["unitOfMeasurement"] for one in server.kept.entities["Datastreams"].values()}
    assert streams[f"{DEV_EUI}/rssi"]["symbol"] == "dB{mW}"
    assert f"{DEV_EUI}/snr" in streams


async def test_a_node_of_yggio_has_it_beside_the_values_on_demand() -> None:
    broker = YggioBroker()
    await broker.start()
    async with over_mqtt(broker.url) as transport:
        loop = Loop(Yggio(device=True), transport, [heard()])
        await loop.turns(1)
    await broker.stop()

    assert {key for _, key, _ in broker.kept.values} >= {"co2", "rssi", "snr"}


def test_a_pack_of_senml_has_two_more_records_on_demand() -> None:
    def records(platform: SenMl, one: Item, memory: Mapping[str, Any]) -> tuple[dict[str, Any], Receipt]:
        [[request]], receipt = converse(platform, [one], memory=memory)
        return {record["n"]: record for record in json.loads(request.body)}, receipt

    first, receipt = records(SenMl(device=True), heard(), {})
    soon, _ = records(SenMl(device=True), heard(row=2, minutes=1), receipt.memory)
    kept, _ = records(SenMl(device=True, units="secondary"), heard(), {})

    assert (first["rssi"]["u"], first["rssi"]["v"]) == ("dBW", -127)
    assert (kept["rssi"]["u"], kept["rssi"]["v"]) == ("dBm", -97)
    assert first["snr"] == {"n": "snr", "u": "dB", "v": -3.5}
    assert soon.keys() == {"uplink", "co2"}
