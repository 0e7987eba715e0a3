"""Channel masks and the channels of one device, against examples that others published."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pamoja._native import ChannelPlan as TheirPlan

from gateway.lorawan.channel_plan import ChannelPlan, MaskBlock, cf_list, mask_blocks
from gateway.lorawan.region import AU915, EU433, EU868, REGIONS, US915, Channel, Region
from gateway.model import MacVersion
from tests.lorawan.vectors import lines

ALL = pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
FIXED = pytest.mark.parametrize("region", [US915, AU915], ids=["US915", "AU915"])
CF_LISTS = [line["value"] for line in lines("structures") if line["kind"] == "cflist"]
CHANNELS = st.frozensets(st.integers(0, 71), min_size=1)
WHOLE_BANKS = st.tuples(st.frozensets(st.integers(0, 7)), st.frozensets(st.integers(0, 71), max_size=9)).map(
    lambda one: frozenset(number for bank in one[0] for number in range(8 * bank, 8 * bank + 8)) | one[1] | {71}
)


def full(region: Region) -> ChannelPlan:
    """Return a device with every channel that it can have."""
    plan = ChannelPlan.default(region)
    if region.fixed_plan:
        return plan
    frequency_hz = region.default_channels_hz[-1]
    for number in range(len(region.default_channels), 16):
        plan = plan.with_channel(number, frequency_hz - 1_000 * number)
    return plan


def block_of(request: str) -> MaskBlock:
    """Return the mask of a LinkADRReq's octets."""
    octets = bytes.fromhex(request)
    return MaskBlock(octets[4] >> 4 & 7, int.from_bytes(octets[2:4], "little"))


def channels(*spans: tuple[int, int]) -> frozenset[int]:
    return frozenset(number for first, last in spans for number in range(first, last + 1))


# ── blocks ──


@FIXED
@pytest.mark.parametrize(
    ("bank", "requests_1_0_2", "request_1_0_3"),
    [  # MultiTech, developer forum, "ChMaskCntl": what its gateways send for frequency sub-bands 1, 2, 3 and 8
        (0, ("0300010071", "0300ff0001"), "0300010051"),
        (1, ("0300020071", "030000ff01"), "0300020051"),
        (2, ("0300040071", "0300ff0011"), "0300040051"),
        (7, ("0300800071", "030000ff31"), "0300800051"),
    ],
)
def test_a_bank_is_switched_on_as_others_do(
    region: Region, bank: int, requests_1_0_2: tuple[str, str], request_1_0_3: str
) -> None:
    wanted = channels((8 * bank, 8 * bank + 7), (64 + bank, 64 + bank))

    assert mask_blocks(region, wanted, MacVersion.V1_0_2) == tuple(block_of(one) for one in requests_1_0_2)
    assert mask_blocks(region, wanted, MacVersion.V1_0_3) == (block_of(request_1_0_3),)


@FIXED
@pytest.mark.parametrize(
    ("wanted", "blocks"),
    [
        # chirpstack/chirpstack@d77207cd:lrwn/src/region/us915.rs, test_get_link_adr_req_payloads
        (channels((0, 15), (64, 65)), [(7, 0x03), (0, 0xFFFF)]),
        # TheThingsNetwork/lorawan-stack@1d2182161:pkg/band/channel_mask.go, all and none of the narrow channels
        (channels((0, 71)), [(6, 0xFF)]),
        (channels((64, 71)), [(7, 0xFF)]),
        (channels((0, 63)), [(6, 0)]),
        # the same, pkg/band/band_test.go, desired(9-24)
        (channels((8, 23)), [(5, 0b110), (4, 0)]),
        # 1.0.4 says it in one block fewer than 1.0.2: banks 0 and 2, their wide channels, and one narrow one
        (channels((0, 7), (16, 23), (64, 64), (66, 66), (40, 40)), [(5, 0b101), (2, 1 << 8)]),
    ],
)
def test_the_fewest_blocks_are_those_of_others(
    region: Region, wanted: frozenset[int], blocks: list[tuple[int, int]]
) -> None:
    ours = mask_blocks(region, wanted, MacVersion.V1_0_4 if blocks[0][0] == 5 else MacVersion.V1_0_2)

    assert list(ours) == blocks


