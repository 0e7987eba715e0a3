"""The device registry: registrations, their sessions and nonces."""

from __future__ import annotations

import asyncio
import logging
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from gateway.errors import ConfigError
from gateway.journal import abp, box
from gateway.journal.abp import abp_number, has_abp
from gateway.journal.database import Database, Each, Insert, Step
from gateway.journal.registrations import decode, encode, is_clear, plan
from gateway.journal.sessions import eui_number, eui_of
from gateway.journal.store import Store
from gateway.journal.values import Changes, ImportResult, Nonces, Registration
from gateway.journal.vault import Vault
from gateway.journal.writer import Writer
from gateway.model import Activation, Eui64, Session, is_moved

log = logging.getLogger(__name__)

MOST_NAMED: Final = 500  # devices of one question; SQLite takes 999 values at least


class Registry:
    """The registered devices. One change at a time: each reads, decides and writes."""

    def __init__(self, store: Store, writer: Writer, alone: asyncio.Lock) -> None:
        self._store = store
        self._writer = writer
        self._alone = alone

    async def all(self) -> Sequence[Registration]:
        """Return all registrations by DevEUI, an ABP device's with its present session."""
        return self._with_sessions(await _registrations(self._store))

    async def of(self, dev_euis: Collection[Eui64]) -> Sequence[Registration]:
        """Return the registrations of these devices, as far as they are registered; see `all`."""
        return self._with_sessions(await _registrations(self._store, dev_euis))

    def _with_sessions(self, found: Sequence[Registration]) -> Sequence[Registration]:
        wanted = {each.device.dev_eui for each in found}
        sessions = [one for one in self._store.sessions.all() if one.dev_eui in wanted]
        personal = {session.dev_eui: session for session in sessions if has_abp(session)}
        return [replace(each, session=personal.get(each.device.dev_eui)) for each in found]

    async def whole(self) -> Sequence[Registration]:
        """Return all registrations as another box needs them: with the session in use, and with their nonces."""
        used = defaultdict(set)
        for eui, nonce in await self._store.database.fetch("SELECT dev_eui, nonce FROM dev_nonces"):
            used[eui_of(eui)].add(nonce)
        following = dict(await self._store.database.fetch("SELECT dev_eui, next FROM join_nonces"))
        current = in_use(self._store.sessions.all())
        return [
            each
            if each.device.activation is Activation.ABP
            else replace(
                each,
                session=current.get(each.device.dev_eui),
                nonces=_nonces(
                    each.device.dev_eui, following.get(eui_number(each.device.dev_eui)), used[each.device.dev_eui]
                ),
            )
            for each in await self.all()
        ]

    async def put(self, registrations: Iterable[Registration]) -> ImportResult:
        """Register devices in one transaction; of several registrations of one device the last counts."""
        async with self._alone:
            return await self._put(registrations)

    async def reset_counters(self, dev_euis: Iterable[Eui64]) -> int:
        """Begin the next activation of ABP devices whose counters were set to 0."""
        wanted = set(dev_euis)
        async with self._alone:
            present = [each for each in await self.of(wanted) if each.session]
            await self._put(replace(each, session=_restarted(each.session)) for each in present if each.session)
        return len(present)

    async def remove(self, dev_euis: Iterable[Eui64]) -> int:
        """Forget devices, their keys and sessions; nonces stay, and counters under keys that may come back.

        Else an old join request could open a session again, and a recorded frame be taken for a new one.
        """
        async with self._alone:
            present = sorted({eui for eui, _ in await _records_of(self._store.database, frozenset(dev_euis))})
            gone = {eui_of(eui) for eui in present}
            sessions = [session for session in self._store.sessions.all() if session.dev_eui in gone]
            if present:
                await self._writer.submit(
                    changes=Changes(retired=tuple((session.dev_eui, session.activation) for session in sessions)),
                    steps=[Each("DELETE FROM devices WHERE dev_eui = ?", [(eui,) for eui in present])],
                )
            return len(present)

    async def dev_nonces(self, dev_eui: Eui64) -> frozenset[int]:
        """Return the DevNonces that a device has used."""
        sql = "SELECT nonce FROM dev_nonces WHERE dev_eui = ?"
        return frozenset(nonce for (nonce,) in await self._store.database.fetch(sql, (eui_number(dev_eui),)))

    async def join_nonce(self, dev_eui: Eui64) -> int:
        """Return the next JoinNonce of a device."""
        rows = await self._store.database.fetch(
            "SELECT next FROM join_nonces WHERE dev_eui = ?", (eui_number(dev_eui),)
        )
        return max(await box.first_join_nonce(self._store.database), *(int(following) for (following,) in rows), 0)

    async def abp_activations(self) -> Mapping[Eui64, int]:
        """Return the number of the last activation of each ABP device that there ever was."""
        rows = await self._store.database.fetch("SELECT dev_eui, last FROM abp_activations")
        return {eui_of(eui): last for eui, last in rows}

    async def rejoin_count(self, dev_eui: Eui64, join_eui: Eui64) -> int | None:
        """Return the last RJcount1 of a device with a JoinEUI."""
        rows = await self._store.database.fetch(
            "SELECT last FROM rejoin_counts WHERE dev_eui = ? AND join_eui = ?",
            (eui_number(dev_eui), eui_number(join_eui)),
        )
        return int(rows[0][0]) if rows else None

    async def _put(self, registrations: Iterable[Registration]) -> ImportResult:
        database = self._store.database
        wanted = {registration.device.dev_eui: registration for registration in registrations}
        stored = {each.device.dev_eui: each for each in await _registrations(self._store, wanted.keys())}
        last = dict(await database.fetch("SELECT dev_eui, last FROM abp_activations"))
        present: dict[Eui64, list[Session]] = defaultdict(list)
        for session in self._store.sessions.all():
            if session.dev_eui in wanted:
                present[session.dev_eui].append(session)
        ended = await abp.kept(database)
        planned = await asyncio.to_thread(plan, wanted, stored, last, present, ended, self._store.vault)
        if planned.steps or planned.changes != Changes():
            await self._writer.submit(changes=planned.changes, steps=planned.steps)
        return planned.result


