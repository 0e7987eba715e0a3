"""Whether ADR has brought each device to where its path allows, judged by what was heard and no line of the network's.

The algorithm leaves a device alone when what it has to spare is less than a step of 3 dB, counted from the floor of its
data rate and a margin of 10 dB; and what it has spent it must have had.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from simulators.end_device import Oddities
from simulators.site.evidence import Evidence
from simulators.site.resident import Resident, Sent

FLOOR_DB: Final = (-20.0, -17.5, -15.0, -12.5, -10.0, -7.5)  # SX1276 data sheet, table 13; by data rate
MARGIN_DB: Final = 10.0
STEP_DB: Final = 3.0
ROUNDING_DB: Final = 0.1  # concentrators tell tenths
FADES_DB: Final = 3.0  # the best of twenty uplinks, then of twenty others: six standard deviations of the ether
ENOUGH: Final = 25  # uplinks heard, for a verdict
SETTLES: Final = 4  # the last uplinks, whose answer may still be on its way
LEAST_POWER_DBM: Final = 2
FULL_POWER_DBM: Final = 16


def faults(evidence: Evidence) -> Iterator[str]:
    """Yield the devices that are not where they should be."""
    for resident in judgeable(evidence):
        heard = _under_last_setting(resident)
        if len(heard) > SETTLES and (words := _misplaced(heard[:-SETTLES])):
            yield f"{resident.radio.dev_eui}: {words}"


def judgeable(evidence: Evidence) -> list[Resident]:
    """Return the devices that leave their data rate to the network, are sound, and were heard often enough."""
    return [
        one
        for one in evidence.residents
        if one.radio.make.adr and one.radio.make.oddities == Oddities() and len(one.heard) >= ENOUGH
    ]


def _under_last_setting(resident: Resident) -> list[Sent]:
    heard = [one for one in resident.sent.values() if one.best_snr_db is not None]
    last = heard[-1].on_air
    same = [
        (one.on_air.data_rate_number, one.on_air.power_dbm) == (last.data_rate_number, last.power_dbm) for one in heard
    ]
    begins = len(same) - same[::-1].index(False) if False in same else 0
    return heard[begins:]


def _misplaced(heard: Sequence[Sent]) -> str:
    on_air = heard[-1].on_air
    best_db = max(one.best_snr_db for one in heard[-20:] if one.best_snr_db is not None)
    spare_db = best_db - FLOOR_DB[on_air.data_rate_number] - MARGIN_DB
    where = f"at DR{on_air.data_rate_number} and {on_air.power_dbm} dBm with {spare_db:.1f} dB to spare"
    at_the_end = on_air.data_rate_number == len(FLOOR_DB) - 1 and on_air.power_dbm <= LEAST_POWER_DBM
    if spare_db >= STEP_DB + ROUNDING_DB and not at_the_end:
        return f"{where}, and nobody took it a step on"
    if spare_db <= -STEP_DB - FADES_DB and on_air.power_dbm < FULL_POWER_DBM:
        return f"{where}, and nobody gave it more power"
    return ""
