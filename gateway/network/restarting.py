"""Devices whose counters begin again at 0, where their registration allows it: each time a new activation."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from gateway.errors import BadFrame, BadFrameReason
from gateway.journal import Changes, Event
from gateway.lorawan.mac_layer import MacState, begin
from gateway.lorawan.phy import DataFrame
from gateway.lorawan.region import Region
from gateway.lorawan.restarts import restarted
from gateway.lorawan.sessions import NewUplink, Opened, Repeated, open_uplink
from gateway.lorawan.windows import Windows
from gateway.model import Activation, Clock, Device, Eui64, Frame
from gateway.network.sessions import LiveSession, LiveSessions, Name, name_of

logger = logging.getLogger(__name__)

MIC_OCTETS = 4


@dataclass(frozen=True, slots=True)
class _Begun:
    """A new activation that is not on disk yet."""

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

    def open(self, frame: Frame, data_frame: DataFrame) -> Opened:
        """Do as `open_uplink`; an old counter may begin a new activation, which the sessions have from then on."""
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
            abp_activations=((dev_eui, begun.number),),
            retired=(begun.ended,),
            events=(Event(dev_eui, self._clock().utc, begun.words),),
        )

    def kept(self, live: LiveSession) -> None:
        """Take note that those changes are on disk."""
        self._begun.pop(live, None)

    def noted(self, live: LiveSession, state: MacState, data_frame: DataFrame, f_cnt: int) -> MacState:
        """Return the state with an uplink remembered, where it may come again as somebody's recording."""
        if not self._may_restart(live):
            return state
        return replace(state, restarts=state.restarts.after(data_frame, f_cnt, self._clock().utc))

    # ── one device ──

    def _restarted(self, frame: Frame, data_frame: DataFrame, bad: BadFrame) -> NewUplink:
        for live, new in self._candidates(frame, data_frame):
            if (refusal := live.mac.restarts.refusal(data_frame, self._clock().utc)) is not None:
                raise BadFrame(bad.reason, f"{live.session.dev_eui}: {new.uplink.f_cnt}: {refusal}") from bad
            self._begin(live, new)
            return new
        raise bad

    def _candidates(self, frame: Frame, data_frame: DataFrame) -> Iterator[tuple[LiveSession, NewUplink]]:
        """Yield the session whose keys prove a frame with a counter that began again at 0, and what it then is."""
        for live in self._sessions.at(data_frame.dev_addr):
            if not self._may_restart(live):
                continue
            try:
                opened = open_uplink(frame, data_frame, [self._next(live)], self._region)
            except BadFrame:
                continue
            if isinstance(opened, NewUplink):
                yield live, opened

    def _next(self, live: LiveSession) -> LiveSession:
        """Return a device's next activation: it has forgotten what it was told, and its commits follow the old one's."""
        session, state = live.session, live.mac
        windows = state.personal or Windows.of(session)
        mac = begin(self._region, b"", data_rate=state.setting.data_rate)
        return LiveSession(
            restarted(windows.on(session), self._last.get(session.dev_eui, 0) + 1),
            mac=replace(mac, restarts=replace(state.restarts, last_at=self._clock().utc)),
            turn=live.turn,
        )

    def _begin(self, live: LiveSession, new: NewUplink) -> None:
        begun, dev_eui = new.opened, live.session.dev_eui
        assert isinstance(begun, LiveSession)
        number = self._last[dev_eui] = self._last.get(dev_eui, 0) + 1
        words = (
            f"its frame counter began again at {new.uplink.f_cnt}, {live.session.f_cnt_up} was the next: "
            f"activation {begun.session.activation}"
        )
        self._begun[begun] = _Begun(number, name_of(live.session), words)
        self._sessions.add(begun)
        logger.info("%s: %s", dev_eui, words)

    def _says_something_else(self, repeated: Repeated, frame: Frame) -> bool:
        """Tell whether a frame with the last counter is no repetition: a device that restarted after its first uplink."""
        live = repeated.opened
        assert isinstance(live, LiveSession)
        if live.last is None or not self._may_restart(live):
            return False
        return live.last.phy_payload[:-MIC_OCTETS] != frame.phy_payload[:-MIC_OCTETS]

    def _may_restart(self, live: LiveSession) -> bool:
        device = self._device(live.session.dev_eui)
        return device is not None and device.activation is Activation.ABP and device.counter_reset_allowed
