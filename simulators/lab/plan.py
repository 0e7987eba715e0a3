"""Who lives in a scenario: each device with its place, its radio and what it says; each gateway with its receiver."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from decoders.registry import Registry
from gateway.cities.slugs import slug
from gateway.errors import ConfigError
from gateway.journal import Registration
from gateway.lorawan.dev_addr import new_dev_addr
from gateway.model import Activation, Device, Entity, Eui64, LoraRate, Place, eui64
from simulators import values
from simulators.end_device import EndDevice, Make
from simulators.hashed import key, uniform
from simulators.lab.scenario import Area, Fleet, Mast, Radio, Scenario
from simulators.radio import (
    LANCASTER,
    MEASURED,
    OULU,
    OULU_WATER,
    FreeSpace,
    Links,
    OkumuraHata,
    Receiver,
    Rules,
    Spot,
    concentrator,
    on_the_map,
    single_channel,
)
from simulators.radio.propagation import Propagation
from simulators.registering import activation_of, registered
from simulators.sensors import Spoken
from simulators.values import Changes, Moment, Utterances

FIRST_DEV_EUI: Final = 0x70B3_D57E_D000_0001
FIRST_GATEWAY: Final = 0xAA55_5A00_0000_0001
FIRST_ADDRESS: Final = 0xB0_0000  # of those with ABP; a network that draws one of them draws again
COUNTER: Final = 1 << 32
MODEM: Final = "serial_modem"  # a gateway that hears one channel and one data rate
PROPAGATIONS: Final[dict[str, Propagation]] = {
    "oulu": OULU,
    "oulu_water": OULU_WATER,
    "lancaster": LANCASTER,
    "hata_urban": OkumuraHata(),
    "hata_suburban": OkumuraHata(suburban=True),
    "free_space": FreeSpace(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settler:
    """One device."""

    fleet: Fleet
    device: Device
    radio: EndDevice
    spot: Spot
    platforms: tuple[str, ...]  # that are to have what it says
    says: Callable[[Moment], Spoken]
    changes: Changes  # when it speaks besides its rhythm
    key: int  # of its own draws

    @property
    def activation(self) -> str:
        """Return the name of its session in every uplink id; see `gateway.model.Session`."""
        return activation_of(self.radio)

    def registration(self) -> Registration:
        """Return what an installer would enter, before the first uplink."""
        return registered(self.device, self.radio)

    def at_its_server(self) -> Registration:
        """Return what is entered at a network server beside the agent: there it is the server's own."""
        return registered(replace(self.device, answered_by=""), self.radio)

    def served(self) -> Registration:
        """Return what is entered where a network server has the keys."""
        return Registration(device=replace(self.device, activation=Activation.OTAA, join_eui=None))


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """All that stands still in a scenario."""

    settlers: Sequence[Settler]
    masts: Sequence[tuple[Eui64, Mast]]
    links: Links
    rules: Rules
    centre: tuple[float, float]  # of the plane that spots are on, in degrees


def town(scenario: Scenario, registry: Registry) -> Town:
    """Return who lives in a scenario; ConfigError names models that have nothing to say."""
    utterances = Utterances(registry)
    problems = [words for fleet in scenario.fleets for words in _mute(fleet, utterances)]
    if problems:
        raise ConfigError(problems)
    centre = _centre(scenario)
    founding = _Founding(scenario.seed, centre, _everybody(scenario), utterances)
    masts = [(eui64(f"{FIRST_GATEWAY + number:016x}"), mast) for number, mast in enumerate(scenario.masts)]
    everyone = ((fleet, number) for fleet in scenario.fleets for number in range(fleet.count))
    settlers = [_settler(founding, fleet, number, index) for index, (fleet, number) in enumerate(everyone)]
    return Town(
        settlers=settlers,
        masts=masts,
        links=Links(
            [receiver(scenario.seed, eui, mast, centre) for eui, mast in masts],
            seed=scenario.seed,
            propagation=propagation(scenario.radio),
        ),
        rules=rules(scenario.radio),
        centre=centre,
    )


def propagation(radio: Radio) -> Propagation:
    """Return the formula that a scenario names, with its own shadowing where it says one."""
    found = PROPAGATIONS[radio.propagation]
    if radio.shadowing_db is None:
        return found
    return replace(found, shadowing_db=radio.shadowing_db)  # type: ignore[type-var]  # all of the table are dataclasses


def rules(radio: Radio) -> Rules:
    """Return the rules that hold."""
    return replace(MEASURED, capture_db=MEASURED.capture_db if radio.capture else None, orthogonal=radio.orthogonal)


