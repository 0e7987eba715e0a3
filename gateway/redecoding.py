"""Decoders that are mended while the agent runs: used at once, and tried on what the old ones did not understand."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping

from gateway.codecs import Codecs
from gateway.errors import StorageError

logger = logging.getLogger(__name__)

LOOK_EVERY = 5.0  # seconds between two looks at the folder of decoders: some 20 µs a file

LookAgain = Callable[[], bool]
"""Tell whether decoders have changed since it was asked last."""
Retry = Callable[[Mapping[str, str]], Awaitable[int]]
"""Put back the undecoded rows that decoders of these names and revisions would read; StorageError when the disk fails."""


class Redecoding:
    """Keep decoders and undecoded rows in step."""

    def __init__(
        self,
        codecs: Codecs,
        *,
        look_again: LookAgain,
        in_use: Callable[[], Iterable[str]],
        retry: Retry,
        broken: Callable[[], Mapping[str, str]] = dict,
    ) -> None:
        """Take the names of the decoders that devices have from ``in_use``, and from ``broken`` those whose files cannot be used."""
        self._codecs = codecs
        self._look_again = look_again
        self._in_use = in_use
        self._broken = broken
        self._told: Mapping[str, str] = {}
        self._retry = retry
        self._owed = False  # the disk failed: undecoded rows wait for another try

    async def run(self) -> None:
        """Look at the decoders' folder for ever; ends only by cancellation."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def look(self) -> None:
        """Use what has changed in the decoders' folder since the last look."""
        changed = self._look_again()
        if changed:
            logger.info("decoders have changed: they are read anew")
        if changed or self._owed:
            await self.again()

    async def again(self) -> None:
        """Take decoders anew and try the undecoded rows with them; what a failing disk keeps from it is made good later."""
        self._look_again()
        self._codecs.forget()
        current = self._codecs.revisions(set(self._in_use()))
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

    def _tell_of_the_broken(self) -> None:
        broken = self._broken()
        for name, why in broken.items():
            if self._told.get(name) != why:
                logger.warning("decoder %s stays what it was: %s", name, why)
        self._told = broken
