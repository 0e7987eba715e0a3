"""Who ran into a limit lately: a device that does so again and again waits alone, a codec that does so with many waits whole."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# Overruns in a row before a device waits: one odd payload, or a machine that was busy, costs nothing.
STRIKES: Final = 3
FIRST_WAIT: Final = 60.0  # seconds
LONGEST_WAIT: Final = 3600.0  # seconds; a device that sends every ten minutes then costs a tenth of a second an hour
REMEMBERED: Final = 4096  # devices or codecs in trouble; the oldest is forgiven when there are more
# Different devices that overrun, with none between them that goes well: then it is the codec, whoever comes next.
DEVICES: Final = 5
PROBE_EVERY: Final = 60.0  # seconds between two tries of a codec in trouble, each up to half a second of CPU

Key = tuple[str, str]  # a codec's source and a device


@dataclass(frozen=True, slots=True)
class Strain:
    """Overruns in a row, and the moment (monotonic, seconds) until which nothing more is tried."""

    strikes: int
    until: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """The devices that overran in a row with one codec, and the moment (monotonic, seconds) of the next probe."""

    devices: frozenset[str]
    until: float


class Patience:
    """Counts overruns of codecs' sources and of devices."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """Take the monotonic clock, in seconds."""
        self._clock = clock
        self._strains: OrderedDict[Key, Strain] = OrderedDict()
        self._troubles: OrderedDict[str, Trouble] = OrderedDict()

    def device_wait_s(self, key: Key) -> float:
        """Return how long the device has to wait still, in seconds; 0: it is tried."""
        strain = self._strains.get(key)
        return 0.0 if strain is None else max(strain.until - self._clock(), 0.0)

    def codec_wait_s(self, source: str) -> float:
        """Return how long every device of the codec has to wait still, in seconds; 0: it is tried."""
        trouble = self._troubles.get(source)
        return 0.0 if trouble is None else max(trouble.until - self._clock(), 0.0)

    def begin(self, source: str) -> None:
        """Take the codec's turn: while one probes a codec in trouble, nobody else does."""
        trouble = self._troubles.get(source)
        if trouble is not None and len(trouble.devices) >= DEVICES:
            self._troubles[source] = Trouble(trouble.devices, self._clock() + PROBE_EVERY)

    def overran(self, key: Key) -> None:
        """Count an overrun: a device waits from its third in a row on, twice as long each time; a codec from its fifth device on."""
        before = self._strains.pop(key, None)
        strikes = 1 if before is None else before.strikes + 1
        wait = min(FIRST_WAIT * 2 ** min(strikes - STRIKES, 10), LONGEST_WAIT) if strikes >= STRIKES else 0.0
        self._strains[key] = Strain(strikes, self._clock() + wait)
        if len(self._strains) > REMEMBERED:
            self._strains.popitem(last=False)
        self._count_device(*key)

    def went_well(self, key: Key) -> None:
        """Forget what was."""
        self._strains.pop(key, None)
        self._troubles.pop(key[0], None)

    def _count_device(self, source: str, device: str) -> None:
        before = self._troubles.pop(source, None)
        devices = frozenset({device}) if before is None else before.devices
        if len(devices) < DEVICES:
            devices |= {device}
        wait = PROBE_EVERY if len(devices) >= DEVICES else 0.0
        self._troubles[source] = Trouble(devices, self._clock() + wait)
        if len(self._troubles) > REMEMBERED:
            self._troubles.popitem(last=False)
