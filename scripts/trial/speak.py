"""Say one frame of a personalised device to a packet forwarder's port: speak.py DEVEUI DEVADDR KEY."""

from __future__ import annotations

import asyncio
import sys

from gateway.model import DevAddr, Eui64, Key, SessionKeys
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal

SERVER = ("127.0.0.1", 1700)
LIMIT_S = 20.0


async def speak(dev_eui: str, dev_addr: str, key: str) -> bool:
    """Return whether the datagram was acknowledged."""
    one = Key(bytes.fromhex(key))
    device = EndDevice.abp(Eui64(dev_eui), DevAddr(dev_addr), SessionKeys.v1_0(nwk_s_key=one, app_s_key=one))
    async with PacketForwarder(Eui64("aa555a0000000001"), SERVER) as forwarder, asyncio.timeout(LIMIT_S):
        await forwarder.connected()
        return await forwarder.push(Signal(phy_payload=device.uplink(2, b"\x15")))


sys.exit(not asyncio.run(speak(*sys.argv[1:])))
