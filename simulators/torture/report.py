"""What a torture run says in the end: numbers, which troubles came, and every broken promise by id."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field

from rich.console import Console
from rich.table import Table

from gateway.model import Json
from simulators.torture.judge import Judgement
from simulators.torture.run import Incident
from simulators.torture.troubles import TROUBLES

SHOWN = 50  # findings on a screen; --json has all of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All there is to say of one run; ``lacking`` are troubles that this machine could not have, with the reason."""

    seed: int
    numbers: Mapping[str, float]
    judgement: Judgement
    incidents: Sequence[Incident] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)


def as_json(report: Report) -> Json:
    """Return the report for programs."""
    judgement = report.judgement
    return {
        "good": judgement.good,
        "seed": report.seed,
        "numbers": dict(report.numbers),
        "lost": len({finding.id for finding in judgement.findings if finding.rule in {"a", "b"}}),
        "findings": [asdict(finding) for finding in judgement.findings],
        "lost_by_broker": list(judgement.lost_by_broker),
        "troubles": [asdict(incident) for incident in sorted(report.incidents, key=lambda one: one.at_s)],
        "lacking": dict(report.lacking),
    }


def show(console: Console, report: Report) -> None:
    """Print the report for people."""
    judgement = report.judgement
    console.print(_troubles(report.incidents))
    for reason in sorted(set(report.lacking.values())):
        names = ", ".join(name for name, why in report.lacking.items() if why == reason)
        console.print(f"could not be had here: {names}: {reason}", style="yellow")
    console.print(_numbers(report))
    for uplink in judgement.lost_by_broker:
        console.print(f"lost by the broker, not by the agent: {uplink}")
    if judgement.good:
        console.print("nothing was lost: every promise was kept", style="green")
        return
    broken = Table("rule", "id", "what is wrong", box=None)
    broken.columns[1].overflow = "fold"  # an id that is cut short names nothing
    for finding in judgement.findings[:SHOWN]:
        broken.add_row(finding.rule, finding.id, finding.words)
    console.print(broken)
    console.print(f"{len(judgement.findings)} promises were broken; seed {report.seed}", style="red")


def _troubles(incidents: Sequence[Incident]) -> Table:
    lasted: defaultdict[str, list[float]] = defaultdict(list)
    for incident in incidents:
        lasted[incident.name].append(incident.lasted_s)
    table = Table("trouble", "times", "seconds", "", box=None)
    for column in (1, 2):
        table.columns[column].justify = "right"
    for name, trouble in TROUBLES.items():
        if name in lasted:
            table.add_row(name, str(len(lasted[name])), f"{sum(lasted[name]):.0f}", trouble.words)
    return table


def _numbers(report: Report) -> Table:
    table = Table("", "count", box=None, show_header=False)
    table.columns[1].justify = "right"
    for words, number in report.numbers.items():
        table.add_row(words, f"{number:,}")
    lost = len(report.judgement.lost_by_broker)
    table.add_row("acknowledged by a broker that was killed before it saved", f"{lost:,}")
    return table
