"""The two ways to show a story: a live screen, and plain lines where there is no terminal."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Final, Protocol

from rich.console import Console
from rich.live import Live

from simulators.demo.snapshot import Snapshot
from simulators.demo.tale import Moment
from simulators.demo.view import clock, picture

SMALLEST: Final = (72, 20)  # columns and rows that a live screen needs
LINE_EVERY_S: Final = 2.0


class Show(Protocol):
    """Someone who looks."""

    def draw(self, moment: Moment) -> None:
        """Show ``moment``."""
        ...


class Screenful:
    """A picture that replaces the one before."""

    def __init__(self, live: Live) -> None:
        self._live = live

    def draw(self, moment: Moment) -> None:
        """Draw it as large as the terminal is now."""
        size = self._live.console.size
        self._live.update(picture(moment, size.width, size.height), refresh=True)


class Lines:
    """What happened, as it happens, and every two seconds how it stands."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._told_s = -1.0  # of the events
        self._stood_s = 0.0

    def draw(self, moment: Moment) -> None:
        """Print what is new."""
        for event in moment.events:
            if event.at_s > self._told_s:
                self._print(event.at_s, event.words)
                self._told_s = event.at_s
        if moment.at_s - self._stood_s >= LINE_EVERY_S:
            self._stood_s = moment.at_s
            self._print(moment.at_s, _standing(moment.snapshot))

    def _print(self, at_s: float, words: str) -> None:
        self._console.print(f"{clock(at_s)}  {words}", markup=False, highlight=False, soft_wrap=True)


def _standing(snapshot: Snapshot) -> str:
    cities = [
        f"{one.name} {one.words}, waiting {one.waiting}, delivered {one.delivered}" for one in snapshot.destinations
    ]
    ages = ((one.age_s, one) for one in snapshot.devices if one.age_s is not None)
    _, latest = min(ages, default=(0.0, None), key=lambda pair: pair[0])
    said = f"; {latest.name}: {', '.join(latest.values)}" if latest is not None else ""
    return f"    {snapshot.on_disk} uplinks on disk; {'; '.join(cities)}{said}"


@contextlib.contextmanager
def show_on(console: Console) -> Iterator[Show]:
    """Return the show that suits ``console``."""
    small = console.width < SMALLEST[0] or console.height < SMALLEST[1]
    if small or console.is_dumb_terminal or not console.is_terminal:
        yield Lines(console)
        return
    # Drawn by whoever calls, never by a thread of rich's own.
    with Live(console=console, screen=True, auto_refresh=False, vertical_overflow="crop") as live:
        yield Screenful(live)
