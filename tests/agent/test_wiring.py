"""What the configuration says of the network reaches the air and the disk: addresses, power, the key that seals keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.lorawan.dev_addr import AddressBlock
from gateway.model import Eui64
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from tests.agent.commands import CONFIGURATION, Box, make_box
from tests.pipeline import rig as rigs
from tests.pipeline.rig import registration, rig

LIBRARY = Eui64("a81758fffe0a0001")
KEY = "000102030405060708090a0b0c0d0e0f"
BLOCK = "00130000/20"
SPEED = 4.0  # the join accept's five seconds are little more than one


async def join(
    folder: Path, monkeypatch: pytest.MonkeyPatch, radio: str, source: str
) -> tuple[EndDevice, Transmission]:
    """Return a device that has joined an agent with these keys in its sections, and the accept as it was sent."""
    text = rigs.CONFIGURATION.replace("[radio]\n", f"[radio]\n{radio}\n") + source
    monkeypatch.setattr(rigs, "CONFIGURATION", text)
    device = EndDevice(LIBRARY)
    async with rig(folder) as box:
        await box.register(registration(device))
        roof = await box.roof(speed=SPEED)
        await roof.push(device.join_request())
        accept = await roof.downlink()
    assert device.accept(accept.phy_payload)
    return device, accept


async def test_a_joining_device_gets_an_address_of_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    device, _ = await join(tmp_path, monkeypatch, f'dev_addr_block = "{BLOCK}"', "")

    assert device.dev_addr is not None
    assert device.dev_addr in AddressBlock.parse(BLOCK)


async def test_the_antennas_gain_is_taken_off_what_the_radio_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, accept = await join(tmp_path, monkeypatch, "", "antenna_gain_dbi = 3.0\n")

    assert accept.power_dbm == 13  # 16 dBm EIRP in EU868's sub-band M


async def test_a_joining_device_is_told_what_the_network_wants(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wishes = "[network]\nrx1_delay_s = 5\nrx2_data_rate = 3\nchannels_hz = [867_100_000, 867_900_000]\n"

    device, _ = await join(tmp_path, monkeypatch, "", wishes)

    assert (device.rx1_delay_s, device.rx2_data_rate) == (5, 3)
    assert device.channels_hz == (867_100_000, 867_900_000)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    made = make_box(tmp_path)
    text = CONFIGURATION.replace('data = "data"\n', 'data = "data"\nkey_file = "keys/box.key"\n')
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")
    (tmp_path / "keys").mkdir()
    return made


async def test_the_named_key_file_serves_the_stopped_box_and_the_running_agent(box: Box) -> None:
    await box.brygga("device", "add", "--dev-eui", LIBRARY, "--app-key", KEY)
    made = (box.folder / "keys" / "box.key").read_text(encoding="ascii")

    async with box.agent():
        again = await box.brygga("device", "add", "--dev-eui", LIBRARY, "--app-key", KEY)

    assert again.code == 0
    assert again.output.startswith("0 added, 0 changed, 1 unchanged\n")
    assert (box.folder / "keys" / "box.key").read_text(encoding="ascii") == made
    assert not (box.folder / "data" / "brygga.key").exists()


async def test_without_its_key_file_a_journal_says_so_and_tells_what_would_help(box: Box) -> None:
    await box.brygga("device", "add", "--dev-eui", LIBRARY, "--app-key", KEY)
    (box.folder / "keys" / "box.key").write_text("00" * 32, encoding="ascii")

    outcome = await box.brygga("device", "export", "--with-keys")

    assert outcome.code == 78
    assert outcome.complaints.startswith(
        f"{box.folder / 'keys' / 'box.key'}: the device keys in the journal are sealed with another key file: put the old one back"
    )
