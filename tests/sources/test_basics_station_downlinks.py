"""Downlinks through a Basics Station, on the station's own clock: a loop whose time jumps is the clock of both sides."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from gateway.config.sources.station_plan import station_plan
from gateway.lorawan.downlink import rx1, rx2
from gateway.lorawan.region import EU868, REGIONS, Region
from gateway.model import FskRate, LoraRate, TxResult
from gateway.network.given_up import LATE_S
from gateway.network.transmitters import Answer, Transmitters
from gateway.sources.basics_station.air_clock import AirClock
from gateway.sources.basics_station.phy import Moment
from gateway.sources.basics_station.source import BasicsStation
from simulators import jumping_time
from simulators.basics_station import BasicsStation as Station
from simulators.concentrator import Transmission
from tests.sources.basics_station_rig import (
    CELLAR,
    DOWNLINK,
    ROOF,
    LoopClock,
    request,
    running,
    signal,
    source,
)
from tests.sources.conftest import Ear

RX2: dict[str, Any] = {"frequency_hz": 869_525_000, "data_rate": LoraRate(12, 125_000), "delay": timedelta(seconds=2)}


@dataclass
class Scene:
    """A source, a station that is connected to it, and what the station's radio sends."""

    source: BasicsStation
    station: Station
    ear: Ear
    uri: str
    air: list[Transmission] = field(default_factory=list)

    async def uplink(self) -> tuple[bytes, int]:
        """Let the station hear a frame; return its context and when it ended, on the station's clock."""
        count = len(self.ear.frames)
        xtime = await self.station.hear(signal())
        frames = await self.ear.heard(count + 1)
        assert xtime is not None
        return frames[-1].best.context, xtime & 0xFFFF_FFFF_FFFF


def played(story: Callable[[Scene], Coroutine[Any, Any, None]], region: Region = EU868, **station: Any) -> None:
    async def play() -> None:
        made, ear, air = source(plan=station_plan(region)), Ear(), list[Transmission]()
        async with (
            running(made, ear) as uri,
            Station(ROOF, uri, deliver=air.append, **station) as radio,
        ):
            await story(Scene(made, radio, ear, uri, air))

    jumping_time.run(play())


def test_a_class_a_answer_is_on_air_one_second_after_the_uplink() -> None:
    async def story(scene: Scene) -> None:
        context, ended_us = await scene.uplink()
        result = await scene.source.transmit(request(context))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [(one.starts_us - ended_us, one.frequency_hz, one.phy_payload) for one in scene.air] == [
            (1_000_000, 868_100_000, DOWNLINK)
        ]

    played(story)


@pytest.mark.parametrize("delay_s", [1, 5, 15, 16])
def test_a_slot_is_kept_to_the_microsecond_whatever_its_delay(delay_s: int) -> None:
    async def story(scene: Scene) -> None:
        context, ended_us = await scene.uplink()
        result = await scene.source.transmit(request(context, delay=timedelta(seconds=delay_s)))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [one.starts_us - ended_us for one in scene.air] == [delay_s * 1_000_000]

    played(story)


def test_rx2_leaves_in_rx2() -> None:
    async def story(scene: Scene) -> None:
        context, ended_us = await scene.uplink()
        result = await scene.source.transmit(request(context, **RX2))
        await asyncio.sleep(3)

        assert result is TxResult.SENT
        assert [(one.starts_us - ended_us, one.frequency_hz, one.data_rate) for one in scene.air] == [
            (2_000_000, 869_525_000, LoraRate(12, 125_000))
        ]

    played(story)


@pytest.mark.parametrize("late_s", [0.0, 0.5, 0.9, 0.97])
def test_an_answer_that_comes_before_the_station_aims_is_sent(late_s: float) -> None:
    async def story(scene: Scene) -> None:
        context, ended_us = await scene.uplink()
        await asyncio.sleep(late_s)
        result = await scene.source.transmit(request(context))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [one.starts_us - ended_us for one in scene.air] == [1_000_000]

    played(story)


