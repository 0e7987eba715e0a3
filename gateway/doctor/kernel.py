"""What the kernel says: its log, as far as a gateway's trouble shows in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Unseen

MOST: Final = 5000  # lines of the present boot

DISK: Final = re.compile(
    r"I/O error|EXT4-fs (error|\(.*\): error)|F2FS-fs.*error|FAT-fs.*error|mmc\d+: .*([Ee]rror|[Tt]imeout|timed out)|"
    r"[Rr]emounting filesystem read-only|critical (medium|target) error|blk_update_request"
)
USB: Final = re.compile(
    r"USB disconnect|over-current|xhci.*(died|not responding)|usb .*(error -\d+|reset (high|full)-speed)"
)
VOLTAGE: Final = re.compile(r"[Uu]nder-?voltage detected|[Uu]ndervoltage")
KILLS: Final = re.compile(r"Out of memory: Killed process|oom-kill:")
TELLING: Final = (DISK, USB, VOLTAGE, KILLS)


async def log(box: Box) -> Sequence[str]:
    """Return the kernel's lines of this boot, the oldest first. Raises Unseen where they may not be read."""
    text = await box.run("journalctl", "-k", "-b", "--no-pager", "-q", "-o", "short-iso", "-n", str(MOST))
    if not text:
        text = await box.run("dmesg")
    if text is None:
        raise Unseen("the kernel's log may not be read")
    return text.splitlines()[-MOST:]


def of(pattern: re.Pattern[str], lines: Sequence[str]) -> list[str]:
    """Return the lines that tell of one kind of trouble."""
    return [line for line in lines if pattern.search(line)]
