"""Sessions come back from the journal: each with its MAC state, and one in use stays what it is."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain

import cbor2

from gateway.errors import BadFrame
from gateway.journal import Journal, Registration
from gateway.lorawan.channel_plan import cf_list
from gateway.lorawan.mac_layer import MacState, begin
from gateway.lorawan.region import Region
from gateway.model import Activation, Downlink, Eui64, Session, never_back
from gateway.network.mac_records import decode
from gateway.network.sessions import LiveSession, LiveSessions, Name, name_of

logger = logging.getLogger(__name__)

ALL_ROWS = -1  # what SQLite takes for no LIMIT
UNREADABLE = (  # what a record raises that a disk has damaged
    cbor2.CBORDecodeError, BadFrame, ValueError, TypeError, LookupError, AttributeError, OverflowError,
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the journal has of the network, or of some of its devices, read at one time."""

    only: Collection[Eui64] | None  # the devices that it is of; None: all
    registered: Mapping[Eui64, Registration]
    sessions: Sequence[Session]
    downlinks: Sequence[Downlink]  # the open ones
    last_downlink: int
    abp_activations: Mapping[Eui64, int]

    @classmethod
    async def read(cls, journal: Journal, only: Collection[Eui64] | None = None) -> Stored:
        """Read it, of all devices or of ``only`` some; sessions last, for they move with each uplink."""
        registrations = await journal.devices(only)
        downlinks = await journal.downlinks(open_only=True, limit=ALL_ROWS)
        last_downlink, abp_activations = await journal.last_downlink(), await journal.abp_activations()
        return cls(
            only=only,
            registered={registration.device.dev_eui: registration for registration in registrations},
            sessions=[one for one in await journal.sessions() if only is None or one.dev_eui in only],
            downlinks=downlinks,
            last_downlink=last_downlink,
            abp_activations=abp_activations,
        )


class Unread:
    """The devices that have changed in the journal and were not read since: a disk that fails must not leave a removed one at work."""

    def __init__(self) -> None:
        self._some: set[Eui64] = set()
        self._is_all = False

    def add(self, only: Collection[Eui64] | None) -> None:
        """Note that ``only`` some have changed, or any."""
        self._is_all |= only is None
        self._some.update(only or ())

    @contextmanager
    def taken(self) -> Iterator[Collection[Eui64] | None]:
        """Give those that are to be read, None for all; they stay unread where the block fails."""
        some, is_all = self._some, self._is_all
        self._some, self._is_all = set(), False
        try:
            yield None if is_all else some
        except BaseException:  # cancelled, too
            self._some |= some
            self._is_all |= is_all
            raise


def restore(stored: Stored, sessions: LiveSessions, journal: Journal, region: Region) -> list[LiveSession]:
    """Have the stored sessions of registered devices and no others, and return those that are new here.

    What was not read stays: sessions of other devices than ``stored.only``. A session that is known already keeps its counters: memory
    may be ahead of the disk, behind it only where an import brought greater ones.
    """
    present = sessions if stored.only is None else chain.from_iterable(map(sessions.of, stored.only))
    known = {name_of(one.session): one for one in present}
    live: dict[Name, LiveSession] = {}
    for session in stored.sessions:
        if (registration := stored.registered.get(session.dev_eui)) is not None:
            name = name_of(session)
            live[name] = _continued(known.get(name), session) or _begun(session, registration, journal, region)
    if stored.only is None:
        sessions.replace_all(live)
    else:
        sessions.replace_of(stored.only, live)
    return [one for name, one in live.items() if name not in known]


def _continued(known: LiveSession | None, session: Session) -> LiveSession | None:
    if known is None or known.session.keys != session.keys:
        return None
    if known.turn.is_wanted:  # its windows may be newer in memory, and what it commits stays
        known.session = never_back(session, known.session)
    else:  # a person may have corrected its windows
        known.session = never_back(known.session, session)
    return known


def _begun(session: Session, registration: Registration, journal: Journal, region: Region) -> LiveSession:
    return LiveSession(session, mac=_mac_state(session, registration, journal, region))


def _mac_state(session: Session, registration: Registration, journal: Journal, region: Region) -> MacState:
    record = journal.mac_state(session)
    if record is not None:
        try:
            return decode(record, region, session.mac_version)
        except UNREADABLE as error:
            logger.warning("%s: its MAC state is damaged, and begins anew: %s", session.dev_eui, error)
    is_abp = registration.device.activation is Activation.ABP
    return begin(region, b"" if is_abp else cf_list(region, session.mac_version), data_rate=0)
