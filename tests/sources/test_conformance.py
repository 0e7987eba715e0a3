"""The same fleet through each type of source gives the same journal, however rough the way there; answers leave in their windows."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any, cast

import pytest

from gateway.agent import Agent, running
from gateway.config import load
from gateway.config.sources import SOURCES
from gateway.journal import Journal
from gateway.model import DevAddr, Eui64, uplink_id
from gateway.sources.serial_port.keeping import Patience
from gateway.transports import jitter
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.packet_forwarder import Signal
from tests.pipeline.rig import LIMIT_S, PAUSE_S, clock, registration
from tests.sources.conformance import SIDES
from tests.sources.far_side import Aired, FarSide, quoted

NO_FRAMES = {"gnss"}  # it tells where the box is, and hears nobody
UPLINKS = 4  # of each device
CUTS = 40  # of one frame's octets, evenly spread
EVERY_OCTET = "BRYGGA_EVERY_OCTET" in os.environ  # the long form: at each of them (docs/testing.md)
MOST_OCTETS = 2_000  # that any source needs for a frame: what a network server tells of one in JSON
CLOCK_US = 20_000  # between the radio's reading of its counter and the test's; a device listens for longer
CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[radio]
gather_ms = 50
duty_cycle = "ignored"
[[source]]
name = "radio"
type = "{kind}"
"""


@dataclass(frozen=True, slots=True, order=True)
class Kept:
    """What the journal keeps of an uplink, whichever way it came."""

    dev_eui: str
    f_cnt: int
    id: str
    f_port: int
    payload: bytes
    activation: str


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have what tries again do so within milliseconds."""
    monkeypatch.setattr(jitter, "random", SimpleNamespace(uniform=lambda low, _: low))
    monkeypatch.setattr(jitter, "SHORTEST", 0.001)
    monkeypatch.setitem(cast("Any", Patience.__init__).__kwdefaults__, "look_every_s", 0.01)


def fleet() -> list[EndDevice]:
    return [EndDevice.abp(Eui64(f"a81758fffe0000{n:02x}"), DevAddr(f"000112{n:02x}")) for n in range(3)]


def spoken(devices: Sequence[EndDevice], turns: int = UPLINKS) -> list[Aired]:
    """Return what a fleet says, in the order of the air."""
    said = []
    for turn in range(turns):
        for number, device in enumerate(devices):
            payload, f_cnt = bytes((turn % 256, number)) * (1 + 10 * number), device.f_cnt_up
            frame = device.uplink(1 + number, payload)
            said.append(
                Aired(phy_payload=frame, dev_eui=device.dev_eui, f_cnt=f_cnt, f_port=1 + number, payload=payload)
            )
    return said


def to_be_kept(side: FarSide, devices: Sequence[EndDevice], said: Sequence[Aired]) -> list[Kept]:
    """Return what a journal is to keep of that; a network server names its uplinks itself."""
    activations = {device.dev_eui: f"{device.dev_addr}-abp0" for device in devices}
    return sorted(
        Kept(
            one.dev_eui,
            one.f_cnt,
            "" if side.is_server else str(uplink_id(one.dev_eui, activations[one.dev_eui], one.f_cnt)),
            one.f_port,
            one.payload,
            "" if side.is_server else activations[one.dev_eui],
        )
        for one in said
    )


@asynccontextmanager
async def met(side: FarSide, devices: Sequence[EndDevice], said: Sequence[Aired] = ()) -> AsyncIterator[Agent]:
    """Run an agent whose one source is what ``side`` speaks to, and return when they have met."""
    folder = side.folder
    async with side:
        side.expect(said)
        text = CONFIGURATION.format(kind=side.kind) + quoted(side.section())
        (folder / "brygga.toml").write_text(text, encoding="utf-8")
        settings = load(folder / "brygga.toml")
        await registered(settings.journal_path, devices)
        async with running(settings, clock) as agent:
            await side.connect(agent)
            yield agent


async def registered(path: Path, devices: Sequence[EndDevice]) -> None:
    """Register devices before the agent starts: a recording is over when it has begun."""
    path.parent.mkdir()
    journal = await Journal.open(path, clock=clock, destinations=["test"])
    await journal.put_devices([registration(device, "") for device in devices])
    await journal.close()


async def kept_of(side: FarSide, agent: Agent, count: int) -> list[Kept]:
    """Return what the journal keeps as soon as that are ``count`` uplinks."""
    await agent.journal.add_destination("test", from_start=True)
    async with asyncio.timeout(LIMIT_S):
        while len(rows := await agent.journal.read("test", count + 1000)) < count:  # noqa: ASYNC110 - a journal tells nobody
            await asyncio.sleep(PAUSE_S)
    uplinks = [row.uplink for row in rows]
    assert len({one.id for one in uplinks}) == len(uplinks)
    return sorted(
        Kept(
            one.dev_eui,
            one.f_cnt,
            "" if side.is_server else str(one.id),
            one.f_port,
            one.payload,
            "" if side.is_server else one.activation,
        )
        for one in uplinks
    )


# ── how rough the way is ──

Manner = Callable[[FarSide, Agent, Sequence[Signal]], Awaitable[None]]


async def whole(side: FarSide, _: Agent, signals: Sequence[Signal]) -> None:
    for signal in signals:
        await side.bring(signal)


async def merged(side: FarSide, _: Agent, signals: Sequence[Signal]) -> None:
    await side.bring(*signals)


async def duplicated(side: FarSide, _: Agent, signals: Sequence[Signal]) -> None:
    for signal in signals:
        await side.bring(signal)
        await side.bring(signal)


async def among_garbage(side: FarSide, _: Agent, signals: Sequence[Signal]) -> None:
    random = Random(side.kind)
    for signal in signals:
        await side.garbage(random.randbytes(random.randrange(1, 60)))
        await side.garbage(signal.phy_payload[: random.randrange(1, 12)])
        await side.bring(signal)


async def with_its_line_lost(side: FarSide, agent: Agent, signals: Sequence[Signal]) -> None:
    """Bring all, and lose the connection after a third and after two thirds, when what was brought is safe."""
    for number, signal in enumerate(signals):
        if number in {len(signals) // 3, 2 * len(signals) // 3}:
            await kept_of(side, agent, number)
            await side.lose()
            await side.restore(agent)
        await side.bring(signal)


def cases() -> list[object]:
    return [
        pytest.param(kind, manner, pieces, id=f"{kind}-{manner.__name__}{'-octet_by_octet' * pieces}")
        for kind, side in SIDES.items()
        for manner, pieces, has in (
            (whole, False, True),
            (whole, True, side.has_stream),
            (merged, False, side.merges),
            (duplicated, False, True),
            (among_garbage, False, side.takes_garbage),
            (among_garbage, True, side.takes_garbage and side.has_stream),
            (with_its_line_lost, False, side.loses_its_line),
        )
        if has
    ]


@pytest.mark.parametrize(("kind", "manner", "pieces"), cases())
async def test_the_same_fleet_gives_the_same_journal(
    tmp_path: Path, kind: str, manner: Manner, *, pieces: bool
) -> None:
    devices, side = fleet(), SIDES[kind](tmp_path, pieces=pieces)
    said = spoken(devices)

    async with met(side, devices, said) as agent:
        await manner(side, agent, [Signal(phy_payload=one.phy_payload) for one in said])
        kept = await kept_of(side, agent, len(said))
        counters = {one.dev_eui: one.f_cnt_up for one in await agent.journal.sessions()}
        refused = agent.network.status()["refused"]

    assert kept == to_be_kept(side, devices, said)
    assert counters == {device.dev_eui: 0 if side.is_server else UPLINKS for device in devices}
    assert set(refused) <= {"repeated"}


@pytest.mark.parametrize("kind", [kind for kind, side in SIDES.items() if side.has_stream])
async def test_a_connection_that_is_lost_at_any_octet_costs_no_frame_but_that_one(tmp_path: Path, kind: str) -> None:
    devices, side = fleet()[:1], SIDES[kind](tmp_path)
    said = spoken(devices, 2 * (MOST_OCTETS if EVERY_OCTET else CUTS) + 1)
    first, *others = [Signal(phy_payload=one.phy_payload) for one in said]

    async with met(side, devices, said) as agent:
        await side.bring(first)
        length = side.octets
        cuts = length if EVERY_OCTET else CUTS
        for number in range(cuts):
            await side.bring_in_part(others[2 * number], number * length // cuts)
            await side.lose()
            await side.restore(agent)
            await side.bring(others[2 * number + 1])
        brought = said[: 2 * cuts + 1]
        kept = await kept_of(side, agent, len(brought) if side.loses_nothing else 1 + cuts)

    whole_ones, all_of_them = (set(to_be_kept(side, devices, some)) for some in (brought[::2], brought))
    assert CUTS < length <= MOST_OCTETS
    assert whole_ones <= set(kept) <= all_of_them


# ── answers ──

TRANSMITTING = [kind for kind, side in SIDES.items() if side.transmits]


async def answered(side: FarSide, frame: bytes) -> tuple[Transmission, int]:
    """Return what the radio sent in answer to a frame, and how many µs after its end, by the radio's own clock."""
    await side.bring(Signal(phy_payload=frame))
    sent = await side.downlink()
    return sent, sent.starts_us - side.heard_us


