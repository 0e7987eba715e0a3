"""What a station says of a frame, and what it is told: against what the real one sent, and against nonsense."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.model import DevAddr, Eui64, Frame, FskRate, Instant, Json, LoraRate, Reception, TimeQuality
from gateway.relay.station_words import Slot, read_dnmsg, read_router_config, uplink
from gateway.sources.basics_station.messages import BadMessage, Uplink
from gateway.sources.basics_station.phy import read_phy_payload
from simulators.network_server_lns import CONFIG
from tests.sources.basics_station_rig import ROOF, vectors

HEARD_AT = Instant(datetime(2026, 3, 1, tzinfo=UTC), 1000.0, "boot", TimeQuality.NTP)
RECEPTION = Reception(
    gateway=ROOF, frequency_hz=868_100_000, data_rate=LoraRate(7, 125_000), rssi_dbm=-57.0, snr_db=9.25, timestamp_us=1
)
SENT = [one["msg"] for one in vectors("captured.jsonl", "lns-capture") if "upinfo" in one["msg"]]
PUBLISHED = [
    (bytes.fromhex(one["phy"]), one["json"])
    for one in vectors("lns.jsonl", "lns-frame")
    if one["json"] is not None and one["json"]["msgtype"] in {"updf", "jreq", "propdf"}
]


def frame(octets: bytes, **changes: Json) -> Frame:
    return Frame(octets, (replace(RECEPTION, **changes),), HEARD_AT)


def said(octets: bytes, config: Json = CONFIG, **changes: Json) -> dict[str, Json] | None:
    return uplink(frame(octets, **changes), read_router_config(config), 77, 0)


@pytest.mark.parametrize("message", SENT, ids=lambda one: one["msgtype"])
def test_what_the_real_station_said_is_said_again_of_the_same_frame(message: dict[str, Json]) -> None:
    octets = read_phy_payload(Uplink(message["msgtype"], message))

    again = said(octets)

    assert again is not None
    pieces = {name: value for name, value in message.items() if name not in {"upinfo", "RefTime", "DR", "Freq"}}
    assert {name: again[name] for name in pieces} == pieces
    assert again["upinfo"].keys() == message["upinfo"].keys()


@pytest.mark.parametrize(
    ("octets", "message"), PUBLISHED, ids=lambda one: one["msgtype"] if isinstance(one, dict) else ""
)
def test_the_frames_that_others_published_are_taken_to_the_same_pieces(octets: bytes, message: dict[str, Json]) -> None:
    again = said(octets)

    assert again is not None
    assert read_phy_payload(Uplink(again["msgtype"], again)) == octets
    for name in ("msgtype", "MHdr", "DevAddr", "FCtrl", "FCnt", "FPort", "DevNonce", "MIC"):
        assert again.get(name) == message.get(name), name


def test_how_it_was_heard_is_said() -> None:
    octets = bytes.fromhex("40 DA1B0126 00 0100 02 C0FFEE 01020304")
    at = datetime(2026, 3, 1, 11, 59, 59, 500_000, tzinfo=UTC)

    told = uplink(frame(octets, gateway_time=at, fine_time_ns=7), read_router_config(CONFIG), 0x12_0000_0000_0001, 3)

    assert told is not None
    assert (told["DR"], told["Freq"]) == (5, 868_100_000)
    gps_us = (at - datetime(1980, 1, 6, tzinfo=UTC) + timedelta(seconds=18)) // timedelta(microseconds=1)
    expected = {"rctx": 3, "xtime": 0x12_0000_0000_0001, "gpstime": gps_us, "fts": 7, "rssi": -57, "snr": 9.25}
    assert told["upinfo"] == expected | {"rxtime": HEARD_AT.utc.timestamp()}


@pytest.mark.parametrize(
    ("octets", "config", "is_said"),
    [
        ("40 DA1B0126 00 0100 02 C0 01020304", {"NetID": [0x13]}, True),
        ("40 DA1B0126 00 0100 02 C0 01020304", {"NetID": [0x24, 0x13]}, True),
        ("40 DA1B0128 00 0100 02 C0 01020304", {"NetID": [0x13]}, False),
        ("00 010000D07ED5B370 021D05FEFF5817A8 0100 01020304", {"JoinEui": [[0, 5]]}, False),
        ("00 010000D07ED5B370 021D05FEFF5817A8 0100 01020304", {"JoinEui": [[0x70B3D57ED0000000, 2**64 - 1]]}, True),
        ("E0 0102", {"NetID": [0x13], "JoinEui": [[0, 5]]}, True),
        ("60 DA1B0126 00 0100 01020304", {}, False),  # another gateway's downlink
        ("C0 00 130000 021D05FEFF5817A8 0100 01020304", {}, False),  # a rejoin request, which no station can say
        ("40 DA1B0126", {}, False),
    ],
)
def test_a_server_hears_what_it_wants_and_a_station_can_say(octets: str, config: Json, is_said: bool) -> None:  # noqa: FBT001
    assert (said(bytes.fromhex(octets), {**CONFIG, **config}) is not None) is is_said


def test_a_data_rate_that_the_server_has_not_is_not_said() -> None:
    octets = bytes.fromhex("40 DA1B0126 00 0100 02 C0FFEE 01020304")

    assert said(octets, data_rate=LoraRate(5, 125_000)) is None
    fsk = said(octets, data_rate=FskRate(50_000))
    assert fsk is not None
    assert fsk["DR"] == 7


# ── down ──

CLASS_A = {
    "msgtype": "dnmsg", "DevEui": "00-00-00-00-11-00-00-01", "dC": 0, "diid": 9, "pdu": "6001020304", "RxDelay": 1, "RX1DR": 5,
    "RX1Freq": 868_100_000, "RX2DR": 0, "RX2Freq": 869_525_000, "xtime": 40250921680313459, "rctx": 1, "priority": 0,
}  # fmt: skip
RX1, RX2 = Slot(timedelta(seconds=1), 5, 868_100_000), Slot(timedelta(seconds=2), 0, 869_525_000)


def test_both_windows_of_class_a_are_read() -> None:
    order = read_dnmsg(CLASS_A)

    assert (order.diid, order.phy_payload, order.xtime, order.rctx) == (
        9,
        bytes.fromhex("6001020304"),
        40250921680313459,
        1,
    )
    assert order.slots == (RX1, RX2)
    assert order.dev_eui == CLASS_A["DevEui"]


@pytest.mark.parametrize(
    ("changes", "slots"),
    [
        ({"RxDelay": 0}, (RX1, RX2)),
        ({"RxDelay": 5}, (replace(RX1, delay=timedelta(seconds=5)), replace(RX2, delay=timedelta(seconds=6)))),
        ({"RX1DR": None, "RX1Freq": None}, (RX2,)),
        ({"RX2DR": None}, (RX1,)),
        ({"dC": 2, "xtime": 0}, (replace(RX2, delay=None),)),
        ({"dC": 2}, (RX1, replace(RX2, delay=None))),
        ({"diid": None, "seqno": 9}, None),
        ({"dC": 1, "DR": 3, "Freq": 869_525_000, "gpstime": 1}, None),
        ({"dC": []}, None),
        ({"pdu": "xyz"}, None),
        ({"pdu": ""}, None),
        ({"xtime": 1.5}, None),
        ({"RxDelay": "1"}, None),
    ],
)
def test_other_shapes_are_read_or_refused(changes: Json, slots: tuple[Slot, ...] | None) -> None:
    message = {**CLASS_A, **changes}

    if slots is None:
        with pytest.raises(BadMessage):
            read_dnmsg(message)
        return

    assert read_dnmsg(message).slots == slots


def test_noise_raises_bad_message_and_nothing_else() -> None:
    rng = random.Random(7)
    values: list[Json] = [None, True, -1, 0, 1.5, 1 << 70, "x", "60", [], [[]], {}, [1, 2, 3], [[7, 125, 0]]]
    for _ in range(3000):
        message = {name: rng.choice([value, rng.choice(values)]) for name, value in {**CLASS_A, **CONFIG}.items()}
        for read in (read_dnmsg, read_router_config):
            try:
                read(message)
            except BadMessage:
                continue
    assert json.dumps(CONFIG)


def test_prefixes_compare_the_first_seven_bits() -> None:
    config = read_router_config({**CONFIG, "NetID": [0x13]})

    assert config.wants_address(DevAddr("27ffffff"))
    assert not config.wants_address(DevAddr("28000000"))
    assert config.wants_join(Eui64("ffffffffffffffff"))
