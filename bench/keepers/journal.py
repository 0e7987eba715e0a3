"""Our journal as a keeper: a message is accepted when the commit of its uplink has returned (`bench.keepers.Program`)."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from gateway.clock import SystemClock
from gateway.errors import StorageError
from gateway.journal import Changes, Journal
from gateway.model import Eui64, Instant, RowId, TimeQuality, Uplink, uplink_id

AT_ONCE: Final = 100  # callers that wait
PAYLOAD_OCTETS: Final = 242  # the largest; by chance, so that nothing makes it smaller
OWNER: Final = Eui64("70b3d57ed0be0001")


async def keep(folder: Path, messages: int, per_s: int) -> None:
    """Commit uplinks until all are offered, then wait for SIGTERM and close."""
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    journal = await Journal.open(folder / "journal.db", clock=SystemClock(), destinations=["city"])
    try:
        offering = asyncio.create_task(_offer(journal, messages, per_s), name="offering")
        await stopping.wait()
        offering.cancel()
        with suppress(asyncio.CancelledError):
            await offering
    finally:
        await journal.close()


async def _offer(journal: Journal, messages: int, per_s: int) -> None:
    numbers = iter(range(1, messages + 1))
    began = time.monotonic()

    async def hear() -> None:
        for number in numbers:
            if per_s:
                await asyncio.sleep(max(0.0, began + number / per_s - time.monotonic()))
            with suppress(StorageError):  # not accepted: nothing is said of it
                await journal.commit(Changes(uplinks=(_uplink(number),)))
                _say(str(number))

    await asyncio.gather(*(hear() for _ in range(1 if per_s else AT_ONCE)))
    _say("through")


async def present(folder: Path) -> None:
    """Say which uplinks are before the destination."""
    journal = await Journal.open(folder / "journal.db", clock=SystemClock(), destinations=["city"])
    try:
        last: RowId | None = None
        while rows := await journal.read("city", 1000, after=last):
            _say("\n".join(str(row.uplink.f_cnt) for row in rows))
            last = rows[-1].id
    finally:
        await journal.close()


def _uplink(number: int) -> Uplink:
    return Uplink(
        id=uplink_id(OWNER, "peers", number),
        dev_eui=OWNER,
        activation="peers",
        f_cnt=number,
        f_port=1,
        payload=random.randbytes(PAYLOAD_OCTETS),
        confirmed=False,
        adr=False,
        receptions=(),
        heard_at=Instant(datetime.now(UTC), time.monotonic(), "peers", TimeQuality.NTP),
    )


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def main() -> None:
    """Keep, or count."""
    what, folder, *rest = sys.argv[1:]
    asyncio.run(keep(Path(folder), *map(int, rest)) if what == "keep" else present(Path(folder)))


if __name__ == "__main__":
    main()
