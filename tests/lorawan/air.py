"""Frames as a gateway hears them, and sessions as the network knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.downlink import rx1, rx2, seal_downlink
from gateway.lorawan.phy import ADDRESS, DataFrame, Direction, FCtrl, data_octets, dev_addr_octets, parse
from gateway.lorawan.proving import prove
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import NewUplink, Opened, OpenSession, Proved, chained, new_uplink, open_uplink
from gateway.model import (
    DataRate,
    DevAddr,
    Eui64,
    Frame,
    Instant,
    Key,
    LoraRate,
    MacVersion,
    Reception,
    Session,
    SessionKeys,
    TimeQuality,
    TxRequest,
)
from simulators.end_device import EndDevice

NOW = Instant(datetime(2026, 11, 24, 12, 0, tzinfo=UTC), 100.0, "boot", TimeQuality.NTP)
SF7 = LoraRate(7, 125_000)
DEV_EUI = Eui64("a81758fffe051d02")
DEV_ADDR = DevAddr("26011234")


def reception(
    *, frequency_hz: int = 868_100_000, data_rate: DataRate = SF7, timestamp_us: int | None = 1_000_000
) -> Reception:
    """Return how one antenna heard a frame."""
    return Reception(
        gateway=Eui64("0016c001ff10a235"),
        frequency_hz=frequency_hz,
        data_rate=data_rate,
        rssi_dbm=-57.0,
        timestamp_us=timestamp_us,
        source="roof",
    )


CHANNEL_1 = reception(frequency_hz=868_300_000)


def heard(phy_payload: bytes, *receptions: Reception) -> Frame:
    """Return a frame as a source makes it."""
    return Frame(phy_payload, receptions or (reception(),), NOW)


def session_of(device: EndDevice, *, f_cnt_up: int = 0) -> Session:
    """Return what the network knows of a personalised device."""
    assert device.dev_addr is not None
    assert device.keys is not None
    return Session(
        dev_eui=device.dev_eui,
        dev_addr=device.dev_addr,
        activation=f"{device.dev_addr}-abp0",
        mac_version=device.mac_version,
        keys=device.keys,
        f_cnt_up=f_cnt_up,
    )


def personalised(
    mac_version: MacVersion = MacVersion.V1_0_3, *, f_cnt_up: int = 0, dev_eui: Eui64 = DEV_EUI
) -> tuple[EndDevice, OpenSession]:
    """Return an ABP device, and its session in the network; both count from ``f_cnt_up``."""
    device = EndDevice.abp(dev_eui, DEV_ADDR, mac_version=mac_version)
    device.f_cnt_up = f_cnt_up
    return device, OpenSession(session_of(device, f_cnt_up=f_cnt_up))


def hear(phy_payload: bytes, *sessions: OpenSession, receptions: tuple[Reception, ...] = ()) -> Opened:
    """Open a frame as the network does, and let the session's counters move."""
    opened = both_ways(heard(phy_payload, *receptions), sessions)
    if isinstance(opened, NewUplink):
        opened.opened.session = opened.session
    return opened


def at_once(octets: bytes, sessions: Sequence[OpenSession]) -> Proved[OpenSession] | None:
    """Return what the short way proves; all of ``sessions`` are at the address that the octets name."""
    first = chained(sessions)
    return None if first is None else prove(octets, {octets[ADDRESS]: first})


def both_ways(frame: Frame, sessions: Sequence[OpenSession]) -> Opened:
    """Open a frame as `open_uplink` does; the short way proves the same or nothing, and nothing of what is refused."""
    proved = at_once(frame.phy_payload, sessions)
    if proved is None:
        return _long_way(frame, sessions)
    try:
        opened = _long_way(frame, sessions)
    except BadFrame as bad:
        raise AssertionError("proved at once, and refused") from bad
    assert new_uplink(frame, proved) == opened
    return opened


def _long_way(frame: Frame, sessions: Sequence[OpenSession]) -> Opened:
    data_frame = parse(frame.phy_payload)
    if not isinstance(data_frame, DataFrame):
        raise BadFrame(BadFrameReason.NOT_SUPPORTED)
    return open_uplink(frame, data_frame, sessions)


def distinct_keys() -> SessionKeys:
    """Return the keys of a 1.1 session, each another."""
    return SessionKeys(
        f_nwk_s_int_key=Key(b"F" * 16),
        s_nwk_s_int_key=Key(b"S" * 16),
        nwk_s_enc_key=Key(b"E" * 16),
        app_s_key=Key(b"A" * 16),
    )


def session_v1_1(**changes: Any) -> OpenSession:
    """Return a 1.1 session in the network."""
    session = Session(
        dev_eui=DEV_EUI, dev_addr=DEV_ADDR, activation="x", mac_version=MacVersion.V1_1, keys=distinct_keys()
    )
    return OpenSession(replace(session, **changes))


def uplink_v1_1(
    *,
    f_cnt: int = 0,
    f_port: int | None = 2,
    ack: bool = False,
    conf_f_cnt: int = 0,
    tx_dr: int = 5,
    tx_ch: int = 1,
    keys: SessionKeys | None = None,
) -> bytes:
    """Return what a 1.1 device sends: "hi", and LinkCheckReq where it has its place."""
    ciphers, address, direction = SessionCiphers(keys or distinct_keys()), dev_addr_octets(DEV_ADDR), Direction.UPLINK
    f_opts = ciphers.crypt_f_opts(FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN, direction, address, f_cnt, b"\x02")
    signed = data_octets(
        direction=direction,
        confirmed=False,
        dev_addr=DEV_ADDR,
        f_ctrl=FCtrl(ack=ack),
        f_cnt=f_cnt,
        f_opts=f_opts if f_port else b"",
        f_port=f_port,
        frm_payload=ciphers.crypt_payload(direction, address, f_cnt, f_port or 0, b"hi" if f_port else b"\x02"),
    )
    return signed + ciphers.uplink_mic_v1_1(signed, f_cnt, conf_f_cnt=conf_f_cnt, tx_dr=tx_dr, tx_ch=tx_ch)


def open_octets(octets: bytes, *sessions: OpenSession) -> None:
    """Do with octets what the network does; the address is not looked up: all sessions are tried."""
    both_ways(heard(octets, CHANNEL_1), sessions)


def acknowledge(session: Session, ciphers: SessionCiphers, *, ack: bool, f_cnt_up: int) -> bytes:
    """Return an empty downlink: the ACK of the confirmed uplink ``f_cnt_up``, or only a sign of life (ADRACKReq)."""
    return seal_downlink(session, ciphers, f_ctrl=FCtrl(ack=ack), acked_f_cnt_up=f_cnt_up)


def receive_windows(
    reception: Reception, session: Session | None, region: Region, phy_payload: bytes
) -> tuple[TxRequest, ...]:
    """Return the same frame for RX1 and for RX2, the windows that there are, in order: send one of them.

    ``session`` None answers a join request.
    """
    windows = (rx1(reception, session, region, phy_payload), rx2(reception, session, region, phy_payload))
    return tuple(window for window in windows if window is not None)
