"""What a run has shown, for programs: the same run gives the same, but for the section `machine`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from gateway.model import Json
from simulators.lab.judge import Fate, Kept, discrepancies, fate_of, kept, latencies
from simulators.lab.run import Ran, digest
from simulators.lab.witness import US, Story

VERSION: Final = 1
PERCENTILES: Final = (50, 90, 99)
HOUR_US: Final = 3600 * US
DEVICES_NAMED: Final = 10  # of those that broke the law


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a run has cost; the only part of a report that differs from run to run."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    python: str


def report(ran: Ran, machine: Machine) -> Json:
    """Return the whole report."""
    stories = [*ran.witness.stories.values()]
    fullest = ran.witness.airtime.fullest()
    unlawful = sorted(name for name, share in fullest.items() if share > 1 and not _is_neighbour(ran, name))
    promises = [*kept(ran.scenario.promise, stories, len(ran.witness.strange), unlawful[:DEVICES_NAMED])]
    return {
        "version": VERSION,
        "scenario": _scenario(ran),
        "kept": all(one.kept for one in promises),
        "promises": [asdict(one) for one in promises],
        "uplinks": _uplinks(ran, stories),
        "platforms": {name: _platform(ran, stories, name) for name in ran.witness.platforms},
        "fleets": {fleet.name: _fleet(ran, stories, fleet.name) for fleet in ran.scenario.fleets},
        "gateways": {mast.name: _mast(ran, mast.name, fullest) for mast in ran.scenario.masts},
        "duty_cycle": _duty_cycle(ran, fullest, unlawful),
        "hours": _hours(stories, ran.passed_s),
        "mischief": dict(sorted(ran.witness.mischief.items())),
        "incidents": [
            {"what": words, "from_s": begin / US, "to_s": end / US}
            for begin, end, words in sorted(ran.witness.incidents)
        ],
        "agent": _agent(ran),
        "discrepancies": [asdict(one) for one in discrepancies(stories, ran.witness.strange)],
        "journal": {"lines": ran.journal.count(b"\n"), "sha256": digest(ran)},
        "machine": asdict(machine),
    }


def promises_of(told: Mapping[str, Json]) -> Sequence[Kept]:
    """Return a report's promises as values."""
    return [Kept(**one) for one in told["promises"]]


def _scenario(ran: Ran) -> Json:
    one = ran.scenario
    return {
        "name": one.name,
        "title": one.title,
        "seed": one.seed,
        "begins": one.begins.isoformat(),
        "lasts_s": one.lasts_s,
        "passed_s": round(ran.passed_s, 3),
        "whole": ran.is_whole,
        "devices": one.devices,
        "gateways": len(one.masts),
    }


def _uplinks(ran: Ran, stories: Sequence[Story]) -> Json:
    return {
        "sent": len(stories),
        "transmissions": sum(one.transmissions for one in stories),
        "confirmed": sum(one.confirmed for one in stories),
        "heard": sum(one.heard_us is not None for one in stories),
        "lost_on_air": _causes(stories),
        "given": sum(one.given_us is not None for one in stories),
        "committed": sum(one.committed_us is not None for one in stories),
        "acknowledged": sum(one.acknowledged_us is not None for one in stories),
        "fates": {str(fate): sum(fate_of(one) is fate for one in stories) for fate in Fate},
        "too_long_for_their_data_rate": sum(ran.witness.too_long.values()),
    }


def _causes(stories: Iterable[Story]) -> Json:
    """Return why uplinks that nobody heard were lost, by what struck the last of their transmissions."""
    causes = Counter([*one.losses][-1] for one in stories if one.heard_us is None and one.losses)
    return dict(sorted(causes.items()))