@pytest.mark.parametrize("kind", TRANSMITTING)
async def test_an_acknowledgement_leaves_in_a_window_of_the_radios_own_clock(tmp_path: Path, kind: str) -> None:
    device, side = fleet()[0], SIDES[kind](tmp_path)

    async with met(side, [device]):
        sent, after_us = await answered(side, device.uplink(1, b"\1", confirmed=True))

    downlink = device.hear(sent.phy_payload)
    assert downlink is not None
    assert downlink.ack
    assert_window(after_us, sent, 1)


@pytest.mark.parametrize("kind", TRANSMITTING)
async def test_a_device_joins_and_speaks(tmp_path: Path, kind: str) -> None:
    device, side = EndDevice(Eui64("a81758fffe000009")), SIDES[kind](tmp_path, speed=4.0)

    async with met(side, [device]) as agent:
        sent, after_us = await answered(side, device.join_request())
        accepted = device.accept(sent.phy_payload)
        await side.bring(Signal(phy_payload=device.uplink(2, b"\7")))
        (kept,) = await kept_of(side, agent, 1)

    assert accepted
    assert_window(after_us, sent, 5)
    assert kept.activation == f"{device.dev_addr}-{device.join_nonce}"
    assert (kept.f_cnt, kept.payload) == (0, b"\7")


def assert_window(after_us: int, sent: Transmission, delay_s: int) -> None:
    """Assert that a frame begins in RX1, on its uplink's channel, or in RX2, a second later on its own (EU868)."""
    windows = {delay_s * 1_000_000: 868_100_000, (delay_s + 1) * 1_000_000: 869_525_000}
    nearest = min(windows, key=lambda opens: abs(opens - after_us))
    assert abs(nearest - after_us) < CLOCK_US
    assert sent.frequency_hz == windows[nearest]
    assert sent.inverted


def test_every_type_of_source_that_hears_frames_is_here() -> None:
    assert set(SOURCES) - NO_FRAMES == set(SIDES)
