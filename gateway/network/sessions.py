"""Open sessions: found by address for frames, by device for joins; with the MAC state and what was heard lately."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from gateway.lorawan.adr import HeardUplink
from gateway.lorawan.mac_layer import MacState
from gateway.lorawan.phy import dev_addr_octets
from gateway.lorawan.region import Region
from gateway.lorawan.sessions import OpenSession, chain, chained
from gateway.model import DevAddr, Eui64, Frame, Reception, Session, is_moved

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


class LiveSession(OpenSession):
    """A session in use. Memory may be ahead of the disk, never behind it.

    ``turn`` keeps its commits in order, so that no counter is on disk before the uplink it counts.
    """

    __slots__ = ("history", "last", "mac", "proved", "safe_f_cnt_up", "turn")

    def __init__(self, session: Session, *, mac: MacState, turn: Turn | None = None) -> None:
        super().__init__(session)
        self.mac = mac
        self.history: tuple[HeardUplink, ...] = ()  # what ADR looks at
        self.proved: bytes | None = (
            None  # of the last new frame all but its MIC; what repeats its counter must repeat it, too
        )
        self.last: Frame | None = None  # the last frame heard: where a class C device is, and what people ask for
        self.turn = turn or Turn()
        self.safe_f_cnt_up = session.f_cnt_up  # as the disk has it

    @property
    def is_unused(self) -> bool:
        """Tell whether the device has not shown yet that it has the session: neither by an uplink nor by signing a rejoin request."""
        return self.session.f_cnt_up == 0 and not is_moved(self.session) and self.mac.rj_count0 is None

    @property
    def is_safe(self) -> bool:
        """Tell whether the disk has every uplink that the session counts, so that it may be stored as it is."""
        return not self.turn.is_wanted and self.safe_f_cnt_up == self.session.f_cnt_up

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
        self._by_device: defaultdict[Eui64, list[LiveSession]] = defaultdict(list)
        self._on_air: dict[bytes, LiveSession] = {}

    def __len__(self) -> int:
        return sum(map(len, self._by_device.values()))

    def __iter__(self) -> Iterator[LiveSession]:
        for sessions in self._by_device.values():
            yield from sessions

    @property
    def on_air(self) -> Mapping[bytes, LiveSession]:
        """The first session of each address in use, by the address's octets; those that share it are beside it. A view, not a copy."""
        return self._on_air

    def at(self, address: DevAddr) -> Sequence[LiveSession]:
        """Return the sessions that share an address, the oldest first."""
        return [*chain(self._on_air.get(dev_addr_octets(address)))]

    def of(self, dev_eui: Eui64) -> Sequence[LiveSession]:
        """Return a device's sessions, the oldest first."""
        return self._by_device.get(dev_eui, ())

    def current(self, dev_eui: Eui64) -> LiveSession | None:
        """Return the session that a device uses, as far as it has shown: the newest one heard, else the newest."""
        sessions = self.of(dev_eui)
        heard = [one for one in sessions if not one.is_unused]
        return next(reversed(heard or [*sessions]), None)

    def replace_all(self, sessions: Mapping[Name, LiveSession]) -> None:
        """Have these sessions and no others."""
        self._by_device.clear()
        self._on_air.clear()
        for live in sessions.values():
            self.add(live)

    def replace_of(self, dev_euis: Iterable[Eui64], sessions: Mapping[Name, LiveSession]) -> None:
        """Have these sessions of some devices and no others of theirs."""
        for dev_eui in dev_euis:
            self.retire([*self.of(dev_eui)])
        for live in sessions.values():
            self.add(live)

    def add(self, live: LiveSession) -> None:
        """Add a session; one that is there already stays as it is."""
        name, address = name_of(live.session), live.session.dev_addr
        if all(name_of(one.session) != name for one in self.of(name[0])):
            self._by_device[name[0]].append(live)
            self._share(address, [*self.at(address), live])

    def before(self, live: LiveSession) -> list[LiveSession]:
        """Return the device's sessions that ``live`` follows. Later ones stay: a copy of an old frame may come slowly."""
        sessions = self.of(live.session.dev_eui)
        return [*sessions[: sessions.index(live)]] if live in sessions else []

    def retire(self, ended: Sequence[LiveSession]) -> tuple[Name, ...]:
        """Forget sessions, those that are gone already too, and return their names for the journal to forget."""
        for live in ended:
            self._forget(live)
            address = live.session.dev_addr
            self._share(address, [one for one in self.at(address) if one is not live])
        return tuple(name_of(live.session) for live in ended)

    def _forget(self, live: LiveSession) -> None:
        left = [one for one in self.of(live.session.dev_eui) if one is not live]
        if left:
            self._by_device[live.session.dev_eui] = left
        else:
            self._by_device.pop(live.session.dev_eui, None)

    def _share(self, address: DevAddr, sessions: Sequence[LiveSession]) -> None:
        octets, first = dev_addr_octets(address), chained(sessions)
        if first is None:
            self._on_air.pop(octets, None)
        else:
            self._on_air[octets] = first


def name_of(session: Session) -> Name:
    """Return what a session is known by."""
    return session.dev_eui, session.activation
