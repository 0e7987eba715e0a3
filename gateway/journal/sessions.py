"""Sessions as the journal knows them: which moved by a counter only, and which are new."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

import cbor2

from gateway.errors import ConfigError
from gateway.journal import abp
from gateway.journal.database import Database, Each, Insert, Step
from gateway.journal.vault import Vault
from gateway.model import DevAddr, Eui64, Key, MacVersion, Session, SessionKeys, never_back

log = logging.getLogger(__name__)

CLEAR, SEALED = 1, 2  # formats of a record: version 1 of the schema had keys in clear
KEYS = 4  # of a session
RETIRED_KEPT: Final = 20_000  # names, 4 MB; far more than sessions that end while a commit of theirs waits for the disk
FIXED: Final = attrgetter(
    "dev_addr", "mac_version", "rx1_delay_s", "rx1_dr_offset", "rx2_data_rate", "rx2_frequency_hz"
)  # what of a session moves with no counter
COUNTERS: Final = attrgetter("f_cnt_up", "n_f_cnt_down", "a_f_cnt_down", "confirmed_f_cnt_up")
Name = tuple[Eui64, str]  # dev_eui and activation


def eui_number(eui: Eui64) -> int:
    """Return an EUI as SQLite's signed 64-bit integer."""
    return int.from_bytes(bytes.fromhex(eui), "big", signed=True)


def eui_of(number: int) -> Eui64:
    """Return the EUI that eui_number() made ``number`` of."""
    return Eui64(number.to_bytes(8, "big", signed=True).hex())


class Sessions:
    """All sessions, in memory as on disk; a change is staged, then confirmed or undone."""

    def __init__(
        self, vault: Vault, stored: Iterable[tuple[int, Session]] = (), mac_states: Mapping[int, bytes] | None = None
    ) -> None:
        self._vault = vault
        self._mac_states = dict(mac_states or {})  # by session number
        self._staged_states: dict[Name, bytes] = {}
        self._known: dict[Name, tuple[int, Session]] = {_name(session): (number, session) for number, session in stored}
        self._next = max((number for number, _ in self._known.values()), default=0) + 1
        self._staged: dict[Name, tuple[int, Session] | None] = {}
        self._ended: list[Session] = []  # as they are when they end with what is staged
        self._retired: dict[Name, None] = {}  # since the start, the oldest first

    def all(self) -> tuple[Session, ...]:
        """Return every session, oldest first."""
        return tuple(session for _, session in self._known.values())

    def stage(self, sessions: Sequence[Session], retired: Sequence[Name], begun: Collection[Name] = ()) -> None:
        """Note what changes; of several states of one session the last counts, but no counter moves back.

        An import may come with counters that it read before an uplink. A state of a session that was retired is passed over
        where the session is none of those that are ``begun``: it comes from a commit that waited for the disk meanwhile.
        """
        for session in sessions:
            name = (session.dev_eui, session.activation)
            found = self._staged.get(name, self._known.get(name))
            if found is not None:
                self._staged[name] = (found[0], never_back(found[1], session))
            elif self._is_retired(name) and name not in begun:
                self._ended.append(session)  # its counters are greater than those it was retired with
            else:
                self._begin(name, session)
        for name in retired:
            if (found := self._staged.get(name) or self._known.get(name)) is not None:
                self._ended.append(found[1])
            self._staged[name] = None

    def _is_retired(self, name: Name) -> bool:
        return name in self._staged or name in self._retired

    def _begin(self, name: Name, session: Session) -> None:
        if (found := self._known.get(name)) is not None:  # it is retired with what is staged, and begins again
            self._staged[name] = (found[0], never_back(found[1], session))
            return
        self._staged[name] = (self._next, session)
        self._next += 1

    def stage_mac_states(self, mac_states: Sequence[tuple[Eui64, str, bytes]]) -> None:
        """Note MAC states that change; one of a session that is not there, or is about to go, is passed over."""
        self._staged_states.update({(dev_eui, activation): record for dev_eui, activation, record in mac_states})

    def mac_state(self, session: Session) -> bytes | None:
        """Return the MAC state of a session as it is on disk."""
        number, _ = self._known.get(_name(session), (0, None))
        return self._mac_states.get(number)

    def steps(self) -> list[Step]:
        """Return what stores all that is staged: two rows for a new session, a narrow one where counters moved."""
        counters, records, retired, begun = [], [], [], []
        for name, staged in self._staged.items():
            known = self._known.get(name)
            if staged is None:
                retired += [(known[0],)] if known else []
                continue
            number, session = staged
            counters.append((number, *COUNTERS(session)))
            begun += [session] if known is None else []
            if known is None or not _only_counters_differ(known[1], session):
                records.append((number, eui_number(session.dev_eui), _encode(session, self._vault)))
        states = self._numbered_states()
        return [
            *abp.ended(self._ended),
            *abp.begun(begun),
            *([Insert("REPLACE INTO sessions", records)] if records else []),
            *([Insert("REPLACE INTO counters", counters)] if counters else []),
            *([Each("DELETE FROM sessions WHERE number = ?", retired)] if retired else []),
            *([Each("DELETE FROM counters WHERE session = ?", retired)] if retired else []),
            *([Insert("REPLACE INTO mac_states", states)] if states else []),
            *([Each("DELETE FROM mac_states WHERE session = ?", retired)] if retired else []),
        ]

    def whole(self) -> list[Step]:
        """Return what stores every session as it was committed last, also where it is there already."""
        known = [*self._known.values()]
        records = [(number, eui_number(one.dev_eui), _encode(one, self._vault)) for number, one in known]
        counters = [(number, *COUNTERS(one)) for number, one in known]
        states = [*self._mac_states.items()]
        return [
            *([Insert("REPLACE INTO sessions", records)] if records else []),
            *([Insert("REPLACE INTO counters", counters)] if counters else []),
            *([Insert("REPLACE INTO mac_states", states)] if states else []),
        ]

    def _numbered_states(self) -> list[tuple[int, bytes]]:
        found = []
        for name, record in self._staged_states.items():
            known = self._staged[name] if name in self._staged else self._known.get(name)
            if known is not None:
                found.append((known[0], record))
        return found

    def confirm(self) -> None:
        """Remember that all that was staged is durable."""
        self._mac_states.update(self._numbered_states())
        self._staged_states.clear()
        for name, staged in self._staged.items():
            if staged is None:
                number, _ = self._known.pop(name, (0, None))
                self._mac_states.pop(number, None)
                self._retired[name] = None
            else:
                self._known[name] = staged
                if self._retired:
                    self._retired.pop(name, None)
        while len(self._retired) > RETIRED_KEPT:
            del self._retired[next(iter(self._retired))]
        self._staged.clear()
        self._ended.clear()

    def undo(self) -> None:
        """Forget what was staged: it did not reach the disk."""
        self._staged.clear()
        self._staged_states.clear()
        self._ended.clear()


