"""What a device says of itself: where it sends, when and where it listens, what it heard; and what may be odd with it."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.lorawan.mac_commands import MacCommand
from gateway.lorawan.region import EU868, Region
from gateway.model import DataRate


class NotActivated(Exception):
    """Say that a device was to send before it had a session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oddities:
    """What devices of the field do wrong, or may not do at all; a sound one has none of it."""

    refuses_power: bool = False  # LinkADRAns.power_ack is never set
    refuses_data_rate: bool = False
    refuses_masks: bool = False
    ignores_mac_commands: bool = False  # neither done nor answered
    forgets_counters: bool = False  # ABP: begins again at 0 after each restart
    repeats_dev_nonce: bool = False  # joins with the same DevNonce each time


SOUND = Oddities()


@dataclass(frozen=True, slots=True, kw_only=True)
class Make:
    """How a device was made; ``data_rate`` None is the fastest of its region's usual ones."""

    region: Region = EU868
    device_class: str = "A"
    data_rate: int | None = None
    adr: bool = False  # whether it leaves its data rate to the network
    oddities: Oddities = SOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAir:
    """How one frame is sent."""

    channel: int  # the device's own number of it
    frequency_hz: int
    data_rate_number: int
    data_rate: DataRate
    power_dbm: int  # EIRP


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One receive window: how long after the uplink's end it opens, and what it hears."""

    delay_us: int
    frequency_hz: int
    data_rate: DataRate
    longest: int  # octets of PHYPayload


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """Where a device listens after an uplink; in class C on RX2's channel whenever it is not in RX1 and does not send."""

    rx1: Window | None  # None: its region has no such channel or data rate
    rx2: Window
    device_class: str = "A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Downlink:
    """A downlink that was for this device, proved and decrypted."""

    f_cnt: int
    f_port: int | None
    payload: bytes
    ack: bool  # the last confirmed uplink arrived
    confirmed: bool  # the next uplink will acknowledge this one
    f_pending: bool
    mac_commands: bytes
    commands: tuple[MacCommand, ...] = ()  # the same, as far as the device knows them
