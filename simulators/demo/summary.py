"""The end of the story: where every uplink went."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from simulators.demo.verdict import Verdict


def summarise(verdict: Verdict, console: Console) -> None:
    """Print the summary; a lost uplink is named by its id."""
    console.print(_table(verdict))
    lost = len(verdict.lost)
    if verdict.good:
        console.print(
            f"0 lost: each of the {len(verdict.heard)} uplinks that a gateway heard is on disk and at every city, "
            "checked by its id.",
            style="bold green",
            highlight=False,
        )
        return
    console.print(f"{lost} lost" if verdict.heard else "nothing was heard", style="bold red", highlight=False)
    for finding in verdict.findings:
        console.print(finding, style="red", markup=False, highlight=False, soft_wrap=True)


def _table(verdict: Verdict) -> Table:
    table = Table("", "uplinks", "lost", "repeated", box=None, title="where every uplink went", title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    unheard = len(verdict.sent - verdict.heard)
    table.add_row("sent by the sensors", str(len(verdict.sent)))
    table.add_row("heard by a gateway", str(len(verdict.heard)), f"{unheard} in the air")
    table.add_row("committed to disk", str(len(verdict.committed)), str(len(verdict.heard - verdict.committed)))
    table.add_row("acknowledged to sensors that asked", str(len(verdict.acknowledged)))
    for name, city in verdict.cities.items():
        missing = (verdict.heard | verdict.acknowledged) - city.uplinks
        table.add_row(f"delivered to {name}", str(len(city.uplinks)), str(len(missing)), str(city.repeated))
    return table
