"""The last lines of the log, in memory: for people who look at a box without a terminal."""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Final, Self

from gateway import __version__
from gateway.errors import ConfigError
from gateway.model import Json

KEPT: Final = 1000  # lines, 300 kB
LONGEST: Final = 4000  # characters of one: a trace's end tells most
LEVELS: Final = {
    "debug": logging.DEBUG,
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
}

Tell = Callable[[Mapping[str, Json]], None]


class LogLines(logging.Handler):
    """Keep what is logged; any thread may log."""

    def __init__(self) -> None:
        super().__init__()
        self._lines: deque[tuple[int, Mapping[str, Json]]] = deque(maxlen=KEPT)
        self._count = 0
        self._followers: tuple[Tell, ...] = ()

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line. One that cannot be made is logging's own to complain of, and never stops who logs."""
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - what is logged may raise anything when it is put into words
            self.handleError(record)
            return
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": _level(record.levelno),
            "name": record.name,
            "text": text if len(text) <= LONGEST else f"… {text[-LONGEST:]}",
        }
        self._lines.append((record.levelno, line))
        self._count += 1
        for tell in self._followers:
            tell(line)

    @contextlib.contextmanager
    def kept(self) -> Iterator[Self]:
        """Keep all that is logged, for as long as the block lasts."""
        root = logging.getLogger()
        root.addHandler(self)
        try:
            yield self
        finally:
            root.removeHandler(self)

    @contextlib.contextmanager
    def followed(self, tell: Tell) -> Iterator[None]:
        """Call ``tell`` with each line, in the thread that logs, for as long as the block lasts."""
        self._followers = (*self._followers, tell)
        try:
            yield
        finally:
            self._followers = tuple(one for one in self._followers if one is not tell)

    async def answer(self, request: Mapping[str, Json]) -> Json:
        """Return the newest lines; ConfigError says what is wrong with the request."""
        match request:
            case {"do": "log.lines", "level": str(level), "limit": int(limit)} if level in LEVELS and limit > 0:
                found = [line for number, line in reversed([*self._lines]) if number >= LEVELS[level]]
                return {"lines": found[:limit], "dropped": self._count - len(self._lines)}
            case _:
                raise ConfigError(f"control: {request['do']!r} is nothing that this agent does (brygga {__version__})")


def _level(number: int) -> str:
    return next((name for name, least in reversed(LEVELS.items()) if number >= least), "debug")
