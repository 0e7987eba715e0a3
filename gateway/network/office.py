"""The office: what people and platforms ask of the network, whether it runs or only its journal is there.

A downlink that is handed in here is checked the same way in both cases. With the agent stopped it lies in the journal,
and goes when the agent runs again and hears the device.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from gateway.errors import ConfigError
from gateway.journal import Changes, Journal
from gateway.lorawan.mac_layer import MacState, begin, to_rejoin
from gateway.lorawan.region import REGIONS, Region
from gateway.model import Device, Downlink, Eui64, Frame, Session
from gateway.network.downlinks import DownlinkQueue
from gateway.network.mac_records import decode, encode
from gateway.network.network import Network
from gateway.network.refused import Refused
from gateway.network.rejoining import check_rejoin
from gateway.network.sessions import LiveSession, LiveSessions, name_of
from gateway.network.unclaimed import Stranger, UnclaimedFrames


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the network knows of a device in use."""

    session: Session
    mac: MacState
    last: Frame | None = None  # the last frame since the start


class Office(Protocol):
    """What can be asked of a network."""

    async def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device."""
        ...

    async def devices(self) -> Sequence[Device]:
        """Return all registered devices, by DevEUI."""
        ...

    async def enqueue(self, device: Device, downlink: Downlink) -> Downlink:
        """Queue a downlink and return it with its id, once it is on disk; ConfigError says why it can never be sent."""
        ...

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop open downlinks, and return how many there were."""
        ...

    async def strangers(self) -> Sequence[Stranger]:
        """Return who transmits nearby and belongs to nobody, the last heard first."""
        ...

    def refusals(self) -> Sequence[Refused]:
        """Return the last frames that were not taken, the newest first; none are known while the agent is stopped."""
        ...

    async def known(self, dev_eui: Eui64) -> Known | None:
        """Return what is known of the session that a device uses; None where it has none."""
        ...

    async def force_rejoin(self, device: Device, rejoin_type: int) -> None:
        """Have a device rejoin with a request of type 0 or 2; ConfigError says why it never will."""
        ...


class RunningOffice:
    """The office of a network that runs."""

    def __init__(self, network: Network, served: Callable[[], Sequence[Stranger]] = tuple) -> None:
        """``served`` are strangers that network servers told of."""
        self._network = network
        self._served = served

    async def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device; see `Office`."""
        return self._network.device(dev_eui)

    async def devices(self) -> Sequence[Device]:
        """Return all registered devices; see `Office`."""
        return self._network.devices()

    async def enqueue(self, device: Device, downlink: Downlink) -> Downlink:
        """Queue a downlink; see `Office`."""
        check_answers(device)
        return await self._network.dispatch.enqueue(downlink)

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop open downlinks; see `Office`."""
        return await self._network.dispatch.drop(ids)

    async def strangers(self) -> Sequence[Stranger]:
        """Return who belongs to nobody; see `Office`."""
        return [*await self._network.unclaimed.strangers(), *self._served()]

    def refusals(self) -> Sequence[Refused]:
        """Return what was not taken; see `Office`."""
        return [*reversed(self._network.refusals)]

    async def known(self, dev_eui: Eui64) -> Known | None:
        """Return what is known of a device; see `Office`."""
        live = self._network.session(dev_eui)
        return None if live is None else Known(session=live.session, mac=live.mac, last=live.last)

    async def force_rejoin(self, device: Device, rejoin_type: int) -> None:
        """Have a device rejoin; see `Office`."""
        live = self._network.session(device.dev_eui)
        check_rejoin(device, None if live is None else live.session)
        assert live is not None
        await self._network.force_rejoin(live, rejoin_type)


class StoppedOffice:
    """The office of a network that stands still: the journal answers for it."""

    def __init__(self, journal: Journal, region: Region) -> None:
        self._journal = journal
        self._region = region

    @classmethod
    def of(cls, journal: Journal, region: str) -> StoppedOffice:
        """Return the office of a journal; ``region`` is one of `REGIONS`."""
        return cls(journal, REGIONS[region])

    async def device(self, dev_eui: Eui64) -> Device | None:
        """Return a registered device; see `Office`."""
        found = await self._journal.devices([dev_eui])
        return found[0].device if found else None

    async def devices(self) -> Sequence[Device]:
        """Return all registered devices; see `Office`."""
        return [one.device for one in await self._journal.devices()]

    async def enqueue(self, device: Device, downlink: Downlink) -> Downlink:
        """Queue a downlink; see `Office`."""
        check_answers(device)
        queue = await self._queue()
        queued = queue.enqueue(downlink, self._region)
        await self._journal.commit(Changes(downlinks=(queued,)))
        return queued

    async def drop(self, ids: Sequence[int]) -> int:
        """Drop open downlinks; see `Office`."""
        dropped = (await self._queue()).drop(ids)
        await self._journal.commit(Changes(downlinks=dropped))
        return len(dropped)

    async def strangers(self) -> Sequence[Stranger]:
        """Return who belongs to nobody; see `Office`."""
        return await UnclaimedFrames(self._journal).strangers()

    def refusals(self) -> Sequence[Refused]:
        """Return nothing: what was refused is remembered while the agent runs, and no longer."""
        return ()

    async def known(self, dev_eui: Eui64) -> Known | None:
        """Return what is known of a device; see `Office`."""
        sessions = LiveSessions()
        for session in await self._journal.sessions():
            if session.dev_eui == dev_eui:
                sessions.add(LiveSession(session, mac=self._mac_state(session)))
        live = sessions.current(dev_eui)
        return None if live is None else Known(session=live.session, mac=live.mac)

    async def force_rejoin(self, device: Device, rejoin_type: int) -> None:
        """Have a device rejoin; see `Office`."""
        known = await self.known(device.dev_eui)
        check_rejoin(device, None if known is None else known.session)
        assert known is not None
        record = encode(to_rejoin(known.mac, rejoin_type))
        await self._journal.commit(Changes(mac_states=((*name_of(known.session), record),)))

    def _mac_state(self, session: Session) -> MacState:
        record = self._journal.mac_state(session)
        if record is None:
            return begin(self._region, b"", data_rate=0)
        return decode(record, self._region, session.mac_version)

    async def _queue(self) -> DownlinkQueue:
        queue = DownlinkQueue()
        queue.load(await self._journal.downlinks(open_only=True), await self._journal.last_downlink())
        return queue


def check_answers(device: Device) -> None:
    """Raise ConfigError for a device that is sent nothing: a server answers it, or it listens in slots that nobody here can meet."""
    if device.answered_by:
        raise ConfigError(
            f"{device.dev_eui} is answered by the network server of relay {device.answered_by!r}, and two that answer one device "
            "disturb each other: send it there, or take `answered_by` away"
        )
    if device.device_class == "B":
        raise ConfigError(
            f"{device.dev_eui} is registered as class B, and this box sends no beacons: it cannot meet its ping slots. "
            "Register it as class A: every class B device listens after its own uplinks, too"
        )
