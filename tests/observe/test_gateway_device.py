"""The gateway itself as a Device at a strict NGSI-LD broker: right by the Smart Data Model, with nothing in it that nobody knows."""

from __future__ import annotations

import asyncio
from pathlib import Path

from gateway.model import DevAddr, Eui64
from gateway.version import VERSION
from simulators.end_device import EndDevice
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.formats.smart_data_models import complaints
from tests.pipeline.rig import LIMIT_S, PAUSE_S, ROOF, ngsi_ld, registration, rig

KNOWN = Eui64("a81758fffe051d02")
ERS = bytes.fromhex("0100e2 0229")  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
GATEWAY = f"urn:ngsi-ld:Device:{ROOF}"
WHERE = "[57.70887, 11.97456]"


async def test_the_gateway_is_a_device_of_its_own(tmp_path: Path) -> None:
    broker, device = NgsiLdReceiver(), EndDevice.abp(KNOWN, DevAddr("00011234"))
    url = await broker.start()
    try:
        async with rig(tmp_path, ngsi_ld(url)) as box:
            await box.register(registration(device))
            await (await box.roof()).push(device.uplink(5, ERS))
            async with asyncio.timeout(LIMIT_S):
                while ("", GATEWAY) not in broker.kept.entities:  # noqa: ASYNC110 - a broker tells nobody
                    await asyncio.sleep(PAUSE_S)
    finally:
        await broker.stop()

    entity = broker.entity(GATEWAY)
    assert complaints(entity) == []
    assert entity["serialNumber"]["value"] == ROOF
    assert entity["category"]["value"] == ["network"]
    assert entity["softwareVersion"]["value"] == f"brygga {VERSION}"
    assert "dateLastValueReported" in entity
    assert entity.keys().isdisjoint({"batteryLevel", "deviceState", "rssi", "location"})
