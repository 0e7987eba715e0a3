"""The source over pseudo-terminals, with simulated modems that answer like the real ones."""

from __future__ import annotations

import asyncio
from collections import Counter
from pathlib import Path

import pytest

from gateway.model import Eui64, LoraRate, TxRequest, TxResult
from gateway.sources.serial_modem import SerialModem, session
from gateway.sources.serial_modem.eui import derived_eui
from gateway.sources.serial_modem.rn2483 import Rn2483
from simulators.serial_modem import MODEMS, Plug, Rak3172Modem, Rn2483Modem
from tests.sources.conftest import LIMIT_S, Ear, HandClock
from tests.sources.serial_frames import (
    CHANNEL,
    OTHER,
    PHY,
    QUICK,
    family_of,
    on_air,
    running,
    settings,
    source_of,
    until_counted,
)


@pytest.fixture(autouse=True)
def is_not_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BUSY_S", 0.01)


# ── a modem that works ──────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_packet_on_its_channel_becomes_a_frame(plug: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        plug.hear(on_air())
        (frame,) = await ear.heard(1)

    assert (frame.phy_payload, frame.heard_at) == (PHY, clock())
    assert (frame.best.rssi_dbm, frame.best.snr_db) == (-57.0, 9.0)
    assert (frame.best.frequency_hz, frame.best.data_rate) == (868_100_000, LoraRate(7, 125_000))
    assert (frame.best.source, frame.best.gateway, frame.best.is_here) == ("stick", derived_eui("stick"), True)
    assert (frame.best.timestamp_us, frame.best.context) == (None, b"")


