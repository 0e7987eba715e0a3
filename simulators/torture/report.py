"""What a torture run says in the end: numbers, and every broken promise by id."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from gateway.model import Json
from simulators.torture.judge import Judgement

SHOWN = 50  # findings on a screen; --json has all of them


def as_json(numbers: Mapping[str, float], judgement: Judgement) -> Json:
    """Return the report for programs."""
    return {
        "good": judgement.good,
        "numbers": dict(numbers),
        "findings": [asdict(finding) for finding in judgement.findings],
        "lost_by_broker": list(judgement.lost_by_broker),
    }


def show(console: Console, numbers: Mapping[str, float], judgement: Judgement) -> None:
    """Print the report for people."""
    table = Table("", "count", box=None, show_header=False)
    table.columns[1].justify = "right"
    for words, number in numbers.items():
        table.add_row(words, f"{number:,}")
    table.add_row("acknowledged by a broker that was killed before it saved", f"{len(judgement.lost_by_broker):,}")
    console.print(table)
    for uplink in judgement.lost_by_broker:
        console.print(f"lost by the broker, not by the agent: {uplink}")
    if judgement.good:
        console.print("every promise was kept", style="green")
        return
    broken = Table("rule", "id", "what is wrong", box=None)
    broken.columns[1].overflow = "fold"  # an id that is cut short names nothing
    for finding in judgement.findings[:SHOWN]:
        broken.add_row(finding.rule, finding.id, finding.words)
    console.print(broken)
    console.print(f"{len(judgement.findings)} promises were broken", style="red")
