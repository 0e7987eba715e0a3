"""`brygga downlink` as people type it: with the agent running and without, against a simulated device."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.devices_file import write_csv_with_keys
from gateway.journal import Registration
from gateway.model import DevAddr, Eui64, Json
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from tests.pipeline.box import EX_CONFIG, Box, Outcome, brygga
from tests.pipeline.rig import ROOF, registration

LIBRARY = Eui64("a81758fffe0a0001")
INTERVAL = "3e051400000258"  # every ten minutes, as the Elsys downlink payload document writes it
LIMIT_S = 60.0  # for a command on a machine that does many other things
PAUSE_S = 0.1
NEXT = "goes with the device's next uplink"


@dataclass
class Site:
    """A box with one device, `Library`, and the gateway that hears it."""

    box: Box
    device: EndDevice
    forwarder: PacketForwarder
    sent: asyncio.Queue[Transmission]

    async def type(self, *words: str) -> Outcome:
        return await brygga(self.box.folder, *words)

    async def said(self, *words: str) -> list[str]:
        outcome = await self.type(*words)
        assert (outcome.code, outcome.err) == (0, "")
        return outcome.out.splitlines()

    async def json(self, *words: str) -> Json:
        return json.loads("\n".join(await self.said(*words, "--json")))

    async def uplink(self, f_port: int = 5, payload: bytes = b"\x01\x00\xe2") -> None:
        assert await self.forwarder.push(Signal(phy_payload=self.device.uplink(f_port, payload)))

    async def downlink(self) -> Transmission:
        async with asyncio.timeout(LIMIT_S):
            return await self.sent.get()

    async def becomes(self, number: int, state: str) -> Json:
        """Return a downlink as soon as it has come to ``state``."""
        async with asyncio.timeout(LIMIT_S):
            while (found := await self.json("downlink", "show", str(number)))["state"] != state:  # noqa: ASYNC110 - another process
                await asyncio.sleep(PAUSE_S)
        return found


def library(device: EndDevice) -> Registration:
    return registration(device, name="Library")


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    """A site whose agent does not run yet."""
    box, device = Box(tmp_path), EndDevice.abp(LIBRARY, DevAddr("00130001"))
    sent: asyncio.Queue[Transmission] = asyncio.Queue()
    box.write()
    await box.agent.ask("device", "import", "-", text=write_csv_with_keys([library(device)]))
    async with PacketForwarder(ROOF, box.server, keep_alive_s=0.2, deliver=sent.put_nowait) as forwarder:
        yield Site(box, device, forwarder, sent)
        await box.agent.stop()
    assert box.agent.crashes == [], box.agent.log.read_text(encoding="utf-8")


async def start(site: Site) -> None:
    await site.box.agent.start()
    async with asyncio.timeout(LIMIT_S):
        await site.forwarder.connected()


# ── its way ──


async def test_a_command_is_queued_sent_with_the_next_uplink_and_acknowledged(site: Site) -> None:
    await start(site)
    send = ("downlink", "send", "library", "--command", '{"interval": 600}', "--confirmed", "--reference", "city-7")

    queued = await site.said(*send)
    listed = await site.said("downlink", "list", "Library")
    await site.uplink()
    heard = site.device.hear((await site.downlink()).phy_payload)
    on_its_way = await site.said("downlink", "show", "1")
    await site.uplink()
    acknowledged = await site.becomes(1, "acknowledged")
    waiting = await site.said("downlink", "list")
    ended = await site.said("downlink", "list", "--all")

    assert queued == [
        f"downlink 1: {INTERVAL} to port 6 of Library, queued: {NEXT}",
        "Next: `brygga downlink show 1` tells what became of it",
    ]
    assert listed[0].split() == ["id", "device", "port", "payload", "queued", "reference", "state"]
    assert listed[1].startswith(f"1   Library  6     {INTERVAL}  ")
    assert listed[1].endswith(f"city-7     queued: {NEXT}")
    assert heard is not None
    assert (heard.f_port, heard.payload.hex(), heard.confirmed) == (6, INTERVAL, True)
    assert "state      sent with FCnt 0, waits to be acknowledged" in on_its_way
    assert (acknowledged["tries"], acknowledged["reference"]) == (1, "city-7")
    assert waiting == ["no downlinks wait; `brygga downlink send --help` tells how to send one"]
    assert ended[1].endswith("acknowledged after 1 try")


async def test_what_was_queued_while_the_agent_stood_still_goes_when_it_runs(site: Site) -> None:
    queued = await site.said("downlink", "send", LIBRARY.upper(), "--port", "10", "01 02", "03")
    await start(site)

    await site.uplink()
    heard = site.device.hear((await site.downlink()).phy_payload)
    sent = await site.becomes(1, "sent")

    assert queued[0] == f"downlink 1: 010203 to port 10 of Library, queued: {NEXT}"
    assert heard is not None
    assert (heard.f_port, heard.payload, heard.confirmed) == (10, bytes([1, 2, 3]), False)
    assert sent["words"] == "sent with FCnt 0"


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
async def test_a_downlink_that_waits_can_be_dropped(site: Site, running: bool) -> None:  # noqa: FBT001 - a parameter of the test
    if running:
        await start(site)
    for payload in ("01", "02"):
        await site.said("downlink", "send", "Library", payload, "--port", "10")

    first = await site.type("downlink", "drop", "1", "9")
    left = await site.json("downlink", "list")

    assert (first.code, first.out, first.err) == (1, "1 dropped\n", "downlink 9 does not wait, or there is none\n")
    assert [(one["id"], one["state"]) for one in left] == [(2, "queued")]
    assert (await site.json("downlink", "show", "1"))["words"] == "dropped"


async def test_the_more_urgent_goes_first_and_what_is_too_late_expires(site: Site) -> None:
    await start(site)
    await site.said("downlink", "send", "Library", "01", "--port", "10")
    await site.said("downlink", "send", "Library", "02", "--port", "10", "--priority", "5")
    await site.said("downlink", "send", "Library", "03", "--port", "10", "--priority", "9", "--expires", "1 s")
    await site.becomes(3, "expired")

    await site.uplink()
    heard = site.device.hear((await site.downlink()).phy_payload)

    assert heard is not None
    assert heard.payload == b"\x02"
    assert heard.f_pending  # another waits
    assert (await site.json("downlink", "show", "3"))["words"] == "expired before it could be sent"


# ── what else is told of the network ──


async def test_a_device_shows_its_whole_story_and_its_waiting_downlinks(site: Site) -> None:
    await start(site)
    await site.uplink()
    await site.box.status(lambda status: status["network"]["counts"].get("uplinks") == 1)
    await site.said("downlink", "send", "Library", "0102", "--port", "10")

    shown = await site.said("device", "show", "Library")

    told = {line[: len("activation")].strip(): line[len("activation  ") :] for line in shown if line[0] != " "}
    assert told["DevEUI"] == LIBRARY
    assert told["session"].startswith("DevAddr 00130001 (activation 00130001-abp0), next uplink 1, next downlink ")
    assert told["sends"] == "EU868, DR5 (SF7BW125), TXPower 0 (16 dBm EIRP), each frame once"
    assert told["channels"] == "868.1 868.3 868.5 MHz"
    assert told["listens"] == "RX1 after 1 s, data rate offset 0; RX2 on 869.525 MHz, DR0 (SF12BW125)"
    assert told["margin"] == "16.7 dB above what its data rate needs, the best of the last 1 frames"
    assert told["gateways"] == f"{ROOF}  1 of 1 frames, at best -57 dBm, 9.2 dB"
    assert told["frames"].endswith("FCnt 0, port 5, SF7BW125 868.1 MHz, -57 dBm, 9.2 dB")
    assert told["downlinks"] == f"1: 0102 to port 10, queued: {NEXT}"


async def test_strangers_and_what_was_refused_are_told_and_the_status_leads_there(site: Site) -> None:
    await start(site)
    strange = EndDevice.abp(Eui64("70b3d57ed0000001"), DevAddr("26011234"))
    assert await site.forwarder.push(Signal(phy_payload=strange.uplink(1, b"\x01")))
    await site.box.status(lambda status: status["network"]["unclaimed"].get("kept") == 1)

    unclaimed = await site.said("frames", "unclaimed")
    refused = await site.said("frames", "refused")
    status = await site.said("status")

    assert unclaimed[0].split() == [
        "who",
        "belongs",
        "to",
        "frames",
        "last",
        "heard",
        "signal",
        "data",
        "rate",
        "gateways",
    ]
    assert unclaimed[1].split()[:5] == ["26011234", "The", "Things", "Network", "1"]
    assert unclaimed[1].endswith(f"-57 dBm, 9.2 dB  SF7BW125   {ROOF}")
    assert refused[0].endswith("  DevAddr 26011234: no device here has this DevAddr")
    assert [line.strip() for line in refused[1:]] == [
        f"SF7BW125, -57 dBm, 9.2 dB, gateway {ROOF}",
        "→ if it is yours, add it: `brygga device add`, or let it join anew",
    ]
    assert "    not taken: unknown_dev_addr 1; `brygga frames refused` tells why" in status
    assert "    1 frames of nobody's devices; `brygga frames unclaimed` tells whose" in status


# ── what cannot be ──


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (("Library",), "downlink send: either a payload in hex with --port, or --command with what the encoder knows"),
        (("Library", "01", "--command", "{}"), "downlink send: either a payload in hex with --port, or --command with"),
        (("Library", "--command", "{interval"), "downlink send: --command '{interval' is no JSON: "),
        (
            ("Library", "--command", '{"intervall": 600}'),
            "elsys/ers: unknown command 'intervall'; did you mean 'interval'?",
        ),
    ],
)
async def test_what_is_typed_wrong_is_told_in_one_line(site: Site, words: Sequence[str], expected: str) -> None:
    outcome = await site.type("downlink", "send", *words)

    assert (outcome.code, outcome.out) == (EX_CONFIG, "")
    assert outcome.err.startswith(expected)
    assert outcome.err.count("\n") == 1


async def test_a_downlink_that_there_is_not_is_said_so(site: Site) -> None:
    outcome = await site.type("downlink", "show", "7")

    assert outcome == Outcome(
        EX_CONFIG, "", "there is no downlink 7; `brygga downlink list --all` shows those there are\n"
    )
