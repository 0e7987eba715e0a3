"""The air between devices and gateways: takes transmissions in the order in which they begin, and says at the end of each who got it.

    ether = Ether(Links(receivers, seed=1), seed=1)
    for outcome in ether.begin(transmission): ...  # what has ended by then
    ether.sends(gateway, begins_us, ends_us)  # it hears nothing meanwhile
    for outcome in ether.until(now_us): ...

Left out: fading within a frame; what a gateway's own downlinks do at other gateways, whose demodulators do not hear inverted
chirps; the noise that frames of a few kilometres further on add.
"""

from __future__ import annotations

import math
from collections import Counter
from heapq import heappop, heappush
from typing import Final

from gateway.model import DataRate, Eui64
from simulators.hashed import normal
from simulators.radio.flight import Copy, Flight, Lane, Sending, Station
from simulators.radio.links import Links
from simulators.radio.receivers import SX1276_NOISE_FIGURE_DB
from simulators.radio.rules import MEASURED, Rules, endured_db, symbol_us
from simulators.radio.sensitivity import bandwidth_hz, noise_dbm, required_snr_db
from simulators.radio.spots import Spot
from simulators.radio.transmissions import Arrival, Loss, Outcome, Transmission

COUNTER: Final = 1 << 32
BEST_SNR_DB: Final = 12.0  # what a concentrator says at most


