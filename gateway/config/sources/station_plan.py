"""From a region with its site's channels to what a Basics Station is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.lorawan.region import Region
from gateway.model import LoraRate
from gateway.sources.basics_station.plan import RadioPlan, WideChannel

NARROW_HZ: Final = 125_000


@dataclass(frozen=True, slots=True)
class Extra:
    """Channels that gateways of a region listen to though no device is told of them, and the protocol's word for the region."""

    region: str
    wide: WideChannel | None = None
    fsk_hz: int | None = None


# EU868 is what Semtech's own configurations have, and what a station was seen to take. AS923 is no word that a station
# knows, as ChirpStack and The Things Stack write it: of "AS923-1" it takes that it must listen before it talks, and a board
# that cannot does not start at all then.
EXTRAS: Final = {
    "EU868": Extra("EU863", WideChannel(868_300_000, LoraRate(7, 250_000)), 868_800_000),
    "EU433": Extra("EU433"),
    "US915": Extra("US902"),
    "AU915": Extra("AU915"),
    "AS923-1": Extra("AS923"),
    "AS923-2": Extra("AS923-2"),
    "AS923-3": Extra("AS923-3"),
    "AS923-4": Extra("AS923-4"),
}


def station_plan(region: Region) -> RadioPlan:
    """Return what a station of this region and site listens to and may send."""
    extra = EXTRAS[region.name]
    uplinks = frozenset(region.uplink_data_rates)
    there = frozenset(number for number, rate in enumerate(region.data_rates) if rate is not None)
    default_hz, further_hz, wide = _fixed(region) if region.fixed_plan else _dynamic(region)
    return RadioPlan(
        region=extra.region,
        frequencies_hz=(
            min(band.lowest_hz for band in region.sub_bands),
            max(band.highest_hz for band in region.sub_bands),
        ),
        data_rates=region.data_rates,
        downlink_only=there - uplinks,
        max_eirp_dbm=max(band.max_eirp_dbm for band in region.sub_bands),
        default_hz=default_hz,
        further_hz=further_hz,
        wide=wide or extra.wide,
        fsk_hz=extra.fsk_hz,
    )


Channels = tuple[tuple[int, ...], tuple[int, ...], WideChannel | None]


def _dynamic(region: Region) -> Channels:
    return region.default_channels_hz, region.cf_list_hz, None


def _fixed(region: Region) -> Channels:
    """Return the channels that a join accept leaves on: of 125 kHz, and the first wider one."""
    narrow: list[int] = []
    wide: WideChannel | None = None
    for number in sorted(region.cf_list_mask):
        channel = region.default_channels[number]
        rate = region.data_rates[channel.lowest_data_rate]
        if not isinstance(rate, LoraRate):
            continue
        if rate.bandwidth_hz == NARROW_HZ:
            narrow.append(channel.frequency_hz)
        else:
            wide = wide or WideChannel(channel.frequency_hz, rate)
    return tuple(narrow), (), wide
