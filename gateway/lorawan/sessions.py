"""Uplinks against sessions: whose it is, whether it is new, and what it says.

A frame carries the lower half of its counter and an address that many devices may share, so a session has made a frame
exactly where the frame's MIC is right with that session's keys and the full counter.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Final, Generic, NamedTuple, Self, TypeVar

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.phy import ADDRESS, DataFrame, Direction, FCtrl
from gateway.lorawan.region import EU868, Region
from gateway.model import Frame, MacVersion, Reception, Session, Uplink, uplink_id

MAX_F_CNT_GAP: Final = 16_384  # LoRaWAN 1.0.3, section 4.3.1.5; 1.0.4 and 1.1 have no such rule
NO_GAP_RULE: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})
LATE_ACKS: Final = 8  # downlinks of the application's, back from the last, that an ACK of 1.1 may mean
_HALF: Final = 0x1_0000
_WHOLE: Final = 0x1_0000_0000


class OpenSession:
    """A session with its cipher objects; ``session`` is replaced as its counters move, its keys never change.

    What `proving.prove` looks at lies in the object itself, the first in its slots: memory that is not in a processor's
    caches costs a frame more than what is done with it. ``expects`` is the counter of the next uplink, None where a frame
    is not ordinary with any: in 1.1, and where the counters end. ``beside`` is the next session with this address.
    """

    __slots__ = ("expects", "cmac", "app_s", "beside", "_session", "ciphers")  # noqa: RUF023  # in the order of their use

    def __init__(self, session: Session) -> None:
        self.ciphers = SessionCiphers(session.keys)
        self.cmac, self.app_s = self.ciphers.f_nwk_s_int, self.ciphers.app_s
        self.beside: Self | None = None
        self.session = session

    @property
    def session(self) -> Session:
        """What is known of the session now."""
        return self._session

    @session.setter
    def session(self, session: Session) -> None:
        self._session = session
        is_ordinary = session.mac_version is not MacVersion.V1_1 and session.f_cnt_up <= _WHOLE - MAX_F_CNT_GAP
        self.expects = session.f_cnt_up if is_ordinary else None

    def sent_on(self, reception: Reception, region: Region) -> tuple[int, int]:
        """Return TxDr and TxCh (1.1); TxCh is the device's number of the channel, so it comes from the frequency."""
        return region.data_rate_number(reception.data_rate) or 0, region.channel(reception.frequency_hz) or 0


AnyOpen = TypeVar("AnyOpen", bound=OpenSession)


def chained(sessions: Sequence[AnyOpen]) -> AnyOpen | None:
    """Put the sessions of one address beside each other, and return the first."""
    for one, beside in zip_longest(sessions, sessions[1:]):
        one.beside = beside
    return sessions[0] if sessions else None


def chain(first: AnyOpen | None) -> Iterator[AnyOpen]:
    """Yield a session and those beside it."""
    while first is not None:
        yield first
        first = first.beside


class Proved(NamedTuple, Generic[AnyOpen]):
    """What a new data frame says, decrypted, after its MIC has shown who made it with which counter."""

    opened: AnyOpen
    f_cnt: int
    confirmed: bool
    f_ctrl: FCtrl
    f_port: int | None
    frm_payload: bytes
    f_opts: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NewUplink:
    """A frame that was never heard before.

    ``session`` is what ``opened.session`` becomes when the uplink is committed; until then nothing has moved.
    ``mac_commands`` are decrypted, from FOpts or from FPort 0.
    """

    uplink: Uplink
    session: Session
    opened: OpenSession
    f_ctrl: FCtrl
    mac_commands: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """The last frame again: its answer was lost, or it goes out several times. Answered again, not emitted again."""

    opened: OpenSession
    f_cnt: int
    confirmed: bool


Opened = NewUplink | Repeated


def full_f_cnt(next_expected: int, received16: int) -> int:
    """Return the 32-bit counter that a received half most likely is: the one before ``next_expected``, or the next from it on.

    Past 2**32 it wraps; so a result below ``next_expected - 1`` means that the counter is used up.
    """
    ahead = (received16 - next_expected) % _HALF
    if ahead == _HALF - 1 and next_expected > 0:
        return next_expected - 1
    return (next_expected + ahead) % _WHOLE


def open_uplink(frame: Frame, data_frame: DataFrame, sessions: Sequence[OpenSession], region: Region = EU868) -> Opened:
    """Prove, decrypt and count ``data_frame`` (the parsed ``frame``) with the sessions of its address.

    Raises BadFrame only. Nothing of ``sessions`` is changed.
    """
    if data_frame.direction is not Direction.UPLINK:
        raise BadFrame(BadFrameReason.NOT_UPLINK, data_frame.dev_addr)
    if not sessions:
        raise BadFrame(BadFrameReason.UNKNOWN_DEV_ADDR, data_frame.dev_addr)
    for opened, f_cnt in _candidates(data_frame, sessions):
        if _made(opened, frame, data_frame, f_cnt, region):
            return _open(opened, frame, data_frame, f_cnt)
    raise BadFrame(BadFrameReason.MIC, data_frame.dev_addr)


def maker(frame: Frame, data_frame: DataFrame, sessions: Sequence[AnyOpen], region: Region = EU868) -> AnyOpen | None:
    """Return whose of ``sessions`` an uplink is by its MIC, old or new; None for a stranger's, who may have the same DevAddr."""
    return next(
        (one for one, f_cnt in _candidates(data_frame, sessions) if _made(one, frame, data_frame, f_cnt, region)), None
    )


