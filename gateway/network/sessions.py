"""Open sessions: found by address for frames, by device for joins; with the MAC state and what was heard lately."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from gateway.lorawan.adr import HeardUplink
from gateway.lorawan.mac_layer import MacState
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import OpenSession
from gateway.model import DevAddr, Eui64, Frame, Reception, Session, is_moved

_Key = TypeVar("_Key")
Name = tuple[Eui64, str]  # of a session: device and activation


class Turn:
    """A lock that tells whether anybody holds it or waits for it, also while it goes from one to the next."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._wanted_by = 0

    @property
    def is_wanted(self) -> bool:
        """Tell whether something is on its way to the disk."""
        return self._wanted_by > 0

    async def __aenter__(self) -> None:
        self._wanted_by += 1
        try:
            await self._lock.acquire()
        except BaseException:
            self._wanted_by -= 1
            raise

    async def __aexit__(self, *_: object) -> None:
        self._wanted_by -= 1
        self._lock.release()


@dataclass(slots=True, eq=False)
class LiveSession(OpenSession):
    """A session in use. Memory may be ahead of the disk, never behind it.

    ``turn`` keeps its commits in order, so that no counter is on disk before the uplink it counts.
    """

    mac: MacState
    history: tuple[HeardUplink, ...] = ()  # what ADR looks at
    proved: bytes | None = None  # of the last new frame all but its MIC; what repeats its counter must repeat it, too
    last: Frame | None = None  # the last frame heard: where a class C device is, and what people ask for
    turn: Turn = field(default_factory=Turn)

    def sent_on(self, reception: Reception, region: Region) -> tuple[int, int]:
        """Return TxDr and TxCh (1.1) as this device numbers its channels.

        A channel that it was given it uses before anybody has heard its answer: it has the region's number, as it was told.
        """
        data_rate = region.data_rate_number(reception.data_rate) or 0
        channel = self.mac.plan.tx_ch(reception.frequency_hz, data_rate)
        return data_rate, (region.channel(reception.frequency_hz) if channel is None else channel) or 0


class LiveSessions:
    """All sessions of the registered devices."""

    def __init__(self) -> None:
        self._by_address: defaultdict[DevAddr, list[LiveSession]] = defaultdict(list)
        self._by_device: defaultdict[Eui64, list[LiveSession]] = defaultdict(list)

    def __len__(self) -> int:
        return sum(map(len, self._by_device.values()))

    def __iter__(self) -> Iterator[LiveSession]:
        for sessions in self._by_device.values():
            yield from sessions

    @property
    def addresses(self) -> Container[DevAddr]:
        """The addresses in use; a view, not a copy."""
        return self._by_address.keys()

    def at(self, address: DevAddr) -> Sequence[LiveSession]:
        """Return the sessions that share an address."""
        return self._by_address.get(address, ())

    def of(self, dev_eui: Eui64) -> Sequence[LiveSession]:
        """Return a device's sessions, the oldest first."""
        return self._by_device.get(dev_eui, ())

    def current(self, dev_eui: Eui64) -> LiveSession | None:
        """Return the session that a device uses, as far as it has shown: the newest one heard, else the newest."""
        sessions = self.of(dev_eui)
        heard = [one for one in sessions if one.session.f_cnt_up or is_moved(one.session)]
        return next(reversed(heard or [*sessions]), None)

    def replace_all(self, sessions: Mapping[Name, LiveSession]) -> None:
        """Have these sessions and no others."""
        self._by_address.clear()
        self._by_device.clear()
        for live in sessions.values():
            self.add(live)

    def add(self, live: LiveSession) -> None:
        """Add a session; one that is there already stays as it is."""
        name, address = name_of(live.session), live.session.dev_addr
        if all(name_of(one.session) != name for one in self.of(name[0])):
            self._by_device[name[0]].append(live)
            self._by_address[address].append(live)

    def before(self, live: LiveSession) -> list[LiveSession]:
        """Return the device's sessions that ``live`` follows. Later ones stay: a copy of an old frame may come slowly."""
        sessions = self.of(live.session.dev_eui)
        return [*sessions[: sessions.index(live)]] if live in sessions else []

    def retire(self, ended: Sequence[LiveSession]) -> tuple[Name, ...]:
        """Forget sessions, those that are gone already too, and return their names for the journal to forget."""
        for live in ended:
            _remove(self._by_device, live.session.dev_eui, live)
            _remove(self._by_address, live.session.dev_addr, live)
        return tuple(name_of(live.session) for live in ended)


def _remove(index: dict[_Key, list[LiveSession]], key: _Key, live: LiveSession) -> None:
    left = [one for one in index.get(key, ()) if one is not live]
    if left:
        index[key] = left
    else:
        index.pop(key, None)


def name_of(session: Session) -> Name:
    """Return what a session is known by."""
    return session.dev_eui, session.activation
