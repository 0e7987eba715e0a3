"""The destinations' own test, for `brygga doctor --deep`: one marked observation to each."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing

if TYPE_CHECKING:
    from gateway.config import DestinationSettings, Settings
    from gateway.trial.steps import Step

WAITED_FOR: Final = "clock"  # a kind of step: it is a check of its own, so that another one is told first
LIMIT_S: Final = 45.0  # for one platform's whole conversation

FAILED: Final = Ill("failed", Standing.WRONG, "a step of the destination's test failed", "{do}")
SILENT: Final = Ill(
    "silent", Standing.WRONG, "the destination's test did not end in time", "brygga destination test {about}"
)
UNTESTABLE: Final = Ill(
    "untestable",
    Standing.UNKNOWN,
    "[destination.share] lets nothing through that could be sent as a test",
    "brygga destination test {about} --device DEVEUI",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What came of one destination's test; None: it did not end; no steps: there was nothing to send."""

    about: str
    steps: Sequence[Step] | None


async def trials(box: Box) -> Sequence[Trial] | None:
    """Try every destination out, side by side; None where there is none."""
    settings = box.settings
    if settings is None or not settings.destinations:
        return None
    return await asyncio.gather(*(_trial(one, settings) for one in settings.destinations))


async def _trial(one: DestinationSettings, settings: Settings) -> Trial:
    from gateway.clock import SystemClock  # with what only a test needs
    from gateway.model import TimeQuality
    from gateway.trial.marked import marked
    from gateway.trial.trial import attempt

    trust = settings.clock.trust
    clock = SystemClock(at_least=TimeQuality.SYSTEM if trust is TimeQuality.SYSTEM else TimeQuality.UNSYNCHRONISED)
    item = marked(clock(), one.share)
    if item is None:
        return Trial(about=one.name, steps=())
    try:
        async with asyncio.timeout(LIMIT_S):
            return Trial(about=one.name, steps=await attempt(one, item, clock, trust))
    except TimeoutError:
        return Trial(about=one.name, steps=None)


def judge(facts: Sequence[Trial]) -> Iterator[Seen]:
    """Judge each test by its first step that failed; that the clock is not set comes last."""
    for one in facts:
        keys = {"about": one.about}
        if one.steps is None:
            yield Seen(f"no end within {LIMIT_S:g} s", SILENT, one.about, keys)
        elif not one.steps:
            yield Seen("there is nothing to send", UNTESTABLE, one.about, keys)
        elif failed := sorted(
            (step for step in one.steps if not step.is_good), key=lambda step: step.kind == WAITED_FOR
        ):
            more = {"step": failed[0].kind, "do": failed[0].advice or f"brygga destination test {one.about}"}
            yield Seen(f"{failed[0].name}: {failed[0].words}", FAILED, one.about, keys | more)
        else:
            yield Seen(f"{one.about} took the test")


CHECKS: Final = (
    Check(
        id="destinations.test",
        looks="with --deep: one marked observation sent to each destination, and read back where it lets us",
        probe=trials,
        judge=judge,
        ills=(FAILED, SILENT, UNTESTABLE),
        only_deep=True,
    ),
)
