"""Data frames by the hundred, drawn from a seed: of 1.0.x and 1.1, up and down, with all that a frame may carry."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.phy import ADDRESS, DataFrame, Direction, FCtrl, MType, data_octets, dev_addr_octets, parse
from gateway.lorawan.region import EU868
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DevAddr, Key, MacVersion, Session, SessionKeys
from tests.lorawan.air import DEV_EUI, both_ways, heard, reception

CHANNELS_HZ = EU868.default_channels_hz + EU868.cf_list_hz


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCase:
    """A data frame in clear, and the keys to seal it with."""

    mac_version: MacVersion
    direction: Direction
    keys: SessionKeys
    dev_addr: DevAddr
    f_cnt: int
    confirmed: bool
    f_ctrl: FCtrl
    f_port: int | None
    payload: bytes
    f_opts: bytes
    conf_f_cnt: int  # 0 without ACK
    tx_dr: int
    tx_ch: int


def cases(mac_version: MacVersion, direction: Direction, count: int = 100) -> list[DataCase]:
    """Return always the same frames for a version and a direction."""
    random = Random(f"{mac_version} {direction}")
    return [_case(random, mac_version, direction) for _ in range(count)]


def _case(random: Random, mac_version: MacVersion, direction: Direction) -> DataCase:
    f_port = random.choice((None, 0, 1, random.randrange(1, 224)))
    ack = random.random() < 0.5
    fourth = random.random() < 0.5
    up = direction is Direction.UPLINK
    return DataCase(
        mac_version=mac_version,
        direction=direction,
        keys=_keys(random, mac_version),
        dev_addr=DevAddr(random.randbytes(4).hex()),
        f_cnt=random.choice((0, random.getrandbits(8), random.getrandbits(16), random.getrandbits(32))),
        confirmed=random.random() < 0.5,
        f_ctrl=FCtrl(
            adr=random.random() < 0.5,
            adr_ack_req=up and random.random() < 0.5,
            ack=ack,
            class_b=up and fourth,
            f_pending=not up and fourth,
        ),
        f_port=f_port,
        payload=b"" if f_port is None else random.randbytes(random.choice((0, 1, 15, 16, 17, random.randrange(223)))),
        f_opts=b"" if f_port == 0 else random.randbytes(random.choice((0, 1, random.randrange(16), 15))),
        conf_f_cnt=random.getrandbits(20) if ack else 0,
        tx_dr=random.randrange(6),
        tx_ch=random.randrange(len(CHANNELS_HZ)),
    )


def _keys(random: Random, mac_version: MacVersion) -> SessionKeys:
    first, second, third, fourth = (Key(random.randbytes(16)) for _ in range(4))
    if mac_version is MacVersion.V1_1:
        return SessionKeys(f_nwk_s_int_key=first, s_nwk_s_int_key=second, nwk_s_enc_key=third, app_s_key=fourth)
    return SessionKeys.v1_0(nwk_s_key=first, app_s_key=second)


def sealed(case: DataCase) -> bytes:
    """Return the PHYPayload as ours make it: the gateway a downlink, a simulated device an uplink."""
    return _uplink(case) if case.direction is Direction.UPLINK else _downlink(case)


def _downlink(case: DataCase) -> bytes:
    session = _session(case, n_f_cnt_down=case.f_cnt, a_f_cnt_down=case.f_cnt)
    return seal_downlink(
        session,
        SessionCiphers(case.keys),
        f_ctrl=case.f_ctrl,
        f_port=case.f_port,
        payload=case.payload,
        f_opts=case.f_opts,
        confirmed=case.confirmed,
        acked_f_cnt_up=case.conf_f_cnt,
    )


def _uplink(case: DataCase) -> bytes:
    ciphers, address = SessionCiphers(case.keys), dev_addr_octets(case.dev_addr)
    v1_1 = case.mac_version is MacVersion.V1_1
    counter, up = FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN, Direction.UPLINK
    signed = data_octets(
        direction=up,
        confirmed=case.confirmed,
        dev_addr=case.dev_addr,
        f_ctrl=case.f_ctrl,
        f_cnt=case.f_cnt,
        f_opts=ciphers.crypt_f_opts(counter, up, address, case.f_cnt, case.f_opts) if v1_1 else case.f_opts,
        f_port=case.f_port,
        frm_payload=ciphers.crypt_payload(up, address, case.f_cnt, case.f_port or 0, case.payload),
    )
    if not v1_1:
        return signed + ciphers.uplink_mic(signed, case.f_cnt)
    mic = ciphers.uplink_mic_v1_1(signed, case.f_cnt, conf_f_cnt=case.conf_f_cnt, tx_dr=case.tx_dr, tx_ch=case.tx_ch)
    return signed + mic


def opened(case: DataCase, phy_payload: bytes) -> tuple[bytes, bytes]:
    """Return FRMPayload and MAC commands in clear, after the frame was proved: by the gateway, a downlink as by a device."""
    frame = parse(phy_payload)
    assert isinstance(frame, DataFrame)
    assert (frame.dev_addr, frame.f_cnt16, frame.f_port) == (case.dev_addr, case.f_cnt & 0xFFFF, case.f_port)
    assert (frame.direction, frame.confirmed, frame.f_ctrl) == (case.direction, case.confirmed, case.f_ctrl)
    if case.direction is Direction.UPLINK:
        return _opened_uplink(case, phy_payload)
    return _opened_downlink(case, frame)


def _opened_uplink(case: DataCase, phy_payload: bytes) -> tuple[bytes, bytes]:
    session = OpenSession(_session(case, f_cnt_up=case.f_cnt, n_f_cnt_down=case.conf_f_cnt + 1))
    data_rate = EU868.data_rate(case.tx_dr)
    assert data_rate is not None
    hearing = heard(phy_payload, reception(frequency_hz=CHANNELS_HZ[case.tx_ch], data_rate=data_rate))
    new = both_ways(hearing, [session])
    assert isinstance(new, NewUplink)
    assert new.uplink.f_cnt == case.f_cnt
    return new.uplink.payload, new.mac_commands


def _opened_downlink(case: DataCase, frame: DataFrame) -> tuple[bytes, bytes]:
    ciphers, address, down = SessionCiphers(case.keys), frame.signed[ADDRESS], Direction.DOWNLINK
    v1_1 = case.mac_version is MacVersion.V1_1
    assert ciphers.downlink_mic(frame.signed, case.f_cnt, case.conf_f_cnt if v1_1 else 0) == frame.mic
    plain = ciphers.crypt_payload(down, address, case.f_cnt, frame.f_port or 0, frame.frm_payload)
    if frame.f_port == 0:
        return b"", plain
    counter = FOptsCounter.A_F_CNT_DOWN if frame.f_port else FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN
    f_opts = ciphers.crypt_f_opts(counter, down, address, case.f_cnt, frame.f_opts) if v1_1 else frame.f_opts
    return plain, f_opts


def _session(case: DataCase, **counters: Any) -> Session:
    return Session(
        dev_eui=DEV_EUI,
        dev_addr=case.dev_addr,
        activation="x",
        mac_version=case.mac_version,
        keys=case.keys,
        **counters,
    )


def m_type(case: DataCase) -> int:
    """Return the number of a frame's message type."""
    return (MType.CONFIRMED_UP if case.confirmed else MType.UNCONFIRMED_UP) | case.direction
