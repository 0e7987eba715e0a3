"""What the ether keeps while frames are on the air: gateways and their free demodulators, kinds of frames, and each frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from gateway.model import DataRate, Eui64
from simulators.radio.receivers import Receiver
from simulators.radio.rules import Rules
from simulators.radio.sensitivity import noise_dbm, sensitivity_dbm
from simulators.radio.transmissions import Loss, Transmission

ENDLESS: Final = 1 << 30  # demodulators, where nothing limits them
LONGEST_FRAME_US: Final = 10_000_000  # 255 octets at SF12 take 9.1 s


class Sending(NamedTuple):
    """A gateway's own transmission."""

    begins_us: int
    ends_us: int


class Ear(NamedTuple):
    """What a gateway needs to know of one channel and data rate."""

    sensitivity_dbm: float
    noise_dbm: float
    groups: tuple[int, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class Station:
    """A gateway at work."""

    number: int
    gateway: Eui64
    receiver: Receiver
    counter_start_us: int
    free: list[int]  # demodulators of each group
    sendings: list[Sending] = field(default_factory=list)

    @classmethod
    def of(cls, receiver: Receiver, rules: Rules, number: int) -> Station:
        """Return a gateway that hears nothing yet."""
        free = [*receiver.groups] if rules.demodulators_limited else [ENDLESS] * len(receiver.groups)
        return cls(
            number=number,
            gateway=receiver.gateway,
            receiver=receiver,
            counter_start_us=receiver.counter_start_us,
            free=free,
        )

    def ear(self, frequency_hz: int, data_rate: DataRate) -> Ear | None:
        """Return how it hears such frames; None: not at all."""
        groups = self.receiver.ears.get((frequency_hz, data_rate))
        if groups is None:
            return None
        figure_db = self.receiver.noise_figure_db
        return Ear(sensitivity_dbm(data_rate, figure_db), noise_dbm(data_rate, figure_db), tuple(groups))

    def sends_within(self, begins_us: int, ends_us: int) -> bool:
        """Tell whether it sends at some time between the two."""
        return any(one.begins_us < ends_us and one.ends_us > begins_us for one in self.sendings)

    def forget(self, before_us: int) -> None:
        """Forget what no frame on the air can have met."""
        if self.sendings and self.sendings[0].ends_us < before_us - LONGEST_FRAME_US:
            self.sendings = [one for one in self.sendings if one.ends_us >= before_us - LONGEST_FRAME_US]


@dataclass(slots=True, eq=False)
class Lane:
    """All frames of one data rate on one channel; ``neighbours`` are the kinds it may meet, with what it and they endure."""

    frequency_hz: int
    data_rate: DataRate
    spared_us: int  # of a preamble
    ears: list[Ear | None]  # by gateway
    neighbours: list[tuple[Lane, float | None, float | None]] = field(default_factory=list)
    ongoing: dict[int, Flight] = field(default_factory=dict)


class Copy:
    """A frame at one gateway."""

    __slots__ = ("group", "loss", "power_dbm")

    def __init__(self, power_dbm: float) -> None:
        self.power_dbm = power_dbm
        self.loss: Loss | None = None
        self.group: int | None = None  # whose demodulator it has


class Flight:
    """A frame on the air; ``met`` are those it shares the air with: what is endured, and their copies by gateway."""

    __slots__ = ("copies", "ends_us", "lane", "listened_us", "met", "sent")

    def __init__(self, sent: Transmission, lane: Lane) -> None:
        self.sent = sent
        self.lane = lane
        self.ends_us = sent.begins_us + sent.airtime_us
        self.listened_us = sent.begins_us + lane.spared_us  # from here on it must be heard
        self.copies: dict[int, Copy] = {}
        self.met: list[tuple[float, dict[int, Copy]]] = []

    def hindrance(self, number: int, copy: Copy) -> Loss | None:
        """Return what the frames that it met did to it at the gateway ``number``.

        Those that are endured alike, which are of one spreading factor, count together.
        """
        milliwatts: dict[float, float] = {}
        strongest_dbm = -math.inf
        own_kind = max(endured for endured, _ in self.met)
        for endured, copies in self.met:
            other = copies.get(number)
            if other is not None:
                milliwatts[endured] = milliwatts.get(endured, 0.0) + 10 ** (other.power_dbm / 10)
                if endured == own_kind:
                    strongest_dbm = max(strongest_dbm, other.power_dbm)
        for endured, sum_mw in milliwatts.items():
            if copy.power_dbm - 10 * math.log10(sum_mw) < endured:
                return self._named(endured, strongest_dbm - copy.power_dbm)
        return None

    def _named(self, endured: float, stronger_db: float) -> Loss:
        if endured < 0:
            return Loss.DROWNED
        return Loss.CAPTURED if stronger_db >= endured else Loss.COLLIDED
