"""A disk that fails under a running agent: it goes on hearing, says what is wrong, and loses nothing that it took."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from gateway.model import Json
from simulators.faults.disk import FaultyDisk
from simulators.faults.freezing import freeze
from simulators.faults.volume import Volume
from simulators.platforms.mosquitto import Mosquitto
from simulators.platforms.mqtt import Subscriber
from simulators.torture.gathered import from_journal
from tests.faults.talk import answers, arrived, listening, sensor, speak
from tests.pipeline.box import Box
from tests.pipeline.rig import mqtt, registration, until

BRISK = "retry_max_s = 1\n"
CUTS, EACH = 2, 5


FAILING = {
    "every flush": ("fail_flush=1..:EIO", "the disk fails"),
    "every write": ("fail_write=1..:EIO", "the disk fails"),
    "every write, for it is read-only": ("fail_write=1..:EROFS", "disk"),
}


def in_trouble(status: Mapping[str, Json]) -> bool:
    return bool(trouble(status))


def trouble(status: Mapping[str, Json]) -> str:
    """Return what the agent says of its disk."""
    return status["journal"]["trouble"] or ""


async def test_a_disk_that_fails_and_recovers_is_told_of_and_nothing_heard_is_lost(
    box: Box, mosquitto: Mosquitto, disk: FaultyDisk
) -> None:
    device = sensor()
    box.agent.environment = disk.environment()
    ids: list[str] = []
    async with listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[mqtt(mosquitto.port) + BRISK])
        ids += await speak(box, device, 2)
        await until(lambda: arrived(city) == ids)
        for words, said in FAILING.values():
            disk.say(f"only=journal.db {words}")
            ids += await speak(box, device, 2)
            told = await box.status(in_trouble)
            disk.heal()
            await until(lambda: arrived(city) == ids)  # noqa: B023 - it is over before the next turn
            await box.status(lambda status: not in_trouble(status))
            assert said in trouble(told)
        await box.agent.stop()

    assert [one.uplink for one in (await from_journal(box.folder / "data" / "journal.db")).committed] == ids


async def test_a_disk_that_fills_and_empties_again_loses_nothing(
    volume: Volume, box: Box, mosquitto: Mosquitto
) -> None:
    device = sensor()
    async with listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[mqtt(mosquitto.port) + BRISK])
        ids = await speak(box, device, 2)
        volume.fill()
        ids += await speak(box, device, 40)
        told = await box.status(in_trouble)
        volume.empty()
        await until(lambda: arrived(city) == ids)
        after = await box.status(lambda status: not in_trouble(status))

    assert "make room on it" in trouble(told)
    assert (after["destinations"]["broker"]["lost"], after["network"]["waiting_for_disk"]) == (0, 0)


async def test_an_agent_that_starts_on_a_full_disk_hears(volume: Volume, box: Box, mosquitto: Mosquitto) -> None:
    device = sensor()
    async with listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[mqtt(mosquitto.port) + BRISK])
        ids = await speak(box, device, 2)
        await until(lambda: arrived(city) == ids)
        await box.agent.kill()
        volume.fill()
        await box.agent.start()
        await answers(box)
        ids += await speak(box, device, 3)
        await until(lambda: arrived(city) == ids)

    assert box.agent.pid is not None


def has_most_of(city: Subscriber, turn: int) -> bool:
    """Tell whether the city has all of the turns before and some of this one: the rest is still on its way."""
    return len(arrived(city)) > turn * EACH - 3


async def test_what_was_delivered_is_there_after_power_was_cut(volume: Volume, box: Box, mosquitto: Mosquitto) -> None:
    device = sensor()
    async with listening(mosquitto.port) as city:
        await box.start(registration(device), destinations=[mqtt(mosquitto.port) + BRISK])
        for cut_number in range(1, CUTS + 1):
            await speak(box, device, EACH)
            await until(partial(has_most_of, city, cut_number))
            pid = box.agent.pid
            assert pid is not None
            freeze(pid)
            before = arrived(city)
            cut = volume.as_it_is_now()
            await box.agent.kill()
            volume.replace_by(cut)
            found = await from_journal(box.folder / "data" / "journal.db")
            assert {one.uplink for one in found.committed} >= set(before)
            await box.agent.start()
            await answers(box)
