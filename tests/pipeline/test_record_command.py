"""`brygga record` as people type it: ended by Ctrl-C or killed, it leaves a file that `brygga replay` takes."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path

import pytest

from gateway.commands.command_line import parser
from gateway.model import DevAddr, Eui64
from simulators.end_device import EndDevice
from simulators.packet_forwarder import Signal
from simulators.replay.script import Script
from tests.forked import launch
from tests.pipeline.box import LIMIT_S, Box, brygga
from tests.pipeline.rig import registration

DEVICE = Eui64("a81758fffe051d02")


def own() -> EndDevice:
    return EndDevice.abp(DEVICE, DevAddr("00011234"))


async def recording(box: Box, file: Path, *words: str) -> asyncio.subprocess.Process:
    """Return a command that has begun to record, while a device speaks."""
    config = str(box.folder / "brygga.toml")
    return await launch(
        *(sys.executable, "-m", "gateway", "record", "--to", str(file), *words, "--config", config),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def frames_in(box: Box, device: EndDevice, file: Path, least: int) -> None:
    """Let a device speak until a file holds so many frames."""
    async with asyncio.timeout(LIMIT_S):
        while frames(file) < least:
            box.forwarder.send(Signal(phy_payload=device.uplink(1, b"\1")))
            await asyncio.sleep(0.1)


def frames(file: Path) -> int:
    if not file.exists() or file.stat().st_size < 100:  # not one flush yet
        return 0
    return sum(one.datagram[3] == 0 for turn in Script(file, 1700).turns() for one in turn)


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "a.pcap"), (signal.SIGKILL, "a.jsonl.gz")])
async def test_however_it_ends_the_file_can_be_replayed(box: Box, number: int, name: str) -> None:
    device, file = own(), box.folder / name
    await box.start(registration(device))

    process = await recording(box, file, "--json")
    await frames_in(box, device, file, 3)
    process.send_signal(number)
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    kept = frames(file)
    replayed = await replay(file, box, "--speed", "max", "--json")

    assert kept >= 3
    assert (replayed["sent"], replayed["lost"], replayed["gateways"]) == (kept, 0, [box.forwarder.gateway])
    if number == signal.SIGINT:
        told = json.loads(out)
        assert (process.returncode, err) == (0, b"")
        assert (told["frames"], told["ended"], told["dropped"]) == ({"radio": kept}, "stopped", 0)


async def replay(file: Path, box: Box, *words: str) -> dict[str, object]:
    process = await launch(
        *(sys.executable, "-m", "gateway", "replay", *words, "--to", "udp://{}:{}".format(*box.server), str(file)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    told: dict[str, object] = json.loads(out)
    return told


async def test_what_came_of_it_is_said_in_words_and_of_a_stopped_agent_nothing_comes(box: Box) -> None:
    device = own()
    await box.start(registration(device))

    async with asyncio.TaskGroup() as tasks:
        words = ("record", "radio", "--to", str(box.folder / "a.jsonl"), "--for", "2s", "--anonymous")
        command = tasks.create_task(brygga(box.folder, *words), name="brygga")
        while not command.done():
            await asyncio.wait([command], timeout=0.1)
            box.forwarder.send(Signal(phy_payload=device.uplink(1, b"\1")))
    outcome = command.result()
    await box.agent.stop()
    stopped = await brygga(box.folder, "record", "--to", str(box.folder / "b.jsonl"))

    first, second, *others = outcome.out.splitlines()
    assert outcome.code == 0
    assert "frames in" in first
    assert second.startswith("  radio (semtech_udp): ")
    assert any(one.startswith("anonymous: who looks at it still sees") for one in others)
    assert others[-1].startswith("Next: brygga replay ")
    assert (stopped.code, (box.folder / "b.jsonl").exists()) == (1, False)
    assert "no agent runs here, so there is nothing to record" in stopped.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("record", "--for", "1s"), "the following arguments are required: --to"),
        (("record", "--to", "a", "--for", "soon"), "'soon' is no number with one of the units s, min, h, d, w"),
        (("record", "--to", "a", "--for", "0s"), "'0s' where more than nothing is expected"),
        (("record", "--to", "a", "--limit", "much"), "'much' is no number with one of the units"),
        (("replay", "a"), "the following arguments are required: --to"),
        (("replay", "a", "--to", "b", "--speed", "fast"), "'fast' where max, or a number such as 10x or 0.5x"),
        (("replay", "a", "--to", "b", "--speed", "0x"), "'0x' where max, or a number such as 10x or 0.5x"),
        (("replay", "a", "--to", "b", "--port", "0"), "'0' where a whole number from 1 to 65535 is expected"),
    ],
)
def test_what_is_typed_wrong_is_said(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], complaint: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser().parse_args(words)

    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (("--to", "a", "roof", "mast"), {"sources": ["roof", "mast"], "to": "a", "seconds": None}),
        (("roof", "--for", "10m", "--to", "a", "mast"), {"sources": ["roof", "mast"], "seconds": 600.0}),
        (("--for", "8h", "--limit", "1 MB", "--to", "a"), {"sources": [], "seconds": 28_800.0, "limit": 1_000_000}),
    ],
)
def test_words_and_options_may_stand_in_any_order(words: tuple[str, ...], wanted: dict[str, object]) -> None:
    options = vars(parser().parse_args(["record", *words]))

    assert {name: options[name] for name in wanted} == wanted
