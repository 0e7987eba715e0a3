"""Adaptive data rate: what a device should be told to use, from how it was heard.

The published algorithm of Semtech ("LoRaWAN – simple rate adaptation recommended algorithm", 2016) as ChirpStack's
default and The Things Network run it: what the best of the last 20 uplinks had to spare above the demodulator's floor
and a margin is spent in steps of 3 dB, first on a higher data rate, then on less power. A device with too little is
given more power; its data rate it lowers by itself (ADRACKReq), for only the device knows that nobody hears it.

One thing is stricter here: only uplinks sent under the present setting count, since a frame at full power says nothing
of how the device is heard after it was told to whisper, nor losses before NbTrans was raised anything of those after.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from math import inf, isfinite
from typing import Final

from gateway.lorawan.airtime import required_snr_db
from gateway.lorawan.region import Region
from gateway.model import DataRate, LoraRate

HISTORY: Final = 20  # uplinks, the algorithm's; fewer are too few to raise power for, or to count losses in
MARGIN_DB: Final = 10.0  # ChirpStack's default, for fading between two uplinks; a device that moves wants more
STEP_DB: Final = 3.0  # about what one spreading factor (2.5 dB) or one step of power (2 dB) is worth, on the safe side
_LADDER_BANDWIDTH_HZ: Final = 125_000
# NbTrans by loss: below so many percent, from 1, from 2 and from 3 transmissions (ChirpStack's table).
_NB_TRANS: Final = ((5.0, (1, 1, 2)), (10.0, (1, 2, 3)), (30.0, (2, 3, 3)), (inf, (3, 3, 3)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How a device sends: the numbers of LinkADRReq."""

    data_rate: int
    tx_power: int  # 0 is the most
    nb_trans: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardUplink:
    """One uplink as the site heard it, all its copies and repetitions taken together."""

    f_cnt: int  # 32 bits
    snr_db: float | None  # the best; None where the modulation has none
    gateways: int
    adr: bool  # the device leaves its setting to the network (FCtrl)
    setting: Setting  # that it was sent under


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What region, operator and device allow; ``required_snr_db`` is by data rate number."""

    min_data_rate: int
    max_data_rate: int
    max_tx_power: int  # the index of the least power
    required_snr_db: Mapping[int, float]


def limits_of(region: Region, *, dwell_limited: bool = False) -> Limits:
    """Return what a region allows; the operator and the device may narrow it."""
    allowed = region.adr_data_rates(dwell_limited=dwell_limited)
    return Limits(
        min_data_rate=allowed[0],
        max_data_rate=allowed[-1],
        max_tx_power=region.tx_power_steps,
        required_snr_db=floors(region.data_rates),
    )


def floors(data_rates: Iterable[DataRate | None]) -> dict[int, float]:
    """Return the SNR that each data rate needs, by its number in a region, of those that the algorithm may choose."""
    return {
        number: floor
        for number, rate in enumerate(data_rates)
        if isinstance(rate, LoraRate)
        and rate.bandwidth_hz == _LADDER_BANDWIDTH_HZ
        and (floor := required_snr_db(rate)) is not None
    }


def remember(history: Sequence[HeardUplink], heard: HeardUplink) -> tuple[HeardUplink, ...]:
    """Return the history with an uplink more, oldest first, at most 20 of them.

    A repetition makes the last one better and no longer history; a counter that went back is another activation.
    """
    if not history or heard.f_cnt < history[-1].f_cnt:
        return (heard,)
    if heard.f_cnt == history[-1].f_cnt:
        return (*history[:-1], _together(history[-1], heard))
    return (*history, heard)[-HISTORY:]


def heard_at(setting: Setting, data_rate: int) -> Setting:
    """Return the setting of a device that is heard at a data rate, whatever it was told.

    At another one it has helped itself, and it goes back to its most power before that (1.0.4 and 1.1, section 4.3.1.1).
    """
    return setting if data_rate == setting.data_rate else replace(setting, data_rate=data_rate, tx_power=0)


def wanted(
    history: Sequence[HeardUplink], now: Setting, limits: Limits, *, margin_db: float = MARGIN_DB
) -> Setting | None:
    """Return the setting that a device should be told; None where it has it, or leaves nothing to the network.

    ``history`` is oldest first, ``now`` what the device uses, as far as it has said so. The steps know LoRa at 125 kHz
    alone: a device on another data rate is told the highest of those, unless the least that is allowed lies above.
    """
    if not history or not history[-1].adr:
        return None
    known = _sent_under(now, history)
    highest = max(
        (rate for rate in limits.required_snr_db if rate <= limits.max_data_rate), default=limits.max_data_rate
    )
    start = Setting(
        data_rate=min(max(now.data_rate, limits.min_data_rate), max(highest, limits.min_data_rate)),
        tx_power=min(now.tx_power, limits.max_tx_power),
        nb_trans=next_nb_trans(now.nb_trans, loss_percent([one.f_cnt for one in known])),
    )
    steps = _steps(known, limits.required_snr_db.get(start.data_rate), margin_db)
    better = stepped(start, steps, max_data_rate=highest, max_tx_power=limits.max_tx_power)
    return None if better == now else better


def stepped(start: Setting, steps: int, *, max_data_rate: int, max_tx_power: int) -> Setting:
    """Return a setting so many steps on: up in data rate, then down in power; negative ones only raise power."""
    faster = max(min(steps, max_data_rate - start.data_rate), 0)
    quieter = steps - faster
    tx_power = max(min(start.tx_power + quieter, max_tx_power), 0)
    return replace(start, data_rate=start.data_rate + faster, tx_power=tx_power)


def loss_percent(f_cnts: Sequence[int]) -> float | None:
    """Return how many of a hundred heard uplinks were lost beside them, by the gaps of their counters; None below 20."""
    if len(f_cnts) < HISTORY:
        return None
    lost = f_cnts[-1] - f_cnts[0] + 1 - len(f_cnts)
    return 100 * lost / len(f_cnts)


def next_nb_trans(nb_trans: int, loss: float | None) -> int:
    """Return how often each frame should be sent, 1 to 3, after a loss in percent; as before where it is not known."""
    if loss is None:
        return nb_trans
    row = next(counts for below, counts in _NB_TRANS if loss < below)
    return row[min(max(nb_trans, 1), 3) - 1]


def _together(one: HeardUplink, other: HeardUplink) -> HeardUplink:
    heard = [copy.snr_db for copy in (one, other) if copy.snr_db is not None]
    return replace(one, snr_db=max(heard, default=None), gateways=max(one.gateways, other.gateways))


def _sent_under(setting: Setting, history: Sequence[HeardUplink]) -> list[HeardUplink]:
    newest_first = takewhile(lambda one: one.setting == setting, reversed(history))
    return list(newest_first)[::-1]


def _steps(known: Sequence[HeardUplink], required_db: float | None, margin_db: float) -> int:
    best = max((one.snr_db for one in known if one.snr_db is not None and isfinite(one.snr_db)), default=None)
    if best is None or required_db is None:
        return 0
    steps = int((best - required_db - margin_db) / STEP_DB)  # towards zero: less than a step is no reason to change
    return 0 if steps < 0 and len(known) < HISTORY else steps
