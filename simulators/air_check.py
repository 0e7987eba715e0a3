"""What an end device's receiver makes of a transmission: the window in which it lands, or why it is not heard.

A receiver opens when its window begins, looks for a preamble for a few symbols and then sleeps again. It needs five symbols
of the preamble's eight to be sure, so a frame may begin a little early and hardly late. Nothing here asks the network
how it computed anything: the device says where it listens, the concentrator what it sends.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from gateway.model import DataRate, FskRate, LoraRate
from simulators.concentrator import Transmission
from simulators.end_device import Listening, Window

WINDOW_TOLERANCE_US: Final = 20  # of the device's clock between uplink and window (LoRaWAN 1.0.4, section 3.3.1)
_COUNTER: Final = 1 << 32  # of the concentrator: it wraps


class Fault(StrEnum):
    """Why a window does not hear a transmission."""

    FREQUENCY = "frequency"
    DATA_RATE = "data_rate"
    POLARITY = "polarity"
    EARLY = "early"
    LATE = "late"
    TOO_LONG = "too_long"  # more octets than the data rate allows here
    DEAF = "deaf"  # class C: the device sends, or listens in RX1, while the frame begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How one window takes a transmission: heard where there are no faults."""

    window: str  # "rx1", "rx2", "rxc"
    error_us: int  # how much later than the window the frame begins; 0 in class C
    faults: tuple[Fault, ...] = ()

    @property
    def heard(self) -> bool:
        """Tell whether the device hears it here."""
        return not self.faults


@dataclass(frozen=True, slots=True)
class Preamble:
    """A preamble as receivers treat it, in units of one symbol (LoRa) or one octet (FSK)."""

    unit_us: float
    sent: int
    needed: int  # to be sure that it is one
    looked_for: int  # how long a window stays open

    @property
    def early_us(self) -> float:
        """How long before the window a frame may begin."""
        return (self.sent - self.needed) * self.unit_us - WINDOW_TOLERANCE_US

    @property
    def late_us(self) -> float:
        """How long after the window's begin a frame may begin."""
        return (self.looked_for - self.needed) * self.unit_us - WINDOW_TOLERANCE_US


def preamble(data_rate: DataRate) -> Preamble:
    """Return the preamble of a data rate; LoRaMac-node opens its windows for 6 symbols (MIN_RX_SYMBOLS)."""
    match data_rate:
        case LoraRate(spreading_factor, bandwidth_hz):
            return Preamble(unit_us=2**spreading_factor * 1e6 / bandwidth_hz, sent=8, needed=5, looked_for=6)
        case FskRate(bit_rate):
            return Preamble(unit_us=8e6 / bit_rate, sent=5, needed=3, looked_for=4)


def judge(
    transmission: Transmission, listening: Listening, *, uplink_ended_us: int, uplink_airtime_us: int = 0
) -> Verdict:
    """Return how the device takes a transmission: the window that hears it, else the one that comes nearest.

    ``uplink_ended_us`` is the concentrator's counter at the uplink's end, wrapped or not. A class A device that has heard
    one frame in RX1 does not open RX2; whoever sends two frames has to see to that.
    """
    after_us = _after(transmission.starts_us, uplink_ended_us)
    verdicts = [_in_window(transmission, name, window, after_us) for name, window in _windows(listening)]
    if listening.device_class == "C":
        verdicts.append(_in_class_c(transmission, listening, after_us, uplink_airtime_us))
    return min(verdicts, key=lambda verdict: (len(verdict.faults), abs(verdict.error_us)))


def _windows(listening: Listening) -> Iterator[tuple[str, Window]]:
    if listening.rx1 is not None:
        yield "rx1", listening.rx1
    yield "rx2", listening.rx2


def _after(starts_us: int, uplink_ended_us: int) -> int:
    """Return how long after the uplink something begins, of a counter of 32 bits the nearer way round."""
    return (starts_us - uplink_ended_us + _COUNTER // 2) % _COUNTER - _COUNTER // 2


def _in_window(transmission: Transmission, name: str, window: Window, after_us: int) -> Verdict:
    error_us, known = after_us - window.delay_us, preamble(window.data_rate)
    faults = [*_radio_faults(transmission, window)]
    if error_us < -known.early_us:
        faults.append(Fault.EARLY)
    if error_us > known.late_us:
        faults.append(Fault.LATE)
    return Verdict(window=name, error_us=error_us, faults=tuple(faults))


def _in_class_c(transmission: Transmission, listening: Listening, after_us: int, uplink_airtime_us: int) -> Verdict:
    faults = [*_radio_faults(transmission, listening.rx2)]
    ends_us = after_us + transmission.airtime_us
    sends = after_us < 0 and ends_us > -uplink_airtime_us
    if sends or _meets(listening.rx1, after_us, ends_us):
        faults.append(Fault.DEAF)
    return Verdict(window="rxc", error_us=0, faults=tuple(faults))


def _meets(rx1: Window | None, begins_us: int, ends_us: int) -> bool:
    return rx1 is not None and begins_us < _closes(rx1) and ends_us > rx1.delay_us


def _closes(window: Window) -> float:
    """Return when a window in which nothing was heard is over, after the uplink's end."""
    known = preamble(window.data_rate)
    return window.delay_us + known.looked_for * known.unit_us


def _radio_faults(transmission: Transmission, window: Window) -> Iterator[Fault]:
    if transmission.frequency_hz != window.frequency_hz:
        yield Fault.FREQUENCY
    if transmission.data_rate != window.data_rate:
        yield Fault.DATA_RATE
    if isinstance(transmission.data_rate, LoraRate) and not transmission.inverted:
        yield Fault.POLARITY
    if len(transmission.phy_payload) > window.longest:
        yield Fault.TOO_LONG
