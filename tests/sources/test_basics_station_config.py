"""What a station is told to listen to: every region, a site's own channels, and what two radios cannot reach."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.config.sources.station_plan import station_plan
from gateway.lorawan.region import AS923_1, AU915, EU433, EU868, REGIONS, US915, Region
from gateway.lorawan.regions import fixed_plan
from gateway.model import Json, LoraRate
from gateway.sources.basics_station.plan import tuned
from gateway.sources.basics_station.router_config import NO_FILTERS, Filters, router_config
from simulators.basics_station import BadRouterConfig, check_router_config
from simulators.station_radio import REGIONS as STATION_REGIONS
from tests.sources.basics_station_rig import vectors


def config(region: Region, filters: Filters = NO_FILTERS, **more: float) -> dict[str, Json]:
    plan = station_plan(region)
    return router_config(plan, tuned(plan), filters, **more)


def heard_hz(message: dict[str, Json]) -> list[int]:
    (board,) = message["sx1301_conf"]
    return sorted(
        board[f"radio_{one['radio']}"]["freq"] + one["if"]
        for name, one in board.items()
        if name.startswith("chan_multiSF") and one["enable"]
    )


def test_eu868_is_what_a_real_station_took() -> None:
    (captured,) = (
        row["msg"] for row in vectors("captured.jsonl", "lns-capture") if row["msg"].get("msgtype") == "router_config"
    )

    message = config(EU868)

    assert {name: message[name] for name in ("region", "hwspec", "freq_range", "DRs")} == {
        name: captured[name] for name in ("region", "hwspec", "freq_range", "DRs")
    }
    board, seen = message["sx1301_conf"][0], captured["sx1301_conf"][0]
    assert {name: board[name] for name in ("radio_0", "radio_1", "chan_Lora_std")} == {
        name: seen[name] for name in ("radio_0", "radio_1", "chan_Lora_std")
    }
    assert board["chan_FSK"] == {**seen["chan_FSK"], "bandwidth": 125_000, "datarate": 50_000}
    assert heard_hz(message) == heard_hz(captured)


def test_it_is_word_for_word_what_a_real_station_started_with() -> None:
    (told,) = (
        row["msg"] for row in vectors("captured_here.jsonl", "lns-capture") if row["msg"]["msgtype"] == "router_config"
    )

    assert config(EU868, mux_time_s=told["MuxTime"]) == told


@pytest.mark.parametrize("region", REGIONS.values(), ids=lambda one: one.name)
def test_every_region_is_one_that_a_station_starts_with(region: Region) -> None:
    message = config(region)

    check_router_config(message)
    plan = station_plan(region)
    channels = sorted({*plan.default_hz, *plan.further_hz})
    assert heard_hz(message) == channels
    assert message["NetID"] is message["JoinEui"] is None
    assert message["region"] in STATION_REGIONS


@pytest.mark.parametrize("region", REGIONS.values(), ids=lambda one: one.name)
def test_every_data_rate_of_a_region_has_its_own_number(region: Region) -> None:
    rates = config(region)["DRs"]

    for number, rate in enumerate(region.data_rates):
        told = rates[number]
        match rate:
            case LoraRate():
                assert told == [
                    rate.spreading_factor,
                    rate.bandwidth_hz // 1000,
                    int(not region.rx1_data_rates[number]),
                ]
            case None:
                assert told == [-1, 0, 0]
            case _:
                assert told == [0, 0, 0]


def test_the_regions_words_are_those_of_other_network_servers() -> None:
    others = {row["expected"]["Region"]: row["expected"] for row in vectors("lns.jsonl", "lns-router-config")}

    for region, word in ((EU868, "EU863"), (US915, "US902")):
        message = config(region)
        assert (message["region"], message["freq_range"]) == (word, others[word]["FreqRange"])
        ours, theirs = message["DRs"], others[word]["DRs"]
        assert [one[:2] for one in ours] == [one[:2] for one in theirs]


@pytest.mark.parametrize(
    ("region", "bank", "first_hz", "wide_hz", "factor"),
    [
        (US915, 0, 902_300_000, 903_000_000, 8),
        (US915, 1, 903_900_000, 904_600_000, 8),
        (US915, 7, 913_500_000, 914_200_000, 8),
        (AU915, 1, 916_800_000, 917_500_000, 8),
    ],
)
def test_a_sub_band_of_a_fixed_plan_is_eight_channels_and_a_wide_one(
    region: Region, bank: int, first_hz: int, wide_hz: int, factor: int
) -> None:
    message = config(replace(region, cf_list_mask=fixed_plan.bank(bank)))
    (board,) = message["sx1301_conf"]
    wide = board["chan_Lora_std"]

    check_router_config(message)
    assert heard_hz(message) == [first_hz + 200_000 * number for number in range(8)]
    assert board[f"radio_{wide['radio']}"]["freq"] + wide["if"] == wide_hz
    assert (wide["bandwidth"], wide["spread_factor"]) == (500_000, factor)


def test_the_second_us915_sub_band_is_where_azure_has_it() -> None:
    (theirs,) = (
        row["json"]
        for row in vectors("lns.jsonl", "lns-json")
        if row["json"]["msgtype"] == "router_config" and row["json"].get("region") == "US902"
    )

    assert heard_hz(config(US915)) == heard_hz(theirs)


@pytest.mark.parametrize("vector", vectors("lns.jsonl", "lns-json"))
def test_the_simulated_station_starts_with_no_less_than_the_real_one(vector: dict[str, Json]) -> None:
    message = vector["json"]
    if message["msgtype"] != "router_config" or len(message.get("DRs", ())) == 16:
        return

    with pytest.raises(BadRouterConfig):
        check_router_config(message)


def test_a_site_with_channels_of_its_own_is_heard_on_them() -> None:
    message = config(replace(EU868, cf_list_hz=(864_100_000, 864_300_000, 864_900_000)))
    (board,) = message["sx1301_conf"]

    assert heard_hz(message) == [864_100_000, 864_300_000, 864_900_000, 868_100_000, 868_300_000, 868_500_000]
    assert (board["radio_0"]["freq"], board["radio_1"]["freq"]) == (864_500_000, 868_500_000)
    assert not board["chan_multiSF_6"]["enable"]
    assert not board["chan_multiSF_7"]["enable"]


def test_a_site_with_few_channels_keeps_both_radios_running() -> None:
    (board,) = config(replace(EU868, cf_list_hz=()))["sx1301_conf"]

    assert board["radio_0"] == board["radio_1"] == {"enable": True, "freq": 868_500_000}


@pytest.mark.parametrize(
    ("further_hz", "unheard_hz"),
    [
        ((867_100_000, 864_100_000), (867_100_000,)),
        ((864_100_000, 866_100_000, 866_300_000), (864_100_000,)),
        ((*range(867_100_000, 868_000_000, 200_000), 868_700_000), (868_700_000,)),
        ((869_000_000,), ()),
    ],
)
def test_what_the_radios_cannot_reach_is_known_and_never_a_default_channel(
    further_hz: tuple[int, ...], unheard_hz: tuple[int, ...]
) -> None:
    plan = station_plan(replace(EU868, cf_list_hz=further_hz))

    tuning = tuned(plan)

    assert tuning.unheard_hz == unheard_hz
    assert len(tuning.channels) <= 8
    check_router_config(router_config(plan, tuning, NO_FILTERS))


def test_default_channels_come_before_a_greater_number_of_others() -> None:
    further_hz = (*range(863_100_000, 863_900_001, 200_000), *range(864_900_000, 865_700_001, 200_000))

    tuning = tuned(station_plan(replace(EU868, cf_list_hz=further_hz)))

    assert set(EU868.default_channels_hz).isdisjoint(tuning.unheard_hz)


def test_filters_and_time_and_gain_are_said_where_they_are_known() -> None:
    filters = Filters(address_prefixes=(0x13,), join_euis=((1, (1 << 64) - 1),))

    message = config(EU868, filters, antenna_gain_dbi=3.5, mux_time_s=1795437144.25)

    assert (message["NetID"], message["JoinEui"]) == ([0x13], [[1, 18446744073709551615]])
    assert message["sx1301_conf"][0]["radio_0"]["antenna_gain"] == 3.5
    assert message["MuxTime"] == 1795437144.25
    assert "MuxTime" not in config(EU868)
    assert "antenna_gain" not in config(EU868)["sx1301_conf"][0]["radio_0"]


@pytest.mark.parametrize(("region", "dbm"), [(EU868, 29), (US915, 28), (AU915, 30), (EU433, 12), (AS923_1, 16)])
def test_the_greatest_power_is_the_laws(region: Region, dbm: int) -> None:
    assert config(region)["max_eirp"] == dbm
