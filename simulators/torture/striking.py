"""The deeds behind the names in `troubles`: how each begins and ends on a scene."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, asynccontextmanager
from functools import partial
from typing import Final

from simulators.chaos_proxy import WELL, Mood, Way
from simulators.faults.freezing import freeze
from simulators.faults.namespace import Namespace
from simulators.torture.equipment import CITY_LINK
from simulators.torture.scene import Scene
from simulators.torture.troubles import TROUBLES, Needs

Deed = Callable[[Scene], AbstractAsyncContextManager[None]]
Spoil = Callable[[Namespace], AbstractContextManager[None]]

SLOW: Final = Mood(delay_s=0.5, jitter_s=0.2, octets_per_s=4000)
NARROW_KBIT_PER_S: Final = 32
LOSS: Final = 0.3
FRAIL: Final = Mood(cut_every=3000)


def deed(name: str) -> Deed:
    """Return what begins trouble ``name``, and ends it when its context is left."""
    trouble = TROUBLES[name]
    return partial(_bad_disk, words=trouble.disk) if trouble.needs is Needs.SHIM else DEEDS[name]


# ── the agent ──


@asynccontextmanager
async def _kill(scene: Scene) -> AsyncIterator[None]:
    await scene.agent.kill()
    yield
    await scene.start_agent()


@asynccontextmanager
async def _kill_starting(scene: Scene) -> AsyncIterator[None]:
    await scene.agent.kill()
    async with scene.agent_starting():
        yield
    await scene.start_agent()


@asynccontextmanager
async def _cut_power(scene: Scene) -> AsyncIterator[None]:
    assert scene.volume is not None
    async with scene.volume_in_hand:
        if scene.agent.pid is not None:
            await asyncio.to_thread(freeze, scene.agent.pid)
        cut = await asyncio.to_thread(scene.volume.as_it_is_now)
        await scene.agent.kill()
        await asyncio.to_thread(scene.volume.replace_by, cut)
    yield
    await scene.start_agent()


# ── the broker ──


@asynccontextmanager
async def _kill_broker(scene: Scene) -> AsyncIterator[None]:
    await scene.broker.kill()
    scene.killed_broker_runs.add(scene.broker_run)
    yield
    await scene.start_broker()


@asynccontextmanager
async def _stop_broker(scene: Scene) -> AsyncIterator[None]:
    await scene.broker.stop()
    yield
    await scene.start_broker()


@asynccontextmanager
async def _pause_broker(scene: Scene) -> AsyncIterator[None]:
    scene.broker.pause()
    try:
        yield
    finally:
        scene.broker.resume()


# ── the line ──


@asynccontextmanager
async def _moody(scene: Scene, *, mood: Mood) -> AsyncIterator[None]:
    await scene.line.become(mood)
    try:
        yield
    finally:
        await scene.line.become(WELL)


@asynccontextmanager
async def _cut(scene: Scene) -> AsyncIterator[None]:
    scene.line.cut()
    yield


@asynccontextmanager
async def _half_close(scene: Scene) -> AsyncIterator[None]:
    scene.line.half_close()
    yield


@asynccontextmanager
async def _bad_link(scene: Scene, *, how: Spoil) -> AsyncIterator[None]:
    assert scene.network is not None
    with how(scene.network):
        yield


# ── the disk ──


@asynccontextmanager
async def _bad_disk(scene: Scene, *, words: str) -> AsyncIterator[None]:
    assert scene.disk is not None
    with scene.bad_disk():
        scene.disk.say(words)
        try:
            yield
        finally:
            scene.disk.heal()


@asynccontextmanager
async def _fill(scene: Scene) -> AsyncIterator[None]:
    assert scene.volume is not None
    with scene.bad_disk():
        async with scene.volume_in_hand:
            await asyncio.to_thread(scene.volume.fill)
        try:
            yield
        finally:
            async with scene.volume_in_hand:
                scene.volume.empty()


DEEDS: Final[Mapping[str, Deed]] = {
    "kill": _kill,
    "kill-starting": _kill_starting,
    "power-cut": _cut_power,
    "broker-kill": _kill_broker,
    "broker-stop": _stop_broker,
    "broker-pause": _pause_broker,
    "cut": _cut,
    "half-close": _half_close,
    "black-hole": partial(_moody, mood=Mood(way=Way.BLACK_HOLE)),
    "refuse": partial(_moody, mood=Mood(way=Way.REFUSE)),
    "silent": partial(_moody, mood=Mood(way=Way.SILENT)),
    "slow-line": partial(_moody, mood=SLOW),
    "frail-line": partial(_moody, mood=FRAIL),
    "link-down": partial(_bad_link, how=lambda network: network.down(CITY_LINK)),
    "swallowing-link": partial(_bad_link, how=lambda network: network.swallowing(CITY_LINK)),
    "narrow-link": partial(_bad_link, how=lambda network: network.narrow(CITY_LINK, NARROW_KBIT_PER_S)),
    "lossy-link": partial(_bad_link, how=lambda network: network.lossy(CITY_LINK, LOSS)),
    "full-disk": _fill,
}
