"""What stands in a recording: lines, captures that real programs wrote, link types, and files that are none."""

from __future__ import annotations

import gzip
import json
import struct
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from gateway.commands.uplink_lines import line_of_frame
from gateway.errors import ConfigError
from gateway.model import Frame, FskRate, Instant, LoraRate, Reception, TimeQuality
from gateway.sources.recording.lines import LONGEST_LINE
from gateway.sources.recording.opening import RecordingFile
from gateway.sources.recording.records import Bad, BadRecordReason, Datagram, Passed, Radioed, Record
from tests.sources.conftest import GATEWAY, OTHER, VECTORS, push_data, rxpk, vectors
from tests.sources.packets import LOOP, NULL, RAW, SLL, ethernet, ipv4, ipv6, pcap, udp

CAPTURES = VECTORS.parent / "captures"
CAPTURED = vectors("captured_gwmp.jsonl")
UP = [bytes.fromhex(line["hex"]) for line in CAPTURED if line.get("dir") == "up"]
DOWN = sum(line.get("dir") == "dn" for line in CAPTURED)
PUSH = push_data({"rxpk": [rxpk()]})
FRAME = {
    "at_s": 4.5,
    "protocol": "lorawan",
    "gateway": GATEWAY,
    "hex": "40DA012600",
    "frequency_hz": 868_300_000,
    "data_rate": "SF9BW125",
    "rssi_dbm": -101,
    "snr_db": -3.5,
}


def records(path: Path, *, port: int = 1700) -> list[Record]:
    file = RecordingFile(path, port, "source 'x'")
    try:
        file.begin()
        found = []
        while some := file.read(7):
            found += some
        return found
    finally:
        file.close()


def written(folder: Path, content: bytes | str) -> Path:
    path = folder / "recording"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def what(some: list[Record]) -> list[object]:
    return [one.what for one in some]


# ── lines ──


def test_what_two_real_forwarders_sent_is_read_line_by_line() -> None:
    found = what(records(VECTORS / "captured_gwmp.jsonl"))

    assert [one.octets for one in found if isinstance(one, Datagram)] == UP
    assert found.count(Passed.FROM_SERVER) == DOWN
    assert not any(isinstance(one, Bad) for one in found)


def test_a_frame_without_a_datagram_is_read(tmp_path: Path) -> None:
    (record,) = records(written(tmp_path, json.dumps(FRAME)))

    assert isinstance(record.what, Radioed)
    (reception,) = record.what.received.receptions
    assert record.what.received.phy_payload == bytes.fromhex("40DA012600")
    assert (reception.gateway, reception.frequency_hz, reception.data_rate) == (
        GATEWAY,
        868_300_000,
        LoraRate(9, 125_000),
    )
    assert (reception.rssi_dbm, reception.snr_db) == (-101, -3.5)


def test_what_an_export_tells_of_a_frame_is_read_with_all_who_heard_it(tmp_path: Path) -> None:
    heard = [
        Reception(
            gateway=GATEWAY, frequency_hz=868_100_000, data_rate=LoraRate(12, 125_000), rssi_dbm=-119, snr_db=-17.0
        ),
        Reception(gateway=OTHER, frequency_hz=868_100_000, data_rate=LoraRate(12, 125_000), rssi_dbm=-60, snr_db=8.5),
        Reception(gateway=OTHER, frequency_hz=868_800_000, data_rate=FskRate(50_000), rssi_dbm=-90, channel=9),
    ]
    at = Instant(datetime(2026, 11, 23, 13, tzinfo=UTC), 7.0, "boot", TimeQuality.NTP)
    line = {"id": "1", "relay": "city", **line_of_frame(Frame(b"\x40\1", tuple(heard), at))}

    (record,) = records(written(tmp_path, json.dumps(line)))

    assert isinstance(record.what, Radioed)
    assert (record.utc, record.quality) == (at.utc, TimeQuality.NTP)
    assert record.what.received.phy_payload == b"\x40\1"
    assert record.what.received.receptions == (heard[1], heard[0], heard[2])


def test_the_first_line_dates_the_others(tmp_path: Path) -> None:
    head = {"recording": 1, "began": "2026-11-23T12:00:00Z"}
    own = {"time": "2026-11-23T14:00:00+01:00", "time_quality": "gps", "hex": "00"}
    text = "\n".join(map(json.dumps, [head, FRAME, own]))

    first, second = records(written(tmp_path, text))

    assert first.utc == datetime(2026, 11, 23, 12, 0, 4, 500_000, tzinfo=UTC)
    assert (second.utc, second.quality) == (datetime(2026, 11, 23, 13, tzinfo=UTC), TimeQuality.GPS)


