"""What happens as it happens: events for whoever reads them, each with its id, none kept for nobody (HTML, "Server-sent events").

    id: 5f2a0c1e-17
    event: frame
    data: {"at": "2026-11-26T08:00:00.123+00:00", …}

The first part of an id is the start of the agent: after another start nobody knows what was missed.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import secrets
from collections import deque
from collections.abc import Collection, Iterator
from typing import Final

from gateway.model import Json

KINDS: Final = ("frame", "uplink", "status", "log")
MOST_READERS: Final = 32  # each is a connection and what waits for it
MOST_WAITING: Final = 256  # events of one reader; who reads more slowly is told how many it has not got
KEPT: Final = 256  # events for who comes again; of kind status none, for the next one says more
EVENT_ID: Final = re.compile(r"(\w{8})-(\d{1,18})", re.ASCII)


class Crowded(Exception):
    """Say that there are as many readers as may be."""


class Reader:
    """Whoever reads: what waits for it, and how much of it has gone."""

    def __init__(self, kinds: Collection[str]) -> None:
        self.kinds = frozenset(kinds)
        self._waiting: deque[bytes] = deque()
        self._missed = 0
        self._news = asyncio.Event()
        self.is_over = False

    def put(self, event: bytes) -> None:
        """Add an event; where too many wait the oldest goes."""
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            self._missed += 1
        self._waiting.append(event)
        self._news.set()

    def end(self) -> None:
        """Have it read no more."""
        self.is_over = True
        self._news.set()

    async def take(self, limit_s: float) -> bytes:
        """Return all that waits, b"" when nothing came for so long."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit_s):
                await self._news.wait()
        self._news.clear()
        missed = _missed(self._missed) if self._missed else b""
        found = missed + b"".join(self._waiting)
        self._waiting.clear()
        self._missed = 0
        return found


class Live:
    """The events, and their readers."""

    def __init__(self) -> None:
        self._start = secrets.token_hex(4)
        self._number = 0
        self._kept: deque[tuple[int, str, bytes]] = deque(maxlen=KEPT)
        self._unheard_since = 0  # the last event before nobody read, and nothing was told
        self._readers: set[Reader] = set()
        self.changed = asyncio.Event()  # set, and replaced by a new one, when a reader comes or goes

    def __len__(self) -> int:
        return len(self._readers)

    def wants(self, kind: str) -> bool:
        """Tell whether anybody reads events of this kind."""
        return any(kind in reader.kinds for reader in self._readers)

    def tell(self, kind: str, what: Json) -> None:
        """Give an event to whoever reads its kind."""
        if not self.wants(kind):
            return
        self._number += 1
        data = json.dumps(what, ensure_ascii=False, separators=(",", ":"), default=str)
        event = f"id: {self._start}-{self._number}\nevent: {kind}\ndata: {data}\n\n".encode("utf-8", "replace")
        if kind != "status":
            self._kept.append((self._number, kind, event))
        for reader in self._readers:
            if kind in reader.kinds:
                reader.put(event)

    def hang_up(self) -> None:
        """End all readers there are."""
        for reader in self._readers:
            reader.end()

    @contextlib.contextmanager
    def reading(self, kinds: Collection[str], after: str | None) -> Iterator[Reader]:
        """Have a reader for the block; ``after`` is the id of the last event that it has. Raises Crowded."""
        if len(self._readers) >= MOST_READERS:
            raise Crowded
        reader = Reader(kinds)
        for event in self._since(reader, after):
            reader.put(event)
        self._readers.add(reader)
        self._ring()
        try:
            yield reader
        finally:
            self._readers.discard(reader)
            if not self._readers:
                self._unheard_since = self._number
            self._ring()

    def _ring(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def _since(self, reader: Reader, after: str | None) -> Iterator[bytes]:
        """Yield what a reader has missed that is kept, and that there was more where there was, or may have been."""
        found = None if after is None else EVENT_ID.fullmatch(after)
        if after is None:
            return
        seen = int(found[2]) if found and found[1] == self._start else None
        oldest = self._kept[0][0] if self._kept else self._number + 1
        if seen is None or (not self._readers and seen <= self._unheard_since) or seen + 1 < oldest:
            yield _missed(None)
        if seen is not None:
            yield from (event for number, kind, event in self._kept if number > seen and kind in reader.kinds)


def _missed(count: int | None) -> bytes:
    return f"event: missed\ndata: {json.dumps({'count': count})}\n\n".encode()
