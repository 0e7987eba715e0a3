"""Whoever sees everything: the disk after each commit, the air, the platforms; and holds it against the laws."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from gateway.model import TimeQuality
from simulators.end_device import Downlink
from simulators.simulation.bad_disk import BadDisk
from simulators.simulation.box_clock import BoxClock
from simulators.simulation.counters import Counters
from simulators.simulation.heard_rows import HeardRows
from simulators.simulation.platforms import CALM, Ear, Kind, Platform, Told
from simulators.simulation.settled_rows import Ledger, SettledRows
from simulators.simulation.town import Said
from simulators.simulation.trace import Trace

TIME_ERROR: Final = timedelta(seconds=2)  # of a told time: the clock's own error, twice, and what gathering takes
UNDISTURBED_S: Final = 70.0  # a platform that came back is asked again within a minute
AT_ONCE_S: Final = 5.0  # a turn of history, one of the live lane, and a slow answer to each
CALM_S: Final = 5.0  # after trouble with the disk, until cursors are held to their window again


class Witness(Ear):
    """The laws' eyes. What it finds goes to the trace."""

    def __init__(self, trace: Trace, clock: BoxClock, now: Callable[[], float], batch: int) -> None:
        self.said: dict[UUID, Said] = {}
        self._serials: dict[int, UUID] = {}
        self._trace = trace
        self._clock = clock
        self._now = now
        self._batch = batch
        self._repeatable: dict[str, set[UUID]] = {}  # what a platform may be told again after a crash, by its name
        self._may_return: dict[str, set[UUID]] = {}  # rows that were put back on purpose
        self._disturbed_s = now()  # when something happened last that holds up every destination
        self._live: dict[tuple[str, int], float] = {}  # rows that are to be told soon: when they were heard
        self._played: set[UUID] = set()  # uplinks that were not on disk when an attacker played them
        self._commanded: set[tuple[str, bytes]] = set()  # downlinks that devices have proved; no two are alike
        self._join_nonces: dict[str, int] = {}  # the last that each device has seen
        self.repeats = 0
        self.most_repeatable = 0

    def attach(self, disk: BadDisk, platforms: Mapping[str, Platform], selects: Callable[[str, str], bool]) -> None:
        """See a disk and platforms."""
        self._disk = disk
        self._platforms = platforms
        database = disk.memory.sqlite
        self.rows = HeardRows(database, self.said, self._clock, self._trace)
        self.counters = Counters(database, self.rows.newest, self._trace)
        self.settled = SettledRows(database, self.rows, platforms, selects, self._trace)

    # ── the disk ──

    def committed(self) -> None:
        """Look at the disk: something is durable that was not."""
        self._trace.note("commit")
        before = self.rows.last
        self.rows.look()
        self.counters.look()
        self.settled.look()
        for row in range(before + 1, self.rows.last + 1):
            self._expect(row)
        self._check_expected()

    def disturbed(self) -> None:
        """Note that nobody can be expected to be quick just now."""
        self._disturbed_s = self._now()

    # ── live first ──

    def _expect(self, row: int) -> None:
        """Expect a row to be told soon wherever nothing stands in its way (law 6)."""
        heard = self.rows.by_row.get(row)
        if heard is None or heard.heard_at.quality < TimeQuality.NTP or heard.said.garbled:
            return
        for name, ledger in self.settled.ledgers.items():
            is_live_first = self._platforms[name].kind is not Kind.STRICT
            if is_live_first and row in ledger.open and self._now() - self._trouble_s(name) > UNDISTURBED_S:
                self._live[name, row] = self._now()

    def _check_expected(self) -> None:
        now = self._now()
        for (name, row), since in [*self._live.items()]:
            ledger = self.settled.ledgers.get(name)
            if (
                self._trouble_s(name) >= since
                or ledger is None
                or row not in ledger.open
                or self._is_crowd(ledger, row)
            ):
                del self._live[name, row]
            elif now - since > AT_ONCE_S:
                self._trace.break_law("6", f"{name} has not been told row {row}, heard {now - since:.1f} s ago")

    def _is_crowd(self, ledger: Ledger, row: int) -> bool:
        """Tell whether more wait since ``row`` than go at once: then it may fill in behind them (decision 55)."""
        return sum(1 for other in ledger.open if other >= row) > self._batch

    def _trouble_s(self, name: str) -> float:
        """Return when something last stood in the way of a destination."""
        platform = self._platforms[name]
        mood_s = platform.changed_s if platform.mood == CALM else self._now()
        return max(mood_s, self._disturbed_s, self._clock.set_s, self._disk.trouble_s)

    def process_ended(self) -> None:
        """Note what may be told again: what platforms have taken, and the disk does not know of."""
        for name in self._platforms:
            known = self._repeatable.setdefault(name, set())
            risk = self.settled.at_risk(name) - known
            known |= risk
            self.most_repeatable = max(self.most_repeatable, len(risk))
            if len(risk) > self._batch and self._disk_is_calm():
                serials = sorted(self.said[uplink].serial for uplink in risk)
                words = f"{name}: {serials} would be told again after this, more than {self._batch}"
                self._trace.break_law("3", words)

    def _disk_is_calm(self) -> bool:
        return self._now() - self._disk.trouble_s > CALM_S

    # ── devices ──

    def acknowledged(self, said: Said) -> None:
        """Hold an acknowledgement that a device has proved against the disk (law 2)."""
        self._trace.note(f"{said.dev_eui[-4:]} knows that {said.serial} arrived")
        if not self.rows.is_on_disk(said):
            self._trace.break_law("2", f"{said.serial} was acknowledged to its device, and is not on disk")

    def downlink_heard(self, dev_eui: str, downlink: Downlink) -> None:
        """Hold a downlink that a device has proved against those before: an unconfirmed one is told once."""
        if not downlink.f_port:
            return
        self._trace.note(f"{dev_eui[-4:]} is told {downlink.payload.hex()}")
        key = dev_eui, downlink.payload
        if not downlink.confirmed and key in self._commanded:
            self._trace.break_law("3", f"{dev_eui} is told {downlink.payload.hex()} a second time")
        self._commanded.add(key)

    def played(self, said: Said) -> None:
        """Know that an uplink is played by an attacker; where it is not on disk, that is how it will be heard."""
        if not self.rows.is_on_disk(said):
            self._played.add(said.id)

    def joined(self, dev_eui: str, activation: str) -> None:
        """Hold a session that a device has against the disk."""
        self._trace.note(f"{dev_eui[-4:]} has joined: {activation}")
        nonce = int(activation.rpartition("-")[2])
        if nonce <= self._join_nonces.get(dev_eui, -1):
            self._trace.break_law("4", f"{dev_eui} was let join with JoinNonce {nonce} a second time")
        self._join_nonces[dev_eui] = nonce
        if (dev_eui, activation) not in self.counters.stored:
            self._trace.break_law("4", f"{dev_eui} was let join as {activation}, which is not on disk")

    # ── platforms ──

    def told(self, platform: Platform, told: Told) -> None:
        """Hold what a platform is told against what was said, and when."""
        heard, name = self.rows.by_id.get(told.id), platform.name
        if heard is None or heard.said.serial != told.serial or heard.said.dev_eui != told.dev_eui:
            self._trace.break_law("3", f"{name} is told {told.serial} under {told.id}, which is not on disk as that")
            return
        self._live.pop((name, heard.row), None)
        if self._serials.setdefault(told.serial, told.id) != told.id:
            self._trace.break_law("3", f"{name} is told {told.serial} under two ids")
        self._check_time(platform, told, heard.truth)
        self._check_order(platform, told)
        self._check_repetition(platform, told)

    def _check_time(self, platform: Platform, told: Told, truth: datetime) -> None:
        words = f"{platform.name} is told {told.serial} at {told.at}, heard {truth}"
        if told.bounds is None:
            if abs(told.at - truth) > TIME_ERROR:
                self._trace.break_law("5", words)
            return
        if not platform.takes_uncertain_time:
            self._trace.break_law("5", f"{words}: within bounds alone, and it takes no such time")
        before, after = told.bounds.not_before or truth, told.bounds.not_after or truth
        if not before - TIME_ERROR <= truth <= after + TIME_ERROR:
            self._trace.break_law("5", f"{words}: not within {told.bounds}")

    def _check_order(self, platform: Platform, told: Told) -> None:
        newest = platform.values.get(told.dev_eui)
        if platform.kind is not Kind.STRICT or told.id in platform.taken or newest is None:
            return
        if newest.serial > told.serial and not self._came_late(platform.name, told, newest):
            self._trace.break_law(
                "6", f"{platform.name} is told {told.serial} for the first time after {newest.serial}"
            )

    def _came_late(self, name: str, *told: Told) -> bool:
        """Tell whether one of them was held back before: it is tried again out of order, and formats compare its time.

        Or whether it was not heard until somebody played it, of a session that had just ended: that is when it was heard.
        """
        return any(
            one.id in self._played or (name, self.rows.by_id[one.id].row) in self.settled.had_held for one in told
        )

    def _check_repetition(self, platform: Platform, told: Told) -> None:
        if told.id not in platform.answered:
            return
        self.repeats += 1
        if told.id not in self._repeatable.get(platform.name, ()):
            self._trace.break_law("3", f"{platform.name} is told {told.serial} again, though no crash asks for it")

    # ── the end ──

    def judge(self) -> None:
        """Hold what is there in the end, when nothing is left to do, against the laws."""
        for name, ledger in self.settled.ledgers.items():
            if ledger.open:
                rows = sorted(ledger.open)[:5]
                self._trace.break_law("2", f"{name} still waits for rows {rows} when all is well again")
        for platform in self._platforms.values():
            if platform.kind is Kind.STRICT:
                self._judge_values(platform)

    def _judge_values(self, platform: Platform) -> None:
        for dev_eui, value in platform.values.items():
            of_device = [one for one in platform.taken.values() if one.dev_eui == dev_eui]
            newest = max(of_device, key=lambda one: one.serial)
            if value.serial < newest.serial and not self._came_late(platform.name, value, newest):
                words = f"{platform.name} ends with {value.serial} of {dev_eui}, and was told {newest.serial}"
                self._trace.break_law("6", words)
