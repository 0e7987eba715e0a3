"""`[network]`: what a site wants of its devices, and what its region does not allow."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.config import load_apart
from gateway.lorawan.mac_commands import ADRParamSetupReq, RejoinParamSetupReq
from gateway.lorawan.mac_layer import Wanted
from gateway.lorawan.region import EU868, REGIONS, US915, Channel
from tests.agent.brygga_toml import loaded, problems

ALL = """[network]
rx1_delay_s = 5
rx1_dr_offset = 2
rx2_data_rate = 3
rx2_frequency_hz = 869_525_000
channels_hz = [867_100_000, 867_300_000]
max_duty_cycle = 7
adr = true
adr_margin_db = 15
adr_min_data_rate = 1
adr_max_data_rate = 4
status_every = "12 h"
adr_ack_limit = 128
adr_ack_delay = 16
rejoin_after = "7 d"
rejoin_frames = 5000
"""


@pytest.mark.parametrize("name", REGIONS)
def test_where_nothing_is_said_a_region_has_its_defaults(tmp_path: Path, name: str) -> None:
    network = loaded(tmp_path, f'[radio]\nregion = "{name}"\n').network

    assert network.region == REGIONS[name]
    assert network.wanted == Wanted.of(REGIONS[name])


def test_each_wish_arrives(tmp_path: Path) -> None:
    network = loaded(tmp_path, ALL).network

    assert network.region == replace(EU868, cf_list_hz=(867_100_000, 867_300_000))
    assert network.wanted == Wanted(
        rx1_delay_s=5,
        rx1_dr_offset=2,
        rx2_data_rate=3,
        rx2_frequency_hz=869_525_000,
        channels={3: Channel(867_100_000, 0, 5), 4: Channel(867_300_000, 0, 5)},
        enabled=frozenset(range(5)),
        max_duty_cycle=7,
        status_every=timedelta(hours=12),
        adr=True,
        adr_margin_db=15.0,
        adr_min_data_rate=1,
        adr_max_data_rate=4,
        adr_param_setup=ADRParamSetupReq(limit_exp=7, delay_exp=4),
        rejoin_param_setup=RejoinParamSetupReq(max_time_n=9, max_count_n=8),  # 2 ** 19 s are 6 d, 2 ** 12 uplinks 4096
    )


def test_wishes_come_out_of_the_process_that_reads_them(tmp_path: Path) -> None:
    settings = loaded(tmp_path, ALL)

    assert load_apart(tmp_path / "brygga.toml").network == settings.network


def test_no_further_channels_are_an_empty_list(tmp_path: Path) -> None:
    network = loaded(tmp_path, "[network]\nchannels_hz = []\n").network

    assert network.wanted.channels == {}


def test_a_status_that_is_off_is_never_asked_for(tmp_path: Path) -> None:
    assert loaded(tmp_path, '[network]\nstatus_every = "off"\n').network.wanted.status_every is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("adr_ack_limit = 32", ADRParamSetupReq(limit_exp=5, delay_exp=5)),
        ("adr_ack_delay = 64", ADRParamSetupReq(limit_exp=6, delay_exp=6)),
    ],
)
def test_of_two_that_are_told_together_the_other_is_the_region_s(
    tmp_path: Path, text: str, told: ADRParamSetupReq
) -> None:
    assert loaded(tmp_path, f"[network]\n{text}\n").network.wanted.adr_param_setup == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('rejoin_after = "1024 s"', RejoinParamSetupReq(max_time_n=0, max_count_n=15)),
        ('rejoin_after = "388 d"', RejoinParamSetupReq(max_time_n=14, max_count_n=15)),
        ("rejoin_frames = 16", RejoinParamSetupReq(max_time_n=15, max_count_n=0)),
        ("rejoin_frames = 524288", RejoinParamSetupReq(max_time_n=15, max_count_n=15)),
    ],
)
def test_rejoining_is_no_rarer_than_was_asked_for(tmp_path: Path, text: str, told: RejoinParamSetupReq) -> None:
    assert loaded(tmp_path, f"[network]\n{text}\n").network.wanted.rejoin_param_setup == told


@pytest.mark.parametrize(
    ("region", "text", "words"),
    [
        ("EU868", "rx1_delay_s = 16", "rx1_delay_s: 16 where a whole number from 1 to 15 is expected"),
        ("EU868", "rx1_dr_offset = 6", "rx1_dr_offset: 6 is not within 0 to 5, which EU868 has"),
        ("US915", "rx1_dr_offset = 4", "rx1_dr_offset: 4 is not within 0 to 3, which US915 has"),
        ("EU868", "rx2_data_rate = 8", "rx2_data_rate: 8 is no data rate of downlinks in EU868: 0, 1, 2, 3, 4, 5, 6, 7"),
        ("US915", "rx2_data_rate = 0", "rx2_data_rate: 0 is no data rate of downlinks in US915: 8, 9, 10, 11, 12, 13"),
        ("EU868", "rx2_frequency_hz = 870_000_000", "rx2_frequency_hz: 870000000 Hz is outside of what EU868 has: 863000000 to"),
        ("EU868", "rx2_frequency_hz = 869_525_050", "rx2_frequency_hz: 869525050 Hz is between two steps of 100 Hz; 869525000 is"),
        ("EU868", "channels_hz = [868_100_000]", "channels_hz[0]: 868100000 Hz: every device has it already"),
        ("EU868", "channels_hz = [867_100_000, 867_100_000]", "channels_hz[1]: 867100000 Hz: it is in the list already"),
        ("EU433", "channels_hz = [868_100_000]", "channels_hz[0]: 868100000 Hz is outside of what EU433 has: 433050000 to"),
        ("US915", "channels_hz = [903_900_000]", "channels_hz: US915 numbers its channels itself; leave the key out"),
        ("EU868", "channels_hz = ['a']", "channels_hz[0]: 'a' where a frequency in hertz is expected"),
        ("EU868", "adr_min_data_rate = 6", "adr_min_data_rate: 6 is none that ADR chooses in EU868: 0 to 5"),
        ("EU868", "adr_min_data_rate = 4\nadr_max_data_rate = 2", "adr_min_data_rate: 4 is above adr_max_data_rate, 2"),
        ("EU868", "adr_margin_db = 41", "adr_margin_db: 41 where a number of decibels from 0 to 40 is expected"),
        ("EU868", "status_every = 3", "status_every: 3 is no time with a unit, such as '1 d', nor 'off'"),
        ("EU868", "status_every = '0 s'", "status_every: '0 s' would ask with every downlink; 'off' is never"),
        ("EU868", "status_every = 'never'", "status_every: 'never' is no number with one of the units"),
        ("EU868", "adr_ack_limit = 100", "adr_ack_limit: 100 is no power of two from 1 to 32768; 64 is one"),
        ("EU868", "rejoin_after = '10 min'", "rejoin_after: 600 s is not within 1024 s and 388 d"),
        ("EU868", "rejoin_frames = 15", "rejoin_frames: 15 where a whole number of uplinks from 16 to 524288 is expected"),
        ("EU868", "rx1_delay = 5", "rx1_delay: there is no such key; did you mean 'rx1_delay_s'?"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_said_with_what_would_be_right(tmp_path: Path, region: str, text: str, words: str) -> None:
    (said,) = problems(tmp_path, f'[radio]\nregion = "{region}"\n[network]\n{text}\n')

    assert said.startswith(f"brygga.toml: network.{words}")


def test_more_channels_than_a_device_has_room_for_are_too_many(tmp_path: Path) -> None:
    many = ", ".join(str(863_100_000 + 100_000 * number) for number in range(14))

    (said,) = problems(tmp_path, f"[network]\nchannels_hz = [{many}]\n")

    assert said.startswith("brygga.toml: network.channels_hz: 14 channels where 13 are the most, beside the 3")


def test_a_fixed_plan_keeps_its_channels(tmp_path: Path) -> None:
    network = loaded(tmp_path, '[radio]\nregion = "US915"\n[network]\nrx1_delay_s = 5\n').network

    assert network.wanted.enabled == US915.cf_list_mask
    assert network.wanted.rx1_delay_s == 5
