"""Boxes side by side, whose agents are stopped, and the commands about their journals, said in this process."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from gateway.journal import Changes, Journal
from gateway.journal.database import Step
from gateway.model import Frame, TimeQuality
from tests.agent.commands import CONFIGURATION, Box, Outcome, make_box
from tests.journal.samples import NOW, RECEPTION, clock, session, uplink

SECOND = '[[destination]]\nname = "lund"\nurl = "http://127.0.0.1:1"\nformat = "ngsi_v2"\n'
HEARD = 30


async def make(box: Box, heard: int) -> None:
    """Keep uplinks an hour apart, the first from before the clock was known, and a frame of nobody."""
    journal = await Journal.open(box.journal, clock=clock, destinations=["goteborg", "lund"])
    for f_cnt in range(heard):
        at = replace(clock(), utc=NOW + timedelta(hours=f_cnt))
        early = replace(at, quality=TimeQuality.UNSYNCHRONISED, boot_id="another boot")
        one = replace(uplink(f_cnt), heard_at=at if f_cnt else early)
        await journal.commit(Changes(uplinks=(one,), sessions=(session(f_cnt + 1),)))
    await journal.keep_unclaimed([Frame(b"\x40\x01\x02\x03", (RECEPTION,), clock())])
    await journal.close()


async def write(box: Box, steps: list[Step]) -> None:
    """Do something to a journal that no agent does."""
    journal = await Journal.open(box.journal, clock=clock)
    await journal._writer.submit(steps=steps)
    await journal.close()


@dataclass(frozen=True, slots=True)
class Boxes:
    """Boxes side by side, and one's commands, said in this process."""

    folder: Path
    run: Callable[[Path, list[str]], Outcome]

    def make(self, name: str, heard: int = HEARD) -> Box:
        """Make a box whose two destinations are away."""
        (self.folder / name).mkdir()
        box = make_box(self.folder / name)
        (box.folder / "brygga.toml").write_text(CONFIGURATION + SECOND, encoding="utf-8")
        box.journal.parent.mkdir()
        asyncio.run(make(box, heard))
        return box

    def brygga(self, box: Box, *arguments: str) -> Outcome:
        """Run one command."""
        return self.run(box.folder, [*arguments])


def read(path: Path) -> list[dict[str, Any]]:
    octets = path.read_bytes()
    text = gzip.decompress(octets) if path.suffix == ".gz" else octets
    return [json.loads(line) for line in text.splitlines()]


def numbers(boxes: Boxes, box: Box) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(boxes.brygga(box, "journal", "stats", "--json").output)
    return told
