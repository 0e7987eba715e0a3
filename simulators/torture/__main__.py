"""`python -m simulators.torture`: the long form; exit 0 when every promise was kept, 1 with the ids when not."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from simulators.torture.judge import judge
from simulators.torture.plan import Plan
from simulators.torture.report import as_json, show
from simulators.torture.run import Torture

REFRESH_S = 0.25
LONG = Plan()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one torture and say how it went."""
    options = _parser().parse_args(arguments)
    plan = Plan(
        uplinks=options.uplinks,
        devices=options.devices,
        kills=options.kills,
        broker_kills=options.broker_kills,
        seed=options.seed,
        pace_s=options.pace,
    )
    if options.folder is not None:
        return asyncio.run(_run(plan, options.folder, for_programs=options.json))
    with tempfile.TemporaryDirectory(prefix="torture-") as folder:
        return asyncio.run(_run(plan, Path(folder), for_programs=options.json))


async def _run(plan: Plan, folder: Path, *, for_programs: bool) -> int:
    torture = Torture(plan, folder)
    async with asyncio.TaskGroup() as tasks:
        watching = tasks.create_task(_watch(torture), name="progress")
        await torture.run()
        watching.cancel()
    evidence = await torture.evidence()
    numbers, judgement = torture.numbers(evidence), judge(evidence)
    if for_programs:
        print(json.dumps(as_json(numbers, judgement), indent=2))  # noqa: T201 - a command's answer
    else:
        show(Console(), numbers, judgement)
    return 0 if judgement.good else 1


async def _watch(torture: Torture) -> None:
    """Show how far it is, on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as progress:
        bar = progress.add_task("", total=torture.plan.uplinks)
        while True:
            kills = f"agent killed {torture.counts['agent kills']}, broker {torture.counts['broker kills']} times"
            progress.update(bar, completed=torture.sent, description=kills)
            await asyncio.sleep(REFRESH_S)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/torture", description="Kill agent and broker, and count by id.")
    parser.add_argument("--uplinks", type=_positive, default=LONG.uplinks, metavar="N")
    parser.add_argument("--devices", type=_positive, default=LONG.devices, metavar="N")
    parser.add_argument("--kills", type=_not_negative, default=LONG.kills, metavar="N", help="of the agent")
    parser.add_argument("--broker-kills", type=_not_negative, default=LONG.broker_kills, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=LONG.seed, metavar="N", help="the same moments and the same devices"
    )
    parser.add_argument("--pace", type=float, default=LONG.pace_s, metavar="S", help="between a device's uplinks")
    parser.add_argument("--folder", type=Path, help="keep journal, logs and configuration here (an empty folder)")
    parser.add_argument("--json", action="store_true", help="for programs")
    return parser


def _positive(text: str) -> int:
    return _at_least(1, text)


def _not_negative(text: str) -> int:
    return _at_least(0, text)


def _at_least(least: int, text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} where a whole number is expected") from None
    if number < least:
        raise argparse.ArgumentTypeError(f"{number} where at least {least} is expected")
    return number


if __name__ == "__main__":
    sys.exit(main())
