"""Devices whose counters begin again at 0, where their registration allows it: each time a new activation.

One that turns out to have gone on, since somebody played a recorded frame, has its old activation back.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Event
from gateway.lorawan.mac_layer import MacState, begin
from gateway.lorawan.phy import MIC_OCTETS, DataFrame
from gateway.lorawan.proving import prove
from gateway.lorawan.region import Region
from gateway.lorawan.restarts import restarted
from gateway.lorawan.sessions import NewUplink, Opened, Proved, Repeated, open_uplink
from gateway.lorawan.windows import Windows
from gateway.model import Activation, Clock, Device, Eui64, Frame
from gateway.network.sessions import LiveSession, LiveSessions, Name, name_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Begun:
    """An activation that takes the place of another, and is not on disk yet."""

    number: int
    ended: Name
    words: str


class Restarting:
    """What makes a new activation of a frame with an old counter, or refuses it."""

    def __init__(
        self, sessions: LiveSessions, device: Callable[[Eui64], Device | None], region: Region, clock: Clock
    ) -> None:
        self._sessions = sessions
        self._device = device
        self._region = region
        self._clock = clock
        self._last: dict[Eui64, int] = {}  # the greatest number of an activation
        self._begun: dict[LiveSession, _Begun] = {}

    def load(self, last: Mapping[Eui64, int]) -> None:
        """Take the numbers of the last activations; memory may be ahead of the disk."""
        for dev_eui, number in last.items():
            self._last[dev_eui] = max(number, self._last.get(dev_eui, 0))

    def prove(self, octets: bytes) -> Proved[LiveSession] | None:
        """Return what an ordinary new uplink says; None for any other, `open` says what that is."""
        proved = prove(octets, self._sessions.on_air)
        if proved is None or proved.opened.mac.restarts.before is not None:  # perhaps the activation before goes on
            return None
        return proved

    def open(self, frame: Frame, data_frame: DataFrame) -> Opened:
        """Do as `open_uplink`; an old counter may begin a new activation, which the sessions have from then on."""
        if (going_on := self._going_on(frame, data_frame)) is not None:
            return going_on
        try:
            opened = open_uplink(frame, data_frame, self._sessions.at(data_frame.dev_addr), self._region)
        except BadFrame as bad:
            if bad.reason is not BadFrameReason.REPLAYED_COUNTER:
                raise
            return self._restarted(frame, data_frame, bad)
        if isinstance(opened, Repeated) and self._says_something_else(opened, frame):
            words = f"{opened.f_cnt} again, and another frame"
            return self._restarted(frame, data_frame, BadFrame(BadFrameReason.REPLAYED_COUNTER, words))
        return opened

    def changes(self, live: LiveSession) -> Changes:
        """Return what goes with the uplink that began an activation; nothing with any other."""
        begun = self._begun.get(live)
        if begun is None:
            return Changes()
        dev_eui = live.session.dev_eui
        return Changes(
            begun=(name_of(live.session),),
            abp_activations=((dev_eui, begun.number),),
            retired=(begun.ended,),
            events=(Event(dev_eui, self._clock().utc, begun.words),),
        )

    def kept(self, live: LiveSession) -> None:
        """Take note that those changes are on disk."""
        self._begun.pop(live, None)

    def noted(self, live: LiveSession, state: MacState, frame: Frame, f_cnt: int) -> MacState:
        """Return the state with an uplink remembered, where it may come again as somebody's recording."""
        if not self._may_restart(live):
            return state
        return replace(state, restarts=state.restarts.after(frame.phy_payload[:-MIC_OCTETS], f_cnt, self._clock().utc))

    # ── one device ──

    def _restarted(self, frame: Frame, data_frame: DataFrame, bad: BadFrame) -> NewUplink:
        for live in self._sessions.at(data_frame.dev_addr):
            if not self._may_restart(live):
                continue
            new = self._opened(frame, data_frame, self._next(live))
            if new is None:
                continue
            if (refusal := live.mac.restarts.refusal(data_frame, self._clock().utc)) is not None:
                raise BadFrame(bad.reason, f"{live.session.dev_eui}: {new.uplink.f_cnt}: {refusal}") from bad
            self._last[live.session.dev_eui] = self._next_number(live)
            was = f"its frame counter began again at {new.uplink.f_cnt}, {live.session.f_cnt_up} was the next"
            self._begin(live, new, was)
            return new
        raise bad

    def _going_on(self, frame: Frame, data_frame: DataFrame) -> NewUplink | None:
        """Return an uplink of a device that never restarted, though somebody's recording had it look like that."""
        for live in self._sessions.at(data_frame.dev_addr):
            if live.mac.restarts.before is None:
                continue  # all but a few: the clock is not asked for each of them
            before = live.mac.restarts.may_go_on(self._clock().utc)
            if before is None or before.f_cnt_up <= live.session.f_cnt_up:
                continue
            state = live.mac
            personal = state.personal or Windows.of(live.session)  # where the restart was thought to have left it
            mac = replace(state, personal=personal, restarts=replace(state.restarts, before=None))
            probe = LiveSession(before.continued(live.session), mac=mac, turn=live.turn)
            if (new := self._opened(frame, data_frame, probe)) is not None:
                self._begin(live, new, f"it did not restart: its frame counter goes on at {new.uplink.f_cnt}")
                return new
        return None

    def _opened(self, frame: Frame, data_frame: DataFrame, live: LiveSession) -> NewUplink | None:
        try:
            opened = open_uplink(frame, data_frame, [live], self._region)
        except BadFrame:
            return None
        return opened if isinstance(opened, NewUplink) else None

    def _next(self, live: LiveSession) -> LiveSession:
        """Return a device's next activation: it has forgotten what it was told, and its commits follow the old one's."""
        session, state = live.session, live.mac
        windows = state.personal or Windows.of(session)
        mac = begin(self._region, b"", data_rate=state.setting.data_rate)
        return LiveSession(
            restarted(windows.on(session), self._next_number(live)),
            mac=replace(mac, restarts=state.restarts.begun(session, self._clock().utc)),
            turn=live.turn,
        )

    def _next_number(self, live: LiveSession) -> int:
        return self._last.get(live.session.dev_eui, 0) + 1

    def _begin(self, ended: LiveSession, new: NewUplink, words: str) -> None:
        live, dev_eui = new.opened, ended.session.dev_eui
        assert isinstance(live, LiveSession)
        words = f"{words}: activation {live.session.activation}"
        self._begun[live] = _Begun(self._last.get(dev_eui, 0), name_of(ended.session), words)
        self._sessions.add(live)
        logger.info("%s: %s", dev_eui, words)

    def _says_something_else(self, repeated: Repeated, frame: Frame) -> bool:
        """Tell whether a frame with the last counter is no repetition: a personalised device that began again there."""
        live = repeated.opened
        assert isinstance(live, LiveSession)
        return self._is_personal(live) and live.proved not in {None, frame.phy_payload[:-MIC_OCTETS]}

    def is_repetition(self, live: LiveSession, frame: Frame) -> bool:
        """Tell whether a frame with the last counter says again what is on disk: only that may be acknowledged.

        After a start of this box nobody knows any more what a personalised device said with that counter.
        """
        return not self._is_personal(live) or live.proved == frame.phy_payload[:-MIC_OCTETS]

    def _is_personal(self, live: LiveSession) -> bool:
        device = self._device(live.session.dev_eui)
        return device is not None and device.activation is Activation.ABP

    def _may_restart(self, live: LiveSession) -> bool:
        device = self._device(live.session.dev_eui)
        return self._is_personal(live) and device is not None and device.counter_reset_allowed
