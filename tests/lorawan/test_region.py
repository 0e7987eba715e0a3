"""The regions against tables and times that others made, and what holds for all of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

import pytest
from pamoja._native import ChannelPlan as TheirPlan
from pamoja._native import LoraDataRate, LoraLink

from gateway.lorawan.phy import Direction
from gateway.lorawan.region import EU868, REGIONS, US915, Region, SubBand, airtime, required_snr_db
from gateway.model import DataRate, FskRate, LoraRate
from tests.lorawan.air import receive_windows, reception
from tests.lorawan.vectors import lines

AIRTIMES = lines("eu868_airtime", "time-on-air")
SUB_BANDS = lines("eu868_airtime", "eu868-subband")

ALL = pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
THEIRS: Final = {"EU868": "EU868", "EU433": "EU433", "US915": "US915", "AU915": "AU915", "AS923-1": "AS923"}
PAIRS = pytest.mark.parametrize(
    ("region", "theirs"),
    [(REGIONS[ours], TheirPlan.for_region(theirs)) for ours, theirs in THEIRS.items()],
    ids=THEIRS,
)


# ── EU868 ──


@pytest.mark.parametrize(
    "line", AIRTIMES, ids=lambda line: f"SF{line['sf']}-{line['phy_len']}-{'up' if line['crc'] else 'down'}"
)
def test_a_frame_occupies_the_channel_as_long_as_others_compute(line: dict[str, Any]) -> None:
    direction = Direction.UPLINK if line["crc"] else Direction.DOWNLINK

    time = airtime(line["phy_len"], LoraRate(line["sf"], line["bw_hz"]), direction)

    assert time == timedelta(microseconds=line["us"])


def test_the_sub_bands_are_those_of_the_regulation() -> None:
    expected = [
        SubBand(
            label=line["label"],
            lowest_hz=line["min_hz"],
            highest_hz=line["max_hz"],
            duty_cycle_permille=line["duty_permille"],
            max_eirp_dbm=line["max_eirp_dbm"],
        )
        for line in SUB_BANDS
    ]

    assert list(EU868.sub_bands) == expected


def test_every_line_is_run() -> None:
    assert len(AIRTIMES) + len(SUB_BANDS) == len(lines("eu868_airtime"))


@pytest.mark.parametrize(
    ("frequency_hz", "label"),
    [
        (867_100_000, "L"),
        (867_999_999, "L"),
        (868_000_000, "M"),
        (868_650_000, None),
        (869_525_000, "P"),
        (869_800_000, "Q"),
        (870_000_000, None),
    ],
)
def test_a_frequency_lies_in_one_sub_band(frequency_hz: int, label: str | None) -> None:
    band = EU868.sub_band(frequency_hz)

    assert (band and band.label) == label


def test_power_is_that_of_the_sub_band() -> None:
    assert [EU868.eirp_dbm(frequency) for frequency in (868_100_000, 869_525_000, 868_650_000)] == [16, 29, 16]


@pytest.mark.parametrize(
    ("frequency_hz", "gain_dbi", "power_dbm"),
    [
        (868_100_000, 0, 16),
        (868_100_000, 2.15, 13),
        (869_525_000, 2.15, 26),
        (869_525_000, 6, 23),
        (868_100_000, -1.5, 17),
    ],
)
def test_an_antenna_s_gain_comes_off_the_forwarder_s_power(frequency_hz: int, gain_dbi: float, power_dbm: int) -> None:
    band = EU868.sub_band(frequency_hz)
    assert band is not None

    conducted = band.conducted_dbm(gain_dbi)

    assert conducted == power_dbm
    assert conducted + gain_dbi <= band.max_eirp_dbm


@pytest.mark.parametrize(
    ("uplink", "offset", "expected"),
    [
        (LoraRate(7, 125_000), 0, LoraRate(7, 125_000)),
        (LoraRate(7, 125_000), 5, LoraRate(12, 125_000)),
        (LoraRate(12, 125_000), 3, LoraRate(12, 125_000)),
        (FskRate(50_000), 1, LoraRate(7, 250_000)),
        (LoraRate(7, 125_000), 6, None),
        (LoraRate(5, 125_000), 0, None),
    ],
)
def test_rx1_is_slower_by_its_offset(uplink: LoraRate | FskRate, offset: int, expected: LoraRate | None) -> None:
    assert EU868.rx1_data_rate(uplink, offset) == expected


def test_data_rates_and_channels_have_their_numbers() -> None:
    numbers = [EU868.data_rate_number(rate) for rate in EU868.data_rates[:8] if rate is not None]
    channels = [EU868.channel(frequency) for frequency in (868_100_000, 868_500_000, 867_100_000, 867_900_000, 1)]

    assert numbers == list(range(8))
    assert [EU868.data_rate(number) for number in (0, 5, 8, 12, -1)] == [
        LoraRate(12, 125_000),
        LoraRate(7, 125_000),
        None,
        None,
        None,
    ]
    assert channels == [0, 2, 3, 7, None]


# ── time on air ──


@pytest.mark.parametrize("coding_rate", [5, 6, 7, 8])
@pytest.mark.parametrize("explicit_header", [True, False])
@pytest.mark.parametrize("preamble_symbols", [8, 10, 1000])
def test_other_codings_headers_and_preambles_last_as_long_as_others_compute(
    coding_rate: int, preamble_symbols: int, *, explicit_header: bool
) -> None:
    for factor in range(7, 13):
        for bandwidth_hz in (125_000, 250_000, 500_000):
            for direction in Direction:
                theirs = LoraLink(
                    factor, bandwidth_hz, coding_rate, preamble_symbols, explicit_header, direction is Direction.UPLINK
                )
                for size in (0, 1, 12, 17, 33, 64, 255):
                    ours = airtime(
                        size,
                        LoraRate(factor, bandwidth_hz),
                        direction,
                        coding_rate=coding_rate,
                        preamble_symbols=preamble_symbols,
                        explicit_header=explicit_header,
                    )
                    assert ours == timedelta(microseconds=theirs.airtime_us(size))


def test_twice_the_bandwidth_takes_half_the_time() -> None:
    assert airtime(33, LoraRate(7, 250_000)) * 2 == airtime(33, LoraRate(7, 125_000))


def test_an_fsk_frame_has_eleven_octets_around_it() -> None:
    assert airtime(33, FskRate(50_000)) == timedelta(microseconds=44 * 8 * 20)


def test_each_spreading_factor_is_heard_two_and_a_half_decibels_weaker() -> None:
    needed = [required_snr_db(LoraRate(factor, 125_000)) for factor in range(7, 13)]

    assert needed == [-7.5, -10, -12.5, -15, -17.5, -20]
    assert required_snr_db(FskRate(50_000)) is None


# ── all regions ──


@ALL
def test_tables_by_data_rate_have_a_row_for_each(region: Region) -> None:
    tables = [region.rx1_data_rates, region.max_payloads, region.max_payloads_repeater]

    assert {len(table) for table in tables} == {len(region.data_rates)}
    assert len(region.rx1_data_rates_dwell) in {0, len(region.data_rates)}
    assert len(region.max_payloads_dwell) in {0, len(region.data_rates)}
    assert REGIONS[region.name] is region


@ALL
def test_every_uplink_has_its_rx1_with_every_offset(region: Region) -> None:
    for number in region.uplink_data_rates:
        uplink = region.data_rate(number)
        assert uplink is not None
        assert region.data_rate_number(uplink) == number
        for offset in range(len(region.rx1_data_rates[0])):
            for dwell_limited in (False, True):
                assert region.rx1_data_rate(uplink, offset, dwell_limited=dwell_limited) is not None
        assert region.rx1_data_rate(uplink, len(region.rx1_data_rates[0])) is None


@ALL
def test_a_greater_offset_never_makes_rx1_faster_up_to_five(region: Region) -> None:
    for table in (region.rx1_data_rates, region.rx1_data_rates_dwell):
        for row in table:
            assert all(slower <= faster for faster, slower in pairwise(row[:6]))


@ALL
def test_a_device_is_heard_on_every_default_channel_and_answered_there(region: Region) -> None:
    for number, channel in enumerate(region.default_channels):
        rx1_hz = region.rx1_frequency_hz(channel.frequency_hz)
        assert region.channel(channel.frequency_hz) == number
        assert region.sub_band(channel.frequency_hz) is not None
        assert rx1_hz is not None
        assert region.sub_band(rx1_hz) is not None


@ALL
def test_rx2_has_a_data_rate_and_a_sub_band(region: Region) -> None:
    assert region.data_rate(region.rx2_data_rate) is not None
    assert region.sub_band(region.rx2_frequency_hz) is not None
    assert region.max_payload(region.rx2_data_rate, dwell_limited=True) is not None


@ALL
def test_join_requests_go_out_on_default_channels(region: Region) -> None:
    assert [channel.frequency_hz for channel in region.join_channels] == [*region.default_channels_hz]
    for join, default in zip(region.join_channels, region.default_channels, strict=True):
        assert default.carries(join.lowest_data_rate)
        assert default.carries(join.highest_data_rate)
        assert region.max_payload(join.lowest_data_rate, dwell_limited=True) is not None


@ALL
def test_added_channels_are_no_default_ones_and_have_a_sub_band(region: Region) -> None:
    assert not set(region.cf_list_hz) & set(region.default_channels_hz)
    assert all(region.sub_band(frequency) for frequency in region.cf_list_hz)
    assert region.cf_list_mask <= set(range(len(region.default_channels)))
    assert bool(region.cf_list_mask) == region.fixed_plan


@ALL
@pytest.mark.parametrize("repeater", [False, True])
@pytest.mark.parametrize("dwell_limited", [False, True])
def test_a_faster_rate_of_one_bandwidth_carries_no_less(region: Region, *, repeater: bool, dwell_limited: bool) -> None:
    for bandwidth_hz in (125_000, 500_000):
        numbers = [
            number
            for number, rate in enumerate(region.data_rates)
            if isinstance(rate, LoraRate)
            and rate.bandwidth_hz == bandwidth_hz
            and rate not in region.data_rates[:number]
        ]
        numbers.sort(key=lambda number: -spreading_factor(region.data_rates[number]))
        sizes = [region.max_payload(number, repeater=repeater, dwell_limited=dwell_limited) or 0 for number in numbers]
        assert sizes == sorted(sizes)


@ALL
def test_a_repeater_or_a_limited_dwell_time_never_makes_room(region: Region) -> None:
    for number in range(len(region.data_rates)):
        plain = region.max_payload(number) or 0
        assert (region.max_payload(number, repeater=True) or 0) <= plain
        assert (region.max_payload(number, dwell_limited=True) or 0) <= plain
        both = region.max_payload(number, repeater=True, dwell_limited=True)
        assert (both or 0) <= (region.max_payload(number, dwell_limited=True) or 0)
    assert region.max_payload(len(region.data_rates)) is None
    assert region.max_payload(-1) is None


@ALL
def test_a_largest_uplink_keeps_the_dwell_time(region: Region) -> None:
    if region.dwell_time is None:
        return
    for number in region.uplink_data_rates:
        size, rate = region.max_payload(number, dwell_limited=True), region.data_rate(number)
        assert rate is not None
        if size is not None:
            assert airtime(size + 13, rate) <= region.dwell_time


@ALL
def test_adr_chooses_rates_that_every_device_has(region: Region) -> None:
    for dwell_limited in (False, True):
        rates = region.adr_data_rates(dwell_limited=dwell_limited)
        assert rates
        for number in rates:
            assert isinstance(region.data_rate(number), LoraRate)
            assert region.default_channels[0].carries(number)
            assert region.max_payload(number, dwell_limited=dwell_limited) is not None


@ALL
def test_power_goes_down_by_two_decibels_a_step(region: Region) -> None:
    powers = [region.tx_power_dbm(step) for step in range(region.tx_power_steps + 1)]

    assert powers == [region.max_eirp_dbm - 2 * step for step in range(region.tx_power_steps + 1)]
    assert region.tx_power_dbm(region.tx_power_steps + 1) is None
    assert region.tx_power_dbm(-1) is None


def spreading_factor(rate: DataRate | None) -> int:
    assert isinstance(rate, LoraRate)
    return rate.spreading_factor


# ── dwell time, and the plans of 72 channels ──


def test_a_limited_dwell_time_ends_adr_s_slowest_rates() -> None:
    slowest = {name: region.adr_data_rates(dwell_limited=True)[0] for name, region in REGIONS.items()}

    assert slowest == {
        "EU868": 0,
        "EU433": 0,
        "US915": 0,
        "AU915": 2,
        "AS923-1": 2,
        "AS923-2": 2,
        "AS923-3": 2,
        "AS923-4": 2,
    }


@pytest.mark.parametrize(
    ("group", "channels_hz", "outside_hz"),
    [
        (1, (923_200_000, 923_400_000), 914_900_000),
        (2, (921_400_000, 921_600_000), 919_900_000),
        (3, (916_600_000, 916_800_000), 921_000_000),
        (4, (917_300_000, 917_500_000), 920_000_000),
    ],
)
def test_the_groups_of_as923_lie_where_the_things_stack_has_them(
    group: int, channels_hz: tuple[int, int], outside_hz: int
) -> None:
    region = REGIONS[f"AS923-{group}"]

    assert region.default_channels_hz == channels_hz
    assert region.rx2_frequency_hz == channels_hz[0]
    assert region.sub_band(outside_hz) is None


@pytest.mark.parametrize(
    ("uplink_hz", "channel", "rx1_hz"),
    [  # chirpstack/chirpstack@d77207cd:lrwn/src/region/us915.rs, test_uplink_channels and test_downlink_channels
        (902_300_000, 0, 923_300_000),
        (914_900_000, 63, 927_500_000),
        (903_000_000, 64, 923_300_000),
        (914_200_000, 71, 927_500_000),
        (914_100_000, 59, 925_100_000),
        (923_300_000, None, None),
    ],
)
def test_rx1_of_us915_is_on_the_channel_modulo_eight(uplink_hz: int, channel: int | None, rx1_hz: int | None) -> None:
    assert US915.channel(uplink_hz) == channel
    assert US915.rx1_frequency_hz(uplink_hz) == rx1_hz


# ── the same tables, made by others (pamoja, Rust; it follows RP002-1.0.5, which added SF5 and SF6) ──


def their_rate(rate: LoraDataRate | None) -> DataRate | None:
    if rate is None or rate.kind in {"lr_fhss", "reserved"} or (rate.spreading_factor or 7) < 7:
        return None
    if rate.kind == "fsk":
        return FskRate(rate.bitrate_bps)
    assert rate.spreading_factor is not None
    assert rate.bandwidth_hz is not None
    return LoraRate(rate.spreading_factor, rate.bandwidth_hz)


@PAIRS
def test_data_rates_are_those_of_pamoja(region: Region, theirs: TheirPlan) -> None:
    for number in range(16):
        up, down = (their_rate(theirs.data_rate(number, direction)) for direction in ("uplink", "downlink"))
        expected = (up or down) if region.fixed_plan else up
        assert region.data_rate(number) == expected


@PAIRS
def test_rx1_is_that_of_pamoja(region: Region, theirs: TheirPlan) -> None:
    for number in region.uplink_data_rates:
        ours = region.rx1_data_rates[number]
        assert list(ours) == [theirs.rx1_data_rate(number, offset) for offset in range(len(ours))]
        assert theirs.rx1_data_rate(number, len(ours)) is None
        if theirs.info().has_dwell_limited_rx1:
            limited = [theirs.rx1_data_rate(number, offset, True) for offset in range(len(ours))]
            assert list(region.rx1_data_rates_dwell[number]) == limited
    assert bool(region.rx1_data_rates_dwell) == theirs.info().has_dwell_limited_rx1


@PAIRS
def test_channels_and_rx2_are_those_of_pamoja(region: Region, theirs: TheirPlan) -> None:
    blocks = [
        (block.start_hz + block.step_hz * place, block.min_data_rate)
        for block in theirs.channel_blocks("default")
        for place in range(block.count)
    ]
    joins = [
        (block.start_hz + block.step_hz * place, block.min_data_rate, block.max_data_rate)
        for block in theirs.channel_blocks("join")
        for place in range(block.count)
    ]

    assert [(one.frequency_hz, one.lowest_data_rate) for one in region.default_channels] == blocks
    assert [(one.frequency_hz, one.lowest_data_rate, one.highest_data_rate) for one in region.join_channels] == joins
    assert (region.rx2_frequency_hz, region.rx2_data_rate) == theirs.rx2()
    for number, channel in enumerate(region.default_channels):
        assert region.rx1_frequency_hz(channel.frequency_hz) == theirs.rx1_frequency_hz(number, channel.frequency_hz)


@PAIRS
def test_sizes_are_those_of_pamoja(region: Region, theirs: TheirPlan) -> None:
    def size(number: int, table: str) -> int | None:
        largest = theirs.max_payload(number, table)
        return None if largest is None else largest.application

    for number in range(len(region.data_rates)):
        way = "uplink" if number in region.uplink_data_rates else "downlink"
        if region.data_rate(number) is None:
            continue
        assert region.max_payload(number) == size(number, f"{way}_direct")
        assert region.max_payload(number, repeater=True) == size(number, f"{way}_repeater")
        if way == "uplink" and theirs.info().has_dwell_limited_payloads:
            both = region.max_payload(number, repeater=True, dwell_limited=True)
            assert both == size(number, "dwell_limited")


@PAIRS
def test_powers_are_those_of_pamoja(region: Region, theirs: TheirPlan) -> None:
    info = theirs.info()

    assert (region.max_eirp_dbm, region.tx_power_steps) == (info.default_max_eirp_dbm, info.max_tx_power_index)
    assert region.tx_param_setup == theirs.rules().tx_param_setup
    assert region.fixed_plan == (theirs.rules().kind == "fixed")


# ── what the network does with them ──


def test_an_answer_in_us915_is_sent_on_the_downlink_channel_with_its_rate() -> None:
    uplink = reception(frequency_hz=904_600_000, data_rate=LoraRate(8, 500_000))  # channel 65

    first, second = receive_windows(uplink, None, US915, b"answer")

    assert (first.frequency_hz, first.data_rate) == (923_900_000, LoraRate(7, 500_000))
    assert (second.frequency_hz, second.data_rate) == (923_300_000, LoraRate(12, 500_000))


def test_what_is_heard_off_a_fixed_plan_s_channels_has_no_rx1() -> None:
    uplink = reception(frequency_hz=903_950_000, data_rate=LoraRate(7, 125_000))

    windows = receive_windows(uplink, None, US915, b"answer")

    assert [window.frequency_hz for window in windows] == [923_300_000]