@pytest.mark.parametrize("late_s", [0.99, 1.3, 2.1])
def test_an_answer_that_comes_later_is_too_late_at_once(late_s: float) -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        await asyncio.sleep(late_s)
        begun = asyncio.get_running_loop().time()
        result = await scene.source.transmit(request(context))

        assert result is TxResult.TOO_LATE
        assert asyncio.get_running_loop().time() == begun
        assert scene.air == []

    played(story)


def test_a_station_that_says_nothing_has_sent_nothing_and_there_is_time_for_rx2() -> None:
    async def story(scene: Scene) -> None:
        context, ended_us = await scene.uplink()
        heard_at = asyncio.get_running_loop().time()
        first, second = await asyncio.gather(
            scene.source.transmit(request(context)), scene.source.transmit(request(context))
        )
        answered_s = asyncio.get_running_loop().time() - heard_at
        third = await scene.source.transmit(request(context, **RX2))
        await asyncio.sleep(3)
        status = scene.source.status()

        assert {first, second} == {TxResult.SENT, TxResult.COLLISION_PACKET}
        assert 1.4 < answered_s < 1.9  # LEAD of the transmitters: RX2 can be tried until 0.1 s before
        assert third is TxResult.SENT
        assert [one.starts_us - ended_us for one in scene.air] == [1_000_000, 2_000_000]
        assert "did not send 1 downlinks" in status["advice"][0]

    played(story)


def test_a_class_c_frame_is_on_air_at_once() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        await asyncio.sleep(100)
        asked_us = scene.station.now_us
        result = await scene.source.transmit(request(context, delay=None))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [one.starts_us - asked_us for one in scene.air] == [20_000]

    played(story)


def test_a_class_c_frame_waits_for_the_frame_that_is_on_air() -> None:
    async def story(scene: Scene) -> None:
        first, second = await asyncio.gather(
            scene.source.transmit(request(data_rate=LoraRate(9, 125_000))), scene.source.transmit(request())
        )
        await asyncio.sleep(1)
        long, short = scene.air

        assert (first, second) == (TxResult.SENT, TxResult.SENT)
        assert short.starts_us > long.ends_us

    played(story)


def test_each_downlink_gets_its_own_answer() -> None:
    async def story(scene: Scene) -> None:
        contexts = []
        for _ in range(5):
            contexts.append((await scene.uplink())[0])
            await asyncio.sleep(0.2)
        results = await asyncio.gather(
            *(
                scene.source.transmit(request(context, delay=timedelta(seconds=5 + place)))
                for place, context in enumerate(contexts)
            )
        )
        await asyncio.sleep(1)

        assert results == [TxResult.SENT] * 5
        assert len(scene.air) == 5

    played(story)


@pytest.mark.parametrize("region", REGIONS.values(), ids=lambda one: one.name)
def test_both_windows_of_every_region_are_sent(region: Region) -> None:
    async def story(scene: Scene) -> None:
        uplink_hz, rate = scene.source._settings.plan.default_hz[0], LoraRate(10, 125_000)
        await scene.station.hear(signal(frequency_hz=uplink_hz, data_rate=rate))
        (frame,) = await scene.ear.heard(1)
        windows = (rx1(frame.best, None, region, DOWNLINK), rx2(frame.best, None, region, DOWNLINK))
        results = [await scene.source.transmit(window) for window in windows if window is not None]
        await asyncio.sleep(3)

        assert results == [TxResult.SENT] * 2
        assert [(one.frequency_hz, one.data_rate) for one in scene.air] == [
            (region.rx1_frequency_hz(uplink_hz), region.rx1_data_rate(rate, 0)),
            (region.rx2_frequency_hz, region.data_rate(region.rx2_data_rate)),
        ]

    played(story, region)


