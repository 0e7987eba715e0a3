"""Uplinks, sessions and devices to keep."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from gateway.journal import Changes, Journal, Registration, Settlement
from gateway.model import (
    Activation,
    Device,
    Eui64,
    Instant,
    Key,
    LoraRate,
    MacVersion,
    Reception,
    RootKeys,
    RowId,
    Session,
    SessionKeys,
    TimeQuality,
    Uplink,
    dev_addr,
    eui64,
    uplink_id,
)

DEV_EUI = eui64("70b3d57ed0001234")
ACTIVATION = "26011bda-000001"
CITY = "city"
NOW = datetime(2026, 11, 24, 12, 0, 0, 123456, tzinfo=UTC)
BOOT = "0b1c5d0e-5b1f-4f0e-9a55-1234567890ab"

RECEPTION = Reception(
    gateway=eui64("b827ebfffe123456"),
    frequency_hz=868_100_000,
    data_rate=LoraRate(7, 125_000),
    rssi_dbm=-87.0,
    snr_db=9.5,
    timestamp_us=3_123_456_789,
    channel=2,
    source="radio",
)


def clock() -> Instant:
    return Instant(NOW, 12345.678901, BOOT, TimeQuality.NTP)


def uplink(f_cnt: int, dev_eui: Eui64 = DEV_EUI, payload: bytes = bytes(range(12))) -> Uplink:
    return Uplink(
        id=uplink_id(dev_eui, ACTIVATION, f_cnt),
        dev_eui=dev_eui,
        activation=ACTIVATION,
        f_cnt=f_cnt,
        f_port=2,
        payload=payload,
        confirmed=False,
        adr=True,
        receptions=(RECEPTION,),
        heard_at=clock(),
    )


def keys(octet: int) -> SessionKeys:
    return SessionKeys.v1_0(nwk_s_key=Key(bytes([octet]) * 16), app_s_key=Key(bytes([octet + 1]) * 16))


def session(f_cnt_up: int, activation: str = ACTIVATION, *, dev_eui: Eui64 = DEV_EUI, key: int = 1) -> Session:
    return Session(
        dev_eui=dev_eui,
        dev_addr=dev_addr("26011bda"),
        activation=activation,
        mac_version=MacVersion.V1_0_3,
        keys=keys(key),
        f_cnt_up=f_cnt_up,
    )


def abp(index: int, *, key: int = 1, activation: str = "26011bda-abp0", decoder: str = "") -> Registration:
    dev_eui = eui64(f"{0x70B3D57ED0000000 + index:016x}")
    return Registration(
        device=Device(dev_eui=dev_eui, name=f"sensor {index}", activation=Activation.ABP, decoder=decoder),
        session=session(0, activation, dev_eui=dev_eui, key=key),
    )


def otaa(index: int, *, name: str = "sensor") -> Registration:
    dev_eui = eui64(f"{0x70B3D57ED1000000 + index:016x}")
    return Registration(device=Device(dev_eui=dev_eui, name=name), root_keys=RootKeys(app_key=Key(bytes(range(16)))))


async def hear(journal: Journal, f_cnts: Sequence[int]) -> tuple[RowId, ...]:
    """Commit one uplink a time with the counter that it moves."""
    rows: list[RowId] = []
    for f_cnt in f_cnts:
        rows += await journal.commit(Changes(uplinks=(uplink(f_cnt),), sessions=(session(f_cnt + 1),)))
    return tuple(rows)


async def given(journal: Journal, destination: str = CITY, limit: int = 1000) -> list[int]:
    """Return the counters of the uplinks that read() gives."""
    return [row.uplink.f_cnt for row in await journal.read(destination, limit)]


async def deliver(journal: Journal, rows: Sequence[RowId], destination: str = CITY) -> None:
    await journal.settle(destination, Settlement(delivered=frozenset(rows)))
