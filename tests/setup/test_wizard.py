"""The whole wizard on a phone's terminal: simulated forwarder and device, a city's stand-in, a real agent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from random import Random

import pytest

from gateway.config import load
from gateway.devices_file import write_csv_with_keys
from gateway.model import DevAddr, Eui64
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from simulators.ports import free_udp_port
from tests.forked import launch
from tests.pipeline.rig import registration
from tests.setup.person import LIMIT_S, NOT_THEIRS, REPOSITORY, Person, at_a_terminal
from tests.setup.roots import forwarder, write

ROOF = Eui64("aa555a0000000001")
LOCAL = '{"gateway_conf": {"gateway_ID": "AA555A0000000001", "server_address": "lns.example", "serv_port_up": 1680}}'
PAYLOAD = bytes.fromhex("0100d50228")  # elsys/ers: 21.3 °C, 40 %
SECRET = "only-the-city-knows"


@pytest.fixture
async def city() -> AsyncIterator[NgsiLdReceiver]:
    receiver = NgsiLdReceiver()
    yield receiver
    await receiver.stop()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    forwarder(tmp_path / "root", local=LOCAL)
    (tmp_path / "root/no-clock").touch()  # this machine's own is what the agent believes
    return tmp_path / "root"


def configuration(root: Path) -> Path:
    return root / "etc/brygga/brygga.toml"


def device() -> EndDevice:
    return EndDevice.abp(Eui64("a81758fffe0a0001"), DevAddr("00000001"), random=Random(1))


def everything(root: Path) -> list[Path]:
    return sorted(root.rglob("*"))


def too_wide(person: Person, columns: int) -> list[str]:
    """Return the lines that are wider than the terminal, but for a word that cannot be broken."""
    return [
        line
        for line in person.shown.replace("\r", "\n").split("\n")
        if len(line) > columns and max(map(len, line.split()), default=columns) + 6 < columns
    ]


async def answer_all(person: Person, city: str, devices: str = "") -> None:
    """Answer the questions of a whole box, as one who is on a roof does: mostly by Enter."""
    await person.answers("Where does the radio come in?")
    await person.answers("Shall I change that")
    await person.answers("What is this gateway called?", "mast")
    await person.answers("Where is it?", "57.70887, 11.97456")
    await person.answers("Region of the air")
    await person.answers("Which city is told?", "Torsby")
    await person.answers("Go on with it?")
    await person.answers("Address of its platform", city)
    await person.answers("User name there")
    await person.answers("Token (not shown", SECRET)
    if devices:
        await person.answers("A device:", devices)
    await person.answers("A device:")
    await person.answers("A dashboard for the browser?", "1")
    await person.answers("Its clock is not set", "2")
    await person.answers("Folder of the journal", "data")


async def test_from_the_first_question_to_the_first_observation(root: Path, city: NgsiLdReceiver) -> None:
    sensor, port = device(), free_udp_port()
    devices = write(root, "devices.csv", write_csv_with_keys([registration(sensor, name="Library")]))
    path = configuration(root)

    async with at_a_terminal(root, port, "--config", str(path)) as person:
        await answer_all(person, await city.start(), str(devices))
        await person.answers("This is what it will be:")
        await person.sees("delivery: the platform took")
        await person.sees("devices.csv: 1 added")
        async with PacketForwarder(ROOF, ("127.0.0.1", port), keep_alive_s=0.2) as mast:
            await mast.connected()
            await mast.push(Signal(phy_payload=sensor.uplink(5, PAYLOAD)))
            await person.sees("First observation: 21.3 °C, 40 % · Library, delivered to torsby")
            await person.sees("Ready.")
        code = await person.leaves()

    assert code == 0
    assert SECRET not in person.shown
    assert too_wide(person, 40) == []
    settings = load(path)
    assert (settings.gateway.name, settings.gateway.data) == ("mast", path.parent / "data")
    assert (path.parent / "cities/torsby.token").read_text() == f"{SECRET}\n"
    assert (path.parent / "cities/torsby.token").stat().st_mode & 0o777 == 0o600
    local = (root / "opt/ttn-gateway/packet_forwarder/lora_pkt_fwd/local_conf.json").read_text()
    assert local == LOCAL.replace("lns.example", "127.0.0.1").replace("1680", str(port))


async def test_ctrl_c_at_any_question_leaves_nothing_behind(root: Path) -> None:
    before = everything(root)

    async with at_a_terminal(root, free_udp_port(), "--config", str(configuration(root))) as person:
        await answer_all(person, "https://city.example")
        await person.sees("This is what it will be:")
        await person.sees("> ")
        code = await person.presses_ctrl_c("Nothing was changed.")

    assert code == 130
    assert everything(root) == before


async def test_the_end_of_the_input_leaves_nothing_behind(root: Path) -> None:
    before = everything(root)

    async with at_a_terminal(root, free_udp_port(), "--config", str(configuration(root))) as person:
        await person.sees("Where does the radio come in?")
        await person.sees("> ")
        person.type("\x04")
        await person.sees("Nothing was changed.")
        code = await person.leaves()

    assert code == 1
    assert everything(root) == before


async def test_wrong_answers_help_and_the_way_back(root: Path) -> None:
    async with at_a_terminal(root, free_udp_port(), "--config", str(configuration(root))) as person:
        await person.answers("Where does the radio come in?", "back")
        await person.sees("this is the first question")
        await person.answers("Where does the radio come in?", "99")
        await person.sees("! '99': 1 to")
        await person.answers("Where does the radio come in?", "?")
        await person.sees("one number, or several")
        await person.answers("Where does the radio come in?")
        await person.answers("Shall I change that", "maybe")
        await person.sees("y (yes) or n (no) is right")
        await person.answers("Shall I change that", "n")
        await person.answers("What is this gateway called?", "<")
        await person.answers("Shall I change that", "y")
        await person.answers("What is this gateway called?", "mast")
        await person.sees("Where is it?")


async def test_an_answer_is_changed_in_the_summary(root: Path) -> None:
    async with at_a_terminal(root, free_udp_port(), "--config", str(configuration(root)), "--dry-run") as person:
        await answer_all(person, "https://city.example")
        await person.sees("This is what it will be:")
        await person.sees("3 name: mast")
        await person.answers("q: leave", "3")
        await person.answers("What is this gateway called?", "tower")
        await person.sees("name: tower")
        await person.answers("q: leave", "f")
        await person.sees('name = "tower"')
        await person.answers("q: leave")
        await person.sees("Changed at the other side:")
        code = await person.leaves()

    assert code == 0
    assert SECRET not in person.shown
    assert not configuration(root).exists()


async def test_it_speaks_swedish_where_the_system_does(root: Path) -> None:
    words = ("--config", str(configuration(root)))
    async with at_a_terminal(root, free_udp_port(), *words, LANG="sv_SE.UTF-8") as person:
        await person.answers("Varifrån kommer radion?")
        await person.sees("För att höras här måste detta ändras:")
        await person.answers("Ska jag ändra det", "j")
        await person.answers("Vad heter denna gateway?", "tillbaka")
        await person.answers("Ska jag ändra det", "nja")
        await person.sees("j (ja) eller n (nej) är rätt")
        await person.presses_ctrl_c("Inget har ändrats.")


async def test_with_a_service_it_is_started_and_devices_go_to_it(root: Path, city: NgsiLdReceiver) -> None:
    write(root, "usr/lib/systemd/system/brygga.service", "")
    (root / "run/systemd/system").mkdir(parents=True)
    (root / "data").mkdir()
    write(root, "etc/brygga/brygga.d/10-test.toml", f'[gateway]\ndata = "{root / "data"}"\n')
    path, url = configuration(root), await city.start()

    try:
        async with at_a_terminal(root, free_udp_port(), "--config", str(path), "--watch", "0") as person:
            await person.answers("Where does the radio come in?")
            await person.answers("Shall I change that")
            await person.answers("What is this gateway called?", "mast")
            await person.answers("Where is it?")
            await person.answers("Region of the air")
            await person.answers("Which city is told?", "Torsby")
            await person.answers("Go on with it?")
            await person.answers("Address of its platform", url)
            await person.answers("User name there")
            await person.answers("Token (not shown")
            await person.answers("A device:", "LW:D0:70B3D57ED0000001:A81758FFFE0A0001:00000001")
            await person.answers("What is it called?", "Library")
            await person.answers("Its AppKey", "00112233445566778899aabbccddeeff")
            await person.answers("Its decoder", "ers")
            await person.answers("Its decoder", "elsys/ers")
            await person.answers("A device:")
            await person.answers("A dashboard for the browser?", "1")
            await person.answers("Its clock is not set", "2")
            await person.answers("Start Brygga now")
            await person.answers("This is what it will be:")
            await person.sees("Brygga runs, and starts at each boot")
            await person.sees("Library: 1 added")
            code = await person.leaves()
    finally:
        if (root / "agent").exists():
            os.kill(int((root / "agent").read_text()), signal.SIGTERM)

    assert code == 0
    assert "00112233445566778899" not in person.shown
    assert (root / "systemctl").read_text().splitlines() == [
        "systemctl restart ttn-gateway.service",
        "systemctl enable brygga.service",
        "systemctl restart brygga.service",
    ]


async def test_a_box_that_is_set_up_gets_another_city(root: Path) -> None:
    there = '[gateway]\nname = "old"\ndata = "data"\n'
    path = write(root, "etc/brygga/brygga.toml", there)

    async with at_a_terminal(root, free_udp_port(), "--config", str(path), "--watch", "0") as person:
        await person.answers("This box is configured. What now?", "3")
        await person.answers("Which city is told?", "lund")
        await person.sees("Sensative Yggio")
        await person.answers("Address of its platform", "mqtt://127.0.0.1:1")
        await person.answers("User name there", "roof")
        await person.answers("Password (not shown", SECRET)
        await person.answers("A device:")
        await person.answers("This is what it will be:")
        await person.sees("!! connection")
        await person.sees("brygga destination test lund")
        await person.sees("Next: brygga run")
        code = await person.leaves()

    assert code == 0
    assert path.read_text().startswith(there)
    assert [one.name for one in load(path).destinations] == ["lund@lund"]
    (old,) = path.parent.glob("brygga.toml.old-*")
    assert old.read_text() == there


async def test_secrets_of_the_file_that_is_there_are_not_shown(root: Path) -> None:
    there = f'[gateway]\nname = "old"\ndata = "data"\n[[destination]]\nname = "a"\nurl = "https://a.example"\ntoken = "{SECRET}"\n'
    path = write(root, "etc/brygga/brygga.toml", there + 'format = "ngsi_ld"\n')
    answers = write(root, "answers.toml", 'mode = "radio"\n')

    code, out, _ = await through_a_pipe(root, "--answers", str(answers), "--config", str(path), "--dry-run")

    assert code == 0
    assert "[[source]]" in out
    assert SECRET not in out


async def test_help_is_had_where_a_secret_is_asked_for(root: Path) -> None:
    path = write(root, "etc/brygga/brygga.toml", '[gateway]\nname = "old"\n')

    async with at_a_terminal(root, free_udp_port(), "--config", str(path)) as person:
        await person.answers("This box is configured. What now?", "3")
        await person.answers("Which city is told?", "lund")
        await person.answers("Address of its platform", "mqtts://a.example")
        await person.answers("User name there", "roof")
        await person.answers("Password (not shown", "?")
        await person.sees("it goes into a file that others cannot read")
        await person.sees("Password (not shown")


async def test_an_agent_that_cannot_start_says_why(root: Path) -> None:
    port = free_udp_port()
    loop = asyncio.get_running_loop()
    other, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", port))
    answers = write(root, "answers.toml", f'name = "mast"\ndata = "{root / "data"}"\n')
    words = ("--answers", str(answers), "--config", str(configuration(root)), "--watch", "30")

    async with at_a_terminal(root, port, *words) as person:
        await person.sees("nothing could be listened for there")
        await person.sees("No service here")
        await person.sees(f"UDP port {port}")
        code = await person.leaves()
    other.close()

    assert code in {1, 78}
    assert "Traceback" not in person.shown


async def through_a_pipe(root: Path, *words: str, typed: str = "") -> tuple[int | None, str, str]:
    """Run the wizard without a terminal."""
    process = await launch(
        *(sys.executable, "-m", "tests.setup.wizard", str(root), str(free_udp_port()), *words),
        cwd=REPOSITORY, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={name: value for name, value in os.environ.items() if not name.startswith(NOT_THEIRS)}
        | {"PYTHONUTF8": "1"},
    )  # fmt: skip
    async with asyncio.timeout(LIMIT_S):
        out, err = await process.communicate(typed.encode())
    return process.returncode, out.decode(), err.decode()


async def test_answers_of_a_file_set_a_box_up_without_a_question(root: Path) -> None:
    answers = (
        'name = "mast"\ncity = "Torsby"\ncity_url = "http://127.0.0.1:1"\ncity_token_file = "token"\ndata = "data"\n'
    )
    write(root, "fleet/token", SECRET)
    write(root, "fleet/devices.csv", write_csv_with_keys([registration(device())]))
    path = write(root, "fleet/answers.toml", answers + 'devices = ["devices.csv"]\nclock = "system"\n')
    words = ("--answers", str(path), "--config", str(configuration(root)))

    code, out, err = await through_a_pipe(root, *words)

    assert (code, err) == (0, "")
    assert "devices.csv: 1 added" in out
    assert "\x1b" not in out
    assert load(configuration(root)).gateway.name == "mast"
    assert (configuration(root).parent / "cities/torsby.token").read_text() == f"{SECRET}\n"


async def test_a_wrong_file_of_answers_tells_all_of_it_and_changes_nothing(root: Path) -> None:
    path = write(root, "answers.toml", 'nmae = "x"\nregion = "EU900"\ncity = "lund"\n')
    words = ("--answers", str(path), "--config", str(configuration(root)))

    code, _, err = await through_a_pipe(root, *words)

    assert code == 78
    assert [line.split(": ")[1] for line in err.splitlines()] == ["nmae", "region", "city_url"]
    assert not configuration(root).exists()


async def test_a_dry_run_shows_all_and_changes_nothing(root: Path) -> None:
    path = write(root, "answers.toml", 'name = "mast"\n')
    before = everything(root)

    code, out, _ = await through_a_pipe(root, "--answers", str(path), "--config", str(configuration(root)), "--dry-run")

    assert code == 0
    assert 'name = "mast"' in out
    assert 'server_address: "lns.example" → "127.0.0.1"' in out
    assert everything(root) == before


async def test_a_dialogue_works_through_a_pipe_and_is_saved_without_secrets(root: Path, tmp_path: Path) -> None:
    typed = "\n\nmast\n\n\nTorsby\n\nhttps://city.example\n\n" + SECRET + "\n\n1\n2\ndata\n\n"
    saved = tmp_path / "saved.toml"

    code, out, _ = await through_a_pipe(
        root, "--config", str(configuration(root)), "--dry-run", "--write-answers", str(saved), typed=typed
    )

    assert code == 0
    assert "\x1b" not in out
    text = saved.read_text()
    assert 'city_url = "https://city.example"' in text
    assert SECRET not in text + out
