"""`brygga lab run`, and what goes with it: exit 0 when every promise was kept, 1 when one was broken, 78 for a scenario that is wrong."""

from __future__ import annotations

import asyncio
import contextlib
import json
import platform
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from gateway.errors import ConfigError
from gateway.model import Json
from simulators.lab import comparison_shown, shelf
from simulators.lab.comparison import compare
from simulators.lab.fingerprint import code
from simulators.lab.lab_loop import LabLoop
from simulators.lab.page import page
from simulators.lab.ran import Interruption
from simulators.lab.ran import Progress as HowFar
from simulators.lab.report import Machine, report
from simulators.lab.report_file import read
from simulators.lab.run import run
from simulators.lab.scenario import Scenario
from simulators.lab.scenario_new import written
from simulators.lab.summary import show, span

REFRESH_S: Final = 0.25  # real seconds
OCTETS: Final = 1024  # that getrusage counts in, on Linux

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for."""

    scenario: str
    seed: int | None = None
    lasts_s: float | None = None
    speed: float | None = None  # None: the clock jumps
    check: bool = False
    as_json: bool = False
    report: Path | None = None
    html: Path | None = None
    journal: Path | None = None


def lab_run(wishes: Wishes, say: Say) -> int:
    """Let a scenario happen and say how it went. Raises ConfigError, KeyboardInterrupt when it was dropped."""
    scenario = _wished(wishes)
    if wishes.check:
        say(f"{scenario.name}: no problems: {_size(scenario)}. Next: brygga lab run {wishes.scenario}")
        return 0
    of_code = code()  # before it runs: whoever edits meanwhile edits another one
    began, used = time.perf_counter(), time.process_time()
    with _shown() as watch:
        try:
            ran = run(scenario, speed=wishes.speed, watch=watch)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None  # a second Ctrl-C
    told = report(
        ran,
        Machine(
            seconds=round(time.perf_counter() - began, 1),
            cpu_seconds=round(time.process_time() - used, 1),
            peak_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * OCTETS,
            python=platform.python_version(),
            code=of_code,
        ),
    )
    _leave(wishes, told, ran.journal)
    if wishes.as_json:
        say(json.dumps(told, indent=2, ensure_ascii=False))
    else:
        show(Console(), told)
    return 0 if told["kept"] else 1


def lab_list(say: Say) -> int:
    """Say which scenarios are ready."""
    names = shelf.ready()
    width = max(map(len, names))
    for name in names:
        say(f"{name.ljust(width)}  {shelf.find(name).title}")
    return 0


def lab_new(path: Path, say: Say) -> int:
    """Write a scenario to begin with; ConfigError where there is a file already."""
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(written(path.stem))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}; choose a name that is free") from error
    say(f"{path} is written, and runs as it stands. Next: brygga lab run {path}")
    return 0


def lab_compare(a: Path, b: Path, say: Say, *, as_json: bool = False) -> int:
    """Say what report B has otherwise than A, and return 1 where it is worse; ConfigError for a file that is no report."""
    names, told = (str(a), str(b)), (read(a), read(b))
    found = compare(*told)
    if as_json:
        say(json.dumps(comparison_shown.as_json(names, told, found), indent=2, ensure_ascii=False))
    else:
        comparison_shown.show(Console(markup=False, highlight=False), names, told, found)
    return 1 if found.worse else 0


def _wished(wishes: Wishes) -> Scenario:
    scenario = shelf.find(wishes.scenario)
    if wishes.seed is not None:
        scenario = scenario.with_seed(wishes.seed)
    return scenario if wishes.lasts_s is None else scenario.ending(wishes.lasts_s)


def _size(scenario: Scenario) -> str:
    return f"{scenario.devices} devices, {len(scenario.masts)} gateways, {len(scenario.platforms)} platforms, {span(scenario.lasts_s)}"


def _leave(wishes: Wishes, told: Json, journal: bytes) -> None:
    """Write the files that were asked for."""
    if wishes.report is not None:
        _write(wishes.report, json.dumps(told, indent=1, ensure_ascii=False).encode() + b"\n")
    if wishes.html is not None:
        _write(wishes.html, page(told).encode())
    if wishes.journal is not None:
        _write(wishes.journal, journal)


def _write(path: Path, octets: bytes) -> None:
    try:
        path.write_bytes(octets)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error


# ── while it runs ──


@contextlib.contextmanager
def _shown() -> Iterator[Callable[[Callable[[], HowFar], Interruption], None]]:
    """Show how far it is, on a terminal; the first Ctrl-C ends it early, with a report, a second one drops it."""
    console = Console(stderr=True)
    columns = (BarColumn(bar_width=12), TimeElapsedColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns, console=console, disable=not console.is_terminal, transient=True, auto_refresh=False
    ) as progress:
        task = progress.add_task("setting up", total=1.0)
        yield lambda how_far, interruption: _watch(progress, task, how_far, interruption)


def _watch(progress: Progress, task: TaskID, how_far: Callable[[], HowFar], interruption: Interruption) -> None:
    loop, running = asyncio.get_running_loop(), asyncio.current_task()
    assert isinstance(loop, LabLoop)
    assert running is not None
    shown_at = 0.0

    def stop() -> None:
        loop.add_signal_handler(signal.SIGINT, running.cancel)
        sys.stderr.write("ending: what was heard is still delivered, and judged; Ctrl-C again drops it\n")
        interruption.end()

    def tell() -> None:
        nonlocal shown_at
        if (now := time.monotonic()) - shown_at >= REFRESH_S:
            shown_at = now
            far = how_far()
            progress.update(task, completed=far.passed_s, total=far.lasts_s, description=_words(far))
            progress.refresh()

    loop.add_signal_handler(signal.SIGINT, stop)
    loop.on_jump = tell


def _words(far: HowFar) -> str:
    if far.now != "living":
        return f"{far.now}, {far.waiting:,} waiting"
    return f"{span(far.passed_s)}: {far.heard:,} heard, {far.delivered:,} delivered, {far.waiting:,} wait"