async def load(database: Database, vault: Vault) -> Sessions:
    """Return the sessions with their counters and MAC states."""
    rows = await database.fetch(
        "SELECT number, dev_eui, record, f_cnt_up, n_f_cnt_down, a_f_cnt_down, confirmed_f_cnt_up"
        " FROM sessions JOIN counters ON session = number ORDER BY number"
    )
    mac_states = dict(await database.fetch("SELECT session, record FROM mac_states"))
    return Sessions(vault, _opened(rows, vault), mac_states)


def _opened(rows: Iterable[Sequence[Any]], vault: Vault) -> Iterator[tuple[int, Session]]:
    """Yield the sessions of rows; one whose keys do not open is told and left out: the vault has opened others."""
    for number, eui, record, *counters in rows:
        try:
            yield number, decode(eui, record, counters, vault)
        except ConfigError:
            words = "%s: its session is damaged, and its keys cannot be read: it must join or be added again"
            log.error(words, eui_of(eui))  # noqa: TRY400 - the trace tells no more


async def unsealed(database: Database, vault: Vault) -> list[Step]:
    """Return what seals the records that an older version wrote in clear."""
    rows = [
        (number, eui, _encode(decode(eui, record, (0, 0, 0, None), vault), vault))
        for number, eui, record in await database.fetch("SELECT number, dev_eui, record FROM sessions")
        if cbor2.loads(record)[0] == CLEAR
    ]
    return [Insert("REPLACE INTO sessions", rows)] if rows else []


def _name(session: Session) -> Name:
    return session.dev_eui, session.activation


def _only_counters_differ(old: Session, new: Session) -> bool:
    return (old.keys is new.keys or old.keys == new.keys) and FIXED(old) == FIXED(new)


def _encode(session: Session, vault: Vault) -> bytes:
    keys = session.keys
    four = (keys.f_nwk_s_int_key, keys.s_nwk_s_int_key, keys.nwk_s_enc_key, keys.app_s_key)
    sealed = vault.seal(four, _owner(session.dev_eui, session.activation))
    return cbor2.dumps((SEALED, session.activation, *FIXED(session), sealed))


def _owner(dev_eui: Eui64, activation: str) -> bytes:
    return f"session {dev_eui} {activation}".encode()


def _keys_of(eui: int, record: bytes, vault: Vault) -> tuple[list[Any], list[Key]]:
    """Return the fields of a record before its keys, and the keys."""
    form, *fields = cbor2.loads(record)
    if form == CLEAR:
        return fields[:-KEYS], [Key(octets) for octets in fields[-KEYS:]]
    opened = vault.open(fields[-1], KEYS, _owner(eui_of(eui), fields[0]))
    return fields[:-1], [key for key in opened if key is not None]


def decode(eui: int, record: bytes, counters: Sequence[int | None], vault: Vault) -> Session:
    """Return the session of a row; ConfigError when another vault sealed it."""
    fields, keys = _keys_of(eui, record, vault)
    activation, address, mac, delay, offset, rx2_rate, rx2_frequency = fields
    f_cnt_up, n_f_cnt_down, a_f_cnt_down, confirmed = counters
    assert f_cnt_up is not None
    assert n_f_cnt_down is not None
    assert a_f_cnt_down is not None
    return Session(
        dev_eui=eui_of(eui),
        dev_addr=DevAddr(address),
        activation=activation,
        mac_version=MacVersion(mac),
        keys=_keys(keys),
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
