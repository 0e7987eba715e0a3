"""One relay: the tap of its sources, the line to its server, and what the server wants sent."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Final, Protocol

from gateway.errors import ConfigError
from gateway.journal import Journal
from gateway.model import Clock, Eui64, Frame, Json, TxRequest, TxResult
from gateway.relay.gateways import Gateway
from gateway.relay.keeping import RawFrames
from gateway.relay.on_air import on_air
from gateway.relay.passing import Whose, passing
from gateway.relay.settings import RelaySettings
from gateway.relay.upstream import Said, Upstream
from gateway.sources import Source
from gateway.sources.gwmp import BadDatagram, TxAck
from gateway.sources.tap import TakesTxpk, Tappable, Tapped
from gateway.sources.txpk import read_txpk

logger = logging.getLogger(__name__)

MOST_GATEWAYS: Final = 100  # anybody can invent EUIs
LOOK_EVERY_S: Final = 1.0  # whether the server is away, for the log
SILENT_S: Final = 120.0  # after this long a gateway's place may be given to a new one
OWN_DEVICE: Final = "own_device"  # a refusal that no other window changes
PASSED: Final = frozenset({TxResult.SENT, TxResult.NO_ANSWER})
STATES: Final = {None: "unasked", False: "waiting", True: "up"}

Give = Callable[[], Awaitable[TxResult]]


class Neighbour(Protocol):
    """The network of this box, as far as a relay knows it."""

    @property
    def whose(self) -> Whose:
        """Return who answers the device that sent a frame."""
        ...

    def powered(self, request: TxRequest) -> TxRequest:
        """Return a request with the power that the law allows."""
        ...

    async def order(
        self, relay: str, request: TxRequest, opens: timedelta, give: Give, lasts: timedelta | None = None
    ) -> TxResult | str:
        """Book a server's frame and have ``give`` hand it to the radio; a word that is no TxResult says why neither was done."""
        ...


Make = Callable[["Relay"], Upstream]


