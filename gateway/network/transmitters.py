"""Transmitters: a sealed downlink leaves in the first receive window that a gateway can still reach and may use.

RX1 through the gateway that heard best; where that one refuses, is not there or has spent its share of the air, through
the next that heard; then RX2 in the same order. A gateway that says nothing may have sent: it is not asked again, nor is
another. Each gateway has one ledger of what it sent, by sub-band.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from gateway.lorawan.downlink import rx1, rx1_delay, rx2
from gateway.lorawan.duty_cycle import DutyCycle, Refusal, allowance
from gateway.lorawan.phy import Direction
from gateway.lorawan.region import RX2_AFTER_RX1, Region, airtime
from gateway.model import Clock, DataRate, Frame, Json, Reception, Session, TxRequest, TxResult
from gateway.network.air_record import NOTHING, Spent, Transmitter
from gateway.network.given_up import GivenUp
from gateway.network.leisure import Leisure
from gateway.sources import Source
from gateway.sources.late import TellsLate

LATE_S: Final = (
    2.0  # after the last try: for a radio's word that an earlier one was sent after all, over a slow network
)
MOST_GIVEN_UP: Final = 64  # windows that may be told of late
LEAD: Final = timedelta(milliseconds=100)  # a forwarder needs 42.5 ms before a slot (SX1302), the rest is the way there
AT_ONCE: Final = timedelta(milliseconds=50)  # from the request to the air, where no time is given


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One chance to send: where, when (in this box's monotonic time) and how."""

    name: str  # "rx1", "rx2", "at_once"; "relayed" is a network server's beside this box
    request: TxRequest
    opens: timedelta
    lasts: timedelta | None = None  # on air; None: as LoRaWAN's downlinks do

    @property
    def airtime(self) -> timedelta:
        """How long the frame is on air."""
        request = self.request
        return self.lasts or airtime(len(request.phy_payload), request.data_rate, Direction.DOWNLINK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A sealed frame and when the device that it answers listens; ``session`` None answers a join request."""

    phy_payload: bytes
    session: Session | None
    rx1_frequency_hz: Callable[[Reception], int | None] | None = None  # None: where the region says
    dwell_limited: bool = False
    rx2_fits: bool = True  # False: the frame is too long for RX2's data rate


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a downlink on its way to the air: ``window`` is where it went, ``why`` why it did not."""

    window: str | None = None
    why: str = ""

    @property
    def sent(self) -> bool:
        """Tell whether a radio took it."""
        return self.window is not None


class Transmitters:
    """The radios of this box, each with its ledger."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        region: Region,
        clock: Clock,
        antenna_gain_dbi: Callable[[str], float] = lambda _: 0.0,
        *,
        lawful: bool = True,
    ) -> None:
        """``lawful`` False, for laboratories: nothing is held back, and the ledgers only tell what was sent."""
        self._lawful = lawful
        self._sources = sources
        self._region = region
        self._clock = clock
        self._antenna_gain_dbi = antenna_gain_dbi
        self.ledgers: dict[Transmitter, DutyCycle] = {}
        self._before = NOTHING  # what was sent before the start
        self._heard: dict[Transmitter, Reception] = {}  # the last copy that each gateway brought
        self.counts: Counter[str] = Counter()
        self.leisure = Leisure(region, self.ledgers, self.now, lawful=lawful)
        self._given_up = GivenUp()
        for source in sources.values():
            if isinstance(source, TellsLate):
                source.tell_late(self._sent_late)

    def begin_with(self, spent: Spent) -> None:
        """Take what was sent before the start; before anything is sent.

        Transmitters that say nothing this time have their ledgers, too: what they sent must be known to the next start.
        """
        self._before = spent
        self.ledgers.update((transmitter, spent.ledger(transmitter)) for transmitter in spent.of)

    def note(self, receptions: Sequence[Reception]) -> None:
        """Note which gateways there are, by what they hear."""
        for reception in receptions:
            self._heard[reception.source, reception.gateway] = reception

    def all(self) -> Sequence[Reception]:
        """Return a reception of each gateway that was heard since the start."""
        return [*self._heard.values()]

    async def send(self, windows: Sequence[Window]) -> Outcome:
        """Send in the first of ``windows`` that is possible and lawful, and say what became of it."""
        why = "both receive windows have passed, or no gateway can send"
        for window in windows:
            if self._given_up.used(windows) is not None:
                break
            if self.now() >= window.opens - (timedelta(0) if window.request.at_once else LEAD):
                continue
            if (refusal := self._refusal(window)) is not None:
                why = str(refusal)
            else:
                result = await self._transmit(window)
                if result in {TxResult.SENT, TxResult.NO_ANSWER}:
                    return Outcome(window.name) if result is TxResult.SENT else Outcome(why=str(result))
                why = str(result)
            self.counts[f"{window.name}_{why}"] += 1
        if (late := await self._given_up.used_late(windows)) is not None:
            return Outcome(late.name)
        self.counts["missed"] += 1
        return Outcome(why=why)

    def _sent_late(self, request: TxRequest) -> None:
        """Book again what a radio had not told of in time, where it was booked."""
        self.counts["sent_late"] += 1
        window = self._given_up.was_used(request)
        band = self._region.sub_band(request.frequency_hz)
        if window is not None and band is not None:
            self._ledger((request.source, request.gateway)).book(band, window.opens, window.airtime)

    def windows(self, frame: Frame, answer: Answer) -> list[Window]:
        """Return the windows after an uplink, in the order of trying."""
        receptions = [one for one in one_a_gateway(frame.receptions) if one.source in self._sources]
        heard_at, delay = timedelta(seconds=frame.heard_at.monotonic), rx1_delay(answer.session)
        found = [("rx1", heard_at + delay, self._rx1(reception, answer)) for reception in receptions]
        if answer.rx2_fits:
            opens = heard_at + delay + RX2_AFTER_RX1
            found += [
                ("rx2", opens, rx2(reception, answer.session, self._region, answer.phy_payload))
                for reception in receptions
            ]
        return [
            Window(name=name, opens=opens, request=self.powered(request))
            for name, opens, request in found
            if request is not None
        ]

    def _rx1(self, reception: Reception, answer: Answer) -> TxRequest | None:
        frequency_hz = None if answer.rx1_frequency_hz is None else answer.rx1_frequency_hz(reception)
        return rx1(
            reception,
            answer.session,
            self._region,
            answer.phy_payload,
            frequency_hz=frequency_hz,
            dwell_limited=answer.dwell_limited,
        )

    def at_once(
        self, receptions: Sequence[Reception], frequency_hz: int, data_rate: DataRate, phy_payload: bytes
    ) -> list[Window]:
        """Return the chances to send now (class C), through each gateway that heard ``receptions``, the best first."""
        opens = self.now() + AT_ONCE
        return [
            Window(
                name="at_once",
                opens=opens,
                request=self.powered(
                    TxRequest(
                        source=reception.source,
                        gateway=reception.gateway,
                        phy_payload=phy_payload,
                        frequency_hz=frequency_hz,
                        data_rate=data_rate,
                        power_dbm=self._region.eirp_dbm(frequency_hz),
                        timestamp_us=None,
                        context=reception.context,
                    )
                ),
            )
            for reception in one_a_gateway(receptions)
            if reception.source in self._sources
        ]

    def may_send(self, receptions: Sequence[Reception], frequency_hz: int, data_rate: DataRate, size: int) -> bool:
        """Tell whether some gateway that heard ``receptions`` may send ``size`` octets now."""
        band, opens = self._region.sub_band(frequency_hz), self.now() + AT_ONCE
        if band is None or not self._lawful:
            return bool(receptions)
        length = airtime(size, data_rate, Direction.DOWNLINK)
        return any(
            self._ledger((one.source, one.gateway)).refusal(band, opens, length) is None
            for one in one_a_gateway(receptions)
        )

    def status(self) -> Mapping[str, Json]:
        """Return what was counted, and what each transmitter has spent of the last hour."""
        return {"counts": dict(self.counts), "duty_cycle": [*self._spent()]}

    def _spent(self) -> Iterator[Mapping[str, Json]]:
        now = self.now()
        for (source, gateway), ledger in self.ledgers.items():
            for band in self._region.sub_bands:
                limit, spent = allowance(band), ledger.spent(band, now)
                if spent:
                    yield {
                        "source": source,
                        "gateway": gateway,
                        "sub_band": band.label,
                        "spent_s": round(spent.total_seconds(), 3),
                        "allowed_s": None if limit is None else limit.total_seconds(),
                    }

    async def hand_over(self, window: Window, give: Callable[[], Awaitable[TxResult]]) -> TxResult | Refusal:
        """Book what a network server beside this box sends and have ``give`` give it to the radio; Refusal: neither was done."""
        if (refusal := self._refusal(window)) is None:
            return await self._given(window, give)
        self.counts[f"{window.name}_{refusal}"] += 1
        return refusal

    async def _transmit(self, window: Window) -> TxResult:
        return await self._given(window, lambda: self._sources[window.request.source].transmit(window.request))

    async def _given(self, window: Window, give: Callable[[], Awaitable[TxResult]]) -> TxResult:
        request = window.request
        band = self._region.sub_band(request.frequency_hz)
        length = window.airtime
        ledger = self._ledger((request.source, request.gateway))
        if band is not None:
            ledger.book(band, window.opens, length)  # before it is asked: two answers at once must not have one slot
        result = await give()
        if result is TxResult.SENT:
            self.counts[f"sent_{window.name}"] += 1
        elif result is TxResult.NO_ANSWER:
            self.counts[f"{window.name}_{result}"] += 1  # it may be on air: the booking stays
        else:
            if band is not None:
                ledger.release(band, window.opens, length)
            if result is TxResult.COLLISION_PACKET and isinstance(self._sources.get(request.source), TellsLate):
                self._given_up.add(window)
        return result

    def _refusal(self, window: Window) -> Refusal | None:
        request = window.request
        band = self._region.sub_band(request.frequency_hz)
        if band is None or not self._lawful:
            return None
        return self._ledger((request.source, request.gateway)).refusal(band, window.opens, window.airtime)

    def powered(self, request: TxRequest) -> TxRequest:
        """Return a request whose EIRP is what the law allows: the antenna's gain is taken off what the radio sends."""
        gain_dbi = self._antenna_gain_dbi(request.source)
        return replace(request, power_dbm=request.power_dbm - gain_dbi) if gain_dbi else request

    def _ledger(self, transmitter: Transmitter) -> DutyCycle:
        if transmitter not in self.ledgers:
            self.ledgers[transmitter] = self._before.ledger(transmitter)
        return self.ledgers[transmitter]

    def now(self) -> timedelta:
        """Return the time that windows and ledgers count in."""
        return timedelta(seconds=self._clock().monotonic)


def one_a_gateway(receptions: Sequence[Reception]) -> Iterator[Reception]:
    """Yield the best copy of each gateway, the best gateway first."""
    seen: set[Transmitter] = set()
    for reception in receptions:
        if (reception.source, reception.gateway) not in seen:
            seen.add((reception.source, reception.gateway))
            yield reception