@ALL
@given(data=st.data())
def test_a_device_has_on_what_the_blocks_were_made_for_whatever_it_had(region: Region, data: st.DataObject) -> None:
    plan = full(region)
    some = st.frozensets(st.sampled_from(sorted(plan.defined)), min_size=1)
    before, wanted, version = (
        data.draw(some),
        data.draw(some | WHOLE_BANKS.map(lambda one: one & plan.defined or {0})),
        (data.draw(st.sampled_from(MacVersion))),
    )
    blocks = mask_blocks(region, wanted, version)

    after = plan.masked(mask_blocks(region, before)).masked(blocks)

    assert after.enabled == wanted
    assert after.channels == plan.channels


@given(wanted=CHANNELS | WHOLE_BANKS)
def test_no_fewer_blocks_would_do(wanted: frozenset[int]) -> None:
    """Try all first blocks that speak of every channel; each block of 16 that is wrong after one costs one more."""

    def wrong_after(narrow: frozenset[int], wide: frozenset[int]) -> int:
        differing = (narrow | wide) ^ wanted
        return len({min(number // 16, 4) for number in differing})

    banks = [[channels((8 * bit, 8 * bit + 7)) for bit in range(8) if mask >> bit & 1] for mask in range(256)]
    wide = [frozenset(64 + bit for bit in range(8) if mask >> bit & 1) for mask in range(256)]
    fewest = min(
        5,
        *(1 + wrong_after(frozenset().union(*banks[mask]), wide[mask]) for mask in range(256)),
        *(1 + wrong_after(channels((0, 63)) if on else frozenset(), wanted & wide[255]) for on in (True, False)),
    )

    assert len(mask_blocks(US915, wanted)) == fewest


@given(wanted=CHANNELS)
def test_an_old_device_is_never_left_without_a_channel_between_two_blocks(wanted: frozenset[int]) -> None:
    plan = ChannelPlan.default(US915)

    for block in mask_blocks(US915, wanted, MacVersion.V1_0_1):
        plan = plan.masked([block])

    assert plan.enabled == wanted


@pytest.mark.parametrize("version", [MacVersion.V1_0_0, MacVersion.V1_0_1, MacVersion.V1_0_2])
@given(wanted=WHOLE_BANKS)
def test_a_device_before_1_0_3_is_told_no_banks(version: MacVersion, wanted: frozenset[int]) -> None:
    assert 5 not in {block.ch_mask_cntl for block in mask_blocks(AU915, wanted, version)}


@pytest.mark.parametrize(
    ("ch_mask_cntl", "on", "off"),
    [  # TheThingsNetwork/lorawan-stack@1d2182161:pkg/band/band_test.go, TestParseChMask, bits 0, 3, 8 and 10 of the mask
        (0, {0, 3, 8, 10}, {1, 2, 9, 15}),
        (1, {16, 19, 24, 26}, {17, 31}),
        (2, {32, 35, 40, 42}, {33, 47}),
        (3, {48, 51, 56, 58}, {49, 63}),
        (4, {64, 67}, {65, 66, 71}),
        (5, {*range(8), *range(24, 32)}, {*range(8, 24), *range(32, 64)}),
        (6, {*range(64), 64, 67}, {65, 71}),
        (7, {64, 67}, {*range(64), 65, 71}),
    ],
)
@FIXED
def test_a_block_switches_what_others_say(region: Region, ch_mask_cntl: int, on: set[int], off: set[int]) -> None:
    plan = ChannelPlan.default(region)

    after = plan.masked([MaskBlock(ch_mask_cntl, 0x0509)])

    assert on <= after.enabled
    assert not off & after.enabled


@FIXED
def test_a_bank_takes_its_wide_channel_with_it(region: Region) -> None:
    after = ChannelPlan.default(region).masked([MaskBlock(5, 0x0509)])

    assert after.enabled & channels((64, 71)) == {64, 67}


@pytest.mark.parametrize(
    ("mask_cntl", "kind"), [(0, "group"), (3, "group"), (4, "group"), (5, "paired_banks"), (6, "all"), (7, "all")]
)
@FIXED
def test_ch_mask_cntl_means_the_same_to_pamoja(region: Region, mask_cntl: int, kind: str) -> None:
    theirs = TheirPlan.for_region(region.name).mask_control(mask_cntl)
    assert theirs is not None
    of_mask = channels((16 * mask_cntl, 16 * mask_cntl + 15)) if kind == "group" else channels((64, 71))

    all_on = ChannelPlan.default(region).masked([MaskBlock(mask_cntl, 0xFFFF)])
    one_on = ChannelPlan.default(region).masked([MaskBlock(mask_cntl, 1)])

    assert (theirs.kind, theirs.then_group) == (kind, 4 if kind == "all" else None)
    if kind != "paired_banks":
        assert of_mask & channels((0, 71)) <= all_on.enabled
        assert one_on.enabled & of_mask == {min(of_mask)}
    if kind == "all":
        assert (len(one_on.enabled & channels((0, 63))) == 64) == theirs.on


def test_eu868_switches_all_that_the_device_has_with_6() -> None:
    plan = ChannelPlan.joined(EU868, cf_list(EU868, MacVersion.V1_0_2)).masked([MaskBlock(0, 0b1)])

    after = plan.masked([MaskBlock(6, 0)])

    assert plan.enabled == {0}
    assert after.enabled == channels((0, 7))


@pytest.mark.parametrize(
    ("region", "block", "words"),
    [
        (EU868, MaskBlock(1, 1), "ChMaskCntl 1 is reserved"),
        (EU868, MaskBlock(7, 1), "ChMaskCntl 7 is reserved"),
        (EU868, MaskBlock(0, 0b1000), r"switch on \[3\], the device has channels 0, 1, 2"),
        (EU868, MaskBlock(0, 0), "leave no channel on"),
        (US915, MaskBlock(7, 0xFF00), "leave no channel on"),
        (US915, MaskBlock(8, 1), "ChMaskCntl 8 is reserved"),
    ],
)
def test_a_mask_that_a_device_must_refuse_is_refused(region: Region, block: MaskBlock, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        ChannelPlan.default(region).masked([block])


@ALL
@pytest.mark.parametrize("wanted", [frozenset(), frozenset({72}), frozenset({-1, 0})])
def test_no_mask_is_made_for_channels_that_cannot_be(region: Region, wanted: frozenset[int]) -> None:
    with pytest.raises(ValueError, match="at least one is needed"):
        mask_blocks(region, wanted)


# ── the channels of a device ──


@pytest.mark.parametrize("value", CF_LISTS, ids=lambda value: value["bytes"])
def test_a_cf_list_of_others_gives_the_channels_they_mean(value: dict[str, Any]) -> None:
    (argument,) = value["cflist"]["args"]
    octets = bytes.fromhex(value["bytes"])

    if octets[-1]:
        flags = [flag for one in argument for flag in one["args"][0]]
        expected = frozenset(number for number, flag in enumerate(flags) if flag)
        assert ChannelPlan.joined(US915, octets).enabled == expected
    else:
        plan = ChannelPlan.joined(EU868, octets)
        assert [one and one.frequency_hz for one in plan.channels] == [*EU868.default_channels_hz, *argument]
        assert plan.enabled == channels((0, 7))


@pytest.mark.parametrize(
    ("region", "mac_version", "octets"),
    [
        (EU868, MacVersion.V1_0_0, "184f84e85684b85e84886684586e8400"),
        (US915, MacVersion.V1_0_2, ""),
        (US915, MacVersion.V1_0_3, "00ff 0000 0000 0000 0200 0000000000 01"),
        (EU433, MacVersion.V1_1, ""),
    ],
)
def test_a_join_accept_lists_the_channels_in_the_region_s_way(
    region: Region, mac_version: MacVersion, octets: str
) -> None:
    assert cf_list(region, mac_version) == bytes.fromhex(octets)


@ALL
@pytest.mark.parametrize("mac_version", MacVersion)
def test_a_joined_device_has_the_channels_that_its_network_hears(region: Region, mac_version: MacVersion) -> None:
    plan = ChannelPlan.joined(region, cf_list(region, mac_version))

    heard = {*region.default_channels_hz, *region.cf_list_hz}
    assert {one.frequency_hz for one in plan.channels if one} == heard
    if region.fixed_plan and cf_list(region, mac_version):
        assert plan.enabled == region.cf_list_mask
    else:
        assert plan.enabled == plan.defined


def test_an_empty_place_of_a_cf_list_keeps_the_numbers_behind_it() -> None:
    octets = bytes.fromhex("184f84 000000 b85e84 000000 000000 00")

    plan = ChannelPlan.joined(EU868, octets)

    assert plan.defined == {0, 1, 2, 3, 5}
    assert plan.tx_ch(867_500_000, 0) == 5


@pytest.mark.parametrize(
    ("region", "octets"),
    [(EU868, "00ff" + "00" * 13 + "01"), (US915, "184f84e85684b85e84886684586e8400"), (EU868, "00")],
)
def test_a_cf_list_of_the_wrong_kind_changes_nothing(region: Region, octets: str) -> None:
    assert ChannelPlan.joined(region, bytes.fromhex(octets)) == ChannelPlan.default(region)


def test_a_new_channel_is_on_at_once_and_may_be_taken_away() -> None:
    plan = ChannelPlan.default(EU868)

    added = plan.with_channel(4, 867_100_000, 0, 5)
    removed = added.with_channel(4, 0)

    assert added.channels[3:] == (None, Channel(867_100_000, 0, 5))
    assert added.enabled == {0, 1, 2, 4}
    assert (removed.defined, removed.enabled) == (plan.defined, plan.enabled)


def test_rx1_follows_dl_channel_req_until_the_channel_is_made_anew() -> None:
    plan = ChannelPlan.joined(EU868, cf_list(EU868, MacVersion.V1_0_4))

    moved = plan.with_downlink(3, 869_525_000)
    anew = moved.with_channel(3, 867_100_000)

    assert [one.rx1_frequency_hz(867_100_000, 5) for one in (plan, moved, anew)] == [
        867_100_000,
        869_525_000,
        867_100_000,
    ]
    assert moved.rx1_frequency_hz(868_100_000, 5) == 868_100_000
    assert moved.with_downlink(3, 867_100_000) == plan


@FIXED
def test_rx1_of_a_fixed_plan_is_on_the_region_s_downlink_channel(region: Region) -> None:
    plan = ChannelPlan.default(region)

    assert plan.rx1_frequency_hz(region.default_channels_hz[13], 2) == 926_300_000
    assert plan.rx1_frequency_hz(923_300_001, 2) is None


@pytest.mark.parametrize(
    ("number", "frequency_hz", "rates", "words"),
    [
        (2, 868_900_000, (0, 5), "channel 2 is none of 3 to 15"),
        (16, 868_900_000, (0, 5), "channel 16 is none of 3 to 15"),
        (3, 868_650_000, (0, 5), "868650000 Hz is outside"),
        (3, 868_900_050, (0, 5), "steps of 100 Hz"),
        (3, 868_900_000, (5, 0), "DR5 to DR0 is no range of its data rates, DR0 to DR7"),
        (3, 868_900_000, (0, 8), "DR0 to DR8 is no range"),
    ],
)
def test_a_channel_that_a_device_must_refuse_is_refused(
    number: int, frequency_hz: int, rates: tuple[int, int], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        ChannelPlan.default(EU868).with_channel(number, frequency_hz, *rates)


def test_a_downlink_frequency_needs_its_uplink_channel() -> None:
    with pytest.raises(ValueError, match="channel 3 has no uplink frequency; the device has channels 0, 1, 2"):
        ChannelPlan.default(EU868).with_downlink(3, 869_525_000)


@FIXED
def test_a_fixed_plan_is_never_changed(region: Region) -> None:
    plan = ChannelPlan.default(region)

    with pytest.raises(ValueError, match="fixed plan"):
        plan.with_channel(3, region.default_channels_hz[0])
    with pytest.raises(ValueError, match="fixed plan"):
        plan.with_downlink(3, region.default_channels_hz[0])


@ALL
def test_tx_ch_is_the_device_s_number_of_the_frequency(region: Region) -> None:
    plan = full(region)

    for number, channel in enumerate(plan.channels):
        assert channel is not None
        assert plan.tx_ch(channel.frequency_hz, channel.lowest_data_rate) == number
    assert plan.tx_ch(1, 0) is None


def test_of_two_channels_on_one_frequency_tx_ch_is_the_one_in_use() -> None:
    plan = ChannelPlan.default(EU868).with_channel(3, 868_300_000, 6, 6)

    numbers = [plan.tx_ch(868_300_000, data_rate) for data_rate in (5, 6)]
    without_1 = plan.masked([MaskBlock(0, 0b1001)])

    assert numbers == [1, 3]
    assert without_1.tx_ch(868_300_000, 5) == 3


def test_a_data_rate_needs_an_enabled_channel_that_carries_it() -> None:
    narrow = ChannelPlan.default(US915).masked([MaskBlock(7, 0), MaskBlock(0, 0xFF00)])
    bank = ChannelPlan.default(US915).masked([MaskBlock(5, 0b10)])

    assert [narrow.carries(number) for number in (0, 3, 4)] == [True, True, False]
    assert bank.carries(4)