class Relay:
    """What a network server beside this box hears and sends through its gateways."""

    def __init__(
        self,
        settings: RelaySettings,
        sources: Sequence[Source],
        neighbour: Neighbour,
        journal: Journal,
        clock: Clock,
        make_upstream: Make,
    ) -> None:
        """``sources`` are those of the settings; ConfigError names one that cannot be tapped."""
        self._settings = settings
        self._neighbour = neighbour
        self._clock = clock
        self._gateways: dict[Eui64, Gateway] = {}
        self._raw = RawFrames(journal, settings.name, settings.keep)
        self._away = False
        self._counts: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._upstream = make_upstream(self)
        for source in sources:
            if not isinstance(source, Tappable):
                raise ConfigError(
                    f"relay {settings.name!r}: source {source.name!r} has nothing that a network server could take"
                )
            source.tap(_SourceTap(self, source))

    @property
    def name(self) -> str:
        """Return its name in the configuration."""
        return self._settings.name

    async def run(self) -> None:
        """Hold the line and keep what does not arrive, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._raw.run(), name=f"raw frames of {self.name}")
                tasks.create_task(self._upstream.run(), name=f"upstream of {self.name}")
                while True:
                    await asyncio.sleep(LOOK_EVERY_S)
                    self._tell_of_outages()
        finally:
            await self._raw.write()  # what the line gave back when it ended

    # ── up ──

    def take(self, source: Source, tapped: Tapped) -> None:
        """Pass on what a gateway brought; returns at once."""
        gateway = self._gateway(tapped.gateway, source)
        if gateway is None:
            self._counts["too_many_gateways"] += 1
            return
        gateway.seen_at = tapped.at.monotonic
        for frame in tapped.frames:
            if frame is not None:
                gateway.note(frame)
        goes = passing(tapped, self._settings.filters, self._neighbour.whose, self._counts)
        if goes is not None:
            self._upstream.pass_on(goes)

    def _gateway(self, eui: Eui64, source: Source) -> Gateway | None:
        known = self._gateways.pop(eui, None)
        if known is None:
            if len(self._gateways) >= MOST_GATEWAYS and not self._let_one_go():
                return None
            known = Gateway(source)
        known.source = source
        self._gateways[eui] = known
        return known

    def _let_one_go(self) -> bool:
        longest_unheard = next(iter(self._gateways))
        if self._clock().monotonic - self._gateways[longest_unheard].seen_at <= SILENT_S:
            return False
        del self._gateways[longest_unheard]
        return True

    def keep(self, frames: Sequence[Frame]) -> None:
        """Keep frames that the server has not got."""
        self._raw.keep(frames)

    def _tell_of_outages(self) -> None:
        is_away = self._upstream.away_s is not None
        if is_away != self._away:
            self._away = is_away
            logger.warning("relay %r: its server %s", self.name, "is away" if is_away else "is back")

    # ── down ──

    def is_there(self, gateway: Eui64) -> bool:
        """Tell whether a gateway is connected, or its keep-alives come."""
        known = self._gateways.get(gateway)
        return known is not None and isinstance(known.source, Tappable) and known.source.is_there(gateway)

    def others(self) -> Iterator[Eui64]:
        """Yield the gateways that are connected and speak something else than GWMP."""
        for gateway, known in self._gateways.items():
            if not isinstance(known.source, TakesTxpk) and self.is_there(gateway):
                yield gateway

    def addressed(self, request: TxRequest) -> TxRequest:
        """Return a request with the source that speaks with its gateway, and the power that the law allows."""
        known = self._gateways.get(request.gateway)
        return request if known is None else self._neighbour.powered(replace(request, source=known.source.name))

    async def send_txpk(self, gateway: Eui64, txpk: Json) -> Said | None:
        """Have a gateway send a txpk as it stands, or what it says where the gateway speaks otherwise; None: nobody can read it."""
        known = self._gateways.get(gateway)
        if known is None:
            return self._done(Said(TxResult.NOT_CONNECTED))
        try:
            wanted = read_txpk(txpk, gateway=gateway, source=known.source.name)
        except BadDatagram:
            self._refused["unreadable"] += 1
            return None
        opens = known.opens(wanted.request, wanted.gps_time, self._clock())
        if not isinstance(known.source, TakesTxpk):
            request = known.by_reception(wanted.request)
            if request is None:
                return self._done(Said(TxResult.TOO_LATE))
            return await self._ordered(request, opens, known)
        words = _Words(known.source, gateway, txpk)
        said = await self._neighbour.order(self.name, wanted.request, opens, words.give, on_air(wanted))
        return self._done(words.said if words.said is not None else _said(said))

    async def send(self, requests: Sequence[TxRequest]) -> tuple[Said, TxRequest]:
        """Have a gateway send the first of a downlink's windows that can be had; return what became of the last one tried."""
        request, *others = requests
        said = await self._ordered_at(request)
        if others and said.result not in PASSED and said.refusal != OWN_DEVICE:
            return await self.send(others)
        return said, request

    async def _ordered_at(self, request: TxRequest) -> Said:
        known = self._gateways.get(request.gateway)
        if known is None:
            return self._done(Said(TxResult.NOT_CONNECTED))
        return await self._ordered(request, known.opens(request, None, self._clock()), known)

    async def _ordered(self, request: TxRequest, opens: timedelta, known: Gateway) -> Said:
        said = await self._neighbour.order(self.name, request, opens, lambda: known.source.transmit(request))
        return self._done(_said(said))

    def _done(self, said: Said) -> Said:
        if said.result is TxResult.SENT:
            self._counts["sent"] += 1
        else:
            self._refused[said.refusal or str(said.result)] += 1
        return said

    # ── how it stands ──

    def status(self) -> Mapping[str, Json]:
        """Return what only a running relay knows; what is kept is the journal's to say."""
        upstream, away_s = self._upstream.status(), self._upstream.away_s
        return {
            "server": str(self._settings.server),
            "state": STATES[self._upstream.has_answered] if away_s is None else "away",
            "away_s": None if away_s is None else round(away_s, 1),
            "counts": {**self._counts, **self._raw.counts},
            "refused": dict(self._refused),
            "upstream": upstream,
            "advice": [*upstream["advice"], *self._advice()],
        }

    def _advice(self) -> list[str]:
        found = []
        if not self._gateways:
            found.append(
                "no gateway has spoken yet: its forwarder's server_address is this box, and its source's port the right one?"
            )
        if self._refused[OWN_DEVICE]:
            found.append(
                f"{self._refused[OWN_DEVICE]} downlinks of the server were for devices that this agent answers: take them away there, or"
                " register them here with `answered_by`"
            )
        return found


class _SourceTap:
    """A relay at one source: gateways are known by who brought them."""

    def __init__(self, relay: Relay, source: Source) -> None:
        self._relay = relay
        self._source = source

    def take(self, tapped: Tapped) -> None:
        """Hand it on."""
        self._relay.take(self._source, tapped)


class _Words:
    """A txpk on its way to a forwarder, and the forwarder's own words about it."""

    def __init__(self, source: TakesTxpk, gateway: Eui64, txpk: Json) -> None:
        self._source = source
        self._gateway = gateway
        self._txpk = txpk
        self.said: Said | None = None

    async def give(self) -> TxResult:
        """Hand it over, and return what the forwarder says."""
        ack = await self._source.pass_on(self._gateway, self._txpk)
        if not isinstance(ack, TxAck):
            self.said = Said(ack)
            return ack
        result = ack.result or TxResult.NO_ANSWER
        self.said = Said(result, error=ack.error, warning=ack.warning)
        return result


def _said(word: TxResult | str) -> Said:
    return Said(word) if isinstance(word, TxResult) else Said(None, refusal=str(word))
