"""How long a flash card lasts at the pace it is written to: by the kernel's own counters, and the card's class.

What a class endures is what makers promise for recordings, one long write after the other. A journal's commits are small: each
costs a card a page of its flash, though it is a quarter of one. What a card does besides (moving blocks, wear that is not level)
its maker alone knows; so the figure says which card to buy, and not on which day it dies.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from gateway.model import Json


CYCLES: Final[Mapping[str, int]] = {  # how often the whole card can be written
    "consumer": 300,  # no maker says; TLC flash is sold with 300 to 3,000 cycles, and a cheap card has the worst of it
    "endurance": 900,  # SanDisk High Endurance: 10,000 h at 26 Mbit/s on 128 GB, which is 117 TB; others promise more
    "industrial": 3_000,  # MLC flash, the least that is sold as industrial; pSLC takes 20,000 and more
}
AMPLIFICATION: Final = 4  # a flash page has 16 kB, a block of the file system 4
SHORTEST_S: Final = 3600.0  # of less nobody can say what a day brings
DAY_S: Final = 86_400.0
YEAR_DAYS: Final = 365.25
SECTOR: Final = 512  # of the kernel's counters, whatever the disk's are
SECTORS_WRITTEN: Final = 6  # place in /sys/dev/block/M:N/stat (Linux, Documentation/block/stat.rst)
STARTED: Final = 19  # place in /proc/PID/stat behind the name: ticks from the boot to the start (proc(5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wear:
    """What is written in a day, and what that makes of the card; None: not known, or not for long enough."""

    card: str  # its class
    agent_bytes_per_day: int | None  # this process alone
    disk_bytes_per_day: int | None  # all that is written to the disk on which the journal lies
    disk_bytes: int | None  # its size
    endurance_bytes: int | None  # that it takes in its life
    years: float | None

    def as_json(self) -> Mapping[str, Json]:
        """Return the numbers by name."""
        return asdict(self)


def wear(
    path: Path, card: str, endurance_bytes: int | None = None, *, proc: Path = Path("/proc"), sys: Path = Path("/sys")
) -> Wear:
    """Return the wear of the disk on which ``path`` lies; ``endurance_bytes`` is from its data sheet, else its class says it."""
    up_s = float((proc / "uptime").read_text(encoding="ascii").split()[0])
    disk = _disk(path, sys)
    size = None if disk is None else int((disk / "size").read_text(encoding="ascii")) * SECTOR
    written = _agent_bytes(proc)
    agent = None if written is None else _per_day(written, up_s - _started_s(proc))
    whole = None if disk is None else _per_day(_written_sectors(disk) * SECTOR, up_s)
    takes = endurance_bytes or (None if size is None else size * CYCLES[card])
    pace = agent if whole is None else whole
    return Wear(
        card=card,
        agent_bytes_per_day=agent,
        disk_bytes_per_day=whole,
        disk_bytes=size,
        endurance_bytes=takes,
        years=takes / (pace * AMPLIFICATION) / YEAR_DAYS if takes and pace else None,
    )


def _per_day(octets: int, seconds: float) -> int | None:
    return round(octets / seconds * DAY_S) if seconds >= SHORTEST_S else None


def _disk(path: Path, sys: Path) -> Path | None:
    """Return what the kernel says of the whole disk; None where the file system is none of one disk's."""
    device = path.stat().st_dev
    place = sys / "dev/block" / f"{os.major(device)}:{os.minor(device)}"
    if not place.exists():
        return None
    return place.resolve().parent if (place / "partition").exists() else place


def _written_sectors(disk: Path) -> int:
    return int((disk / "stat").read_text(encoding="ascii").split()[SECTORS_WRITTEN])


def _agent_bytes(proc: Path) -> int | None:
    """Return what this process has had written, without what was deleted before; None where the kernel does not count it."""
    try:
        text = (proc / "self/io").read_text(encoding="ascii")
    except OSError:
        return None
    counts = dict(line.split(": ") for line in text.splitlines())
    return int(counts["write_bytes"]) - int(counts["cancelled_write_bytes"])


def _started_s(proc: Path) -> float:
    told = (proc / "self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return int(told[STARTED]) / os.sysconf("SC_CLK_TCK")
