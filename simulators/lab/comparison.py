"""Two reports side by side, B against A: pure. Worse is a promise that only B breaks, and of the same run more that is lost after it was heard.

What the air takes is told and not judged: where a scenario minds it, it promises `heard`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from simulators.lab.judge import Discrepancy, Fate, Kept
from simulators.lab.report_file import Fleet, Gateway, Setup, Told

AFTER_THE_EAR: Final = (Fate.TO_AGENT, Fate.TO_JOURNAL, Fate.TO_PLATFORM)
WAY: Final = ("sent", "transmissions", "heard", "given", "committed", "replayed", "acknowledged")
OF_FLEETS: Final = ("active", "join_requests", "sent", "committed", "acknowledged", "delivered")
OF_GATEWAYS: Final = ("frames", "downlinks", "downlinks_unheard")
LATENCIES: Final = ("p50", "p90", "p99", "most")
# What makes two runs different ones, so that their figures say little of the code.
SAME: Final[Mapping[str, str]] = {
    "name": "scenarios",
    "seed": "seeds",
    "begins": "beginnings",
    "lasts_s": "lengths, in seconds",
    "devices": "numbers of devices",
    "gateways": "numbers of gateways",
}

Unit = Literal["count", "s", "share", "bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of both; None where a report has no such number."""

    of: str
    what: str
    unit: Unit
    a: float | None
    b: float | None

    @property
    def change(self) -> float | None:
        """Return by how much B has more."""
        return None if self.a is None or self.b is None else self.b - self.a


@dataclass(frozen=True, slots=True, kw_only=True)
class Promised:
    """A promise and what became of it in both; None where a scenario did not make it."""

    promise: str
    a: Kept | None
    b: Kept | None

    @property
    def is_worse(self) -> bool:
        """Tell whether B breaks what A does not break."""
        return self.b is not None and not self.b.kept and (self.a is None or self.a.kept)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """All that two reports say about each other."""

    warnings: Sequence[str]
    figures: Sequence[Figure]
    promises: Sequence[Promised]
    only_a: Sequence[Discrepancy]
    only_b: Sequence[Discrepancy]
    same_journal: bool
    worse: Sequence[str]  # why B is; empty where it is not


def compare(a: Told, b: Told) -> Comparison:
    """Return what B has otherwise than A."""
    promises, warnings = [*_promises(a, b)], [*_warnings(a.scenario, b.scenario)]
    # Of two fates each loses some that a power cut has struck: only of one and the same are more of them worse.
    lost = (0, 0) if warnings else (_lost(a), _lost(b))
    return Comparison(
        warnings=warnings,
        figures=[*_figures(a, b)],
        promises=promises,
        only_a=_without(a.discrepancies, b.discrepancies),
        only_b=_without(b.discrepancies, a.discrepancies),
        same_journal=a.journal == b.journal,
        worse=[*_worse(promises, *lost)],
    )


def _warnings(a: Setup, b: Setup) -> Iterator[str]:
    for key, words in SAME.items():
        of_a, of_b = getattr(a, key), getattr(b, key)
        if of_a != of_b:
            yield f"different {words}: {of_a} and {of_b}"
    for name, one in (("A", a), ("B", b)):
        if not one.whole:
            yield f"{name} was ended early, after {one.passed_s:g} of {one.lasts_s:g} s"


def _worse(promises: Sequence[Promised], lost_a: int, lost_b: int) -> Iterator[str]:
    for one in promises:
        if one.is_worse and one.b is not None:
            does = "does not make" if one.a is None else "keeps"
            yield f"B breaks a promise that A {does}: {one.promise}: {one.b.found}"
    if lost_b > lost_a:
        yield f"B loses more uplinks after they were heard: {lost_b:,}, A {lost_a:,}"


def _lost(told: Told) -> int:
    return sum(told.uplinks.fates.get(str(fate), 0) for fate in AFTER_THE_EAR)


def _promises(a: Told, b: Told) -> Iterator[Promised]:
    of_a, of_b = ({one.promise: one for one in told.promises} for told in (a, b))
    for promise in {**of_a, **of_b}:
        yield Promised(promise=promise, a=of_a.get(promise), b=of_b.get(promise))


def _without(some: Sequence[Discrepancy], others: Sequence[Discrepancy]) -> Sequence[Discrepancy]:
    """Return those that the others have not; an uplink that was lost at another place is another one."""
    known = {(one.id, one.fate) for one in others}
    return [one for one in some if (one.id, one.fate) not in known]


