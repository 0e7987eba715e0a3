"""A process to be killed: commits uplinks and delivers them, and says what it was promised.

Each line of its output is complete or absent: "<row> <f_cnt>" for an uplink that is acknowledged, "<row>" for one that was
delivered.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from gateway.journal import Changes, Journal
from tests.journal.samples import CITY, clock, deliver, session, uplink

LIMIT = 1024 * 1024  # bytes: small segments, so that they begin and are dropped all the time
AT_ONCE = 20


def say(text: str) -> None:
    os.write(1, text.encode())


async def hear(journal: Journal, counters: Iterator[int]) -> None:
    for f_cnt in counters:
        (row,) = await journal.commit(Changes(uplinks=(uplink(f_cnt),), sessions=(session(f_cnt + 1),)))
        say(f"{row} {f_cnt}\n")


async def tell(journal: Journal) -> None:
    while True:
        await journal.wait(CITY)
        rows = [row.id for row in await journal.read(CITY, 50)]
        say("".join(f"{row}\n" for row in rows))
        await deliver(journal, rows)


async def main(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, limit_bytes=LIMIT, keep_delivered=timedelta(0), destinations=[CITY])
    known = await journal.sessions()
    counters = itertools.count(known[0].f_cnt_up if known else 0)
    async with asyncio.TaskGroup() as tasks:
        for number in range(AT_ONCE):
            tasks.create_task(hear(journal, counters), name=f"hear {number}")
        tasks.create_task(tell(journal), name="tell")


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
