"""Draw docs/screenshots: the dashboard's pages with the demo behind them, and a day of the past in its journal.

scripts/screenshots [FOLDER]
"""

from __future__ import annotations

import asyncio
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import pi, sin
from pathlib import Path
from typing import Any, Final

from PIL import Image
from playwright.async_api import Browser, async_playwright

from gateway.journal import Changes
from gateway.model import Reception, TimeQuality, Uplink, uplink_id
from simulators.demo.stage import GATEWAYS, Stage, stage
from simulators.members import Member
from simulators.platforms.ngsi_ld import NgsiLdReceiver

FOLDER: Final = Path(__file__).parent.parent / "docs" / "screenshots"
LARGEST: Final = 150_000  # octets of a picture
EVERY: Final = timedelta(minutes=15)
PAST: Final = timedelta(hours=24)
LIVE_S: Final = 40.0  # in which sensors join and speak
PACE_S: Final = 2.0
OUTAGE_S: Final = 15.0
MEMORY: Final = "/dev/shm"  # no card: how this machine's own disk wears belongs in no picture
LIMIT_MS: Final = 20_000
PAST_ACTIVATION: Final = "00000000-000001"
PHONE: Final = (390, 844)
DESK: Final = (1280, 860)
TALL: Final = (1280, 1500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One picture."""

    name: str
    route: str
    size: tuple[int, int] = PHONE  # pixels
    language: str = "sv-SE"
    scheme: str = "light"
    press: str = ""  # a button


WELL: Final = (
    Shot(name="devices", route="devices"),
    Shot(name="device-en", route="devices/{school}", size=TALL, language="en-GB"),
    Shot(name="device", route="devices/{school}", scheme="dark"),
    Shot(name="live-en", route="live", size=DESK, language="en-GB", scheme="dark"),
    Shot(name="add", route="add", press="Skriv för hand"),
    Shot(name="site-en", route="site", size=DESK, language="en-GB"),
    Shot(name="overview", route=""),  # when all that lay before the cities has gone
    Shot(name="overview-en", route="", size=DESK, language="en-GB"),
)
AWAY: Final = (Shot(name="trouble", route=""),)


async def main(folder: Path) -> None:
    """Draw all pictures into ``folder``."""
    chromium = shutil.which("chromium")
    assert chromium, "apt install chromium"
    with tempfile.TemporaryDirectory(prefix="brygga-screenshots-", dir=MEMORY) as name:
        async with (
            stage(Path(name), NgsiLdReceiver(), seed=1, pace_s=PACE_S) as everything,
            async_playwright() as driver,
        ):
            browser = await driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
            await everything.agent.journal.commit(Changes(uplinks=tuple(_past(everything))))
            await asyncio.sleep(LIVE_S)
            await everything.agent.journal.drop_held(
                None, None
            )  # what a city refused as late: yesterday, told after today
            for shot in WELL:
                await _draw(browser, everything, shot, folder)
            everything.cut()
            await asyncio.sleep(OUTAGE_S)
            for shot in AWAY:
                await _draw(browser, everything, shot, folder)
            await browser.close()


async def _draw(browser: Browser, everything: Stage, shot: Shot, folder: Path) -> None:
    width, height = shot.size
    options: dict[str, Any] = {
        "viewport": {"width": width, "height": height},
        "locale": shot.language,
        "color_scheme": shot.scheme,
    }
    context = await browser.new_context(**options, reduced_motion="reduce")
    page = await context.new_page()
    page.set_default_timeout(LIMIT_MS)
    await page.goto(f"{everything.dashboard}#/{shot.route.format(school=everything.fleet.members[0].device.dev_eui)}")
    await page.wait_for_selector("main h1")
    await page.wait_for_selector(".waiting:not(.mark)", state="detached")
    if shot.press:
        await page.get_by_role("button", name=shot.press).click()
    await page.wait_for_timeout(12_000 if shot.route in {"live", ""} else 1_500)  # for what is heard to be seen
    octets = await page.screenshot(type="png")
    await context.close()
    small = octets if len(octets) < LARGEST else _fewer_colours(octets)
    assert len(small) < LARGEST, f"{shot.name}: {len(small)} octets where {LARGEST} are the most"
    (folder / f"{shot.name}.png").write_bytes(small)


def _fewer_colours(octets: bytes) -> bytes:
    file = io.BytesIO()
    Image.open(io.BytesIO(octets)).convert("RGB").quantize(128).save(file, "PNG", optimize=True)
    return file.getvalue()


# ── the day before ──


def _past(everything: Stage) -> Iterator[Uplink]:
    """Yield a day of uplinks, the oldest first: the school by a curve, the others as their models say."""
    now = everything.clock()
    steps = int(PAST / EVERY)
    for step in range(steps):
        at = now.utc - PAST + step * EVERY
        for place, member in enumerate(everything.fleet.members):
            yield _uplink(member, step, replace(now, utc=at, quality=TimeQuality.NTP), _payload(member, place, at))


def _payload(member: Member, place: int, at: datetime) -> tuple[int, bytes]:
    if place:
        spoken = next(member.says)
        return spoken.f_port, spoken.payload
    hour = at.hour + at.minute / 60
    lessons = max(0.0, sin((hour - 7) / 9 * pi)) if 7 <= hour <= 16 else 0.0
    degrees, humidity, co2 = 20.1 + 2.2 * lessons, 38 + 9 * lessons, 430 + 520 * lessons + 12 * (at.minute % 7)
    octets = b"\x01" + round(degrees * 10).to_bytes(2, "big") + b"\x02" + bytes([round(humidity)])
    return 5, octets + b"\x06" + round(co2).to_bytes(2, "big") + b"\x07\x0e\x0a"  # Elsys payload: T, RH, CO2, mV


def _uplink(member: Member, step: int, heard_at: Any, said: tuple[int, bytes]) -> Uplink:
    reception = Reception(
        gateway=GATEWAYS[0],
        frequency_hz=868_100_000,
        data_rate=member.data_rate,
        rssi_dbm=member.rssi_dbm + 3 * sin(step / 5),
        snr_db=round(member.snr_db + 2 * sin(step / 7), 1),
        timestamp_us=None,
        channel=0,
        source="radio",
    )
    dev_eui = member.device.dev_eui
    return Uplink(
        id=uplink_id(dev_eui, PAST_ACTIVATION, step),
        dev_eui=dev_eui,
        activation=PAST_ACTIVATION,
        f_cnt=step,
        f_port=said[0],
        payload=said[1],
        confirmed=False,
        adr=True,
        receptions=(reception,),
        heard_at=heard_at,
    )


if __name__ == "__main__":
    wanted = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    wanted.mkdir(exist_ok=True)
    asyncio.run(main(wanted))
