"""`brygga record`: what gateways bring to a running agent, into a file."""

from __future__ import annotations

import argparse
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands import places
from gateway.commands.network import Ask, Deed, as_json

if TYPE_CHECKING:
    from gateway.commands.record_run import Recorded, Told, Wishes
    from gateway.config import Settings

NICE: Final = 10  # hearing goes first on a box with one core
CAPTURES: Final = (".pcap", ".pcap.gz", ".cap")


def _record(options: argparse.Namespace, _: Ask) -> int:
    import asyncio

    from gateway.commands import show_record
    from gateway.commands.record_run import BROKEN_OFF, Wishes
    from gateway.config import load

    settings = load(places.config_path(options))
    wishes = Wishes(
        file=Path(options.to),
        sources=tuple(options.sources),
        seconds=options.seconds,
        limit=options.limit,
        as_capture=options.pcap or options.to.endswith(CAPTURES),
        anonymous=options.anonymous,
    )
    os.nice(NICE)
    with show_record.progress(wishes) as told:
        recorded = asyncio.run(_until_stopped(settings, wishes, told))
    if options.json:
        as_json(show_record.as_json(recorded, wishes))
    else:
        show_record.said(recorded, wishes)
    return 1 if not recorded.records or recorded.ended in BROKEN_OFF else 0


async def _until_stopped(settings: Settings, wishes: Wishes, told: Told) -> Recorded:
    import asyncio

    from gateway.clock import SystemClock
    from gateway.commands.record_run import record
    from gateway.control import ask

    stop, clock = asyncio.Event(), SystemClock()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return await record(lambda request: ask(settings, clock, request), wishes, stop, told)


DEEDS: dict[str, Deed] = {"record": _record}
