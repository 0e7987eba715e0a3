"""`brygga health`: whether the agent that runs is well; for scripts, for monitoring, and for the package after an upgrade."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Final

from gateway import __version__
from gateway.commands import lines, places
from gateway.commands.health_judging import SETTLED_S, Facts, Rounds, Verdict, judge
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import Brygga, ConfigError
from gateway.spans import span

PAUSE_S: Final = 1.0  # between two looks; each of them is a commit


def _health(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    path, before = places.config_path(options), _before(options.before)
    facts, verdict = asyncio.run(_until_well(_socket(path), before, options.wait))
    if options.json:
        as_json({**facts, "reasons": verdict.reasons, "remarks": verdict.remarks})
    else:
        _say(facts, verdict)
    return 1 if verdict.reasons else 0


def _socket(path: Path) -> Path:
    """Return where the agent is asked; where none can be there, ConfigError says what is wrong with the configuration."""
    from gateway.config import load
    from gateway.config.reaching import reached

    socket = reached(path)
    return load(path).control_socket if socket is None or _is_absent(socket) else socket


def _is_absent(socket: Path) -> bool:
    try:
        return not socket.exists()
    except OSError:  # it belongs to another user, which asking says
        return False


def _before(name: str | None) -> Facts | None:
    """Return what `health --json` wrote before an upgrade; ConfigError where that cannot be read."""
    if name is None:
        return None
    try:
        facts: Facts = json.loads(Path(name).read_text("utf-8"))
    except OSError as error:
        raise ConfigError(f"--before {name}: {error.strerror}") from error
    except ValueError as error:
        raise ConfigError(f"--before {name}: not what `brygga health --json` writes: {error}") from error
    return facts


async def _until_well(socket: Path, before: Facts | None, wait_s: float) -> tuple[Facts, Verdict]:
    """Look once, or again and again until all is well or ``wait_s`` are over."""
    import asyncio

    until, settled_s, rounds = time.monotonic() + wait_s, SETTLED_S if wait_s else 0.0, Rounds()
    while True:
        facts, verdict = await _look(socket, before, settled_s, rounds)
        if not verdict.reasons or time.monotonic() >= until:
            return facts, verdict
        await asyncio.sleep(PAUSE_S)


async def _look(socket: Path, before: Facts | None, settled_s: float, rounds: Rounds) -> tuple[Facts, Verdict]:
    from gateway.control import ask_at

    try:
        facts = await ask_at(socket, {"do": "health"})
    except Brygga as error:
        return {"running": False}, Verdict((str(error),))
    stuck = rounds.stuck(facts.get("loops", {}), time.monotonic())
    return facts, judge(facts, __version__, before, settled_s, stuck)


def _say(facts: Facts, verdict: Verdict) -> None:
    if verdict.reasons:
        lines.problems(verdict.reasons)
    else:
        lines.say(
            f"well: brygga {facts['version']} has run for {span(facts['since_s'])}, {len(facts['sources'])} sources hear, the "
            f"journal commits, {len(facts['destinations'])} destinations are told"
        )
    lines.warnings(verdict.remarks)


DEEDS: dict[str, Deed] = {"health": _health}
