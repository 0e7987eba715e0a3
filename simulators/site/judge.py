"""The judge of a run: each promise of the network, looked up in what the air, the devices and the disk say.

Nothing here asks the network how it decided. A fault is a sentence that names the device or gateway it is about.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final
from uuid import UUID

import cbor2

from gateway.errors import BadFrameReason
from gateway.journal.groups import unpacked
from gateway.lorawan.phy import DataFrame, parse
from gateway.model import DownlinkState, MacVersion
from simulators.air_check import Fault
from simulators.air_law import outlaws, overlaps, overruns
from simulators.site import adr_check
from simulators.site.evidence import Aired, Evidence
from simulators.site.plan import Plan
from simulators.site.report import Outcome, figures
from simulators.site.resident import Resident

EXACT_US: Final = 1  # the counters of a concentrator have no finer step
COMMIT_S: Final = 1.0  # what was heard so shortly before an interruption may be lost: nobody was promised anything yet
NEVER: Final = (
    BadFrameReason.MIC,
    BadFrameReason.UNKNOWN_DEV_ADDR,
    BadFrameReason.UNKNOWN_DEVICE,
    BadFrameReason.REPLAYED_COUNTER,
    BadFrameReason.COUNTER_GAP,
    BadFrameReason.COUNTER_EXHAUSTED,
    BadFrameReason.WRONG_JOIN_EUI,
)  # of honest devices: each would be one that must join again


def judged(plan: Plan, evidence: Evidence) -> Outcome:
    """Return what is to be said of a run."""
    rows = uplinks_of(evidence.database)
    faults = (
        *_never_joined(evidence),
        *_lost(evidence, rows),
        *_unheard(evidence),
        *_unlawful(evidence),
        *_counters_used_twice(evidence),
        *_forgotten(evidence),
        *_refused(evidence),
        *_untrue_states(evidence),
        *adr_check.faults(evidence),
    )
    return Outcome(faults=faults, figures=figures(plan, evidence, len(rows)))


def uplinks_of(database: Path) -> Counter[UUID]:
    """Return the ids of all rows of a journal's log, and how often each is there."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        tables = connection.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'log\\_%' ESCAPE '\\'"
        )
        records = [
            record
            for (name,) in tables.fetchall()
            for _, record in unpacked(connection.execute(f"SELECT id, record FROM {name}"))  # noqa: S608 - a name of the schema
        ]
    return Counter(UUID(bytes=cbor2.loads(record)[2]) for record in records)


def _never_joined(evidence: Evidence) -> Iterator[str]:
    for resident in evidence.residents:
        if resident.joined_at_s is None:
            yield f"{resident.radio.dev_eui} never joined: {resident.joins} requests, {len(resident.requests)} heard"


def _lost(evidence: Evidence, rows: Counter[UUID]) -> Iterator[str]:
    for resident in evidence.residents:
        for uplink in resident.acknowledged - rows.keys():
            yield f"{resident.radio.dev_eui}: uplink {uplink} was acknowledged and is not in the journal"
        for uplink, times in resident.heard.items():
            if uplink not in rows and any(_is_covered(evidence, time) for time in times):
                yield f"{resident.radio.dev_eui}: uplink {uplink} was heard at {times} and is not in the journal"
    yield from (f"uplink {uplink} is in the journal {count} times" for uplink, count in rows.items() if count > 1)


def _is_covered(evidence: Evidence, heard_s: float) -> bool:
    end_s = evidence.ended_s - COMMIT_S
    return heard_s < end_s and all(not begin - COMMIT_S < heard_s < end for begin, end in evidence.outages)


