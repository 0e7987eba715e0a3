"""Small worlds for the tests of the ether."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from random import Random

from gateway.model import DataRate, LoraRate, eui64
from simulators.concentrator import airtime_us
from simulators.radio import PURE_ALOHA, Ether, FreeSpace, Links, Loss, Outcome, Receiver, Rules, Spot, Transmission
from simulators.radio.receivers import concentrator

GATEWAY = eui64("aa555a0000000001")
HILL = Spot(east_m=0, north_m=0, height_m=30)
NEAR = Spot(east_m=1000, north_m=0)
SF7 = LoraRate(7, 125_000)
SF12 = LoraRate(12, 125_000)
CHANNEL_HZ = 868_100_000
STEADY = Rules(fading_db=0.0)


def ether(*receivers: Receiver, rules: Rules = PURE_ALOHA, seed: int = 1) -> Ether:
    ears = receivers or (concentrator(GATEWAY, HILL),)
    return Ether(Links(ears, seed=seed, propagation=FreeSpace()), seed=seed, rules=rules)


def frame(
    number: int,
    begins_us: int = 0,
    *,
    sender: str = "",
    spot: Spot = NEAR,
    frequency_hz: int = CHANNEL_HZ,
    data_rate: DataRate = SF7,
    power_dbm: float = 14.0,
    size: int = 20,
) -> Transmission:
    return Transmission(
        number=number,
        sender=sender or f"device {number}",
        spot=spot,
        begins_us=begins_us,
        airtime_us=airtime_us(size, data_rate),
        frequency_hz=frequency_hz,
        data_rate=data_rate,
        power_dbm=power_dbm,
    )


def carried(through: Ether, frames: Iterable[Transmission]) -> list[Outcome]:
    outcomes = [outcome for one in frames for outcome in through.begin(one)]
    return outcomes + through.rest()


def poisson(random: Random, count: int, mean_us: float) -> Iterator[int]:
    """Yield ``count`` arrivals, ``mean_us`` from one to the next."""
    now_us = 0.0
    for _ in range(count):
        now_us += random.expovariate(1 / mean_us)
        yield round(now_us)


def fates(*frames: Transmission, rules: Rules = STEADY) -> list[Loss | None]:
    """Return what became of each, in the order of their numbers."""
    outcomes = carried(ether(rules=rules), sorted(frames, key=lambda one: one.begins_us))
    return [one.loss for one in sorted(outcomes, key=lambda one: one.transmission.number)]
