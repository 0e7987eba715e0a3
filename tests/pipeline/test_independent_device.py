"""The class A end device of PyPI's pamoja-native (Rust) against the whole agent: real UDP in, the journal's file behind."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from pamoja._native import (
    ChannelPlan,
    LorawanDevice,
    LorawanDeviceSettings,
    LorawanEndDevice,
    LorawanSession,
    LorawanTransmission,
)

from gateway.journal import Registration
from gateway.lorawan.region import EU868
from gateway.model import (
    Activation,
    DataRate,
    DevAddr,
    Device,
    Eui64,
    Key,
    MacVersion,
    RootKeys,
    Session,
    SessionKeys,
    uplink_id,
)
from simulators.concentrator import Transmission
from tests.pipeline.rig import Rig, Roof, rig

DEV_EUI, JOIN_EUI, DEV_ADDR = Eui64("a81758fffe051d02"), Eui64("70b3d57ed0000001"), DevAddr("00011234")
APP_KEY, NWK_S_KEY, APP_S_KEY = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))
VERSIONS = [MacVersion.V1_0_3, MacVersion.V1_0_4]
PLAN = ChannelPlan.for_region("EU868")
SPEED = 2.0  # RX1 opens after half a second: enough for an agent on a busy machine
STEP_US = 20_000_000  # between uplinks, as the device counts time
SNR_DB = 9
WINDOWS_US = 2_500_000  # after an uplink: RX2 opens after 2 s


def settings(mac_version: MacVersion) -> LorawanDeviceSettings:
    return LorawanDeviceSettings(2, 16, version=str(mac_version), adr=False, regional_duty_cycle=False, seed=1)


def rate(number: int) -> DataRate:
    data_rate = EU868.data_rate(number)
    assert data_rate is not None
    return data_rate


async def put_on_air(roof: Roof, sent: LorawanTransmission) -> int:
    """Let the gateway hear what the device sends, where it sends it; return the concentrator's count at its end."""
    heard_us = roof.forwarder.counter_us
    await roof.push(
        bytes(sent.frame),
        frequency_hz=sent.frequency_hz,
        data_rate=rate(sent.data_rate),
        timestamp_us=heard_us,
    )
    return heard_us


async def exchange(roof: Roof, sent: LorawanTransmission) -> Transmission:
    """Return the answer to ``sent``, which came in the window that the device itself opens first."""
    heard_us = await put_on_air(roof, sent)
    answer = await roof.downlink()
    assert (answer.starts_us - heard_us, answer.frequency_hz, answer.data_rate) == (
        sent.rx1.delay_us,
        sent.rx1.frequency_hz,
        rate(sent.rx1.data_rate),
    )
    return answer


async def windows_past(roof: Roof, heard_us: int) -> None:
    """Return when the device listens no more; what the network asked it meanwhile, nobody heard."""
    left_us = heard_us + WINDOWS_US - roof.forwarder.counter_us
    await asyncio.sleep(max(left_us, 0) / 1e6 / SPEED)
    while not roof.sent.empty():
        roof.sent.get_nowait()


async def say(box: Rig, roof: Roof, device: LorawanEndDevice, payloads: Sequence[bytes]) -> None:
    """Send unconfirmed uplinks, each when the one before is in the journal."""
    before = len(await box.rows(0))
    for number, payload in enumerate(payloads, 1):
        heard_us = await put_on_air(roof, device.send(5, list(payload), (before + number) * STEP_US))
        await box.rows(before + number)
        await windows_past(roof, heard_us)
        device.nothing_heard((before + number) * STEP_US + 5_000_000)


async def confirm(roof: Roof, device: LorawanEndDevice, payload: bytes, now_us: int) -> bool:
    """Send a confirmed uplink; return whether the device takes the answer as its acknowledgement."""
    answer = await exchange(roof, device.send(5, list(payload), now_us, confirmed=True))
    delivery = device.heard(list(answer.phy_payload), SNR_DB, "rx1").delivery
    return delivery is not None and delivery.acknowledged


@pytest.mark.parametrize("mac_version", VERSIONS)
async def test_it_joins_over_the_air_and_what_it_says_is_in_the_journal(
    tmp_path: Path, mac_version: MacVersion
) -> None:
    credentials = LorawanDevice(list(bytes.fromhex(DEV_EUI)), list(bytes.fromhex(JOIN_EUI)), list(APP_KEY))
    device = LorawanEndDevice.over_the_air(PLAN, credentials, settings(mac_version))
    known = Device(dev_eui=DEV_EUI, join_eui=JOIN_EUI, mac_version=mac_version, decoder="elsys/ers")
    async with rig(tmp_path) as box:
        await box.register(Registration(device=known, root_keys=RootKeys(app_key=Key(APP_KEY))))
        roof = await box.roof(speed=SPEED)

        accept = await exchange(roof, device.join(1, 0))
        outcome = device.heard(list(accept.phy_payload), SNR_DB, "rx1")
        await say(box, roof, device, [b"\x01\x00\xe2", b"\x02\x29"])
        acknowledged = await confirm(roof, device, b"\x06\x03\x08", 3 * STEP_US)
        rows = await box.rows(3)
        (session,) = await box.agent.journal.sessions()

    assert outcome.kind == "joined"
    assert acknowledged
    assert session.dev_addr == f"{device.dev_addr:08x}"
    assert [(row.uplink.f_cnt, row.uplink.payload, row.uplink.confirmed) for row in rows] == [
        (0, b"\x01\x00\xe2", False),
        (1, b"\x02\x29", False),
        (2, b"\x06\x03\x08", True),
    ]
    assert [row.uplink.id for row in rows] == [uplink_id(DEV_EUI, session.activation, f_cnt) for f_cnt in range(3)]


@pytest.mark.parametrize("mac_version", VERSIONS)
async def test_a_personalised_one_is_heard_at_once_and_takes_its_acknowledgements(
    tmp_path: Path, mac_version: MacVersion
) -> None:
    theirs = LorawanSession(int(DEV_ADDR, 16), list(NWK_S_KEY), list(APP_S_KEY))
    device = LorawanEndDevice.personalized(PLAN, theirs, settings(mac_version), fcnt_up=0, fcnt_down=None)
    session = Session(
        dev_eui=DEV_EUI,
        dev_addr=DEV_ADDR,
        activation=f"{DEV_ADDR}-abp0",
        mac_version=mac_version,
        keys=SessionKeys.v1_0(nwk_s_key=Key(NWK_S_KEY), app_s_key=Key(APP_S_KEY)),
    )
    known = Device(dev_eui=DEV_EUI, activation=Activation.ABP, mac_version=mac_version, decoder="elsys/ers")
    async with rig(tmp_path) as box:
        await box.register(Registration(device=known, session=session))
        roof = await box.roof(speed=SPEED)

        await say(box, roof, device, [b"\x01\x00\xe2"])
        acknowledged = [await confirm(roof, device, b"\x02\x29", (2 + number) * STEP_US) for number in range(2)]
        rows = await box.rows(3)
        (kept,) = await box.agent.journal.sessions()

    assert acknowledged == [True, True]
    assert [(row.uplink.f_cnt, row.uplink.payload) for row in rows] == [
        (0, b"\x01\x00\xe2"),
        (1, b"\x02\x29"),
        (2, b"\x02\x29"),
    ]
    assert device.fcnt_down == kept.n_f_cnt_down - 1