def in_use(sessions: Iterable[Session]) -> dict[Eui64, Session]:
    """Return the session that each device uses, as far as it has shown: the newest one heard or moved here, else the newest."""
    found: dict[Eui64, Session] = {}
    for session in sessions:
        before = found.get(session.dev_eui)
        if before is None or session.f_cnt_up or is_moved(session) or not (before.f_cnt_up or is_moved(before)):
            found[session.dev_eui] = session
    return found


def _nonces(dev_eui: Eui64, join_nonce: int | None, dev_nonces: Iterable[int]) -> Nonces | None:
    nonces = Nonces(dev_eui=dev_eui, join_nonce=join_nonce, dev_nonces=frozenset(dev_nonces))
    return None if nonces == Nonces(dev_eui=dev_eui) else nonces


async def decoders(store: Store) -> dict[Eui64, str]:
    """Return each registered device's decoder, "" for none."""
    return {each.device.dev_eui: each.device.decoder for each in await _registrations(store)}


async def sealed(database: Database) -> list[tuple[int, bytes]]:
    """Return the records of devices whose keys are sealed."""
    return [(eui, record) for eui, record in await _records(database) if not is_clear(record)]


async def unsealed(database: Database, vault: Vault) -> list[Step]:
    """Return what seals the records that an older version wrote in clear."""
    rows = [
        (eui, encode(decode(eui, record, vault), vault)) for eui, record in await _records(database) if is_clear(record)
    ]
    return [Insert("REPLACE INTO devices", rows)] if rows else []


async def _registrations(store: Store, dev_euis: Collection[Eui64] | None = None) -> list[Registration]:
    """Return all registrations by DevEUI, read in a thread: ten thousand take a third of a second, and radio cannot wait."""
    records = await (_records(store.database) if dev_euis is None else _records_of(store.database, dev_euis))
    found, damaged = await asyncio.to_thread(_decoded, records, store.vault)
    for dev_eui in damaged - store.unreadable:
        log.error("%s: its registration is damaged, and its keys cannot be read: remove it and add it again", dev_eui)
    store.unreadable |= damaged
    return found


async def _records(database: Database) -> list[tuple[int, bytes]]:
    return await database.fetch("SELECT dev_eui, record FROM devices")


async def _records_of(database: Database, dev_euis: Collection[Eui64]) -> list[tuple[int, bytes]]:
    """Return the records of these devices; of many it is quicker to read all."""
    wanted = [eui_number(eui) for eui in dev_euis]
    if len(wanted) > MOST_NAMED:
        among = frozenset(wanted)
        return [(eui, record) for eui, record in await _records(database) if eui in among]
    places = ",".join("?" * len(wanted))
    sql = f"SELECT dev_eui, record FROM devices WHERE dev_eui IN ({places})"  # noqa: S608 - question marks
    return await database.fetch(sql, tuple(wanted))


def _decoded(records: Iterable[tuple[int, bytes]], vault: Vault) -> tuple[list[Registration], set[Eui64]]:
    """Return the registrations by DevEUI, and the devices whose keys do not open though the vault has opened others."""
    found, damaged = list[Registration](), set[Eui64]()
    for eui, record in records:
        try:
            found.append(decode(eui, record, vault))
        except ConfigError:
            damaged.add(eui_of(eui))
    found.sort(key=lambda registration: registration.device.dev_eui)
    return found, damaged


def _restarted(session: Session) -> Session:
    return replace(
        session,
        activation=f"{session.dev_addr}-abp{abp_number(session) + 1}",
        f_cnt_up=0,
        n_f_cnt_down=0,
        a_f_cnt_down=0,
        confirmed_f_cnt_up=None,
    )
