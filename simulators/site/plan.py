"""What a site is made of, drawn from a seed: gateways, devices, how well each is heard where, and what is odd with some."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final

from gateway.journal import Registration
from gateway.lorawan.dev_addr import new_dev_addr
from gateway.model import Activation, Device, Eui64, MacVersion, eui64
from simulators.end_device import EndDevice, Make, Oddities
from simulators.registering import activation_of, registered

FIRST_GATEWAY: Final = 0xAA55_5A00_0000_0001
FIRST_DEVICE: Final = 0x70B3_D57E_D000_0001
FIRST_ADDRESS: Final = 0xB0_0000
WEAKEST_DB, STRONGEST_DB = -19.0, 14.0  # SNR of full power at the best gateway; SF12 is heard down to -20
FARTHER_DB: Final = 18.0  # how much worse another gateway may hear a device
VERSIONS: Final = (
    MacVersion.V1_0_3,
    MacVersion.V1_0_2,
    MacVersion.V1_0_4,
    MacVersion.V1_1,
    MacVersion.V1_0_3,
    MacVersion.V1_0_1,
)
ODD: Final = (
    Oddities(refuses_power=True),
    Oddities(refuses_data_rate=True),
    Oddities(refuses_masks=True),
    Oddities(ignores_mac_commands=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A run; the same values, the same run. ``*_every`` n: every n-th device or uplink; 0: none."""

    devices: int = 100
    gateways: int = 2
    hours: float = 1.0
    seed: int = 1
    interval_s: float = 120.0  # between two uplinks of a device, half as much to half as much again
    storm_s: float = 60.0  # all devices are switched on within this time
    confirmed_every: int = 6
    class_c_every: int = 20
    abp_every: int = 10
    odd_every: int = 12
    fixed_every: int = 7  # devices that leave nothing to ADR
    downlink_pause_s: float = 30.0  # between two things that somebody wants to tell some device
    stops: int = 0  # the agent is told to end, and begins again
    kills: int = 0  # the machine is cut off at a commit, and begins again with what the disk holds

    @property
    def ends_s(self) -> float:
        """Seconds from the beginning to the end."""
        return self.hours * 3600.0

    def gateway_names(self) -> Sequence[Eui64]:
        """Return the gateways."""
        return [eui64(f"{FIRST_GATEWAY + number:016x}") for number in range(self.gateways)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inhabitant:
    """One device: the radio that it is, how the agent knows it, and how each gateway hears it at full power."""

    radio: EndDevice
    device: Device
    snr_db: Mapping[Eui64, float]
    random: Random = field(repr=False)

    @property
    def activation(self) -> str:
        """The name of its session in every uplink id; see `gateway.model.Session`."""
        return activation_of(self.radio)

    def registration(self) -> Registration:
        """Return what an installer would enter, before the first uplink."""
        return registered(self.device, self.radio)


def inhabitants(plan: Plan) -> Sequence[Inhabitant]:
    """Return the devices of a plan."""
    return [_inhabitant(plan, number, Random(f"{plan.seed}/{number}")) for number in range(plan.devices)]


def is_turn(number: int, every: int) -> bool:
    """Tell whether the ``number``-th, counted from 0, is one of every n-th."""
    return every > 0 and number % every == every - 1


def _inhabitant(plan: Plan, number: int, random: Random) -> Inhabitant:
    radio = _radio(plan, number, random)
    activation = Activation.ABP if radio.keys is not None else Activation.OTAA
    device = Device(
        dev_eui=radio.dev_eui,
        activation=activation,
        mac_version=radio.mac_version,
        device_class=radio.make.device_class,
        join_eui=radio.join_eui if activation is Activation.OTAA else None,
    )
    return Inhabitant(radio=radio, device=device, snr_db=_path(plan, random), random=random)


def _radio(plan: Plan, number: int, random: Random) -> EndDevice:
    dev_eui, version = eui64(f"{FIRST_DEVICE + number:016x}"), VERSIONS[number % len(VERSIONS)]
    make = Make(
        device_class="C" if is_turn(number, plan.class_c_every) else "A",
        adr=not is_turn(number, plan.fixed_every),
        oddities=ODD[number // plan.odd_every % len(ODD)] if is_turn(number, plan.odd_every) else Oddities(),
        data_rate=0 if is_turn(number, plan.abp_every) else None,
    )
    if not is_turn(number, plan.abp_every):
        return EndDevice(dev_eui, mac_version=version, random=random, make=make)
    address = new_dev_addr(0, FIRST_ADDRESS + number)
    return EndDevice.abp(dev_eui, address, mac_version=version, random=random, make=make)


def _path(plan: Plan, random: Random) -> Mapping[Eui64, float]:
    best = random.uniform(WEAKEST_DB, STRONGEST_DB)
    names = [*plan.gateway_names()]
    random.shuffle(names)
    worse = [0.0, *(random.uniform(0.0, FARTHER_DB) for _ in names[1:])]
    return {name: best - decibels for name, decibels in zip(names, worse, strict=True)}
