"""What a seed makes up: the town, the cities, the limits, and what befalls them, deed by deed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import exp, log
from random import Random
from typing import Final

from gateway.journal import WhenFull
from gateway.model import MacVersion
from simulators.simulation.platforms import Kind
from simulators.simulation.town import Gps, Habits, Kin

MINUTE, HOUR, DAY, WEEK = 60.0, 3_600.0, 86_400.0, 604_800.0
VERSIONS: Final = (MacVersion.V1_0_2, MacVersion.V1_0_3, MacVersion.V1_0_3, MacVersion.V1_0_4, MacVersion.V1_1)
TINY, ROOMY = 128 * 1024, 8 * 1024 * 1024  # octets of a journal: one that some hundred uplinks fill, one that none do
KEPT: Final = (timedelta(0), timedelta(hours=1), timedelta(days=7))

DEEDS: Final = (  # what may happen, and how often it is drawn
    (6, "kill"),
    (10, "kill at a point"),
    (3, "power cut"),
    (4, "stop and start"),
    (6, "the disk fails"),
    (3, "the disk is full"),
    (3, "the disk is slow"),
    (2, "the disk cannot be read"),
    (9, "a platform is away"),
    (7, "a platform is in a bad mood"),
    (2, "the forgetful platform forgets"),
    (4, "a long time passes"),
    (4, "the clock is set"),
    (7, "old frames are played"),
    (6, "a device begins anew"),
    (4, "a downlink is queued"),
    (3, "a destination moves"),
    (2, "dead letters are retried"),
    (2, "the decoder is mended"),
    (5, "many speak at once"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class City:
    """A destination to begin with."""

    name: str
    kind: Kind
    takes_all: bool  # else every second device
    refuses_one_in: int
    takes_uncertain_time: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something that happens ``after_s`` seconds after what happened before; deeds draw their own details from ``seed``."""

    what: str
    after_s: float
    seed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The story of one seed."""

    seed: int
    devices: Sequence[Kin]
    habits: Habits
    cities: Sequence[City]
    batch: int
    backlog_per_s: float
    give_up: timedelta | None
    limit_bytes: int
    keep_delivered: timedelta
    when_full: WhenFull
    deeds: Sequence[Deed]


def plan_of(seed: int) -> Plan:
    """Return what ``seed`` makes up."""
    random = Random(f"{seed}/plan")
    is_tight = random.random() < 0.25
    return Plan(
        seed=seed,
        devices=[_kin(random) for _ in range(random.randint(2, 5))],
        habits=Habits(
            slowest_s=random.choice((10.0, 40.0)),
            confirmed=random.choice((0.0, 0.3, 0.8)),
            garbled=random.choice((0.0, 0.0, 0.05)),
            padding=150 if is_tight else 20,
            air_loss=random.choice((0.0, 0.05, 0.3)),
            gps=random.choice((Gps.NONE, Gps.NONE, Gps.NONE, Gps.RIGHT, Gps.FORGETFUL)),
        ),
        cities=_cities(random),
        batch=random.choice((1, 4, 10, 100)),
        backlog_per_s=random.choice((0.0, 0.3, 20.0)),
        give_up=random.choice((None, None, timedelta(days=1))),
        limit_bytes=TINY if is_tight else ROOMY,
        keep_delivered=random.choice(KEPT),
        when_full=random.choice(list(WhenFull)),
        deeds=_deeds(seed, random),
    )


def _kin(random: Random) -> Kin:
    version, joins = random.choice(VERSIONS), random.random() < 0.6
    return Kin(
        version=version,
        joins=joins,
        device_class=random.choice(("A", "A", "A", "C")),
        rejoins=joins and version is MacVersion.V1_1 and random.random() < 0.7,
        forgets=not joins and version is not MacVersion.V1_1 and random.random() < 0.4,
    )


def _cities(random: Random) -> list[City]:
    drawn = [
        City(
            name=name,
            kind=kind,
            takes_all=random.random() < 0.7,
            refuses_one_in=random.choice((20, 1_000)),
            takes_uncertain_time=kind is Kind.EVENTS and random.random() < 0.5,
        )
        for name, kind in (("orion", Kind.STRICT), ("lake", Kind.EVENTS), ("tap", Kind.FORGETFUL))
    ]
    return drawn if random.random() < 0.7 else random.sample(drawn, 2)


def _deeds(seed: int, random: Random) -> list[Deed]:
    weights, kinds = zip(*DEEDS, strict=True)
    drawn = random.choices(kinds, weights, k=random.randint(8, 20))
    return [
        Deed(what=what, after_s=span(random, 0.5, 2 * MINUTE), seed=f"{seed}/deed {number}")
        for number, what in enumerate(drawn)
    ]


def span(random: Random, least_s: float, most_s: float) -> float:
    """Draw a span of time, short ones as often as long ones."""
    return exp(random.uniform(log(least_s), log(most_s)))