WRONG_LINES = [
    ("{", "line 1: is no JSON"),
    ("{}\n[1]", "line 2: is no object"),
    ('{"at_s": 1}', "line 1: hex is missing"),
    ('{"hex": "0"}', "line 1: hex begins with '0' and is not an even number of hex digits"),
    ('{"hex": "00", "at_s": "now"}', "line 1: at_s is 'now' where seconds"),
    ('{"hex": "00", "time": 7}', "line 1: 7 is no time"),
    ('{"hex": "00", "time_quality": "good"}', "line 1: time_quality is 'good' where one of unsynchronised, system"),
    ('{"hex": "00", "protocol": "ftp"}', "line 1: protocol is 'ftp' where 'gwmp'"),
    (json.dumps(FRAME | {"gateway": "12"}), "line 1: gateway: 2 hex digits where 16 are expected"),
    (json.dumps(FRAME | {"frequency_hz": 868.3}), "line 1: frequency_hz is 868.3 where a whole number"),
    (json.dumps(FRAME | {"rssi_dbm": None}), "line 1: the frame's rssi is missing or cannot be"),
    ('{"phy_payload": "40"}', "line 1: receptions is missing"),
    ('{"phy_payload": "40", "receptions": [{"gateway": 7}]}', "line 1: gateway is missing"),
    ("{" + "[" * LONGEST_LINE, f"line 1: has {LONGEST_LINE} octets or more"),
    ('{"hex": "00", "x": ' + "[" * 20_000, "line 1: is no JSON"),
]


@pytest.mark.parametrize(("text", "words"), WRONG_LINES)
def test_a_wrong_line_is_told_with_its_number(tmp_path: Path, text: str, words: str) -> None:
    bad = [one for one in what(records(written(tmp_path, text))) if isinstance(one, Bad)]

    assert bad
    assert all(one.reason is BadRecordReason.LINE for one in bad)
    assert any(one.words.startswith(words) for one in bad)


def test_lines_that_are_right_are_heard_beside_wrong_ones(tmp_path: Path) -> None:
    text = '{"hex": "00"}\n\nrubbish\n{"hex": "01"}\n'

    first, wrong, last = what(records(written(tmp_path, text)))

    assert (first, last) == (Datagram(b"\0"), Datagram(b"\1"))
    assert isinstance(wrong, Bad)


# ── captures ──


@pytest.mark.parametrize(
    "name",
    ["ethernet.pcap", "nanoseconds.pcap", "linux_cooked.pcap", "linux_cooked_v2.pcap", "ipv6.pcap", "dumpcap.pcapng"],
)
@pytest.mark.parametrize("packed", [False, True])
def test_what_tcpdump_and_dumpcap_wrote_is_read(tmp_path: Path, name: str, *, packed: bool) -> None:
    path = CAPTURES / name
    if packed:
        path = written(tmp_path, gzip.compress(path.read_bytes()))

    found = records(path)

    assert [one.octets for one in what(found) if isinstance(one, Datagram)] == UP
    assert what(found).count(Passed.FROM_SERVER) == DOWN
    assert what(found)[-1] is Passed.OTHER_PACKETS
    assert all(one.utc is not None and one.utc.year == 2026 for one in found)
    assert 0.2 < (found[-1].at_s or 0) - (found[0].at_s or 0) < 2.0


def test_packets_that_were_captured_in_part_are_counted() -> None:
    found = what(records(CAPTURES / "cut_to_96_octets.pcap"))

    whole = [one.octets for one in found if isinstance(one, Datagram)]
    assert whole == [octets for octets in UP if len(octets) <= 96 - 14 - 20 - 8]
    assert sum(one == Bad(BadRecordReason.TRUNCATED_PACKET) for one in found) == sum(len(one) > 54 for one in UP) + DOWN


FRAGMENT_HEADER = struct.pack(">BBHI", 17, 0, 0x0001, 9)  # RFC 8200, 4.5: more fragments follow

PACKETS = [
    ("one VLAN", 1, ethernet(ipv4(udp(PUSH)), vlans=[5]), Datagram(PUSH)),
    ("two VLANs", 1, ethernet(ipv4(udp(PUSH)), vlans=[5, 9]), Datagram(PUSH)),
    ("padded to Ethernet's least", 1, ethernet(ipv4(udp(b"\2\0\0\0"))) + bytes(9), Datagram(b"\2\0\0\0")),
    ("raw IPv4", RAW, ipv4(udp(PUSH)), Datagram(PUSH)),
    ("raw IPv6", RAW, ipv6(udp(PUSH)), Datagram(PUSH)),
    ("BSD loopback, little endian", NULL, struct.pack("<I", 2) + ipv4(udp(PUSH)), Datagram(PUSH)),
    ("BSD loopback, big endian", LOOP, struct.pack(">I", 2) + ipv4(udp(PUSH)), Datagram(PUSH)),
    ("macOS loopback, IPv6", NULL, struct.pack("<I", 30) + ipv6(udp(PUSH)), Datagram(PUSH)),
    ("Linux cooked", SLL, struct.pack(">HHH8sH", 0, 1, 6, bytes(8), 0x0800) + ipv4(udp(PUSH)), Datagram(PUSH)),
    ("a first fragment", 1, ethernet(ipv4(udp(PUSH), fragment=0x2000)), Bad(BadRecordReason.FRAGMENT)),
    ("a later fragment", 1, ethernet(ipv4(PUSH, fragment=0x00B9)), Bad(BadRecordReason.FRAGMENT)),
    ("a fragment of IPv6", RAW, ipv6(FRAGMENT_HEADER + udp(PUSH), next_header=44), Bad(BadRecordReason.FRAGMENT)),
    ("half a UDP header", 1, ethernet(ipv4(udp(PUSH)[:5])), Bad(BadRecordReason.TRUNCATED_PACKET)),
    ("TCP", 1, ethernet(ipv4(bytes(20), protocol=6)), Passed.OTHER_PACKETS),
    ("ARP", 1, ethernet(bytes(28), kind=0x0806), Passed.OTHER_PACKETS),
    ("another port", 1, ethernet(ipv4(udp(PUSH, destination=53))), Passed.OTHER_PACKETS),
    ("from the server", 1, ethernet(ipv4(udp(PUSH, source=1700, destination=4))), Passed.FROM_SERVER),
    ("nothing", 1, b"", Bad(BadRecordReason.PACKET)),
]


