"""`python -m simulators.simulation`: exit 0 when every law held in every story, 1 with the stories in which one did not."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from itertools import islice

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from simulators.simulation.report import show_one, show_summary
from simulators.simulation.run import Verdict, run

AHEAD = 4  # stories a worker has before it, so that none waits for work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one story in full, or many in short."""
    options = _parser().parse_args(arguments)
    console = Console()
    if options.seed is not None:
        verdict = run(options.seed, print)
        show_one(console, verdict)
        return 1 if verdict.broken else 0
    seeds = range(options.first, options.first + options.seeds)
    verdicts: list[Verdict] = []
    with _shown(len(seeds)) as progress, suppress(KeyboardInterrupt):  # Ctrl-C: what there is so far is shown
        for verdict in _verdicts(seeds, options.jobs):
            verdicts.append(verdict)
            progress(verdicts)
    show_summary(console, verdicts)
    return 1 if any(verdict.broken for verdict in verdicts) else 0


def _verdicts(seeds: Sequence[int], jobs: int) -> Iterator[Verdict]:
    """Yield what became of each seed, as they end."""
    if jobs == 1:
        yield from map(run, seeds)
        return
    left = iter(seeds)
    with ProcessPoolExecutor(jobs, initializer=_leave_interrupts_to_the_parent) as workers:
        under_way = {workers.submit(run, seed) for seed in islice(left, jobs * AHEAD)}
        try:
            while under_way:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                under_way |= {workers.submit(run, seed) for seed in islice(left, len(done))}
                yield from (one.result() for one in done)
        finally:
            workers.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def _shown(seeds: int) -> Iterator[_Shown]:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        yield _Shown(progress, seeds)


class _Shown:
    """How far it is, on a terminal."""

    def __init__(self, progress: Progress, seeds: int) -> None:
        self._progress = progress
        self._bar = progress.add_task("", total=seeds)

    def __call__(self, verdicts: Sequence[Verdict]) -> None:
        broken = sum(verdict.broken is not None for verdict in verdicts)
        self._progress.update(self._bar, completed=len(verdicts), description=f"{broken} broken")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/simulate", description="Run the agent's loops in made-up worlds, and hold them to the laws."
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seed", type=int, metavar="N", help="one story, told event by event")
    which.add_argument("--seeds", type=_positive, default=200, metavar="N", help="so many stories (200)")
    parser.add_argument("--first", type=int, default=1, metavar="N", help="the first of them (1)")
    parser.add_argument("--jobs", type=_positive, default=1, metavar="N", help="processes at a time (1)")
    return parser


def _positive(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} where a whole number is expected") from None
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} where at least 1 is expected")
    return number


if __name__ == "__main__":
    sys.exit(main())
