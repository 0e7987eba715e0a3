"""One rxpk, one stat, one txpk: published and captured ones, every documented field, and values that cannot be."""

from __future__ import annotations

import json
from base64 import b64encode
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.model import DataRate, Eui64, FskRate, Json, LoraRate, Place, Reception, TxRequest, eui64
from gateway.sources.gwmp import BadDatagram, BadDatagramReason
from gateway.sources.rxpk import Crc, Received, Stat, read_rxpk, read_stat
from gateway.sources.txpk import write_txpk
from tests.sources.conftest import GATEWAY, rxpk, vectors

PUBLISHED = vectors("gwmp.jsonl")
CAPTURED = [vector for vector in vectors("captured_gwmp.jsonl") if vector["kind"] == "gwmp-capture"]
PACKETS = [packet for vector in PUBLISHED for packet in vector.get("json", {}).get("rxpk", [])]
CAPTURED_PACKETS = [
    packet
    for vector in CAPTURED
    if vector["json"] and vector["dir"] == "up"
    for packet in json.loads(vector["json"]).get("rxpk", [])
]


def read(packet: Json) -> Received:
    return read_rxpk(packet, gateway=GATEWAY, source="radio")


def refusal(packet: Json) -> BadDatagramReason | None:
    try:
        read(packet)
    except BadDatagram as refused:
        return refused.reason
    return None


@pytest.mark.parametrize("packet", [*PACKETS, *CAPTURED_PACKETS], ids=lambda packet: f"{packet['tmst']}")
def test_published_and_captured_packets_are_read(packet: dict[str, Json]) -> None:
    if packet["modu"] == "LRFHSS":
        assert refusal(packet) is BadDatagramReason.MODULATION
        return

    received = read(packet)

    (reception,) = received.receptions
    assert len(received.phy_payload) == packet["size"]
    assert str(reception.data_rate) in {packet["datr"], f"FSK{packet['datr']}"}
    assert abs(reception.frequency_hz - packet["freq"] * 1e6) < 0.5
    assert (reception.rssi_dbm, reception.snr_db) == (packet["rssi"], packet.get("lsnr"))
    assert (reception.timestamp_us, reception.channel) == (packet["tmst"], packet["chan"])
    assert received.crc is Crc.RIGHT


@pytest.mark.parametrize(
    "vector", [vector for vector in PUBLISHED if vector["kind"] == "rxpk-struct"], ids=lambda vector: vector["test"]
)
def test_what_another_forwarder_makes_is_read(vector: dict[str, Json]) -> None:
    packet = as_json(vector["rxpk"])
    if packet["modu"] == "LRFHSS":
        assert refusal(packet) is BadDatagramReason.MODULATION
        return

    received = read(packet)

    assert received.phy_payload == bytes((4, 3, 2, 1))
    said = sorted((r.antenna, r.channel, r.rssi_dbm, r.snr_db) for r in received.receptions)
    told = packet["rsig"] or [{**packet, "rssic": packet["rssi"]}]
    assert said == sorted((one["ant"], one["chan"], one["rssic"], one["lsnr"]) for one in told)
    assert received.receptions[0].fine_time_ns == packet["ftime"]
    assert (received.receptions[0].gateway_time is None) == (packet["tmms"] is None)


def as_json(struct: dict[str, Json]) -> dict[str, Json]:
    """Turn the Rust structure of the vector into the JSON that it stands for."""
    rate = struct["datr"]["args"]
    modu = {"Modulation::Lora": "LORA", "Modulation::Fsk": "FSK", "Modulation::LrFhss": "LRFHSS"}[struct["modu"]]
    datr = f"SF{rate[0]}BW{rate[1] // 1000}" if modu == "LORA" else rate[0]
    return struct | {"modu": modu, "datr": datr, "stat": 1, "data": b64encode(bytes(struct["data"])).decode()}


def test_every_field_of_a_packet_finds_its_place() -> None:
    packet = rxpk(
        time="2020-10-01T09:30:52.592567Z", tmms=1285579871592, ftime=85224290, ant=1, chan=2, brd=1, freq=868.3
    )

    received = read_rxpk(packet, gateway=GATEWAY, source="roof", place=Place(59.3, 18.1))

    assert received.receptions == (
        Reception(
            gateway=GATEWAY,
            frequency_hz=868_300_000,
            data_rate=LoraRate(7, 125_000),
            rssi_dbm=-57,
            snr_db=9.2,
            timestamp_us=5604085,
            channel=2,
            antenna=1,
            gateway_time=datetime(2020, 10, 1, 9, 30, 52, 592567, tzinfo=UTC),
            fine_time_ns=85224290,
            place=Place(59.3, 18.1),
            source="roof",
        ),
    )


