"""What stations say, sans-I/O: others' vectors, what the real station sent, and what nobody should send."""

from __future__ import annotations

import json
import random
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.config.sources.station_plan import station_plan
from gateway.lorawan.region import EU868, US915
from gateway.model import FskRate, Json, LoraRate, Reception
from gateway.sources.basics_station.eui import dashed, read_eui, read_router
from gateway.sources.basics_station.messages import (
    BadMessage,
    BadMessageReason,
    DnTxed,
    Other,
    Overheard,
    TimeSync,
    Uplink,
    Version,
    read,
)
from gateway.sources.basics_station.phy import Moment, read_phy_payload, read_reception
from simulators.basics_station import id6
from simulators.station_radio import taken_apart
from tests.sources.basics_station_rig import ROOF, UPLINK, vectors

PLAN = station_plan(EU868)
FRAMES = vectors("lns.jsonl", "lns-frame")
UPLINKS = [one for one in FRAMES if one["json"] is not None and one["json"]["msgtype"] != "jacc"]
OTHERS = [one for one in vectors("lns.jsonl", "lns-json") if "upinfo" in one["json"]]
XTIME = 24488323245314472


def updf(**changes: Json) -> dict[str, Json]:
    """Return what the real station sent of an uplink, with changes; `...` leaves a field out."""
    upinfo: dict[str, Json] = {"rctx": 0, "xtime": XTIME, "gpstime": 0, "fts": -1, "rssi": -57, "snr": 9.25}
    fields: dict[str, Json] = {
        "msgtype": "updf",
        "MHdr": 64,
        "DevAddr": 637606874,
        "FCtrl": 0,
        "FCnt": 1,
        "FOpts": "",
        "FPort": 1,
        "FRMPayload": "00" * 20,
        "MIC": 305419896,
        "RefTime": 1795437147.087138,
        "DR": 5,
        "Freq": 868100000,
    }
    upinfo |= {name: value for name, value in changes.items() if name in upinfo}
    fields |= {name: value for name, value in changes.items() if name not in upinfo} | {"upinfo": upinfo}
    fields["upinfo"] = {name: value for name, value in upinfo.items() if value is not ...}
    return {name: value for name, value in fields.items() if value is not ...}


def heard(fields: dict[str, Json] | str) -> tuple[bytes, Reception, Moment | None]:
    said = read(fields if isinstance(fields, str) else json.dumps(fields))
    assert isinstance(said, Uplink)
    reception, moment = read_reception(
        said, rates=PLAN.data_rates, downlink_only=PLAN.downlink_only, gateway=ROOF, source="radio"
    )
    return read_phy_payload(said), reception, moment


# ── frames ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("vector", UPLINKS, ids=lambda one: str(one["phy"]))
def test_a_frame_is_put_together_as_the_station_took_it_apart(vector: dict[str, Json]) -> None:
    said = read(json.dumps(vector["json"]))

    assert isinstance(said, Uplink)
    assert read_phy_payload(said).hex() == vector["phy"]


@pytest.mark.parametrize("vector", FRAMES, ids=lambda one: str(one["phy"]))
def test_the_simulated_station_takes_frames_apart_as_the_real_one_does(vector: dict[str, Json]) -> None:
    assert taken_apart(bytes.fromhex(vector["phy"])) == vector["json"]


@pytest.mark.parametrize("vector", vectors("lns.jsonl", "lns-updf-to-phy"), ids=lambda one: str(one["name"]))
def test_data_frames_are_what_chirpstack_makes_of_them(vector: dict[str, Json]) -> None:
    given = vector["in"]
    names = {"MHDR": "MHdr"}
    fields = {names.get(name, name): value for name, value in given.items() if not name.startswith(("_", "Radio"))}

    said = read(json.dumps({"msgtype": "updf", **fields}))

    assert isinstance(said, Uplink)
    assert read_phy_payload(said).hex() == vector["phy"]


@pytest.mark.parametrize("vector", vectors("lns.jsonl", "lns-jreq-to-phy"))
def test_join_requests_are_what_chirpstack_makes_of_them(vector: dict[str, Json]) -> None:
    given = vector["in"]
    euis = {name: dashed(given[name]) for name in ("JoinEui", "DevEui")}

    said = read(json.dumps({"msgtype": "jreq", **given, **euis}))

    assert isinstance(said, Uplink)
    assert read_phy_payload(said).hex() == vector["phy"]


# Others' tests of their own readers. Ours refuses what no octet, counter or port can be, and a payload without a port, whatever
# they make of it; the first of The Things Stack's has names and a payload that no station writes.
NO_FRAME = [
    ("MHdr", 300),
    ("FCtrl", 300),
    ("FCnt", -164),
    ("FOpts", 5),
    ("FPort", 300),
    ("FPort", -2),
    ("FRMPayload", 5),
]


