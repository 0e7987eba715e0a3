"""What a gateway can hear: its channels, and how many frames at once.

A preamble takes a demodulator until the frame has ended, also where its CRC will be wrong then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.model import DataRate, Eui64, FskRate, LoraRate
from simulators.radio.spots import Spot

NARROW_HZ: Final = 125_000
SLOWEST: Final = LoraRate(12, NARROW_HZ)
LORA_STD: Final = LoraRate(7, 250_000)  # of a concentrator in EU868: DR6
FSK: Final = FskRate(50_000)  # DR7
EU868_CHANNELS_HZ: Final = tuple(range(867_100_000, 868_600_000, 200_000))
EU868_STD_HZ: Final = 868_300_000
EU868_FSK_HZ: Final = 868_800_000

Ear = tuple[int, DataRate]  # a frequency and what is heard there


@dataclass(frozen=True, slots=True, kw_only=True)
class Chip:
    """A concentrator; ``demodulators`` are how many there are for which spreading factors, the more particular ones first."""

    demodulators: Sequence[tuple[int, range]]
    noise_figure_db: float


# SX1301 data sheet V2.4: 8 LoRa paths and 2 more, -139.5 dBm at SF12 with the reference design.
SX1301: Final = Chip(demodulators=((8, range(7, 13)),), noise_figure_db=3.5)
# SX1302 data sheet rev. 1.0: 8 demodulators for SF5 to SF10 and 8 for SF5 to SF12, -141 dBm at SF12 with the SX1250.
SX1302: Final = Chip(demodulators=((8, range(5, 11)), (8, range(5, 13))), noise_figure_db=2.0)
SX1276_NOISE_FIGURE_DB: Final = 6.0  # Semtech AN1200.22; -137 dBm at SF12 in the data sheet


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """A gateway's receiving side: groups of demodulators, and which groups hear what, in the order in which they are taken."""

    gateway: Eui64
    spot: Spot
    groups: Sequence[int]  # demodulators of each
    ears: Mapping[Ear, Sequence[int]]  # the numbers of the groups
    noise_figure_db: float
    antenna_dbi: float = 0.0
    counter_start_us: int = 0  # of its concentrator at the beginning of all time


def concentrator(
    gateway: Eui64,
    spot: Spot,
    *,
    chip: Chip = SX1302,
    channels_hz: Sequence[int] = EU868_CHANNELS_HZ,
    std: Ear | None = (EU868_STD_HZ, LORA_STD),
    fsk_hz: int | None = EU868_FSK_HZ,
    antenna_dbi: float = 0.0,
    counter_start_us: int = 0,
) -> Receiver:
    """Return a gateway with a concentrator: all spreading factors on ``channels_hz``, and a path each for ``std`` and FSK."""
    groups = [count for count, _ in chip.demodulators]
    ears: dict[Ear, Sequence[int]] = {
        (frequency_hz, LoraRate(spreading_factor, NARROW_HZ)): [
            number for number, (_, those) in enumerate(chip.demodulators) if spreading_factor in those
        ]
        for frequency_hz in channels_hz
        for spreading_factor in chip.demodulators[-1][1]
    }
    for ear in (std, None if fsk_hz is None else (fsk_hz, FSK)):
        if ear is not None:
            ears[ear] = [len(groups)]
            groups.append(1)
    return Receiver(
        gateway=gateway,
        spot=spot,
        groups=groups,
        ears=ears,
        noise_figure_db=chip.noise_figure_db,
        antenna_dbi=antenna_dbi,
        counter_start_us=counter_start_us,
    )


def single_channel(
    gateway: Eui64, spot: Spot, frequency_hz: int, data_rate: DataRate, *, antenna_dbi: float = 0.0
) -> Receiver:
    """Return a gateway with a device's radio: one channel, one data rate, one frame at a time."""
    return Receiver(
        gateway=gateway,
        spot=spot,
        groups=(1,),
        ears={(frequency_hz, data_rate): (0,)},
        noise_figure_db=SX1276_NOISE_FIGURE_DB,
        antenna_dbi=antenna_dbi,
    )
