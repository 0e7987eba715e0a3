"""An agent with a modem and a GNSS receiver on serial ports: from the air to the journal, with the place of the box."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.agent import running
from gateway.config import load
from gateway.model import DevAddr, Eui64, Place
from simulators.end_device import EndDevice
from simulators.gnss_receiver import GnssReceiver, Sky, second
from simulators.serial_modem import OnAir, Plug, Rn2483Modem
from tests.pipeline.rig import LIMIT_S, PAUSE_S, clock, registration, until

START = datetime(2026, 3, 25, 12, tzinfo=UTC)
CONFIGURATION = """\
[gateway]
data = "data"

[radio]
gather_ms = 0

[[source]]
name = "stick"
type = "serial_modem"
port = "{folder}/usb-modem"
frequency_hz = 868_100_000
spreading_factor = 7

[[source]]
name = "sky"
type = "gnss"
port = "{folder}/usb-gnss"
"""


async def test_an_uplink_through_a_modem_is_kept_with_the_boxs_place_and_answered_by_nobody(tmp_path: Path) -> None:
    (tmp_path / "brygga.toml").write_text(CONFIGURATION.format(folder=tmp_path), encoding="utf-8")
    device = EndDevice.abp(Eui64("a81758fffe0a0001"), DevAddr("00130001"))
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as stick, Plug(GnssReceiver(), tmp_path / "usb-gnss") as sky:
        async with running(load(tmp_path / "brygga.toml"), clock) as agent:
            await agent.journal.put_devices([registration(device)])
            await agent.devices_changed()
            await agent.journal.add_destination("test", from_start=True)
            number = 0
            async with asyncio.timeout(LIMIT_S):
                while agent.here.place is None:
                    sky.say(second(START + timedelta(seconds=number), Sky(latitude=57.70887, longitude=11.97456)))
                    number += 1
                    await asyncio.sleep(PAUSE_S)
            await until(lambda: stick.modem.is_receiving)
            stick.hear(OnAir(phy_payload=device.uplink(2, b"\x01\x02", confirmed=True)))
            async with asyncio.timeout(LIMIT_S):
                while not (rows := await agent.journal.read("test", 10)):  # noqa: ASYNC110 - the journal tells nobody
                    await asyncio.sleep(PAUSE_S)
            sources = {one["name"]: one for one in agent.status()["sources"]}

    (reception,) = rows[0].uplink.receptions
    assert rows[0].uplink.payload == b"\x01\x02"
    assert reception.place == Place(57.70887, 11.97456, 84.0)
    assert (reception.source, reception.timestamp_us) == ("stick", None)
    assert sources["stick"]["counts"]["confirmed"] == 1
    assert sources["sky"]["fix"]["latitude"] == 57.70887
    assert not any("tx" in command for command in stick.modem.commands)
