"""The queue of downlinks: what waits for each device, what is on its way, and what became of it.

The queue decides; it writes nothing. Each step gives the downlinks as they are then, for the next commit.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from gateway.errors import ConfigError
from gateway.lorawan.region import Region
from gateway.model import Downlink, DownlinkState, Eui64, is_multicast

MOST_TRIES: Final = 8  # frames that carry one downlink; each costs every sensor here the gateway's ear
MOST_WAITING: Final = 100  # of one device; who sends more has lost sight of it
APPLICATION_PORTS: Final = range(1, 224)  # LoRaWAN 1.0.4, section 4.3.2


class DownlinkQueue:
    """The open downlinks of all devices."""

    def __init__(self) -> None:
        self._waiting: defaultdict[Eui64, list[Downlink]] = defaultdict(list)
        self._on_its_way: set[int] = set()  # unconfirmed, and no radio has said yet that it took them
        self._last_id = 0
        self.states: Counter[str] = Counter()  # how often a downlink came into each

    def load(self, downlinks: Iterable[Downlink], last_id: int) -> None:
        """Take the open downlinks of the journal that are new here: of the others memory knows the later state."""
        for downlink in downlinks:
            if downlink.id > self._last_id:
                self._waiting[downlink.dev_eui].append(downlink)
        self._last_id = max(self._last_id, last_id)

    def __len__(self) -> int:
        return sum(map(len, self._waiting.values()))

    def of(self, dev_eui: Eui64) -> Sequence[Downlink]:
        """Return a device's open downlinks in the order in which they go."""
        return sorted(self._waiting.get(dev_eui, ()), key=_urgency)

    def devices(self) -> Sequence[Eui64]:
        """Return the devices that something waits for."""
        return [*self._waiting]

    def enqueue(self, downlink: Downlink, region: Region) -> Downlink:
        """Return ``downlink`` with its id, queued; ConfigError says why it can never be sent."""
        check(downlink, region)
        if len(self._waiting.get(downlink.dev_eui, ())) >= MOST_WAITING:
            raise ConfigError(f"{downlink.dev_eui}: {MOST_WAITING} downlinks wait for it already; is it heard at all?")
        self._last_id += 1
        return self._put(replace(downlink, id=self._last_id))

    def next_for(self, dev_eui: Eui64, room: int) -> Downlink | None:
        """Return the first downlink that may go and fits into ``room`` octets; one that is confirmed stands alone."""
        waiting = self.of(dev_eui)
        if any(one.state is DownlinkState.SENT for one in waiting):
            return None  # it waits for its acknowledgement
        return next((one for one in waiting if len(one.payload) <= room), None)

    def sending(self, downlink: Downlink, f_cnt: int, now: datetime) -> Downlink:
        """Return ``downlink`` on its way in a frame. Unconfirmed it is done with, unless `unsent` takes it back."""
        if not downlink.confirmed:
            self._on_its_way.add(downlink.id)
        return self._put(
            replace(downlink, state=DownlinkState.SENT, tries=downlink.tries + 1, f_cnt=f_cnt, sent_at=now)
        )

    def landed(self, downlink: Downlink) -> None:
        """Note that a frame is on air, or may be: it is not taken back."""
        self._on_its_way.discard(downlink.id)

    def unsent(self, downlink: Downlink, why: str) -> Downlink | None:
        """Return a downlink that no radio took: it waits again, or has failed with that reason.

        None where something else has become of it meanwhile: acknowledged after all, or dropped.
        """
        if not self._is_as_it_was(downlink):
            return None
        self._on_its_way.discard(downlink.id)
        state = DownlinkState.FAILED if downlink.tries >= MOST_TRIES else DownlinkState.QUEUED
        return self._put(replace(downlink, state=state, detail=why))

    def _is_as_it_was(self, downlink: Downlink) -> bool:
        if not downlink.confirmed:
            return downlink.id in self._on_its_way
        now = next((one for one in self._waiting.get(downlink.dev_eui, ()) if one.id == downlink.id), None)
        return now is not None and now.state is DownlinkState.SENT and now.tries == downlink.tries

    def heard(self, dev_eui: Eui64, *, ack: bool) -> tuple[Downlink, ...]:
        """Return what a new uplink says of the downlink that waits for its acknowledgement: done, again, or failed."""
        changed: list[Downlink | None] = []
        for downlink in self.of(dev_eui):
            if downlink.state is not DownlinkState.SENT:
                continue
            if ack:
                changed.append(self._put(replace(downlink, state=DownlinkState.ACKNOWLEDGED, detail="")))
            else:
                changed.append(self.unsent(downlink, f"not acknowledged after {downlink.tries} tries"))
        return tuple(one for one in changed if one is not None)

    def expired(self, now: datetime) -> tuple[Downlink, ...]:
        """Return what has waited too long."""
        late = [
            one
            for waiting in self._waiting.values()
            for one in waiting
            if one.expires_at is not None and one.expires_at <= now and one.state is DownlinkState.QUEUED
        ]
        return tuple(self._put(replace(one, state=DownlinkState.EXPIRED)) for one in late)

    def drop(self, ids: Iterable[int]) -> tuple[Downlink, ...]:
        """Return the open downlinks of ``ids``, dropped."""
        wanted = {*ids}
        self._on_its_way -= wanted
        found = [one for waiting in self._waiting.values() for one in waiting if one.id in wanted]
        return tuple(self._put(replace(one, state=DownlinkState.DROPPED)) for one in found)

    def moved(self, downlink: Downlink) -> Downlink:
        """Take over what became of a downlink elsewhere, and return it."""
        return self._put(downlink)

    def _put(self, downlink: Downlink) -> Downlink:
        self.states[str(downlink.state)] += 1
        others = [one for one in self._waiting.get(downlink.dev_eui, ()) if one.id != downlink.id]
        if downlink.is_open:
            others.append(downlink)
        if others:
            self._waiting[downlink.dev_eui] = others
        else:
            self._waiting.pop(downlink.dev_eui, None)
        return downlink


def check(downlink: Downlink, region: Region) -> None:
    """Raise ConfigError where a downlink can never be sent."""
    if downlink.f_port not in APPLICATION_PORTS:
        raise ConfigError(f"port {downlink.f_port}: a payload for a device goes to port 1 to 223")
    longest = max(size for number in range(len(region.data_rates)) if (size := region.max_payload(number)) is not None)
    if not 0 < len(downlink.payload) <= longest:
        raise ConfigError(f"payload: {len(downlink.payload)} octets; {region.name} carries 1 to {longest}")
    if downlink.confirmed and is_multicast(downlink.dev_eui):
        raise ConfigError(f"{downlink.dev_eui}: a multicast group acknowledges nothing; send it unconfirmed")
    if downlink.expires_at is not None and downlink.expires_at <= downlink.queued_at:
        raise ConfigError(f"expires: {downlink.expires_at.isoformat()} has passed already")


def _urgency(downlink: Downlink) -> tuple[int, int]:
    return -downlink.priority, downlink.id
