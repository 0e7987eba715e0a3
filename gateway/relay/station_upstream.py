"""The line to a network server that Basics Station speaks to (LNS protocol): each gateway as a station of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine, Mapping
from typing import Final

from gateway.model import Clock, Eui64, Json
from gateway.relay.passing import Passing
from gateway.relay.settings import StationServer
from gateway.relay.station_line import Access, StationLine
from gateway.relay.upstream import Gateways, Keep
from gateway.transports import tls

MOST_LINES: Final = 64  # gateways, each a connection; anybody can invent EUIs
LOOK_EVERY_S: Final = 10.0
SILENT_S: Final = 120.0  # after this long without a sign of life a gateway's line goes
MANY: Final = 20  # frames; before, the server's filters may have been right by chance
MOSTLY: Final = 0.9  # of all: more than a server leaves out that stands among others'
HEADER: Final = "authorization:"  # as a station's key file has it


class StationUpstream:
    """An `Upstream` over WebSockets. Raises ConfigError at once when a TLS file is wrong."""

    def __init__(
        self, server: StationServer, gateways: Gateways, keep: Keep, clock: Clock, away_after_s: float
    ) -> None:
        self._server = server
        self._gateways = gateways
        self._keep = keep
        self._clock = clock
        self._away_after_s = away_after_s
        secure = server.url.startswith("wss:")
        self._access = Access(
            server.url,
            _headers(server),
            tls.context(server.tls) if secure else True,
            None if server.proxy is None else server.proxy.url(),
        )
        self._lines: dict[Eui64, StationLine] = {}
        self._running: dict[Eui64, asyncio.Task[None]] = {}
        self._tasks: asyncio.TaskGroup | None = None
        self.counts: Counter[str] = Counter()

    async def run(self) -> None:
        """Hold the lines; see `Upstream`."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._tasks = tasks
                while True:
                    await asyncio.sleep(LOOK_EVERY_S)
                    self._let_silent_ones_go()
        finally:
            self._tasks = None

    def _let_silent_ones_go(self) -> None:
        now = self._clock().monotonic
        for gateway, line in [*self._lines.items()]:
            if self._gateways.is_there(gateway):
                line.seen_at = now
            elif now - line.seen_at > SILENT_S:
                self._running.pop(gateway).cancel()
                del self._lines[gateway]

    # ── up ──

    def pass_on(self, passing: Passing) -> None:
        """Tell the server what a gateway brought, or keep it; see `Upstream`."""
        line = self._line(passing.gateway)
        if line is None:
            if passing.kept:
                self.counts["kept"] += len(passing.kept)
                self._keep(passing.kept)
            return
        line.seen_at = self._clock().monotonic
        for frame in passing.frames:
            line.tell(frame, keep=frame in passing.kept)

    def _line(self, gateway: Eui64) -> StationLine | None:
        line = self._lines.get(gateway)
        if line is None and self._tasks is not None:
            if len(self._lines) >= MOST_LINES:
                self.counts["too_many_gateways"] += 1
                return None
            line = self._lines[gateway] = StationLine(
                gateway, self._access, self._gateways, self._keep, self._clock, self.counts, self._spawn
            )
            self._running[gateway] = self._tasks.create_task(line.run(), name=f"station line {gateway}")
        return line

    def _spawn(self, deed: Coroutine[None, None, None]) -> None:
        if self._tasks is None:
            deed.close()
        else:
            self._tasks.create_task(deed, name="a server's downlink")

    # ── how it stands ──

    @property
    def away_s(self) -> float | None:
        """How long the server has taken nothing; see `Upstream`."""
        now = self._clock().monotonic
        down = [line.down_since for line in self._lines.values()]
        since = None if None in down else max((one for one in down if one is not None), default=None)
        return None if since is None or now - since < self._away_after_s else now - since

    @property
    def has_answered(self) -> bool | None:
        """Whether the server takes what some gateway hears; see `Upstream`."""
        return any(line.down_since is None for line in self._lines.values()) if self._lines else None

    def status(self) -> Mapping[str, Json]:
        """Return counters, the lines and advice."""
        now = self._clock().monotonic
        return {
            "counts": dict(self.counts),
            "gateways": {
                gateway: {"down_s": None if line.down_since is None else round(now - line.down_since, 1)}
                for gateway, line in sorted(self._lines.items())
            },
            "advice": [
                f"{self._server}, gateway {gateway}: {line.trouble}"
                for gateway, line in sorted(self._lines.items())
                if line.down_since is not None and line.trouble
            ]
            + self._unwanted(),
        }

    def _unwanted(self) -> list[str]:
        unwanted, told = self.counts["not_wanted"], self.counts["told"]
        if unwanted < MANY or unwanted < MOSTLY * (unwanted + told):
            return []
        words = "its filters leave them out, or its region is another than this gateway's"
        return [f"{self._server} does not want {unwanted} frames of {unwanted + told}: {words}"]


def _headers(server: StationServer) -> Mapping[str, str]:
    """Return what proves who asks: the token as it stands, or behind the header's name."""
    if server.token is None:
        return {}
    text = server.token.reveal()
    return {"Authorization": text[len(HEADER) :].strip() if text.lower().startswith(HEADER) else text}
