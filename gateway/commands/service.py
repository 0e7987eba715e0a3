"""Commands about the agent as a service of its machine."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import Final

from gateway.commands import lines
from gateway.commands.network import Ask, Deed
from gateway.errors import ConfigError

NOTHING: Final = "not reloaded: nothing was changed, and an agent that runs goes on as before"


def reload(options: argparse.Namespace, ask: Ask) -> int:
    """Have the agent read its configuration once more, and say what that changed; 1 where none runs."""
    try:
        answer = ask(options, {"do": "reload"})
    except ConfigError as error:
        raise ConfigError((*error.problems, NOTHING)) from error
    if options.json:
        lines.say(json.dumps(answer, indent=2, ensure_ascii=False))
        return 0 if answer["running"] else 1
    if not answer["running"]:
        lines.problems(["no agent runs: `brygga run` reads the configuration when it starts"])
        return 1
    lines.warnings(answer["warnings"])
    for line in answer["changed"]:
        lines.say(line)
    for line in answer["restart"]:
        lines.say(f"needs a restart: {line}")
    if not answer["changed"] and not answer["restart"]:
        lines.say("nothing has changed in the configuration; devices and decoders were looked at anew")
    return 0


DEEDS: Final[Mapping[str, Deed]] = {"reload": reload}
