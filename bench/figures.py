"""Figures as people and programs read them: spreads of repeated measurements, tables, and the machine they are of."""

from __future__ import annotations

import json
import os
import platform
import sqlite3
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("aiohttp", "aiosqlite", "cbor2", "cryptography", "paho-mqtt")


@dataclass(frozen=True, slots=True)
class Spread:
    """One figure, measured several times."""

    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Keep all values."""
        return cls(tuple(values))

    @property
    def median(self) -> float:
        """The figure to quote."""
        return statistics.median(self.values)

    def cells(self) -> tuple[str, str, str]:
        """Return median, minimum and maximum as a table shows them."""
        return shown(self.median), shown(min(self.values)), shown(max(self.values))

    def as_json(self) -> Mapping[str, Any]:
        """Return the three, and all values in the order of measuring."""
        return {"median": self.median, "min": min(self.values), "max": max(self.values), "values": list(self.values)}


def ratios(above: Spread, below: Spread) -> Spread:
    """Return the ratio of each repetition: what was measured side by side had the same neighbours."""
    return Spread.of(one / other for one, other in zip(above.values, below.values, strict=True))


def shown(value: float) -> str:
    """Return a number with three significant digits, thousands apart."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table, its first column to the left and the others to the right."""
    lines = [list(heads), *map(list, rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(
        "| " + " | ".join(cell.rjust(width) if place else cell.ljust(width) for place, (cell, width) in pairs) + " |"
        for line in (lines[0], rule, *lines[1:])
        for pairs in [enumerate(zip(line, widths, strict=True))]
    )


def machine() -> Mapping[str, Any]:
    """Return what the figures depend on besides the code: figures of two machines are not to be compared."""
    return {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),  # of the last minute: who else was at work
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: version(name) for name in PACKAGES},
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """Return the machine in one line."""
    packages = ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
    return (
        f"{facts['processor']}, {facts['cores']} cores, load {facts['load']} at the start; "
        f"Python {facts['python']}, SQLite {facts['sqlite']}, {packages}"
    )


def print_json(value: Mapping[str, Any]) -> None:
    """Print for programs."""
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith(("model name", "Model"))]
    return names[0] if names else platform.machine()
