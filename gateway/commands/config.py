"""The commands about the configuration: what counts, and a fleet's."""

from __future__ import annotations

import argparse
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Final

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError

RESTART_LIMIT_S: Final = 180.0  # systemd gives an agent 90 to stop, and some to start


def _show(options: argparse.Namespace, _: Ask) -> int:
    from gateway.config.showing import as_toml, effective

    said, problems = effective(places.config_path(options))
    if options.json:
        as_json([asdict(one) for one in said])
    else:
        for line in as_toml(said):
            lines.say(line)
    if problems:
        raise ConfigError(problems)
    return 0


def _pull(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    from gateway.clock import SystemClock
    from gateway.config.fleet import fleet
    from gateway.groundwork import check
    from gateway.pull.pulling import Wishes, pull

    path = places.config_path(options)
    mine = fleet(path)
    wishes = Wishes(
        path=path,
        url=_url(options.url or mine.url),
        jitter_s=options.jitter,
        watch_s=options.watch,
        again=options.again,
        tell=lines.aside,
    )
    outcome = asyncio.run(pull(mine, wishes, check, SystemClock()))
    if not outcome.is_well:
        lines.problems(outcome.lines)
        return 1
    for line in outcome.lines:
        lines.say(line)
    return _restarted(outcome.restart, options.restart)


def _url(text: str | None) -> str:
    from gateway.config.fleet_keys import EXAMPLE, fleet_url

    if text is None:
        raise ConfigError(f"config pull: where from? `brygga config pull {EXAMPLE}`, or fleet.url in brygga.toml")
    try:
        return fleet_url(text)
    except ValueError as error:
        raise ConfigError(f"config pull: {error}") from error


def _restarted(sections: Sequence[str], command: str | None) -> int:
    """Have the agent started anew where something of the file counts from then on only, or say so."""
    if not sections:
        return 0
    lines.say(f"from the agent's next start: {', '.join(sections)}")
    if command is None:
        lines.say("Next: systemctl restart brygga (or --restart 'systemctl try-restart brygga')")
        return 0
    try:
        done = subprocess.run(shlex.split(command), check=False, timeout=RESTART_LIMIT_S)  # noqa: S603 - of who types it
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"--restart {command!r}: {error}") from error
    return 0 if done.returncode == 0 else 1


DEEDS: Final[Mapping[str, Deed]] = {"config show": _show, "config pull": _pull}
