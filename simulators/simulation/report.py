"""What is said of stories: of one that broke a law all that helps, of many one table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from simulators.simulation.run import Verdict

SHOWN: Final = 5  # broken stories that are shown with what came before
COUNTED: Final = {
    "uplinks": "uplinks said",
    "rows": "uplinks on disk",
    "starts": "starts of the agent",
    "deaths": "deaths of its process",
    "stops": "orderly stops",
    "repeats": "messages told again after a death",
}
DAY_S: Final = 86_400.0


def in_words(verdict: Verdict) -> str:
    """Return what a verdict says, with the last events where a law was broken."""
    broken = verdict.broken
    if broken is None:
        return f"seed {verdict.seed}: every law held in {verdict.steps} steps, trace {verdict.digest[:16]}"
    head = f"seed {verdict.seed}: law {broken.law} is broken at step {broken.step}: {broken.what}"
    return "\n".join([head, *broken.before, f"all of it: scripts/simulate --seed {verdict.seed}"])


def show_one(console: Console, verdict: Verdict) -> None:
    """Show how one story ended."""
    console.print(in_words(verdict), markup=False, highlight=False, soft_wrap=True)
    console.print(_counts([verdict]))


def show_summary(console: Console, verdicts: Sequence[Verdict]) -> None:
    """Show how many stories ended."""
    broken = sorted((one for one in verdicts if one.broken), key=lambda one: one.seed)
    for verdict in broken[:SHOWN]:
        console.print(in_words(verdict), markup=False, highlight=False, soft_wrap=True)
        console.print()
    if len(broken) > SHOWN:
        seeds = ", ".join(str(one.seed) for one in broken[SHOWN:])
        console.print(f"and broken as well: seeds {seeds}", soft_wrap=True)
    console.print(_counts(verdicts))
    laws = Counter(one.broken.law for one in broken if one.broken)
    words = ", ".join(f"law {law} {count} times" for law, count in sorted(laws.items()))
    console.print(f"{len(verdicts)} stories: {f'broken {words}' if words else 'every law held in each'}")


def _counts(verdicts: Sequence[Verdict]) -> Table:
    table = Table(show_header=False, box=None)
    table.add_column()
    table.add_column(justify="right")
    table.add_row("stories", f"{len(verdicts):,}")
    table.add_row("days in them", f"{sum(one.passed_s for one in verdicts) / DAY_S:,.1f}")
    table.add_row("steps", f"{sum(one.steps for one in verdicts):,}")
    for name, words in COUNTED.items():
        table.add_row(words, f"{sum(one.counts[name] for one in verdicts):,}")
    return table
