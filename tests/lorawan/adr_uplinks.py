"""Uplinks for adaptive data rate, and the limits of EU868."""

from __future__ import annotations

from gateway.lorawan.adr import HeardUplink, Limits, Setting

FLOORS = {0: -20.0, 1: -17.5, 2: -15.0, 3: -12.5, 4: -10.0, 5: -7.5}  # SF12 to SF7
LIMITS = Limits(min_data_rate=0, max_data_rate=5, max_tx_power=7, required_snr_db=FLOORS)
SLOWEST = Setting(data_rate=0, tx_power=0)
FASTEST = Setting(data_rate=5, tx_power=0)


def heard(
    f_cnt: int = 0, snr_db: float | None = 0.0, setting: Setting = SLOWEST, *, adr: bool = True, gateways: int = 1
) -> HeardUplink:
    """Return an uplink as a site heard it."""
    return HeardUplink(f_cnt=f_cnt, snr_db=snr_db, gateways=gateways, adr=adr, setting=setting)


def run(count: int, snr_db: float | None, setting: Setting, *, first: int = 0) -> tuple[HeardUplink, ...]:
    """Return uplinks one after another, none lost between them."""
    return tuple(heard(first + number, snr_db, setting) for number in range(count))
