"""What devices of the town and those around them have in common: what is said, what is on air, how devices are and behave."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final, Protocol
from uuid import UUID

from gateway.model import DataRate, Eui64, MacVersion, Reception, eui64
from simulators.end_device import Downlink

FAR_ROOF: Final = eui64("aa555a0000000003")
ROOFS: Final = (eui64("aa555a0000000001"), eui64("aa555a0000000002"))
COUNTER_US: Final = 1 << 32  # a concentrator's microseconds


class Gps(Enum):
    """What a gateway's GPS receiver does for the frames that it hears."""

    NONE = "there is none"
    RIGHT = "their time is written beside them"
    FORGETFUL = "the time is 1024 weeks old: it has forgotten how often the week number began anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kin:
    """What kind of device one is."""

    version: MacVersion = MacVersion.V1_0_3
    joins: bool = True
    device_class: str = "A"
    rejoins: bool = False  # 1.1: asks for another session now and then
    forgets: bool = False  # ABP: its counters begin again whenever it has no power


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An uplink as its device made it; its repetitions are the same."""

    id: UUID
    dev_eui: Eui64
    activation: str
    f_cnt: int
    serial: int
    payload: bytes
    garbled: bool
    confirmed: bool
    forgets: bool  # its device forgets its counters: the network gives the activation its number, and so the id


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAir:
    """A frame as gateways hear it, and what of it is known to who is honest."""

    phy_payload: bytes
    receptions: tuple[Reception, ...]
    said: Said | None  # None: a join request
    frequency_hz: int
    data_rate: DataRate
    is_replay: bool = False
    is_private: bool = False  # nobody records it


class Town(Protocol):
    """What devices need around them."""

    def next_serial(self) -> int:
        """Return a number that no uplink has had."""
        ...

    def hear(self, frame: OnAir) -> None:
        """Take a frame to whoever hears it."""
        ...

    def said(self, said: Said) -> None:
        """Be told of a new uplink before it is on air."""
        ...

    def truth(self) -> datetime:
        """Return what time it is."""
        ...

    def downlink_heard(self, dev_eui: Eui64, downlink: Downlink) -> None:
        """Be told of a downlink that a device has proved."""
        ...

    def acknowledged(self, said: Said) -> None:
        """Be told that a device has proved an acknowledgement."""
        ...

    def joined(self, dev_eui: Eui64, activation: str) -> None:
        """Be told that a device has a session."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How devices of one story behave."""

    slowest_s: float = 40.0
    confirmed: float = 0.3
    garbled: float = 0.0
    padding: int = 20
    air_loss: float = 0.05
    gps: Gps = Gps.NONE  # of the gateway on the first roof, which is this box's


def out_of_earshot(on_air: OnAir, now_s: float) -> tuple[Reception, ...]:
    """Return how a frame that is played again is heard: by a roof that no device hears.

    A LoRaWAN 1.0 device that heard the answer could not tell that it is for an old frame: a join accept names no DevNonce, an
    acknowledgement no counter.
    """
    return (
        Reception(
            gateway=FAR_ROOF,
            frequency_hz=on_air.frequency_hz,
            data_rate=on_air.data_rate,
            rssi_dbm=-60.0,
            snr_db=9.0,
            timestamp_us=(int(now_s * 1e6) + COUNTER_US // 2) % COUNTER_US,
            channel=0,
            source="radio",
        ),
    )
