"""The control socket: what the commands ask of a running agent, and of the locked journal when none runs.

One JSON object a line, one answer a line, over a unix socket that only its owner may open, or its group where it is a service. `Desk` answers; it does
not know whether an agent stands behind it, so that a command gives the same answer either way.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.errors import Brygga, Busy, ConfigError, StorageError

if TYPE_CHECKING:
    from gateway.config import Settings
    from gateway.desk import Desk
    from gateway.model import Clock, Json

__all__ = ["Ask", "Denied", "NotRunning", "ask", "ask_at", "ask_running", "conversation", "serving"]

# The desk and the journal are imported where an agent is stopped: to ask a running one takes neither.

logger = logging.getLogger(__name__)

LINE_LIMIT = 64 * 1024 * 1024  # octets; 100,000 devices as CSV are about 20 MB
ANSWER_TIME = 60.0  # seconds; an import of 10,000 devices on a slow card takes a few
FIRST_STEPS = {"device.add", "device.import"}  # what makes the journal of a box that has not run yet

Meet = Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]
Ask = Callable[[Mapping[str, Any]], Awaitable[Any]]


class NotRunning(Brygga):
    """No agent listens at the socket."""


class Denied(Busy):
    """The socket is another user's."""


@contextlib.asynccontextmanager
async def serving(path: Path, desk: Desk) -> AsyncIterator[None]:
    """Serve ``desk`` on the unix socket ``path`` (mode 0600, or 0660: see `is_shared`) for as long as the block lasts.

    Whoever calls holds the journal's lock, so a socket that lies there is left from a crash.
    """
    ongoing: set[asyncio.Task[None]] = set()

    def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = conversations.create_task(_converse(desk, reader, writer), name="control conversation")
        ongoing.add(task)
        task.add_done_callback(ongoing.discard)

    server = await _listen(path, meet)
    async with asyncio.TaskGroup() as conversations:
        await server.start_serving()
        try:
            yield
        finally:
            server.close()
            _remove(path)
            for task in ongoing:
                task.cancel()


async def _listen(path: Path, meet: Meet) -> asyncio.Server:
    mask = os.umask(
        0o117 if is_shared(path) else 0o177
    )  # before the socket is there: a chmod after would come too late
    try:
        _remove(path)
        return await asyncio.start_unix_server(meet, path, limit=LINE_LIMIT, start_serving=False)
    except OSError as error:
        raise ConfigError(
            f"gateway.control_socket: {path} cannot be made: {error.strerror or error}; "
            "its folder has to be there and this user's, and its path has at most 107 octets"
        ) from error
    finally:
        os.umask(mask)


def is_shared(path: Path) -> bool:
    """Tell whether the agent's group may use the socket: where it lies in the folder that systemd made for this service.

    Who may enter that folder is systemd's to say (RuntimeDirectoryMode=); whoever may use the socket may read device keys.
    """
    return str(path.parent) in os.environ.get("RUNTIME_DIRECTORY", "").split(":")


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)


