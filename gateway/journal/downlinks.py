"""Downlinks, MAC states and events on disk: the network's side of the journal, beside the log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cbor2

from gateway.journal.database import Database, Each, Insert, Statement, Step
from gateway.journal.records import microseconds, moment
from gateway.journal.sessions import eui_number, eui_of
from gateway.journal.values import Event
from gateway.model import Downlink, DownlinkState, Eui64, Instant

FORMAT = 1
KEPT_ENDED = 10_000  # downlinks that came to an end, of all devices together; 2 MB
KEPT_EVENTS = 20  # of one device


def stored(downlinks: Sequence[Downlink], now: Instant) -> Iterator[Step]:
    """Yield what stores downlinks as they are; those that ended long ago give way."""
    if not downlinks:
        return
    ended = microseconds(now.utc)
    rows = [
        (one.id, eui_number(one.dev_eui), None if one.is_open else ended, _encode(one))
        for one in {each.id: each for each in downlinks}.values()
    ]
    yield Insert("REPLACE INTO downlinks", rows)
    yield Statement(
        "DELETE FROM downlinks WHERE ended IS NOT NULL AND id <= (SELECT max(id) FROM downlinks) - ?", (KEPT_ENDED,)
    )


def told(events: Sequence[Event]) -> Iterator[Step]:
    """Yield what stores events; of each device the oldest give way."""
    if not events:
        return
    yield Insert(
        "INSERT INTO events (dev_eui, at, what)",
        [(eui_number(event.dev_eui), microseconds(event.at), event.what) for event in events],
    )
    yield Each(
        "DELETE FROM events WHERE dev_eui = ?1 AND id <= (SELECT id FROM events WHERE dev_eui = ?1"
        " ORDER BY id DESC LIMIT 1 OFFSET ?2)",
        [(eui_number(dev_eui), KEPT_EVENTS) for dev_eui in {event.dev_eui for event in events}],
    )


async def load(database: Database, dev_eui: Eui64 | None, *, open_only: bool, limit: int) -> list[Downlink]:
    """Return downlinks, the oldest first; of more than ``limit`` the newest."""
    where = ["ended IS NULL"] if open_only else []
    where += ["dev_eui = ?"] if dev_eui is not None else []
    condition = f"WHERE {' AND '.join(where)}" if where else ""
    values = (*(() if dev_eui is None else (eui_number(dev_eui),)), limit)
    rows = await database.fetch(
        f"SELECT id, dev_eui, record FROM downlinks {condition} ORDER BY id DESC LIMIT ?",  # noqa: S608 - conditions of ours
        values,
    )
    return [decode(number, eui, record) for number, eui, record in reversed(rows)]


async def find(database: Database, number: int) -> Downlink | None:
    """Return one downlink; None where it is not known any more."""
    rows = await database.fetch("SELECT id, dev_eui, record FROM downlinks WHERE id = ?", (number,))
    return decode(*rows[0]) if rows else None


async def last_id(database: Database) -> int:
    """Return the greatest id that a downlink ever had."""
    ((greatest,),) = await database.fetch("SELECT max(id) FROM downlinks")
    return greatest or 0


async def events(database: Database, dev_eui: Eui64) -> list[Event]:
    """Return the events of a device, the oldest first."""
    rows = await database.fetch("SELECT at, what FROM events WHERE dev_eui = ? ORDER BY id", (eui_number(dev_eui),))
    return [Event(dev_eui, moment(at), what) for at, what in rows]


def _encode(downlink: Downlink) -> bytes:
    return cbor2.dumps(
        (
            FORMAT,
            downlink.f_port,
            downlink.payload,
            microseconds(downlink.queued_at),
            downlink.confirmed,
            downlink.priority,
            None if downlink.expires_at is None else microseconds(downlink.expires_at),
            downlink.reference,
            downlink.origin,
            downlink.origin_key,
            downlink.state.value,
            downlink.tries,
            downlink.f_cnt,
            None if downlink.sent_at is None else microseconds(downlink.sent_at),
            downlink.detail,
        )
    )


def decode(number: int, eui: int, record: bytes) -> Downlink:
    """Return the downlink of a row."""
    (
        _,
        f_port,
        payload,
        queued,
        confirmed,
        priority,
        expires,
        reference,
        origin,
        key,
        state,
        tries,
        f_cnt,
        sent,
        detail,
    ) = cbor2.loads(record)
    return Downlink(
        id=number,
        dev_eui=eui_of(eui),
        f_port=f_port,
        payload=payload,
        queued_at=moment(queued),
        confirmed=confirmed,
        priority=priority,
        expires_at=None if expires is None else moment(expires),
        reference=reference,
        origin=origin,
        origin_key=key,
        state=DownlinkState(state),
        tries=tries,
        f_cnt=f_cnt,
        sent_at=None if sent is None else moment(sent),
        detail=detail,
    )
