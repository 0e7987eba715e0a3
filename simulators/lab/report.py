"""What a run has shown, for programs: the same run gives the same, but for the section `machine`."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import Any, Final

from gateway.model import Json
from simulators.lab.judge import Fate, Kept, discrepancies, fate_of, is_replayed, kept, latencies
from simulators.lab.ran import Ran, digest
from simulators.lab.witness import US, Story
from simulators.radio.links import FULL_POWER_DBM
from simulators.radio.receivers import SLOWEST
from simulators.radio.sensitivity import noise_dbm

VERSION: Final = 1
PERCENTILES: Final = (50, 90, 99)
STEPS: Final = 96  # of a run: a quarter of an hour of a day
EDGES_S: Final = tuple(0.1 * 2**number for number in range(24))
DEVICES_NAMED: Final = 10  # of those that broke the law


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What a run has cost; the only part of a report that differs from run to run."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    python: str
    code: str  # version and digest


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
        "relays": {name: _relay(ran, stories, name) for name in ran.scenario.relays},
        "fleets": {fleet.name: _fleet(ran, stories, fleet.name) for fleet in ran.scenario.fleets},
        "gateways": {mast.name: _mast(ran, mast.name, fullest) for mast in ran.scenario.masts},
        "duty_cycle": _duty_cycle(ran, fullest, unlawful),
        "steps": _steps(stories, ran.passed_s),
        "map": _map(ran),
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
        "replayed": sum(map(is_replayed, stories)),
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
    depth = ran.agent.get("depths", {}).get(_destination(ran, name))
    return {
        "due": len(due),
        "delivered": sum(name in one.delivered_us for one in due),
        "waiting": None if depth is None else depth.waiting,
        "held": {} if depth is None else {str(kind): count for kind, count in depth.held.items() if count},
        "duplicates": sum(one.repeated[name] > 0 for one in due),
        "latency_s": _percentiles(latencies(due, name)),
        "latency_curve": _curve(latencies(due, name)),
        "problems": len(ran.platforms[name]),
        "first_problems": ran.platforms[name][:DEVICES_NAMED],
    }


def _relay(ran: Ran, stories: Sequence[Story], name: str) -> Json:
    """Return how many uplinks of a server's devices some gateway heard, and how many the server has."""
    fleets = {one.name for one in ran.scenario.fleets if one.answered_by == name}
    own = [one for one in stories if one.fleet in fleets]
    return {
        "heard": sum(one.heard_us is not None for one in own),
        "at_the_server": len(ran.witness.at_servers[name]),
        "acknowledged": sum(one.acknowledged_us is not None for one in own),
    }


def _destination(ran: Ran, name: str) -> str:
    """Return what the journal calls the destination of a platform."""
    platform = next(one for one in ran.scenario.platforms if one.name == name)
    service = next((one.service for one in ran.scenario.moves if one.to == name), name)
    return service if platform.city is None else f"{service}@{platform.city}"


def _percentiles(values: Iterable[float]) -> Json:
    ordered = sorted(values)
    if not ordered:
        return {}
    found = {f"p{one}": round(ordered[min(len(ordered) - 1, len(ordered) * one // 100)], 3) for one in PERCENTILES}
    return {**found, "most": round(ordered[-1], 3)}


def _curve(values: Iterable[float]) -> Json:
    """Return which share had arrived after how many seconds, at edges that double."""
    ordered = sorted(values)
    return [[edge, round(bisect_right(ordered, edge) / len(ordered), 5)] for edge in EDGES_S] if ordered else []


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


def _steps(stories: Sequence[Story], passed_s: float) -> Json:
    """Return the run in equal steps: how many were said in each, heard of those, delivered in it, and waiting at its end."""
    step_us = max(1, round(passed_s * US / STEPS))
    said, heard, due, came = (Counter[int]() for _ in range(4))
    for one in stories:
        said[one.begins_us // step_us] += 1
        heard[one.begins_us // step_us] += one.heard_us is not None
        if one.committed_us is not None:
            due[one.committed_us // step_us] += len(one.platforms)
        came.update(at_us // step_us for at_us in one.delivered_us.values())
    last = max([STEPS - 1, *came, *due])
    waiting = accumulate(due[number] - came[number] for number in range(last + 1))
    return {
        "seconds": step_us / US,
        "said": [said[number] for number in range(last + 1)],
        "heard": [heard[number] for number in range(last + 1)],
        "delivered": [came[number] for number in range(last + 1)],
        "waiting": [*waiting],
    }


def _map(ran: Ran) -> Json:
    """Return where everything is, in metres from the middle, and each device's best way at full power: to whom, with which SNR."""
    links = ran.town.links
    numbers = {fleet.name: number for number, fleet in enumerate(ran.scenario.fleets)}
    devices = []
    for one in ran.town.settlers:
        ways = [
            (FULL_POWER_DBM - loss_db - noise_dbm(SLOWEST, links.receivers[mast].noise_figure_db), mast)
            for mast, loss_db, _ in links.of(one.radio.dev_eui, one.spot)
        ]
        snr_db, mast = max(ways, default=(None, None))
        where = [round(one.spot.east_m), round(one.spot.north_m)]
        devices.append([numbers[one.fleet.name], *where, mast, None if snr_db is None else round(snr_db, 1)])
    return {
        "centre": [round(degrees, 6) for degrees in ran.town.centre],
        "gateways": [
            {"name": mast.name, "east_m": round(at.spot.east_m), "north_m": round(at.spot.north_m)}
            for (_, mast), at in zip(ran.town.masts, links.receivers, strict=True)
        ],
        "devices": {"columns": ["fleet", "east_m", "north_m", "gateway", "snr_db"], "rows": devices},
    }


def _agent(ran: Ran) -> Json:
    network: Mapping[str, Any] = ran.agent.get("network", {})
    return {
        **ran.box,
        "ended_unasked": [{"at_s": at_us / US, "why": words} for at_us, words in ran.witness.ends],
        "refused": {str(reason): count for reason, count in sorted(network.get("refused", {}).items())},
        "undecoded": dict(sorted(ran.agent.get("undecoded", {}).items())),
    }