async def _converse(desk: Desk, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        async with asyncio.timeout(ANSWER_TIME):
            line = await reader.readline()
            writer.write(await _answer_line(desk, line) + b"\n")
            await writer.drain()
    except (TimeoutError, ConnectionError):
        pass  # whoever asked has gone, or sent no line within the limit
    except ValueError:
        writer.write(_too_long_a_line() + b"\n")
    finally:
        writer.close()


async def _answer_line(desk: Desk, line: bytes) -> bytes:
    try:
        request = json.loads(line)
    except ValueError as error:
        return _reply({"problems": [f"control: a request is one JSON object a line: {error}"]})
    if not isinstance(request, dict):
        return _reply({"problems": ["control: a request is one JSON object a line"]})
    try:
        return _reply({"answer": await desk.answer(request)})
    except ConfigError as error:
        return _reply({"problems": list(error.problems)})
    except StorageError as error:
        return _reply({"failure": str(error)})
    except Exception as error:  # a bug in one answer: whoever asked is told, and hearing and telling go on
        logger.exception("no answer to %r", request.get("do"))
        words = f"{type(error).__name__}: {error}"
        return _reply({"failure": f"a fault of the agent's own ({words}); its log has the trace, please report it"})


def _reply(reply: Mapping[str, Json]) -> bytes:
    return json.dumps(reply).encode()


def _too_long_a_line() -> bytes:
    return _reply({"problems": [f"control: a request has at most {LINE_LIMIT} octets; divide the file"]})


async def ask(settings: Settings, clock: Clock, request: Mapping[str, Json]) -> Json:
    """Ask the running agent, or the journal itself when no agent runs. Raises ConfigError, Busy, StorageError."""
    try:
        return await ask_running(settings, request)
    except NotRunning:
        return await _ask_journal(settings, clock, request)


async def ask_running(settings: Settings, request: Mapping[str, Json], limit_s: float | None = None) -> Json:
    """Ask the running agent alone, within `ANSWER_TIME` or ``limit_s``. Raises NotRunning, ConfigError, Busy, StorageError."""
    return await ask_at(settings.control_socket, request, limit_s)


async def ask_at(path: Path, request: Mapping[str, Json], limit_s: float | None = None) -> Json:
    """Ask the agent whose socket ``path`` is; raises as `ask_running`."""
    limit_s = ANSWER_TIME if limit_s is None else limit_s
    try:
        reader, writer = await asyncio.open_unix_connection(path, limit=LINE_LIMIT)
    except (FileNotFoundError, ConnectionRefusedError) as error:
        raise NotRunning(f"no agent answers at {path}") from error
    except PermissionError as error:
        raise Denied(f"{path} belongs to another user: be that user, or try with sudo") from error
    except OSError as error:
        raise ConfigError(f"gateway.control_socket: {path} cannot be opened: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(limit_s):
            writer.write(json.dumps(request).encode() + b"\n")
            line = await reader.readline()
    except (TimeoutError, ConnectionError) as error:
        raise Busy(f"the agent at {path} does not answer within {limit_s:g} s: is it overloaded?") from error
    finally:
        writer.close()
    return _answer_of(line)


def _answer_of(line: bytes) -> Json:
    if not line.endswith(b"\n"):
        raise Busy("the agent stopped before it had answered; try again")
    match json.loads(line):
        case {"answer": answer}:
            return answer
        case {"failure": failure}:
            raise StorageError(failure)
        case {"problems": problems}:
            raise ConfigError(problems)
    raise Busy("what answers at the control socket is no agent of this version")


@contextlib.asynccontextmanager
async def conversation(settings: Settings, clock: Clock) -> AsyncIterator[Ask]:
    """Have one to ask many things: the running agent, or a stopped one's journal, which is opened once and locked meanwhile."""
    path = settings.control_socket
    try:
        _, writer = await asyncio.open_unix_connection(path)
    except (FileNotFoundError, ConnectionRefusedError):
        async with _stopped(settings, clock) as desk:
            yield desk.answer
        return
    except OSError:  # `ask` says what is wrong with it
        pass
    else:
        writer.close()
    yield lambda request: ask(settings, clock, request)


async def _ask_journal(settings: Settings, clock: Clock, request: Mapping[str, Json]) -> Json:
    from gateway.config import make_data_folder

    if request["do"] in FIRST_STEPS:
        make_data_folder(settings.gateway.data)
    async with _stopped(settings, clock, may_make=request["do"] in FIRST_STEPS) as desk:
        return await desk.answer(request)


@contextlib.asynccontextmanager
async def _stopped(settings: Settings, clock: Clock, *, may_make: bool = False) -> AsyncIterator[Desk]:
    """Have the desk of a stopped agent, its journal locked. Raises ConfigError where there is none and none may be made."""
    from gateway.desk import Desk
    from gateway.journal import Journal, WhenFull

    path = settings.journal_path
    if not may_make and not _is_there(path):
        raise ConfigError(
            f"{path}: there is no journal yet: `brygga run`, `brygga device add` and `brygga device import` make it "
            "(gateway.data names its folder)"
        )
    try:
        journal = await Journal.open(
            path,
            limit_bytes=settings.journal.limit_bytes,
            keep_delivered=settings.journal.keep_delivered,
            when_full=WhenFull(settings.journal.when_full),
            clock=clock,
            key_file=settings.gateway.key_file,
        )
    except Busy as error:
        raise Busy(f"{error}, and no agent answers at {settings.control_socket}: try again in a moment") from error
    try:
        yield Desk(settings, journal, clock)
    finally:
        await journal.close()


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except PermissionError as error:
        raise Busy(f"{path.parent} belongs to another user: be that user, or try with sudo") from error
