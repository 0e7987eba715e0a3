"""What was read of a scenario's file becomes its values: spans become seconds, words become what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from gateway.model import Activation, MacVersion
from simulators.lab.cities import ways
from simulators.lab.scenario import (
    DAY_S,
    Area,
    Fleet,
    Mast,
    Mischief,
    Move,
    Neighbour,
    Platform,
    Promise,
    Radio,
    Rhythm,
    Scenario,
    Trouble,
    What,
)
from simulators.lab.scenario_values import When
from simulators.radio import Walls
from simulators.values import Setting

SPREAD: Final = 0.1  # of a rhythm
AFTER_A_TIME_S: Final = 60.0
LASTS_S: Final = 600.0
NOISE_DB: Final = 10.0

Read = Any  # keys of a section, all of them right


def made(sections: Mapping[str, Sequence[Read]]) -> Scenario:
    """Return the scenario of sections in which nothing is wrong."""
    (whole,), (radio,), (promise,) = sections["scenario"], sections["radio"], sections["promise"]
    begins, lasts_s = whole.begins, whole.lasts.total_seconds()
    return Scenario(
        name=whole.name,
        title=whole.title,
        seed=whole.seed,
        begins=begins,
        lasts_s=lasts_s,
        settles_s=whole.settles.total_seconds(),
        fleets=[_fleet(one, begins) for one in sections["fleet"]],
        masts=[_mast(one) for one in sections["gateway"]],
        relays=tuple(one.name for one in sections["relay"]),
        radio=Radio(
            propagation=radio.propagation,
            shadowing_db=radio.shadowing_db,
            capture=radio.capture,
            orthogonal=radio.orthogonal,
        ),
        platforms=[
            Platform(
                name=one.name,
                kind=one.kind,
                way=one.way or ways(one.kind)[0],
                city=one.city,
                delay_s=one.delay_ms / 1e3,
            )
            for one in sections["platform"]
        ],
        moves=[Move(service=one.service, to=one.to, at_s=one.at.seconds(begins)) for one in sections["move"]],
        troubles=[trouble for one in sections["fault"] for trouble in _troubles(one, begins, lasts_s)],
        neighbours=[_neighbour(one, begins, lasts_s) for one in sections["neighbour"]],
        promise=Promise(
            lost=promise.lost,
            heard=promise.heard,
            delivered_within_s=_seconds(promise.delivered_within),
            share=promise.share,
            duplicates=promise.duplicates,
        ),
    )


def _fleet(keys: Read, begins: datetime) -> Fleet:
    return Fleet(
        name=keys.name,
        models=tuple(keys.models),
        count=keys.count,
        activation=Activation(keys.activation),
        mac_version=MacVersion(keys.mac_version),
        device_class=keys.device_class,
        rhythm=_rhythm(keys, begins),
        joins_within_s=keys.joins_within.total_seconds(),
        confirmed=keys.confirmed,
        adr=keys.adr,
        data_rate=keys.data_rate,
        area=_area(keys, keys.radius_m),
        walls=Walls[keys.walls.upper()],
        setting=Setting(keys.setting),
        platforms=tuple(keys.platforms),
        answered_by=keys.answered_by,
    )


def _rhythm(keys: Read, begins: datetime) -> Rhythm:
    spread_s = _seconds(keys.spread)
    if keys.at is not None:
        at_s = keys.at.seconds(begins)
        spread_s = AFTER_A_TIME_S if spread_s is None else spread_s
        return Rhythm(every_s=DAY_S, at_s=at_s, spread_s=spread_s, watches=keys.watches)
    every_s = _seconds(keys.every)
    usual_s = 0.0 if every_s is None else every_s * SPREAD
    return Rhythm(every_s=every_s, at_s=None, spread_s=usual_s if spread_s is None else spread_s, watches=keys.watches)


def _mast(keys: Read) -> Mast:
    return Mast(
        name=keys.name,
        kind=keys.type,
        area=_area(keys, 0.0),
        antenna_dbi=keys.antenna_dbi,
        frequency_hz=keys.frequency_hz,
        spreading_factor=keys.spreading_factor,
        delay_s=keys.delay_ms / 1e3,
    )


def _neighbour(keys: Read, begins: datetime, lasts_s: float) -> Neighbour:
    return Neighbour(
        name=keys.name,
        does=[Mischief(one) for one in keys.does],
        every_s=keys.every.total_seconds(),
        begins_s=_at(keys.at, begins, 0.0),
        ends_s=_at(keys.until, begins, lasts_s),
        area=_area(keys, 0.0),
    )


def _troubles(keys: Read, begins: datetime, lasts_s: float) -> Iterator[Trouble]:
    length_s = LASTS_S if keys.lasts is None else keys.lasts.total_seconds()
    for begins_s in _beginnings(keys, begins, lasts_s):
        ends_s = begins_s + length_s if keys.until is None else keys.until.seconds(begins)
        while ends_s <= begins_s:  # "22:00" until "06:00" is of the next day
            ends_s += DAY_S
        yield Trouble(
            what=What(keys.what),
            begins_s=begins_s,
            ends_s=ends_s,
            whom=tuple(keys.whom),
            share=keys.share,
            by_s=keys.by_s,
            by_db=NOISE_DB if keys.by_db is None else keys.by_db,
        )


def _beginnings(keys: Read, begins: datetime, lasts_s: float) -> Iterator[float]:
    if keys.at is not None:
        yield keys.at.seconds(begins)
        return
    every_s = keys.every.total_seconds()
    yield from (number * every_s for number in range(1, int(lasts_s // every_s) + 1))


def _area(keys: Read, radius_m: float) -> Area:
    latitude, longitude = keys.where
    return Area(latitude=latitude, longitude=longitude, radius_m=radius_m, height_m=keys.height_m)


def _at(when: When | None, begins: datetime, otherwise_s: float) -> float:
    return otherwise_s if when is None else when.seconds(begins)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()
