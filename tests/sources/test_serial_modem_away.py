"""The source of a modem that goes away and comes back, of a port that cannot be had, and of one behind a URL."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.sources.serial_modem import SerialModem, session
from simulators.serial_modem import Plug, Rn2483Modem, behind_tcp
from tests.sources.conftest import LIMIT_S, Ear, HandClock
from tests.sources.serial_frames import (
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


async def test_a_frame_that_came_whole_is_heard_though_the_modem_goes_before_it_says_how_strong(
    stick: Plug, ear: Ear, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = source_of(stick, clock, "rn2483")
    answer = Rn2483Modem.answer

    def goes(modem: Rn2483Modem, command: str) -> Iterator[str]:
        if command == "radio get snr":
            stick.unplug()
        return answer(modem, command)

    monkeypatch.setattr(Rn2483Modem, "answer", goes)

    async with running(source, ear):
        stick.hear(on_air())
        await until_counted(source, "away_gone")
        counts = source.status()["counts"]

    assert [frame.phy_payload for frame in ear.frames] == [PHY]
    assert counts["unmeasured"] == 1


async def test_one_that_is_not_there_at_the_start_is_waited_for(plug: Plug, ear: Ear, clock: HandClock) -> None:
    plug.unplug()
    source = source_of(plug, clock, family_of(plug))

    async with running(source, ear):
        advice = source.status()["advice"]
        plug.plug()
        await until_counted(source, "begun")
        plug.hear(on_air())
        await ear.heard(1)

    assert advice == [f"{plug.path} is not there; is it plugged in? `ls -l /dev/serial/by-id/` shows what is"]


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


async def test_one_that_hears_nothing_and_listens_is_asked_and_left_alone(
    stick: Plug, ear: Ear, clock: HandClock
) -> None:
    source = source_of(stick, clock, "rn2483", silent_s=0.02)

    async with running(source, ear):
        await until_counted(source, "checked", 3)

    assert stick.modem.commands.count("sys reset") == 1  # at the beginning: it is deaf for half a second each time


async def test_a_frame_that_crosses_the_question_whether_it_listens_is_no_sign_that_it_did_not(
    stick: Plug, ear: Ear, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, crossing = Rn2483Modem.answer, [on_air()]

    def crosses(modem: Rn2483Modem, command: str) -> Iterator[str]:
        if command == "radio rx 0" and modem.is_receiving and crossing:
            yield modem.hear(crossing.pop()).decode().strip()
        yield from answer(modem, command)

    monkeypatch.setattr(Rn2483Modem, "answer", crosses)
    source = source_of(stick, clock, "rn2483", silent_s=0.02)

    async with running(source, ear):
        await ear.heard(1)
        await until_counted(source, "checked", 2)

    assert stick.modem.commands.count("sys reset") == 1


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


async def test_what_is_plugged_in_long_after_the_start_ends_nothing_whatever_it_is(
    tmp_path: Path, ear: Ear, clock: HandClock
) -> None:
    source = SerialModem(settings(str(tmp_path / "later"), "rn2483"), clock, patience=QUICK)

    async with running(source, ear):
        await until_counted(source, "away_missing")
        clock.monotonic += 3600
        (tmp_path / "later").touch()
        await until_counted(source, "away_no_port", 3)
        advice = source.status()["advice"]

    assert advice[0].startswith(f"{tmp_path / 'later'} is no serial port (")


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

    assert advice == [
        f"socket://127.0.0.1:{unused_tcp_port} cannot be opened: Connection refused; does the serial server run, and is that its port?"
    ]
