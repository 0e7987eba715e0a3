"""A scenario as it happens, from the first to the last: on a loop of its own, with all chance from its seed."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import tempfile
from functools import partial
from pathlib import Path
from typing import Final

from decoders.registry import Registry
from simulators.lab.lab_loop import LabLoop
from simulators.lab.life import Life
from simulators.lab.ran import Ran, Watch
from simulators.lab.scenario import Scenario
from simulators.simulation.loop import seeded

COLLECT_AFTER: Final = (50_000, 20, 20)  # objects; more seldom than the agent, for here a whole town lives as long


def run(scenario: Scenario, *, speed: float | None = None, watch: Watch = lambda *_: None) -> Ran:
    """Let a scenario happen; ``speed`` None is a clock that jumps. ConfigError where it cannot begin."""
    registry = Registry.load(entry_points=False)
    thresholds = gc.get_threshold()
    gc.set_threshold(*COLLECT_AFTER)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="brygga-lab-") as name,
            seeded(str(scenario.seed)),
            contextlib.closing(registry),
            asyncio.Runner(loop_factory=partial(LabLoop, speed)) as runner,
        ):
            folder = Path(name)
            (folder / "data").mkdir(mode=0o750)
            return runner.run(Life(scenario, folder, registry).live(watch))
    finally:
        gc.set_threshold(*thresholds)
