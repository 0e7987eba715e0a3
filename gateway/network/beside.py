"""Beside a network server: who answers which device, and what a server has sent booked where the agent's own downlinks are.

A device is answered by the agent, or by the server behind the relay that its registration names (`answered_by`): of such a device
the agent proves, decodes and keeps each uplink, and sends it nothing. When it joins, the server's join accept passes through here on
its way to the radio; its root keys, where they are known, open it, and the session that it begins is the agent's, too.
"""

from __future__ import annotations

import logging
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Event, Registration
from gateway.lorawan.duty_cycle import AHEAD
from gateway.lorawan.join import JOIN_REQUEST, Asked
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_layer import begin
from gateway.lorawan.overheard import open_join_accept
from gateway.lorawan.phy import DataFrame, Direction, JoinAccept, JoinRequest, PhyPayload, RejoinRequest, parse
from gateway.lorawan.region import JOIN_ACCEPT_DELAY1, RX2_AFTER_RX1, Region
from gateway.lorawan.sessions import maker
from gateway.model import Clock, DevAddr, Eui64, Frame, Json, Session, TxRequest, TxResult
from gateway.network.keeping import Keeping, Kept
from gateway.network.mac_records import encode
from gateway.network.sessions import LiveSession, LiveSessions, name_of
from gateway.network.transmitters import Transmitters, Window

logger = logging.getLogger(__name__)

AGENT: Final = ""  # who answers a device whose registration names no relay
ASKING_KEPT: Final = 64  # join requests of the last seconds; far more than a box hears of its own devices
WINDOWS: Final = (JOIN_ACCEPT_DELAY1, JOIN_ACCEPT_DELAY1 + RX2_AFTER_RX1)
EXACT: Final = timedelta(microseconds=100)  # servers add whole seconds to the gateway's own counter
NEAR: Final = timedelta(
    milliseconds=300
)  # the same by this box's clock, with a frame's way from the gateway to here in it
PAST: Final = timedelta(minutes=1)  # beyond what a slow way to the gateway makes of "just now"
SHARED_S: Final = 20.0  # how long after a stranger's uplink an answer to it may come: RxDelay is 15 s at most
_TIMESTAMPS: Final = 1 << 32
_MICROSECOND: Final = timedelta(microseconds=1)

Give = Callable[[], Awaitable[TxResult]]
"""Hand a frame to its radio, and return what that says."""


class Refused(StrEnum):
    """Why a server's downlink is not handed to the radio."""

    OWN_DEVICE = "own_device"  # the agent answers that device, or another relay's server does
    DUTY_CYCLE = "duty_cycle"  # the sub-band's share of the hour is spent
    BUSY = "busy"  # the slot is taken


@dataclass(frozen=True, slots=True)
class _Asking:
    """A device that asks to join, as one gateway heard it."""

    dev_eui: Eui64
    asked: Asked
    frame: Frame


