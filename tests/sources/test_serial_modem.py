"""The source over pseudo-terminals, with simulated modems that answer like the real ones."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.model import Eui64, LoraRate, TxRequest, TxResult
from gateway.sources.serial_modem import SerialModem, session
from gateway.sources.serial_modem.eui import derived_eui
from simulators.serial_modem import MODEMS, Plug, Rak3172Modem, Rn2483Modem, behind_tcp
from tests.sources.conftest import LIMIT_S, Ear, HandClock
from tests.sources.serial_frames import (
    CHANNEL,
    OTHER,
    PHY,
    QUICK,
    on_air,
    running,
    settings,
    source_of,
    until_counted,
)


@pytest.fixture(autouse=True)
def is_not_patient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "BUSY_S", 0.01)


@pytest.fixture(params=sorted(MODEMS))
async def plug(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Plug]:
    with Plug(MODEMS[request.param](), tmp_path / "usb-modem") as made:
        yield made


@pytest.fixture
async def stick(tmp_path: Path) -> AsyncIterator[Plug]:
    with Plug(Rn2483Modem(), tmp_path / "usb-modem") as made:
        yield made


def family_of(plug: Plug) -> str:
    return next(name for name, made in MODEMS.items() if isinstance(plug.modem, made))


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
    assert status["hears"].startswith("hears 868.1 MHz SF7BW125 only")
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


# ── a modem that goes away ──────────────────────────────────────────────────────────────────────────────────────────


async def test_a_modem_that_is_unplugged_in_a_frame_is_heard_again_when_it_is_back(
    plug: Plug, ear: Ear, clock: HandClock
) -> None:
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        plug.fault.keeps = 20
        plug.hear(on_air())
        plug.unplug()
        await until_counted(source, "away_gone")
        away = source.status()
        plug.plug()
        await until_counted(source, "begun", 2)
        plug.hear(on_air(OTHER))
        frames = await ear.heard(1)

    assert [frame.phy_payload for frame in frames] == [OTHER]
    assert (away["state"], away["listening"]) == ("away", None)
    assert away["advice"] == [f"{plug.path} was unplugged"]


async def test_one_that_is_not_there_at_the_start_is_waited_for(plug: Plug, ear: Ear, clock: HandClock) -> None:
    plug.unplug()
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        advice = source.status()["advice"]
        plug.plug()
        await until_counted(source, "begun")
        plug.hear(on_air())
        await ear.heard(1)

    assert advice == [f"{plug.path} is not there; is the modem plugged in? `ls -l /dev/serial/by-id/` shows what is"]


async def test_one_that_restarts_by_itself_is_set_up_again(plug: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(plug, clock, family_of(plug), silent_s=0.1)

    async with running(source, ear):
        plug.restart()
        async with asyncio.timeout(LIMIT_S):
            while not plug.modem.is_receiving:  # noqa: ASYNC110 - the host tells the modem, and nobody else
                await asyncio.sleep(0.005)
        plug.hear(on_air())
        (frame,) = await ear.heard(1)

    assert frame.phy_payload == PHY


async def test_one_that_stopped_to_receive_unnoticed_is_found_out(stick: Plug, ear: Ear, clock: HandClock) -> None:
    source = source_of(stick, clock, "rn2483", silent_s=0.05)

    async with running(source, ear):
        stick.modem.is_receiving = False
        await until_counted(source, "set_up_again")
        stick.hear(on_air())
        await ear.heard(1)

    assert ear.frames[0].phy_payload == PHY


async def test_one_that_answers_no_more_is_closed_and_tried_again(
    stick: Plug, ear: Ear, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "TRIES", 1)
    source = source_of(stick, clock, "rn2483", silent_s=0.05)

    async with running(source, ear):
        stick.fault.is_silent = True
        await until_counted(source, "away_no_answer")
        words = source.status()["advice"][0]
        stick.fault.is_silent = False
        await until_counted(source, "begun", 2)

    nobody = f"{stick.path}: no Microchip RN2483 or RN2903 (LoStik) answers at 57600 baud; "
    assert words == "the modem does not answer 'radio rx 0'" or words.startswith(nobody)


async def test_a_frequency_that_the_modem_has_not_is_said(stick: Plug, ear: Ear, clock: HandClock) -> None:
    source = SerialModem(settings(stick, "rn2483", frequency_hz=433_175_000), clock, patience=QUICK)

    async with running(source, ear):
        advice = source.status()["advice"]

    (words,) = advice
    assert words == (
        "the modem answers 'invalid_param' to 'radio set freq 433175000': has this modem, with this firmware, that frequency "
        "and data rate?"
    )


# ── a port that cannot be had ───────────────────────────────────────────────────────────────────────────────────────


async def test_a_port_that_another_program_has_is_tried_again(stick: Plug, ear: Ear, clock: HandClock) -> None:
    first, second = source_of(stick, clock, "rn2483"), source_of(stick, clock, "rn2483")

    async with running(first, ear), running(second, Ear()):
        advice = second.status()["advice"][0]
        counts = second.status()["counts"]

    assert advice.startswith(f"{stick.path} is in use by ")
    assert counts["away_busy"] >= 1


async def test_a_file_that_is_no_port_ends_the_start(tmp_path: Path, ear: Ear, clock: HandClock) -> None:
    (tmp_path / "no-port").touch()
    source = SerialModem(settings(str(tmp_path / "no-port"), "rn2483"), clock, patience=QUICK)
    later = asyncio.get_running_loop().call_later(0.05, setattr, clock, "monotonic", clock.monotonic + 60)

    with pytest.raises(BaseExceptionGroup) as caught:
        await source.run(ear)
    later.cancel()

    (error,) = caught.value.exceptions
    assert isinstance(error, ConfigError)
    assert str(error).startswith(f"source 'stick': {tmp_path / 'no-port'} is no serial port (")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
async def test_a_port_that_this_user_may_not_open_ends_the_start_and_says_what_to_type(
    stick: Plug, ear: Ear, clock: HandClock
) -> None:
    await asyncio.to_thread(Path(stick.path).chmod, 0)
    source = SerialModem(settings(stick, "rn2483"), clock, patience=QUICK)
    later = asyncio.get_running_loop().call_later(0.05, setattr, clock, "monotonic", clock.monotonic + 60)

    with pytest.raises(BaseExceptionGroup) as caught:
        await source.run(ear)
    later.cancel()

    assert "sudo usermod -aG dialout" in str(caught.value.exceptions[0])


# ── behind a URL ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_modem_behind_a_serial_server_is_heard_and_comes_back(ear: Ear, clock: HandClock) -> None:
    async with behind_tcp(Rn2483Modem()) as line:
        source = SerialModem(settings(f"socket://127.0.0.1:{line.port}", "rn2483"), clock, patience=QUICK)
        async with running(source, ear):
            line.hear(on_air())
            await ear.heard(1)
            line.hang_up()
            await until_counted(source, "begun", 2)
            line.hear(on_air(OTHER))
            await ear.heard(2)

    assert [frame.phy_payload for frame in ear.frames] == [PHY, OTHER]


async def test_a_serial_server_that_is_away_is_said(ear: Ear, clock: HandClock, unused_tcp_port: int) -> None:
    source = SerialModem(settings(f"socket://127.0.0.1:{unused_tcp_port}", "rn2483"), clock, patience=QUICK)

    async with running(source, ear):
        advice = source.status()["advice"]

    assert advice[0].startswith(f"socket://127.0.0.1:{unused_tcp_port} cannot be opened: ")
