"""From a region with its site's channels to what a Basics Station is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.lorawan.region import Region
from gateway.model import LoraRate
from gateway.sources.basics_station.plan import RadioPlan, WideChannel

NARROW_HZ: Final = 125_000


# What a station makes of a region's word are its own duty cycle, its greatest power and whether it listens before it talks; what
# it listens to and sends on is told beside it. With a word that it does not know it sends nothing at all (2.0.6, measured, with
# the AS923 and EU433 of other network servers). AU915 asks nothing of it but the power, which max_eirp lowers.
WORDS: Final = {"EU868": "EU863", "US915": "US902"}
NEUTRAL: Final = "AU915"
LISTENS_BEFORE: Final = {"AS923-1": "AS923-1"}  # by region: the word with which a station listens before it talks


@dataclass(frozen=True, slots=True)
class Extra:
    """Channels that gateways of a region listen to though no device is told of them."""

    wide: WideChannel | None = None
    fsk_hz: int | None = None


# As Semtech's own configurations have it, and a station was seen to take it.
EXTRAS: Final = {"EU868": Extra(WideChannel(868_300_000, LoraRate(7, 250_000)), 868_800_000)}
NO_EXTRA: Final = Extra()


def station_plan(region: Region, *, listens_before: bool = False) -> RadioPlan:
    """Return what a station of this region and site listens to and may send; ``listens_before`` where LISTENS_BEFORE has a word."""
    extra = EXTRAS.get(region.name, NO_EXTRA)
    words = LISTENS_BEFORE if listens_before else WORDS
    uplinks = frozenset(region.uplink_data_rates)
    there = frozenset(number for number, rate in enumerate(region.data_rates) if rate is not None)
    default_hz, further_hz, wide = _fixed(region) if region.fixed_plan else _dynamic(region)
    return RadioPlan(
        region=words.get(region.name, NEUTRAL),
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