def can_be(fields: dict[str, Json]) -> bool:
    impossible = any(fields.get(name) == value for name, value in NO_FRAME) or isinstance(fields["MIC"], float)
    portless = fields.get("FPort") == -1 and fields.get("FRMPayload")
    return not impossible and not portless and "Fcnt" not in fields


@pytest.mark.parametrize("vector", OTHERS, ids=lambda one: f"{one['source'][:5]}-{one.get('line')}")
def test_others_messages_are_taken_or_refused_for_a_reason(vector: dict[str, Json]) -> None:
    expected = vector.get("expect") != "reject" and can_be(vector["json"])

    try:
        heard(vector["json"])
        reason = None
    except BadMessage as error:
        reason = error.reason

    assert reason == (None if expected else BadMessageReason.FIELD)


def said_by_the_station(name: str) -> list[dict[str, Json]]:
    rows = vectors(name, "lns-capture")
    return [row["msg"] for row in rows if row["dir"] == "station->lns" and "msgtype" in row["msg"]]


def test_what_the_real_station_sent_to_another_is_understood() -> None:
    told = said_by_the_station("captured.jsonl")

    kinds = Counter(type(read(json.dumps(message))) for message in told)
    frames = [heard(message)[0].hex() for message in told if message["msgtype"] in {"updf", "jreq", "propdf"}]

    assert kinds == {Version: 1, Uplink: 6, DnTxed: 1}
    assert frames[0] == "40 da1b0126 00 0100 01".replace(" ", "") + "00" * 20 + "78563412"
    assert frames[1] == "00" + bytes(range(16)).hex() + "0102" + "aabbccdd"
    assert frames[2] == "e000010203040506070809"


def test_what_the_real_station_sent_to_this_source_is_understood() -> None:
    told = said_by_the_station("captured_here.jsonl")

    kinds = Counter(type(read(json.dumps(message))) for message in told)
    frames = [heard(message) for message in told if message["msgtype"] in {"updf", "jreq", "propdf", "rejoin"}]

    assert kinds == {Version: 1, Uplink: 8, DnTxed: 4, Overheard: 2, TimeSync: 1}
    assert [phy_payload.hex() for phy_payload, _, _ in frames] == [
        UPLINK.hex(),
        "00" + bytes(range(22)).hex(),
        "e000010203",
        "80da1b012680010001020304",
        "c0" + bytes(range(22)).hex(),
        UPLINK.hex(),
        UPLINK.hex(),
        UPLINK.hex(),
    ]
    assert {str(reception.data_rate) for _, reception, _ in frames} == {"SF7BW125", "SF12BW125", "FSK50000"}
    *_, (_, synchronised, _) = frames
    assert synchronised.gateway_time is not None  # 13.9 ms before it came here, by a clock that we had told it
    assert synchronised.gateway_time.isoformat() == "2026-11-26T05:33:40.903759+00:00"


def test_a_reception_has_all_that_an_answer_needs() -> None:
    phy_payload, reception, moment = heard(updf(rctx=3, xtime=XTIME))

    assert phy_payload.hex() == "40da1b012600010001" + "00" * 20 + "78563412"
    assert (reception.gateway, reception.frequency_hz, reception.data_rate) == (ROOF, 868_100_000, LoraRate(7, 125_000))
    assert (reception.rssi_dbm, reception.snr_db, reception.antenna) == (-57.0, 9.25, 3)
    assert reception.timestamp_us == XTIME & 0xFFFF_FFFF
    assert moment == Moment(XTIME, 3) == Moment.of(reception.context)


def test_a_time_of_64_bits_keeps_its_last_one() -> None:
    xtime = (1 << 62) + 1  # the next floating-point number is 1024 away

    _, reception, _ = heard(updf(xtime=xtime))

    assert Moment.of(reception.context) == Moment(xtime, 0)


@pytest.mark.parametrize("xtime", [0, ...])
def test_a_frame_without_time_is_heard_and_cannot_be_answered(xtime: Json) -> None:
    _, reception, moment = heard(updf(xtime=xtime))

    assert (reception.timestamp_us, reception.context, moment) == (None, b"", None)


def test_gps_time_is_without_its_leap_seconds_and_no_receiver_has_said_it() -> None:
    _, reception, _ = heard(updf(gpstime=1_384_035_218_000_000))

    assert reception.gateway_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)
    assert not reception.gateway_time_is_gps


@pytest.mark.parametrize(("fts", "fine_time_ns"), [(-1, None), (0, 0), (999_999_999, 999_999_999), (10**9, None)])
def test_the_fine_time_is_kept_where_there_is_one(fts: int, fine_time_ns: int | None) -> None:
    assert heard(updf(fts=fts))[1].fine_time_ns == fine_time_ns


