"""What a live fleet says is recorded, and replayed into a fresh agent with the same devices: the same uplinks, at the same pace."""

from __future__ import annotations

import asyncio
import gzip
import re
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from decoders.registry import Registry
from gateway.agent import Agent, running
from gateway.commands.record_run import Ended, Recorded, Wishes, record
from gateway.config import Settings, load
from gateway.control import ask
from gateway.journal import Registration
from gateway.model import Eui64, Instant, Json, TimeQuality
from gateway.sources.basics_station.source import BasicsStation as StationSource
from gateway.sources.recording.opening import RecordingFile
from gateway.sources.semtech_udp import SemtechUdp
from simulators import jumping_time
from simulators.basics_station import BasicsStation
from simulators.fleet import Fleet
from simulators.members import members
from simulators.packet_forwarder import Signal
from simulators.replay import command, target
from simulators.replay.script import Script
from tests.pipeline.rig import NOON

LIMIT_S = 120.0
BOUND = timedelta(milliseconds=1)  # of what a replay at its own pace moves an uplink in time
SPEAKING_S = 30.0
UPLINKS = 4  # of each device
GATEWAYS = (Eui64("aa555a0000000001"), Eui64("aa555a0000000002"))
KINDS = {"semtech_udp": SemtechUdp, "basics_station": StationSource}
CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[radio]
gather_ms = 100
duty_cycle = "ignored"
[[source]]
name = "radio"
type = "{kind}"
host = "127.0.0.1"
port = 0
[[source]]
name = "push"
type = "webhook"
server = "netmore"
port = 0
token = "the-token-of-the-push"
"""


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """What a journal keeps of an uplink, and when it was heard."""

    id: str
    payload: bytes
    at: datetime


@dataclass(frozen=True, slots=True)
class Box:
    """An agent that runs, with its control socket."""

    agent: Agent
    settings: Settings
    server: tuple[str, int]

    async def question(self, request: Any) -> Json:
        return await ask(self.settings, clock, request)

    async def kept(self, count: int) -> list[Kept]:
        """Return what the journal keeps as soon as that are ``count`` uplinks."""
        await self.agent.journal.add_destination("test", from_start=True)
        async with asyncio.timeout(LIMIT_S):
            while len(rows := await self.agent.journal.read("test", 1000)) < count:  # noqa: ASYNC110 - a journal tells nobody
                await asyncio.sleep(0.05)
        return sorted(Kept(str(row.uplink.id), row.uplink.payload, row.uplink.heard_at.utc) for row in rows)


def clock() -> Instant:
    monotonic = asyncio.get_running_loop().time()
    return Instant(NOON + timedelta(seconds=monotonic), monotonic, "boot", TimeQuality.NTP)


def configured(folder: Path, kind: str) -> Settings:
    folder.mkdir(exist_ok=True)
    (folder / "brygga.toml").write_text(CONFIGURATION.format(kind=kind), encoding="utf-8")
    return load(folder / "brygga.toml")


@asynccontextmanager
async def box(folder: Path, devices: Sequence[Registration], kind: str = "semtech_udp") -> AsyncIterator[Box]:
    settings = configured(folder, kind)
    async with running(settings, clock) as agent, asyncio.timeout(10 * LIMIT_S):
        if devices:
            await agent.journal.put_devices(devices)
            await agent.devices_changed()
        source = agent.sources[0]
        assert isinstance(source, KINDS[kind])
        yield Box(agent, settings, await source.listening())  # type: ignore[arg-type]  # a host and a port


def fleet_of(registry: Registry, *, otaa_every: int = 0) -> Sequence[Any]:
    return members(6, otaa_every=otaa_every, confirmed_every=0, registry=registry)


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.load([])


async def spoken(at: Box, some: Sequence[Any], *wishes: Wishes) -> list[Recorded]:
    """Let a fleet speak to an agent while it is recorded, once for each of ``wishes``."""
    fleet = Fleet(some, at.server, gateways=GATEWAYS, pace_s=SPEAKING_S / UPLINKS / 2)
    async with asyncio.TaskGroup() as tasks:
        stop = asyncio.Event()
        recordings = [tasks.create_task(record(at.question, one, stop), name="record") for one in wishes]
        await asyncio.sleep(1.0)
        async with fleet:
            await fleet.run(UPLINKS)
            await asyncio.sleep(1.0)
        stop.set()
    return [one.result() for one in recordings]


async def replayed(at: Box, file: Path, scheme: str = "udp", **wishes: Any) -> command.Outcome:
    host, port = at.server
    to = target.target(f"{scheme}://{host}:{port}")
    return await command.replayed(command.Wishes(file=file, to=to.url, **wishes), to, asyncio.Event())


def round_trip(
    folder: Path, some: Sequence[Any], name: str, **wishes: Any
) -> tuple[list[Kept], list[Kept], command.Outcome, Recorded]:
    """Return what the journals of the recorded agent and of the one it was replayed to keep."""
    registrations = [one.registration() for one in some]
    file = folder / name

    async def first() -> tuple[list[Kept], Recorded]:
        async with box(folder / "first", registrations) as at:
            (recorded,) = await spoken(at, some, Wishes(file=file, as_capture=name.endswith("pcap")))
            return await at.kept(UPLINKS * len(some)), recorded

    async def second(count: int) -> tuple[list[Kept], command.Outcome]:
        async with box(folder / "second", registrations) as at:
            outcome = await replayed(at, file, **wishes)
            return await at.kept(count), outcome

    heard, recorded = jumping_time.run(first())
    again, outcome = jumping_time.run(second(len(heard)))
    return heard, again, outcome, recorded


@pytest.mark.parametrize("name", ["monday.jsonl", "monday.jsonl.gz", "monday.pcap"])
def test_a_replay_gives_the_same_uplinks_at_the_same_pace(tmp_path: Path, registry: Registry, name: str) -> None:
    some = fleet_of(registry)

    heard, again, outcome, recorded = round_trip(tmp_path, some, name)

    apart = [second.at - first.at for first, second in zip(heard, again, strict=True)]
    assert len(heard) == UPLINKS * len(some)
    assert [(one.id, one.payload) for one in again] == [(one.id, one.payload) for one in heard]
    assert max(apart) - min(apart) <= BOUND
    assert (outcome.lost, outcome.played.sent) == (0, recorded.frames["radio"])
    assert recorded.dropped == recorded.left_out == 0
    assert set(outcome.overview.versions) == set(recorded.gateways) == set(GATEWAYS)


def test_ten_times_as_fast_and_as_fast_as_it_is_taken_give_the_same_uplinks(tmp_path: Path, registry: Registry) -> None:
    some = fleet_of(registry)
    heard, again, outcome, _ = round_trip(tmp_path, some, "monday.jsonl", speed=10.0)

    async def at_once() -> tuple[list[Kept], command.Outcome]:
        async with box(tmp_path / "third", [one.registration() for one in fleet_of(registry)]) as at:
            outcome = await replayed(at, tmp_path / "monday.jsonl", speed=None)
            return await at.kept(len(heard)), outcome

    fastest, fast = jumping_time.run(at_once())

    ids = [one.id for one in heard]
    assert [one.id for one in again] == [one.id for one in fastest] == ids
    assert outcome.played.seconds == pytest.approx(outcome.overview.seconds / 10, abs=0.001)
    assert fast.played.seconds < 0.5
    assert outcome.lost == fast.lost == 0


def test_devices_that_joined_before_go_on_in_an_agent_that_was_restored_from_then(
    tmp_path: Path, registry: Registry
) -> None:
    some, file = fleet_of(registry, otaa_every=2), tmp_path / "monday.jsonl"

    async def joined() -> None:
        async with box(tmp_path / "first", [one.registration() for one in some]) as at:
            async with Fleet(some, at.server, gateways=GATEWAYS, pace_s=5.0) as fleet:
                await fleet.run(1)
            await at.kept(len(some))

    async def goes_on() -> list[Kept]:
        async with box(tmp_path / "first", ()) as at:
            await spoken(at, some, Wishes(file=file))
            return await at.kept((1 + UPLINKS) * len(some))

    async def restored() -> list[Kept]:
        async with box(tmp_path / "second", ()) as at:
            await replayed(at, file)
            return await at.kept((1 + UPLINKS) * len(some))

    jumping_time.run(joined())
    shutil.copytree(tmp_path / "first", tmp_path / "second")
    heard, again = jumping_time.run(goes_on()), jumping_time.run(restored())

    assert len(heard) == (1 + UPLINKS) * len(some)
    assert [(one.id, one.payload) for one in again] == [(one.id, one.payload) for one in heard]


def test_a_recording_of_stations_is_replayed_by_packet_forwarders_and_the_other_way_round(
    tmp_path: Path, registry: Registry
) -> None:
    some = fleet_of(registry)[:2]
    registrations = [one.registration() for one in some]
    file = tmp_path / "stations.jsonl"

    async def by_stations() -> tuple[list[Kept], Recorded]:
        async with box(tmp_path / "first", registrations, "basics_station") as at:
            stop = asyncio.Event()
            recording = asyncio.create_task(record(at.question, Wishes(file=file), stop))
            async with BasicsStation(GATEWAYS[0], "ws://{}:{}".format(*at.server)) as station:
                for one in [*some, *some]:
                    await station.hear(Signal(phy_payload=one.radio.uplink(3, b"\1\2")))
                    await asyncio.sleep(2.0)
            stop.set()
            return await at.kept(4), await recording

    async def again(kind: str, scheme: str) -> tuple[list[Kept], command.Outcome]:
        async with box(tmp_path / kind, registrations, kind) as at:
            outcome = await replayed(at, file, scheme)
            return await at.kept(4), outcome

    heard, recorded = jumping_time.run(by_stations())
    forwarded, acknowledged = jumping_time.run(again("semtech_udp", "udp"))
    told, unacknowledged = jumping_time.run(again("basics_station", "ws"))

    ids = [(one.id, one.payload) for one in heard]
    assert recorded.frames == {"radio": 4}
    assert [(one.id, one.payload) for one in forwarded] == [(one.id, one.payload) for one in told] == ids
    assert (acknowledged.lost, unacknowledged.lost) == (0, 0)
    assert not unacknowledged.player.acknowledges


def test_no_key_of_the_agent_is_in_a_recording_and_its_payloads_are_only_encrypted(
    tmp_path: Path, registry: Registry
) -> None:
    some = fleet_of(registry, otaa_every=2)
    files = {name: tmp_path / name for name in ("plain.jsonl", "plain.pcap", "anonymous.jsonl")}

    async def story() -> list[Any]:
        async with box(tmp_path / "first", [one.registration() for one in some]) as at:
            await spoken(
                at,
                some,
                *(
                    Wishes(file=file, as_capture=name.endswith("pcap"), anonymous=name.startswith("anonymous"))
                    for name, file in files.items()
                ),
            )
            await at.kept(UPLINKS * len(some))
            return [*await at.agent.journal.sessions()]

    sessions = jumping_time.run(story())

    keys = {getattr(one.keys, name).reveal() for one in sessions for name in one.keys.__slots__}
    keys |= {one.radio.app_key.reveal() for one in some}
    secrets = keys | {b"the-token-of-the-push"}
    assert len(keys) > 2 * len(some)
    for file in files.values():
        octets = all_forms(file)
        assert [secret.hex() for secret in secrets if secret in octets] == []
        assert len(octets) > 10_000


def all_forms(file: Path) -> bytes:
    """Return a file, what its hex stands for, and what the base64 in that stands for."""
    octets = file.read_bytes()
    opened = b"".join(bytes.fromhex(found.decode()) for found in re.findall(rb'"hex":"([0-9a-f]*)"', octets))
    whole = octets + opened
    from_base64 = [b64decode(found) for found in re.findall(rb'"data":"([A-Za-z0-9+/=]*)"', whole)]
    return whole + b"".join(from_base64)


def test_an_anonymous_recording_names_nobody_and_is_refused_as_strangers_frames(
    tmp_path: Path, registry: Registry
) -> None:
    some = fleet_of(registry, otaa_every=3)
    registrations = [one.registration() for one in some]
    file = tmp_path / "anonymous.jsonl.gz"

    async def first() -> None:
        async with box(tmp_path / "first", registrations) as at:
            await spoken(at, some, Wishes(file=file, anonymous=True))

    async def second() -> tuple[command.Outcome, Any]:
        async with box(tmp_path / "second", registrations) as at:
            outcome = await replayed(at, file)
            await asyncio.sleep(1.0)
            return outcome, at.agent.network.status()

    jumping_time.run(first())
    outcome, network = jumping_time.run(second())

    named = RecordingFile(file, 1700, "test")
    named.begin()
    octets = b"".join(one.what.octets for one in named.read(10_000))  # type: ignore[union-attr]  # all are datagrams
    named.close()
    names = {bytes.fromhex(one) for one in GATEWAYS}
    names |= {bytes.fromhex(one.radio.dev_eui)[::order] for one in some for order in (1, -1)}
    spelled = octets + b"".join(b64decode(found) for found in re.findall(rb'"data":"([A-Za-z0-9+/=]*)"', octets))
    assert [name.hex() for name in names if name in spelled] == []
    assert outcome.lost == 0
    assert len(outcome.overview.versions) == len(GATEWAYS)
    assert set(network["refused"]) <= {"unknown_dev_addr", "unknown_device"}
    assert sum(network["refused"].values()) > UPLINKS * len(some) / 2
    assert network["counts"].get("uplinks", 0) == 0


def test_a_recording_that_outlives_its_agent_ends_with_it_and_can_be_read(tmp_path: Path, registry: Registry) -> None:
    some = fleet_of(registry)[:1]
    file = tmp_path / "monday.jsonl.gz"

    async def story() -> Recorded:
        async with box(tmp_path / "first", [some[0].registration()]) as at:
            recording = asyncio.create_task(record(at.question, Wishes(file=file), asyncio.Event()))
            async with Fleet(some, at.server, gateways=GATEWAYS[:1], pace_s=1.0) as fleet:
                await fleet.run(2)
            await asyncio.sleep(2.0)
        return await recording

    recorded = jumping_time.run(story())

    script = Script(file, 1700)
    assert recorded.ended is Ended.AGENT
    assert recorded.trouble
    assert script.overview().frames == recorded.frames["radio"] == 2
    assert gzip.decompress(file.read_bytes()).endswith(b"\n")
