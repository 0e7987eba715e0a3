"""What lies between a device and the gateways: seeded loss, leakage into a second channel, and delay on the way to the agent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final

from gateway.model import Eui64
from simulators.packet_forwarder import Signal

LEAKS_TO_HZ: Final = 1_000_000  # a strong signal seen again: 868.5 and 867.5 MHz, 8 µs apart (helium/miner#1290)
LEAKS_AFTER_US: Final = 8
LEAKAGE_DB: Final = 40.0
FADING_DB: Final = 3.0  # standard deviation between gateways


@dataclass(frozen=True, slots=True)
class Arrival:
    """One copy of a signal: which gateway hears it, how, and how much later its datagram leaves."""

    gateway: Eui64
    signal: Signal
    delay_s: float


class Air:
    """Carry signals to gateways; the same ``seed`` gives the same weather.

    ``loss`` and ``leakage`` are probabilities of each copy; ``delay_s`` is the longest delay.
    """

    def __init__(self, *, seed: int, loss: float = 0.0, leakage: float = 0.0, delay_s: float = 0.0) -> None:
        self._random = Random(seed)
        self._loss = loss
        self._leakage = leakage
        self._delay_s = delay_s

    def carry(self, signal: Signal, gateways: Sequence[Eui64]) -> tuple[Arrival, ...]:
        """Return the copies that are heard, in the order they leave the gateways; there may be none."""
        arrivals = [self._arrival(gateway, heard) for gateway in gateways for heard in self._heard(signal)]
        return tuple(sorted(arrivals, key=lambda arrival: arrival.delay_s))

    def _heard(self, signal: Signal) -> list[Signal]:
        if self._random.random() < self._loss:
            return []
        fading_db = self._random.gauss(0.0, FADING_DB)
        heard = _weaker(signal, -fading_db)
        return [heard, _leaked(heard)] if self._random.random() < self._leakage else [heard]

    def _arrival(self, gateway: Eui64, heard: Signal) -> Arrival:
        return Arrival(gateway, heard, self._random.uniform(0.0, self._delay_s))


def _weaker(signal: Signal, decibels: float) -> Signal:
    snr_db = None if signal.snr_db is None else round(signal.snr_db - decibels, 1)
    return replace(signal, rssi_dbm=round(signal.rssi_dbm - decibels), snr_db=snr_db)


def _leaked(signal: Signal) -> Signal:
    later = None if signal.timestamp_us is None else (signal.timestamp_us + LEAKS_AFTER_US) & 0xFFFF_FFFF
    weak = _weaker(signal, LEAKAGE_DB)
    frequency_hz = signal.frequency_hz - LEAKS_TO_HZ
    return replace(weak, frequency_hz=frequency_hz, channel=(signal.channel + 4) % 8, timestamp_us=later)
