"""The witness: told of each event with its virtual time, it knows what became of each uplink, by its id. It judges nothing."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from gateway.model import Eui64, Uplink
from simulators.lab.airtime_book import AirtimeBook

US: Final = 1_000_000
DATED_US: Final = 65 * US  # a wall clock that jumps by less than a minute is followed (gateway.clock)


@dataclass(slots=True, kw_only=True)
class Story:
    """An uplink's life; times are microseconds of the scenario, None what has not happened."""

    id: UUID
    fleet: str
    device: str
    dev_eui: Eui64
    f_cnt: int
    confirmed: bool
    payload: bytes
    platforms: tuple[str, ...]  # that are to have it
    begins_us: int
    ends_us: int = 0  # of its first transmission
    transmissions: int = 0
    losses: Counter[str] = field(
        default_factory=Counter
    )  # of transmissions that nobody heard, by cause; the last one last
    heard_us: int | None = None
    heard_by: set[str] = field(default_factory=set)
    given_us: int | None = None  # a running agent was given it
    committed_us: int | None = None
    acknowledged_us: int | None = None  # to its device
    delivered_us: dict[str, int] = field(default_factory=dict)  # by platform, the first time
    repeated: Counter[str] = field(default_factory=Counter)  # by platform, what came again as it was


@dataclass(slots=True)
class Heard:
    """What one gateway heard."""

    frames: int = 0
    losses: Counter[str] = field(default_factory=Counter)
    downlinks: int = 0
    refused: Counter[str] = field(default_factory=Counter)  # downlinks that its queue did not take
    deaf: int = 0  # downlinks that nobody heard
    airtime_us: int = 0


class Witness:
    """All that was seen."""

    def __init__(self, platforms: Iterable[str], masts: Mapping[Eui64, str], *, is_served: bool = False) -> None:
        """``is_served``: a network server names uplinks by ids of its own."""
        self.stories: dict[UUID, Story] = {}
        self.masts = {name: Heard() for name in masts.values()}
        self.joins: Counter[str] = Counter()  # by fleet, of devices
        self.requests: Counter[str] = Counter()  # by fleet
        self.too_long: Counter[str] = Counter()  # by fleet: payloads that the data rate does not allow
        self.strange: list[
            tuple[str, UUID, str]
        ] = []  # place, id, what is wrong: committed or delivered, and never said
        self.incidents: list[tuple[int, int, str]] = []  # begin, end, words
        self.ends: list[tuple[int, str]] = []  # of agents that ended unasked
        self.deaths: list[tuple[int, int]] = []  # when no agent ran, from and to
        self.mischief: Counter[str] = Counter()  # frames of hostile neighbours
        self.airtime = AirtimeBook()
        self.counts: Counter[str] = Counter()  # how far it is: said, heard, committed, due, delivered
        self.at_servers: defaultdict[str, set[UUID]] = defaultdict(set)  # what network servers beside the agent have
        self.moved: dict[str, str] = {}  # where a platform's services are now, where that is elsewhere
        self.by_time: dict[tuple[str, str], UUID] = {}  # committed uplinks by DevEUI and the time that stands there
        self._said: dict[tuple[Eui64, int], UUID] | None = {} if is_served else None  # by counter, the last of each
        self._called: dict[UUID, UUID] = {}  # uplinks by their server's ids
        self._platforms = tuple(platforms)
        self._names = masts

    # ── the air ──

    def said(self, story: Story) -> None:
        """Note a new uplink."""
        self.stories[story.id] = story
        self.counts["said"] += 1
        if self._said is not None:
            self._said[story.dev_eui, story.f_cnt] = story.id

    def aired(
        self, uplink: UUID | None, ends_us: int, heard_by: Iterable[Eui64], losses: Mapping[Eui64, str], cause: str
    ) -> None:
        """Note the end of a transmission; ``cause`` says why nobody heard it, "" where somebody did."""
        names = [self._names[one] for one in heard_by]
        for name in names:
            self.masts[name].frames += 1
        for gateway, loss in losses.items():
            self.masts[self._names[gateway]].losses[loss] += 1
        if uplink is None:
            return
        story = self.stories[uplink]
        story.transmissions += 1
        story.ends_us = story.ends_us or ends_us
        if cause:
            story.losses[cause] = story.losses.pop(cause, 0) + 1  # in the order of the last of each
        else:
            if story.heard_us is None:
                story.heard_us = ends_us
                self.counts["heard"] += 1
            story.heard_by.update(names)

    # ── the box ──

    def given(self, uplink: UUID, now_us: int) -> None:
        """Note that a running agent was given an uplink."""
        story = self.stories[uplink]
        if story.given_us is None:
            story.given_us = now_us

    def served(self, uplink: Uplink) -> None:
        """Learn by which id an uplink goes that a network server has told of."""
        if self._said is not None and (said := self._said.get((uplink.dev_eui, uplink.f_cnt))) is not None:
            self._called.setdefault(uplink.id, said)

    def committed(self, uplink: UUID, payload: bytes, dated_us: int, now_us: int) -> None:
        """Note that an uplink is on disk, and when it was heard by what stands there."""
        story = self.stories.get(self._called.get(uplink, uplink))
        if story is None:
            self.strange.append(("the journal", uplink, "nobody has said this"))
        elif story.committed_us is not None:
            self.strange.append(("the journal", uplink, "it is there twice"))
        elif story.payload != payload:
            self.strange.append(("the journal", uplink, f"{payload.hex()} where {story.payload.hex()} was said"))
        elif abs(dated_us - story.begins_us) > DATED_US + now_us - story.begins_us:
            self.strange.append(
                ("the journal", uplink, f"it is dated {(dated_us - story.begins_us) / US:g} s after it was said")
            )
        else:
            story.committed_us = now_us
            story.platforms = tuple(self.moved.get(one, one) for one in story.platforms)
            self.counts["committed"] += 1
            self.counts["due"] += len(story.platforms)

    def relayed(self, relay: str, uplink: UUID) -> None:
        """Note that a network server beside the agent has an uplink."""
        if uplink in self.stories:
            self.at_servers[relay].add(uplink)
        else:
            self.strange.append((relay, uplink, "nobody has said this"))

    def acknowledged(self, uplink: UUID, now_us: int) -> None:
        """Note that its device has its acknowledgement."""
        self.stories[uplink].acknowledged_us = now_us

    # ── the cities ──

    def delivered(self, platform: str, uplink: UUID, now_us: int, *, again: bool) -> None:
        """Note that a platform took something of an uplink; ``again``: what it had already."""
        story = self.stories.get(self._called.get(uplink, uplink))
        if story is None:
            self.strange.append((platform, uplink, "nobody has said this"))
        elif platform not in story.platforms:
            self.strange.append((platform, uplink, "it is not for this platform"))
        else:
            if platform not in story.delivered_us:
                story.delivered_us[platform] = now_us
                self.counts["delivered"] += 1
            story.repeated[platform] += again

    # ── how far it is ──

    @property
    def platforms(self) -> tuple[str, ...]:
        """Return their names."""
        return self._platforms
