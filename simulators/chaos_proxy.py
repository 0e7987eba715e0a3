"""A bad line: a TCP relay that delays, narrows, cuts, swallows or refuses, for whoever cannot or may not touch the network.

    python -m simulators.chaos_proxy --to 127.0.0.1:1883 --listen 127.0.0.1:1884 --delay-ms 300 --octets-per-s 2000 --seed 7

Standard input changes it while it runs: `well`, `black-hole`, `refuse`, `silent`, `cut`, `half-close`, `end`.

It ends each connection at itself. So what was on its way when the line failed comes late or not at all, as from the network, but
a SYN that nobody answers it cannot make: whoever dials into a black hole is connected, and hears nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from threading import Thread
from typing import Final, Self

CONNECT_LIMIT_S: Final = 5.0
AT_ONCE: Final = 4096  # octets; a narrow line lets a piece through at a time
LOCAL: Final = "127.0.0.1"


class Way(StrEnum):
    """What becomes of octets and of new connections."""

    THROUGH = "through"
    BLACK_HOLE = "black-hole"  # connections open and stay, nothing comes; what was sent meanwhile comes afterwards
    REFUSE = "refuse"  # all connections are cut, and new ones refused
    SILENT = "silent"  # new connections are accepted, and nothing is ever said on them; old ones go on


@dataclass(frozen=True, slots=True, kw_only=True)
class Mood:
    """How the line is. A new mood counts at once, for the connections that are there too."""

    way: Way = Way.THROUGH
    delay_s: float = 0.0  # of each piece, each way
    jitter_s: float = 0.0  # up to so much more, by chance; no piece overtakes another
    octets_per_s: float | None = None  # each way, of each connection
    cut_every: float | None = None  # octets: connections are cut after about so many, by chance


WELL: Final = Mood()


class ChaosProxy:
    """Listen on ``port`` of ``host`` (0: any), and carry what comes to ``target``, as the mood has it."""

    def __init__(
        self, target: tuple[str, int], *, mood: Mood = WELL, seed: int = 1, host: str = LOCAL, port: int = 0
    ) -> None:
        self.port = port
        self.counts: Counter[str] = Counter()
        self._host = host
        self._target = target
        self._random = Random(f"{seed}/line")
        self._mood = mood
        self._changed = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._lines: set[_Line] = set()

    async def __aenter__(self) -> Self:
        await self._listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    @property
    def mood(self) -> Mood:
        """How the line is now."""
        return self._mood

    async def become(self, mood: Mood) -> None:
        """Be like that from now on."""
        self._mood = mood
        self._changed.set()
        self._changed = asyncio.Event()
        if mood.way is Way.REFUSE:
            await self._close()
        elif self._server is None:
            await self._listen()

    def cut(self) -> int:
        """Cut all connections (RST), and return how many there were."""
        lines = list(self._lines)
        for line in lines:
            line.cut()
        self.counts["cut"] += len(lines)
        return len(lines)

    def half_close(self) -> int:
        """Say to all clients that nothing more will come (FIN), go on taking what they say, and return how many there were."""
        lines = list(self._lines)
        for line in lines:
            line.half_close()
        self.counts["half-closed"] += len(lines)
        return len(lines)

    async def is_open(self) -> None:
        """Return when octets may pass; no limit: a black hole ends when somebody says so."""
        while self._mood.way is Way.BLACK_HOLE:
            await self._changed.wait()

    def pause_s(self, octets: int) -> float:
        """Return how long a piece of so many octets takes."""
        mood = self._mood
        narrow = octets / mood.octets_per_s if mood.octets_per_s else 0.0
        return mood.delay_s + self._random.uniform(0.0, mood.jitter_s) + narrow

    def breaks(self, octets: int) -> bool:
        """Tell whether the line breaks within these octets."""
        every = self._mood.cut_every
        return every is not None and self._random.random() < octets / every

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, self._host, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])

    async def _close(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for line in list(self._lines):
            line.cut()
        if server is not None:
            await server.wait_closed()
        while self._lines:  # noqa: ASYNC110 - they end within a few turns, for their sockets are gone
            await asyncio.sleep(0)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.counts["connections"] += 1
        line = _Line(self, reader, writer)
        self._lines.add(line)
        try:
            await line.run(self._target, silent=self._mood.way is Way.SILENT)
        finally:
            self._lines.discard(line)


class _Line:
    """One connection and its other half."""

    def __init__(self, proxy: ChaosProxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy = proxy
        self._from_client = reader
        self._writers = [writer]
        self._cut = asyncio.Event()
        self._is_half_closed = False

    def cut(self) -> None:
        """Drop both halves, whatever is on its way."""
        self._cut.set()
        for writer in self._writers:
            writer.transport.abort()

    def half_close(self) -> None:
        """End what goes to the client."""
        self._is_half_closed = True
        with contextlib.suppress(OSError):
            self._writers[0].write_eof()

    async def run(self, target: tuple[str, int], *, silent: bool) -> None:
        """Carry both ways until one side has gone, or the line is cut."""
        tasks = {
            asyncio.create_task(self._listen() if silent else self._carry(target), name="line"),
            asyncio.create_task(self._cut.wait(), name="line's end"),
        }
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)  # no limit: a connection may be quiet
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for writer in self._writers:
                writer.close()

    async def _listen(self) -> None:
        while await self._from_client.read(AT_ONCE):  # no limit: until the client has had enough
            pass

    async def _carry(self, target: tuple[str, int]) -> None:
        await self._proxy.is_open()
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                from_target, to_target = await asyncio.open_connection(*target)
        except (OSError, TimeoutError):
            return  # the target is away: so is the line
        self._writers.append(to_target)
        up = asyncio.create_task(self._pump(self._from_client, to_target), name="line up")
        down = asyncio.create_task(self._pump(from_target, self._writers[0]), name="line down")
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)  # no limit: as above
        finally:
            up.cancel()
            down.cancel()
            await asyncio.gather(up, down, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while octets := await reader.read(AT_ONCE):  # no limit: as above
                await asyncio.sleep(self._proxy.pause_s(len(octets)))
                await self._proxy.is_open()
                if self._proxy.breaks(len(octets)):
                    self.cut()
                    return
                if not (self._is_half_closed and writer is self._writers[0]):
                    writer.write(octets)
                    await writer.drain()
        await self._proxy.is_open()  # a good-bye does not come through a black hole, either


# ── the command ──


def main(arguments: Sequence[str] | None = None) -> int:
    """Relay until Ctrl-C, or until standard input says `end`."""
    options = _parser().parse_args(arguments)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_relay(options))
    return 0


async def _relay(options: argparse.Namespace) -> None:
    mood = Mood(
        delay_s=options.delay_ms / 1000.0,
        jitter_s=options.jitter_ms / 1000.0,
        octets_per_s=options.octets_per_s,
        cut_every=options.cut_every,
    )
    host, port = options.listen
    words: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    reading = Thread(target=_read_words, args=(lambda word: loop.call_soon_threadsafe(words.put_nowait, word),))
    reading.daemon = True  # it waits in a read that nothing ends
    async with ChaosProxy(options.to, mood=mood, seed=options.seed, host=host, port=port) as proxy:
        print(f"listening on {host}:{proxy.port}", flush=True)  # noqa: T201 - whoever asked for port 0 waits for it
        reading.start()
        while (word := await words.get()) != "end":  # no limit: a line is there until somebody is done with it
            print(await _obey(proxy, mood, word), flush=True)  # noqa: T201 - the answer


async def _obey(proxy: ChaosProxy, usual: Mood, word: str) -> str:
    match word:
        case "well":
            await proxy.become(usual)
        case "cut":
            return f"cut {proxy.cut()}"
        case "half-close":
            return f"half-closed {proxy.half_close()}"
        case Way.BLACK_HOLE | Way.REFUSE | Way.SILENT:
            await proxy.become(replace(usual, way=Way(word)))
        case _:
            return f"{word!r} is none of well, {', '.join(list(Way)[1:])}, cut, half-close, end"
    return word


def _read_words(tell: Callable[[str], object]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop has ended
        for line in sys.stdin:
            for word in line.split():
                tell(word)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m simulators.chaos_proxy",
        description="Relay TCP over a bad line. Standard input changes it: well, black-hole, refuse, silent, cut, half-close, end.",
    )
    parser.add_argument("--to", type=_address, required=True, metavar="HOST:PORT")
    parser.add_argument("--listen", type=_address, default=(LOCAL, 0), metavar="HOST:PORT", help="port 0: any")
    parser.add_argument("--delay-ms", type=float, default=0.0, metavar="MS", help="of each piece, each way")
    parser.add_argument("--jitter-ms", type=float, default=0.0, metavar="MS", help="up to so much more, by chance")
    parser.add_argument("--octets-per-s", type=float, metavar="N", help="each way, of each connection")
    parser.add_argument("--cut-every", type=float, metavar="N", help="octets, about: then a connection is cut")
    parser.add_argument("--seed", type=int, default=1, metavar="N")
    return parser


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} where HOST:PORT is expected, e.g. 127.0.0.1:1883")
    return host, int(port)


if __name__ == "__main__":
    sys.exit(main())