class Ether:
    """All that is on the air; the same ``seed`` and the same transmissions, the same outcomes.

    ``counts`` is of transmissions: heard, or why by nobody; ``copies`` is of gateways in reach.
    """

    def __init__(self, links: Links, *, seed: int, rules: Rules = MEASURED) -> None:
        self.counts: Counter[str] = Counter()
        self.copies: Counter[str] = Counter()
        self._links = links
        self._rules = rules
        self._seed = seed
        self._stations = [Station.of(one, rules, number) for number, one in enumerate(links.receivers)]
        self._numbers = {one.gateway: number for number, one in enumerate(links.receivers)}
        self._lanes: dict[tuple[int, DataRate], Lane] = {}
        self._ongoing: list[tuple[int, int, Flight]] = []
        self._now_us = -math.inf

    def begin(self, sent: Transmission) -> list[Outcome]:
        """Put a frame on the air; return what has ended before. Raises ValueError for one that begins in the past."""
        if sent.begins_us < self._now_us:
            raise ValueError(
                f"transmission {sent.number} begins at {sent.begins_us} µs, and it is {self._now_us} µs already"
            )
        ended = self.until(sent.begins_us)
        lane = self._lanes.get((sent.frequency_hz, sent.data_rate))
        flight = Flight(sent, lane or self._open(sent.frequency_hz, sent.data_rate))
        self._copy(flight)
        self._meet(flight)
        heappush(self._ongoing, (flight.ends_us, sent.number, flight))
        return ended

    def until(self, now_us: float) -> list[Outcome]:
        """Return what has ended at ``now_us`` or before, in that order, frames that end together by their numbers."""
        self._now_us = max(self._now_us, now_us)
        ended = []
        while self._ongoing and self._ongoing[0][0] <= now_us:
            ended.append(self._end(heappop(self._ongoing)[2]))
        return ended

    def rest(self) -> list[Outcome]:
        """Let all that is on the air end."""
        return self.until(max((ends_us for ends_us, _, _ in self._ongoing), default=self._now_us))

    def sends(self, gateway: Eui64, begins_us: int, ends_us: int) -> None:
        """Make a gateway deaf for a while; to be told before what it would hear then has ended."""
        if self._rules.half_duplex:
            self._stations[self._numbers[gateway]].sendings.append(Sending(begins_us, ends_us))

    def downlink(
        self, gateway: Eui64, sender: str, spot: Spot, *, number: int, power_dbm: float, data_rate: DataRate
    ) -> tuple[int, float] | None:
        """Return RSSI and SNR of what a gateway sends at the device ``sender``; None where it is too weak there.

        The way is the same in both directions; the ``number`` of the frame draws its fading.
        """
        index = self._numbers[gateway]
        fades = next((of for place, _, of in self._links.of(sender, spot) if place == index), None)
        if fades is None:
            return None
        power_dbm += self._rules.fading_db * normal(fades, ~number) - self._links.loss_db(index, spot)
        floor_dbm = noise_dbm(data_rate, SX1276_NOISE_FIGURE_DB)
        if power_dbm - floor_dbm < required_snr_db(data_rate):
            return None
        return told(power_dbm, floor_dbm)

    # ── the beginning of a frame ────────────────────────────────────────────────────────────────────────────────────

    def _open(self, frequency_hz: int, data_rate: DataRate) -> Lane:
        """Return a new kind of frames, and let it know those that may disturb it."""
        lane = Lane(
            frequency_hz,
            data_rate,
            spared_us=round(self._rules.spared_symbols * symbol_us(data_rate)),
            ears=[station.ear(frequency_hz, data_rate) for station in self._stations],
        )
        self._lanes[frequency_hz, data_rate] = lane
        for other in self._lanes.values():
            if _overlap(lane, other):
                hurts = endured_db(self._rules, lane.data_rate, other.data_rate)
                harms = endured_db(self._rules, other.data_rate, lane.data_rate)
                if hurts is not None or harms is not None:
                    lane.neighbours.append((other, hurts, harms))
                    if other is not lane:
                        other.neighbours.append((lane, harms, hurts))
        return lane

    def _copy(self, flight: Flight) -> None:
        """Let every gateway in reach notice the frame, or not."""
        sent, lane = flight.sent, flight.lane
        fading_db = self._rules.fading_db
        for number, loss_db, of in self._links.of(sent.sender, sent.spot):
            power_dbm = sent.power_dbm - loss_db
            if fading_db:
                power_dbm += fading_db * normal(of, sent.number)
            copy = flight.copies[number] = Copy(power_dbm)
            ear = lane.ears[number]
            if ear is None:
                copy.loss = Loss.NOT_LISTENING
            elif power_dbm < ear.sensitivity_dbm:
                copy.loss = Loss.TOO_WEAK
            else:
                self._lock(self._stations[number], flight, copy, ear.groups)

    def _lock(self, station: Station, flight: Flight, copy: Copy, groups: tuple[int, ...]) -> None:
        if station.sends_within(flight.listened_us, flight.listened_us + 1):
            copy.loss = Loss.GATEWAY_SENDING
            return
        for group in groups:
            if station.free[group] > 0:
                station.free[group] -= 1
                copy.group = group
                return
        copy.loss = Loss.NO_DEMODULATOR

    def _meet(self, flight: Flight) -> None:
        """Note whom it meets, and who meets it; a few symbols of the later preamble do not count."""
        listened_us = flight.listened_us
        for lane, hurts, harms in flight.lane.neighbours:
            for other in lane.ongoing.values():
                if other.ends_us > listened_us:
                    if hurts is not None:
                        flight.met.append((hurts, other.copies))
                    if harms is not None:
                        other.met.append((harms, flight.copies))
        flight.lane.ongoing[flight.sent.number] = flight

    # ── its end ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _end(self, flight: Flight) -> Outcome:
        del flight.lane.ongoing[flight.sent.number]
        arrivals, losses = [], {}
        for number, copy in flight.copies.items():
            station = self._stations[number]
            if copy.group is not None:
                station.free[copy.group] += 1
                copy.loss = self._judged(station, number, flight, copy)
            if copy.loss is None:
                arrivals.append(self._arrival(station, flight, copy))
            else:
                losses[station.gateway] = copy.loss
                self.copies[copy.loss] += 1
        self.copies["heard"] += len(arrivals)
        outcome = Outcome(flight.sent, tuple(arrivals), losses)
        self.counts[outcome.loss or "heard"] += 1
        return outcome

    def _judged(self, station: Station, number: int, flight: Flight, copy: Copy) -> Loss | None:
        """Return what hindered a demodulator that had the frame."""
        if station.sendings and station.sends_within(flight.listened_us, flight.ends_us):
            return Loss.GATEWAY_SENDING
        station.forget(flight.sent.begins_us)
        return flight.hindrance(number, copy) if flight.met else None

    def _arrival(self, station: Station, flight: Flight, copy: Copy) -> Arrival:
        ear = flight.lane.ears[station.number]
        assert ear is not None
        rssi_dbm, snr_db = told(copy.power_dbm, ear.noise_dbm)
        timestamp_us = (flight.ends_us + station.counter_start_us) % COUNTER
        return Arrival(station.gateway, rssi_dbm, snr_db, timestamp_us)


def told(power_dbm: float, noise_dbm: float) -> tuple[int, float]:
    """Return RSSI and SNR as a radio says them: signal and noise together, and quarters of a dB (SX1276, RegPktSnrValue)."""
    snr_db = power_dbm - noise_dbm
    rssi_dbm = power_dbm if snr_db > 20 else noise_dbm + 10 * math.log10(1 + 10 ** (snr_db / 10))
    return round(rssi_dbm), round(4 * min(snr_db, BEST_SNR_DB)) / 4


def _overlap(one: Lane, other: Lane) -> bool:
    """Tell whether two channels have spectrum in common."""
    apart_hz = abs(one.frequency_hz - other.frequency_hz)
    return 2 * apart_hz < bandwidth_hz(one.data_rate) + bandwidth_hz(other.data_rate)