async def test_one_frame_after_another_is_heard(plug: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        for count in range(1, 6):
            async with asyncio.timeout(LIMIT_S):
                while not plug.modem.is_receiving:  # noqa: ASYNC110 - the host tells the modem, and nobody else
                    await asyncio.sleep(0.002)
            plug.hear(on_air(PHY if count % 2 else OTHER))
            await ear.heard(count)

    assert [frame.phy_payload for frame in ear.frames] == [PHY, OTHER, PHY, OTHER, PHY]


async def test_what_is_on_another_channel_is_not_heard(plug: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        for other in (on_air(frequency_hz=868_300_000), on_air(spreading_factor=8), on_air(sync_word=0x12)):
            plug.hear(other)
        plug.hear(on_air(OTHER))
        frames = await ear.heard(1)

    assert [frame.phy_payload for frame in frames] == [OTHER]


async def test_it_is_found_out_which_modem_is_there(
    plug: Plug, ear: Ear, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "TRIES", 1)
    source = source_of(plug, clock)

    async with running(source, ear):
        status = source.status()

    assert status["state"] == "listens"
    assert status["modem"]["family"] == family_of(plug)
    assert status["modem"]["firmware"] in {
        "RN2483 1.0.5",
        "Wio-E5 4.0.11",
        "RAK3172 RUI_4.0.6_RAK3172-E",
        "WiMOD LR_Base 1.10",
    }
    assert status["listening"] == f"{plug.path} ({status['modem']['firmware']})"
    assert status["hears"].startswith("868.1 MHz SF7BW125 only")
    assert status["advice"] == []


async def test_a_frame_whose_crc_failed_is_counted(ear: Ear, clock: HandClock, tmp_path: Path) -> None:
    for modem in (Rn2483Modem(), Rak3172Modem()):
        with Plug(modem, tmp_path / "usb-modem") as plug:
            source = source_of(plug, clock, family_of(plug))
            async with running(source, ear):
                plug.hear(on_air(crc_is_right=False))
                await until_counted(source, "radio_err")

    assert ear.frames == []


async def test_it_cannot_answer_and_says_so(stick: Plug, clock: HandClock, ear: Ear) -> None:
    source = source_of(stick, clock, "rn2483")
    request = TxRequest(
        source="stick",
        gateway=derived_eui("stick"),
        phy_payload=b"\x60",
        frequency_hz=868_100_000,
        data_rate=CHANNEL.data_rate,
        power_dbm=14,
        timestamp_us=None,
    )

    async with running(source, ear):
        commands = len(stick.modem.commands)
        result = await source.transmit(request)

    assert result is TxResult.NOT_CONNECTED
    assert len(stick.modem.commands) == commands
    assert source.status()["counts"]["transmit_not_connected"] == 1


async def test_what_devices_ask_in_vain_is_advice(stick: Plug, clock: HandClock, ear: Ear) -> None:
    source = source_of(stick, clock, "rn2483")

    async with running(source, ear):
        stick.hear(on_air(bytes.fromhex("00" + "11" * 22)))
        await ear.heard(1)
        advice = source.status()["advice"]
        clock.monotonic += 3660
        later = source.status()

    assert not any("join requests" in words for words in later["advice"])
    assert later["counts"]["join"] == 1
    assert advice == [
        "1 join requests were heard, which this modem cannot answer: register those devices as ABP, or hear them with a concentrator"
    ]


async def test_hours_without_a_frame_are_advice(stick: Plug, clock: HandClock, ear: Ear) -> None:
    source = source_of(stick, clock, "rn2483")

    async with running(source, ear):
        clock.monotonic += 3 * 3600
        advice = source.status()["advice"]

    assert advice == [
        "nothing was heard for 3 h: does a device send on 868.1 MHz SF7BW125, and is the antenna that of this band?"
    ]


async def test_a_gateways_eui_may_be_given(stick: Plug, clock: HandClock, ear: Ear) -> None:
    given = Eui64("aa555a0000000009")
    source = SerialModem(settings(stick, "rn2483", gateway=given), clock, patience=QUICK)

    async with running(source, ear):
        stick.hear(on_air())
        (frame,) = await ear.heard(1)

    assert frame.best.gateway == given


def test_an_eui_that_is_made_up_stays_and_is_nobody_elses() -> None:
    made, other = derived_eui("mast"), derived_eui("roof")

    assert made == derived_eui("mast") != other
    assert int(made[:2], 16) & 3 == 2  # locally administered, of one (IEEE 802)


async def test_firmware_that_tells_no_rssi_is_heard(tmp_path: Path, clock: HandClock, ear: Ear) -> None:
    modem = Rn2483Modem()
    modem.tells_rssi = False

    with Plug(modem, tmp_path / "usb-modem") as plug:
        async with running(source_of(plug, clock, "rn2483"), ear):
            plug.hear(on_air(snr_db=-3))
            (frame,) = await ear.heard(1)

    assert (frame.best.rssi_dbm, frame.best.snr_db) == (-120.0, -3.0)


async def test_older_events_of_a_rak_are_heard(tmp_path: Path, clock: HandClock, ear: Ear) -> None:
    modem = Rak3172Modem()
    modem.has_older_events = True

    with Plug(modem, tmp_path / "usb-modem") as plug:
        async with running(source_of(plug, clock, "rak3172"), ear):
            plug.hear(on_air())
            (frame,) = await ear.heard(1)

    assert frame.phy_payload == PHY


# ── a line that does not ────────────────────────────────────────────────────────────────────────────────────────────


async def test_octets_may_come_one_by_one(plug: Plug, ear: Ear, clock: HandClock) -> None:
    plug.fault.is_piecemeal = True
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        plug.hear(on_air())
        (frame,) = await ear.heard(1)

    assert frame.phy_payload == PHY


class Flood:
    """A `Port` whose other end never stops, and never answers."""

    async def read(self) -> bytes:
        await asyncio.sleep(0)
        return b"radio_err\r\n" * 100

    def write(self, octets: bytes) -> None:
        pass

    async def set_baud(self, baud: int) -> None:
        pass

    async def close(self) -> None:
        pass


async def test_what_never_stops_is_neither_kept_without_end_nor_waited_for(clock: HandClock) -> None:
    counts, dropped = Counter[str](), Counter[str]()
    asked = session.Session(Flood(), Rn2483(), clock, counts=counts, dropped=dropped)

    async with asyncio.timeout(LIMIT_S):
        firmware = await asked.identify()

    assert firmware is None
    assert dropped["flood"] > session.MOST_ASIDE


async def test_an_echo_is_no_answer(ear: Ear, clock: HandClock, tmp_path: Path) -> None:
    for modem in ("rn2483", "wio_e5", "rak3172"):
        with Plug(MODEMS[modem](), tmp_path / "usb-modem") as plug:
            plug.fault.echoes = True
            source = source_of(plug, clock, modem)
            async with running(source, ear):
                plug.hear(on_air())
                await ear.heard(1)
            ear.frames.clear()

        assert source.status()["counts"]["echoed"] > 0


async def test_noise_before_each_answer_is_no_matter(plug: Plug, ear: Ear, clock: HandClock) -> None:
    plug.fault.noise = b"\xc0\x81\x05\xc0" if family_of(plug) == "wimod" else b"\xfe\x00#\r\n"
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        plug.hear(on_air())
        (frame,) = await ear.heard(1)

    assert frame.phy_payload == PHY


@pytest.mark.parametrize(("modem", "busy"), [("rn2483", b"busy\r\n"), ("rak3172", b"AT_BUSY_ERROR\r\n")])
async def test_a_busy_modem_is_asked_again(modem: str, busy: bytes, ear: Ear, clock: HandClock, tmp_path: Path) -> None:
    with Plug(MODEMS[modem](), tmp_path / "usb-modem") as plug:
        plug.fault.busy = busy
        source = source_of(plug, clock, modem)
        async with running(source, ear):
            plug.hear(on_air())
            await ear.heard(1)

    assert ear.frames[0].phy_payload == PHY


async def test_a_truncated_frame_is_none_and_the_next_is_heard(plug: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(plug, clock, family_of(plug), silent_s=0.1)

    async with running(source, ear):
        plug.fault.keeps = 30
        plug.hear(on_air())
        plug.say(b"\xc0" if family_of(plug) == "wimod" else b"\r\n")
        while not ear.frames:
            await asyncio.sleep(0.02)
            if plug.modem.is_receiving:
                plug.hear(on_air(OTHER))
        dropped = source.status()["dropped"]

    # An RN2483 and a RAK3172 say no length: what is left of a frame may be shorter octets, which no MIC proves.
    allowed = {OTHER} if family_of(plug) in {"wio_e5", "wimod"} else {OTHER, PHY[: len(ear.frames[0].phy_payload)]}
    assert {frame.phy_payload for frame in ear.frames} <= allowed
    assert sum(dropped.values()) > 0 or ear.frames[0].phy_payload != OTHER