def test_each_antenna_is_a_reception_the_best_first() -> None:
    antennas = [
        {"ant": 0, "chan": 2, "rssic": -110, "lsnr": -4.0},
        {"ant": 1, "chan": 2, "rssic": -101, "lsnr": 3.5},
        {"ant": 2, "chan": 2, "lsnr": 20},  # heard nothing: no RSSI
        "no antenna",
    ]

    received = read(rxpk(rssi=None, rssis=None, lsnr=None, rsig=antennas))

    assert [(r.antenna, r.rssi_dbm, r.snr_db) for r in received.receptions] == [(1, -101, 3.5), (0, -110, -4.0)]


@pytest.mark.parametrize("rsig", [[], "x", {}, 5, [{"ant": 1}], [None] * 100])
def test_antennas_that_say_nothing_leave_the_packet_its_own_signal(rsig: Json) -> None:
    (reception,) = read(rxpk(rsig=rsig)).receptions

    assert (reception.rssi_dbm, reception.antenna) == (-57, 0)


def test_gps_time_is_ahead_of_utc_by_its_leap_seconds() -> None:
    unix_s = 1_700_000_000  # 2023-11-14 22:13:20 UTC
    gps_s = unix_s - 315_964_800 + 18  # the GPS epoch in Unix time; 18 leap seconds since then

    received = read(rxpk(tmms=gps_s * 1000))

    assert received.receptions[0].gateway_time == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)


UTC_NOW, GPS_NOW = "2023-11-14T22:13:20.000000Z", (1_700_000_000 - 315_964_800 + 18) * 1000


@pytest.mark.parametrize(
    ("said", "is_ours", "is_gps"),
    [
        ({"time": UTC_NOW, "tmms": GPS_NOW}, True, True),  # lora_pkt_fwd with a fix
        ({"tmms": GPS_NOW}, True, True),
        (
            {"time": UTC_NOW, "tmms": GPS_NOW - 3000},
            True,
            True,
        ),  # a receiver that has not heard of all leap seconds yet
        ({"time": UTC_NOW}, True, False),  # Concentratord with time_fallback_enabled
        ({"time": "1970-01-01T00:01:00Z", "tmms": GPS_NOW}, True, False),
        ({"time": UTC_NOW, "tmms": "now"}, True, False),
        ({}, True, False),
        ({"time": UTC_NOW, "tmms": GPS_NOW}, False, False),  # a gateway elsewhere proves nothing
    ],
)
def test_a_gps_receiver_is_who_says_gps_time_on_this_machine(
    said: dict[str, Json], *, is_ours: bool, is_gps: bool
) -> None:
    received = read_rxpk(rxpk(**{"time": None, "tmms": None} | said), gateway=GATEWAY, is_ours=is_ours)

    assert [one.gateway_time_is_gps for one in received.receptions] == [is_gps]


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        ("2013-03-31T16:21:17.528002Z", datetime(2013, 3, 31, 16, 21, 17, 528002, tzinfo=UTC)),
        ("2013-03-31T18:21:17+02:00", datetime(2013, 3, 31, 16, 21, 17, tzinfo=UTC)),
        ("2013-03-31T16:21:17", datetime(2013, 3, 31, 16, 21, 17, tzinfo=UTC)),
        ("0001-01-01T00:00:00+10:00", None),
        ("now", None),
        (5, None),
        ("", None),
    ],
)
def test_a_time_is_read_or_absent(time: Json, expected: datetime | None) -> None:
    assert read(rxpk(time=time)).receptions[0].gateway_time == expected


@pytest.mark.parametrize(
    "data",
    [
        "+/+/",  # the usual alphabet
        "-_-_",  # the other
        "-/+_",  # both, as in the protocol's own examples
    ],
)
def test_both_alphabets_of_base64_are_read(data: str) -> None:
    assert read(rxpk(data=data)).phy_payload == bytes.fromhex("fbffbf")


@pytest.mark.parametrize("data", ["AQ==", "AQ", "AQ=", " AQ==\n"])
def test_base64_is_read_with_and_without_padding(data: str) -> None:
    assert read(rxpk(data=data)).phy_payload == b"\x01"


