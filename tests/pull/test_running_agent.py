"""A fleet's file and a real agent, a process of its own: the box is told of it, tells with it, and comes back from it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest

from gateway.model import Key, SessionKeys, dev_addr, eui64
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.platforms.event_receiver import EventReceiver
from simulators.ports import free_tcp_port, free_udp_port
from tests.agent.commands import Box
from tests.pipeline.rig import until
from tests.pull.fleets import OTHERS, OWN, Taker, bundle

ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
NWK_S_KEY, APP_S_KEY = "0102030405060708090a0b0c0d0e0f10", "1102030405060708090a0b0c0d0e0f10"
DEV_EUI, DEV_ADDR = "a81758fffe0a0001", "01020304"
WATCH_S = 1.0  # to its end, for nothing new is heard meanwhile
DESTINATION = """
[[{before}destination]]
name = "{name}"
url = "{url}"
format = "json"
{before}options.topic = "/uplinks"
"""


@dataclass(slots=True)
class Roof:
    """A box with a running agent, a sensor beside it, and two platforms: the box's own, and the fleet's."""

    taker: Taker
    box: Box
    own: EventReceiver
    fleets: EventReceiver
    sensor: EndDevice
    forwarder: PacketForwarder

    async def hears(self) -> None:
        """Hear the sensor once, and have it told where it has to be."""
        before = len(self.own.kept.uplinks)
        assert await self.forwarder.push(Signal(phy_payload=self.sensor.uplink(5, ERS)))
        await until(lambda: len(self.own.kept.uplinks) > before)


def destination(name: str, url: str, before: str = "") -> str:
    return DESTINATION.format(name=name, url=url, before=before).replace(f"{before}options", "options")


def fleet(serial: int, url: str) -> str:
    """Return a file that tells the fleet's platform, too."""
    return bundle(serial, "[[part]]" + destination("city", url, "part.configuration."))


@pytest.fixture
async def roof(taker: Taker) -> AsyncIterator[Roof]:
    box, port = Box(taker.folder), free_udp_port()
    keys = SessionKeys.v1_0(nwk_s_key=Key(bytes.fromhex(NWK_S_KEY)), app_s_key=Key(bytes.fromhex(APP_S_KEY)))
    async with contextlib.AsyncExitStack() as stack:
        own, fleets = EventReceiver(), EventReceiver()
        for one in (own, fleets):
            await one.start()
            stack.push_async_callback(one.stop)
        taker.toml.write_text(OWN.replace("port = 0", f"port = {port}") + destination("archive", own.url), "utf-8")
        await stack.enter_async_context(box.agent())
        added = await box.brygga(
            *("device", "add", "--dev-eui", DEV_EUI, "--activation", "abp", "--dev-addr", DEV_ADDR),
            *("--nwk-s-key", NWK_S_KEY, "--app-s-key", APP_S_KEY, "--decoder", "elsys/ers"),
        )
        assert added.code == 0, added.complaints
        forwarder = await stack.enter_async_context(PacketForwarder(eui64("aa555a0000000001"), ("127.0.0.1", port)))
        await forwarder.connected()
        sensor = EndDevice.abp(eui64(DEV_EUI), dev_addr(DEV_ADDR), keys)
        yield Roof(taker, box, own, fleets, sensor, forwarder)


async def test_a_running_agent_takes_what_the_fleet_has_and_lets_go_of_what_it_no_longer_has(roof: Roof) -> None:
    await roof.hears()
    roof.taker.publish(fleet(1, roof.fleets.url))
    taken = await roof.taker.pull(watch_s=WATCH_S)
    await roof.hears()
    await until(lambda: len(roof.fleets.kept.uplinks) == 1)
    roof.taker.publish(bundle(2, OTHERS))

    gone = await roof.taker.pull(watch_s=WATCH_S)
    await roof.hears()

    assert (taken.is_well, taken.lines[1:]) == (True, ("destination city: added",))
    assert (gone.is_well, gone.lines[1:]) == (True, ("destination city: removed",))
    assert not roof.taker.fragment.exists()
    assert (len(roof.own.kept.uplinks), len(roof.fleets.kept.uplinks)) == (3, 1)


async def test_a_running_agent_that_does_worse_with_it_goes_on_as_before(roof: Roof) -> None:
    roof.taker.publish(fleet(1, roof.fleets.url))
    await roof.taker.pull(watch_s=WATCH_S)
    await roof.hears()
    await until(lambda: len(roof.fleets.kept.uplinks) == 1)
    roof.taker.publish(fleet(2, f"http://127.0.0.1:{free_tcp_port()}"))

    outcome = await roof.taker.pull(watch_s=WATCH_S)
    await roof.hears()
    await until(lambda: len(roof.fleets.kept.uplinks) == 2)

    assert (outcome.is_well, "connection refused" in outcome.lines[1]) == (False, True)
    assert f'url = "{roof.fleets.url}"' in roof.taker.fragment.read_text(encoding="utf-8")
