"""Sources that begin: a port is there at once, a broker or a modem may be away for hours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from gateway.sources import Source


async def not_there(sources: Sequence[Source], stop: asyncio.Event, limit_s: float) -> Sequence[str]:
    """Return the names of those that do not hear yet: none as soon as all do; else after ``limit_s``, or when ``stop`` is set."""
    hearing = {
        asyncio.ensure_future(source.listening()): source.name for source in sources
    }  # no group: each may be given up
    stopped = asyncio.create_task(stop.wait(), name="stopped before all sources heard")
    try:
        async with asyncio.timeout(limit_s):
            while (waiting := [one for one in hearing if not one.done()]) and not stopped.done():
                await asyncio.wait((*waiting, stopped), return_when=asyncio.FIRST_COMPLETED)
    except TimeoutError:
        pass
    finally:
        late = [one for one in hearing if not one.done()]
        for one in (*late, stopped):
            one.cancel()
        await asyncio.gather(*late, stopped, return_exceptions=True)
    return [hearing[one] for one in late]