@pytest.mark.parametrize(
    ("modu", "datr", "expected"),
    [
        ("LORA", "SF12BW125", LoraRate(12, 125_000)),
        ("LORA", "SF7BW250", LoraRate(7, 250_000)),
        (None, "SF9BW125", LoraRate(9, 125_000)),
        ("FSK", 50000, FskRate(50_000)),
        ("FSK", 50000.0, FskRate(50_000)),
        ("FSK", "50000", FskRate(50_000)),
        (None, 50000, FskRate(50_000)),
    ],
)
def test_data_rates(modu: str | None, datr: Json, expected: DataRate) -> None:
    assert read(rxpk(modu=modu, datr=datr)).receptions[0].data_rate == expected


@pytest.mark.parametrize(
    ("freq", "expected_hz"),
    [
        (868.3, 868_300_000),
        (868.099975, 868_099_975),
        (869.525, 869_525_000),
        (868, 868_000_000),
        (868.0999999, 868_100_000),
    ],
)
def test_a_frequency_is_rounded_to_hertz(freq: float, expected_hz: int) -> None:
    assert read(rxpk(freq=freq)).receptions[0].frequency_hz == expected_hz


@pytest.mark.parametrize(
    ("packet", "reason"),
    [
        ([], BadDatagramReason.RXPK),
        (None, BadDatagramReason.RXPK),
        ("rxpk", BadDatagramReason.RXPK),
        (rxpk(stat=-1), BadDatagramReason.BAD_CRC),
        (rxpk(stat=7), BadDatagramReason.BAD_CRC),
        (rxpk(stat=[]), BadDatagramReason.BAD_CRC),
        (rxpk(data=None), BadDatagramReason.DATA),
        (rxpk(data=5), BadDatagramReason.DATA),
        (rxpk(data="Q"), BadDatagramReason.DATA),
        (rxpk(data="QNob*SaA"), BadDatagramReason.DATA),
        (rxpk(data="åäö="), BadDatagramReason.DATA),
        (rxpk(data="\ud800"), BadDatagramReason.DATA),
        (rxpk(data=""), BadDatagramReason.EMPTY),
        (rxpk(data="===="), BadDatagramReason.EMPTY),
        (rxpk(data="AAAA" * 86), BadDatagramReason.TOO_LONG),
        (rxpk(freq=None), BadDatagramReason.FREQUENCY),
        (rxpk(freq="868.1"), BadDatagramReason.FREQUENCY),
        (rxpk(freq=float("nan")), BadDatagramReason.FREQUENCY),
        (rxpk(freq=float("inf")), BadDatagramReason.FREQUENCY),
        (rxpk(freq=868_100_000), BadDatagramReason.FREQUENCY),
        (rxpk(freq=10**400), BadDatagramReason.FREQUENCY),
        (rxpk(freq=True), BadDatagramReason.FREQUENCY),
        (rxpk(modu="LRFHSS"), BadDatagramReason.MODULATION),
        (rxpk(modu=["LORA"]), BadDatagramReason.MODULATION),
        (rxpk(datr=None), BadDatagramReason.DATA_RATE),
        (rxpk(datr=50000), BadDatagramReason.DATA_RATE),
        (rxpk(datr="SF13BW125"), BadDatagramReason.DATA_RATE),
        (rxpk(datr="SF7BW"), BadDatagramReason.DATA_RATE),
        (rxpk(modu="FSK", datr="fast"), BadDatagramReason.DATA_RATE),
        (rxpk(modu="FSK", datr=-1), BadDatagramReason.DATA_RATE),
        (rxpk(modu="FSK", datr=10**400), BadDatagramReason.DATA_RATE),
        (rxpk(modu="FSK", datr="٣٤"), BadDatagramReason.DATA_RATE),
        (rxpk(rssi=None, rssis=None), BadDatagramReason.RSSI),
        (rxpk(rssi="-57", rssis=None), BadDatagramReason.RSSI),
        (rxpk(rssi=float("nan"), rssis=float("-inf")), BadDatagramReason.RSSI),
    ],
)
def test_a_packet_without_what_a_frame_needs_is_refused_for_its_reason(packet: Json, reason: BadDatagramReason) -> None:
    assert refusal(packet) is reason


def test_a_packet_without_crc_is_read_and_says_so() -> None:
    assert read(rxpk(stat=0)).crc is Crc.NONE


@pytest.mark.parametrize("value", [True, -1, 0.5, float("nan"), float("inf"), "1", [], {}, 10**400, 2**32])
@pytest.mark.parametrize("name", ["tmst", "chan", "ant", "ftime", "tmms", "time", "size", "foff", "brd", "codr", "mid"])
def test_a_wrong_ornament_does_not_lose_the_reading(name: str, value: Json) -> None:
    received = read(rxpk(**{name: value}))

    assert len(received.phy_payload) == 33
    assert received.receptions[0].timestamp_us in {None, 5604085}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("AAAA"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=5,
)
NAMES = st.sampled_from([*rxpk(), "rsig", "time", "tmms", "ftime", "ant"])


