"""What the disk says of counters and nonces (law 4): none goes back, each goes with its uplink, none is on air before."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import cbor2

from gateway.errors import BadFrame
from gateway.journal.sessions import eui_number, eui_of
from gateway.lorawan.phy import DataFrame, JoinRequest, RejoinRequest, parse
from gateway.model import TxResult
from simulators.simulation.trace import Trace

SESSIONS: Final = (
    "SELECT dev_eui, record, f_cnt_up, n_f_cnt_down, a_f_cnt_down FROM sessions JOIN counters ON session = number"
)
V1_1: Final = "1.1"
MAY_BE_ON_AIR: Final = frozenset({TxResult.SENT, TxResult.NO_ANSWER})

Name = tuple[str, str]  # device and activation
Counted = tuple[Name, bool, int]  # whose counter, whether the application's (1.1), which


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A session's counters on disk."""

    dev_addr: str
    is_v1_1: bool
    up: int
    down: int
    application_down: int


class Counters:
    """All sessions that are on disk now, what they were, and which downlink counters have been on air."""

    def __init__(self, database: sqlite3.Connection, newest: Mapping[Name, int], trace: Trace) -> None:
        """``newest`` has the greatest counter of the uplinks on disk, by session."""
        self._database = database
        self._newest = newest
        self._trace = trace
        self.stored: dict[Name, Stored] = {}
        self._ever: dict[Name, Stored] = {}  # as they were last, those that have ended, too
        self._join_nonces: dict[int, int] = {}
        self._rejoins: dict[tuple[int, int], int] = {}
        self._dev_nonces = 0
        self._on_air: set[Counted] = set()

    def look(self) -> None:
        """Read what is there now, and hold it against what was and against the uplinks."""
        self.stored = {}
        for eui, record, up, down, application_down in self._database.execute(SESSIONS):
            _, activation, address, version, *_ = cbor2.loads(record)
            name = eui_of(eui), activation
            self.stored[name] = Stored(
                dev_addr=address, is_v1_1=version == V1_1, up=up, down=down, application_down=application_down
            )
            self._check(name, self.stored[name])
        self._ever |= self.stored
        self._check_nonces()

    def _check(self, name: Name, now: Stored) -> None:
        before = self._ever.get(name)
        counters = now.up, now.down, now.application_down
        if before is not None:
            old = before.up, before.down, before.application_down
            if any(new < was for new, was in zip(counters, old, strict=True)):
                self._trace.break_law("4", f"{name}: counters went back from {old} to {counters}")
        newest = self._newest.get(name, -1)
        if now.up != newest + 1:
            self._trace.break_law("4", f"{name}: the next counter is {now.up}, its last uplink on disk has {newest}")

    def _check_nonces(self) -> None:
        nonces = dict(self._database.execute("SELECT dev_eui, next FROM join_nonces").fetchall())
        for device, following in self._join_nonces.items():
            if nonces.get(device, 0) < following:
                self._trace.break_law("4", f"{eui_of(device)}: JoinNonce went back from {following}")
        rejoins = {(eui, join): last for eui, join, last in self._database.execute("SELECT * FROM rejoin_counts")}
        for (device, join_eui), last in self._rejoins.items():
            if rejoins.get((device, join_eui), -1) < last:
                self._trace.break_law("4", f"{eui_of(device)}: RJcount1 went back from {last}")
        self._rejoins = rejoins
        ((used,),) = self._database.execute("SELECT count(*) FROM dev_nonces").fetchall()
        if used < self._dev_nonces:
            self._trace.break_law("4", f"{self._dev_nonces - used} used DevNonces were forgotten")
        self._join_nonces, self._dev_nonces = nonces, used

    def is_used(self, octets: bytes) -> bool:
        """Tell whether a request to join or rejoin is one that the disk knows to have been taken."""
        match parse(octets):
            case JoinRequest(dev_eui=dev_eui, dev_nonce=nonce):
                sql, values = "SELECT 1 FROM dev_nonces WHERE dev_eui = ? AND nonce = ?", (eui_number(dev_eui), nonce)
                return bool(self._database.execute(sql, values).fetchall())
            case RejoinRequest(dev_eui=dev_eui, join_eui=str(join_eui), rj_count=count):
                return count <= self._rejoins.get((eui_number(dev_eui), eui_number(join_eui)), -1)
            case _:
                return False  # RJcount0 is its session's, which may have ended since

    def asked_to_send(self, octets: bytes) -> None:
        """Hold a downlink that is about to be on air against the disk."""
        found = [self._wrong_with(one) for one in self._counted(octets)]
        if found and all(found):
            self._trace.break_law("4", "; ".join(words for words in found if words))

    def _wrong_with(self, counted: Counted) -> str | None:
        """Return what forbids a downlink's counter, were it this session's."""
        name, is_application, f_cnt = counted
        if counted in self._on_air:
            return f"{name}: downlink counter {f_cnt} is on air a second time"
        stored = self.stored.get(name)
        if stored is None:
            return None  # it ended with the commit that it was answered in: nobody counts on from there
        free = stored.application_down if is_application else stored.down
        return f"{name}: downlink counter {f_cnt} is on air, and {free} is free on disk" if f_cnt >= free else None

    def was_asked_to_send(self, octets: bytes, result: TxResult) -> None:
        """Remember a counter that may have been on air."""
        if result in MAY_BE_ON_AIR:
            self._on_air.update(self._counted(octets))

    def _counted(self, octets: bytes) -> list[Counted]:
        """Return whose counter a data downlink carries; of several sessions with one address, all."""
        try:
            frame = parse(octets)
        except BadFrame:
            self._trace.break_law("4", f"an unreadable downlink: {octets.hex()}")
            return []
        if not isinstance(frame, DataFrame):
            return []
        # Also of a session that has ended since the answer was made: an older frame's answer waits for its window.
        found = [(name, one) for name, one in self._ever.items() if one.dev_addr == frame.dev_addr]
        if not found:
            self._trace.break_law("4", f"a downlink to {frame.dev_addr}, and no session had that address on disk")
        return [(name, one.is_v1_1 and bool(frame.f_port), frame.f_cnt16) for name, one in found]
