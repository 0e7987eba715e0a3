"""What a run has shown, as a table for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from simulators.air_law import EUROPE, HOUR_US, Band
from simulators.concentrator import Transmission
from simulators.site import adr_check
from simulators.site.evidence import Evidence
from simulators.site.plan import Plan

Figures = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is wrong, and how it went; without ``faults`` all promises were kept."""

    faults: tuple[str, ...]
    figures: Figures

    def table(self) -> str:
        """Return the figures, one a line, and the faults after them."""
        width = max(map(len, self.figures))
        lines = [f"{name.ljust(width)}  {value}" for name, value in self.figures.items()]
        return "\n".join([*lines, "", *(self.faults or ("no faults",))])


def figures(plan: Plan, evidence: Evidence, rows: int) -> Figures:
    """Return how a run went."""
    return {
        "site": f"{plan.devices} devices, {plan.gateways} gateways, {plan.hours:g} h, seed {plan.seed}",
        **_joining(evidence),
        **_speaking(evidence, rows),
        **_downlinks(evidence),
        **dict(_airtime(evidence)),
        "interruptions": f"{plan.stops} stops, {plan.kills} cuts; {evidence.replayed} old join requests played again",
        "refused": _words(evidence.refused),
        "not sent": _words(Counter({name: n for name, n in evidence.counts.items() if not name.startswith("sent")})),
    }


def _joining(evidence: Evidence) -> Figures:
    otaa = [one for one in evidence.residents if one.joins]
    times = sorted(one.joined_at_s - evidence.began_s for one in otaa if one.joined_at_s is not None)
    if not times:
        return {}
    at = {percent: times[min(len(times) * percent // 100, len(times) - 1)] for percent in (50, 90, 100)}
    return {
        "joined": f"{len(times)} of {len(otaa)} with {sum(one.joins for one in otaa)} requests",
        "joined after": ", ".join(f"{percent} %: {seconds:.0f} s" for percent, seconds in at.items()),
    }


def _speaking(evidence: Evidence, rows: int) -> Figures:
    people = evidence.residents
    sent, heard = sum(len(one.sent) for one in people), sum(len(one.heard) for one in people)
    rates = Counter(one.radio.setting.data_rate for one in evidence.residents if one.radio.make.adr)
    powers = Counter(one.radio.setting.tx_power for one in evidence.residents if one.radio.make.adr)
    return {
        "uplinks": f"{sent} sent, {heard} heard, {rows} in the journal",
        "acknowledged": str(sum(len(one.acknowledged) for one in evidence.residents)),
        "data rates with ADR": ", ".join(f"DR{rate}: {rates[rate]}" for rate in sorted(rates)),
        "ADR": f"{len(adr_check.judgeable(evidence))} devices judged",
        "powers with ADR": ", ".join(f"{power}: {powers[power]}" for power in sorted(powers)),
    }


def _downlinks(evidence: Evidence) -> Figures:
    heard = [one.verdict for one in evidence.aired if one.taken_by is not None and one.verdict is not None]
    windows = Counter(verdict.window for verdict in heard)
    errors = [abs(verdict.error_us) for verdict in heard]
    return {
        "downlinks on air": f"{len(evidence.aired)}; heard in {_words(windows)}; {len(evidence.aired) - len(heard)} deaf",
        "beside the window": f"at most {max(errors, default=0)} us, median {median(errors or [0]):g} us",
        "asked for": _words(Counter(str(one.state) for one in evidence.downlinks)),
    }


def _airtime(evidence: Evidence) -> Iterator[tuple[str, str]]:
    for name, roof in evidence.roofs.items():
        shares = {band: share for band in EUROPE if (share := fullest_hour(roof.sent, band))}
        yield f"fullest hour of {name[-2:]}", ", ".join(f"{band.name}: {share:.1%}" for band, share in shares.items())


def fullest_hour(sent: list[Transmission], band: Band) -> float:
    """Return how much of what a band allows was used in the fullest of the hours that end with a transmission."""
    inside = sorted((one for one in sent if band.holds(one.frequency_hz)), key=lambda one: one.starts_us)
    most, first, on_air = 0, 0, 0
    for one in inside:
        on_air += one.airtime_us
        while inside[first].ends_us <= one.ends_us - HOUR_US:
            on_air -= inside[first].airtime_us
            first += 1
        cut = max(one.ends_us - HOUR_US - inside[first].starts_us, 0)  # lay before the hour
        most = max(most, on_air - cut)
    return most / (HOUR_US * band.permille / 1000)


def _words(counter: Counter[str]) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(counter.items())) or "nothing"
