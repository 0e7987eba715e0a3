"""ABP sessions: their names, and their counters, which outlive them.

The keys of a personalised device never change. A device that is removed and comes back, or has its old keys again, must go
on where its counters were: else recorded uplinks would be taken anew, and downlink counters used twice under one key.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from gateway.journal.database import Database, Each, Insert, Statement, Step
from gateway.model import MacVersion, Session, never_back

ABP_ACTIVATION: Final = re.compile(r"-abp(\d+)$")

Identity = bytes  # a digest of DevEUI, address and keys
Counters = tuple[int, int, int | None]  # uplink, network downlink, application downlink (None: 1.0.x has one of them)


def abp_number(session: Session) -> int:
    """Return n of an activation that ends in "-abp<n>", 0 for any other."""
    found = ABP_ACTIVATION.search(session.activation)
    return int(found[1]) if found else 0


def has_abp(session: Session) -> bool:
    """Tell whether ``session`` is an ABP device's."""
    return ABP_ACTIVATION.search(session.activation) is not None


def ended(sessions: Iterable[Session]) -> Iterator[Step]:
    """Yield what keeps the counters of ABP sessions that end."""
    rows = [(_identity(one), *_counters(one)) for one in sessions if has_abp(one)]
    if rows:
        yield Insert("REPLACE INTO ended_counters", rows)


def begun(sessions: Iterable[Session]) -> Iterator[Step]:
    """Yield what forgets kept counters of sessions that begin: these count on from there, or were declared to begin at 0."""
    rows = [(_identity(one),) for one in sessions if has_abp(one)]
    if rows:
        yield Each("DELETE FROM ended_counters WHERE session = ?", rows)


def ahead(margin: int, last: int) -> Step:
    """Return what raises the kept downlink counters by ``margin``, to ``last`` at most."""
    return Statement(
        "UPDATE ended_counters SET n_f_cnt_down = min(n_f_cnt_down + ?1, ?2), a_f_cnt_down = min(a_f_cnt_down + ?1, ?2)",
        (margin, last),
    )


async def kept(database: Database) -> dict[Identity, Counters]:
    """Return the counters of ABP sessions that ended."""
    rows = await database.fetch("SELECT session, f_cnt_up, n_f_cnt_down, a_f_cnt_down FROM ended_counters")
    return {identity: (up, network, application) for identity, up, network, application in rows}


def counted_on(session: Session, known: Mapping[Identity, Counters]) -> Session:
    """Return ``session`` with no counter below those that its address and keys had before."""
    found = known.get(_identity(session))
    if found is None:
        return session
    up, network, application = found
    before = replace(session, f_cnt_up=up, n_f_cnt_down=network, a_f_cnt_down=application or 0)
    return never_back(before, session)


def _counters(session: Session) -> Counters:
    application = session.a_f_cnt_down if session.mac_version is MacVersion.V1_1 else None
    return session.f_cnt_up, session.n_f_cnt_down, application


def _identity(session: Session) -> Identity:
    keys = session.keys
    digest = hashlib.sha256(bytes.fromhex(session.dev_eui + session.dev_addr))
    for key in (keys.f_nwk_s_int_key, keys.s_nwk_s_int_key, keys.nwk_s_enc_key, keys.app_s_key):
        digest.update(key.reveal())  # a digest of 512 bits of key tells no key
    return digest.digest()
