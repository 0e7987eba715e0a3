"""Health messages: how the box is, to a broker, again and again; what is not taken comes with the next one."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections import Counter
from collections.abc import Mapping
from typing import Final

from gateway import __version__
from gateway.errors import StorageError, Unreachable
from gateway.model import Clock, Json, Request, Verdict
from gateway.observe.counter import Sight
from gateway.observe.message import disk_message, message
from gateway.observe.settings import Health
from gateway.transports import Transport

FIRST_S: Final = 5.0  # after the start: sources and destinations have met by then
LEAVE_LIMIT_S: Final = 5.0

logger = logging.getLogger(__name__)


class Messages:
    """Tell one broker."""

    def __init__(self, settings: Health, gateway: str, transport: Transport, sight: Sight, clock: Clock) -> None:
        self._settings = settings
        self._gateway = gateway
        self._transport = transport
        self._sight = sight
        self._clock = clock
        self._counts: Counter[str] = Counter()
        self._trouble = ""

    async def run(self) -> None:
        """Tell until cancelled, then say "offline" and good-bye."""
        try:
            await asyncio.sleep(min(FIRST_S, self._settings.interval_s))
            while True:
                await self._tell()
                await asyncio.sleep(self._settings.interval_s)
        finally:
            # In a task of its own: in one that is cancelled, Python 3.11.2 (Debian 12) takes its timeouts for cancellation.
            async with asyncio.TaskGroup() as leaving:
                leaving.create_task(self._leave(), name="leaving the broker of health")

    def status(self) -> Mapping[str, Json]:
        """Return where it is told, how often it was, and what is wrong."""
        return {
            "topic": self._settings.topic,
            "trouble": self._trouble or None,
            "counts": dict(self._counts),
            "transport": self._transport.status(),
        }

    async def _tell(self) -> None:
        text = json.dumps(await self._message(), ensure_ascii=False, separators=(",", ":"))
        request = Request(target=self._settings.topic, body=text.encode(), content_type="application/json")
        try:
            (answer,) = await self._transport.send([request])
        except Unreachable as error:
            self._note(str(error))
            return
        self._note("" if answer.verdict is Verdict.TAKEN else f"{answer.verdict}: {answer.detail}")

    async def _message(self) -> Mapping[str, Json]:
        now, interval_s = self._clock().utc, self._settings.interval_s
        try:
            return message(await self._sight.view(), now, interval_s)
        except StorageError as error:
            return disk_message(self._gateway, __version__, now, interval_s, str(error))

    def _note(self, trouble: str) -> None:
        self._counts["not_taken" if trouble else "taken"] += 1
        if trouble and not self._trouble:
            logger.warning("health: %s; the next message is tried in %g s", trouble, self._settings.interval_s)
        elif self._trouble and not trouble:
            logger.warning("health: told again")
        self._trouble = trouble

    async def _leave(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVE_LIMIT_S):
                await self._transport.close()
