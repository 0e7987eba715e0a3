"""Run one stand-in until it has seen enough, or somebody ends it."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from gateway.errors import Brygga, Busy, ConfigError
from simulators.dry_run.seen import Seen
from simulators.dry_run.table import KINDS, Kind

PORTS: Final = {"http": 8080, "mqtt": 1883}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a person asked for."""

    kind: str
    way: str | None = None  # None: the kind's first
    host: str = "127.0.0.1"
    port: int | None = None  # None: the way's own
    token: str = ""
    count: int = 0  # messages after which it ends; 0: never
    whole: bool = False


@dataclass(slots=True)
class _Audience:
    say: Say
    wishes: Wishes
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    seen: Counter[bool] = field(default_factory=Counter)

    def show(self, seen: Seen) -> None:
        for line in seen.lines(whole=self.wishes.whole):
            self.say(line)
        self.seen[seen.is_taken] += 1
        if self.seen.total() == self.wishes.count:
            self.enough.set()


def dry_run(wishes: Wishes, say: Say) -> int:
    """Stand in for a platform; return 0 when something came and all of it was taken, else 1. Raises ConfigError and Busy."""
    kind = KINDS[wishes.kind]
    way = wishes.way or next(iter(kind.ways))
    if way not in kind.ways:
        raise ConfigError(
            f"simulate platform: {kind.title} has no door over {way}; --way {next(iter(kind.ways))} is right"
        )
    return asyncio.run(_run(kind, way, wishes, say))


async def _run(kind: Kind, way: str, wishes: Wishes, say: Say) -> int:
    audience = _Audience(say, wishes)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, audience.enough.set)
    window = kind.ways[way](audience.show, wishes.token)
    port = PORTS[way] if wishes.port is None else wishes.port
    try:
        url = await window.start(wishes.host, port)
        say(_greeting(kind, url, wishes))
        await audience.enough.wait()  # no limit: a stand-in is there until somebody has seen enough
    except OSError as error:
        if (complaint := _complaint(error, wishes.host, port)) is None:
            raise
        raise complaint from error
    finally:
        await window.stop()
    say(f"{audience.seen[True]} taken, {audience.seen[False]} refused")
    return 0 if audience.seen[True] and not audience.seen[False] else 1


def _complaint(error: OSError, host: str, port: int) -> Brygga | None:
    """Return what an installer can do about a door that does not open; None where it is something else."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"simulate platform: --host: {host!r} is no address of this machine; 127.0.0.1 and 0.0.0.0 are"
        )
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        return Busy(f"{host}:{port} cannot be listened on ({error.strerror}); --port chooses another")
    return None


def _greeting(kind: Kind, url: str, wishes: Wishes) -> str:
    options = "".join(
        f"\n  options.{name} = {value!r}".replace("'", '"') for name, value in (kind.options or {}).items()
    )
    login = "\n  # and the credential that --token names" if wishes.token else ""
    return (
        f"{url} stands in for {kind.title}; Ctrl-C ends it. A destination that goes here:\n\n"
        f'  [[destination]]\n  name = "dry-run"\n  format = "{kind.format}"\n  url = "{url}"{options}{login}\n'
    )
