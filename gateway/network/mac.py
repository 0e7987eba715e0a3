"""What an uplink means to its session's MAC layer, and the downlink that answers it: region, ADR and queue put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

from gateway.lorawan import adr
from gateway.lorawan.airtime import required_snr_db
from gateway.lorawan.composing import Content, Payload, content, seal
from gateway.lorawan.downlink import counter
from gateway.lorawan.mac_commands import ForceRejoinReq, MacCommand, read, write
from gateway.lorawan.mac_layer import Circumstances, Group, MacState, Wanted, heard, requests
from gateway.lorawan.phy import LONGEST_F_OPTS, Direction
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink
from gateway.model import DataRate, Device, Downlink, Eui64, Frame, Instant, Reception, Session, TimeQuality
from gateway.network.downlinks import DownlinkQueue
from gateway.network.leisure import Worth
from gateway.network.sessions import LiveSession
from gateway.network.transmitters import Answer

FIRST_GATEWAY_TIME: Final = datetime(2020, 1, 1, tzinfo=UTC)  # before, a receiver has not found its time yet
LATE_FRAME: Final = timedelta(minutes=1)  # how long a frame may be on its way from a gateway to this box
NO_ROOM: Final = 0  # where the region has no size for a data rate, an empty frame still goes

Grant = Callable[[Reception, int | None, DataRate, Worth], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """What an uplink made of its session."""

    session: Session
    state: MacState
    answers: tuple[MacCommand, ...]
    owed: bool
    notes: tuple[str, ...]
    rest: bytes  # commands that could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Composed:
    """A downlink ready to go, and what session, state and queue are once it is on disk."""

    answer: Answer
    session: Session
    state: MacState
    downlink: Downlink | None


class MacLayer:
    """The network's wishes and the region's law, applied to one session at a time."""

    def __init__(
        self,
        region: Region,
        queue: DownlinkQueue,
        trust: TimeQuality,
        wanted: Wanted,
        device: Callable[[Eui64], Device | None],
        grant: Grant = lambda *_: True,
    ) -> None:
        """``grant`` tells whether requests alone are worth a downlink now."""
        self._region = region
        self._limits = adr.limits_of(region)
        self._queue = queue
        self._trust = trust
        self._wanted = wanted
        self._device = device
        self._grant = grant

    def untaken(self, live: LiveSession, new: NewUplink) -> Taken:
        """Return an uplink whose MAC commands are for another network: its counter moves, and nothing else."""
        return Taken(session=new.session, state=live.mac, answers=(), owed=False, notes=(), rest=b"")

    def take(self, live: LiveSession, new: NewUplink, frame: Frame, now: datetime) -> Taken:
        """Take an uplink's MAC commands, and remember how it was heard."""
        session = new.session
        said = read(new.mac_commands, direction=Direction.UPLINK, mac_version=session.mac_version)
        result = heard(session, live.mac, said.commands, self._circumstances(new, frame, now))
        number = self._region.data_rate_number(frame.best.data_rate)
        setting = result.state.setting
        state = replace(result.state, setting=adr.heard_at(setting, setting.data_rate if number is None else number))
        live.history = adr.remember(live.history, _heard_uplink(new, frame, state.setting))
        return Taken(
            session=result.session,
            state=state,
            answers=result.answers,
            owed=result.owed,
            notes=result.notes,
            rest=said.rest,
        )

    def compose(self, live: LiveSession, taken: Taken, frame: Frame, new: NewUplink, now: datetime) -> Composed | None:
        """Return the downlink that answers an uplink; None where there is nothing that is worth one."""
        room = self.room(taken.session, taken.state, frame)
        due = new.uplink.confirmed or new.f_ctrl.adr_ack_req or taken.owed or bool(taken.answers)
        downlink = self._queue.next_for(taken.session.dev_eui, room - min(len(write(taken.answers)), LONGEST_F_OPTS))
        may_ask = new.uplink.f_cnt >= taken.state.ask_from
        if not (due or may_ask or downlink is not None):
            return None
        asks = self._asks(live, taken, adr_is_on=new.uplink.adr, now=now)
        if not (due or downlink is not None or self._is_worth_it(asks, taken, frame.best)):
            return None
        payload = None if downlink is None else _payload(downlink)
        said = content(taken.answers, asks, payload, room=room)
        sealed, session = seal(
            taken.session,
            live.ciphers,
            said,
            ack=new.uplink.confirmed,
            acked_f_cnt_up=new.uplink.f_cnt,
            f_pending=len(self._queue.of(taken.session.dev_eui)) > (downlink is not None),
            adr=self._wanted.adr,
        )
        state = replace(taken.state, asked=said.asked)
        carried = downlink if said.payload is not None else None
        if carried is not None:
            carried = self._queue.sending(carried, counter(taken.session, carried.f_port), now)
        answer = self._answer(sealed, session, state, said)
        return Composed(answer=answer, session=session, state=state, downlink=carried)

    def _is_worth_it(self, asks: tuple[Group, ...], taken: Taken, best: Reception) -> bool:
        """Tell whether requests are worth a downlink of their own through the gateway that heard best."""
        kinds = {type(command) for group in asks for command in group}
        if ForceRejoinReq in kinds:
            return True  # somebody asked for it
        rate = self._rx1_rate(taken.session, taken.state, best) or best.data_rate
        return bool(kinds) and self._grant(best, self._rx1_hz(best, taken.state), rate, Worth.of(kinds))

    def again(self, live: LiveSession, f_cnt: int, *, ack: bool) -> Composed:
        """Return the bare answer to a repeated uplink: what else went with the first one is not sent twice."""
        said = content((), (), None, room=NO_ROOM)
        sealed, session = seal(live.session, live.ciphers, said, ack=ack, acked_f_cnt_up=f_cnt, adr=self._wanted.adr)
        answer = self._answer(sealed, session, live.mac, said)
        return Composed(answer=answer, session=session, state=live.mac, downlink=None)

    def unasked(self, live: LiveSession, downlink: Downlink, now: datetime) -> Composed:
        """Return a downlink that answers nothing (class C)."""
        said = content((), (), _payload(downlink), room=len(downlink.payload))
        sealed, session = seal(live.session, live.ciphers, said, ack=False, acked_f_cnt_up=None, adr=self._wanted.adr)
        carried = self._queue.sending(downlink, counter(live.session, downlink.f_port), now)
        answer = self._answer(sealed, session, live.mac, said)
        return Composed(answer=answer, session=session, state=live.mac, downlink=carried)

    def room(self, session: Session, state: MacState, frame: Frame) -> int:
        """Return how many octets RX1 carries after ``frame``."""
        rate = self._rx1_rate(session, state, frame.best)
        return self._size(rate, state) if rate is not None else self.rx2_room(session, state)

    def rx2_room(self, session: Session, state: MacState) -> int:
        """Return how many octets RX2 carries."""
        dwell = state.downlink_dwell_limited
        return self._region.max_payload(session.rx2_data_rate, dwell_limited=dwell) or NO_ROOM

    def _size(self, rate: DataRate, state: MacState) -> int:
        number = self._region.data_rate_number(rate)
        dwell = state.downlink_dwell_limited
        return NO_ROOM if number is None else self._region.max_payload(number, dwell_limited=dwell) or NO_ROOM

    def _answer(self, sealed: bytes, session: Session, state: MacState, said: Content) -> Answer:
        return Answer(
            phy_payload=sealed,
            session=session,
            rx1_frequency_hz=lambda reception: self._rx1_hz(reception, state),
            dwell_limited=state.downlink_dwell_limited,
            rx2_fits=said.size <= self.rx2_room(session, state),
        )

    def _rx1_rate(self, session: Session, state: MacState, reception: Reception) -> DataRate | None:
        dwell = state.downlink_dwell_limited
        return self._region.rx1_data_rate(reception.data_rate, session.rx1_dr_offset, dwell_limited=dwell)

    def _rx1_hz(self, reception: Reception, state: MacState) -> int | None:
        number = self._region.data_rate_number(reception.data_rate) or 0
        return state.plan.rx1_frequency_hz(reception.frequency_hz, number)

    def _circumstances(self, new: NewUplink, frame: Frame, now: datetime) -> Circumstances:
        best = frame.best
        floor_db = required_snr_db(best.data_rate)
        return Circumstances(
            margin_db=None if floor_db is None or best.snr_db is None else best.snr_db - floor_db,
            gateways=len({reception.gateway for reception in frame.receptions}),
            f_cnt=new.uplink.f_cnt,
            ended_at=self._ended_at(best, frame.heard_at),
            now=now,
        )

    def _ended_at(self, best: Reception, heard_at: Instant) -> datetime | None:
        """Return when a frame ended: as its gateway says, where that can be, else as this box's clock does.

        Where this box does not know the time, only a GPS receiver is believed: forwarders write their system's time, too.
        """
        ours, theirs = self._trusted(heard_at), best.gateway_time
        if theirs is None or theirs < FIRST_GATEWAY_TIME:
            return ours
        is_right = best.gateway_time_is_gps if ours is None else abs(theirs - ours) <= LATE_FRAME
        return theirs if is_right else ours

    def _trusted(self, at: Instant) -> datetime | None:
        return at.utc if at.quality >= self._trust else None

    def _asks(self, live: LiveSession, taken: Taken, *, adr_is_on: bool, now: datetime) -> tuple[Group, ...]:
        setting = self._adr_setting(live, taken.state) if adr_is_on else None
        return requests(taken.session, taken.state, self._wanted, setting, now)

    def _adr_setting(self, live: LiveSession, state: MacState) -> adr.Setting | None:
        if not self._wanted.adr:
            return None
        device = self._device(live.session.dev_eui)
        own = None if device is None else device.adr_margin_db
        margin_db = self._wanted.adr_margin_db if own is None else own
        wanted = adr.wanted(
            live.history, state.setting, self._wanted.adr_limits(state, self._limits), margin_db=margin_db
        )
        return wanted if wanted is not None and state.plan.carries(wanted.data_rate) else None


def _payload(downlink: Downlink) -> Payload:
    return Payload(f_port=downlink.f_port, octets=downlink.payload, confirmed=downlink.confirmed)


def _heard_uplink(new: NewUplink, frame: Frame, setting: adr.Setting) -> adr.HeardUplink:
    return adr.HeardUplink(
        f_cnt=new.uplink.f_cnt,
        snr_db=frame.best.snr_db,
        gateways=len({reception.gateway for reception in frame.receptions}),
        adr=new.uplink.adr,
        setting=setting,
    )
