"""`brygga lab torture`: exit 0 when every promise was kept, 1 with the ids when not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from simulators.faults.missing import Missing
from simulators.platforms.mosquitto import find_mosquitto
from simulators.torture.equipment import lacking
from simulators.torture.judge import judge
from simulators.torture.plan import Plan
from simulators.torture.report import Report, as_json, show
from simulators.torture.run import Torture
from simulators.torture.scene import NotStarted
from simulators.torture.troubles import TROUBLES, Lane

REFRESH_S: Final = 0.25
MINUTE_S: Final = 60.0
ALL: Final = "all"
NONE: Final = "none"

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for."""

    minutes: float
    devices: int
    seed: int
    pace_s: float
    faults: str  # "all", "none", or names apart by commas
    hurry: float = 1.0
    kills_per_minute: float | None = None
    folder: Path | None = None
    as_json: bool = False


def torture(wishes: Wishes, say: Say) -> int:
    """Run one torture and say how it went; Missing in words, with exit 1, where this machine cannot have what was named.

    Raises KeyboardInterrupt when it was dropped.
    """
    try:
        find_mosquitto()
        absent = lacking()
        names = chosen(wishes.faults, absent)
    except (Missing, FileNotFoundError) as error:
        return _fail(error)
    plan = Plan(
        seconds=wishes.minutes * MINUTE_S,
        devices=wishes.devices,
        troubles=names,
        seed=wishes.seed,
        pace_s=wishes.pace_s,
        hurry=wishes.hurry,
        kills_per_minute=wishes.kills_per_minute,
    )
    with contextlib.ExitStack() as stack:
        folder = wishes.folder or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="torture-")))
        try:
            report = asyncio.run(_run(plan, folder, absent if wishes.faults == ALL else {}))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None  # a second Ctrl-C
    if isinstance(report, NotStarted):
        return _fail(report)
    if wishes.as_json:
        say(json.dumps(as_json(report), indent=2))
    else:
        show(Console(), report)
    return 0 if report.judgement.good else 1


def _fail(error: BaseException) -> int:
    Console(stderr=True).print(str(error), style="red", soft_wrap=True)
    return 1


def chosen(words: str, absent: Mapping[str, str]) -> Sequence[str]:
    """Return the troubles that ``words`` ask for; Missing for one that cannot be had here, or that there is none of."""
    if words in {ALL, NONE}:
        return [name for name in TROUBLES if name not in absent] if words == ALL else []
    names = [name.strip() for name in words.split(",")]
    for name in names:
        if name not in TROUBLES:
            raise Missing(f"--faults: {name!r} is none of {ALL}, {NONE}, {', '.join(TROUBLES)}")
        if name in absent:
            raise Missing(f"--faults: {name} cannot be had here: {absent[name]}")
    return names


async def _run(plan: Plan, folder: Path, absent: Mapping[str, str]) -> Report | NotStarted:
    run = Torture(plan, folder)
    with _interruptible(run):
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = tasks.create_task(_watch(run), name="progress")
                await run.run()
                watching.cancel()
        except ExceptionGroup as group:
            if isinstance(only := group.exceptions[0], NotStarted):
                return only
            raise
        evidence = await run.evidence()
    return Report(
        seed=plan.seed,
        numbers=run.numbers(evidence),
        judgement=judge(evidence),
        incidents=run.incidents,
        lacking=absent,
    )


@contextlib.contextmanager
def _interruptible(run: Torture) -> Iterator[None]:
    """Let the first Ctrl-C end the troubles, so that there is a report of what was; a second one ends all at once."""
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert running is not None

    def stop() -> None:
        loop.add_signal_handler(signal.SIGINT, running.cancel)
        Console(stderr=True).print("ending: what was heard is still delivered, and judged; Ctrl-C again drops it")
        run.stop()

    loop.add_signal_handler(signal.SIGINT, stop)
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGINT)


async def _watch(run: Torture) -> None:
    """Show how far it is, on a terminal."""
    console = Console(stderr=True)
    columns = (BarColumn(), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("", total=run.plan.seconds)
        while True:
            progress.update(bar, completed=min(run.seconds, run.plan.seconds), description=_how_far(run))
            await asyncio.sleep(REFRESH_S)


def _how_far(run: Torture) -> str:
    now = ", ".join(sorted(run.under_way)) or ("delivering what is left" if run.is_over else "calm")
    counts = run.counts()
    kills = sum(counts[name] for name in counts if TROUBLES[name].lane is Lane.AGENT)
    return f"{run.sent} sent, {kills} kills, {len(run.incidents)} troubles; now: {now}"
