"""What the network knows of a device's radio, told: setting, channels, windows, margin, status, gateways, frames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from gateway.lorawan.airtime import required_snr_db
from gateway.lorawan.mac_layer import DeviceStatus, MacState
from gateway.lorawan.region import Channel, Region
from gateway.model import Eui64, Json, Reception, Session, Uplink

EXTERNAL_POWER: Final = 0  # of DevStatusAns (LoRaWAN 1.0.4, section 5.5)
NOT_MEASURED: Final = 255
FULL: Final = 254


def radio(session: Session, mac: MacState) -> Mapping[str, Json]:
    """Return how a device sends and listens, as far as it has said so."""
    region, setting = mac.plan.region, mac.setting
    return {
        "region": region.name,
        "data_rate": rate_words(region, setting.data_rate),
        "tx_power": setting.tx_power,
        "eirp_dbm": region.tx_power_dbm(setting.tx_power),
        "nb_trans": setting.nb_trans,
        "device_class": mac.device_class,
        "channels": [
            _channel(number, channel, enabled=number in mac.plan.enabled)
            for number, channel in enumerate(mac.plan.channels)
            if channel is not None
        ],
        "rx1": {"delay_s": session.rx1_delay_s or 1, "dr_offset": session.rx1_dr_offset},
        "rx2": {
            "frequency_hz": session.rx2_frequency_hz,
            "data_rate": rate_words(region, session.rx2_data_rate),
        },
        "asked": [type(command).__name__ for command in mac.asked],
    }


def rate_words(region: Region, number: int) -> str:
    """Return a data rate as people say it: "DR5 (SF7BW125)"."""
    rate = region.data_rate(number)
    return f"DR{number}" if rate is None else f"DR{number} ({rate})"


def _channel(number: int, channel: Channel, *, enabled: bool) -> Mapping[str, Json]:
    return {
        "number": number,
        "frequency_hz": channel.frequency_hz,
        "lowest_data_rate": channel.lowest_data_rate,
        "highest_data_rate": channel.highest_data_rate,
        "downlink_hz": channel.downlink_hz,
        "enabled": enabled,
    }


def status(told: DeviceStatus | None, now: datetime) -> Mapping[str, Json] | None:
    """Return what the device's last DevStatusAns said, and how old it is; None before the first."""
    if told is None:
        return None
    percent = None if told.battery in {EXTERNAL_POWER, NOT_MEASURED} else round(100 * (told.battery - 1) / (FULL - 1))
    return {
        "external_power": told.battery == EXTERNAL_POWER,
        "battery_percent": percent,
        "margin_db": told.margin_db,
        "told_at": told.told_at.isoformat(),
        "age_s": round((now - told.told_at).total_seconds(), 1),
    }


# ── what was heard ──────────────────────────────────────────────────────────────────────────────────────────────


def frame(uplink: Uplink) -> Mapping[str, Json]:
    """Return one uplink in a line's worth."""
    best = uplink.best
    return {
        "heard_at": uplink.heard_at.utc.isoformat(),
        "f_cnt": uplink.f_cnt,
        "f_port": uplink.f_port,
        "payload": uplink.payload.hex(),
        "confirmed": uplink.confirmed,
        "data_rate": None if best is None else str(best.data_rate),
        "frequency_hz": None if best is None else best.frequency_hz,
        "rssi_dbm": None if best is None else best.rssi_dbm,
        "snr_db": None if best is None else best.snr_db,
        "margin_db": None if best is None else margin_db(best),
        "gateways": len({reception.gateway for reception in uplink.receptions}),
    }


def margin_db(reception: Reception) -> float | None:
    """Return what a reception had to spare above the demodulator's floor; None where it has no SNR."""
    floor_db = required_snr_db(reception.data_rate)
    return None if floor_db is None or reception.snr_db is None else round(reception.snr_db - floor_db, 1)


def best_margin_db(uplinks: Iterable[Uplink]) -> float | None:
    """Return the best margin of some uplinks, which is what ADR goes by."""
    heard = (uplink.best for uplink in uplinks)
    return max((found for best in heard if best is not None and (found := margin_db(best)) is not None), default=None)


def gateways(uplinks: Sequence[Uplink]) -> list[Mapping[str, Json]]:
    """Return who heard a device, with how many of ``uplinks`` and how well at best; the best first."""
    heard: dict[Eui64, list[Reception]] = {}
    for uplink in uplinks:
        for eui in {reception.gateway for reception in uplink.receptions}:
            heard.setdefault(eui, []).append(next(one for one in uplink.receptions if one.gateway == eui))
    told = [_gateway(eui, receptions, len(uplinks)) for eui, receptions in heard.items()]
    return sorted(told, key=lambda one: (-one["frames"], -one["best_rssi_dbm"]))


def _gateway(eui: Eui64, receptions: Sequence[Reception], of: int) -> Mapping[str, Json]:
    return {
        "gateway": eui,
        "source": receptions[0].source,
        "frames": len(receptions),
        "of": of,
        "best_rssi_dbm": max(one.rssi_dbm for one in receptions),
        "best_snr_db": max((one.snr_db for one in receptions if one.snr_db is not None), default=None),
    }
