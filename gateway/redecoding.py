"""Decoders that are mended while the agent runs: used at once, and tried on what the old ones did not understand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from gateway.codecs import Codecs
from gateway.errors import StorageError
from gateway.machine import give_back

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between two looks at the folder of decoders: some 20 µs a file
# Looks between two tries of what was not tried when it came: five minutes after a device that waited is read again, and an
# hour, the longest that one waits, as long as there are any. Each try writes the rows that have to wait on once more.
SOON, LATE = 60, 720

LookAgain = Callable[[], bool]
"""Tell whether decoders have changed since it was asked last."""
Retry = Callable[[Mapping[str, str]], Awaitable[int]]
"""Put back the undecoded rows that decoders of these names and revisions would read; StorageError when the disk fails."""
RetryWaiting = Callable[[], Awaitable[int]]
"""Put back the undecoded rows that no decoder was tried on; StorageError when the disk fails."""


async def _none() -> int:
    return 0


class Redecoding:
    """Keep decoders and undecoded rows in step."""

    def __init__(
        self,
        codecs: Codecs,
        *,
        look_again: LookAgain,
        in_use: Callable[[], Iterable[str]],
        retry: Retry,
        retry_waiting: RetryWaiting = _none,
        broken: Callable[[], Mapping[str, str]] = dict,
        unread: Callable[[], str] = str,
    ) -> None:
        """Take the names of the decoders that devices have from ``in_use``, and from ``broken`` those whose files cannot be used.

        ``look_again`` is called in a thread; ``unread`` says why it could not look at the folder, or "".
        """
        self._codecs = codecs
        self._look_again = look_again
        self._in_use = in_use
        self._broken = broken
        self._unread = unread
        self._said = ""
        self._told: Mapping[str, str] = {}
        self._retry = retry
        self._retry_waiting = retry_waiting
        self._recovered = True  # those of a process before this one are tried at the first look
        self._looks = SOON  # since the last of those tries
        self._owed = False  # the disk failed: undecoded rows wait for another try

    async def run(self) -> None:
        """Look at the decoders' folder for ever; ends only by cancellation."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Use what has changed in the decoders' folder since the last look."""
        changed = await asyncio.to_thread(self._look_again)
        self._tell_of_the_unread()
        if changed:
            logger.info("decoders have changed: they are read anew")
        if changed or self._owed:
            await self.again()
        await self._look_at_the_waiting()

    async def again(self) -> None:
        """Take decoders anew and try the undecoded rows with them; what a failing disk keeps from it is made good later."""
        await asyncio.to_thread(self._look_again)
        current = await self._codecs.renew(self._in_use())
        give_back()
        self._tell_of_the_broken()
        try:
            count = await self._retry(current)
        except StorageError as error:
            if not self._owed:
                logger.error("undecoded uplinks cannot be tried again yet: %s", error)  # noqa: TRY400 - no bug: its trace tells no more
            self._owed = True
            return
        self._owed = False
        if count:
            logger.info("%d undecoded uplinks are tried again", count)

    async def _look_at_the_waiting(self) -> None:
        self._looks += 1
        self._recovered |= self._codecs.recovered()
        if not (self._looks > SOON and self._recovered) and not (self._looks > LATE and self._codecs.waiting):
            return
        try:
            count = await self._retry_waiting()
        except StorageError as error:
            logger.warning("uplinks that wait for their decoder cannot be tried again yet: %s", error)
            return
        finally:
            self._looks = 0
        self._recovered = False
        if count:
            logger.info("%d uplinks that waited for their decoder are tried again", count)

    def _tell_of_the_unread(self) -> None:
        why = self._unread()
        if why and why != self._said:
            logger.warning("decoders stay what they were, for their folder cannot be read: %s", why)
        self._said = why

    def _tell_of_the_broken(self) -> None:
        broken = self._broken()
        for name, why in broken.items():
            if self._told.get(name) != why:
                logger.warning("decoder %s stays what it was: %s", name, why)
        self._told = broken
