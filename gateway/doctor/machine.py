"""The machine: heat, power, memory, load, and how often it was switched off without a word."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from gateway.doctor import kernel
from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.errors import ConfigError, StorageError
from gateway.journal.looking import looking
from gateway.model import TimeQuality
from gateway.spans import span

HOT_C: Final = 80.0  # a Raspberry Pi begins to slow down there
TOO_HOT_C: Final = (
    85.0  # and is slowed down to the least here (raspberrypi.com, "Frequency management and thermal control")
)
LITTLE_MEMORY: Final = 0.1
NO_MEMORY: Final = 0.04
MUCH_SWAP: Final = 0.8
BUSY: Final = 1.5  # of load over a quarter of an hour, each core
MANY_USB: Final = 3
MANY_BOOTS: Final = 3  # in a day

# Bits of get_throttled (raspberrypi.com, "vcgencmd"): what is now, and 16 above, what was since the boot.
UNDER_VOLTAGE, CAPPED, THROTTLED, SOFT_LIMIT = 0x1, 0x2, 0x4, 0x8
SINCE_BOOT: Final = 16

HOT: Final = Ill(
    "hot",
    Standing.UNWISE,
    "the processor is hot: it slows down soon, and the card ages",
    "shade, air, or a heat sink on the box",
)
TOO_HOT: Final = Ill(
    "too_hot",
    Standing.WRONG,
    "the processor is too hot: it is slowed down",
    "shade, air, or a heat sink on the box, now",
)
LOW: Final = Ill(
    "low",
    Standing.WRONG,
    "the supply's voltage is too low at the moment: cards are corrupted so",
    "the maker's own power supply; a shorter, thicker cable",
)
WAS_LOW: Final = Ill(
    "was_low",
    Standing.UNWISE,
    "the supply's voltage was too low since the boot",
    "the maker's own power supply; a shorter, thicker cable",
)
SLOWED: Final = Ill(
    "slowed",
    Standing.UNWISE,
    "the processor is or was slowed down, by heat or voltage",
    "vcgencmd get_throttled; supply and cooling",
)
SHORT: Final = Ill(
    "short", Standing.UNWISE, "little memory is left", "ps aux --sort=-rss | head; what need not run on this box?"
)
OUT: Final = Ill(
    "out",
    Standing.WRONG,
    "hardly any memory is left: the kernel ends programs soon",
    "ps aux --sort=-rss | head; sudo systemctl stop what need not run",
)
SWAPPING: Final = Ill(
    "swapping", Standing.UNWISE, "memory is on the card: it is slow, and wears", "ps aux --sort=-rss | head; free -h"
)
KILLED: Final = Ill(
    "killed",
    Standing.UNWISE,
    "the kernel has ended programs for want of memory",
    "journalctl -k | grep -i 'killed process'",
)
LOADED: Final = Ill(
    "loaded",
    Standing.UNWISE,
    "more wants to run than the processor can: answers to devices may come too late",
    "top; what need not run on this box?",
)
LOOSE: Final = Ill(
    "loose",
    Standing.UNWISE,
    "USB devices come and go: a loose plug, or too little power",
    "a powered hub; dmesg | grep -i usb",
)
BOOTING: Final = Ill(
    "booting",
    Standing.UNWISE,
    "it boots again and again: power cuts, or a hardware watchdog",
    "look at plug and supply; journalctl --list-boots",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the kernel counts; temperatures in °C, sizes in kB as /proc/meminfo has them."""

    heat: Mapping[str, float]
    throttled: int | None  # the bits of a Raspberry Pi
    alarm: bool | None  # of its voltage sensor (hwmon, in0_lcrit_alarm)
    memory: Mapping[str, int]
    load: float
    cores: int
    killed: int
    up_s: float


async def machine(box: Box) -> Machine:
    """Return how the machine stands."""
    pairs = re.findall(r"^(\w+):\s+(\d+) kB", box.text("/proc/meminfo") or "", re.MULTILINE)
    kills = re.search(r"^oom_kill (\d+)", box.text("/proc/vmstat") or "", re.MULTILINE)
    return Machine(
        heat=dict(_zones(box)),
        throttled=await _throttled(box),
        alarm=next(iter(_alarms(box)), None),
        memory={name: int(number) for name, number in pairs},
        load=float((box.text("/proc/loadavg") or "0 0 0").split()[2]),
        cores=os.cpu_count() or 1,
        killed=int(kills[1]) if kills else 0,
        up_s=float((box.text("/proc/uptime") or "0").split()[0]),
    )


def _zones(box: Box) -> Iterator[tuple[str, float]]:
    folder = box.at("/sys/class/thermal")
    for zone in sorted(folder.glob("thermal_zone*")) if folder.is_dir() else ():
        place = Path("/sys/class/thermal", zone.name)
        if (milli := box.number(place / "temp")) is not None:
            yield box.text(place / "type") or zone.name, milli / 1000


async def _throttled(box: Box) -> int | None:
    said = box.text("/sys/devices/platform/soc/soc:firmware/get_throttled")
    if said is None and box.at("/proc/device-tree/model").exists():
        said = ((await box.run("vcgencmd", "get_throttled")) or "").strip().removeprefix("throttled=")
    try:
        return int(said, 16) if said else None
    except ValueError:
        return None


