"""An agent that is told to stop while frames are under way: what was acknowledged to a forwarder still gets safe."""

from __future__ import annotations

from pathlib import Path

from gateway.journal import Registration
from gateway.model import Activation, DevAddr, Device, Eui64, Session
from simulators.end_device import EndDevice
from tests.pipeline.rig import rig

DEVICES = 20


def registration(device: EndDevice) -> Registration:
    assert device.dev_addr is not None
    assert device.keys is not None
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=device.dev_addr,
        activation=f"{device.dev_addr}-abp0",
        mac_version=device.mac_version,
        keys=device.keys,
    )
    return Registration(device=Device(dev_eui=device.dev_eui, activation=Activation.ABP), session=session)


async def test_confirmed_uplinks_that_are_being_gathered_are_committed_and_the_stop_is_an_ordinary_one(
    tmp_path: Path,
) -> None:
    devices = [EndDevice.abp(Eui64(f"a81758fffe{number:06x}"), DevAddr(f"26{number:06x}")) for number in range(DEVICES)]
    async with rig(tmp_path) as box:
        await box.register(*map(registration, devices))
        roof = await box.roof()

        for device in devices:
            await roof.push(device.uplink(2, b"\x01", confirmed=True))

    async with rig(tmp_path) as box:
        rows = await box.rows(DEVICES)

    assert {row.uplink.dev_eui for row in rows} == {device.dev_eui for device in devices}
