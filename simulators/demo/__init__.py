"""The demo: the whole path in one process, with an outage in it, shown live and judged to the uplink."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

from rich.console import Console

from gateway.agent import first_cause
from gateway.errors import ConfigError
from simulators.demo.story import Script, perform
from simulators.platforms.ngsi_ld import NgsiLdReceiver


def demo(*, once: bool, outage_s: float) -> int:
    """Play the demo on this terminal; return 0 when each uplink that was heard is at each city, else 1."""
    if find_spec("amqtt") is None:
        raise ConfigError("the demo needs its broker, amqtt: pip install 'brygga[demo]', or start it with scripts/demo")
    if outage_s <= 0:
        raise ConfigError(f"--outage: {outage_s:g} s is no outage; 12 is a good one")
    return play(Script(once=once, outage_s=outage_s), Console())


def play(script: Script, console: Console, south: NgsiLdReceiver | None = None) -> int:
    """Play ``script``, with a platform of your own as the south city; return the exit code."""
    try:
        verdict = asyncio.run(perform(script, console, south or NgsiLdReceiver()))
    except BaseExceptionGroup as group:
        raise first_cause(group) from group
    return 0 if verdict.good else 1
