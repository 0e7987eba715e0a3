"""The clock: is it right, who keeps it right, has it jumped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from gateway.clock import kernel_quality
from gateway.dating import EARLIEST
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing, Unseen
from gateway.doctor.processes import names
from gateway.model import TimeQuality
from gateway.spans import span

KEEPERS: Final[Mapping[str, str]] = {  # the name of a process that sets the clock: what people call it
    "chronyd": "chrony",
    "systemd-timesyn": "systemd-timesyncd",  # the kernel keeps 15 characters
    "ntpd": "ntp",
    "openntpd": "openntpd",
    "ptp4l": "ptp4l",
}
SERVICES: Final = ("chrony", "systemd-timesyncd", "ntpsec", "openntpd")  # Debian's units, the best first
UNITS: Final = ("/usr/lib/systemd/system", "/lib/systemd/system")
INSTALL: Final = "sudo apt install chrony"  # it starts itself
RTC_APART_S: Final = 60.0

UNSYNCHRONISED: Final = Ill(
    "unsynchronised",
    Standing.WRONG,
    "nobody vouches for the clock: uplinks are kept and wait for it, none is delivered",
    "timedatectl; a time service has to run, and port 123/udp to be open outwards",
)
UNKEPT: Final = Ill(
    "unkept",
    Standing.WRONG,
    "no time service runs and the clock is not set: uplinks are kept and wait for it, none is delivered",
    "{start}",
)
PAST: Final = Ill(
    "past",
    Standing.WRONG,
    "the clock is before this program was made: no battery clock, and no time server yet",
    "{start}; or: sudo date -s 'YYYY-MM-DD hh:mm'",
)
VOUCHED: Final = Ill(
    "vouched",
    Standing.UNWISE,
    'clock.trust = "system" believes a clock that nothing keeps right',
    '{start}; then clock.trust = "ntp" in brygga.toml',
)
JUMPED: Final = Ill(
    "jumped",
    Standing.WRONG,
    "the clock has jumped and is not followed until it has stood for an hour",
    "timedatectl; was it set by hand? right now: sudo systemctl restart brygga",
)
NO_KEEPER: Final = Ill(
    "no_keeper",
    Standing.UNWISE,
    "no time service runs: the clock drifts, and is wrong after a boot",
    "{start}",
)
TWO_KEEPERS: Final = Ill(
    "two_keepers", Standing.UNWISE, "two time services pull at one clock", "sudo systemctl disable --now {second}"
)
RTC_OFF: Final = Ill(
    "off",
    Standing.UNWISE,
    "the battery clock is wrong: after a boot without the internet the time is, too",
    "sudo hwclock --systohc; a new battery, if it comes again",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """The clock, as the kernel and the agent see it."""

    now: datetime
    quality: TimeQuality
    trust: TimeQuality
    agent: Mapping[str, Any] | None  # "clock" of the status
    keepers: Sequence[str]
    start: str  # what makes one of them set the clock, or tells why it does not
    are_seen: bool  # others' processes: who keeps the clock right is among them
    rtc_apart_s: float | None  # None: there is no battery clock, or it may not be read


async def time(box: Box) -> Time:
    """Return how the clock stands."""
    rtc = box.number("/sys/class/rtc/rtc0/since_epoch")
    running = names(box)
    keepers = [words for name, words in KEEPERS.items() if name in running]
    return Time(
        now=box.now,
        quality=kernel_quality(),
        trust=TimeQuality.NTP if box.settings is None else box.settings.clock.trust,
        agent=None if box.status is None else box.status.get("clock"),
        keepers=keepers,
        start="timedatectl" if keepers else start(box),
        are_seen=box.text("/proc/1/comm") is not None,
        rtc_apart_s=None if rtc is None else abs(box.now.timestamp() - rtc),
    )


def start(box: Box) -> str:
    """Return what starts a time service: the one that is installed, or one that is to be."""
    there = (one for one in SERVICES if any(box.at(f"{folder}/{one}.service").exists() for folder in UNITS))
    found = next(there, None)
    return INSTALL if found is None else f"sudo systemctl enable --now {found}"


async def kept(box: Box) -> Time:
    """Return the same; raises Unseen where it matters who keeps it right, and others' processes are hidden, as the service's sandbox does."""
    facts = await time(box)
    if not facts.keepers and facts.quality < TimeQuality.NTP and not facts.are_seen:
        raise Unseen("who keeps the clock right cannot be seen from here")
    return facts


def quality(facts: Time) -> Iterator[Seen]:
    """Judge whether the clock is trusted."""
    agent = facts.agent or {}
    told = str(agent.get("quality") or facts.quality.name.lower())
    now, keys = facts.now.isoformat(sep=" ", timespec="seconds"), {"start": facts.start}
    if facts.now < EARLIEST:
        yield Seen(f"it is {now}", PAST, keys=keys)
    elif "jumped" in str(agent.get("words", "")):
        yield Seen(str(agent["words"]).partition(";")[0], JUMPED)
    elif not agent.get("trusted", facts.quality >= facts.trust or facts.trust is TimeQuality.SYSTEM):
        ill = UNKEPT if facts.are_seen and not facts.keepers else UNSYNCHRONISED
        yield Seen(f"{told}; clock.trust wants {facts.trust.name.lower()}", ill, keys=keys)
    elif facts.trust is TimeQuality.SYSTEM and facts.quality <= TimeQuality.SYSTEM:
        yield Seen("nothing keeps it right, and it is believed", VOUCHED, keys=keys)
    yield Seen(f"{now}, {told}")


def keeper(facts: Time) -> Iterator[Seen]:
    """Judge who keeps it right; a GPS receiver, or the host of a container, may do so unseen."""
    if len(facts.keepers) > 1:
        yield Seen(f"{' and '.join(facts.keepers)} both run", TWO_KEEPERS, keys={"second": facts.keepers[1]})
    elif not facts.keepers and facts.quality < TimeQuality.NTP and (facts.agent or {}).get("quality") != "gps":
        yield Seen("no chrony, systemd-timesyncd or ntp runs", NO_KEEPER, keys={"start": facts.start})
    yield Seen(f"{facts.keepers[0]} runs" if facts.keepers else "kept right from outside")


def battery(facts: Time) -> Iterator[Seen]:
    """Judge the battery clock; a box without one is none that is ill: its rows wait for the time."""
    if facts.rtc_apart_s is None:
        yield Seen("no battery clock: after a boot uplinks wait for the time")
    elif facts.rtc_apart_s > RTC_APART_S:
        yield Seen(f"{span(facts.rtc_apart_s)} beside the system's", RTC_OFF)
    else:
        yield Seen("the battery clock agrees")


CHECKS: Final = (
    Check(
        id="clock.quality",
        looks="the time, its quality by kernel and agent, and what clock.trust asks for",
        probe=time,
        judge=quality,
        ills=(PAST, JUMPED, UNSYNCHRONISED, UNKEPT, VOUCHED),
    ),
    Check(
        id="clock.keeper",
        looks="whether one of chrony, systemd-timesyncd, ntp runs, and not two",
        probe=kept,
        judge=keeper,
        ills=(TWO_KEEPERS, NO_KEEPER),
    ),
    Check(
        id="clock.battery",
        looks="the battery clock (/sys/class/rtc) beside the system's",
        probe=time,
        judge=battery,
        ills=(RTC_OFF,),
    ),
)
