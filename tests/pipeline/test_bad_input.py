"""Each kind of bad input gets an error that says what would be right, or is counted by its reason: the real command, end to end."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import pytest

from gateway.devices_file import write_csv_with_keys
from gateway.journal import Registration
from gateway.model import DevAddr, Entity, Eui64, Json
from gateway.sources.gather import SLOW_COPY_S
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.platforms.mosquitto import Mosquitto, MosquittoSettings
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.platforms.ngsi_ld_rules import bad_request
from simulators.torture.agent_process import AgentProcess
from simulators.torture.scene import free_udp_port
from tests.pipeline.rig import ROOF, mqtt, ngsi_ld, registration

DEV_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), DevAddr("00011234")
EX_CONFIG = 78
LIMIT_S = 20.0  # a command starts within a second where nothing else runs
PAUSE_S = 0.1
NOBODY = "mqtt://127.0.0.1:1"  # port 1 (tcpmux): nothing listens there
CLIMATE = bytes.fromhex("0100e2 0229")

CONFIGURATION = """\
[gateway]
name = "test"
data = "data"
[clock]
trust = "system"
[[source]]
name = "radio"
type = "semtech_udp"
host = "127.0.0.1"
port = {port}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended."""

    code: int
    out: str
    err: str


async def brygga(folder: Path, *words: str) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "gateway", *words, "--config", str(folder / "brygga.toml")),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate()
    assert process.returncode is not None
    return Outcome(process.returncode, out.decode(), err.decode())


class Box:
    """A configuration in a folder, and the agent that runs with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = ("127.0.0.1", free_udp_port())
        self.agent = AgentProcess(folder / "brygga.toml", folder / "agent.log")
        self.forwarder = PacketForwarder(ROOF, self.server, keep_alive_s=0.2)

    def write(self, *destinations: str) -> None:
        text = "\n".join([CONFIGURATION.format(port=self.server[1]), *destinations])
        (self.folder / "brygga.toml").write_text(text, encoding="utf-8")
        (self.folder / "data").mkdir(exist_ok=True)

    async def start(self, *registrations: Registration, destinations: Sequence[str] = ()) -> None:
        """Register devices and start the agent; return when it answers the gateway."""
        self.write(*destinations)
        await self.agent.ask("device", "import", "-", text=write_csv_with_keys(registrations))
        await self.agent.start()
        async with asyncio.timeout(LIMIT_S):
            await self.forwarder.connected()

    async def push(self, *frames: bytes) -> None:
        for frame in frames:
            assert await self.forwarder.push(Signal(phy_payload=frame))

    async def status(self, until: Callable[[Mapping[str, Json]], bool]) -> Mapping[str, Json]:
        """Return what `brygga status --json` says as soon as ``until`` likes it."""
        async with asyncio.timeout(LIMIT_S):
            while True:
                status = await self.agent.status()
                if until(status):
                    return status
                await asyncio.sleep(PAUSE_S)

    async def json(self, *words: str) -> Json:
        return json.loads(await self.agent.ask(*words, "--json"))


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    box = Box(tmp_path)
    async with box.forwarder:
        yield box
        await box.agent.stop()
    assert box.agent.crashes == [], box.agent.log.read_text(encoding="utf-8")


@pytest.fixture
def device() -> EndDevice:
    return EndDevice.abp(DEV_EUI, DEV_ADDR)


# ── from the air ──


def push_data(frame: bytes) -> bytes:
    """Return a whole PUSH_DATA datagram as a forwarder sends it."""
    rxpk = {"tmst": 1, "freq": 868.1, "stat": 1, "modu": "LORA", "datr": "SF7BW125", "rssi": -57, "data": frame.hex()}
    return bytes((2, 0, 1, 0)) + bytes.fromhex(ROOF) + json.dumps({"rxpk": [rxpk]}).encode()


async def test_truncated_and_random_datagrams_are_counted_and_the_next_uplink_is_heard(
    box: Box, device: EndDevice
) -> None:
    await box.start(registration(device))
    random, whole = Random(1), push_data(b"")
    truncated = [whole[:length] for length in range(len(whole))]
    noise = [random.randbytes(random.randrange(300)) for _ in range(300)]
    before = (await box.status(bool))["sources"][0]["counts"]["datagrams"]

    with socket.socket(type=socket.SOCK_DGRAM) as stranger:
        stranger.connect(box.server)
        for number, datagram in enumerate([*truncated, *noise]):
            stranger.send(datagram)
            if number % 50 == 0:
                await box.push()  # acknowledged in its turn: no more lie in the socket than it holds
    await box.push(device.uplink(5, CLIMATE))
    status = await box.status(lambda status: status["network"]["counts"].get("uplinks") == 1)

    (source,) = status["sources"]
    assert source["counts"]["datagrams"] - before >= len(truncated) + len(noise)
    assert source["dropped"]["truncated"] >= 12  # a header and a gateway's EUI are twelve octets
    assert source["dropped"]["json"] >= len(whole) - 13
    assert source["dropped"]["version"] > 250
    assert source["receive_buffer"]["dropped_by_kernel"] == 0
    assert status["network"]["refused"] == {}


