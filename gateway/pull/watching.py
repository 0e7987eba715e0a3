"""The running agent with a new configuration: told of it, and watched for a minute."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.config import DestinationSettings
from gateway.errors import Busy, ConfigError, StorageError
from gateway.model import Json
from gateway.pull.health import Status, is_settled, untold, worse
from gateway.transports import tls
from gateway.trial.steps import reach

EVERY_S: Final = 2.0  # between two looks
AT_A_TIME: Final = 8  # destinations whose doors are tried side by side

Ask = Callable[[Mapping[str, Json]], Awaitable[Json]]


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What became of the agent: what it took, and what it takes at its next start."""

    changed: tuple[str, ...]
    restart: tuple[str, ...]


async def reload(ask: Ask) -> Reloaded:
    """Have the agent read its configuration anew; raises ConfigError where it does not take it."""
    answer = await ask({"do": "reload"})
    return Reloaded(tuple(answer.get("changed", ())), tuple(answer.get("restart", ())))


async def status(ask: Ask) -> Status:
    """Return how the agent is."""
    answer: Status = await ask({"do": "status"})
    return answer


async def watch(ask: Ask, before: Status, destinations: Sequence[DestinationSettings], limit_s: float) -> list[str]:
    """Return what goes worse than ``before`` after ``limit_s``, or nothing as soon as all goes as well."""
    loop = asyncio.get_running_loop()
    began = loop.time()
    while (passed_s := loop.time() - began) < limit_s:
        await asyncio.sleep(min(EVERY_S, limit_s - passed_s))
        after = await _status_now(ask)
        if after is not None and is_settled(before, after, loop.time() - began):
            return []
    after = await _status_now(ask)
    if after is None:
        return ["the agent does not answer any more"]
    return [*worse(before, after), *await _unreachable(destinations, untold(before, after))]


async def _status_now(ask: Ask) -> Status | None:
    try:
        return await status(ask)
    except (Busy, ConfigError, StorageError):
        return None


async def _unreachable(destinations: Sequence[DestinationSettings], names: Sequence[str]) -> list[str]:
    """Return what is wrong on the way to destinations that nothing was told since: whether their doors open."""
    room = asyncio.Semaphore(AT_A_TIME)
    tried = [_tried(one, room) for one in destinations if one.name in names]
    return [words for words in await asyncio.gather(*tried) if words]


async def _tried(one: DestinationSettings, room: asyncio.Semaphore) -> str:
    platform = one.platform
    made = (lambda: tls.context(platform.tls)) if platform.endpoint.secure else None
    async with room:
        last = (await reach(platform.endpoint, made, platform.proxy))[-1]
    return "" if last.is_good else f"destination {one.name}: {last.words}"
