"""Uplinks that try a template out: one with all there is and every character that could break out, one with hardly anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import NAMESPACE_URL, UUID, uuid5

from decoders.contract import Decoded
from gateway.model import (
    Device,
    Entity,
    Eui64,
    Instant,
    Item,
    LoraRate,
    Observation,
    Place,
    Plausibility,
    Reception,
    RowId,
    TimeQuality,
    Uplink,
)

AT: Final = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
DEV_EUI: Final = Eui64("a81758fffe03abcd")
NASTY: Final = 'Torget "norr" \\ 1/2 +# åäö\n{value}'
PLACE: Final = Place(62.39, 17.31, 12.0)
RICH: Final = Device(
    dev_eui=DEV_EUI, name=NASTY, decoder="elsys/ers", entity=Entity("WeatherObserved", NASTY), place=PLACE
)


def _observation(device: Device, quantity: str, value: float, unit: str, channel: str | None) -> Observation:
    return Observation(
        id=uuid5(NAMESPACE_URL, quantity),
        uplink_id=UUID(int=1),
        dev_eui=device.dev_eui,
        entity=device.entity,
        quantity=quantity,
        unit=unit,
        value=value,
        channel=channel,
        observed_at=AT - timedelta(minutes=10) if channel else AT,
        time_quality=TimeQuality.NTP,
        plausibility=Plausibility.PLAUSIBLE,
        place=device.place,
    )


def _item(device: Device, observations: tuple[Observation, ...], snr_db: float | None) -> Item:
    reception = Reception(
        gateway=Eui64("00" * 8), frequency_hz=868_100_000, data_rate=LoraRate(7, 125_000), rssi_dbm=-80, snr_db=snr_db
    )
    uplink = Uplink(
        id=UUID(int=1),
        dev_eui=device.dev_eui,
        activation="01020304-000001",
        f_cnt=7,
        f_port=5,
        payload=b"\x01\xff",
        confirmed=False,
        adr=True,
        receptions=(reception,),
        heard_at=Instant(AT, 0.0, "boot", TimeQuality.NTP),
    )
    decoded = Decoded((), {"raw": 5, "text": NASTY} if device is RICH else {})
    return Item(row=RowId(1), uplink=uplink, device=device, decoded=decoded, observations=observations)


POOR: Final = Device(dev_eui=DEV_EUI)
EXAMPLES: Final = (
    _item(
        RICH,
        (
            _observation(RICH, "air_temperature", -0.5, "Cel", NASTY),
            _observation(RICH, "door_open", True, "", None),
            _observation(RICH, "people_in", 10**15, "1", "1"),
        ),
        -7.5,
    ),
    _item(POOR, (_observation(POOR, "air_temperature", 1e-7, "Cel", None),), None),
)