def _unheard(evidence: Evidence) -> Iterator[str]:
    for aired in evidence.aired:
        if aired.taken_by is None and not _is_deaf(aired):
            verdict = aired.verdict
            nearest = (
                "nobody listens there"
                if verdict is None
                else f"{verdict.window}: {verdict.error_us} us, {[*verdict.faults]}"
            )
            yield f"{_name(aired)} was heard by nobody: {nearest}"
        elif aired.taken_by and aired.verdict and abs(aired.verdict.error_us) > EXACT_US:
            yield f"{_name(aired)} was {aired.verdict.error_us} us beside its window"


def _is_deaf(aired: Aired) -> bool:
    """Tell whether a class C device was sending, or in RX1: nobody can know, and who asks for an answer sends again."""
    return aired.verdict is not None and aired.verdict.window == "rxc" and aired.verdict.faults == (Fault.DEAF,)


def _name(aired: Aired) -> str:
    one = aired.transmission
    return f"{aired.gateway}: {one.phy_payload.hex()} on {one.frequency_hz} Hz, {one.data_rate}, at {one.starts_us} us"


def _unlawful(evidence: Evidence) -> Iterator[str]:
    for name, roof in evidence.roofs.items():
        yield from (f"{name}: {overrun}" for overrun in overruns(roof.sent))
        yield from (f"{name}: unlawful {outlaw}" for outlaw in outlaws(roof.sent))
        yield from (f"{name}: at once {pair}" for pair in overlaps(roof.sent))


def _counters_used_twice(evidence: Evidence) -> Iterator[str]:
    """Yield where two different downlinks of one session have one counter, or a device has heard one going back."""
    seen: defaultdict[tuple[object, ...], set[bytes]] = defaultdict(set)
    for aired in evidence.aired:
        octets = aired.transmission.phy_payload
        frame = parse(octets)
        if isinstance(frame, DataFrame):
            counts_apart = bool(frame.f_port) and _is_v1_1(evidence, frame)
            seen[frame.dev_addr, counts_apart, frame.f_cnt16].add(octets)
    for (dev_addr, _, f_cnt), frames in seen.items():
        if len(frames) > 1:
            yield f"{dev_addr}: the downlink counter {f_cnt} was used for {len(frames)} frames"
    for session in evidence.sessions:
        for resident in evidence.residents:
            if resident.radio.dev_addr == session.dev_addr and session.n_f_cnt_down < resident.radio.f_cnt_down:
                yield f"{session.dev_addr}: the device is at {resident.radio.f_cnt_down}, the journal at {session.n_f_cnt_down}"


def _is_v1_1(evidence: Evidence, frame: DataFrame) -> bool:
    versions = [one.radio.mac_version for one in evidence.residents if one.radio.dev_addr == frame.dev_addr]
    return MacVersion.V1_1 in versions


def _forgotten(evidence: Evidence) -> Iterator[str]:
    for resident in evidence.residents:
        if resident.nonce is not None and resident.nonce not in evidence.nonces[resident.radio.dev_eui]:
            yield f"{resident.radio.dev_eui}: the journal has forgotten DevNonce {resident.nonce}"


def _refused(evidence: Evidence) -> Iterator[str]:
    yield from (f"{count} frames refused: {reason}" for reason in NEVER if (count := evidence.refused[str(reason)]))


def _untrue_states(evidence: Evidence) -> Iterator[str]:
    by_eui = {resident.radio.dev_eui: resident for resident in evidence.residents}
    known = {downlink.id: downlink for downlink in evidence.downlinks}
    for number, asked in evidence.asked.items():
        downlink = known.get(number)
        if downlink is None:
            yield f"downlink {number} was promised and is not in the journal"
        elif not _is_true(downlink.state, times_heard := _times_heard(by_eui[asked.dev_eui], asked.payload)):
            yield f"downlink {number} of {asked.dev_eui} is {downlink.state}; the device heard it {times_heard} times"


def _times_heard(resident: Resident, payload: bytes) -> int:
    return sum(one.payload == payload for one in resident.told)


def _is_true(state: DownlinkState, heard: int) -> bool:
    return heard > 0 if state is DownlinkState.ACKNOWLEDGED else True
