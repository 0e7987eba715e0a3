"""`brygga source list` and `brygga source test` as people type them, beside an agent that runs and where none does."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.devices_file import write_csv_with_keys
from gateway.model import DevAddr, Eui64
from simulators.end_device import EndDevice
from simulators.packet_forwarder import Signal
from tests.pipeline.box import EX_CONFIG, Box, Outcome, brygga
from tests.pipeline.rig import ROOF, registration

DEVICE, STRANGER = Eui64("a81758fffe051d02"), Eui64("a81758fffe051d03")


def own() -> EndDevice:
    return EndDevice.abp(DEVICE, DevAddr("00011234"))


async def while_frames_come(box: Box, device: EndDevice, *words: str) -> Outcome:
    """Run a command while two devices speak again and again, one that is registered and one that is not."""
    stranger = EndDevice.abp(STRANGER, DevAddr("00015678"))
    async with asyncio.TaskGroup() as tasks:
        command = tasks.create_task(brygga(box.folder, *words), name="brygga")
        while not command.done():
            await asyncio.wait([command], timeout=0.1)
            for one in (device, stranger):
                box.forwarder.send(_signal(one))
    return command.result()


def _signal(device: EndDevice) -> Signal:
    return Signal(phy_payload=device.uplink(1, b"\1"))


async def test_beside_an_agent_that_runs_the_frames_of_each_kind_are_counted_and_kept(box: Box) -> None:
    device = own()
    await box.start(registration(device))

    outcome = await while_frames_come(box, device, "source", "test", "radio", "--seconds", "1", "--json")
    told = json.loads(outcome.out)
    kept = await box.status(lambda status: status["network"]["counts"].get("uplinks", 0) >= told["frames"]["own"])

    assert outcome.code == 0
    assert (told["running"], told["arrives"], told["devices"]) == (True, True, 1)
    assert told["frames"]["own"] > 0
    assert told["frames"]["stranger"] > 0
    assert told["gateways"][ROOF]["can_transmit"] is True
    assert kept["journal"]["rows"] > 0


async def test_where_no_agent_runs_the_source_is_opened_and_frames_are_counted_only(box: Box) -> None:
    box.write()
    device = own()

    outcome = await while_frames_come(box, device, "source", "test", "radio", "--seconds", "1")

    assert outcome.code == 0
    assert outcome.out.splitlines()[0].startswith("radio: ")
    assert "  the agent does not run: what came now was counted, and nothing of it is kept" in outcome.out.splitlines()
    assert not (box.folder / "data" / "journal.db").exists()


async def test_a_stopped_agents_journal_tells_whose_frames_they_are(box: Box) -> None:
    box.write()
    device = own()
    await box.agent.ask("device", "import", "-", text=write_csv_with_keys([registration(device)]))

    outcome = await while_frames_come(box, device, "source", "test", "radio", "--seconds", "1", "--json")

    told = json.loads(outcome.out)
    assert (told["running"], told["devices"]) == (False, 1)
    assert told["frames"]["own"] > 0


async def test_nothing_is_exit_code_1_with_what_to_look_at(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()

    outcome = await brygga(tmp_path, "source", "test", "radio", "--seconds", "0.2")

    assert outcome.code == 1
    assert outcome.out.startswith("radio: nothing arrives in 0 s")
    assert f"port {box.server[1]}" in outcome.out


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("source", "test", "rodio"), EX_CONFIG, "there is no source rodio in the configuration; did you mean radio?"),
        (("source", "test", "radio", "--seconds", "0"), 2, "'0' where a number of seconds up to 86400 is expected"),
    ],
)
async def test_what_is_typed_wrong_is_said(tmp_path: Path, words: tuple[str, ...], code: int, complaint: str) -> None:
    Box(tmp_path).write()

    outcome = await brygga(tmp_path, *words)

    assert outcome.code == code
    assert complaint in outcome.err


async def test_a_port_that_is_taken_is_the_answer(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()
    loop = asyncio.get_running_loop()
    taken, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=box.server)

    outcome = await brygga(tmp_path, "source", "test", "radio", "--seconds", "5")
    taken.close()

    assert outcome.code == EX_CONFIG
    assert "is in use by another program" in outcome.err


async def test_the_list_tells_how_each_stands(box: Box) -> None:
    await box.start()

    running = await brygga(box.folder, "source", "list")
    await box.agent.stop()
    stopped = await brygga(box.folder, "source", "list")

    assert running.out.splitlines()[1].split()[:4] == ["radio", "semtech_udp", "listens", "on"]
    assert stopped.out.splitlines()[1].split() == ["radio", "semtech_udp", "the", "agent", "does", "not", "run"]