def _platform(ran: Ran, stories: Sequence[Story], name: str) -> Json:
    due = [one for one in stories if name in one.platforms and one.committed_us is not None]
    depth = ran.agent.get("depths", {}).get(name)
    return {
        "due": len(due),
        "delivered": sum(name in one.delivered_us for one in due),
        "waiting": None if depth is None else depth.waiting,
        "held": {} if depth is None else {str(kind): count for kind, count in depth.held.items() if count},
        "duplicates": sum(one.repeated[name] > 0 for one in due),
        "latency_s": _percentiles(latencies(due, name)),
        "problems": len(ran.platforms[name]),
        "first_problems": ran.platforms[name][:DEVICES_NAMED],
    }


def _percentiles(values: Iterable[float]) -> Json:
    ordered = sorted(values)
    if not ordered:
        return {}
    found = {f"p{one}": round(ordered[min(len(ordered) - 1, len(ordered) * one // 100)], 3) for one in PERCENTILES}
    return {**found, "most": round(ordered[-1], 3)}


def _fleet(ran: Ran, stories: Sequence[Story], name: str) -> Json:
    own = [one for one in stories if one.fleet == name]
    devices = [one for one in ran.town.settlers if one.fleet.name == name]
    rates = Counter(one.radio.setting.data_rate for one in devices if one.radio.dev_addr is not None)
    return {
        "devices": len(devices),
        "active": sum(one.radio.dev_addr is not None for one in devices),
        "join_requests": ran.witness.requests[name],
        "sent": len(own),
        "heard": sum(one.heard_us is not None for one in own),
        "lost_on_air": _causes(own),
        "committed": sum(one.committed_us is not None for one in own),
        "acknowledged": sum(one.acknowledged_us is not None for one in own),
        "delivered": sum(fate_of(one) is Fate.DELIVERED for one in own),
        "latency_s": _percentiles(latencies(own)),
        "data_rates": {f"DR{rate}": count for rate, count in sorted(rates.items())},
        "never_heard": sum(one.heard_us is None for one in own),
    }


def _mast(ran: Ran, name: str, fullest: Mapping[str, float]) -> Json:
    heard = ran.witness.masts[name]
    return {
        "frames": heard.frames,
        "lost": dict(sorted(heard.losses.items())),
        "downlinks": heard.downlinks,
        "downlinks_refused": dict(sorted(heard.refused.items())),
        "downlinks_unheard": heard.deaf,
        "airtime_s": round(heard.airtime_us / US, 3),
        "fullest_hour": round(fullest.get(name, 0.0), 4),
    }


def _duty_cycle(ran: Ran, fullest: Mapping[str, float], unlawful: Sequence[str]) -> Json:
    masts = {one.name for one in ran.scenario.masts}
    devices = [share for name, share in fullest.items() if name not in masts and not _is_neighbour(ran, name)]
    return {
        "fullest_device": round(max(devices, default=0.0), 4),
        "fullest_gateway": round(max((fullest.get(name, 0.0) for name in masts), default=0.0), 4),
        "unlawful": len(unlawful),
        "first_unlawful": list(unlawful[:DEVICES_NAMED]),
    }


def _is_neighbour(ran: Ran, sender: str) -> bool:
    return any(sender == one.name for one in ran.scenario.neighbours)


def _hours(stories: Sequence[Story], passed_s: float) -> Json:
    """Return each hour of the run in numbers, by when uplinks were said and when they arrived."""
    hours = range(int(passed_s // 3600) + 1)
    said = Counter(one.begins_us // HOUR_US for one in stories)
    heard = Counter(one.begins_us // HOUR_US for one in stories if one.heard_us is not None)
    arrived = Counter(at_us // HOUR_US for one in stories for at_us in one.delivered_us.values())
    return [{"hour": one, "said": said[one], "heard": heard[one], "delivered": arrived[one]} for one in hours]


def _agent(ran: Ran) -> Json:
    network: Mapping[str, Any] = ran.agent.get("network", {})
    return {
        **ran.box,
        "ended_unasked": [{"at_s": at_us / US, "why": words} for at_us, words in ran.witness.ends],
        "refused": {str(reason): count for reason, count in sorted(network.get("refused", {}).items())},
        "undecoded": dict(sorted(ran.agent.get("undecoded", {}).items())),
    }