async def test_frames_that_are_not_to_be_believed_are_counted_by_reason(box: Box, device: EndDevice) -> None:
    joining = EndDevice(Eui64("a81758fffe051d03"))
    await box.start(registration(device), registration(joining))
    first, second, third = (device.uplink(5, CLIMATE) for _ in range(3))
    request = joining.join_request()
    stranger = EndDevice(Eui64("a81758fffe0fffff"))

    await box.push(first, second, request)
    await box.status(lambda status: status["network"]["counts"].get("uplinks") == 2)
    await asyncio.sleep(SLOW_COPY_S)  # what comes sooner is a copy of the same transmission
    await box.push(
        third[:-1] + bytes((third[-1] ^ 1,)),
        first,
        request,
        EndDevice.abp(Eui64("a81758fffe0ffffe"), DevAddr("0001ffff")).uplink(5, CLIMATE),
        stranger.join_request(),
        EndDevice(joining.dev_eui, join_eui=Eui64("ff" * 8), app_key=joining.app_key).join_request(),
        third[:7],
        b"\xe0" + third[1:],
        b"\x60" + third[1:],
    )
    status = await box.status(lambda status: sum(status["network"]["refused"].values()) >= 9)

    assert status["network"]["refused"] == {
        "mic": 1,
        "replayed_counter": 1,
        "replayed_dev_nonce": 1,
        "unknown_dev_addr": 1,
        "unknown_device": 1,
        "wrong_join_eui": 1,
        "truncated": 1,
        "not_supported": 1,
        "not_uplink": 1,
    }
    assert status["network"]["counts"]["uplinks"] == 2
    assert status["journal"]["last_row"] == 2


async def test_a_payload_that_no_decoder_understands_is_kept_with_the_reason(box: Box, device: EndDevice) -> None:
    nameless = EndDevice.abp(Eui64("a81758fffe051d03"), DevAddr("00011235"))
    await box.start(
        registration(device),
        registration(nameless, decoder=""),
        destinations=[f'[[destination]]\nname = "city"\nurl = "{NOBODY}"\nformat = "senml"\n'],
    )

    await box.push(device.uplink(5, b"\xfe\xed"), nameless.uplink(5, b"\x01"))
    status = await box.status(lambda status: status["destinations"]["city"]["held"].get("undecoded") == 2)
    letters = {one["dev_eui"]: one for one in await box.json("dead-letters", "list")}

    assert {reason: count for reason, count in status["undecoded"].items() if "elsys/ers" in reason} == {
        "elsys/ers: unknown_message": 1
    }
    assert letters[DEV_EUI]["kind"] == "undecoded"
    assert "type fe at 0 is not known" in letters[DEV_EUI]["reason"]
    assert letters[DEV_EUI]["payload"] == "feed"
    assert "decoder" in letters[nameless.dev_eui]["reason"]


# ── from people ──

WRONG = {
    "a key that is not there": ("[clock]\ntruts = 'ntp'", "brygga.toml: clock.truts: there is no such key; did you mean 'trust'?"),
    "a section that is not there": ("[sourc]", "brygga.toml: sourc: there is no such section; did you mean 'source'?"),
    "a value that cannot be": ("[radio]\nregion = 'EU869'", "brygga.toml: radio.region: 'EU869' is none of EU868"),
    "an address of no kind": ("[[destination]]\nname='x'\nformat='senml'\nurl='ftp://x'", "destination[0].url: 'ftp://x'"),
    "a format that is not there": ("[[destination]]\nname='x'\nformat='senlm'\nurl='mqtt://x'", "did you mean 'senml'?"),
    "no TOML": ("[clock]\ntrust = ntp", "brygga.toml line 2"),
}  # fmt: skip


@pytest.mark.parametrize("command", ["check", "run"])
@pytest.mark.parametrize(("text", "words"), WRONG.values(), ids=WRONG)
async def test_a_wrong_configuration_is_explained(tmp_path: Path, command: str, text: str, words: str) -> None:
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    outcome = await brygga(tmp_path, command)

    assert outcome.code == EX_CONFIG
    assert words in outcome.err
    assert "Traceback" not in outcome.err


