"""Rejoining (LoRaWAN 1.1, section 6.2.4): a device asks for another session without leaving the one it has.

    type  signed with               counted by              what it asks for
    0     its session's SNwkSIntKey RJcount0 of the session session and radio parameters anew
    1     JSIntKey                  RJcount1 of the device  the same, of a network that may have lost the session
    2     its session's SNwkSIntKey RJcount0 of the session keys and address; radio parameters stay

The answer is a join accept, encrypted with JSEncKey, in whose keys and MIC the RJcount stands where a DevNonce stood. A
network need not answer: to a request of type 1 of a device whose uplinks it understands it mostly does not. What was
proved must be remembered in any case (`Rejoin.counts`).

A session so offered is pending until its first uplink comes: the device may not have heard of it, so both are kept, and
the device is spoken to in the one it was last heard with. The first uplink, which carries a RekeyInd, ends the old one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan import channel_plan, crypto
from gateway.lorawan.join import Asked, accepted, join_key
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_layer import MacState, rejoined
from gateway.lorawan.phy import RejoinRequest
from gateway.lorawan.region import JOIN_ACCEPT_DELAY1, RECEIVE_DELAY1, Region
from gateway.model import DevAddr, Device, Eui64, Key, MacVersion, RootKeys, Session, is_moved

RESTORE: Final = 1  # rejoin types
REKEY: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class RejoinCounts:
    """The RJcounts that a device's requests last had. They are on disk before an answer is on air.

    Without an RJcount1 that outlives session and registration, a request heard years ago would be answered again.
    """

    of_sessions: Mapping[str, int] = field(default_factory=dict)  # RJcount0 by activation
    of_device: int | None = None  # RJcount1; None before the first


_NONE_YET: Final = RejoinCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejoin:
    """A rejoin request that was proved, and is new."""

    request: RejoinRequest
    join_eui: Eui64
    session: Session | None  # that the device signed with; None: type 1 names none
    counts: RejoinCounts  # to remember from now on

    @property
    def keeps_radio(self) -> bool:
        """Tell whether the device's radio parameters go on in the new session, and with them its MAC state."""
        return self.request.rejoin_type == REKEY


# ── who may ─────────────────────────────────────────────────────────────────────────────────────────────────────


def open_rejoin_request(
    request: RejoinRequest,
    device: Device,
    root_keys: RootKeys,
    sessions: Sequence[Session],
    counts: RejoinCounts = _NONE_YET,
    *,
    joined_with: Eui64 | None = None,
) -> Rejoin:
    """Prove a rejoin request of ``device``, which has these ``sessions``. Raises BadFrame only.

    ``joined_with`` is the JoinEUI of its last join, for a device that is registered without one. The NetID that types 0
    and 2 carry is not compared: the session's key proves more, and a device of a network that was renumbered must learn it.
    """
    if device.mac_version is not MacVersion.V1_1:
        raise BadFrame(
            BadFrameReason.NOT_SUPPORTED, f"{device.dev_eui}: LoRaWAN {device.mac_version} has no rejoin requests"
        )
    nwk_key, join_eui = join_key(device, root_keys), _join_eui(request, device, joined_with)
    if request.rejoin_type == RESTORE:
        _check_signed(request, crypto.derive_js_int_key(nwk_key, device.dev_eui))
        _check_new(request, counts.of_device)
        return Rejoin(
            request=request, join_eui=join_eui, session=None, counts=replace(counts, of_device=request.rj_count)
        )
    session = _signer(request, sessions)
    _check_new(request, counts.of_sessions.get(session.activation))
    of_sessions = {**counts.of_sessions, session.activation: request.rj_count}
    return Rejoin(request=request, join_eui=join_eui, session=session, counts=replace(counts, of_sessions=of_sessions))


def is_signed(request: RejoinRequest, key: Key) -> bool:
    """Tell whether this key made the request's MIC: an SNwkSIntKey of types 0 and 2, the JSIntKey of type 1."""
    return crypto.rejoin_request_mic(key, request) == request.mic


def _join_eui(request: RejoinRequest, device: Device, joined_with: Eui64 | None) -> Eui64:
    registered = device.join_eui or joined_with
    join_eui = request.join_eui or registered
    if join_eui is None:
        raise BadFrame(
            BadFrameReason.WRONG_JOIN_EUI,
            f"{device.dev_eui}: a rejoin request of type {request.rejoin_type} is answered with the JoinEUI, none is known",
        )
    if registered not in {None, join_eui}:
        raise BadFrame(BadFrameReason.WRONG_JOIN_EUI, f"{device.dev_eui}: {join_eui}, registered {registered}")
    return join_eui