def _alarms(box: Box) -> Iterator[bool]:
    folder = box.at("/sys/class/hwmon")
    for sensor in sorted(folder.iterdir()) if folder.is_dir() else ():
        place = Path("/sys/class/hwmon", sensor.name)
        if box.text(place / "name") == "rpi_volt" and (said := box.number(place / "in0_lcrit_alarm")) is not None:
            yield bool(said)


async def boots(box: Box) -> Sequence[datetime] | None:
    """Return the boots of the last day, as the journal remembers them; None where it may not be read. Those without the time are not told."""
    if box.settings is None:
        return None
    try:
        began = await apart(_boots, box.settings.journal_path)
    except (ConfigError, StorageError, PermissionError):  # of which other checks tell
        return None
    return [one for one in began if timedelta() <= box.now - one < timedelta(days=1)]


def _boots(path: Path) -> list[datetime]:
    with looking(path) as found:
        spans = [told[-1] for told in found.boots().values() if told]
    return [one.utc_at_zero for one in spans if one.quality > TimeQuality.UNSYNCHRONISED]


def heat(facts: Machine) -> Iterator[Seen]:
    """Judge how hot it is."""
    if facts.heat:
        name, worst = max(facts.heat.items(), key=lambda one: one[1])
        yield Seen(f"{worst:.0f} °C ({name})", TOO_HOT if worst >= TOO_HOT_C else HOT if worst >= HOT_C else None)


def voltage(facts: Machine) -> Iterator[Seen]:
    """Judge the power supply of a Raspberry Pi."""
    bits = facts.throttled or 0
    if facts.throttled is None and facts.alarm is None:
        return
    if facts.alarm or bits & UNDER_VOLTAGE:
        yield Seen("under-voltage now", LOW)
    elif bits & UNDER_VOLTAGE << SINCE_BOOT:
        yield Seen("under-voltage since the boot", WAS_LOW)
    slowed = CAPPED | THROTTLED | SOFT_LIMIT
    if bits & (slowed | slowed << SINCE_BOOT):
        yield Seen(f"throttled={bits:#x}", SLOWED)
    yield Seen("the voltage is right")


def memory(facts: Machine) -> Iterator[Seen]:
    """Judge the memory that is left."""
    whole, free = facts.memory.get("MemTotal", 0), facts.memory.get("MemAvailable", 0)
    swap, unused = facts.memory.get("SwapTotal", 0), facts.memory.get("SwapFree", 0)
    if not whole:
        return
    words = f"{free // 1000} of {whole // 1000} MB available"
    if free < whole * LITTLE_MEMORY:
        yield Seen(words, OUT if free < whole * NO_MEMORY else SHORT)
    elif swap and unused < swap * (1 - MUCH_SWAP):
        yield Seen(f"{(swap - unused) // 1000} of {swap // 1000} MB of swap are used", SWAPPING)
    if facts.killed:
        yield Seen(f"{facts.killed} times since the boot", KILLED)
    yield Seen(words)


def load(facts: Machine) -> Iterator[Seen]:
    """Judge how busy it is."""
    words = f"load {facts.load:.1f} with {facts.cores} {'core' if facts.cores == 1 else 'cores'}"
    yield Seen(f"{words}, up {span(facts.up_s)}", LOADED if facts.load > BUSY * facts.cores else None)


def usb(lines: Sequence[str]) -> Iterator[Seen]:
    """Judge what the kernel says of USB, and of the voltage where no sensor does."""
    plugs, low = kernel.of(kernel.USB, lines), kernel.of(kernel.VOLTAGE, lines)
    if len(plugs) >= MANY_USB:
        yield Seen(f"{len(plugs)} times, the last: {plugs[-1][-100:]}", LOOSE)
    if low:
        yield Seen(f"{len(low)} times, the last: {low[-1][-100:]}", WAS_LOW)
    yield Seen("nothing in the kernel's log")


def booted(facts: Sequence[datetime]) -> Iterator[Seen]:
    """Judge how often it booted within a day."""
    yield Seen(f"{len(facts)} boots in a day", BOOTING if len(facts) > MANY_BOOTS else None)


CHECKS: Final = (
    Check(id="machine.heat", looks="the thermal zones of the kernel", probe=machine, judge=heat, ills=(TOO_HOT, HOT)),
    Check(
        id="machine.power",
        looks="a Raspberry Pi's under-voltage and throttling (get_throttled, rpi_volt)",
        probe=machine,
        judge=voltage,
        ills=(LOW, WAS_LOW, SLOWED),
    ),
    Check(
        id="machine.memory",
        looks="memory, swap, and programs that were ended for want of it",
        probe=machine,
        judge=memory,
        ills=(OUT, SHORT, SWAPPING, KILLED),
    ),
    Check(id="machine.load", looks="the load over a quarter of an hour", probe=machine, judge=load, ills=(LOADED,)),
    Check(
        id="machine.usb",
        looks="the kernel's log: USB devices that come and go, under-voltage",
        probe=kernel.log,
        judge=usb,
        ills=(LOOSE, WAS_LOW),
    ),
    Check(
        id="machine.boots",
        looks="boots within a day, as the journal remembers them",
        probe=boots,
        judge=booted,
        ills=(BOOTING,),
    ),
)
