"""Run one stand-in until it has seen enough, or somebody ends it."""

from __future__ import annotations

import asyncio
import errno
import signal
import socket
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import indent
from typing import Final

from gateway.errors import Brygga, Busy, ConfigError
from gateway.model import Json
from simulators.dry_run.doors import ANY_KEY
from simulators.dry_run.seen import Seen, Show
from simulators.dry_run.table import KINDS, Kind, destination
from simulators.dry_run.written import Table, over, section
from simulators.platforms.certificates import Authority

PORTS: Final = {"http": 8080, "mqtt": 1883, "mqtts": 8883}
ANYWHERE: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not listened on

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
        if seen.is_question:
            return
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
    with TemporaryDirectory(prefix="brygga-") as folder:
        async with opened(wishes, audience.show, Path(folder)) as (url, keys):
            say(f"{url} stands in for {kind.title}; Ctrl-C ends it. A destination that goes here:\n")
            say(f"{indent(section(url, keys, kind.ways[way].note), '  ')}\n")
            await audience.enough.wait()  # no limit: a stand-in is there until somebody has seen enough
    say(f"{audience.seen[True]} taken, {audience.seen[False]} refused")
    return 0 if audience.seen[True] and not audience.seen[False] else 1


@asynccontextmanager
async def opened(wishes: Wishes, show: Show, folder: Path) -> AsyncIterator[tuple[str, Table]]:
    """Give a stand-in's URL while it listens, and the keys of a destination that goes there; files of it are in ``folder``.

    Raises ConfigError and Busy.
    """
    way = wishes.way or next(iter(KINDS[wishes.kind].ways))
    how = KINDS[wishes.kind].ways[way]
    tls, files = _secured(wishes.host, folder) if how.secure else (None, {})
    if how.key_file:
        files |= {"sas_key_file": str(_key(folder, wishes.token))}
    window = how.open(show, wishes.token, tls)
    port = PORTS["mqtts" if how.secure else way] if wishes.port is None else wishes.port
    try:
        url = await window.start(wishes.host, port)
        yield url, over(destination(wishes.kind, way, wishes.token), files)
    except OSError as error:
        if (complaint := _complaint(error, wishes.host, port)) is None:
            raise
        raise complaint from error
    finally:
        await window.stop()


def _secured(host: str, folder: Path) -> tuple[ssl.SSLContext, dict[str, Json]]:
    """Return what a server at ``host`` shows for the next day, and the keys of a client that believes it."""
    authority = Authority(folder, "Dry run")
    here = {socket.gethostname(), "127.0.0.1"} if host in ANYWHERE else set()
    server = authority.server(*sorted({host, "localhost"} | here))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(server.certificate, server.key)
    return context, {"tls": {"ca_file": str(authority.certificate)}}


def _key(folder: Path, token: str) -> Path:
    path = folder / "shared-access.key"
    path.touch(mode=0o600)
    path.write_text(token or ANY_KEY)
    return path


def _complaint(error: OSError, host: str, port: int) -> Brygga | None:
    """Return what an installer can do about a door that does not open; None where it is something else."""
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"simulate platform: --host: {host!r} is no address of this machine; 127.0.0.1 and 0.0.0.0 are"
        )
    if error.errno in {errno.EADDRINUSE, errno.EACCES}:
        return Busy(f"{host}:{port} cannot be listened on ({error.strerror}); --port chooses another")
    return None
