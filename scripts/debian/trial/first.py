"""What stands around a new box: its gateway, one sensor whose button is pressed when the file PRESS comes, and Lund's platform: first.py PRESS TOLD.

TOLD is written with what the platform was told of the sensor, once it was: {"node", "values"}.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Final

from gateway.model import Key, eui64
from simulators.concentrator import Transmission
from simulators.end_device import EndDevice
from simulators.packet_forwarder import PacketForwarder, Signal
from simulators.platforms.yggio import YggioBroker

DEV_EUI: Final = "a81758fffe0a00ff"  # as type.py types its label
JOIN_EUI: Final = "70b3d57ed0000001"
APP_KEY: Final = "00112233445566778899aabbccddeeff"
PLATFORM_PORT: Final = 18831
ERS: Final = bytes.fromhex("0100d5 0229")  # 21.3 °C, 41 %: Elsys ERS payload, types 1 and 2
LOOK_S: Final = 0.2
ANSWER_S: Final = 8.0  # JOIN_ACCEPT_DELAY2 is 6 s (LoRaWAN 1.0.3, section 7); then the button is pressed again


class Sensor:
    """One device, and the gateway that it is heard by."""

    def __init__(self, forwarder: PacketForwarder, sent: asyncio.Queue[Transmission]) -> None:
        self._device = EndDevice(eui64(DEV_EUI), join_eui=eui64(JOIN_EUI), app_key=Key(bytes.fromhex(APP_KEY)))
        self._forwarder = forwarder
        self._sent = sent

    async def joined(self) -> bool:
        """Ask to join once; return whether it was let in."""
        await self._push(self._device.join_request())
        try:
            async with asyncio.timeout(ANSWER_S):
                while not self._device.accept((await self._sent.get()).phy_payload):
                    pass
        except TimeoutError:
            return False
        return True

    async def speaks(self) -> None:
        """Send one reading."""
        await self._push(self._device.uplink(5, ERS))

    async def _push(self, phy_payload: bytes) -> None:
        await self._forwarder.push(Signal(phy_payload=phy_payload))


def of_the_sensor(platform: YggioBroker) -> dict[str, object]:
    """Return what the platform was told last of the sensor, by name."""
    return {key: value for (node, key), value in platform.kept.current.items() if DEV_EUI in node}


async def main(press: Path, told: Path) -> None:
    """Stand there until killed: a trial ends it."""
    platform = YggioBroker()
    await platform.start(PLATFORM_PORT)
    sent: asyncio.Queue[Transmission] = asyncio.Queue()
    async with PacketForwarder(eui64("aa555a0000000001"), ("127.0.0.1", 1700), deliver=sent.put_nowait) as forwarder:
        sensor = Sensor(forwarder, sent)
        while not press.exists():  # noqa: ASYNC110, ASYNC240 - another process makes it
            await asyncio.sleep(LOOK_S)
        while not await sensor.joined():
            pass
        await sensor.speaks()
        while not (values := of_the_sensor(platform)):  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(LOOK_S)
        told.write_text(json.dumps({"node": DEV_EUI, "values": values}), encoding="utf-8")  # noqa: ASYNC240 - nothing else waits
        await asyncio.Event().wait()  # without a limit: the gateway and the platform stay


if __name__ == "__main__":
    asyncio.run(main(*map(Path, sys.argv[1:3])))