def test_fsk_has_no_signal_to_noise_ratio() -> None:
    _, reception, _ = heard(updf(DR=7, snr=0))

    assert (reception.data_rate, reception.snr_db) == (FskRate(50_000), None)


def test_a_data_rate_that_goes_down_only_is_no_uplinks() -> None:
    plan = station_plan(US915)
    uplink = Uplink("updf", updf(DR=8))

    with pytest.raises(BadMessage, match="data_rate"):
        read_reception(uplink, rates=plan.data_rates, downlink_only=plan.downlink_only, gateway=ROOF, source="radio")


def test_other_stations_words_are_understood_too() -> None:
    upper = {
        "msgtype": "jreq",
        "MHdr": 0,
        "JoinEUI": "::1",
        "DevEUI": "0:ff:fe00:1",
        "DevNonce": 513,
        "MIC": -573785174,
    }
    unsigned = updf(DevAddr=0xFFEFCDAB, MIC=0xA3A2A1A0, FOpts=None, FPort=..., FRMPayload=...)

    join = read(json.dumps(upper))

    assert isinstance(join, Uplink)
    assert read_phy_payload(join).hex() == "00" + "0100000000000000" + "010000feff000000" + "0102" + "aabbccdd"
    assert heard(unsigned)[0].hex() == "40" + "abcdefff" + "00" + "0100" + "a0a1a2a3"


def test_a_rejoin_request_is_put_together_like_a_join_request() -> None:
    frame = bytes.fromhex("c0") + bytes(range(1, 23))
    fields = taken_apart(frame)
    assert fields is not None

    said = read(json.dumps(fields))

    assert isinstance(said, Uplink)
    assert read_phy_payload(said) == frame


# ── everything else ─────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"msgtype":"dntxed","diid":35,"xtime":1552906698}', DnTxed(35, 1552906698)),
        ('{"msgtype":"dntxed","seqno":35}', DnTxed(35, None)),
        ('{"msgtype":"timesync","txtime":123456}', TimeSync(123456)),
        ('{"msgtype":"dndf","MHdr":96}', Overheard("dndf")),
        ('{"msgtype":"jacc","FRMPayload":"20"}', Overheard("jacc")),
        ('{"msgtype":"alarm","text":"?"}', Other("alarm")),
        ('{"onePropBefore":{"value":123},"msgtype":"getxtime"}', Other("getxtime")),
    ],
)
def test_each_kind_of_message_has_its_own_value(text: str, said: object) -> None:
    assert read(text) == said


def test_a_station_need_not_know_its_firmware() -> None:
    text = '{"msgtype":"version","station":"2.0.6","firmware":null,"package":null,"model":"linux","protocol":2,"features":"rmtsh"}'

    assert read(text) == Version(
        station="2.0.6", firmware=None, package=None, model="linux", protocol=2, features="rmtsh"
    )


def test_what_a_station_says_of_itself_cannot_write_on_a_terminal() -> None:
    said = read(json.dumps({"msgtype": "version", "station": "\x1b[2J\x07" + "x" * 5000, "features": 5}))

    assert isinstance(said, Version)
    assert said.station == "[2J" + "x" * 95
    assert said.features is None


# ── hostile ─────────────────────────────────────────────────────────────────────────────────────────────────────