def _check_signed(request: RejoinRequest, key: Key) -> None:
    if not is_signed(request, key):
        raise BadFrame(BadFrameReason.MIC, f"{request.dev_eui}: rejoin request of type {request.rejoin_type}")


def _signer(request: RejoinRequest, sessions: Sequence[Session]) -> Session:
    for session in reversed(sessions):
        if is_signed(request, session.keys.s_nwk_s_int_key):
            return session
    words = f"rejoin request of type {request.rejoin_type}, none of {len(sessions)} sessions signed it"
    raise BadFrame(BadFrameReason.MIC, f"{request.dev_eui}: {words}")


def _check_new(request: RejoinRequest, last: int | None) -> None:
    if last is not None and request.rj_count <= last:
        name = "RJcount1" if request.rejoin_type == RESTORE else "RJcount0"
        raise BadFrame(BadFrameReason.REPLAYED_COUNTER, f"{request.dev_eui}: {name} {request.rj_count}, last {last}")


# ── what the device is told ─────────────────────────────────────────────────────────────────────────────────────


def answer_rejoin(
    rejoin: Rejoin,
    device: Device,
    root_keys: RootKeys,
    *,
    join_nonce: int,
    net_id: int,
    dev_addr: DevAddr,
    region: Region,
    rx1_delay_s: int = RECEIVE_DELAY1.seconds,
    rx1_dr_offset: int = 0,
    rx2_data_rate: int | None = None,
    cf_list: bytes | None = None,
) -> tuple[Session, bytes]:
    """Return the session that is offered, and the PHYPayload of the join accept that says so.

    As with `answer_join`; the radio parameters are for types 0 and 1, type 2 is told those that it has. Raises BadFrame only.
    """
    content = JoinAcceptContent(
        join_nonce=join_nonce,
        net_id=net_id,
        dev_addr=dev_addr,
        opt_neg=True,
        rx1_dr_offset=rx1_dr_offset,
        rx2_data_rate=region.rx2_data_rate if rx2_data_rate is None else rx2_data_rate,
        rx_delay=rx1_delay_s,
        cf_list=channel_plan.cf_list(region, device.mac_version) if cf_list is None else cf_list,
    )
    asked = Asked(join_eui=rejoin.join_eui, nonce=rejoin.request.rj_count, join_request_type=rejoin.request.rejoin_type)
    if rejoin.session is None or not rejoin.keeps_radio:
        return accepted(asked, device, root_keys, content, rx2_frequency_hz=region.rx2_frequency_hz)
    content = _as_before(content, rejoin.session)
    return accepted(asked, device, root_keys, content, rx2_frequency_hz=rejoin.session.rx2_frequency_hz)


def _as_before(content: JoinAcceptContent, session: Session) -> JoinAcceptContent:
    """Say what the device has: end devices exist that take DLSettings, RxDelay and CFList of any accept (LoRaMac-node)."""
    return replace(
        content,
        rx1_dr_offset=session.rx1_dr_offset,
        rx2_data_rate=session.rx2_data_rate,
        rx_delay=session.rx1_delay_s,
        cf_list=b"",  # no list leaves the channels as they are
    )


def listens_as(rejoin: Rejoin) -> Session | None:
    """Return the session whose windows the answer goes into: a join accept's delay, the rest as the device is set.

    None where that is not known: as after a join request.
    """
    if rejoin.session is None:
        return None
    return replace(rejoin.session, rx1_delay_s=JOIN_ACCEPT_DELAY1.seconds)


def kept_state(state: MacState) -> MacState:
    """Return the MAC state of a session whose radio parameters go on in the next: its counters begin anew at 0."""
    return replace(rejoined(state), asked=(), silences=0, ask_from=0, rj_count0=None)


def ended_by_offer(
    sessions: Sequence[Session], rejoin: Rejoin, signed: Collection[str] = frozenset()
) -> tuple[Session, ...]:
    """Return which of a device's sessions, the oldest first, make room for the one that is about to be offered.

    Of those offered and never used the last one stays, for its accept may be on air right now; and those that signed, now or,
    by the activations ``signed``, before: the device has heard of them, though the network has no uplink of them yet.
    """
    unused = [session for session in sessions if session.f_cnt_up == 0 and not is_moved(session)]
    pending = [session for session in unused if session.activation not in signed]
    return tuple(session for session in pending[:-1] if session != rejoin.session)
