"""The deeds of a story: each kind is a method of the same name, and what it begins it also ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Final

from gateway.errors import StorageError
from gateway.journal import HeldKind
from gateway.model import Downlink, TimeQuality
from simulators.simulation.bad_disk import FAILURES, SOUND, DiskMood
from simulators.simulation.plan import DAY, HOUR, MINUTE, WEEK, Deed, span
from simulators.simulation.platforms import CALM, Kind, Mood
from simulators.simulation.process import POINTS, Fuse
from simulators.simulation.residents import Resident
from simulators.simulation.town import out_of_earshot
from simulators.simulation.world import World

WRONG_S: Final = (-20 * 365 * DAY, -DAY, -HOUR, HOUR, 10 * 365 * DAY)  # how a clock may be wrong that nobody sets
CLOCK_ERROR_S: Final = 0.2  # of one that is set
FORGETFUL: Final = 3  # times as likely as others to lose power: two restarts of one make a second activation
LEARNS: Final = 0.5  # of the boots without a clock: in the others nobody sets it
LEAPS: Final = 12  # in which a long time passes; each wakes every sleeper
OTHER_CITY: Final = {"": "@lund", "@lund": ""}


class Story:
    """What befalls a world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._random = Random()
        self._deeds: Mapping[str, Callable[[], None]] = {
            "kill": self._kill,
            "kill at a point": self._kill_at_a_point,
            "power cut": self._power_cut,
            "stop and start": self._stop_and_start,
            "the disk fails": self._disk_fails,
            "the disk is full": self._disk_is_full,
            "the disk is slow": self._disk_is_slow,
            "the disk cannot be read": self._disk_cannot_be_read,
            "a platform is away": self._platform_is_away,
            "a platform is in a bad mood": self._platform_is_in_a_bad_mood,
            "the forgetful platform forgets": self._forgets,
            "a long time passes": self._long_time_passes,
            "the clock is set": self._clock_is_set,
            "old frames are played": self._old_frames_are_played,
            "a device begins anew": self._device_begins_anew,
            "a downlink is queued": self._downlink_is_queued,
            "a destination moves": self._destination_moves,
            "dead letters are retried": self._dead_letters_are_retried,
            "the decoder is mended": self._decoder_is_mended,
            "many speak at once": self._many_speak_at_once,
        }

    async def run(self, deeds: Sequence[Deed]) -> None:
        """Let it all happen, one after the other."""
        for deed in deeds:
            await asyncio.sleep(deed.after_s)
            self._world.trace.note(f"── {deed.what}")
            self._random = Random(deed.seed)
            self._deeds[deed.what]()

    # ── the process ──

    def _kill(self) -> None:
        self._world.box.off_s = span(self._random, 0.01, MINUTE)
        self._world.box.kill("SIGKILL")

    def _kill_at_a_point(self) -> None:
        self._world.box.off_s = span(self._random, 0.01, MINUTE)
        self._world.box.light(Fuse(self._random.choice(POINTS), self._random.randint(1, 6)))

    def _power_cut(self) -> None:
        box, random = self._world.box, self._random
        box.off_s = span(random, 20.0, DAY)
        wrong_s = random.choice(WRONG_S)
        if random.random() < 0.3:
            box.before_start.append(
                lambda: box.clock.boot(random.uniform(-CLOCK_ERROR_S, CLOCK_ERROR_S), TimeQuality.NTP)
            )
        else:
            box.before_start.append(lambda: box.clock.boot(wrong_s, TimeQuality.UNSYNCHRONISED))
            if random.random() < LEARNS:
                self._later(span(random, 5.0, HOUR), self._set_right)
        box.kill("power cut")

    def _stop_and_start(self) -> None:
        self._world.do(self._world.box.stop(), "stop")

    # ── the disk ──

    def _disk_fails(self) -> None:
        how, share = self._random.choice([*FAILURES]), self._random.choice((0.3, 1.0))
        self._disk_is(DiskMood(fails=how, share=share), span(self._random, 0.5, 5 * MINUTE))

    def _disk_is_full(self) -> None:
        self._world.disk.fill(self._random.randrange(12))
        self._later(span(self._random, 1.0, 5 * MINUTE), self._disk_is_sound)

    def _disk_is_slow(self) -> None:
        self._disk_is(DiskMood(slowest_s=span(self._random, 0.01, 8.0)), span(self._random, 5.0, 5 * MINUTE))

    def _disk_cannot_be_read(self) -> None:
        self._disk_is(DiskMood(unreadable=self._random.choice((0.2, 1.0))), span(self._random, 0.5, MINUTE))

    def _disk_is(self, mood: DiskMood, for_s: float) -> None:
        self._world.disk.turn(mood)
        self._later(for_s, self._disk_is_sound)

    def _disk_is_sound(self) -> None:
        self._world.disk.turn(SOUND)

    # ── platforms ──

    def _platform_is_away(self) -> None:
        self._platform_is(Mood(is_away=True), span(self._random, 1.0, HOUR))

    def _platform_is_in_a_bad_mood(self) -> None:
        random = self._random
        mood = Mood(
            later=random.choice((0.0, 0.1, 0.5)),
            unclear=random.choice((0.0, 0.1, 0.5)),
            breaks=random.choice((0.0, 0.05)),
            slowest_s=span(random, 0.05, 8.0),
        )
        self._platform_is(mood, span(random, 5.0, 10 * MINUTE))

    def _platform_is(self, mood: Mood, for_s: float) -> None:
        platform = self._random.choice(self._world.present_platforms())
        self._world.trace.note(f"{platform.name}: {mood}")
        platform.turn(mood)

        def calm() -> None:
            if platform.mood is mood:
                platform.turn(CALM)

        self._later(for_s, calm)

    def _forgets(self) -> None:
        for platform in self._world.platforms.values():
            if platform.kind is Kind.FORGETFUL:
                platform.forget()

    # ── time ──

    def _long_time_passes(self) -> None:
        for_s, away = span(self._random, HOUR, 3 * WEEK), self._random.choice(self._world.present_platforms())
        if self._random.random() < 0.7:
            away.turn(Mood(is_away=True))
        self._world.do(self._leap(for_s, lambda: away.turn(CALM)), "time passes")

    async def _leap(self, for_s: float, end: Callable[[], None]) -> None:
        for _ in range(LEAPS):
            self._world.leap(for_s / LEAPS)
            await asyncio.sleep(2.0)
        end()

    def _clock_is_set(self) -> None:
        clock, random = self._world.box.clock, self._random
        if clock.quality >= TimeQuality.NTP:
            if random.random() < 0.5:  # it is believed no more, and runs on
                clock.set(random.uniform(-CLOCK_ERROR_S, CLOCK_ERROR_S), TimeQuality.UNSYNCHRONISED)
                self._later(span(random, 5.0, HOUR), self._set_right)
        elif random.random() < 0.5:
            clock.set(random.choice(WRONG_S), TimeQuality.UNSYNCHRONISED)  # by somebody's hand
        else:
            self._set_right()

    def _set_right(self) -> None:
        clock = self._world.box.clock
        error_s = self._random.uniform(-CLOCK_ERROR_S, CLOCK_ERROR_S)
        clock.set(error_s, self._random.choice((TimeQuality.NTP, TimeQuality.GPS)))
        self._world.trace.note("the clock is right")

    # ── the air ──

    def _old_frames_are_played(self) -> None:
        recorded, now_s = self._world.recorded, asyncio.get_running_loop().time()
        for frame in self._random.sample(recorded, min(len(recorded), self._random.randint(1, 6))):
            self._world.trace.note(f"played again: {frame.said.serial if frame.said else 'a join request'}")
            if frame.said is not None:
                self._world.witness.played(frame.said)
            played = replace(frame, receptions=out_of_earshot(frame, now_s), is_replay=True)
            self._world.box.hear(played)

    def _device_begins_anew(self) -> None:
        forgetful = [one for one in self._world.residents if one.kin.forgets]
        joining = [one for one in self._world.residents if one.kin.joins]
        if changing := [*joining, *forgetful * FORGETFUL]:
            self._random.choice(changing).begin_anew()

    def _downlink_is_queued(self) -> None:
        random, box = self._random, self._world.box
        downlink = Downlink(
            id=0,
            dev_eui=random.choice(self._world.residents).dev_eui,
            f_port=10,
            payload=random.randbytes(random.randint(6, 20)),
            queued_at=box.clock().utc,
            confirmed=random.random() < 0.5,
        )
        box.command(downlink)

    def _many_speak_at_once(self) -> None:
        speaker = self._random.choice(self._world.residents)
        self._world.do(self._speak(speaker, self._random.randint(10, 60)), "speaking")

    async def _speak(self, resident: Resident, times: int) -> None:
        for _ in range(times):
            resident.hurry()
            await asyncio.sleep(0.3)

    # ── people ──

    def _destination_moves(self) -> None:
        world, random = self._world, self._random
        name = random.choice(world.box.configuration.destinations)
        base, at, city = name.partition("@")
        world.box.before_start.append(lambda: world.move(name, base + OTHER_CITY[at + city]))
        self._stop_and_start()

    def _dead_letters_are_retried(self) -> None:
        rooms, process = self._world.box.rooms, self._world.box.process
        names = [one.name for one in self._world.present_platforms() if one.kind is not Kind.STRICT]
        if rooms is not None and process is not None and names:
            process.spawn(_tried(rooms.journal.retry(self._random.choice(names), HeldKind.REFUSED)), "retry")

    def _decoder_is_mended(self) -> None:
        self._world.box.configuration.decoder_revision = 2
        self._stop_and_start()

    def _later(self, seconds: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)


async def _tried(retrying: Awaitable[int]) -> None:
    try:
        await retrying
    except (StorageError, KeyError):
        return  # whoever asked is told
