"""How a torture run goes, who speaks in it, and when which trouble comes: all of it follows from the seed."""

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
from simulators.torture.troubles import PAUSES_S, TROUBLES, Lane, Trouble

JOINS_EVERY: Final = 4  # each fourth device joins over the air
CONFIRMED_EVERY: Final = 5
MINUTE_S: Final = 60.0
PERIODS: Final = (0.5, 1.5)  # of what kills are apart where a plan says how many a minute
FIRST_DEV_EUI: Final = 0x70B3_D57E_D100_0000
GATEWAYS: Final = tuple(
    eui64(f"aa555a00000000{number:02x}") for number in range(1, 11)
)  # fewer could not answer 200 hasty devices: their transmissions collide
SF7: Final = LoraRate(7, 125_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What one run is to be."""

    seconds: float = 600.0  # that devices speak and troubles come; what has been heard is delivered after that
    devices: int = 100
    troubles: Sequence[str] = ()  # names in `troubles.TROUBLES`
    seed: int = 1
    pace_s: float = 2.5  # between two uplinks of a device, on the average
    speed: float = 1.0  # seconds of radio in a real one; see `PacketForwarder`
    loss: float = 0.6  # of each gateway's copy: four of the ten hear an uplink, and of 200 uplinks one is heard by none
    hurry: float = 1.0  # of troubles: pauses between them, and how long they last, divided by this
    kills_per_minute: float | None = None  # and power cuts, as far as the agent starts as fast; None: as pauses have it
    arrival_limit_s: float = 15.0  # in the end, for what the broker has taken to reach the city


@dataclass(frozen=True, slots=True)
class Blow:
    """One trouble: after how long a pause, and how long it lasts.

    The pause is from the end of the one before; where a plan says how many a minute, from its beginning.
    """

    trouble: Trouble
    pause_s: float
    lasts_s: float


def blows(plan: Plan, lane: Lane) -> Iterator[Blow]:
    """Yield the troubles of a lane without end, one after the other; nothing where the plan has none there."""
    random = Random(f"{plan.seed}/{lane}")
    choice = [TROUBLES[name] for name in TROUBLES if name in plan.troubles and TROUBLES[name].lane is lane]
    bag: list[Trouble] = []
    while choice:
        if not bag:  # each once before any comes again
            bag = random.sample(choice, len(choice))
        trouble = bag.pop()
        pause_s, lasts_s = random.uniform(*PAUSES_S[lane]), random.uniform(*trouble.lasts_s)
        if lane is Lane.AGENT and plan.kills_per_minute is not None:
            yield Blow(trouble, random.uniform(*PERIODS) * MINUTE_S / plan.kills_per_minute, lasts_s / plan.hurry)
        else:
            yield Blow(trouble, pause_s / plan.hurry, lasts_s / plan.hurry)


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
