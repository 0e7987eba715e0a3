"""The devices of a simulated fleet: real models on imagined posts in a town, with keys, sessions and a place on the air."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from decoders.registry import Registry
from gateway.journal import Registration
from gateway.lorawan.dev_addr import new_dev_addr
from gateway.model import (
    Activation,
    Device,
    Entity,
    LoraRate,
    Place,
    eui64,
)
from simulators.end_device import EndDevice
from simulators.registering import activation_of, registered
from simulators.sensors import Says, says

BANDWIDTH_HZ: Final = 125_000
NET_ID: Final = 0
FIRST_DEV_EUI: Final = 0x70B3_D57E_D000_0001
FIRST_ADDRESS: Final = 0xB0_0000  # of those with ABP; a network that draws one of them draws again
INDOORS: Final = "IndoorEnvironmentObserved"


@dataclass(frozen=True, slots=True)
class Post:
    """Where a device hangs: what the town calls it, what it is, and how well it is heard there."""

    name: str
    decoder: str
    entity_type: str
    latitude: float
    longitude: float
    spreading_factor: int
    rssi_dbm: float
    snr_db: float


POSTS: Final = (
    Post("School, room 3", "elsys/ers-co2", INDOORS, 57.7027, 11.9541, 7, -71, 9.5),
    Post("Market square", "milesight/em300-th", "WeatherObserved", 57.7068, 11.9670, 7, -64, 10.2),
    Post("Harbour well", "decentlab/dl-ctd10", "", 57.7110, 11.9461, 9, -104, 1.8),
    Post("Town hall", "adeunis/comfort", INDOORS, 57.7072, 11.9683, 7, -88, 7.0),
    Post("Library hall", "milesight/am307", INDOORS, 57.6979, 11.9790, 8, -97, 4.5),
    Post("Cold store", "dragino/lht65", INDOORS, 57.7154, 11.9302, 10, -112, -6.5),
    Post("Block 7 water", "quandify/cubicmeter-1-1-copper", "", 57.7011, 11.9917, 9, -106, 0.5),
    Post("Kindergarten", "talkpool/oy1210", INDOORS, 57.6932, 11.9520, 7, -82, 8.3),
    Post("Bridge hatch", "sensative/strips", "", 57.7201, 11.9633, 8, -99, 3.0),
    Post("Pumping main", "decentlab/dl-pr26", "", 57.6880, 11.9218, 12, -121, -14.0),
    Post("Concert hall", "elsys/ers-sound", INDOORS, 57.6972, 11.9797, 7, -76, 9.0),
    Post("Archive", "elsys/ers", INDOORS, 57.7040, 11.9702, 11, -117, -11.0),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One device: how the agent knows it, the radio that it is, and what it says."""

    device: Device
    radio: EndDevice
    says: Says
    data_rate: LoraRate
    rssi_dbm: float
    snr_db: float
    confirmed_every: int  # every n-th uplink asks for an acknowledgement; 0: none does

    @property
    def activation(self) -> str:
        """Return the name of the session in every uplink id; see `gateway.model.Session`."""
        return activation_of(self.radio)

    def registration(self) -> Registration:
        """Return what an installer would enter; of an ABP device before its first uplink."""
        return registered(self.device, self.radio)


def members(
    count: int = len(POSTS), *, seed: int = 1, otaa_every: int = 2, confirmed_every: int = 5, registry: Registry
) -> Sequence[Member]:
    """Return ``count`` devices, the same for the same ``seed``; every ``otaa_every``-th joins (0: none does)."""
    return [
        _member(number, Random(f"{seed}/{number}"), registry, joins=_is_turn(number, otaa_every), asks=confirmed_every)
        for number in range(count)
    ]


def _is_turn(number: int, every: int) -> bool:
    return every > 0 and number % every == 0


def _member(number: int, random: Random, registry: Registry, *, joins: bool, asks: int) -> Member:
    turn, place = divmod(number, len(POSTS))
    post = POSTS[place]
    dev_eui = eui64(f"{FIRST_DEV_EUI + number:016x}")
    dev_addr = new_dev_addr(NET_ID, FIRST_ADDRESS + number)
    radio = EndDevice(dev_eui, random=random) if joins else EndDevice.abp(dev_eui, dev_addr, random=random)
    name = f"{post.name} {turn + 1}" if turn else post.name
    device = Device(
        dev_eui=dev_eui,
        name=name,
        decoder=post.decoder,
        activation=Activation.OTAA if joins else Activation.ABP,
        mac_version=radio.mac_version,
        join_eui=radio.join_eui if joins else None,
        entity=Entity(post.entity_type, name.lower().replace(",", "").replace(" ", "-")),
        place=Place(post.latitude, post.longitude),
    )
    return Member(
        device=device,
        radio=radio,
        says=says(post.decoder, random, registry),
        data_rate=LoraRate(post.spreading_factor, BANDWIDTH_HZ),
        rssi_dbm=post.rssi_dbm,
        snr_db=post.snr_db,
        confirmed_every=asks,
    )
