"""diwise's SenML door: words as its own code has them, and conversations with a strict stand-in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest

from decoders.contract import Reading
from decoders.vocabulary import QUANTITIES, ValueType
from gateway.formats.diwise import Diwise
from gateway.formats.diwise.packs import resource
from gateway.model import Answer, Item, Json, Receipt, RowId, Verdict
from simulators.platforms.diwise_iot_agent import PATH, DiwiseIotAgent
from simulators.platforms.ngsi_ld import Fault
from tests.formats.items import DEV_EUI, DEVICE, HEARD_AT, converse, eui, item
from tests.formats.ngsi_ld_words import UNCLEAR
from tests.formats.telling import Loop, over_http

INTERNAL = "25e185f6-bdba-4c68-b6e8-23ae2bb10254"
IDS: dict[str, str] = {DEV_EUI: INTERNAL}
AT = int(HEARD_AT.timestamp()) + 1  # row 1 is heard one second later
TAKEN = Answer(verdict=Verdict.TAKEN, status=201)
STUMBLE = Answer(verdict=Verdict.LATER, status=500, detail="500 Internal Server Error")
MALFORMED = Answer(verdict=Verdict.REFUSED, status=400, detail="400 Bad Request")
OBJECTS = [
    "3",
    "3200",
    "3301",
    "3302",
    "3303",
    "3304",
    "3323",
    "3324",
    "3327",
    "3328",
    "3330",
    "3331",
    "3340",
    "3350",
    "3411",
    "3424",
    "3428",
    "3434",
    "3435",
]


def internal(number: int) -> str:
    return f"sensor-{number}"


MANY: dict[str, str] = {eui(number): internal(number) for number in range(10)}


def warm(row: int, device: int = 1, minutes_ago: int | None = None) -> Item:
    at = None if minutes_ago is None else HEARD_AT - timedelta(minutes=minutes_ago)
    reading = Reading("air_temperature", row / 10, "Cel", None, at)
    return item(reading, row=row, device=replace(DEVICE, dev_eui=eui(device)))


def packs(one: Item, ids: Mapping[str, str] = IDS, **options: Any) -> tuple[list[Any], Receipt]:
    waves, receipt = converse(Diwise(ids=ids, **options), [one], TAKEN)
    return [json.loads(request.body) for wave in waves for request in wave], receipt


@pytest.fixture
async def agent() -> AsyncIterator[DiwiseIotAgent]:
    stand_in = DiwiseIotAgent(devices=[INTERNAL, *MANY.values()])
    await stand_in.start()
    yield stand_in
    await stand_in.stop()


# ── words ──


def test_a_temperature_is_octet_for_octet_what_diwises_own_code_writes() -> None:
    """The vector is of diwise/iot-agent, decoder test TestTemperature, as the reference facts have it (2026-06)."""
    heard = item(Reading("air_temperature", 22.5, "Cel"), heard_at=datetime(2024, 3, 11, 10, 7, 27, tzinfo=UTC))

    [[request]], _ = converse(Diwise(ids=IDS), [heard], TAKEN)

    assert request.body == (
        b'[{"bn":"25e185f6-bdba-4c68-b6e8-23ae2bb10254/3303/","bt":1710151647,"n":"0","vs":"urn:oma:lwm2m:ext:3303"},'
        b'{"n":"5700","u":"Cel","v":22.5}]'
    )
    assert (request.method, request.target, request.content_type) == ("POST", PATH, "application/json")
    assert request.headers == {"uplink": str(heard.uplink.id)}


@pytest.mark.parametrize(
    ("reading", "lwm2m_object", "record"),
    [
        (Reading("relative_humidity", 41, "%"), "3304", {"n": "5700", "u": "%RH", "v": 41}),
        (Reading("atmospheric_pressure", 1013.2, "hPa"), "3323", {"n": "5700", "u": "Pa", "v": 101320}),
        (Reading("soil_conductivity", 0.5, "dS/m"), "3327", {"n": "5700", "u": "S/m", "v": 0.05}),
        (Reading("water_volume", 1234, "L"), "3424", {"n": "1", "u": "m3", "v": 1.234}),
        (Reading("active_energy_import", 1.5, "kW.h"), "3331", {"n": "5700", "u": "Wh", "v": 1500}),
        (Reading("illuminance", 120, "lx"), "3301", {"n": "5700", "u": "lux", "v": 120}),
        (Reading("co2", 612, "[ppm]"), "3428", {"n": "17", "u": "ppm", "v": 612}),
        (Reading("no2", 19.13, "ug/m3"), "3428", {"n": "15", "u": "ppm", "v": 0.01}),
        (Reading("battery_level", 87, "%"), "3411", {"n": "1", "u": "%", "v": 87}),
        (Reading("snow_depth", 12, "cm"), "3330", {"n": "5700", "u": "m", "v": 0.12}),
        (Reading("fill_height", 1.2, "m"), "3435", {"n": "3", "u": "cm", "v": 120}),
        (Reading("door_open", True), "3200", {"n": "5500", "vb": True}),
        (Reading("people_count", 7, "1"), "3434", {"n": "1", "v": 7}),
    ],
)
def test_units_and_resources_are_those_of_types_go(reading: Reading, lwm2m_object: str, record: Any) -> None:
    [pack], _ = packs(item(reading))

    first = {"bn": f"{INTERNAL}/{lwm2m_object}/", "bt": AT, "n": "0", "vs": f"urn:oma:lwm2m:ext:{lwm2m_object}"}
    assert pack == [first, record]


def test_there_is_one_pack_for_each_object_and_second() -> None:
    earlier = HEARD_AT - timedelta(hours=1)
    said, receipt = packs(
        item(
            Reading("co2", 500, "[ppm]"),
            Reading("pm10", 3, "ug/m3"),
            Reading("air_temperature", 21, "Cel"),
            Reading("air_temperature", 20, "Cel", None, earlier),
        )
    )

    assert sorted((pack[0]["bn"], pack[0]["bt"], [one["n"] for one in pack[1:]]) for pack in said) == [
        (f"{INTERNAL}/3303/", int(earlier.timestamp()), ["5700"]),
        (f"{INTERNAL}/3303/", AT, ["5700"]),
        (f"{INTERNAL}/3428/", AT, ["1", "17"]),
    ]
    assert receipt.accepted == {1}


def test_the_base_time_is_whole_seconds_and_never_rounded_up() -> None:
    [pack], _ = packs(item(Reading("co2", 1, "[ppm]"), heard_at=HEARD_AT.replace(microsecond=999_999)))

    assert pack[0]["bt"] == int(HEARD_AT.timestamp())
    assert isinstance(pack[0]["bt"], int)


def test_channels_and_quantities_of_one_resource_are_devices_of_their_own_where_ids_say_so() -> None:
    ids = {**IDS, f"{DEV_EUI}/soil_temperature": "soil", f"{DEV_EUI}/2": "second", f"{DEV_EUI}/co2/2": "gas"}
    said, receipt = packs(
        item(
            Reading("air_temperature", 1, "Cel"),
            Reading("soil_temperature", 2, "Cel"),
            Reading("air_temperature", 3, "Cel", "2"),
            Reading("co2", 4, "[ppm]", "2"),
        ),
        ids,
    )

    assert {(pack[0]["bn"], pack[1]["v"]) for pack in said} == {
        (f"{INTERNAL}/3303/", 1),
        ("soil/3303/", 2),
        ("second/3303/", 3),
        ("gas/3428/", 4),
    }
    assert receipt.inexpressible == {}


def test_a_second_channel_without_an_id_of_its_own_is_counted_and_never_overwrites_the_first() -> None:
    said, receipt = packs(item(Reading("air_temperature", 1, "Cel"), Reading("air_temperature", 3, "Cel", "2")))

    assert [pack[1]["v"] for pack in said] == [1]
    assert receipt.inexpressible == {"air_temperature": 1}


def test_a_position_in_the_payload_rides_on_the_packs_of_its_time() -> None:
    fix = (Reading("latitude", 62.36, "deg"), Reading("longitude", 17.3, "deg"))

    [pack], receipt = packs(item(Reading("air_temperature", 1, "Cel"), *fix))
    alone, counted = packs(item(*fix))

    assert pack[2:] == [{"u": "lat", "v": 62.36}, {"u": "lon", "v": 17.3}]
    assert receipt.inexpressible == {}
    assert alone == []
    assert counted.inexpressible == {"latitude": 1, "longitude": 1}


def test_a_receiver_without_a_fix_gives_no_position() -> None:
    no_fix = (Reading("latitude", 0, "deg"), Reading("longitude", 0, "deg"))

    [pack], receipt = packs(item(Reading("air_temperature", 1, "Cel"), *no_fix))

    assert len(pack) == 2
    assert receipt.inexpressible == {"latitude": 1, "longitude": 1}


def test_a_tenant_is_said_only_where_one_is_configured() -> None:
    [pack], _ = packs(item(Reading("co2", 1, "[ppm]")), tenant="default")

    assert pack[-1] == {"n": "tenant", "vs": "default"}


def test_a_low_battery_makes_no_water_meter_of_a_thermometer() -> None:
    said, receipt = packs(item(Reading("air_temperature", 1, "Cel"), Reading("low_battery", True)))
    meter, counted = packs(item(Reading("water_volume", 1, "m3"), Reading("low_battery", True)))

    assert [pack[0]["bn"] for pack in said] == [f"{INTERNAL}/3303/"]
    assert receipt.inexpressible == {"low_battery": 1}
    assert [one["n"] for one in meter[0]] == ["0", "1", "64001"]
    assert counted.inexpressible == {}


@pytest.mark.parametrize("quantity", sorted(QUANTITIES))
def test_every_quantity_is_said_in_an_object_that_diwise_knows_or_counted(quantity: str) -> None:
    known = QUANTITIES[quantity]
    value = True if known.value_type is ValueType.BOOLEAN else 1

    said, receipt = packs(item(Reading(quantity, value, known.unit)))

    assert receipt.accepted == {1}
    if said:
        [[first, record]] = said
        assert first["vs"].rpartition(":")[2] in OBJECTS
        assert record["n"] == known.diwise_senml.partition(" ")[0].partition("/")[2]
        assert record.get("u", "") == known.diwise_senml.partition(" ")[2]
        assert receipt.inexpressible == {}
    else:
        assert receipt.inexpressible == {quantity: 1}
        assert receipt.warnings == ("an uplink held nothing that diwise has a place for: nothing was sent of it",)
        assert resource(quantity) is None or quantity in {"low_battery", "tamper"}


# ── answers ──


def test_a_device_that_diwise_does_not_know_is_refused_unsent_and_says_what_to_do() -> None:
    waves, receipt = converse(Diwise(), [item(Reading("co2", 1, "[ppm]"))])

    assert waves == []
    assert "unknown device a81758fffe03abcd" in receipt.refused[RowId(1)]
    assert "brygga city connect" in receipt.refused[RowId(1)]


def test_each_answer_decides_its_row() -> None:
    batch = [warm(row, row) for row in (1, 2, 3, 4)]

    _, receipt = converse(Diwise(ids=MANY), batch, {0: TAKEN, 1: MALFORMED, 2: STUMBLE, 3: TAKEN})

    assert receipt.accepted == {1, 4}
    assert receipt.refused == {2: "sensor-2/3303: 400 Bad Request"}
    assert receipt.undecided == {3: "500 Internal Server Error"}
    assert receipt.memory["tries/3"] == 1


def test_a_500_is_refused_after_five_tries_while_others_are_taken() -> None:
    memory: dict[str, Json] = {}
    tried = 0
    receipt = Receipt()
    for row in range(10, 20):
        _, receipt = converse(Diwise(ids=MANY), [warm(1, 1), warm(row, 2)], {0: STUMBLE, 1: TAKEN}, memory)
        memory |= receipt.memory
        tried += 1
        if receipt.refused:
            break

    assert tried == 5
    assert "500 Internal Server Error, 5 times" in receipt.refused[RowId(1)]
    assert "is 'sensor-1' its id there?" in receipt.refused[RowId(1)]
    assert receipt.memory["tries/1"] is None


def test_a_platform_that_only_stumbles_costs_no_more_than_one_devices_rows() -> None:
    memory: dict[str, Json] = {}
    batch = [warm(row, row % 5) for row in range(1, 51)]
    refused: dict[RowId, str] = {}
    for _ in range(5):
        waves, receipt = converse(Diwise(ids=MANY), batch, STUMBLE, memory)
        memory |= receipt.memory
        refused |= receipt.refused
        assert sum(map(len, waves)) == 5

    assert list(refused) == [1]
    assert not [key for key in memory if key.startswith("tries/") and key != "tries/1"]


def test_one_try_is_enough_where_the_option_says_so() -> None:
    _, receipt = converse(Diwise(ids=MANY, tries=1), [warm(1, 1)], STUMBLE)

    assert list(receipt.refused) == [1]


@pytest.mark.parametrize("status", [401, 403, 404, 429, 502, 503])
def test_trouble_on_the_way_decides_nothing_and_stops(status: int) -> None:
    later = Answer(verdict=Verdict.LATER, status=status, detail=f"{status}", retry_after=timedelta(seconds=9))

    waves, receipt = converse(Diwise(ids=MANY), [warm(row, row % 10) for row in range(40)], later)

    assert len(waves) == 1
    assert len(receipt.undecided) == 40
    assert receipt.retry_after == timedelta(seconds=9)
    assert receipt.memory == {}


def test_an_answer_that_never_came_decides_nothing_and_what_was_taken_is_not_told_twice() -> None:
    heard = item(Reading("co2", 1, "[ppm]"), Reading("air_temperature", 1, "Cel"), Reading("illuminance", 1, "lx"))

    first, receipt = converse(Diwise(ids=IDS), [heard], {0: TAKEN, 1: UNCLEAR, 2: TAKEN})
    again, second = converse(Diwise(ids=IDS), [heard], TAKEN, receipt.memory)

    assert list(receipt.undecided) == [1]
    assert [len(wave) for wave in first] == [3]
    assert [[request.body for request in wave] for wave in again] == [[first[0][1].body]]
    assert second.accepted == {1}
    assert second.memory["told/1"] is None


def test_packs_of_one_subject_go_one_after_another_oldest_first() -> None:
    stored = [Reading("co2", hours, "[ppm]", None, HEARD_AT - timedelta(hours=hours)) for hours in (1, 3, 2)]
    batch = [item(*stored, row=1), item(Reading("co2", 0, "[ppm]"), row=2)]

    waves, receipt = converse(Diwise(ids=IDS), batch, TAKEN)

    assert [[json.loads(request.body)[1]["v"] for request in wave] for wave in waves] == [[3], [2], [1], [0]]
    assert receipt.accepted == {1, 2}


def test_what_is_newer_waits_for_what_is_undecided() -> None:
    waves, receipt = converse(Diwise(ids=MANY), [warm(1, 1), warm(2, 1), warm(3, 2)], {0: STUMBLE, 1: TAKEN})

    assert [len(wave) for wave in waves] == [2]
    assert receipt.accepted == {3}
    assert set(receipt.undecided) == {1, 2}
    assert "tries/2" not in receipt.memory


@pytest.mark.parametrize(
    ("late", "sent", "accepted", "refused"),
    [("refuse", 0, set(), {2}), ("send", 1, {2}, set()), ("skip", 0, {2}, set())],
)
def test_an_older_value_goes_over_a_newer_one_only_where_the_option_says_so(
    late: Any, sent: int, accepted: set[int], refused: set[int]
) -> None:
    _, first = converse(Diwise(ids=MANY, late=late), [warm(1)], TAKEN)

    waves, receipt = converse(Diwise(ids=MANY, late=late), [warm(2, minutes_ago=5)], TAKEN, first.memory)

    assert sum(map(len, waves)) == sent
    assert receipt.accepted == accepted
    assert set(receipt.refused) == refused
    assert all(
        "late: a newer value (2026-03-01T12:00:01Z) is already at sensor-1/3303" in one
        for one in receipt.refused.values()
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"ids": {"a81758fffe03abc": "x"}}, "ids: 'a81758fffe03abc' begins with no DevEUI: 15 hex digits"),
        ({"ids": {"A81758FFFE03ABCD/2": "x"}}, "ids: 'A81758FFFE03ABCD/2' is to be written 'a81758fffe03abcd/2'"),
        ({"ids": {DEV_EUI: "a/b"}}, "ids: 'a/b' is no id of diwise's"),
        ({"ids": {DEV_EUI: ""}}, "ids: '' is no id of diwise's"),
        ({"path": "api"}, "path: 'api' does not begin with '/'"),
        ({"late": "drop"}, "late: 'drop' is none of 'refuse', 'send', 'skip'"),
        ({"tries": 0}, "tries: 0 is not from 1 to 1000"),
    ],
)
def test_what_a_person_wrote_wrong_is_said(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Diwise(**options)


# ── the stand-in, over real HTTP ──


async def test_a_backlog_arrives_whole_once_and_in_order(agent: DiwiseIotAgent) -> None:
    batch = [warm(row, row % 7) for row in range(1, 401)]

    loop = Loop(Diwise(ids=MANY), transport := over_http(agent.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert len(loop.journal.delivered) == 400
    assert agent.answers == {201: 400}
    assert agent.repeated == 0
    assert agent.kept.went_back == []
    assert sum(agent.kept.values.values()) == 400
    assert agent.kept.last["sensor-1", "3303", "5700"] == (int(HEARD_AT.timestamp()) + 400, 40, "Cel")


async def test_every_quantity_that_can_be_said_is_taken(agent: DiwiseIotAgent) -> None:
    readings = [
        Reading(name, True if known.value_type is ValueType.BOOLEAN else 1, known.unit)
        for name, known in QUANTITIES.items()
    ]
    batch = [item(one, row=row) for row, one in enumerate(readings, 1)]

    loop = Loop(Diwise(ids=IDS), transport := over_http(agent.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert loop.journal.delivered == [one.row for one in batch]
    assert set(agent.answers) == {201}
    assert {device for device, *_ in agent.kept.values} == {INTERNAL}


async def test_a_device_that_left_diwise_is_set_aside_and_takes_nobody_along(agent: DiwiseIotAgent) -> None:
    agent.devices.discard(internal(3))
    batch = [warm(row, row % 5) for row in range(1, 21)]

    loop = Loop(Diwise(ids=MANY), transport := over_http(agent.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert set(loop.refused()) == {3, 8, 13, 18}
    assert len(loop.journal.delivered) == 16
    assert agent.asked[internal(3)] <= 4 * 5


async def test_a_short_outage_of_what_stands_behind_it_costs_nothing(agent: DiwiseIotAgent) -> None:
    agent.mood = Fault(status=500)
    batch = [warm(row, row % 5) for row in range(1, 21)]
    loop = Loop(Diwise(ids=MANY), transport := over_http(agent.url), batch)

    await loop.turns(4)
    agent.mood = None
    await loop.to_its_end()
    await transport.close()

    assert loop.refused() == {}
    assert len(loop.journal.delivered) == 20


async def test_lost_answers_are_repeated_under_the_same_id(agent: DiwiseIotAgent) -> None:
    agent.faults.extend([Fault(), Fault(silent=True), Fault(status=503), Fault(silent=True), Fault()])
    batch = [warm(row, row % 3) for row in range(1, 31)]

    loop = Loop(Diwise(ids=MANY), transport := over_http(agent.url), batch)
    await loop.to_its_end()
    await transport.close()

    assert sorted(loop.journal.delivered) == [one.row for one in batch]
    assert agent.uplink_ids == {str(one.uplink.id) for one in batch}
    assert agent.repeated == 2
    assert agent.kept.went_back == []
    assert sum(agent.kept.values.values()) == 32


async def test_a_wrong_token_loses_nothing_and_is_said(agent: DiwiseIotAgent) -> None:
    agent.token = "right"
    loop = Loop(Diwise(ids=MANY), transport := over_http(agent.url, token="wrong"), [warm(1)])

    await loop.turns(6)
    trouble = json.dumps(loop.telling.status())
    await transport.close()

    assert "401 Unauthorized" in trouble
    assert [row.id for row in loop.journal.rows] == [1]


async def test_an_agent_that_is_slow_or_away_gets_all_of_it_later(agent: DiwiseIotAgent) -> None:
    url = agent.url
    port = int(url.rpartition(":")[2])
    transport = over_http(url, connect_limit_s=0.1, total_limit_s=0.2)
    loop = Loop(Diwise(ids=MANY), transport, [warm(row, row) for row in (1, 2, 3)])
    agent.mood = Fault(delay_s=0.5)

    await loop.turns(2)
    agent.mood = None
    await agent.stop()
    await loop.turns(6)
    waiting = len(loop.journal.rows)
    await agent.start(port=port)
    await loop.to_its_end()
    await transport.close()

    assert waiting == 3
    assert loop.refused() == {}
    assert loop.journal.delivered == [1, 2, 3]


# ── what the stand-in is strict about ──


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"[]", 400),
        (b"{}", 400),
        (b'[{"bn":1}]', 400),
        (b'[{"n":"0","v":"21"}]', 400),
        (b'[{"bn":"sensor-1/3303/","bt":1710151647,"n":"5700","v":1}]', 500),  # no record "0": nobody
        (b'[{"bn":"a81758fffe000001/3303/","bt":1710151647,"n":"0","vs":"urn:oma:lwm2m:ext:3303"}]', 500),  # a DevEUI
        (b'[{"bn":"urn:oma:lwm2m:ext:3303","bt":1710151647,"n":"0","vs":"sensor-1"},{"n":"5700","v":1}]', 500),  # old
        (b'[{"bn":"SENSOR-1/3303/","bt":1710151647,"n":"0","vs":"urn:oma:lwm2m:ext:3303"}]', 201),
    ],
)
async def test_the_stand_in_says_no_as_the_real_one(agent: DiwiseIotAgent, body: bytes, status: int) -> None:
    async with aiohttp.ClientSession(agent.url) as session, session.post(PATH, data=body) as response:
        said = await response.read()

    assert (response.status, said) == (status, b"")