def test_fsk_is_a_data_rate_like_others() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        result = await scene.source.transmit(request(context, frequency_hz=868_800_000, data_rate=FskRate(50_000)))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [one.data_rate for one in scene.air] == [FskRate(50_000)]

    played(story)


@pytest.mark.parametrize(
    "changes", [{"frequency_hz": 915_000_000}, {"data_rate": LoraRate(5, 125_000)}, {"delay": timedelta(seconds=1.5)}]
)
def test_what_a_station_cannot_be_told_is_refused_without_waiting(changes: dict[str, Any]) -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()

        assert await scene.source.transmit(request(context, **changes)) is TxResult.TX_FREQ

    played(story)


def test_the_time_of_a_radio_that_has_started_anew_is_dead() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        await scene.station.disconnect()
        await scene.station.connect()
        fresh, _ = await scene.uplink()
        before = await scene.source.transmit(request(context, delay=timedelta(seconds=5)))
        after = await scene.source.transmit(request(fresh))

        assert (before, after) == (TxResult.TOO_LATE, TxResult.SENT)
        assert scene.station.counts["obsolete_xtime"] == 0

    played(story)


def test_a_station_that_goes_before_the_slot_sends_nothing() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        asked = asyncio.create_task(scene.source.transmit(request(context)))
        await scene.station.next("dnmsg")
        await scene.station.disconnect()

        assert await asked is TxResult.NOT_CONNECTED
        assert await scene.source.transmit(request(context)) is TxResult.NOT_CONNECTED
        await scene.station.connect()

    played(story)


def test_a_station_that_goes_after_the_slot_may_have_sent() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        scene.station.reports = False
        asked = asyncio.create_task(scene.source.transmit(request(context)))
        await scene.station.next("dnmsg")
        await asyncio.sleep(1.2)
        await scene.station.disconnect()

        assert await asked is TxResult.NO_ANSWER
        await scene.station.connect()

    played(story)


def test_a_gateway_that_never_came_is_not_connected() -> None:
    async def story(scene: Scene) -> None:
        assert await scene.source.transmit(request(gateway=CELLAR)) is TxResult.NOT_CONNECTED

    played(story)


def test_a_dntxed_that_nobody_waits_for_is_counted() -> None:
    async def story(scene: Scene) -> None:
        await scene.station.say({"msgtype": "dntxed", "diid": 5, "DevEui": "01-01-01-01-01-01-01-01"})
        await scene.uplink()

        assert scene.source.status()["dropped"] == {"late_dntxed": 1}

    played(story)


def test_a_clock_that_runs_fast_does_not_lead_astray() -> None:
    async def story(scene: Scene) -> None:
        for _ in range(5):  # five days on which the station's crystal gains 50 ppm
            await scene.uplink()
            await asyncio.sleep(86_400)
            scene.station.skew_us += 4_320_000
        context, ended_us = await scene.uplink()
        result = await scene.source.transmit(request(context))
        await asyncio.sleep(1)

        assert result is TxResult.SENT
        assert [one.starts_us - ended_us for one in scene.air] == [1_000_000]

    played(story)


def test_a_station_for_production_drops_what_its_own_duty_cycle_forbids_and_that_is_said() -> None:
    async def story(scene: Scene) -> None:
        context, _ = await scene.uplink()
        first = await scene.source.transmit(request(context, frequency_hz=867_100_000))
        context, _ = await scene.uplink()
        second = await scene.source.transmit(request(context, frequency_hz=867_100_000))

        assert (first, second) == (TxResult.SENT, TxResult.COLLISION_PACKET)
        assert "its own duty cycle" in scene.source.status()["advice"][0]
        await asyncio.sleep(3600)
        assert scene.source.status()["advice"] == []

    played(story, production=True)


