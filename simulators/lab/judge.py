"""What became of each uplink, in words, and which promises were kept: pure, of what the witness knows.

What was heard and not committed is no broken promise unless its device has its acknowledgement: only a commit promises (law 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from simulators.lab.scenario import Promise
from simulators.lab.witness import US, Story

GATHERED_US: Final = 2 * US  # copies of one frame are waited for, then comes the commit


class Fate(StrEnum):
    """Where an uplink is, or where it was lost; in the order of its way."""

    ON_AIR = "lost on air"
    TO_AGENT = "lost between gateway and agent"
    TO_JOURNAL = "lost between the agent's ear and its journal"
    TO_PLATFORM = "lost between journal and platform"
    DELIVERED = "delivered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """An uplink that was heard and is not where it should be, or something that should not be there."""

    id: str
    device: str
    fleet: str
    f_cnt: int | None
    fate: str
    story: str
    breaks: bool  # whether the promise `lost` counts it


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A promise and what became of it."""

    promise: str
    found: str
    kept: bool


def fate_of(story: Story) -> Fate:
    """Return how far an uplink came."""
    if story.committed_us is not None:
        missing = [one for one in story.platforms if one not in story.delivered_us]
        return Fate.TO_PLATFORM if missing else Fate.DELIVERED
    if story.heard_us is None:
        return Fate.ON_AIR
    return Fate.TO_AGENT if story.given_us is None else Fate.TO_JOURNAL


def is_replayed(story: Story) -> bool:
    """Tell whether no gateway gave the agent an uplink and it is on disk all the same: a neighbour has played it back.

    LoRaWAN cannot tell: what no gateway has heard is new, whoever sends it.
    """
    return story.committed_us is not None and story.given_us is None


def discrepancies(stories: Sequence[Story], strange: Sequence[tuple[str, UUID, str]]) -> Iterator[Discrepancy]:
    """Yield what is wrong, in the order of the devices' words."""
    for story in stories:
        fate = fate_of(story)
        if fate in {Fate.ON_AIR, Fate.DELIVERED} and not _is_false(story):
            continue
        yield Discrepancy(
            id=str(story.id),
            device=story.device,
            fleet=story.fleet,
            f_cnt=story.f_cnt,
            fate=str(fate),
            story=_told(story),
            breaks=breaks(story),
        )
    for place, uplink, words in strange:
        yield Discrepancy(id=str(uplink), device="", fleet="", f_cnt=None, fate=f"at {place}", story=words, breaks=True)


def breaks(story: Story) -> bool:
    """Tell whether something was promised of an uplink and not kept."""
    return fate_of(story) is Fate.TO_PLATFORM or _is_false(story)


def _is_false(story: Story) -> bool:
    """Tell whether a device has an acknowledgement of what is not on disk."""
    return story.acknowledged_us is not None and story.committed_us is None


def _told(story: Story) -> str:
    """Return an uplink's way with its times, in seconds of the scenario."""
    parts = [f"said at {_seconds(story.begins_us)}"]
    if story.heard_us is not None:
        parts.append(f"heard at {_seconds(story.heard_us)} by {', '.join(sorted(story.heard_by))}")
        parts.append(
            "no agent was there" if story.given_us is None else f"given to the agent at {_seconds(story.given_us)}"
        )
    if is_replayed(story):
        parts.append("brought by a neighbour's replay")
    if story.committed_us is not None:
        parts.append(f"on disk at {_seconds(story.committed_us)}")
    if story.acknowledged_us is not None:
        parts.append(f"acknowledged at {_seconds(story.acknowledged_us)}")
    for platform in story.platforms if story.committed_us is not None else ():
        when = story.delivered_us.get(platform)
        parts.append(f"never at {platform}" if when is None else f"at {platform} at {_seconds(when)}")
    return "; ".join(parts)


def _seconds(at_us: int) -> str:
    return f"{at_us / US:.3f} s"


# ── promises ──


def kept(promise: Promise, stories: Sequence[Story], strange: int, unlawful: Sequence[str]) -> Iterator[Kept]:
    """Yield each promise and whether it was kept; those that every run makes among them."""
    broken = sum(map(breaks, stories))
    yield Kept(promise=f"lost at most {promise.lost}", found=f"{broken} lost", kept=broken <= promise.lost)
    yield Kept(promise="nothing where it should not be", found=f"{strange} found", kept=not strange)
    words = "kept by all" if not unlawful else f"broken by {', '.join(unlawful)}"
    yield Kept(promise="the law of the sub-bands", found=words, kept=not unlawful)
    if promise.heard is not None:
        share = _share(sum(one.heard_us is not None for one in stories), len(stories))
        yield Kept(promise=f"heard at least {promise.heard:.1%}", found=f"{share:.2%}", kept=share >= promise.heard)
    if promise.delivered_within_s is not None:
        yield _in_time(stories, promise.delivered_within_s, promise.share)
    if promise.duplicates is not None:
        twice = sum(times > 0 for one in stories for times in one.repeated.values())
        yield Kept(
            promise=f"at most {promise.duplicates} uplinks twice", found=f"{twice}", kept=twice <= promise.duplicates
        )


def _in_time(stories: Sequence[Story], limit_s: float, share: float) -> Kept:
    times = sorted(latencies(stories))
    within = _share(sum(one <= limit_s for one in times), len(times))
    words = "at all times" if share == 1 else f"of {share:.1%}"
    longest = f", the longest {times[-1]:.0f} s" if times else ""
    return Kept(promise=f"delivered within {limit_s:g} s {words}", found=f"{within:.2%}{longest}", kept=within >= share)


def latencies(stories: Sequence[Story], platform: str | None = None) -> Iterator[float]:
    """Yield the seconds from the end of each first transmission to its platform, or to each of its platforms."""
    for one in stories:
        for name, at_us in one.delivered_us.items():
            if platform is None or name == platform:
                yield (at_us - one.ends_us) / US


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
