"""Let the box hear COUNT uplinks of one device, counters from FIRST on; the gateway stays for so many seconds: hear.py FIRST COUNT [S]."""

from __future__ import annotations

import asyncio
import sys

from gateway.model import Key, SessionKeys, dev_addr, eui64
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal

KEYS = SessionKeys.v1_0(nwk_s_key=Key(bytes(range(16))), app_s_key=Key(bytes(range(16, 32))))


async def hear(first: int, count: int, stays_s: float = 0.0) -> None:
    """Send the uplinks; each is acknowledged by the box."""
    device = EndDevice.abp(eui64("a81758fffe0a0001"), dev_addr("01020304"), KEYS)
    uplinks = [device.uplink(2, bytes([number % 256])) for number in range(first + count)]
    async with PacketForwarder(eui64("b827ebfffe123456"), ("127.0.0.1", 1700)) as forwarder:
        for uplink in uplinks[first:]:
            assert await forwarder.push(Signal(phy_payload=uplink))
            await asyncio.sleep(0.1)
        await asyncio.sleep(stays_s)


asyncio.run(hear(*map(int, sys.argv[1:])))