@pytest.mark.parametrize(("link", "packet", "expected"), [pytest.param(*case, id=name) for name, *case in PACKETS])
def test_a_packet_is_what_its_headers_say(tmp_path: Path, link: int, packet: bytes, expected: object) -> None:
    (found,) = records(written(tmp_path, pcap([(12.5, packet)], link)))

    assert found.what == expected
    assert found.at_s == pytest.approx(12.5)


def test_the_server_may_have_had_another_port(tmp_path: Path) -> None:
    path = written(tmp_path, pcap([(1, ethernet(ipv4(udp(PUSH, destination=1680))))]))

    assert what(records(path, port=1680)) == [Datagram(PUSH)]


# ── files that are none, or break off ──

NO_RECORDINGS = [
    (b"", "is no recording: JSON lines (each begins with a brace), or what tcpdump or Wireshark wrote"),
    (b"PK\3\4", "is no recording"),
    (b"\x1f\x8bgarbage", "cannot be read"),
    (pcap([])[:20], "cannot be heard: it begins like a capture and has no header of one"),
    (pcap([], link=127), "cannot be heard: it was captured on a link of type 127; those that are known are"),
    (bytes.fromhex("0a0d0d0a ffffffff 4d3c2b1a") + bytes(20), "cannot be heard: it begins like a capture"),
]


@pytest.mark.parametrize(("content", "words"), NO_RECORDINGS)
def test_a_file_that_is_no_recording_is_refused_in_words(tmp_path: Path, content: bytes, words: str) -> None:
    path = written(tmp_path, content)

    with pytest.raises(ConfigError) as refused:
        records(path)

    assert str(refused.value).startswith(f"source 'x': {path} {words}")


def test_a_file_that_is_not_there_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="nowhere cannot be read: No such file"):
        records(tmp_path / "nowhere")


def test_a_capture_is_heard_up_to_any_octet_where_it_breaks_off(tmp_path: Path) -> None:
    packets = [(at, ethernet(ipv4(udp(PUSH)))) for at in (1.0, 2.0)]
    whole, one = pcap(packets), len(pcap(packets[:1]))

    for end in range(len(pcap([])), len(whole)):
        found = what(records(written(tmp_path, whole[:end])))
        assert found[:1] == [Datagram(PUSH)] if end >= one else all(not isinstance(each, Datagram) for each in found)
        assert all(isinstance(each, Bad) for each in found[end >= one :])


def test_a_gzip_file_that_breaks_off_ends_with_a_word(tmp_path: Path) -> None:
    lines = "".join(f'{{"at_s": {number}, "hex": "{Random(number).randbytes(400).hex()}"}}\n' for number in range(99))
    packed = gzip.compress(lines.encode())

    found = what(records(written(tmp_path, packed[: len(packed) // 2])))

    assert isinstance(found[0], Datagram)
    assert isinstance(found[-1], Bad)
    assert found[-1].reason is BadRecordReason.BROKEN_OFF


@pytest.mark.parametrize("name", ["ethernet.pcap", "dumpcap.pcapng"])
def test_no_octets_that_are_wrong_raise_anything_but_what_is_said(tmp_path: Path, name: str) -> None:
    good, random, kinds = (CAPTURES / name).read_bytes(), Random(name), Counter[str]()

    for _ in range(300):
        noisy = bytearray(good)
        for _ in range(random.randrange(1, 12)):
            noisy[random.randrange(4, len(noisy))] = random.randrange(256)
        try:
            found = records(written(tmp_path, bytes(noisy)))
        except ConfigError:
            kinds["refused"] += 1
        else:
            kinds["heard"] += any(isinstance(one, Datagram) for one in what(found))

    assert kinds["heard"] > 100
