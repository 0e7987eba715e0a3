"""How a torture run goes, and when it strikes: all of it follows from the seed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Final

from gateway.lorawan.dev_addr import new_dev_addr
from gateway.model import Activation, Device, Eui64, LoraRate, eui64
from simulators.end_device import EndDevice
from simulators.members import Member
from simulators.sensors import Says, Spoken
from simulators.torture.payload import DECODER, F_PORT, payload_of

JOINS_EVERY: Final = 4  # each fourth device joins over the air
CONFIRMED_EVERY: Final = 5
FIRST_DEV_EUI: Final = 0x70B3_D57E_D100_0000
GATEWAYS: Final = tuple(
    eui64(f"aa555a00000000{number:02x}") for number in range(1, 11)
)  # fewer could not answer 200 hasty devices: their transmissions collide
SF7: Final = LoraRate(7, 125_000)
EDGE: Final = 0.05  # of the run at its beginning and its end without blows: there is something to lose in between
AGENT_DOWN_S: Final = (0.0, 1.0)
BROKER_DOWN_S: Final = (0.5, 4.0)
OFF_BEAT_S: Final = 0.3  # a blow falls up to this much after the uplink it waits for


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run is to be."""

    uplinks: int = 10_000
    devices: int = 200
    kills: int = 10  # of the agent
    broker_kills: int = 3
    seed: int = 1
    pace_s: float = 2.5  # between two uplinks of a device, on the average
    speed: float = 1.0  # seconds of radio in a real one; see `PacketForwarder`
    loss: float = 0.6  # of each gateway's copy: four of the ten hear an uplink, and of 200 uplinks one is heard by none
    arrival_limit_s: float = 15.0  # in the end, for what the broker has taken to reach the city


@dataclass(frozen=True, slots=True)
class Blow:
    """A SIGKILL when so many uplinks have been sent, and how long its victim stays down."""

    after: int
    delay_s: float
    down_s: float


def agent_blows(plan: Plan) -> Sequence[Blow]:
    """Return when the agent is killed."""
    return _blows(Random(f"{plan.seed}/agent"), plan.kills, plan.uplinks, AGENT_DOWN_S)


def broker_blows(plan: Plan) -> Sequence[Blow]:
    """Return when the broker is killed."""
    return _blows(Random(f"{plan.seed}/broker"), plan.broker_kills, plan.uplinks, BROKER_DOWN_S)


def _blows(random: Random, how_many: int, uplinks: int, down_s: tuple[float, float]) -> Sequence[Blow]:
    moments = sorted(random.uniform(EDGE, 1.0 - EDGE) for _ in range(how_many))
    return [Blow(int(moment * uplinks), random.uniform(0.0, OFF_BEAT_S), random.uniform(*down_s)) for moment in moments]


def tortured_members(plan: Plan) -> Sequence[Member]:
    """Return the devices, the same for the same seed; their payloads share one row of serial numbers."""
    serials = count(1)
    return [_member(number, Random(f"{plan.seed}/{number}"), serials) for number in range(plan.devices)]


def _member(number: int, random: Random, serials: Iterator[int]) -> Member:
    dev_eui = eui64(f"{FIRST_DEV_EUI + number:016x}")
    joins = number % JOINS_EVERY == 0
    radio = EndDevice(dev_eui, random=random) if joins else _personalised(dev_eui, number, random)
    device = Device(
        dev_eui=dev_eui,
        name=f"torture {number}",
        decoder=DECODER,
        activation=Activation.OTAA if joins else Activation.ABP,
        mac_version=radio.mac_version,
        join_eui=radio.join_eui if joins else None,
    )
    return Member(
        device=device,
        radio=radio,
        says=_counting(serials),
        data_rate=SF7,
        rssi_dbm=-90.0,
        snr_db=7.0,
        confirmed_every=CONFIRMED_EVERY,
    )


def _personalised(dev_eui: Eui64, number: int, random: Random) -> EndDevice:
    return EndDevice.abp(dev_eui, new_dev_addr(0, number), random=random)


def _counting(serials: Iterator[int]) -> Says:
    for serial in serials:
        yield Spoken(F_PORT, payload_of(serial))
