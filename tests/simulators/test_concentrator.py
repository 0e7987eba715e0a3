"""The simulated concentrator decides as the real forwarders did when they were run without a radio."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.model import FskRate, Json, LoraRate
from simulators.concentrator import (
    QUEUE_LENGTH,
    SX1301,
    SX1302,
    Concentrator,
    ConcentratorModel,
    Decision,
    UnreadableRequest,
    airtime_us,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "gwmp"
CAPTURED = [json.loads(line) for line in (VECTORS / "captured_gwmp.jsonl").read_text(encoding="utf-8").splitlines()]
AIRTIMES = [json.loads(line) for line in (VECTORS / "airtime.jsonl").read_text(encoding="utf-8").splitlines()]
PUBLISHED = [json.loads(line) for line in (VECTORS / "gwmp.jsonl").read_text(encoding="utf-8").splitlines()]


def txpk(**changes: Json) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "imme": False,
        "tmst": 2_000_000,
        "freq": 868.1,
        "rfch": 0,
        "powe": 14,
        "modu": "LORA",
        "datr": "SF7BW125",
        "codr": "4/5",
        "ipol": True,
        "ncrc": True,
        "size": 13,
        "data": "YNobASYAAQABqrvM3Q==",
    }
    return {name: value for name, value in (fields | changes).items() if value is not None}


def answers(concentrator: Concentrator, *asked: dict[str, Json], now_us: int = 1_000_000) -> list[str | None]:
    return [concentrator.offer(one, now_us).error for one in asked]


@pytest.mark.parametrize(
    ("forwarder", "model", "now_us"),  # 10 ms before the moment of the request that came too late
    [("packet_forwarder v4.0.1", SX1301, 6_267_827), ("sx1302_hal v2.1.0", SX1302, 6_268_853)],
)
def test_it_answers_what_the_real_forwarder_answered(forwarder: str, model: ConcentratorModel, now_us: int) -> None:
    session = [vector for vector in CAPTURED if forwarder in vector["forwarder"]]
    orders = {vector["token"]: json.loads(vector["json"])["txpk"] for vector in session if vector.get("type") == 3}
    said = {vector["token"]: tx_error(vector["json"]) for vector in session if vector.get("type") == 5}
    concentrator = Concentrator(model)

    decided = {token: concentrator.offer(order, now_us).error for token, order in orders.items() if token in said}

    assert decided == {token: said[token] for token in decided}
    assert set(decided.values()) == {None, "TOO_EARLY", "TOO_LATE", "TX_FREQ", "GPS_UNLOCKED"}


def tx_error(body: str) -> str | None:
    return json.loads(body)["txpk_ack"]["error"] if body else None


@pytest.mark.parametrize("vector", [v for v in CAPTURED if v["kind"] == "handed-to-radio"], ids=lambda v: v["count_us"])
def test_what_was_handed_to_the_radio_is_what_was_asked(vector: dict[str, Json]) -> None:
    order = txpk(tmst=vector["count_us"], freq=vector["freq"] / 1e6, powe=vector["power"], size=vector["size"])

    decided = Concentrator().offer(order, vector["count_us"] - 1_000_000).transmission

    assert decided is not None
    assert (decided.frequency_hz, decided.power_dbm) == (vector["freq"], vector["power"])
    assert decided.starts_us == vector["count_us"]


@pytest.mark.parametrize(
    ("asked", "error"),
    [
        (txpk(), None),
        (txpk(tmst=900_000), "TOO_EARLY"),  # past: the difference wraps
        (txpk(tmst=1_010_000), "TOO_LATE"),
        (txpk(tmst=1_042_499), "TOO_LATE"),
        (txpk(tmst=1_042_500), None),
        (txpk(tmst=601_000_000), "TOO_EARLY"),
        (txpk(freq=915.0), "TX_FREQ"),
        (txpk(freq=862.9), "TX_FREQ"),
        (txpk(powe=24), None),
        (txpk(imme=True, tmst=None), None),
        (txpk(imme=None, tmst=None, tmms=1234567890000), "GPS_UNLOCKED"),
        (txpk(size=99), None),
        (txpk(modu="FSK", datr=50000, fdev=25000, codr=None), None),
    ],
)
def test_each_request_gets_its_answer(asked: dict[str, Json], error: str | None) -> None:
    assert answers(Concentrator(), asked) == [error]


@pytest.mark.parametrize(
    "asked",
    [
        txpk(datr=None),
        txpk(datr="fast"),
        txpk(datr=5),
        txpk(freq=None),
        txpk(data=None),
        txpk(modu=None),
        txpk(codr="4/9"),
        txpk(tmst=None),
        txpk(tmst="soon"),
        None,
        [],
        "txpk",
    ],
)
def test_a_request_that_cannot_be_read_gets_no_answer(asked: Json) -> None:
    with pytest.raises(UnreadableRequest):
        Concentrator().offer(asked, 1_000_000)


def test_a_request_across_the_counters_wrap_is_in_time() -> None:
    now_us = 2**32 - 500_000

    decided = Concentrator().offer(txpk(tmst=500_000), now_us).transmission

    assert decided is not None
    assert decided.starts_us == now_us + 1_000_000


def test_one_transmitter_sends_one_packet_at_a_time() -> None:
    concentrator = Concentrator()  # 41 ms each, and 2.5 ms between them

    decided = answers(concentrator, *(txpk(tmst=2_000_000 + after) for after in (0, 20_000, 43_000, 44_000, -50_000)))

    assert decided == [None, "COLLISION_PACKET", "COLLISION_PACKET", None, None]


def test_the_queue_is_full_at_its_length() -> None:
    concentrator = Concentrator()

    decided = answers(concentrator, *(txpk(tmst=2_000_000 + 100_000 * number) for number in range(QUEUE_LENGTH + 1)))

    assert decided == [None] * QUEUE_LENGTH + ["COLLISION_PACKET"]


def test_what_was_sent_makes_room() -> None:
    concentrator = Concentrator()

    decided = [*answers(concentrator, txpk()), *answers(concentrator, txpk(tmst=5_000_000), now_us=4_000_000)]

    assert decided == [None, None]
    assert len(concentrator._queue) == 1


def test_an_immediate_packet_waits_for_the_transmitter() -> None:
    concentrator = Concentrator()
    concentrator.offer(txpk(tmst=1_060_000), 1_000_000)

    decided = concentrator.offer(txpk(imme=True), 1_000_000).transmission

    assert decided is not None
    assert decided.starts_us == 1_060_000 + 41_216 + 2_500


@pytest.mark.parametrize(
    ("model", "powe", "power_dbm", "warning"),
    [
        (SX1302, 24, 23, "TX_POWER"),
        (SX1302, 25, 25, None),
        (SX1302, 40, 27, "TX_POWER"),
        (SX1302, 5, 12, "TX_POWER"),
        (SX1301, 24, 23, None),
    ],
)
def test_the_power_is_the_next_lower_step(
    model: ConcentratorModel, powe: int, power_dbm: int, warning: str | None
) -> None:
    decided = Concentrator(model).offer(txpk(powe=powe), 1_000_000)

    assert isinstance(decided, Decision)
    assert decided.transmission is not None
    assert (decided.transmission.power_dbm, decided.warning) == (power_dbm, warning)


@pytest.mark.parametrize("vector", AIRTIMES, ids=lambda vector: f"SF{vector['sf']}-{vector['phy_len']}-{vector['crc']}")
def test_time_on_air_is_what_others_compute(vector: dict[str, Json]) -> None:
    rate = LoraRate(vector["sf"], vector["bw_hz"])

    assert airtime_us(vector["phy_len"], rate, crc=vector["crc"]) == vector["us"]


def test_fsk_time_on_air_is_its_octets() -> None:
    assert airtime_us(20, FskRate(50_000)) == (5 + 3 + 1 + 20 + 2) * 160


@pytest.mark.parametrize("vector", [v for v in PUBLISHED if "txpk" in v.get("json", {})], ids=lambda v: v["source"])
def test_published_requests_are_read(vector: dict[str, Json]) -> None:
    asked = vector["json"]["txpk"]

    decided = Concentrator(frequencies_hz=(860_000_000, 870_000_000)).offer(asked, 0).transmission

    assert decided is not None
    assert len(decided.phy_payload) == asked["size"]


@pytest.mark.parametrize(("ipol", "inverted"), [(True, True), (False, False), (None, False)])
def test_it_sends_with_the_polarity_that_it_is_told(ipol: Json, inverted: Json) -> None:
    decision = Concentrator().offer(txpk(ipol=ipol), 1_000_000)

    assert decision.transmission is not None
    assert decision.transmission.inverted is inverted
