"""Who gets a frame and why others do not: strength, channels, demodulators, half duplex, capture."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.model import FskRate, LoraRate, eui64
from simulators.radio import (
    MEASURED,
    SX1301,
    SX1302,
    Chip,
    Loss,
    Rules,
    Spot,
    Transmission,
    concentrator,
    single_channel,
)
from simulators.radio.receivers import EU868_CHANNELS_HZ
from simulators.radio.rules import symbol_us
from tests.simulators.radio.skies import (
    CHANNEL_HZ,
    GATEWAY,
    HILL,
    NEAR,
    SF7,
    SF12,
    STEADY,
    carried,
    ether,
    fates,
    frame,
)

OTHER = eui64("aa555a0000000002")
SYMBOL_US = round(symbol_us(SF7))


# ── strength ────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_frame_arrives_at_its_end_as_a_concentrator_tells_of_it() -> None:
    sent = frame(1, begins_us=1_000_000)
    receiver = concentrator(GATEWAY, HILL, counter_start_us=(1 << 32) - 1_000_000)

    (outcome,) = carried(ether(receiver, rules=STEADY), [sent])

    (arrival,) = outcome.arrivals
    assert arrival.gateway == GATEWAY
    assert arrival.rssi_dbm == round(14.0 - 91.2)
    assert arrival.snr_db == 12.0
    assert arrival.timestamp_us == sent.airtime_us
    assert outcome.loss is None


@pytest.mark.parametrize(("above_db", "loss"), [(0.5, None), (-0.5, Loss.TOO_WEAK)])
@pytest.mark.parametrize("spreading_factor", range(7, 13))
def test_a_frame_is_heard_down_to_the_sensitivity_of_its_spreading_factor(
    spreading_factor: int, above_db: float, loss: Loss | None
) -> None:
    stated_dbm = {7: -128.5, 8: -131.0, 9: -133.5, 10: -136.0, 11: -138.5, 12: -141.0}[spreading_factor]
    way_db = 91.175  # 1 km of free space, and 28.5 m of height

    (outcome,) = carried(
        ether(rules=STEADY),
        [frame(1, data_rate=LoraRate(spreading_factor, 125_000), power_dbm=stated_dbm + way_db + above_db)],
    )

    assert outcome.loss is loss
    assert all(arrival.snr_db == pytest.approx(stated_dbm + 121 + above_db, abs=0.3) for arrival in outcome.arrivals)


def test_a_frame_below_the_noise_has_the_rssi_of_the_noise() -> None:
    (outcome,) = carried(ether(rules=STEADY), [frame(1, data_rate=SF12, power_dbm=-45.0)])

    assert outcome.arrivals[0].rssi_dbm == -121


def test_a_device_at_the_end_of_the_world_is_out_of_reach() -> None:
    (outcome,) = carried(ether(rules=STEADY), [frame(1, spot=Spot(east_m=9e6, north_m=0))])

    assert outcome.loss is Loss.OUT_OF_REACH


def test_each_gateway_in_reach_hears_for_itself() -> None:
    here, there = concentrator(GATEWAY, HILL), concentrator(OTHER, Spot(east_m=60_000, north_m=0))

    (outcome,) = carried(ether(here, there, rules=STEADY), [frame(1, power_dbm=-7.0)])

    assert [one.gateway for one in outcome.arrivals] == [GATEWAY]
    assert outcome.losses == {OTHER: Loss.TOO_WEAK}


def test_fading_is_of_the_frame_and_the_link_and_not_of_who_else_speaks() -> None:
    faded = Rules(fading_db=3.0)
    alone = carried(ether(rules=faded), [frame(1, power_dbm=-25.0)])

    among = carried(
        ether(concentrator(OTHER, NEAR), concentrator(GATEWAY, HILL), rules=faded),
        [frame(9, sender="a", frequency_hz=868_500_000), frame(1, power_dbm=-25.0)],
    )

    told = [arrival for one in among for arrival in one.arrivals if one.transmission.number == 1]
    assert alone[0].arrivals[0] in told


# ── what a gateway listens to ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("frequency_hz", "data_rate", "loss"),
    [
        (867_100_000, SF12, None),
        (868_300_000, LoraRate(7, 250_000), None),
        (868_100_000, LoraRate(7, 250_000), Loss.NOT_LISTENING),
        (868_800_000, FskRate(50_000), None),
        (869_525_000, SF12, Loss.NOT_LISTENING),
    ],
)
def test_a_concentrator_hears_its_channels_only(frequency_hz: int, data_rate: LoraRate, loss: Loss | None) -> None:
    assert fates(frame(1, frequency_hz=frequency_hz, data_rate=data_rate)) == [loss]


def test_a_single_channel_gateway_hears_one_spreading_factor() -> None:
    air = ether(single_channel(GATEWAY, HILL, CHANNEL_HZ, SF7), rules=STEADY)

    outcomes = carried(
        air, [frame(1), frame(2, 1_000_000, data_rate=SF12), frame(3, 5_000_000, frequency_hz=868_300_000)]
    )

    assert [one.loss for one in outcomes] == [None, Loss.NOT_LISTENING, Loss.NOT_LISTENING]


# ── demodulators ────────────────────────────────────────────────────────────────────────────────────────────────────


def at_once(count: int, spreading_factors: range = range(7, 13)) -> list[Transmission]:
    """Return frames that do not collide: each has a channel or a spreading factor of its own; all are on the air at 1 ms."""
    kinds = [(hertz, factor) for factor in spreading_factors for hertz in EU868_CHANNELS_HZ]
    return [
        frame(number, number * 10, frequency_hz=hertz, data_rate=LoraRate(factor, 125_000))
        for number, (hertz, factor) in enumerate(kinds[:count])
    ]


@pytest.mark.parametrize(
    ("chip", "frames", "lost"),
    [
        (SX1301, at_once(8), 0),
        (SX1301, at_once(10), 2),
        (SX1302, at_once(16), 0),
        (SX1302, at_once(18), 2),
        (SX1302, at_once(16, range(11, 13)), 8),  # half of its demodulators know SF5 to SF10 only
    ],
)
def test_a_concentrator_hears_as_many_frames_as_it_has_demodulators(
    chip: Chip, frames: list[Transmission], lost: int
) -> None:
    air = ether(concentrator(GATEWAY, HILL, chip=chip), rules=STEADY)

    outcomes = carried(air, frames)

    assert air.counts == {
        key: count for key, count in (("heard", len(frames) - lost), ("no_demodulator", lost)) if count
    }
    latest = {one.number for one in frames[len(frames) - lost :]}
    assert {one.transmission.number for one in outcomes if one.loss} == latest


def test_a_demodulator_is_free_again_when_its_frame_has_ended() -> None:
    first = frame(1)
    air = ether(single_channel(GATEWAY, HILL, CHANNEL_HZ, SF7), rules=STEADY)

    outcomes = carried(air, [first, frame(2, first.ends_us)])

    assert [one.loss for one in outcomes] == [None, None]


def test_a_frame_that_will_be_lost_holds_its_demodulator_all_the_same() -> None:
    others = [one for one in at_once(8) if one.frequency_hz != CHANNEL_HZ]
    later = [replace(one, number=one.number + 3, begins_us=one.begins_us + 100) for one in others]
    frames = [frame(1), frame(2, 10), *later]
    air = ether(concentrator(GATEWAY, HILL, chip=SX1301), rules=STEADY)

    carried(air, frames)

    assert air.counts == {Loss.COLLIDED: 2, "heard": 6, Loss.NO_DEMODULATOR: 1}


def test_a_frame_too_weak_to_be_noticed_takes_no_demodulator() -> None:
    whispers = [replace(one, power_dbm=-90.0) for one in at_once(10)]

    outcomes = carried(
        ether(concentrator(GATEWAY, HILL, chip=SX1301), rules=STEADY),
        [*whispers, frame(99, 500, data_rate=LoraRate(10, 125_000))],
    )

    assert [one.loss for one in outcomes if one.transmission.number == 99] == [None]


# ── half duplex ─────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("begins_us", "ends_us", "loss"),
    [
        (-50_000, -1, None),
        (-50_000, 3 * SYMBOL_US, None),  # five symbols of the preamble are left
        (-50_000, 4 * SYMBOL_US, Loss.GATEWAY_SENDING),
        (20_000, 21_000, Loss.GATEWAY_SENDING),
        (56_000, 90_000, Loss.GATEWAY_SENDING),
        (56_576, 90_000, None),  # the frame's last symbol has been heard
    ],
)
def test_a_gateway_hears_nothing_while_it_sends(begins_us: int, ends_us: int, loss: Loss | None) -> None:
    air = ether(rules=STEADY)
    uplink = frame(1, begins_us=1_000_000)
    assert uplink.airtime_us == 56_576

    air.sends(GATEWAY, 1_000_000 + begins_us, 1_000_000 + ends_us)
    (outcome,) = carried(air, [uplink])

    assert outcome.loss is loss


def test_a_gateway_that_begins_to_send_loses_what_it_is_about_to_hear_and_others_hear_it() -> None:
    air = ether(concentrator(GATEWAY, HILL), concentrator(OTHER, HILL), rules=STEADY)

    air.begin(frame(1))
    air.sends(GATEWAY, 30_000, 90_000)
    (outcome,) = air.rest()

    assert [one.gateway for one in outcome.arrivals] == [OTHER]
    assert outcome.losses == {GATEWAY: Loss.GATEWAY_SENDING}


# ── order ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_frames_end_in_the_order_of_time_and_those_that_end_together_by_number() -> None:
    long, short = frame(1, data_rate=SF12), frame(2, 1000)
    twins = [frame(number, 2_000_000, frequency_hz=hertz) for number, hertz in ((5, 868_500_000), (4, 868_300_000))]

    outcomes = carried(ether(rules=STEADY), [long, short, *twins])

    assert [one.transmission.number for one in outcomes] == [2, 1, 4, 5]


def test_a_frame_of_the_past_is_refused_in_words() -> None:
    air = ether()
    air.begin(frame(1, 5_000))

    with pytest.raises(ValueError, match="transmission 2 begins at 4999 µs, and it is 5000 µs already"):
        air.begin(frame(2, 4_999))


def test_the_same_seed_and_frames_have_the_same_outcomes_and_another_seed_others() -> None:
    frames = [frame(number, number * 3_000, sender=f"d{number % 7}", power_dbm=-30.0) for number in range(400)]

    first, again, other = (carried(ether(rules=MEASURED, seed=seed), frames) for seed in (1, 1, 2))

    assert first == again
    assert first != other


# ── down ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_downlink_takes_the_same_way_back_to_a_receiver_that_hears_less() -> None:
    air = ether(rules=STEADY)
    level_dbm = 91.175 - 137.0  # what SF12 needs at a device

    heard, lost = (
        air.downlink(GATEWAY, "device", NEAR, number=1, power_dbm=level_dbm + more_db, data_rate=SF12)
        for more_db in (0.5, -0.5)
    )

    assert heard == (-117, -19.5)
    assert lost is None
