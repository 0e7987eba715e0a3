"""Evidence out of its sources: the journal's file, the city's messages, the devices' own books."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.clock import SystemClock
from gateway.journal import Journal, Row, Settlement
from gateway.model import Eui64, Json
from simulators.fleet import Fleet
from simulators.platforms.mqtt import Received
from simulators.torture.evidence import Delivered, Transmitted
from simulators.torture.payload import COUNTED_AS

JUDGE: Final = "judge"  # a destination that begins with the first row
AT_ONCE: Final = 1000
MOST_HELD: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """What the journal's file holds."""

    committed: tuple[Transmitted, ...]
    sessions: Mapping[Eui64, frozenset[str]]
    held: Mapping[str, str]
    gone_rows: int


async def from_journal(path: Path) -> Found:
    """Read a journal that nobody has open, from its first row to its last."""
    journal = await Journal.open(path, clock=SystemClock())
    try:
        last_row = (await journal.stats()).last_row
        await journal.add_destination(JUDGE, from_start=True)
        rows: list[Row] = []
        while some := await journal.read(JUDGE, AT_ONCE):
            await journal.settle(JUDGE, Settlement(delivered=frozenset(row.id for row in some)))
            rows += some
        await journal.remove_destination(JUDGE)
        return Found(
            committed=tuple(map(_committed, rows)),
            sessions=await _sessions(journal),
            held={str(one.uplink.id): f"{one.kind}: {one.reason}" for one in await journal.held(limit=MOST_HELD)},
            gone_rows=last_row - len(rows),
        )
    finally:
        await journal.close()


def _committed(row: Row) -> Transmitted:
    uplink = row.uplink
    return Transmitted(
        uplink=str(uplink.id),
        dev_eui=uplink.dev_eui,
        activation=uplink.activation,
        f_cnt=uplink.f_cnt,
        payload=uplink.payload,
        row=row.id,
    )


async def _sessions(journal: Journal) -> Mapping[Eui64, frozenset[str]]:
    sessions: defaultdict[Eui64, set[str]] = defaultdict(set)
    for session in await journal.sessions():
        sessions[session.dev_eui].add(session.activation)
    return {dev_eui: frozenset(activations) for dev_eui, activations in sessions.items()}


def from_fleet(fleet: Fleet) -> tuple[Transmitted, ...]:
    """Return what the devices sent, under the ids that they reckon themselves."""
    return tuple(
        Transmitted(
            uplink=str(uplink),
            dev_eui=sent.dev_eui,
            activation=sent.activation,
            f_cnt=sent.f_cnt,
            payload=sent.spoken.payload,
        )
        for uplink, sent in fleet.sent.items()
    )


def joined(fleet: Fleet) -> Mapping[Eui64, str]:
    """Return the activation that each device which joined has now."""
    return {member.device.dev_eui: member.activation for member in fleet.members if member.radio.join_nonce is not None}


def from_message(received: Received) -> Delivered:
    """Read a SenML pack as a city does; ValueError when it is none."""
    try:
        base, *records = json.loads(received.payload)
        return Delivered(
            uplink=base["vs"],
            dev_eui=base["bn"].rstrip(":").rpartition(":")[2],
            serial=next((_serial(record) for record in records if record["n"] == COUNTED_AS), None),
            body=received.payload,
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{received.topic}: no SenML pack of an uplink: {received.payload!r}") from error


def _serial(record: Mapping[str, Json]) -> int:
    return int(record["v"])