# ── figures ──


def _figures(a: Told, b: Told) -> Iterator[Figure]:
    for key in WAY:
        yield Figure(of="uplinks", what=key, unit="count", a=getattr(a.uplinks, key), b=getattr(b.uplinks, key))
    yield Figure(of="uplinks", what="heard of those sent", unit="share", a=_heard(a), b=_heard(b))
    yield Figure(of="uplinks", what="lost after they were heard", unit="count", a=_lost(a), b=_lost(b))
    yield from _causes(a.uplinks.lost_on_air, b.uplinks.lost_on_air)
    for name in {**a.platforms, **b.platforms}:
        yield from _platform(name, a, b)
    for name in {**a.fleets, **b.fleets}:
        yield from _fleet(name, a.fleets.get(name), b.fleets.get(name))
    for name in {**a.gateways, **b.gateways}:
        yield from _gateway(name, a.gateways.get(name), b.gateways.get(name))
    duty_a, duty_b = a.duty_cycle, b.duty_cycle
    for key, what in (("fullest_device", "fullest hour of a device"), ("fullest_gateway", "fullest hour of a gateway")):
        yield Figure(of="duty cycle", what=what, unit="share", a=getattr(duty_a, key), b=getattr(duty_b, key))
    yield Figure(of="duty cycle", what="broke the law", unit="count", a=duty_a.unlawful, b=duty_b.unlawful)
    yield Figure(of="machine", what="work", unit="s", a=a.machine.cpu_seconds, b=b.machine.cpu_seconds)
    yield Figure(of="machine", what="peak of memory", unit="bytes", a=a.machine.peak_bytes, b=b.machine.peak_bytes)


def _fleet(name: str, a: Fleet | None, b: Fleet | None) -> Iterator[Figure]:
    """Yield a fleet's figures; a fleet that one scenario has not has none there."""
    of = f"fleet {name}"
    for key in OF_FLEETS:
        yield Figure(of=of, what=key, unit="count", a=getattr(a, key, None), b=getattr(b, key, None))
    shares = [None if one is None or not one.sent else one.heard / one.sent for one in (a, b)]
    yield Figure(of=of, what="heard of those sent", unit="share", a=shares[0], b=shares[1])
    late = [None if one is None else one.latency_s.get("p99") for one in (a, b)]
    yield Figure(of=of, what="latency p99", unit="s", a=late[0], b=late[1])


def _gateway(name: str, a: Gateway | None, b: Gateway | None) -> Iterator[Figure]:
    of = f"gateway {name}"
    for key in OF_GATEWAYS:
        yield Figure(of=of, what=key, unit="count", a=getattr(a, key, None), b=getattr(b, key, None))
    for key, what in (("lost", "frames lost"), ("downlinks_refused", "downlinks refused")):
        counts = [None if one is None else sum(getattr(one, key).values()) for one in (a, b)]
        yield Figure(of=of, what=what, unit="count", a=counts[0], b=counts[1])
    yield Figure(of=of, what="on air", unit="s", a=getattr(a, "airtime_s", None), b=getattr(b, "airtime_s", None))
    hours = [None if one is None else one.fullest_hour for one in (a, b)]
    yield Figure(of=of, what="fullest hour", unit="share", a=hours[0], b=hours[1])


def _heard(told: Told) -> float | None:
    return told.uplinks.heard / told.uplinks.sent if told.uplinks.sent else None


def _causes(a: Mapping[str, int], b: Mapping[str, int]) -> Iterator[Figure]:
    """Yield why uplinks were lost on air; a cause that only one report names took none in the other."""
    yield Figure(of="lost on air", what="all", unit="count", a=sum(a.values()), b=sum(b.values()))
    for cause in sorted({*a, *b}):
        yield Figure(of="lost on air", what=cause, unit="count", a=a.get(cause, 0), b=b.get(cause, 0))


def _platform(name: str, a: Told, b: Told) -> Iterator[Figure]:
    of_a, of_b = a.platforms.get(name), b.platforms.get(name)
    for key in ("due", "delivered", "duplicates"):
        yield Figure(of=f"city {name}", what=key, unit="count", a=getattr(of_a, key, None), b=getattr(of_b, key, None))
    for key in LATENCIES:
        late_a, late_b = (None if one is None else one.latency_s.get(key) for one in (of_a, of_b))
        yield Figure(of=f"city {name}", what=f"latency {key}", unit="s", a=late_a, b=late_b)