def test_the_network_falls_back_to_rx2_where_rx1_is_not_sent() -> None:
    async def story(scene: Scene) -> None:
        transmitters = Transmitters({"radio": scene.source}, EU868, LoopClock())
        context, ended_us = await scene.uplink()
        accept = Answer(phy_payload=DOWNLINK, session=None)  # a join accept: 5 s after, and 6 s
        another = asyncio.create_task(scene.source.transmit(request(context, delay=timedelta(seconds=5))))
        await scene.station.next("dnmsg")
        outcome = await transmitters.send(transmitters.windows(scene.ear.frames[-1], accept))
        await another
        await asyncio.sleep(2)

        assert outcome.window == "rx2"
        assert [(one.starts_us - ended_us, one.frequency_hz) for one in scene.air] == [
            (5_000_000, 868_100_000),
            (6_000_000, 869_525_000),
        ]

    played(story)


def spent(transmitters: Transmitters) -> dict[str, float]:
    return {one["sub_band"]: one["spent_s"] for one in transmitters.status()["duty_cycle"]}


def test_what_a_station_tells_late_was_sent_is_booked_and_answers_the_device_once() -> None:
    async def story(scene: Scene) -> None:
        transmitters = Transmitters({"radio": scene.source}, EU868, LoopClock())
        scene.station.reports_late_s = 0.7
        await scene.uplink()
        accept = Answer(phy_payload=DOWNLINK, session=None, rx2_fits=False)
        outcome = await transmitters.send(transmitters.windows(scene.ear.frames[-1], accept))
        status = scene.source.status()

        assert outcome.window == "rx1"
        assert spent(transmitters) == {"M": pytest.approx(0.036, abs=0.02)}
        assert transmitters.counts == {"rx1_collision_packet": 1, "sent_late": 1}
        assert (status["counts"]["sent_late"], status["dropped"]) == (1, {})
        assert (status["gateways"][ROOF]["not_sent"], status["gateways"][ROOF]["sent_late"]) == (0, 1)
        assert ["told too late that it had sent 1" in line for line in status["advice"]] == [True]

    played(story)


def test_both_windows_are_booked_where_the_word_of_the_first_came_after_the_second_was_given() -> None:
    async def story(scene: Scene) -> None:
        transmitters = Transmitters({"radio": scene.source}, EU868, LoopClock())
        scene.station.reports_late_s = 0.7
        await scene.uplink()
        accept = Answer(phy_payload=DOWNLINK, session=None)
        outcome = await transmitters.send(transmitters.windows(scene.ear.frames[-1], accept))
        await asyncio.sleep(2)

        assert outcome.window == "rx1"
        assert len(scene.air) == 2
        assert spent(transmitters).keys() == {"M", "P"}
        assert transmitters.counts["sent_late"] == 2

    played(story)


def test_what_a_station_never_tells_of_was_not_sent_and_is_not_waited_for_long() -> None:
    async def story(scene: Scene) -> None:
        transmitters = Transmitters({"radio": scene.source}, EU868, LoopClock())
        scene.station.reports_late_s = 60.0
        await scene.uplink()
        begun = asyncio.get_running_loop().time()
        accept = Answer(phy_payload=DOWNLINK, session=None)
        outcome = await transmitters.send(transmitters.windows(scene.ear.frames[-1], accept))
        took_s = asyncio.get_running_loop().time() - begun

        assert not outcome.sent
        assert spent(transmitters) == {}
        assert took_s < 6.5 + LATE_S + 0.1

    played(story)


def test_a_frame_that_was_held_up_on_its_way_makes_no_slot_later() -> None:
    air, session = AirClock(), 5 << 48
    air.heard(Moment(session | 1_000_000, 0), 100.0)
    held_up = Moment(session | 2_000_000, 0)
    air.heard(held_up, 101.4)

    opens = air.opens(held_up, timedelta(seconds=1))

    assert opens == pytest.approx(102.0, abs=0.001)


def test_a_slot_on_a_radio_that_has_started_anew_is_unknown() -> None:
    air = AirClock()
    air.heard(Moment(5 << 48 | 1_000_000, 0), 100.0)

    assert air.opens(Moment(6 << 48 | 1_000_000, 0), timedelta(seconds=1)) is None
