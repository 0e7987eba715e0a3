"""The file of a recording: it can be read up to wherever it was broken off, and a capture is what tcpdump would have written."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.commands import record_tape
from gateway.commands.record_capture import Capture
from gateway.commands.record_run import Ended, Recorded, Wishes, record
from gateway.commands.record_tape import Lines, Tape
from gateway.errors import Busy, ConfigError
from gateway.model import Json
from gateway.sources.recording.opening import RecordingFile
from gateway.sources.recording.records import Bad, Datagram, Record
from tests.sources.conftest import GATEWAY, OTHER, VECTORS, pull_data, push_data, rxpk, vectors

BEGAN = datetime(2026, 11, 23, 12, tzinfo=UTC)
HEAD = {"recording": 1, "began": BEGAN.isoformat()}
FRAME = {
    "at_s": 0.25,
    "source": "modem",
    "protocol": "lorawan",
    "gateway": OTHER,
    "hex": "40da012600800000010102030405",
    "frequency_hz": 868_300_000,
    "data_rate": "SF9BW125",
    "rssi_dbm": -101.0,
    "snr_db": -3.5,
}


def line(at_s: float, datagram: bytes, gateway: str = GATEWAY) -> dict[str, Json]:
    return {"at_s": at_s, "source": "radio", "protocol": "gwmp", "gateway": gateway, "hex": datagram.hex()}


def some(count: int) -> list[dict[str, Json]]:
    return [line(float(number), push_data({"rxpk": [rxpk(tmst=number)]})) for number in range(count)]


def records(path: Path) -> list[Record]:
    file = RecordingFile(path, 1700, "test")
    try:
        file.begin()
        found = []
        while turn := file.read(7):
            found += turn
        return found
    finally:
        file.close()


# ── lines ──


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz"])
def test_what_was_written_is_on_disk_after_each_turn(tmp_path: Path, name: str) -> None:
    path, lines = tmp_path / name, some(6)

    with Tape(path) as tape:
        writer = Lines(tape.stream, HEAD)
        after_each = []
        for number in range(0, 6, 2):
            tape.write(writer, lines[number : number + 2])
            shutil.copy(path, tmp_path / f"{number}.copy")  # as a kill would leave it
            after_each.append([one for one in records(tmp_path / f"{number}.copy") if not isinstance(one.what, Bad)])

    assert [len(one) for one in after_each] == [2, 4, 6]
    assert [one.what for one in records(path)] == [Datagram(bytes.fromhex(one["hex"])) for one in lines]


def test_a_packed_file_that_is_cut_anywhere_can_be_read_up_to_there(tmp_path: Path) -> None:
    path, cut = tmp_path / "a.jsonl.gz", tmp_path / "cut"
    with Tape(path) as tape:
        writer = Lines(tape.stream, HEAD)
        for one in some(5):
            tape.write(writer, [one])
    whole = path.read_bytes()
    wanted = [one.what for one in records(path)]

    counts = []
    for length in range(40, len(whole)):
        cut.write_bytes(whole[:length])
        read = [one.what for one in _records_or_none(cut) if not isinstance(one.what, Bad)]
        assert read == wanted[: len(read)]
        counts.append(len(read))

    assert counts == sorted(counts)
    assert counts[-1] == 5


def _records_or_none(path: Path) -> list[Record]:
    try:
        return records(path)
    except ConfigError:  # not one flush is in it
        return []


def test_it_is_nobody_elses_to_read_and_takes_no_others_place(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    with Tape(path) as tape:
        Lines(tape.stream, HEAD)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(ConfigError, match=r"a\.jsonl is there already: choose another name"):
        Tape(path)
    with pytest.raises(ConfigError, match="cannot be written: No such file or directory"):
        Tape(tmp_path / "none" / "a.jsonl")


@pytest.fixture(params=["a.jsonl", "a.jsonl.gz", "a.pcap"])
def full(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file on a disk that takes nothing."""
    monkeypatch.setattr(os, "O_EXCL", 0)
    path = tmp_path / str(request.param)
    path.symlink_to("/dev/full")
    return path


async def test_a_disk_that_takes_no_more_ends_it_and_is_said(full: Path) -> None:
    told = await recorded(Agent(*[some(1)] * 100), full, as_capture=full.suffix == ".pcap")

    assert told.ended is Ended.FILE
    assert told.trouble.startswith(f"{full} takes no more: No space left on device")


# ── captures ──


def capture(path: Path) -> list[dict[str, Json]]:
    lines = [line(0.0, pull_data()), FRAME, *some(3), line(3.5, push_data({"rxpk": [rxpk()]}, gateway=OTHER), OTHER)]
    with Tape(path) as tape:
        tape.write(Capture(tape.stream, BEGAN), lines)
    return lines


@pytest.mark.parametrize("name", ["a.pcap", "a.pcap.gz"])
def test_a_capture_holds_the_datagrams_with_their_times(tmp_path: Path, name: str) -> None:
    lines = capture(tmp_path / name)

    read = records(tmp_path / name)

    assert [one.what for one in read if one.utc is not None] == [one.what for one in read]
    assert [(one.utc - BEGAN).total_seconds() for one in read if one.utc is not None] == [one["at_s"] for one in lines]
    whats = [one.what for one in read]
    assert [whats[0], *whats[2:]] == [Datagram(bytes.fromhex(one["hex"])) for one in [lines[0], *lines[2:]]]