@settings(max_examples=400, deadline=None, database=None, derandomize=True)
@given(st.dictionaries(NAMES, JSON, max_size=6))
def test_any_json_is_read_or_refused(changes: dict[str, Json]) -> None:
    packet = rxpk() | changes

    assert refusal(packet) in {None, *BadDatagramReason}


# ── stat ────────────────────────────────────────────────────────────────────────────────────────────────────────

STATS = [vector["json"]["stat"] for vector in PUBLISHED if "stat" in vector.get("json", {})] + [
    json.loads(vector["json"])["stat"] for vector in CAPTURED if vector["type"] == 0 and '"stat":{' in vector["json"]
]


@pytest.mark.parametrize("stat", STATS, ids=lambda stat: stat["time"])
def test_published_and_captured_statistics_are_read(stat: dict[str, Json]) -> None:
    said = read_stat(stat)

    assert said.numbers == {name: value for name, value in stat.items() if name != "time"}
    assert said.time is not None
    assert said.time.strftime("%Y-%m-%d %H:%M:%S GMT") == stat["time"]
    assert (said.place is None) == ("lati" not in stat)


@pytest.mark.parametrize(
    ("stat", "expected"),
    [
        ({"lati": 59.3, "long": 18.1, "alti": 30}, Place(59.3, 18.1, 30)),
        ({"lati": 59.3, "long": 18.1}, Place(59.3, 18.1)),
        ({"lati": 0, "long": 0, "alti": 0}, None),
        ({"lati": 59.3}, None),
        ({"lati": 91, "long": 18.1}, None),
        ({"lati": 59.3, "long": 181}, None),
        ({"lati": "59.3", "long": float("nan")}, None),
    ],
)
def test_a_gateway_stands_where_it_says_if_that_can_be(stat: Json, expected: Place | None) -> None:
    assert read_stat(stat).place == expected


def test_statistics_keep_only_what_they_can_mean() -> None:
    said = read_stat(
        {"time": "yesterday", "rxnb": "2", "rxok": None, "temp": float("inf"), "desc": "\ud800", "txnb": 3}
    )

    assert said == Stat(None, {"txnb": 3.0})


@pytest.mark.parametrize("stat", [[], "x", 5, True])
def test_statistics_that_are_no_object_are_refused(stat: Json) -> None:
    with pytest.raises(BadDatagram):
        read_stat(stat)


# ── txpk ────────────────────────────────────────────────────────────────────────────────────────────────────────


def request(
    data_rate: DataRate = LoraRate(7, 125_000),  # noqa: B008 - frozen
    *,
    frequency_hz: int = 868_100_000,
    power_dbm: float = 14,
    timestamp_us: int | None = 6604085,
    gateway: Eui64 = GATEWAY,
) -> TxRequest:
    return TxRequest(
        source="radio",
        gateway=gateway,
        phy_payload=bytes.fromhex("60da1b012600010001aabbccdd"),
        frequency_hz=frequency_hz,
        data_rate=data_rate,
        power_dbm=power_dbm,
        timestamp_us=timestamp_us,
    )


def test_a_downlink_is_what_a_real_forwarder_sent() -> None:
    taken = [json.loads(vector["json"])["txpk"] for vector in CAPTURED if vector["type"] == 3]
    class_a = next(one for one in taken if one.get("tmst") == 6604085)
    second_window = next(one for one in taken if one["freq"] == 869.525 and one["tmst"] == 7604085)

    assert write_txpk(request()) == class_a | {"ncrc": True}
    assert second_window == write_txpk(
        request(LoraRate(12, 125_000), frequency_hz=869_525_000, power_dbm=27.9, timestamp_us=7604085)
    )


def test_a_downlink_at_once_names_no_time() -> None:
    txpk = write_txpk(request(timestamp_us=None))

    assert txpk["imme"] is True
    assert "tmst" not in txpk


def test_an_fsk_downlink_has_a_bit_rate_and_a_deviation() -> None:
    txpk = write_txpk(request(FskRate(50_000)))

    assert (txpk["modu"], txpk["datr"], txpk["fdev"]) == ("FSK", 50_000, 25_000)
    assert "codr" not in txpk


def test_gateways_are_named_in_lower_case() -> None:
    assert eui64("AA-55-5A-00-00-00-00-00") == GATEWAY
