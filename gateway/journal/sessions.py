"""Sessions as the journal knows them: which moved by a counter only, and which are new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import cbor2

from gateway.journal.database import Database, Each, Insert, Step
from gateway.model import DevAddr, Eui64, Key, MacVersion, Session, SessionKeys

FORMAT = 1
Name = tuple[Eui64, str]  # dev_eui and activation


def eui_number(eui: Eui64) -> int:
    """Return an EUI as SQLite's signed 64-bit integer."""
    return int.from_bytes(bytes.fromhex(eui), "big", signed=True)


def eui_of(number: int) -> Eui64:
    """Return the EUI that eui_number() made ``number`` of."""
    return Eui64(number.to_bytes(8, "big", signed=True).hex())


class Sessions:
    """All sessions, in memory as on disk; a change is staged, then confirmed or undone."""

    def __init__(self, stored: Iterable[tuple[int, Session]] = ()) -> None:
        self._known: dict[Name, tuple[int, Session]] = {_name(session): (number, session) for number, session in stored}
        self._next = max((number for number, _ in self._known.values()), default=0) + 1
        self._staged: dict[Name, tuple[int, Session] | None] = {}

    def all(self) -> tuple[Session, ...]:
        """Return every session, oldest first."""
        return tuple(session for _, session in self._known.values())

    def stage(self, sessions: Sequence[Session], retired: Sequence[Name]) -> None:
        """Note what changes; of several states of one session the last counts, but no counter moves back."""
        for session in sessions:
            name = (session.dev_eui, session.activation)
            found = self._staged.get(name) or self._known.get(name)
            if found is None:
                self._staged[name] = (self._next, session)
                self._next += 1
            else:
                self._staged[name] = (found[0], _never_back(found[1], session))
        for name in retired:
            self._staged[name] = None

    def steps(self) -> list[Step]:
        """Return what stores all that is staged: two rows for a new session, a narrow one where counters moved."""
        counters, records, retired = [], [], []
        for name, staged in self._staged.items():
            known = self._known.get(name)
            if staged is None:
                retired += [(known[0],)] if known else []
                continue
            number, session = staged
            counters.append(_counters(number, session))
            if known is None or not _only_counters_differ(known[1], session):
                records.append((number, eui_number(session.dev_eui), _encode(session)))
        return [
            *([Insert("REPLACE INTO sessions", records)] if records else []),
            *([Insert("REPLACE INTO counters", counters)] if counters else []),
            *([Each("DELETE FROM sessions WHERE number = ?", retired)] if retired else []),
            *([Each("DELETE FROM counters WHERE session = ?", retired)] if retired else []),
        ]

    def confirm(self) -> None:
        """Remember that all that was staged is durable."""
        for name, staged in self._staged.items():
            if staged is None:
                self._known.pop(name, None)
            else:
                self._known[name] = staged
        self._staged.clear()

    def undo(self) -> None:
        """Forget what was staged: it did not reach the disk."""
        self._staged.clear()


async def load(database: Database) -> Sessions:
    """Return the sessions with their counters."""
    rows = await database.fetch(
        "SELECT number, dev_eui, record, f_cnt_up, n_f_cnt_down, a_f_cnt_down, confirmed_f_cnt_up"
        " FROM sessions JOIN counters ON session = number ORDER BY number"
    )
    return Sessions((number, _decode(eui, record, counters)) for number, eui, record, *counters in rows)


def _name(session: Session) -> Name:
    return session.dev_eui, session.activation


def _never_back(old: Session, new: Session) -> Session:
    """Return ``new`` with no counter below its old value: an import may come with counters it read before an uplink."""
    if new.f_cnt_up >= old.f_cnt_up and new.n_f_cnt_down >= old.n_f_cnt_down and new.a_f_cnt_down >= old.a_f_cnt_down:
        return new
    return replace(
        new,
        f_cnt_up=max(new.f_cnt_up, old.f_cnt_up),
        n_f_cnt_down=max(new.n_f_cnt_down, old.n_f_cnt_down),
        a_f_cnt_down=max(new.a_f_cnt_down, old.a_f_cnt_down),
    )


def _only_counters_differ(old: Session, new: Session) -> bool:
    return (old.keys is new.keys or old.keys == new.keys) and _fixed(old) == _fixed(new)


def _fixed(session: Session) -> tuple[object, ...]:
    return (
        session.dev_addr,
        session.mac_version,
        session.rx1_delay_s,
        session.rx1_dr_offset,
        session.rx2_data_rate,
        session.rx2_frequency_hz,
    )


def _counters(number: int, session: Session) -> tuple[int | None, ...]:
    return number, session.f_cnt_up, session.n_f_cnt_down, session.a_f_cnt_down, session.confirmed_f_cnt_up


def _encode(session: Session) -> bytes:
    keys = session.keys
    octets = (keys.f_nwk_s_int_key, keys.s_nwk_s_int_key, keys.nwk_s_enc_key, keys.app_s_key)
    return cbor2.dumps((FORMAT, session.activation, *_fixed(session), *(key.reveal() for key in octets)))


def _decode(eui: int, record: bytes, counters: Sequence[int | None]) -> Session:
    _, activation, address, mac, delay, offset, rx2_rate, rx2_frequency, *keys = cbor2.loads(record)
    f_cnt_up, n_f_cnt_down, a_f_cnt_down, confirmed = counters
    assert f_cnt_up is not None
    assert n_f_cnt_down is not None
    assert a_f_cnt_down is not None
    return Session(
        dev_eui=eui_of(eui),
        dev_addr=DevAddr(address),
        activation=activation,
        mac_version=MacVersion(mac),
        keys=_keys([Key(octets) for octets in keys]),
        f_cnt_up=f_cnt_up,
        n_f_cnt_down=n_f_cnt_down,
        a_f_cnt_down=a_f_cnt_down,
        rx1_delay_s=delay,
        rx1_dr_offset=offset,
        rx2_data_rate=rx2_rate,
        rx2_frequency_hz=rx2_frequency,
        confirmed_f_cnt_up=confirmed,
    )


def _keys(keys: Sequence[Key]) -> SessionKeys:
    forwarding, serving, encryption, application = keys
    return SessionKeys(
        f_nwk_s_int_key=forwarding,
        s_nwk_s_int_key=serving,
        nwk_s_enc_key=encryption,
        app_s_key=application,
    )
