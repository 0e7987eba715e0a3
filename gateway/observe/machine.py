"""This process and its machine in numbers, as Linux tells them (proc(5), sysfs)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from gateway.model import Json

PAGE: Final = os.sysconf("SC_PAGE_SIZE")
TICKS: Final = os.sysconf("SC_CLK_TCK")
USER, SYSTEM = 11, 12  # places in /proc/PID/stat behind the name: ticks in user and in kernel mode (proc(5))


def process(root: Path = Path("/")) -> Mapping[str, Json]:
    """Return the memory, the processor time and the open files of this process; None: the kernel does not say."""
    folder = root / "proc/self"
    pages, stat = _text(folder / "statm").split(), _text(folder / "stat").rpartition(")")[2].split()
    return {
        "resident_bytes": int(pages[1]) * PAGE if len(pages) > 1 else None,
        "cpu_s": (int(stat[USER]) + int(stat[SYSTEM])) / TICKS if len(stat) > SYSTEM else None,
        "open_files": _count(folder / "fd"),
    }


def machine(data: Path, root: Path = Path("/")) -> Mapping[str, Json]:
    """Return the disk of the folder ``data``, and temperatures in °C by the kernel's names for what is measured."""
    try:
        disk = shutil.disk_usage(data)
    except OSError:
        disk = None
    return {
        "disk_bytes": None if disk is None else disk.total,
        "disk_free_bytes": None if disk is None else disk.free,
        "temperature_c": _temperatures(root / "sys/class/thermal"),
    }


def _temperatures(folder: Path) -> Mapping[str, float]:
    found: dict[str, float] = {}
    for zone in sorted(folder.glob("thermal_zone*")):
        name = _text(zone / "type") or zone.name
        try:
            degrees = int(_text(zone / "temp")) / 1000
        except ValueError:  # a sensor that is switched off says nothing
            continue
        found[name if name not in found else f"{name} {zone.name}"] = degrees
    return found


def _count(folder: Path) -> int | None:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return None


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
