"""The wishes of `[network]`, held against the region's law, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from math import log2
from typing import Final, Literal, cast

from gateway.config.keys import RadioKeys
from gateway.config.network_keys import NetworkKeys
from gateway.config.reading import Section
from gateway.config.settings import Network
from gateway.lorawan.channel_plan import MOST_CHANNELS
from gateway.lorawan.mac_commands import ADRParamSetupReq, RejoinParamSetupReq
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import REGIONS, Region

ADR_ACK_LIMIT: Final = 64  # RP002-1.0.4, "Default settings"
ADR_ACK_DELAY: Final = 32  # the same
REJOIN_SECONDS: Final = (
    10  # RejoinParamSetupReq counts 2 ** (n + 10) seconds and 2 ** (n + 4) uplinks (1.1, section 5.14)
)
REJOIN_UPLINKS: Final = 4
GREATEST: Final = 15  # n
STEP_HZ: Final = 100  # of a frequency in a MAC command

Problems = Iterator[str]


@dataclass(frozen=True, slots=True)
class _Asked:
    """The keys as they were read, and which of them may be looked at."""

    keys: NetworkKeys
    region: Region
    given: frozenset[str]

    def has(self, *names: str) -> bool:
        return self.given.issuperset(names)


def network(radio: RadioKeys, keys: NetworkKeys) -> Network:
    """Return the region with this site's channels, and what its devices are wanted to be."""
    region = REGIONS[radio.region]
    if keys.channels_hz is not None:
        region = replace(region, cf_list_hz=tuple(keys.channels_hz))
    wanted = Wanted.of(region)
    return Network(
        region,
        replace(
            wanted,
            rx1_delay_s=keys.rx1_delay_s,
            rx1_dr_offset=keys.rx1_dr_offset,
            rx2_data_rate=wanted.rx2_data_rate if keys.rx2_data_rate is None else keys.rx2_data_rate,
            rx2_frequency_hz=keys.rx2_frequency_hz or wanted.rx2_frequency_hz,
            max_duty_cycle=keys.max_duty_cycle,
            status_every=_or_off(keys.status_every),
            adr=keys.adr,
            adr_margin_db=keys.adr_margin_db,
            adr_min_data_rate=keys.adr_min_data_rate,
            adr_max_data_rate=keys.adr_max_data_rate,
            adr_param_setup=_adr_param_setup(keys),
            rejoin_param_setup=_rejoin_param_setup(keys),
        ),
    )


def _or_off(every: timedelta | Literal["off"]) -> timedelta | None:
    return every if isinstance(every, timedelta) else None


def _adr_param_setup(keys: NetworkKeys) -> ADRParamSetupReq | None:
    if keys.adr_ack_limit is None and keys.adr_ack_delay is None:
        return None
    limit, delay = keys.adr_ack_limit or ADR_ACK_LIMIT, keys.adr_ack_delay or ADR_ACK_DELAY
    return ADRParamSetupReq(limit_exp=round(log2(limit)), delay_exp=round(log2(delay)))


def _rejoin_param_setup(keys: NetworkKeys) -> RejoinParamSetupReq | None:
    """Return the rarest rejoining that is no rarer than was asked for; what is left out is as rare as can be."""
    if keys.rejoin_after is None and keys.rejoin_frames is None:
        return None
    seconds = None if keys.rejoin_after is None else int(keys.rejoin_after.total_seconds())
    return RejoinParamSetupReq(
        max_time_n=_exponent(seconds, REJOIN_SECONDS), max_count_n=_exponent(keys.rejoin_frames, REJOIN_UPLINKS)
    )


def _exponent(number: int | None, least: int) -> int:
    return GREATEST if number is None else min(number.bit_length() - 1 - least, GREATEST)


# ── problems ──


def network_problems(radio: Section, section: Section) -> Problems:
    """Yield a line for each wish that the region does not allow."""
    if "region" in radio.wrong:
        return
    region = REGIONS[cast("RadioKeys", radio.keys).region]
    asked = _Asked(cast("NetworkKeys", section.keys), region, section.given - section.wrong)
    for check in CHECKS:
        for key, words in check(asked):
            yield f"{section.place}.{key}: {words}"


def _windows(asked: _Asked) -> Iterator[tuple[str, str]]:
    keys, region = asked.keys, asked.region
    rates = sorted({rate for row in region.rx1_data_rates for rate in row})
    offsets = max(map(len, region.rx1_data_rates))
    if asked.has("rx1_dr_offset") and keys.rx1_dr_offset >= offsets:
        yield "rx1_dr_offset", f"{keys.rx1_dr_offset} is not within 0 to {offsets - 1}, which {region.name} has"
    if asked.has("rx2_data_rate") and keys.rx2_data_rate not in rates:
        yield "rx2_data_rate", f"{keys.rx2_data_rate} is no data rate of downlinks in {region.name}: {_listed(rates)}"
    if asked.has("rx2_frequency_hz") and keys.rx2_frequency_hz is not None:
        yield from (("rx2_frequency_hz", words) for words in _frequency(keys.rx2_frequency_hz, region))


def _frequency(frequency_hz: int, region: Region) -> Problems:
    if region.sub_band(frequency_hz) is None:
        bands = ", ".join(dict.fromkeys(f"{one.lowest_hz} to {one.highest_hz}" for one in region.sub_bands))
        yield f"{frequency_hz} Hz is outside of what {region.name} has: {bands}"
    elif frequency_hz % STEP_HZ:
        yield f"{frequency_hz} Hz is between two steps of {STEP_HZ} Hz; {frequency_hz // STEP_HZ * STEP_HZ} is one"


def _channels(asked: _Asked) -> Iterator[tuple[str, str]]:
    keys, region = asked.keys, asked.region
    if not asked.has("channels_hz") or keys.channels_hz is None:
        return
    if region.fixed_plan:
        yield "channels_hz", f"{region.name} numbers its channels itself; leave the key out"
        return
    most = MOST_CHANNELS - len(region.default_channels)
    if len(keys.channels_hz) > most:
        words = f"{len(keys.channels_hz)} channels where {most} are the most, beside the {len(region.default_channels)}"
        yield "channels_hz", f"{words} that every device of {region.name} has"
    seen = {*region.default_channels_hz}
    for number, frequency_hz in enumerate(keys.channels_hz):
        place = f"channels_hz[{number}]"
        yield from ((place, words) for words in _frequency(frequency_hz, region))
        if frequency_hz in seen:
            whose = "every device has it" if frequency_hz in region.default_channels_hz else "it is in the list"
            yield place, f"{frequency_hz} Hz: {whose} already; name it once, and the region's own not at all"
        seen.add(frequency_hz)


def _data_rates(asked: _Asked) -> Iterator[tuple[str, str]]:
    keys, region = asked.keys, asked.region
    allowed = region.adr_data_rates()
    for name in ("adr_min_data_rate", "adr_max_data_rate"):
        rate = getattr(keys, name)
        if asked.has(name) and rate not in allowed:
            yield name, f"{rate} is none that ADR chooses in {region.name}: {allowed.start} to {allowed.stop - 1}"
    least, most = keys.adr_min_data_rate, keys.adr_max_data_rate
    if asked.has("adr_min_data_rate", "adr_max_data_rate") and least is not None and most is not None and least > most:
        yield "adr_min_data_rate", f"{least} is above adr_max_data_rate, {most}"


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers))


CHECKS: Final[tuple[Callable[[_Asked], Iterator[tuple[str, str]]], ...]] = (_windows, _channels, _data_rates)
