"""The watchdog: fed while every loop of the agent moves. It has a thread of its own, so that it can say what does not."""

from __future__ import annotations

import logging
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from gateway.pulse import Pulse
from gateway.service.notify import Notifier

logger = logging.getLogger(__name__)

LOOKS: Final = 4  # in the time after which systemd kills: one or two may come late
END_S: Final = 5.0  # for the thread to end

Pulses = Callable[[], Sequence[Pulse]]
"""Return the pulses of all loops that there are now; asked in the watchdog's thread."""


class Watch:
    """Which loops stand still: pure, the time is given."""

    def __init__(self) -> None:
        self._seen: dict[Pulse, tuple[int, float]] = {}

    def stuck(self, pulses: Sequence[Pulse], now: float) -> list[tuple[Pulse, float]]:
        """Return the loops that are under way and did nothing for longer than their limit, and for how many seconds."""
        self._seen = {one: self._looked_at(one, now) for one in pulses}
        ages = [(one, now - since) for one, (_, since) in self._seen.items()]
        return [(one, age) for one, age in ages if age > one.limit_s]

    def _looked_at(self, pulse: Pulse, now: float) -> tuple[int, float]:
        number, before = pulse.number, self._seen.get(pulse)
        return before if before is not None and before[0] == number and pulse.under_way else (number, now)


@contextmanager
def watched(notifier: Notifier, pulses: Pulses) -> Iterator[None]:
    """Feed the watchdog for as long as the block lasts, and while the loops move; where there is none, nothing is done."""
    if notifier.watchdog_s is None:
        yield
        return
    ended = threading.Event()
    arguments = (notifier, pulses, notifier.watchdog_s / LOOKS, ended)
    thread = threading.Thread(target=_feed, args=arguments, name="watchdog", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(END_S)


def _feed(notifier: Notifier, pulses: Pulses, every_s: float, ended: threading.Event) -> None:
    watch, told = Watch(), False
    while not ended.wait(every_s):
        stuck = watch.stuck(pulses(), time.monotonic())
        if not stuck:
            told = False
            notifier.alive()
        elif not told:
            told = True
            words = ", ".join(f"{one.name} has not moved for {age:.0f} s" for one, age in stuck)
            notifier.status(f"hangs: {words}; the watchdog ends it")
            logger.critical("%s: the watchdog is fed no more. What the threads do:\n%s", words, _threads())


def _threads() -> str:
    names = {one.ident: one.name for one in threading.enumerate()}
    stacks = sys._current_frames().items()  # noqa: SLF001 - the one way to see what another thread does
    return "\n".join(f"{names.get(number, number)}:\n{''.join(traceback.format_stack(one))}" for number, one in stacks)