async def test_every_problem_of_a_configuration_is_said_at_once(tmp_path: Path) -> None:
    several = [text for text, _ in list(WRONG.values())[:4]]
    (tmp_path / "brygga.toml").write_text("\n".join(several), encoding="utf-8")

    outcome = await brygga(tmp_path, "check")

    assert [words for _, words in list(WRONG.values())[:4] if words not in outcome.err] == []


def missing(path: Path) -> None:
    """Leave the file away."""


def folder(path: Path) -> None:
    path.mkdir()


def forbidden(path: Path) -> None:
    path.write_text("secret", encoding="utf-8")
    path.chmod(0)


UNREADABLE = {"missing": missing, "a folder": folder}
if os.geteuid() != 0:  # root may read everything
    UNREADABLE["forbidden"] = forbidden


@pytest.mark.parametrize("option", ["password_file", "tls.key_file"])
@pytest.mark.parametrize("spoil", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_key_file_that_cannot_be_read_is_named_with_its_key(
    tmp_path: Path, option: str, spoil: Callable[[Path], None]
) -> None:
    spoil(tmp_path / "key")
    destination = '[[destination]]\nname = "x"\nurl = "mqtts://127.0.0.1"\nformat = "senml"\nusername = "x"\n'
    text = f'{destination}{option} = "key"\n'
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    outcome = await brygga(tmp_path, "check")

    assert outcome.code == EX_CONFIG
    assert f"destination[0].{option}" in outcome.err
    assert str(tmp_path / "key") in outcome.err
    assert "Traceback" not in outcome.err


# ── from the machine ──


async def test_a_port_in_use_is_named(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()
    with socket.socket(type=socket.SOCK_DGRAM) as other:
        other.bind(box.server)

        outcome = await brygga(tmp_path, "run")

    assert outcome.code == EX_CONFIG
    assert str(box.server[1]) in outcome.err
    assert "in use" in outcome.err
    assert "Traceback" not in outcome.err


async def test_a_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    box = Box(tmp_path)
    box.write()
    await box.agent.ask("device", "import", "-", text="dev_eui\n")
    with sqlite3.connect(tmp_path / "data" / "journal.db") as database:
        database.execute("PRAGMA user_version = 99")
    database.close()
    before = (tmp_path / "data" / "journal.db").read_bytes()

    outcome = await brygga(tmp_path, "run")

    assert outcome.code == EX_CONFIG
    assert "newer Brygga (database version 99" in outcome.err
    assert "Traceback" not in outcome.err
    assert (tmp_path / "data" / "journal.db").read_bytes() == before


# ── from the city ──


async def test_what_a_platform_refuses_is_a_dead_letter_with_its_answer_and_can_be_sent_again(
    box: Box, device: EndDevice
) -> None:
    platform = NgsiLdReceiver()
    entity = "urn:ngsi-ld:IndoorEnvironmentObserved:room-3"
    platform.refused[entity] = bad_request("Invalid payload", "room 3 is closed")
    await platform.start()
    try:
        await box.start(
            registration(device, entity=Entity("IndoorEnvironmentObserved", "room-3")),
            destinations=[ngsi_ld(platform.url)],
        )

        await box.push(device.uplink(5, CLIMATE))
        refused = await box.status(lambda status: status["destinations"]["platform"]["held"].get("refused") == 1)
        (letter,) = await box.json("dead-letters", "list")
        shown = await box.json("dead-letters", "show", str(letter["id"]))
        del platform.refused[entity]
        await box.agent.ask("dead-letters", "retry", str(letter["id"]))
        after = await box.status(lambda status: status["destinations"]["platform"]["counts"].get("delivered") == 1)
        left = await box.json("dead-letters", "list")
    finally:
        await platform.stop()

    assert refused["destinations"]["platform"]["waiting"] == 0
    assert (letter["kind"], letter["dev_eui"], letter["payload"]) == ("refused", DEV_EUI, CLIMATE.hex())
    assert "room 3 is closed" in letter["reason"]
    assert "room 3 is closed" in json.dumps(shown)
    assert after["destinations"]["platform"]["held"] == {}
    assert left == []
    assert platform.entity(entity)["temperature"]["value"] == pytest.approx(22.6)


async def test_what_a_broker_forbids_is_a_dead_letter_too(box: Box, device: EndDevice, tmp_path: Path) -> None:
    settings = MosquittoSettings(access=["topic write elsewhere/#"])
    async with Mosquitto(tmp_path / "mosquitto", settings) as broker:
        await box.start(registration(device), destinations=[mqtt(broker.port)])

        await box.push(device.uplink(5, CLIMATE))
        await box.status(lambda status: status["destinations"]["broker"]["held"].get("refused") == 1)
        (letter,) = await box.json("dead-letters", "list")

    assert "0x87" in letter["reason"] or "not authori" in letter["reason"].lower()
