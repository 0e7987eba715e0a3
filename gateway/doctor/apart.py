"""Work that may hang in the kernel (a name server, a mount that has gone), on a thread that nobody has to wait for.

asyncio's own threads are joined when a program ends: a doctor that has said all would hang there.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


async def apart(work: Callable[..., T], *arguments: Any) -> T:
    """Return what ``work`` returns, or raise what it raises; who cancels leaves the thread to its end."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def say(tell: Callable[[Any], None], outcome: Any) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile: nobody waits
            loop.call_soon_threadsafe(lambda: None if done.done() else tell(outcome))

    def run() -> None:
        try:
            outcome = work(*arguments)
        except Exception as error:  # noqa: BLE001 - raised again by who waits
            say(done.set_exception, error)
        else:
            say(done.set_result, outcome)

    threading.Thread(target=run, name=f"doctor {getattr(work, '__name__', 'probe')}", daemon=True).start()
    return await done
