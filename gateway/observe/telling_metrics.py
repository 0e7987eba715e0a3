"""What is told of destinations: what waits, what was delivered, what is held back or lost, and who is away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from gateway.journal import HeldKind
from gateway.model import Json
from gateway.observe.metric import Found, Kind, Metric, View, as_number, at


def _each(find: Callable[[Mapping[str, Json]], Json]) -> Callable[[View], Found]:
    def each(view: View) -> Found:
        yield from (((name,), as_number(find(one))) for name, one in (at(view, "destinations") or {}).items())

    return each


def _count(name: str) -> Callable[[View], Found]:
    return _each(lambda one: one["counts"].get(name, 0) if "counts" in one else None)


def _held(view: View) -> Found:
    for name, one in (at(view, "destinations") or {}).items():
        yield from (((name, str(kind)), as_number(one["held"].get(str(kind), 0))) for kind in HeldKind)


def _metric(name: str, kind: Kind, find: Callable[[View], Found], where: str, help: str, unit: str = "") -> Metric:  # noqa: A002 - Prometheus' word
    return Metric(
        name=f"brygga_destination_{name}",
        kind=kind,
        unit=unit,
        labels=("destination",),
        help=help,
        where=f"destinations{{}}.{where}",
        find=find,
    )


TELLING: Final = (
    _metric(
        "waiting",
        Kind.GAUGE,
        _each(lambda one: one["waiting"]),
        "waiting",
        "Uplinks that have not been told there yet.",
    ),
    _metric(
        "oldest_seconds",
        Kind.GAUGE,
        _each(lambda one: one["oldest_s"] or 0.0),
        "oldest_s",
        "The age of the oldest of them; 0 where none waits.",
        "seconds",
    ),
    _metric("delivered", Kind.COUNTER, _count("delivered"), "counts.delivered", "Uplinks that the platform took."),
    _metric(
        "refused",
        Kind.COUNTER,
        _count("refused"),
        "counts.refused",
        "Uplinks that it refused: dead letters, kept with its answer.",
    ),
    _metric(
        "undecoded",
        Kind.COUNTER,
        _count("undecoded"),
        "counts.undecoded",
        "Uplinks that were held: no decoder knew them.",
    ),
    _metric(
        "lost",
        Kind.COUNTER,
        _each(lambda one: one["lost"]),
        "lost",
        "Uplinks that it will never have: the journal was full; over starts.",
    ),
    _metric(
        "held_lost",
        Kind.COUNTER,
        _each(lambda one: one["held_lost"]),
        "held_lost",
        "Dead letters and other held uplinks that went, for there were too many; over starts.",
    ),
    _metric(
        "given_up",
        Kind.COUNTER,
        _each(lambda one: one["given_up"]),
        "given_up",
        "Uplinks that were let go as its give_up says; over starts.",
    ),
    Metric(
        name="brygga_destination_held",
        kind=Kind.GAUGE,
        labels=("destination", "kind"),
        help="Uplinks that are held back: refused (dead letters), undecoded, undated.",
        where="destinations{}.held",
        find=_held,
    ),
    _metric(
        "trouble_seconds",
        Kind.GAUGE,
        _each(lambda one: (one["trouble_s"] or 0.0) if "trouble_s" in one else None),
        "trouble_s",
        "How long the platform has not taken anything: it is away, or answers with errors; 0 where it does well.",
        "seconds",
    ),
    _metric(
        "last_answer_seconds",
        Kind.GAUGE,
        _each(lambda one: one.get("last_answer_s")),
        "last_answer_s",
        "Since the platform answered last; nothing before the first answer.",
        "seconds",
    ),
    _metric(
        "backlog",
        Kind.GAUGE,
        _each(lambda one: at(one, "lane", "history")),
        "lane.history",
        "Of what waits, what was heard while it was behind, and fills in after what is heard now.",
    ),
    _metric(
        "backlog_seconds",
        Kind.GAUGE,
        _each(lambda one: at(one, "lane", "left_s")),
        "lane.left_s",
        "How long that takes at the pace it goes; nothing where it does not go.",
        "seconds",
    ),
    _metric(
        "configured",
        Kind.GAUGE,
        _each(lambda one: one["configured"]),
        "configured",
        "0 where the configuration does not name it any more: what waits for it waits for a person.",
    ),
)
