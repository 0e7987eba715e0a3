"""What can wait goes where a transmitter has leisure: few such things a minute, and a part of the hour left for what is worth more."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from gateway.lorawan.duty_cycle import DutyCycle, allowance
from gateway.lorawan.mac_commands import DevStatusReq, LinkADRReq, MacCommand, NewChannelReq
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, LoraRate
from gateway.network.leisure import Leisure, Worth
from gateway.network.transmitters import Transmitters
from simulators.end_device import EndDevice
from tests.network.bench import Bench, as_sent, register
from tests.network.radio import CELLAR, ROOF, Radio, StandingClock, reception

HZ = 868_100_000
FAST, SLOW = LoraRate(7, 125_000), LoraRate(12, 125_000)
UPLINKS = 1_000  # of as many devices, within a minute


class Town:
    """A leisure whose clock is set by hand, and one gateway's ledger."""

    def __init__(self) -> None:
        self.now, self.ledger = timedelta(hours=2), DutyCycle()
        self.leisure = Leisure(EU868, {("radio", ROOF): self.ledger}, lambda: self.now)

    def granted(self, worth: Worth, rate: LoraRate = FAST) -> int:
        """Return how many of a minute's uplinks are answered with what can wait."""
        return sum(self._minute(worth, rate))

    def _minute(self, worth: Worth, rate: LoraRate) -> Iterator[bool]:
        for _ in range(UPLINKS):
            self.now += timedelta(minutes=1) / UPLINKS
            yield self.leisure.grant(reception(ROOF), HZ, rate, worth)

    def spend(self, share: float) -> None:
        """Book so much of the hour."""
        band = EU868.sub_band(HZ)
        assert band is not None
        limit = allowance(band)
        assert limit is not None
        self.ledger.book(band, self.now - timedelta(minutes=10), limit * share)


@pytest.mark.parametrize(("worth", "most_s"), [(Worth.THRIFT, 6.0), (Worth.SETTINGS, 1.2), (Worth.NEWS, 0.6)])
def test_a_crowds_first_uplinks_are_answered_for_a_small_part_of_a_minute(worth: Worth, most_s: float) -> None:
    each_s = 0.062  # 27 octets at SF7

    granted = Town().granted(worth)

    assert most_s - each_s <= granted * each_s <= most_s + 2 * each_s


def test_a_slow_device_is_asked_too_one_a_minute() -> None:
    assert Town().granted(Worth.SETTINGS, SLOW) == 1


def test_the_next_minute_is_another_one() -> None:
    town = Town()
    first = town.granted(Worth.SETTINGS)

    second = town.granted(Worth.SETTINGS)

    assert 0 < second <= first


@pytest.mark.parametrize(
    ("spent", "granted"),
    [
        (0.2, [Worth.THRIFT, Worth.SETTINGS, Worth.NEWS]),
        (0.4, [Worth.THRIFT, Worth.SETTINGS]),
        (0.8, [Worth.THRIFT]),
        (0.95, []),
    ],
)
def test_what_is_worth_less_leaves_more_of_the_hour(spent: float, granted: list[Worth]) -> None:
    town = Town()
    town.spend(spent)

    assert [worth for worth in Worth if town.leisure.grant(reception(ROOF), HZ, FAST, worth)] == granted


def test_another_gateway_has_leisure_of_its_own() -> None:
    town = Town()
    town.spend(1.0)

    assert not town.leisure.grant(reception(ROOF), HZ, FAST, Worth.NEWS)
    assert town.leisure.grant(reception(CELLAR), HZ, FAST, Worth.NEWS)


def test_what_transmitters_send_is_what_leisure_looks_at() -> None:
    clock = StandingClock(seconds=7200.0)
    transmitters = Transmitters({"radio": Radio()}, EU868, clock)
    band = EU868.sub_band(HZ)
    assert band is not None
    transmitters.ledgers["radio", ROOF] = ledger = DutyCycle()
    ledger.book(band, transmitters.now() - timedelta(minutes=5), timedelta(seconds=30))

    assert not transmitters.leisure.grant(reception(ROOF), HZ, FAST, Worth.SETTINGS)


@pytest.mark.parametrize(
    ("kinds", "worth"),
    [
        ({DevStatusReq}, Worth.NEWS),
        ({NewChannelReq, DevStatusReq}, Worth.SETTINGS),
        ({LinkADRReq, NewChannelReq, DevStatusReq}, Worth.THRIFT),
    ],
    ids=["status", "channels", "data_rate"],
)
def test_a_downlink_is_worth_what_the_best_of_its_requests_is(kinds: set[type[MacCommand]], worth: Worth) -> None:
    assert Worth.of(kinds) is worth


async def test_a_crowd_that_is_heard_for_the_first_time_is_not_all_asked_at_once(bench: Bench) -> None:
    crowd = [EndDevice.abp(Eui64(f"a81758fffe06{n:04x}"), DevAddr(f"2602{n:04x}")) for n in range(60)]
    await register(bench, *crowd)

    for device in crowd:
        await bench.hear(device.uplink(2, b"\x01"), as_sent(device))
        bench.clock.seconds += 1
    await bench.settle()

    asked = len(bench.radio.sent)
    assert 0 < asked < 25
    last = crowd[-1]
    await bench.hear(last.uplink(2, b"\x01", confirmed=True), as_sent(last))
    await bench.settle()
    told = last.hear(bench.radio.sent[-1].phy_payload)
    assert len(bench.radio.sent) == asked + 1
    assert told is not None
    assert told.ack
    assert NewChannelReq in {type(one) for one in told.commands}