def receiver(seed: int, eui: Eui64, mast: Mast, centre: tuple[float, float]) -> Receiver:
    """Return a gateway's receiving side, its counter anywhere in its 32 bits."""
    if mast.kind == MODEM:
        rate = LoraRate(mast.spreading_factor, 125_000)
        return single_channel(eui, spot(mast.area, centre), mast.frequency_hz, rate, antenna_dbi=mast.antenna_dbi)
    return concentrator(
        eui,
        spot(mast.area, centre),
        antenna_dbi=mast.antenna_dbi,
        counter_start_us=int(uniform(key(seed, "counter", eui), 0) * COUNTER),
    )


def spot(area: Area, centre: tuple[float, float], indoor_db: float = 0.0) -> Spot:
    """Return the middle of an area on the plane around ``centre``."""
    return on_the_map(area.latitude, area.longitude, centre=centre, height_m=area.height_m, indoor_db=indoor_db)


def _mute(fleet: Fleet, utterances: Utterances) -> list[str]:
    problems = []
    for model in fleet.models:
        try:
            utterances.of(model, values.Place(seed=0, device="asked whether it can speak"))
        except (LookupError, ValueError) as error:
            problems.append(f"fleet {fleet.name!r}: {model} has nothing to say: {error}; choose another model")
    return problems


def _centre(scenario: Scenario) -> tuple[float, float]:
    masts = scenario.masts
    return (
        sum(one.area.latitude for one in masts) / len(masts),
        sum(one.area.longitude for one in masts) / len(masts),
    )


@dataclass(frozen=True, slots=True)
class _Founding:
    """What all settlers of a town have in common."""

    seed: int
    centre: tuple[float, float]
    everybody: tuple[str, ...]  # platforms of those that name none
    utterances: Utterances


def _everybody(scenario: Scenario) -> tuple[str, ...]:
    moved_to = {one.to for one in scenario.moves}
    return tuple(one.name for one in scenario.platforms if one.name not in moved_to)


def _settler(founding: _Founding, fleet: Fleet, number: int, index: int) -> Settler:
    """Return a fleet's device with that number; ``index`` is its number in the town."""
    seed = founding.seed
    own, platforms = key(seed, fleet.name, number), tuple(fleet.platforms) or founding.everybody
    area = _within(fleet.area, own)
    dev_eui = eui64(f"{FIRST_DEV_EUI + index:016x}")
    radio = _radio(fleet, dev_eui, index, Random(f"{seed}/{dev_eui}"))
    model = fleet.models[number % len(fleet.models)]
    name = f"{fleet.name} {number + 1}"
    place = values.Place(
        seed=seed, device=dev_eui, setting=fleet.setting, latitude=area.latitude, longitude=area.longitude
    )
    return Settler(
        fleet=fleet,
        device=Device(
            dev_eui=dev_eui,
            name=name,
            decoder=model,
            activation=fleet.activation,
            mac_version=radio.mac_version,
            device_class=fleet.device_class,
            join_eui=radio.join_eui if fleet.activation is Activation.OTAA else None,
            entity=Entity("", slug(name)),
            place=Place(round(area.latitude, 6), round(area.longitude, 6)),
            tags=frozenset(map(slug, platforms)),
            answered_by=fleet.answered_by or "",
        ),
        radio=radio,
        spot=spot(area, founding.centre, fleet.walls.value),
        platforms=platforms,
        says=founding.utterances.of(model, place),
        changes=_changes(fleet, place),
        key=own,
    )


def _changes(fleet: Fleet, place: values.Place) -> Changes:
    watches = fleet.rhythm.watches
    return (lambda *_: iter(())) if watches is None else values.changes(place, watches)


def _radio(fleet: Fleet, dev_eui: Eui64, index: int, random: Random) -> EndDevice:
    make = Make(device_class=fleet.device_class, adr=fleet.adr, data_rate=fleet.data_rate)
    if fleet.activation is Activation.OTAA:
        return EndDevice(dev_eui, mac_version=fleet.mac_version, random=random, make=make)
    address = new_dev_addr(0, FIRST_ADDRESS + index)
    return EndDevice.abp(dev_eui, address, mac_version=fleet.mac_version, random=random, make=make)


def _within(area: Area, own: int) -> Area:
    """Return a place of an area, all places of it alike."""
    far_m, angle = area.radius_m * math.sqrt(uniform(own, -1)), 2 * math.pi * uniform(own, -2)
    north = math.degrees(far_m * math.sin(angle) / 6_371_000.0)
    east = math.degrees(far_m * math.cos(angle) / 6_371_000.0) / math.cos(math.radians(area.latitude))
    return replace(area, latitude=area.latitude + north, longitude=area.longitude + east, radius_m=0.0)
