"""A month that nobody took: uplinks of a fleet in a journal, brought there as hearing does, one commit after another."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from pathlib import Path

from bench.fleet import GATEWAY, Fleet, Member
from gateway.clock import SystemClock
from gateway.journal import Changes, Journal
from gateway.model import Instant, LoraRate, Reception, Session, TimeQuality, Uplink, uplink_id

MONTH = timedelta(days=30)
ROOM = 2**40  # bytes: what the limit makes of it is another question
RECEPTION = Reception(
    gateway=GATEWAY,
    frequency_hz=868_100_000,
    data_rate=LoraRate(7, 125_000),
    rssi_dbm=-97.0,
    snr_db=7.5,
    timestamp_us=1_234_567,
    channel=0,
    source="radio",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """What is to lie there: ``rows`` over a month up to now, ``at_once`` in each commit (3 or fewer are stored alone)."""

    rows: int
    at_once: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """What lies there now."""

    ids: Sequence[str]  # of the uplinks, in the order of the rows
    took_s: float
    used_bytes: int  # of the file

    @property
    def bytes_per_row(self) -> float:
        """What a row takes of the file, with all that is around it."""
        return self.used_bytes / len(self.ids)


async def fill(path: Path, fleet: Fleet, backlog: Backlog, destinations: Sequence[str]) -> Filled:
    """Fill the journal at ``path``, which knows the fleet's devices, and move the fleet's counters on."""
    began, ids = time.perf_counter(), list[str]()
    journal = await Journal.open(path, clock=SystemClock(), limit_bytes=ROOM, destinations=destinations)
    try:
        before = (await journal.stats()).used_bytes
        coming = uplinks(fleet, backlog.rows)
        while chunk := list(islice(coming, backlog.at_once)):
            sessions = {session.dev_eui: session for _, session in chunk}  # the last of each
            heard = tuple(uplink for uplink, _ in chunk)
            await journal.commit(Changes(uplinks=heard, sessions=tuple(sessions.values())))
            ids += [str(uplink.id) for uplink in heard]
        used = (await journal.stats()).used_bytes - before
    finally:
        await journal.close()
    return Filled(ids=ids, took_s=time.perf_counter() - began, used_bytes=used)


def uplinks(fleet: Fleet, count: int) -> Iterator[tuple[Uplink, Session]]:
    """Yield uplinks of the devices in turn, each with its session after it, and count them on the devices, too."""
    sessions = {one.session.dev_eui: one.session for one in fleet.sessions()}
    began, apart = datetime.now(UTC) - MONTH, MONTH / count
    for number, member in enumerate(islice(cycle(fleet.members), count)):
        device = member.end_device
        at = Instant(began + number * apart, number * apart.total_seconds(), "a-month-ago", TimeQuality.NTP)
        session = sessions[device.dev_eui]
        yield _uplink(member, session, at), replace(session, f_cnt_up=device.f_cnt_up + 1)
        device.f_cnt_up += 1


def _uplink(member: Member, session: Session, at: Instant) -> Uplink:
    f_cnt = member.end_device.f_cnt_up
    payload = member.payloads[f_cnt % len(member.payloads)]
    return Uplink(
        id=uplink_id(session.dev_eui, session.activation, f_cnt),
        dev_eui=session.dev_eui,
        activation=session.activation,
        f_cnt=f_cnt,
        f_port=payload.f_port,
        payload=payload.data,
        confirmed=False,
        adr=False,
        receptions=(RECEPTION,),
        heard_at=at,
    )
