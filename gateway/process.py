"""The process of the agent: from the signals and the service manager to a running agent, and to its end."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import gc
import logging
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.agent import Agent, Read, first_cause, running
from gateway.config import Settings
from gateway.errors import Brygga, Busy, ConfigError
from gateway.model import RowId
from gateway.pulse import Pulse
from gateway.service import hangup
from gateway.service.notify import Notifier
from gateway.service.watching import watched
from gateway.service.words import standing
from gateway.sources.beginning import not_there

logger = logging.getLogger(__name__)

SOURCES_LIMIT_S: Final = 10.0  # for sources to hear, before it is said that the agent has started
SWITCH_INTERVAL: Final = (
    0.0005  # seconds; with Python's 5 ms a busy loop keeps the journal's thread waiting for up to seconds
)
COLLECT_AFTER: Final = (  # objects; values here make no circles, and with Python's 700 a tenth of the time went there
    10_000,
    20,
    20,
)
PATIENCE_S: Final = (
    60.0  # asked for while the journal is opened: a migration, or salvage from a damaged file, takes minutes
)
MOST_PATIENCE_S: Final = 3600.0  # 512 MB of a damaged journal on the slowest card take less
STATUS_EVERY_S: Final = 10.0
HEART_EVERY_S: Final = 1.0
AFTER_WATCHDOG: Final = 2  # the loop stands still for half of the watchdog's time before that is said


async def run(
    settings: Settings, *, take_backlog: bool = False, read: Read | None = None, notifier: Notifier | None = None
) -> int:
    """Run until SIGTERM or SIGINT, and return 0; errors and ``take_backlog`` are those of `running`.

    SIGHUP has the agent ``read`` its configuration once more.
    """
    sys.setswitchinterval(SWITCH_INTERVAL)
    gc.set_threshold(*COLLECT_AFTER)
    notifier = notifier or Notifier.of(os.environ)
    stop, again = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    for number, event in ((signal.SIGTERM, stop), (signal.SIGINT, stop), (signal.SIGHUP, again)):
        loop.add_signal_handler(number, event.set)
    if hangup.was_asked():
        again.set()
    try:
        async with asyncio.TaskGroup() as tasks:
            patience = tasks.create_task(_ask_for_patience(notifier), name="patience of the service manager")
            try:
                async with running(settings, take_backlog=take_backlog, read=read) as agent:
                    patience.cancel()
                    await _live(agent, notifier, stop, again)
            finally:
                patience.cancel()
    except Busy as error:
        raise _two_agents(error) from error
    except BaseExceptionGroup as group:
        cause = first_cause(group)
        raise (_two_agents(cause) if isinstance(cause, Busy) else cause) from group
    return 0


def _two_agents(error: Busy) -> Busy:
    return Busy(
        f"{error}: an agent is at work on this folder already; stop it, or give this one a folder of its own (gateway.data)"
    )


async def _live(agent: Agent, notifier: Notifier, stop: asyncio.Event, again: asyncio.Event) -> None:
    for name in await not_there(agent.sources, stop, SOURCES_LIMIT_S):
        logger.warning("source %s is not there yet; it is tried again and again, `brygga source test` tells why", name)
    agent.announcing_reload = lambda: _announced(notifier)
    heart = Pulse("the event loop", (notifier.watchdog_s or 0.0) / AFTER_WATCHDOG)
    if notifier.watchdog_s is not None:
        faulthandler.enable()  # systemd ends what hangs by SIGABRT: the log then has where it hung, whatever held Python's lock
    async with asyncio.TaskGroup() as tasks:
        side = [tasks.create_task(_reload_when(again, agent), name="reloading")]
        if notifier.is_listening:
            side.append(tasks.create_task(_tell(notifier, agent), name="status for the service manager"))
            side.append(tasks.create_task(_beat(heart), name="heart"))
        with watched(notifier, lambda: [heart, *agent.pulses()]):
            notifier.ready()
            logger.info("%s: started; `brygga status` shows how it goes", agent.settings.gateway.name)
            await stop.wait()  # no limit: the agent runs until it is told to stop
            notifier.stopping()
            logger.info("stopping")
        for task in side:
            task.cancel()


async def _ask_for_patience(notifier: Notifier) -> None:
    """Ask the service manager for more time as long as the start takes, up to a limit."""
    for _ in range(round(MOST_PATIENCE_S * 2 / PATIENCE_S)):
        notifier.extend(PATIENCE_S)
        await asyncio.sleep(PATIENCE_S / 2)
        notifier.status("opening the journal: it is being brought to this version, or mended")


async def _beat(heart: Pulse) -> None:
    with heart.round():
        while True:
            heart.beat()
            await asyncio.sleep(HEART_EVERY_S)


async def _tell(notifier: Notifier, agent: Agent) -> None:
    while True:
        silent = await agent.not_hearing()
        notifier.status(standing(len(agent.sources), len(silent), agent.network.status()["devices"], _waiting(agent)))
        await asyncio.sleep(STATUS_EVERY_S)


def _waiting(agent: Agent) -> dict[str, int]:
    """Return how much waits for each destination that the journal knows by now."""
    known: Sequence[str] = agent.journal.destinations()
    names = (telling.destination.name for telling in agent.tellings)
    return {name: agent.journal.ahead(name, RowId(0)).waiting for name in names if name in known}


async def _reload_when(asked: asyncio.Event, agent: Agent) -> None:
    while True:
        await asked.wait()  # no limit: perhaps nobody ever asks
        asked.clear()
        try:
            await agent.reload()
        except ConfigError as error:
            for problem in error.problems:
                logger.error("not reloaded, all goes on as before: %s", problem)  # noqa: TRY400 - no bug: no trace
        except Brygga as error:
            logger.error("not reloaded, all goes on as before: %s", error)  # noqa: TRY400 - as above


@contextlib.contextmanager
def _announced(notifier: Notifier) -> Iterator[None]:
    notifier.reloading()
    try:
        yield
    finally:
        notifier.ready()