def _candidates(data_frame: DataFrame, sessions: Sequence[AnyOpen]) -> Iterator[tuple[AnyOpen, int]]:
    """Yield who may have made the frame with which counter, the likely ones first: mostly one MIC is computed."""
    received16 = data_frame.f_cnt16
    for opened in sessions:
        yield opened, full_f_cnt(opened.session.f_cnt_up, received16)
    for opened in sessions:
        likely = full_f_cnt(opened.session.f_cnt_up, received16)
        others = {likely - _HALF, received16} - {likely}  # an old frame, or a device that began again at 0
        if likely < opened.session.f_cnt_up:
            others.add(likely + _HALF)  # no repetition, but the frame after 65,535 lost ones
        yield from ((opened, f_cnt) for f_cnt in sorted(others) if 0 <= f_cnt < _WHOLE)


def _made(opened: OpenSession, frame: Frame, data_frame: DataFrame, f_cnt: int, region: Region) -> bool:
    if opened.session.mac_version is MacVersion.V1_1:
        return _made_v1_1(opened, frame, data_frame, f_cnt, region)
    return opened.ciphers.uplink_mic(data_frame.signed, f_cnt) == data_frame.mic


def _made_v1_1(opened: OpenSession, frame: Frame, data_frame: DataFrame, f_cnt: int, region: Region) -> bool:
    return any(
        opened.ciphers.uplink_mic_v1_1(data_frame.signed, f_cnt, conf_f_cnt=conf_f_cnt, tx_dr=tx_dr, tx_ch=tx_ch)
        == data_frame.mic
        for conf_f_cnt in _acknowledged_counters(opened.session, data_frame)
        for tx_dr, tx_ch in {opened.sent_on(reception, region) for reception in frame.receptions}
    )


def _acknowledged_counters(session: Session, data_frame: DataFrame) -> dict[int, None]:
    """Return which downlink counters an ACK of 1.1 can mean, the likely first: the last of the network, or one of the application's.

    Not only its last: a class C device may be sent more while it repeats an uplink that acknowledges what came before.
    """
    if not data_frame.f_ctrl.ack:
        return {0: None}
    last = max(session.a_f_cnt_down - 1, 0)
    return dict.fromkeys((last, max(session.n_f_cnt_down - 1, 0), *range(last - 1, max(last - LATE_ACKS, -1), -1)))


def _open(opened: OpenSession, frame: Frame, data_frame: DataFrame, f_cnt: int) -> Opened:
    session = opened.session
    if f_cnt == session.f_cnt_up - 1:
        return Repeated(opened=opened, f_cnt=f_cnt, confirmed=data_frame.confirmed)
    if f_cnt < session.f_cnt_up:
        used_up = f_cnt == full_f_cnt(session.f_cnt_up, data_frame.f_cnt16)
        reason = BadFrameReason.COUNTER_EXHAUSTED if used_up else BadFrameReason.REPLAYED_COUNTER
        raise BadFrame(reason, f"{session.dev_eui}: {f_cnt}, the next is {session.f_cnt_up}")
    if f_cnt - session.f_cnt_up >= MAX_F_CNT_GAP and session.mac_version not in NO_GAP_RULE:
        raise BadFrame(BadFrameReason.COUNTER_GAP, f"{session.dev_eui}: {f_cnt}, the next is {session.f_cnt_up}")
    return new_uplink(frame, _proved(opened, data_frame, f_cnt))


def _proved(opened: OpenSession, data_frame: DataFrame, f_cnt: int) -> Proved[OpenSession]:
    address, ciphers = data_frame.signed[ADDRESS], opened.ciphers
    plain = ciphers.crypt_payload(Direction.UPLINK, address, f_cnt, data_frame.f_port or 0, data_frame.frm_payload)
    f_opts = data_frame.f_opts
    if opened.session.mac_version is MacVersion.V1_1:
        counter = FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN
        f_opts = ciphers.crypt_f_opts(counter, Direction.UPLINK, address, f_cnt, f_opts)
    return Proved(opened, f_cnt, data_frame.confirmed, data_frame.f_ctrl, data_frame.f_port, plain, f_opts)


def new_uplink(frame: Frame, proved: Proved[AnyOpen]) -> NewUplink:
    """Return the uplink that a proved frame carries, and what its session becomes of it."""
    opened, f_cnt, f_port = proved.opened, proved.f_cnt, proved.f_port
    session = opened.session
    uplink = Uplink(
        id=uplink_id(session.dev_eui, session.activation, f_cnt),
        dev_eui=session.dev_eui,
        activation=session.activation,
        f_cnt=f_cnt,
        f_port=f_port or 0,
        payload=proved.frm_payload if f_port else b"",
        confirmed=proved.confirmed,
        adr=proved.f_ctrl.adr,
        receptions=frame.receptions,
        heard_at=frame.heard_at,
    )
    return NewUplink(
        uplink=uplink,
        session=replace(
            session,
            f_cnt_up=f_cnt + 1,
            confirmed_f_cnt_up=f_cnt if proved.confirmed else session.confirmed_f_cnt_up,
        ),
        opened=opened,
        f_ctrl=proved.f_ctrl,
        mac_commands=proved.frm_payload if f_port == 0 else proved.f_opts,
    )
