"""A process whose disk fails and recovers: commits one uplink after another, and says what became of each.

Each line is "<row> <f_cnt>" for an uplink that is acknowledged, "refused <f_cnt>" for one that the disk did not take: it is
tried again, as a device's next try would be.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from gateway.errors import StorageError
from gateway.journal import Changes, Journal
from tests.journal.samples import CITY, clock, session, uplink


async def main(path: Path) -> None:
    journal = await Journal.open(path, clock=clock, destinations=[CITY])
    f_cnt = 0
    while True:
        try:
            (row,) = await journal.commit(Changes(uplinks=(uplink(f_cnt),), sessions=(session(f_cnt + 1),)))
        except StorageError:
            os.write(1, f"refused {f_cnt}\n".encode())
        else:
            os.write(1, f"{row} {f_cnt}\n".encode())
            f_cnt += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