class Beside:
    """What the network of this box and network servers beside it have in common: devices, and the air."""

    def __init__(
        self,
        *,
        registered: Callable[[Eui64], Registration | None],
        sessions: LiveSessions,
        transmitters: Transmitters,
        keeping: Keeping,
        region: Region,
        clock: Clock,
    ) -> None:
        self._registered = registered
        self._sessions = sessions
        self._transmitters = transmitters
        self._keeping = keeping
        self._region = region
        self._clock = clock
        self._asking: deque[_Asking] = deque(maxlen=ASKING_KEPT)
        self._strangers: dict[DevAddr, float] = {}  # that share an address with a device of ours: when they were heard
        self._out_of_date: dict[Eui64, str] = {}  # devices that have joined with keys that are not known here
        self.counts: Counter[str] = Counter()

    # ── who answers ──

    def answerer(self, dev_eui: Eui64) -> str | None:
        """Return who answers a device: AGENT, or a relay's name; None for one that is not registered."""
        registration = self._registered(dev_eui)
        return None if registration is None else registration.device.answered_by

    def is_left_to_a_server(self, dev_eui: Eui64) -> bool:
        """Tell whether the agent sends a device nothing."""
        return bool(self.answerer(dev_eui))

    def whose(self, frame: Frame) -> str | None:
        """Return who answers the device that sent ``frame``; None for a stranger. Who asks to join is remembered."""
        try:
            said = parse(frame.phy_payload)
        except BadFrame:
            return None
        match said:
            case DataFrame():
                return self._who_sent(frame, said)
            case JoinRequest() | RejoinRequest():
                return self._who_asks(frame, said)
        return None

    def _who_sent(self, frame: Frame, said: DataFrame) -> str | None:
        sessions = self._sessions.at(said.dev_addr)
        if not sessions:
            return None
        made_by = maker(frame, said, sessions, self._region)
        if made_by is None and said.direction is Direction.DOWNLINK:  # another gateway's, overheard
            return None
        if made_by is None:  # addresses of large networks are given to many devices
            self._strangers[said.dev_addr] = frame.heard_at.monotonic
            return None
        return self.answerer(made_by.session.dev_eui)

    def _who_asks(self, frame: Frame, said: JoinRequest | RejoinRequest) -> str | None:
        answerer = self.answerer(said.dev_eui)
        if answerer is not None and (asked := self._asked(said)) is not None:
            self._asking.append(_Asking(said.dev_eui, asked, frame))
        return answerer

    def _asked(self, said: JoinRequest | RejoinRequest) -> Asked | None:
        if isinstance(said, JoinRequest):
            return Asked(join_eui=said.join_eui, nonce=said.dev_nonce)
        registration = self._registered(said.dev_eui)
        join_eui = said.join_eui or (None if registration is None else registration.device.join_eui)
        if join_eui is None:  # what the server's accept is made with nobody here knows
            return None
        return Asked(join_eui=join_eui, nonce=said.rj_count, join_request_type=said.rejoin_type)

    # ── what a server sends ──

    def powered(self, request: TxRequest) -> TxRequest:
        """Return a request with the power that the agent's own downlinks have on its frequency."""
        return self._transmitters.powered(replace(request, power_dbm=self._region.eirp_dbm(request.frequency_hz)))

    async def order(
        self, relay: str, request: TxRequest, opens: timedelta, give: Give, lasts: timedelta | None = None
    ) -> TxResult | Refused:
        """Have ``give`` hand a server's frame to the radio that is to send it at ``opens`` (monotonic); return what became of it.

        ``lasts`` is how long it is on air; None: as LoRaWAN's frames are.
        """
        if (untimely := self._untimely(opens)) is not None:
            return untimely
        said = _parsed(request.phy_payload)
        asking = self._who_asked(request, opens) if isinstance(said, JoinAccept) else []
        if self._is_anothers(relay, said, asking):
            return Refused.OWN_DEVICE
        window = Window(name="relayed", request=request, opens=opens, lasts=lasts)
        given = await self._transmitters.hand_over(window, give)
        if not isinstance(given, TxResult):
            return Refused(str(given))
        if isinstance(said, JoinAccept) and given in {TxResult.SENT, TxResult.NO_ANSWER}:
            await self._overhear(relay, said, asking)
        return given

    def _untimely(self, opens: timedelta) -> TxResult | None:
        """Return what every forwarder says of a moment so far away; a booking there would make the ledger forget the last hour."""
        ahead = opens - timedelta(seconds=self._clock().monotonic)
        if ahead > AHEAD:
            return TxResult.TOO_EARLY
        return TxResult.TOO_LATE if ahead < -PAST else None

    def _is_anothers(self, relay: str, said: PhyPayload | None, asking: list[_Asking]) -> bool:
        if asking:
            return self.answerer(asking[0].dev_eui) not in {relay, None}
        if not isinstance(said, DataFrame):
            return False
        stranger_s = self._clock().monotonic - self._strangers.get(said.dev_addr, -SHARED_S)
        if stranger_s < SHARED_S:
            return False
        return any(self.answerer(one.session.dev_eui) not in {relay, None} for one in self._sessions.at(said.dev_addr))

    def _who_asked(self, request: TxRequest, opens: timedelta) -> list[_Asking]:
        """Return whom a join accept may answer, the likeliest first: who was heard a join's delay before it."""
        found = [(away, one) for one in self._asking if (away := _away(one.frame, request, opens)) is not None]
        return [one for _, one in sorted(found, key=lambda pair: pair[0])]

    async def _overhear(self, relay: str, accept: JoinAccept, asking: list[_Asking]) -> None:
        left, why = [one for one in asking if self.answerer(one.dev_eui) == relay], BadFrameReason.MIC
        for one in left:
            registration = self._registered(one.dev_eui)
            if registration is None:
                continue
            try:
                session, content = open_join_accept(
                    accept, one.asked, registration.device, registration.root_keys, self._region
                )
            except BadFrame as bad:
                why = bad.reason
            else:
                await self._begin(relay, one, session, content)
                return
        if left:
            await self._note_out_of_date(relay, left[0].dev_eui, why)

    async def _begin(self, relay: str, asking: _Asking, session: Session, content: JoinAcceptContent) -> None:
        dev_eui, known = asking.dev_eui, self._sessions.of(asking.dev_eui)
        if any(name_of(one.session) == name_of(session) for one in known):
            return  # the same accept, in the second window
        number = self._region.data_rate_number(asking.frame.best.data_rate) or 0
        state = replace(begin(self._region, content.cf_list, data_rate=number), join_eui=asking.asked.join_eui)
        pending = [one for one in known if one.is_unused]
        words = f"joined as {session.dev_addr} through the server of {relay!r}, {asking.frame.best.gateway}"
        is_join = asking.asked.join_request_type == JOIN_REQUEST
        kept = await self._keeping.keep(
            Changes(
                sessions=(session,),
                mac_states=((*name_of(session), encode(state)),),
                retired=self._sessions.retire(pending[:-1]),
                dev_nonces=((dev_eui, asking.asked.nonce),) if is_join else (),
                join_nonces=((dev_eui, content.join_nonce + 1),),
                events=(Event(dev_eui, self._clock().utc, words),),
            )
        )
        if kept is not Kept.LOST and self._registered(dev_eui) is not None:
            self._sessions.add(LiveSession(session, mac=state))
            self.counts["joins_overheard"] += 1
            self._out_of_date.pop(dev_eui, None)
            logger.info("%s %s", dev_eui, words)

    # ── keys that are out of date ──

    async def _note_out_of_date(self, relay: str, dev_eui: Eui64, reason: BadFrameReason) -> None:
        lacking = (
            "its root keys are not known here"
            if reason is BadFrameReason.UNKNOWN_DEVICE
            else "its root keys are others"
        )
        words = f"has joined anew through the server of {relay!r}, and {lacking}: its uplinks cannot be read"
        if self._out_of_date.get(dev_eui) == words:
            return
        self._out_of_date[dev_eui] = words
        logger.warning("%s %s until `brygga device import` brings its keys", dev_eui, words)
        await self._keeping.keep(Changes(events=(Event(dev_eui, self._clock().utc, words),)))

    def proved(self, dev_eui: Eui64) -> None:
        """Take note that a device's uplink was read: its keys are those that are known."""
        self._out_of_date.pop(dev_eui, None)

    def status(self) -> Mapping[str, Json]:
        """Return what was counted, and which devices' keys are out of date."""
        return {"counts": dict(self.counts), "keys_out_of_date": dict(self._out_of_date)}


def _parsed(phy_payload: bytes) -> PhyPayload | None:
    try:
        return parse(phy_payload)
    except BadFrame:
        return None


def _away(heard: Frame, request: TxRequest, opens: timedelta) -> timedelta | None:
    """Return how far from a join's window after ``heard`` a frame is to leave through the same gateway; None: it answers another."""
    reception = heard.best
    if (reception.source, reception.gateway) != (request.source, request.gateway):
        return None
    return min(_distances(heard, request, opens), default=None)


def _distances(heard: Frame, request: TxRequest, opens: timedelta) -> Iterator[timedelta]:
    then, at = heard.best.timestamp_us, request.timestamp_us
    is_exact = then is not None and at is not None
    after = opens - timedelta(seconds=heard.heard_at.monotonic)
    if then is not None and at is not None:
        after = (at - then) % _TIMESTAMPS * _MICROSECOND
    for window in WINDOWS:
        if abs(after - window) <= (EXACT if is_exact else NEAR):
            yield abs(after - window)
