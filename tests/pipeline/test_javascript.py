"""A vendor's JavaScript in a running agent: its readings reach the city, a codec that hangs holds up nobody, nothing stays behind."""

from __future__ import annotations

from pathlib import Path

import psutil

from gateway.model import DevAddr, Eui64
from simulators.end_device import EndDevice
from simulators.platforms.ngsi_ld import NgsiLdReceiver
from tests.pipeline.rig import ngsi_ld, registration, rig, until

GOOD = """\
function decodeUplink(input) {
  return { data: { temperature: ((input.bytes[0] << 8) | input.bytes[1]) / 10 } };
}
"""
META = "readings:\n  - {field: temperature, quantity: air_temperature, unit: Cel}\n"
HANGS = "var many = new Float64Array(1 << 20); function decodeUplink() { for (;;) many.sort(); }\n"
FOLDER = '[decoders]\nfolder = "own"\n'


def install(folder: Path) -> None:
    (folder / "own" / "acme").mkdir(parents=True)
    for name, text in (("th-1.js", GOOD), ("th-1.meta.yaml", META), ("stuck.js", HANGS)):
        (folder / "own" / "acme" / name).write_text(text, encoding="utf-8")


async def test_a_city_gets_what_a_vendors_codec_reads_while_another_hangs(tmp_path: Path) -> None:
    install(tmp_path)
    good = EndDevice.abp(Eui64("70b3d57ed0001001"), DevAddr("00011001"))
    stuck = EndDevice.abp(Eui64("70b3d57ed0001002"), DevAddr("00011002"))
    platform = NgsiLdReceiver()
    await platform.start()
    before = {child.pid for child in psutil.Process().children()}
    try:
        async with rig(tmp_path, FOLDER, ngsi_ld(platform.url)) as box:
            await box.register(registration(good, decoder="acme/th-1"), registration(stuck, decoder="acme/stuck"))
            roof = await box.roof()
            for _ in range(3):
                await roof.push(stuck.uplink(2, b"\1"))
                await roof.push(good.uplink(2, bytes.fromhex("00EA")))

            def counts() -> tuple[int, int]:
                told = box.agent.status()["destinations"]["platform"]["counts"]
                return told.get("delivered", 0), told.get("undecoded", 0)

            await until(lambda: counts() == (3, 3))
            status = box.agent.status()
            workers = [child for child in psutil.Process().children() if child.pid not in before]
    finally:
        await platform.stop()

    assert status["undecoded"] == {"acme/stuck: failed": 3}
    assert 1 <= len(workers) <= 2
    assert not any(worker.is_running() for worker in workers)
