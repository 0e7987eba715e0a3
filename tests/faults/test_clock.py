"""The agent's process under clocks that are set while uplinks come: each is told once, in order, with the time that it was."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from gateway.model import uplink_id
from simulators.end_device import EndDevice
from simulators.faults.clock import FaultyClock
from simulators.faults.missing import Missing
from simulators.packet_forwarder import Signal
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.mqtt import Subscriber
from tests.faults.talk import CLIMATE, DEV_ADDR, DEV_EUI, F_PORT, answers, listening, sensor, speak
from tests.pipeline.box import Box
from tests.pipeline.rig import mqtt, registration, until

NEAR = timedelta(seconds=5)  # a busy machine takes its time between a frame's sending and its hearing
YEARS = timedelta(days=3652)
TO_1970 = datetime(1970, 1, 1, 0, 1, tzinfo=UTC)


@pytest.fixture
def wall(tmp_path: Path) -> FaultyClock:
    """A wall clock that can be set; a test that needs it is skipped where libfaketime or a compiler is lacking."""
    try:
        return FaultyClock.made_in(tmp_path)
    except Missing as missing:
        pytest.skip(str(missing))


class UnsureBox(Box):
    """A box for whose clock nobody vouches."""

    def write(self, *destinations: str) -> None:
        super().write(*destinations)
        path = self.folder / "brygga.toml"
        path.write_text(path.read_text("utf-8").replace('trust = "system"', 'trust = "ntp"'), encoding="utf-8")


def city_section(port: int) -> str:
    return mqtt(port).replace('"senml"', '"json"') + "retry_max_s = 1\n"


def strict_city_section(port: int) -> str:
    """Return a city that is told in the journal's order: elsewhere the live may overtake what had to wait for its date."""
    return city_section(port) + 'order = "strict"\n'


async def said(box: Box, device: EndDevice, true_times: dict[str, datetime], times: int = 2) -> None:
    """Let ``device`` speak, and note when that truly was."""
    for _ in range(times):
        now = datetime.now(UTC)
        [id_] = await speak(box, device, 1)
        true_times[id_] = now


def next_id(device: EndDevice) -> str:
    return str(uplink_id(DEV_EUI, f"{DEV_ADDR}-abp0", device.f_cnt_up))


def told(city: Subscriber) -> list[tuple[str, datetime]]:
    """Return the ids and times of all that came, as it came."""
    found = [json.loads(one.payload) for one in city.received]
    return [(one["id"], datetime.fromisoformat(one["time"])) for one in found]


def assert_each_once_in_order_with_its_time(city: Subscriber, true_times: dict[str, datetime]) -> None:
    assert [id_ for id_, _ in told(city)] == [*true_times]
    assert {id_: at - true_times[id_] for id_, at in told(city) if abs(at - true_times[id_]) > NEAR} == {}


async def test_1970_at_the_boot_then_right_then_an_hour_back_and_ten_years_ahead(
    tmp_path: Path, mosquitto: Mosquitto, wall: FaultyClock
) -> None:
    device, true_times, box = sensor(), dict[str, datetime](), UnsureBox(tmp_path)
    box.agent.environment = wall.environment()
    wall.say(TO_1970 - datetime.now(UTC), is_synchronised=False)
    async with box.forwarder, listening(mosquitto.port) as city:
        try:
            await box.start(registration(device), destinations=[strict_city_section(mosquitto.port)])
            await said(box, device, true_times)
            status = await box.status(lambda status: status["destinations"]["broker"]["waiting"] == 2)
            too_early = told(city)
            for ahead in (timedelta(), timedelta(hours=-1), YEARS, timedelta()):
                wall.say(ahead, is_synchronised=True)
                await said(box, device, true_times)
            await until(lambda: len(city.received) >= len(true_times))
        finally:
            await box.agent.kill()

    assert too_early == []
    assert status["clock"]["utc"].startswith("1970")
    assert_each_once_in_order_with_its_time(city, true_times)


async def test_a_box_that_has_no_clock_dates_uplinks_by_its_gateways_gps_receiver(
    tmp_path: Path, mosquitto: Mosquitto, wall: FaultyClock
) -> None:
    device, true_times, box = sensor(), dict[str, datetime](), UnsureBox(tmp_path)
    box.agent.environment = wall.environment()
    wall.say(TO_1970 - datetime.now(UTC), is_synchronised=False)
    async with box.forwarder, listening(mosquitto.port) as city:
        try:
            await box.start(registration(device), destinations=[city_section(mosquitto.port)])
            for has_gps in (True, False, True):
                id_, frame = next_id(device), device.uplink(F_PORT, CLIMATE)
                true_times |= {id_: datetime.now(UTC)} if has_gps else {}
                signal = Signal(phy_payload=frame, gateway_time=datetime.now(UTC), has_gps=has_gps)
                assert await box.forwarder.push(signal)
            await until(lambda: len(city.received) >= 2)
            status = await box.status(lambda status: status["destinations"]["broker"]["waiting"] == 1)
        finally:
            await box.agent.kill()

    assert status["clock"]["quality"] == "unsynchronised"
    assert {json.loads(one.payload)["time_quality"] for one in city.received} == {"gps"}
    assert_each_once_in_order_with_its_time(city, true_times)


async def test_a_box_that_is_killed_while_its_clock_is_ten_years_ahead_goes_on_with_the_time_that_it_knew(
    tmp_path: Path, mosquitto: Mosquitto, wall: FaultyClock
) -> None:
    device, true_times, box = sensor(), dict[str, datetime](), UnsureBox(tmp_path)
    box.agent.environment = wall.environment()
    wall.say(timedelta(), is_synchronised=True)
    async with box.forwarder, listening(mosquitto.port) as city:
        try:
            await box.start(registration(device), destinations=[strict_city_section(mosquitto.port)])
            await said(box, device, true_times)
            await until(lambda: len(city.received) >= 2)
            wall.say(YEARS, is_synchronised=True)
            await box.agent.kill()
            await box.agent.start()
            await answers(box)
            await said(box, device, true_times)
            status = await box.status(lambda status: "jumped" in status["clock"]["words"])
            await until(lambda: len({id_ for id_, _ in told(city)}) >= len(true_times))
        finally:
            await box.agent.kill()

    assert "3652 days" in status["clock"]["words"]
    assert list(dict.fromkeys(id_ for id_, _ in told(city))) == [*true_times]  # the kill may have one told twice
    assert all(abs(at - true_times[id_]) <= NEAR for id_, at in told(city))