HUGE = "9" * 400


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "json"),
        ("{", "json"),
        ("[" * 50_000, "json"),
        ('{"msgtype":"updf","x":' + "[" * 50_000 + "]" * 50_000 + "}", "json"),
        ('{"msgtype":"updf","upinfo":{"rssi":NaN}}', "json"),
        ('{"msgtype":"updf","upinfo":{"rssi":-Infinity}}', "json"),
        ('{"msgtype":"dntxed","diid":' + "9" * 5000 + "}", "json"),
        ("[]", "shape"),
        ("null", "shape"),
        ("{}", "shape"),
        ('{"msgtype":5}', "shape"),
        ('{"msgtype":["updf"]}', "shape"),
        ('{"msgtype":"dntxed","diid":' + HUGE + "}", "diid"),
        ('{"msgtype":"dntxed","diid":1.0}', "diid"),
        ('{"msgtype":"dntxed","diid":true}', "diid"),
        ('{"msgtype":"timesync","txtime":123.456}', "txtime"),
        ('{"msgtype":"timesync"}', "txtime"),
    ],
)
def test_what_cannot_be_read_is_refused_for_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadMessage) as caught:
        read(text)

    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MHdr": 256}, "field"),
        ({"MHdr": True}, "field"),
        ({"MHdr": ...}, "field"),
        ({"DevAddr": 1 << 32}, "field"),
        ({"DevAddr": "26011BDA"}, "field"),
        ({"MIC": 5.0}, "field"),
        ({"MIC": -(1 << 31) - 1}, "field"),
        ({"FCnt": 65536}, "field"),
        ({"FCnt": int(HUGE)}, "field"),
        ({"FOpts": "0"}, "field"),
        ({"FOpts": "0 1"}, "field"),
        ({"FRMPayload": "zz"}, "field"),
        ({"FRMPayload": ["00"]}, "field"),
        ({"FPort": -2}, "field"),
        ({"FPort": -1}, "field"),
        ({"FRMPayload": "00" * 243}, "too_long"),
        ({"DR": 16}, "data_rate"),
        ({"DR": 8}, "data_rate"),
        ({"DR": -1}, "data_rate"),
        ({"DR": 5.0}, "data_rate"),
        ({"Freq": 868.1}, "frequency"),
        ({"Freq": "868100000"}, "frequency"),
        ({"Freq": -868100000}, "frequency"),
        ({"rssi": "-57"}, "rssi"),
        ({"rssi": ...}, "rssi"),
        ({"rssi": 1e300}, "rssi"),
        ({"xtime": 2.4488323245314472e16}, "xtime"),
        ({"xtime": 1 << 63}, "xtime"),
        ({"xtime": -5}, "xtime"),
        ({"xtime": str(XTIME)}, "xtime"),
        ({"xtime": int(HUGE)}, "xtime"),
    ],
)
def test_a_frame_that_cannot_be_is_refused_for_its_reason(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadMessage) as caught:
        heard(updf(**changes))

    assert caught.value.reason == reason


def test_a_proprietary_frame_of_no_octets_is_no_frame() -> None:
    with pytest.raises(BadMessage, match="empty"):
        heard({**updf(), "msgtype": "propdf", "FRMPayload": ""})


@pytest.mark.parametrize("ornament", ["rctx", "gpstime", "fts", "snr"])
@pytest.mark.parametrize("value", ["?", 1.5e300, int(HUGE), None, [], True])
def test_a_wrong_ornament_loses_no_reading(ornament: str, value: Json) -> None:
    phy_payload, _, _ = heard(updf(**{ornament: value}))

    assert phy_payload.hex().startswith("40da1b0126")


def test_no_truncation_and_no_noise_is_anything_but_refused() -> None:
    noise = random.Random(7)
    whole = json.dumps(updf())

    reasons: Counter[str] = Counter()
    for number in range(len(whole) + 3000):
        text = list(whole[:number] if number < len(whole) else whole)
        for _ in range(0 if number < len(whole) else 1 + number % 4):
            text[noise.randrange(len(text))] = chr(noise.randrange(32, 0x2000))
        try:
            heard("".join(text))
        except BadMessage as error:
            reasons[error.reason] += 1
        except AssertionError:
            reasons["another kind"] += 1

    assert reasons["json"] > 1000


# ── EUIs ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("written", "eui"),
    [
        ("0:ff:fe00:1", "000000fffe000001"),
        ("::1", "0000000000000001"),
        ("::", "0000000000000000"),
        ("::0", "0000000000000000"),
        ("1::", "0001000000000000"),
        ("f::1", "000f000000000001"),
        ("16:c001:ff10:a235", "0016c001ff10a235"),
        ("00-16-C0-01-FF-10-A2-35", "0016c001ff10a235"),
        ("00:16:c0:01:ff:10:a2:35", "0016c001ff10a235"),
        ("0016C001FF10A235", "0016c001ff10a235"),
        (0x0016C001FF10A235, "0016c001ff10a235"),
        (0, "0000000000000000"),
    ],
)
def test_a_router_names_itself_in_many_ways(written: Json, eui: str) -> None:
    assert read_router(written) == eui


@pytest.mark.parametrize(
    "written",
    [
        *("", ":", ":::", "1:2:3", "1:2:3:4:5", "1::2::3", "1:2:3:4::", "12345::", "x::1", "00-16-C0-01-FF-10-A2"),
        *("00-16:C0-01-FF-10-A2-35", -1, 1 << 64, int(HUGE), 1.5, True, None, [], {}),
    ],
)
def test_what_is_no_eui_is_refused(written: Json) -> None:
    with pytest.raises(ValueError, match="no EUI"):
        read_router(written)


@pytest.mark.parametrize("eui", ["0016c001ff10a235", "0000000000000001", "ffffffffffffffff", "000000fffe000001"])
def test_what_the_simulated_station_writes_is_read(eui: str) -> None:
    assert read_eui(id6(ROOF.__class__(eui))) == eui
    assert read_eui(dashed(ROOF.__class__(eui))) == eui


def test_the_uplink_of_the_rig_survives_both_ways() -> None:
    fields = taken_apart(UPLINK)
    assert fields is not None

    assert read_phy_payload(Uplink("updf", fields)) == UPLINK
