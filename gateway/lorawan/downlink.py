"""Downlinks: frames sealed for a session, and the two windows in which a class A device listens.

Nothing is counted here: whoever seals has reserved the counter on disk before, and moves it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.phy import Direction, FCtrl, data_octets, dev_addr_octets
from gateway.lorawan.region import JOIN_ACCEPT_DELAY1, RX2_AFTER_RX1, Region
from gateway.model import DataRate, MacVersion, Reception, Session, TxRequest

_MICROSECOND: Final = timedelta(microseconds=1)
_TIMESTAMPS: Final = 1 << 32  # the concentrator's counter wraps
_NO_BITS: Final = FCtrl()


def seal_downlink(
    session: Session,
    ciphers: SessionCiphers,
    *,
    f_ctrl: FCtrl = _NO_BITS,
    f_port: int | None = None,
    payload: bytes = b"",
    f_opts: bytes = b"",
    confirmed: bool = False,
    acked_f_cnt_up: int | None = None,
) -> bytes:
    """Encrypt and sign a downlink with the session's next counter, and return its PHYPayload.

    ``payload`` on FPort 0 and ``f_opts`` are MAC commands in clear. ``acked_f_cnt_up`` (1.1) is which confirmed uplink
    an ACK means; None: the session's last.
    """
    f_cnt, apart = counter(session, f_port), is_counted_apart(session, f_port)
    address = dev_addr_octets(session.dev_addr)
    if session.mac_version is MacVersion.V1_1:
        f_opts_counter = FOptsCounter.A_F_CNT_DOWN if apart else FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN
        f_opts = ciphers.crypt_f_opts(f_opts_counter, Direction.DOWNLINK, address, f_cnt, f_opts)
    signed = data_octets(
        direction=Direction.DOWNLINK,
        confirmed=confirmed,
        dev_addr=session.dev_addr,
        f_ctrl=f_ctrl,
        f_cnt=f_cnt,
        f_opts=f_opts,
        f_port=f_port,
        frm_payload=ciphers.crypt_payload(Direction.DOWNLINK, address, f_cnt, f_port or 0, payload),
    )
    return signed + ciphers.downlink_mic(signed, f_cnt, _conf_f_cnt(session, f_ctrl, acked_f_cnt_up))


def is_counted_apart(session: Session, f_port: int | None) -> bool:
    """Tell whether a downlink on ``f_port`` has the application's counter: 1.1 counts what is for it apart."""
    return session.mac_version is MacVersion.V1_1 and bool(f_port)


def counter(session: Session, f_port: int | None) -> int:
    """Return the counter of the next downlink on ``f_port``."""
    return session.a_f_cnt_down if is_counted_apart(session, f_port) else session.n_f_cnt_down


def _conf_f_cnt(session: Session, f_ctrl: FCtrl, acked_f_cnt_up: int | None) -> int:
    if session.mac_version is not MacVersion.V1_1 or not f_ctrl.ack:
        return 0
    return (session.confirmed_f_cnt_up or 0) if acked_f_cnt_up is None else acked_f_cnt_up


# ── windows ─────────────────────────────────────────────────────────────────────────────────────────────────────


def rx1(
    reception: Reception,
    session: Session | None,
    region: Region,
    phy_payload: bytes,
    *,
    frequency_hz: int | None = None,
    dwell_limited: bool = False,
) -> TxRequest | None:
    """Return the frame for RX1; None where the radio tells no time or the region has no frequency or data rate for it.

    ``frequency_hz`` is where this device listens (DlChannelReq), None where its region says; ``dwell_limited`` is its DownlinkDwellTime.
    """
    offset = 0 if session is None else session.rx1_dr_offset
    data_rate = region.rx1_data_rate(reception.data_rate, offset, dwell_limited=dwell_limited)
    where = region.rx1_frequency_hz(reception.frequency_hz) if frequency_hz is None else frequency_hz
    return _window(reception, rx1_delay(session), where, data_rate, region, phy_payload)


def rx2(reception: Reception, session: Session | None, region: Region, phy_payload: bytes) -> TxRequest | None:
    """Return the frame for RX2; None where the radio tells no time or the region has no such data rate."""
    frequency_hz = region.rx2_frequency_hz if session is None else session.rx2_frequency_hz
    data_rate = region.data_rate(region.rx2_data_rate if session is None else session.rx2_data_rate)
    return _window(reception, rx1_delay(session) + RX2_AFTER_RX1, frequency_hz, data_rate, region, phy_payload)


def rx1_delay(session: Session | None) -> timedelta:
    """Return from the end of an uplink to RX1; None is a join request."""
    return JOIN_ACCEPT_DELAY1 if session is None else timedelta(seconds=session.rx1_delay_s)


def _window(
    reception: Reception,
    delay: timedelta,
    frequency_hz: int | None,
    data_rate: DataRate | None,
    region: Region,
    phy_payload: bytes,
) -> TxRequest | None:
    tells_time = reception.timestamp_us is not None or reception.context
    if not tells_time or frequency_hz is None or data_rate is None:
        return None
    timestamp_us = reception.timestamp_us
    return TxRequest(
        source=reception.source,
        gateway=reception.gateway,
        phy_payload=phy_payload,
        frequency_hz=frequency_hz,
        data_rate=data_rate,
        power_dbm=region.eirp_dbm(frequency_hz),
        timestamp_us=None if timestamp_us is None else (timestamp_us + delay // _MICROSECOND) % _TIMESTAMPS,
        delay=delay,
        context=reception.context,
    )
