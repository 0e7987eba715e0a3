"""The line to a network server that packet forwarders speak to (GWMP): each gateway with a socket of its own.

What was not acknowledged within some seconds is kept, whether the server was known to be away or not: so nothing is lost between the
last answer and the moment when its silence is noticed. What is heard meanwhile still goes out, at once, as a forwarder would send it.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.model import Clock, Eui64, Frame, Json, TxResult
from gateway.relay.gwmp_line import GwmpLine, all_overdue
from gateway.relay.passing import Passing
from gateway.relay.resolving import Found, resolved
from gateway.relay.settings import GwmpServer
from gateway.relay.upstream import Gateways, Keep, Said
from gateway.relay.writing import statistics, written
from gateway.sources.gwmp import PullData, PullResp, TxAck
from gateway.transports.jitter import pause_s

MOST_LINES: Final = 100  # gateways, each a socket; anybody can invent EUIs
MOST_ORDERS: Final = 32  # of all gateways at a time; a forwarder's own queue holds as many
LOOK_EVERY_S: Final = 1.0
KEEP_ALIVE_S: Final = 10.0  # for gateways whose radio speaks something else than GWMP
STAT_EVERY_S: Final = 30.0  # as forwarders are usually told
SILENT_S: Final = 120.0  # after this long without a sign of life a gateway's line goes
LOOK_UP_AGAIN_S: Final = 60.0  # while the server is silent: it may have moved
LOOK_UP_LONGEST_S: Final = 60.0  # between two tries to find an address at all
COLLISION: Final = "COLLISION_PACKET"  # what a server is told of a slot that it cannot have: it tries its next window
TOO_LATE: Final = "TOO_LATE"
NEVER_ANSWERED: Final = (
    "does not answer: is the address right, does it speak GWMP there, and does a firewall let UDP through?"
)
SILENT_NOW: Final = "does not answer; its frames are kept for the record meanwhile"


class GwmpUpstream:
    """An `Upstream` over UDP."""

    def __init__(self, server: GwmpServer, gateways: Gateways, keep: Keep, clock: Clock, away_after_s: float) -> None:
        self._server = server
        self._gateways = gateways
        self._keep = keep
        self._clock = clock
        self._away_after_s = away_after_s
        self._found: Found | None = None
        self._trouble = ""  # why there is no address
        self._lost_at: float | None = None  # when that began
        self._lines: dict[Eui64, GwmpLine] = {}
        self._orders: asyncio.TaskGroup | None = None
        self._under_way = 0
        self._token = random.randrange(0x10000)  # noqa: S311 - a token tells answers apart, it keeps no secret
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Hold the line; see `Upstream`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._orders = tasks
                tasks.create_task(self._look_up(), name="address of a server")
                while True:
                    await asyncio.sleep(LOOK_EVERY_S)
                    self.look()
        finally:
            self._orders = None
            self._keep(all_overdue([*self._lines.values()], self._now(), 0.0))
            for line in self._lines.values():
                line.close()
            self._lines.clear()

    def look(self) -> None:
        """Keep what was not acknowledged, keep gateways known that do not do it themselves, and let silent ones go."""
        now = self._now()
        if overdue := all_overdue([*self._lines.values()], now):
            self.counts["kept"] += len(overdue)
            self._keep(overdue)
        self._mend()
        for gateway in self._gateways.others():
            if (line := self._line(gateway)) is not None:
                line.seen_at = now
                self._speak_for(line, now)
        for line in [*self._lines.values()]:
            if now - line.seen_at > SILENT_S:
                line.close()
                del self._lines[line.gateway]

    def _mend(self) -> None:
        """Open anew each line whose socket sends nothing more: this box's address has changed, or there was no way."""
        for line in self._lines.values():
            if line.is_broken and self._found is not None:
                self.counts["opened_again"] += 1
                line.open(*self._found, self._now)

    def _speak_for(self, line: GwmpLine, now: float) -> None:
        """Send what a forwarder on a gateway would: its keep-alives and statistics."""
        if now - line.pulled_at >= KEEP_ALIVE_S:
            self._pull(line, now)
        if now - line.stat_at >= STAT_EVERY_S:
            told = statistics(line.gateway, self._next_token(), self._clock().utc, heard=line.heard, sent=line.sent)
            if line.send(told, (), now):
                line.stat_at, line.heard, line.sent = now, 0, 0

    # ── up ──

    def pass_on(self, passing: Passing) -> None:
        """Send what a gateway brought, or keep it; see `Upstream`."""
        now, line = self._now(), self._line(passing.gateway)
        if line is None:
            self._put_by(passing.kept)
            return
        line.seen_at = now
        datagram = passing.datagram
        if datagram:
            line.version = datagram[0]
        elif passing.frames:
            datagram = written(passing.gateway, passing.frames, self._next_token())
            line.heard += len(passing.frames)
        else:
            return  # a sign of life; `look` pulls for who does not do it itself
        if not line.send(datagram, passing.kept, now):
            self._put_by(passing.kept)

    def _put_by(self, frames: tuple[Frame, ...]) -> None:
        if frames:
            self.counts["kept"] += len(frames)
            self._keep(frames)

    def _line(self, gateway: Eui64) -> GwmpLine | None:
        line = self._lines.get(gateway)
        if line is None and self._found is not None and self._orders is not None:
            if len(self._lines) >= MOST_LINES:
                self.counts["too_many_gateways"] += 1
                return None
            line = self._lines[gateway] = GwmpLine(gateway, self._order, self.counts)
            line.open(*self._found, self._now)
        return line

    def _pull(self, line: GwmpLine, now: float) -> None:
        line.send(PullData(line.version, self._next_token(), line.gateway).to_bytes(), (), now)

    def _next_token(self) -> int:
        self._token = (self._token + 1) & 0xFFFF
        return self._token

    # ── down ──

    def _order(self, line: GwmpLine, said: PullResp) -> None:
        if self._orders is None or self._under_way >= MOST_ORDERS:
            self._answer(line, said, COLLISION)
            return
        self._under_way += 1
        self._orders.create_task(self._obey(line, said), name="a server's downlink")

    async def _obey(self, line: GwmpLine, said: PullResp) -> None:
        try:
            done = await self._gateways.send_txpk(line.gateway, said.txpk)
        finally:
            self._under_way -= 1
        if done is None or (done.result is TxResult.NO_ANSWER and done.error is None):
            return  # as the forwarder itself: silent
        line.sent += done.result is TxResult.SENT
        self._answer(line, said, _error(done), done.warning)

    def _answer(self, line: GwmpLine, said: PullResp, error: str | None, warning: str | None = None) -> None:
        if said.version == 1:
            return  # it has no TX_ACK
        ack = TxAck(version=said.version, token=said.token, gateway=line.gateway, error=error, warning=warning)
        line.send(ack.to_bytes(), (), self._now())

    # ── where the server is ──

    async def _look_up(self) -> None:
        """Find the server's address, and again while it is silent: it may have moved."""
        failures = 0
        while True:
            if self._found is None or self.away_s is not None:
                failures = 0 if await self._is_found() else failures + 1
            await asyncio.sleep(pause_s(failures, LOOK_UP_LONGEST_S) if failures else LOOK_UP_AGAIN_S)

    async def _is_found(self) -> bool:
        try:
            found = await resolved(self._server.host, self._server.port)
        except OSError as error:
            self._trouble = (
                f"its name cannot be looked up: {error}; is the name right, and is there a way to the internet?"
            )
            self._lost_at = self._now() if self._lost_at is None else self._lost_at
            return False
        self._trouble, self._lost_at = "", None
        has_moved, self._found = self._found not in found, _next(found, self._found)
        for line in self._lines.values():
            if has_moved or _silent_s(line, self._now(), self._away_after_s) is not None:
                # From another port: a router on the way may have forgotten the old one.
                line.open(*self._found, self._now)
        return True

    # ── how it stands ──

    @property
    def away_s(self) -> float | None:
        """How long the server has been silent; see `Upstream`."""
        now = self._now()
        if self._found is None and self._lost_at is not None:
            return now - self._lost_at
        silent = [_silent_s(line, now, self._away_after_s) for line in self._lines.values()]
        return None if None in silent else max((one for one in silent if one is not None), default=None)

    @property
    def has_answered(self) -> bool | None:
        """Whether the server has answered since the start; see `Upstream`."""
        return any(line.answered_at is not None for line in self._lines.values()) if self._lines else None

    def status(self) -> Mapping[str, Json]:
        """Return counters, the lines and advice."""
        now = self._now()
        return {
            "address": None if self._found is None else self._found[1][0],
            "counts": dict(self.counts),
            "gateways": {
                gateway: {"answered_s": None if line.answered_at is None else round(now - line.answered_at, 1)}
                for gateway, line in sorted(self._lines.items())
            },
            "advice": self._advice(now),
        }

    def _advice(self, now: float) -> list[str]:
        if self._trouble and self.away_s is not None:  # who answers was found
            return [f"{self._server}: {self._trouble}"]
        silent = [one for one in self._lines.values() if _silent_s(one, now, self._away_after_s) is not None]
        if not silent:
            return []
        if len(silent) == len(self._lines):
            never = all(one.answered_at is None for one in silent)
            return [f"{self._server} {NEVER_ANSWERED if never else SILENT_NOW}"]
        names = ", ".join(sorted(one.gateway for one in silent))
        return [f"{self._server} answers other gateways and not {names}: is it registered there?"]

    def _now(self) -> float:
        return self._clock().monotonic


def _silent_s(line: GwmpLine, now: float, away_after_s: float) -> float | None:
    """Return for how long a server owes an answer, where that is too long."""
    if line.asked_at is None or now - line.asked_at < away_after_s:
        return None
    return now - line.asked_at


def _next(found: Sequence[Found], silent: Found | None) -> Found:
    """Return the address to try: the one behind that which is silent, for a name may have one where nobody answers."""
    return found[(found.index(silent) + 1) % len(found)] if silent in found else found[0]


def _error(done: Said) -> str | None:
    """Return what a forwarder would say; what is refused here is a slot that the server cannot have."""
    if done.result is None:
        return COLLISION
    if done.error is not None or done.result is TxResult.SENT:
        return done.error
    return TOO_LATE if done.result is TxResult.NOT_CONNECTED else str(done.result).upper()
