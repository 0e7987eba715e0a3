"""The commands about the configuration: what counts, and a fleet's."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError


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


DEEDS: Final[Mapping[str, Deed]] = {"config show": _show}
