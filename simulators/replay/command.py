"""`brygga replay`: exit 0 when all was acknowledged, 1 when something was not, 78 for a file or an address that is wrong."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from gateway.agent import first_cause
from gateway.commands import lines
from gateway.commands.listing import folded, printable, terminal_width
from gateway.commands.progress import progress
from gateway.errors import ConfigError
from gateway.model import Json
from gateway.spans import span
from simulators.replay.players import Forwarders, Player, Stations
from simulators.replay.playing import Played, play
from simulators.replay.script import Overview, Script
from simulators.replay.target import Target, target

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What was asked for."""

    file: Path
    to: str
    speed: float | None = 1.0  # None: as fast as it is taken
    loop: bool = False
    port: int = 1700
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was in a recording, and what became of it."""

    overview: Overview
    played: Played
    silent: int  # gateways that were not answered
    player: Player

    @property
    def lost(self) -> int:
        """Return how many datagrams were not acknowledged, or not handed over."""
        return self.played.sent - self.played.acknowledged


def replay(wishes: Wishes, say: Say) -> int:
    """Send a recording and say how it went. Raises ConfigError, NobodyThere."""
    to = target(wishes.to)
    if to.warning:
        lines.warnings([to.warning])
    with progress(f"replaying {wishes.file.name}") as told:
        outcome = asyncio.run(_replayed(wishes, to, told))
    if wishes.as_json:
        say(json.dumps(as_json(outcome), indent=2))
    else:
        for line in shown(outcome, wishes):
            for part in folded(line, terminal_width()):
                say(part)
    return 1 if outcome.lost or not outcome.played.sent else 0


async def _replayed(wishes: Wishes, to: Target, told: Callable[[int, int], None]) -> Outcome:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await replayed(wishes, to, stop, told)


async def replayed(
    wishes: Wishes, to: Target, stop: asyncio.Event, told: Callable[[int, int], None] = lambda _, __: None
) -> Outcome:
    """Send a recording until it ends or ``stop`` is set. Raises ConfigError, NobodyThere."""
    script = Script(wishes.file, wishes.port)
    overview = await asyncio.to_thread(script.overview)
    player: Player = Stations(to.url) if to.takes_stations else Forwarders((to.host, to.port), wishes.speed)

    def far(sent: int) -> None:
        told((sent - 1) % overview.moments + 1 if sent else 0, overview.moments)

    try:
        played, silent = await play(script, overview, player, wishes.speed, stop, far, again=wishes.loop)
    except* ConfigError as group:  # a file that is gone by its next round
        raise first_cause(group) from group
    return Outcome(overview=overview, played=played, silent=silent, player=player)


def as_json(outcome: Outcome) -> dict[str, Json]:
    """Return how it went, for programs."""
    played, overview = outcome.played, outcome.overview
    late = {name: played.percentile_s(share) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1.0))}
    return {
        "datagrams": overview.moments,
        "frames": overview.frames,
        "gateways": [*overview.versions],
        "not_answered": outcome.silent,
        "sent": played.sent,
        "acknowledged": played.acknowledged if outcome.player.acknowledges else None,
        "lost": outcome.lost,
        "rounds": played.rounds,
        "stopped": played.stopped,
        "seconds": round(played.seconds, 3),
        "late_ms": {name: None if value is None else round(1000 * value, 3) for name, value in late.items()},
        "downlinks": _downlinks(outcome),
        "passed_over": dict(overview.passed),
        "counts": dict(outcome.player.counts),
    }


def shown(outcome: Outcome, wishes: Wishes) -> Iterator[str]:
    """Yield how it went, line by line."""
    played, overview, gateways = outcome.played, outcome.overview, len(outcome.overview.versions)
    pace = "as fast as it was taken" if wishes.speed is None else f"{wishes.speed:g}x"
    yield f"{wishes.file} to {wishes.to}, {pace}{', stopped' if played.stopped else ''}"
    yield (
        f"  {played.sent} datagrams of {gateways} gateway{'' if gateways == 1 else 's'} in {_time(played.seconds)}; "
        f"{overview.frames} frames in a round"
    )
    if outcome.player.acknowledges:
        yield f"  {played.acknowledged} acknowledged, {outcome.lost} lost"
    else:
        yield f"  {played.acknowledged} handed over, {outcome.lost} lost: a Basics Station is not told what arrived"
    if (late := played.percentile_s(0.99)) is not None:
        latest = played.percentile_s(1.0) or 0.0
        yield f"  99 % left within {1000 * late:.1f} ms of their time, the latest after {1000 * latest:.1f} ms"
    if orders := sum(_downlinks(outcome).values()):
        yield f"  {orders} downlinks were asked for, and went into an air in which nobody listens"
    if wishes.loop:
        yield f"  {played.rounds} rounds"
    yield from _complaints(outcome)


def _complaints(outcome: Outcome) -> Iterator[str]:
    overview, counts = outcome.overview, outcome.player.counts
    if outcome.silent:
        yield f"! {outcome.silent} of {len(overview.versions)} gateways were not answered: may they speak to this server?"
    if outcome.lost and outcome.player.acknowledges:
        yield "! the server was too busy, or the way there loses datagrams: a packet forwarder never sends one again"
    if overview.problem:
        yield f"! {printable(overview.problem)}"
    for name, words in (
        ("not_on_the_plan", "frames had a data rate that the server's plan has not"),
        ("no_frame", "frames are no LoRaWAN, and a Basics Station tells of no other"),
        ("without_crc", "packets had no CRC, and a Basics Station tells of no such"),
    ):
        if counts[name]:
            yield f"! {counts[name]} {words}"


def _downlinks(outcome: Outcome) -> dict[str, int]:
    """Return what became of what the server wanted sent, by the radio's word."""
    counts = outcome.player.counts
    return {name: count for name, count in counts.items() if name.startswith("tx_") or name in {"placed", "not_placed"}}


def _time(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 10 else span(seconds)