def test_a_frame_is_in_a_capture_as_its_packet_forwarder_would_have_told_it(tmp_path: Path) -> None:
    capture(tmp_path / "a.pcap")

    (_, told, *_) = records(tmp_path / "a.pcap")

    assert isinstance(told.what, Datagram)
    (packet,) = json.loads(told.what.octets[12:])["rxpk"]
    assert told.what.octets[:12] == bytes((2, 0, 0, 0)) + bytes.fromhex(OTHER)
    assert (packet["tmst"], packet["freq"], packet["datr"], packet["rssi"]) == (250_000, 868.3, "SF9BW125", -101)
    assert packet["data"] == "QNoBJgCAAAABAQIDBAU="


def test_tcpdump_finds_whole_udp_packets_with_right_checksums(tmp_path: Path) -> None:
    tcpdump = shutil.which("tcpdump")
    if tcpdump is None:
        pytest.skip("tcpdump is not installed")
    lines = capture(tmp_path / "a.pcap")

    told = subprocess.run(
        [tcpdump, "-nn", "-vv", "-r", tmp_path / "a.pcap", "udp dst port 1700"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    ).stdout

    assert told.count("127.0.0.1.1700: [udp sum ok]") == len(lines)
    assert "bad" not in told
    assert set(re.findall(r"127\.0\.0\.1\.(\d+) >", told)) == {"49152", "49153"}  # a port for each gateway


def test_a_capture_of_what_real_forwarders_sent_is_to_the_octet(tmp_path: Path) -> None:
    sent = [bytes.fromhex(one["hex"]) for one in vectors("captured_gwmp.jsonl") if one.get("dir") == "up"]
    with Tape(tmp_path / "a.pcap") as tape:
        tape.write(Capture(tape.stream, BEGAN), [line(0.001 * n, one) for n, one in enumerate(sent) if one[3] != 5])

    assert [one.what for one in records(tmp_path / "a.pcap")] == [Datagram(one) for one in sent if one[3] != 5]
    assert VECTORS.exists()


# ── what ends it ──


class Agent:
    """An agent that has ``turns`` to tell, a list of lines each; then it has stopped, or goes on with nothing."""

    def __init__(self, *turns: list[dict[str, Json]], stops: bool = False, dropped: int = 0) -> None:
        self._turns = [*turns]
        self._stops = stops
        self._dropped = dropped
        self.asked: list[bool] = []

    async def __call__(self, request: Mapping[str, Json]) -> Json:
        await asyncio.sleep(0)
        if request["do"] == "record.begin":
            source = {"name": "radio", "type": "semtech_udp", "as_it_came": True}
            begun = {"recording": "1", "began": BEGAN.isoformat(), "time_quality": "ntp", "sources": [source]}
            return {"running": True, **begun}
        self.asked.append(request["last"])
        if not self._turns and self._stops:
            return {"running": False}
        lines = self._turns.pop(0) if self._turns else []
        return {
            "running": True,
            "lines": lines,
            "more": bool(self._turns),
            "dropped": self._dropped,
            "frames": {"radio": len(lines)},
        }


async def recorded(agent: Agent, file: Path, **wishes: Any) -> Recorded:
    stop = asyncio.Event()

    def told(now: Recorded) -> None:
        if now.seconds > 0 and wishes.get("seconds") is None and not agent._turns:
            stop.set()

    async with asyncio.timeout(20):
        return await record(agent, Wishes(file=file, **wishes), stop, told)


async def test_when_it_is_stopped_what_the_agent_still_holds_is_fetched(tmp_path: Path) -> None:
    file, lines = tmp_path / "a.jsonl", some(6)
    agent = Agent(lines[:2], lines[2:4], lines[4:])
    stop = asyncio.Event()
    stop.set()

    told = await record(agent, Wishes(file=file), stop)

    assert agent.asked == [True, True, True]
    assert (told.ended, told.records) == (Ended.STOPPED, 6)
    assert len(records(file)) == 6


async def test_it_ends_when_its_time_is_over(tmp_path: Path) -> None:
    told = await recorded(Agent(some(1), dropped=7), tmp_path / "a.jsonl", seconds=0.000001)

    assert (told.ended, told.records, told.dropped) == (Ended.TIME, 1, 7)


async def test_it_ends_where_the_file_is_as_large_as_it_may_be(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"

    told = await recorded(Agent(*[some(1)] * 100), file, limit=2_000)

    assert told.ended is Ended.LIMIT
    assert 2_000 <= file.stat().st_size == told.octets < 4_000


async def test_it_ends_where_the_disk_has_no_more_than_the_journal_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Filling:
        free = iter([True, True, False, False])

    monkeypatch.setattr(record_tape.Tape, "has_room", property(lambda _: next(Filling.free)))

    told = await recorded(Agent(*[some(1)] * 100), tmp_path / "a.jsonl")

    assert told.ended is Ended.ROOM
    assert told.records > 0


async def test_where_the_disk_has_no_room_it_does_not_begin_and_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_tape, "LEAST_FREE", 2**63)

    with pytest.raises(ConfigError, match="has no room but what the journal is left"):
        await recorded(Agent(), tmp_path / "a.jsonl")

    assert not (tmp_path / "a.jsonl").exists()


async def test_an_agent_that_stops_ends_it_with_a_file_that_can_be_read(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"

    told = await recorded(Agent(some(2), stops=True), file)

    assert (told.ended, told.trouble) == (Ended.AGENT, "the agent has stopped")
    assert gzip.decompress(file.read_bytes()).count(b"\n") == 3


async def test_without_an_agent_there_is_nothing_to_record(tmp_path: Path) -> None:
    async def stopped(_: Mapping[str, Json]) -> Json:
        return {"running": False}

    with pytest.raises(Busy, match="no agent runs here"):
        await record(stopped, Wishes(file=tmp_path / "a.jsonl"), asyncio.Event())

    assert not (tmp_path / "a.jsonl").exists()
