"""The rows of `command_states`: what a downlink's step makes of them, to and from octets."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cbor2

from gateway.journal.database import Database, Insert, Statement, Step
from gateway.journal.records import QUALITIES, microseconds, moment
from gateway.model import CommandState, Downlink, Instant

FORMAT = 1


def state_of(downlink: Downlink, now: Instant) -> CommandState:
    """Return what the platform that asked for a downlink is to be told of it now."""
    return CommandState(
        destination=downlink.origin,
        reference=downlink.reference,
        state=downlink.state.value,
        at=now.utc,
        time_quality=now.quality,
        dev_eui=downlink.dev_eui,
        downlink=downlink.id,
        f_cnt=downlink.f_cnt,
        tries=downlink.tries,
        detail=downlink.detail,
    )


def to_tell(states: Sequence[CommandState]) -> Iterator[Step]:
    """Yield what stores states until their platforms have them."""
    if states:
        rows = [(one.destination, _encode(one)) for one in states]
        yield Insert("INSERT INTO command_states (destination, record)", rows)


def forgotten(destination: str) -> Step:
    """Return what forgets the states of a destination that is no more."""
    return Statement("DELETE FROM command_states WHERE destination = ?", (destination,))


def moved(old: str, new: str) -> Step:
    """Return what tells a renamed destination the states that wait."""
    return Statement("UPDATE command_states SET destination = ? WHERE destination = ?", (new, old))


async def waiting(database: Database) -> dict[str, int]:
    """Return how many states each destination has not been told."""
    return dict(await database.fetch("SELECT destination, count(*) FROM command_states GROUP BY destination"))


def _encode(state: CommandState) -> bytes:
    return cbor2.dumps(
        (
            FORMAT,
            state.reference,
            state.state,
            microseconds(state.at),
            int(state.time_quality),
            state.dev_eui,
            state.downlink,
            state.f_cnt,
            state.tries,
            state.detail,
        )
    )


def decode(destination: str, record: bytes) -> CommandState:
    """Return what `to_tell` was given."""
    _, reference, state, at, quality, dev_eui, downlink, f_cnt, tries, detail = cbor2.loads(record)
    return CommandState(
        destination=destination,
        reference=reference,
        state=state,
        at=moment(at),
        time_quality=QUALITIES[quality],
        dev_eui=dev_eui,
        downlink=downlink,
        f_cnt=f_cnt,
        tries=tries,
        detail=detail,
    )
