"""Run the story of one seed to its end, or to the first law that does not hold."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from unittest.mock import patch

from gateway.journal import journal as journals
from simulators.jumping_time import BEGIN_S
from simulators.simulation.loop import SimulatedLoop, logs_noted, seeded
from simulators.simulation.plan import Deed, plan_of
from simulators.simulation.story import Story
from simulators.simulation.trace import Broken, Trace
from simulators.simulation.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What became of a story; the same seed gives the same, digest and all."""

    seed: int
    broken: Broken | None
    digest: str
    steps: int
    passed_s: float
    counts: Mapping[str, int]


def run(seed: int, tell: Callable[[str], None] | None = None) -> Verdict:
    """Return the verdict on ``seed``; ``tell`` is given each event as a line."""
    with (
        tempfile.TemporaryDirectory(prefix="simulation-") as folder,
        seeded(str(seed)),
        patch.object(journals, "SMALLEST_LIMIT", 0),  # so that some hundred uplinks fill a journal
        asyncio.Runner(loop_factory=SimulatedLoop) as runner,
    ):
        loop = runner.get_loop()
        (Path(folder) / "brygga.key").write_text(Random(f"{seed}/key").randbytes(32).hex() + "\n", encoding="ascii")
        trace = Trace(lambda: loop.time() - BEGIN_S, tell)
        with logs_noted(trace.note):
            counts = runner.run(_run(seed, trace, Path(folder)))
        return Verdict(
            seed=seed,
            broken=trace.broken,
            digest=trace.digest,
            steps=trace.steps,
            passed_s=loop.time() - BEGIN_S,
            counts=counts,
        )


async def _run(seed: int, trace: Trace, folder: Path) -> Mapping[str, int]:
    plan = plan_of(seed)
    loop, broken = asyncio.get_running_loop(), asyncio.Event()
    trace.on_broken = broken.set
    loop.set_exception_handler(lambda _, context: _unseen(trace, context))
    world = World(plan, trace, folder)
    await world.begin()
    story = asyncio.create_task(_tell(world, plan.deeds), name="story")
    watch = asyncio.create_task(broken.wait(), name="watch")
    await asyncio.wait({story, watch}, return_when=asyncio.FIRST_COMPLETED)
    for task in (story, watch):
        task.cancel()
    await asyncio.wait({story, watch})
    await world.end()
    if not story.cancelled() and (error := story.exception()) is not None:
        raise error
    return {
        **world.box.counts,
        "uplinks": len(world.witness.said),
        "rows": len(world.witness.rows.by_row),
        "repeats": world.witness.repeats,
    }


async def _tell(world: World, deeds: Sequence[Deed]) -> None:
    await Story(world).run(deeds)
    await world.make_well()
    await world.box.stop()
    await asyncio.sleep(1.0)
    world.witness.judge()


def _unseen(trace: Trace, context: Mapping[str, object]) -> None:
    """Take an error that nobody has seen for the bug that it is."""
    trace.break_law("bug", f"{context.get('message')}: {context.get('exception')!r}")
