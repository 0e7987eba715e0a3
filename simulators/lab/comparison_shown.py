"""A comparison for people, within 80 columns, and for programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.table import Table

from gateway.model import Json
from simulators.lab.comparison import Comparison, Figure, Promised, Unit
from simulators.lab.judge import Discrepancy
from simulators.lab.report_file import Told
from simulators.lab.summary import span

SHOWN: Final = 8  # discrepancies of each on a screen; the JSON has all of them
NAME_WIDTH: Final = 32  # so that a line has room for three numbers and their share
SIDE_WIDTH: Final = 20  # the same, of a line with four pairs
# Of fleets and gateways there may be many: a line each, with A and B in each column; the JSON has more of them.
SIDE_BY_SIDE: Final[Mapping[str, Mapping[str, str]]] = {
    "fleet": {"sent": "sent", "heard of those sent": "heard", "delivered": "delivered", "latency p99": "p99"},
    "gateway": {
        "frames": "frames",
        "frames lost": "lost",
        "downlinks": "downlinks",
        "fullest hour": "hour",
    },
}
SHORT: Final[Mapping[Unit, Callable[[float], str]]] = {
    "count": lambda number: f"{number:.0f}",
    "s": lambda number: f"{number:.0f} s",
    "share": lambda number: f"{number:.1%}",
    "bytes": lambda number: f"{number / 1e6:.0f} MB",
}
FORMATS: Final[Mapping[Unit, Callable[[float], str]]] = {
    "count": lambda number: f"{number:,.0f}",
    "s": lambda number: f"{number:,.2f} s",
    "share": lambda number: f"{number:.2%}",
    "bytes": lambda number: f"{number / 1e6:,.0f} MB",
}


def show(console: Console, names: tuple[str, str], told: tuple[Told, Told], found: Comparison) -> None:
    """Print two reports side by side; ``names`` are their files'."""
    for letter, name, one in zip("AB", names, told, strict=True):
        console.print(f"{letter}  {name}: {_setup(one)}")
    for words in found.warnings:
        console.print(f"warning: {words}", style="yellow")
    console.print(f"journals: {'the same to the octet' if found.same_journal else 'not the same'}")
    console.print(_table([one for one in found.figures if one.of.partition(" ")[0] not in SIDE_BY_SIDE]))
    for kind, columns in SIDE_BY_SIDE.items():
        console.print(_side_by_side(kind, columns, found.figures))
    _discrepancies(console, "A", found.only_a)
    _discrepancies(console, "B", found.only_b)
    for promised in found.promises:
        console.print(_promise(promised), style="red" if promised.is_worse else "")
    for words in found.worse:
        console.print(words, style="red")
    if not found.worse:
        console.print("B breaks and loses nothing that A does not", style="green")


def as_json(names: tuple[str, str], told: tuple[Told, Told], found: Comparison) -> Json:
    """Return the same for programs; shares are of 1, times in seconds, sizes in octets."""
    return {
        **{letter: _of(name, one) for letter, name, one in zip("ab", names, told, strict=True)},
        **asdict(found),
        "figures": [{**asdict(one), "change": one.change} for one in found.figures],
    }


def _of(name: str, told: Told) -> Json:
    return {"file": name, "scenario": asdict(told.scenario), "code": told.machine.code, "python": told.machine.python}


def _setup(told: Told) -> str:
    one = told.scenario
    return (
        f"{one.name}, seed {one.seed}, {span(one.passed_s)}, {one.devices:,} devices, {one.gateways} gateways;"
        f" code {told.machine.code}, Python {told.machine.python}"
    )


def _table(figures: Sequence[Figure]) -> Table:
    table = Table("", "A", "B", "change", "", box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for of, group in groupby(figures, lambda one: one.of):
        table.add_row(of[:NAME_WIDTH])
        for one in group:
            table.add_row(*_row(one))
    return table


def _side_by_side(kind: str, columns: Mapping[str, str], figures: Sequence[Figure]) -> Table:
    """Return a table with a line for each of a kind, in which each column has A and B."""
    found: dict[str, dict[str, Figure]] = {}
    for one in figures:
        what, _, name = one.of.partition(" ")
        if what == kind:
            found.setdefault(name, {})[one.what] = one
    table = Table(kind, *(f"{words} A B" for words in columns.values()), box=None, pad_edge=False)
    for column in table.columns[1:]:
        column.justify = "right"
        column.no_wrap = True
    for name, own in found.items():
        table.add_row(name[:SIDE_WIDTH], *(_pair(own[what]) for what in columns))
    return table


def _pair(one: Figure) -> str:
    return " ".join("-" if number is None else SHORT[one.unit](number) for number in (one.a, one.b))


def _row(one: Figure) -> Iterator[str]:
    form = FORMATS[one.unit]
    yield f"  {one.what.replace('_', ' ')[: NAME_WIDTH - 2]}"
    yield from ("-" if number is None else form(number) for number in (one.a, one.b))
    if one.change is None:
        yield from ("", "")
        return
    words = form(abs(one.change))
    is_equal = words == form(0.0)
    yield "=" if is_equal else f"{'+' if one.change > 0 else '-'}{words}"
    yield f"{one.change / one.a:+.1%}" if one.a and not is_equal and one.unit != "share" else ""


def _discrepancies(console: Console, letter: str, found: Sequence[Discrepancy]) -> None:
    if found:
        console.print(f"only in {letter}: {len(found):,} that are not where they should be")
    for one in sorted(found, key=lambda each: not each.breaks)[:SHOWN]:
        console.print(f"  {one.id} {one.device}: {one.fate}: {one.story}", style="red" if one.breaks else "")
    if len(found) > SHOWN:
        console.print(f"  and {len(found) - SHOWN:,} more; --json has all of them")


def _promise(one: Promised) -> str:
    words = [
        "not made" if kept is None else f"{'kept' if kept.kept else 'BROKEN'}, {kept.found}" for kept in (one.a, one.b)
    ]
    return f"{one.promise}: A {words[0]}; B {words[1]}"
