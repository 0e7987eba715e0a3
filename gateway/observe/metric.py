"""A metric: one line of the table that /metrics, its reference, the dashboard's test and the rules' go by."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from gateway.model import Json

View = Mapping[str, Json]
"""The status of a running agent, with what `gateway.observe.room` adds to it."""

Found = Iterable[tuple[tuple[str, ...], float | None]]
"""Values with the label values that each has; None: not known, and then there is no sample."""


class Kind(StrEnum):
    """What may be asked of a metric."""

    GAUGE = "gauge"  # how it is
    COUNTER = "counter"  # grows from 0 at the agent's start; those of the journal go on over starts
    INFO = "info"  # is 1; its labels say something


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """``name`` is without the `_total` or `_info` that its samples end with; ``unit`` is its last word, "" where it counts things."""

    name: str
    kind: Kind
    help: str
    where: str  # in the status, for people
    find: Callable[[View], Found]
    labels: tuple[str, ...] = ()
    unit: str = ""
    on_wish: bool = False  # only with `metrics.devices = true`

    @property
    def sample(self) -> str:
        """Return the name that its samples have, and queries use."""
        ending = {Kind.GAUGE: "", Kind.COUNTER: "_total", Kind.INFO: "_info"}
        return f"{self.name}{ending[self.kind]}"


def number(*path: str) -> Callable[[View], Found]:
    """Return what finds one number at a place in the status; a truth is 1 or 0."""

    def find(view: View) -> Found:
        yield (), as_number(at(view, *path))

    return find


def counted(*path: str, always: Iterable[str] = ()) -> Callable[[View], Found]:
    """Return what finds a table of counts at a place in the status, its keys as label; ``always`` are there with 0, too."""

    def find(view: View) -> Found:
        counts = at(view, *path)
        if counts is not None:
            yield from (((name,), float(count)) for name, count in {**dict.fromkeys(always, 0), **counts}.items())

    return find


def at(view: View, *path: str) -> Json:
    """Return what stands at a place; None where there is no such place."""
    found: Json = view
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return None
        found = found[name]
    return found


def as_number(value: Json) -> float | None:
    """Return a number or a truth as a sample has it."""
    return float(value) if isinstance(value, bool | int | float) else None
