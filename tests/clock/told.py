"""Uplinks of whom only the time matters."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from gateway.model import Eui64, Instant, LoraRate, Reception, TimeQuality, Uplink, uplink_id

NOON: Final = datetime(2026, 11, 26, 12, tzinfo=UTC)
DEV_EUI: Final = Eui64("a81758fffe03abcd")
ACTIVATION: Final = "260b1234-1"


def heard(
    utc: datetime,
    monotonic: float,
    *,
    boot: str = "now",
    quality: TimeQuality = TimeQuality.UNSYNCHRONISED,
    receptions: tuple[Reception, ...] = (),
    f_cnt: int = 1,
) -> Uplink:
    return Uplink(
        id=uplink_id(DEV_EUI, ACTIVATION, f_cnt),
        dev_eui=DEV_EUI,
        activation=ACTIVATION,
        f_cnt=f_cnt,
        f_port=1,
        payload=b"\x01",
        confirmed=False,
        adr=False,
        receptions=receptions,
        heard_at=Instant(utc, monotonic, boot, quality),
    )


def gps_reception(at: datetime, *, is_gps: bool = True) -> Reception:
    return Reception(
        gateway=Eui64("00800000a0001234"),
        frequency_hz=868_100_000,
        data_rate=LoraRate(7, 125_000),
        rssi_dbm=-80.0,
        gateway_time=at,
        gateway_time_is_gps=is_gps,
    )
