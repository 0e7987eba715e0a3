"""Versions: Python, the packages, the journal's form, the system under it all."""

from __future__ import annotations

import csv
import re
import sqlite3
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Final
from urllib.parse import quote

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.journal.schema import APPLICATION_ID, SCRIPTS

OLDEST_PYTHON: Final = (3, 11)
# When security updates end: distro-info-data 0.58+deb12u7 (debian.csv eol-lts, ubuntu.csv eol-server). Raspbian is built of Debian's sources.
ENDS: Final[Mapping[tuple[str, str], date]] = {
    ("debian", "10"): date(2024, 6, 30), ("debian", "11"): date(2026, 8, 31),
    ("debian", "12"): date(2028, 6, 30), ("debian", "13"): date(2030, 6, 30),
    ("raspbian", "10"): date(2024, 6, 30), ("raspbian", "11"): date(2026, 8, 31),
    ("raspbian", "12"): date(2028, 6, 30), ("raspbian", "13"): date(2030, 6, 30),
    ("ubuntu", "18.04"): date(2023, 5, 31), ("ubuntu", "20.04"): date(2025, 5, 29), ("ubuntu", "22.04"): date(2027, 6, 1),
    ("ubuntu", "24.04"): date(2029, 5, 31), ("ubuntu", "26.04"): date(2031, 5, 29),
}  # fmt: skip
CALENDARS: Final[
    Mapping[str, tuple[str, tuple[str, ...]]]
] = {  # the file of the package distro-info-data, and its columns, the first that says
    "debian": ("debian.csv", ("eol-lts",)),
    "raspbian": ("debian.csv", ("eol-lts",)),
    "ubuntu": ("ubuntu.csv", ("eol-server", "eol")),
}
SOON_DAYS: Final = 90

OLD_PYTHON: Final = Ill(
    "old",
    Standing.WRONG,
    "this Python is older than Brygga can run with",
    "install the package of your Debian release: apt install brygga",
)
MISSING: Final = Ill(
    "missing",
    Standing.WRONG,
    "a package that Brygga needs is not there, or too old",
    "sudo apt install --reinstall brygga, or: pip install -U brygga",
)
NEWER_JOURNAL: Final = Ill(
    "newer",
    Standing.WRONG,
    "a newer Brygga has written the journal: this one cannot open it",
    "install that Brygga again; the journal is whole",
)
NO_JOURNAL: Final = Ill(
    "none",
    Standing.WRONG,
    "what lies there is no journal of Brygga",
    "move it aside, or name another folder: [gateway] data",
)
OLDER_JOURNAL: Final = Ill(
    "older",
    Standing.UNWISE,
    "the journal is of an older version: the next start brings it forward, and there is no way back",
    "brygga backup FILE first",
)
ENDED: Final = Ill(
    "ended",
    Standing.UNWISE,
    "this system gets no security updates any more",
    "plan a new system: brygga backup, a new card, brygga restore",
)
ENDING: Final = Ill("ending", Standing.UNWISE, "this system gets no security updates soon", "plan a new system")


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What stands under the agent."""

    python: tuple[int, ...]
    wanting: Sequence[str]  # packages that are not as they should be, in words
    packages: int
    journal: (
        tuple[int, int] | None
    )  # application id and version of the database; None: there is none, or it may not be read
    system: Mapping[str, str]  # os-release(5)
    ends: date | None = None  # of its security updates, as the box's own calendar has it, which apt keeps up to date
    now: datetime


async def versions(box: Box) -> Versions:
    """Return the versions of all that the agent needs."""
    return await apart(_versions, box)


def _versions(box: Box) -> Versions:
    needed = [one for one in requires("brygga") or () if "extra ==" not in one]
    system = _system(box.text("/etc/os-release") or "")
    return Versions(
        python=tuple(sys.version_info[:3]),
        wanting=[words for one in needed if (words := _wanting(one))],
        packages=len(needed),
        journal=_journal(box),
        system=system,
        ends=_calendar(box, system.get("ID", ""), system.get("VERSION_ID", "")),
        now=box.now,
    )


def _wanting(requirement: str) -> str:
    found = re.match(r"([A-Za-z0-9._-]+)\s*(?:>=\s*([0-9.]+))?", requirement)
    assert found is not None
    name, least = found[1], found[2]
    try:
        there = version(name)
    except PackageNotFoundError:
        return f"{name} is not installed"
    return f"{name} {there} where {least} is needed" if least and _numbers(there) < _numbers(least) else ""


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in re.findall(r"\d+", text)[:3])


def _journal(box: Box) -> tuple[int, int] | None:
    if box.settings is None or not box.settings.journal_path.exists():
        return None
    name = f"file:{quote(str(box.settings.journal_path))}?mode=ro"
    with closing(sqlite3.connect(name, uri=True, timeout=1.0)) as database:
        try:
            ((made_by,),), ((number,),) = (
                database.execute(f"PRAGMA {one}").fetchall() for one in ("application_id", "user_version")
            )
        except sqlite3.DatabaseError:  # no database, or one that cannot be read
            return (0, 0)
    return int(made_by), int(number)


def _system(text: str) -> dict[str, str]:
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name: value.strip().strip("'\"") for name, _, value in pairs}


def _calendar(box: Box, name: str, number: str) -> date | None:
    """Return when a release's updates end, by the package distro-info-data; None where it is not there, or does not say."""
    file, columns = CALENDARS.get(name, ("", ()))
    for row in csv.DictReader((box.text(f"/usr/share/distro-info/{file}") or "").splitlines()) if file else ():
        if (row.get("version") or "").removesuffix(" LTS") == number:
            with suppress(ValueError):  # a calendar that is no calendar
                return next((date.fromisoformat(told) for column in columns if (told := row.get(column))), None)
    return None


def python(facts: Versions) -> Iterator[Seen]:
    """Judge Python's version."""
    words = ".".join(map(str, facts.python))
    yield Seen(f"Python {words}", OLD_PYTHON if facts.python[:2] < OLDEST_PYTHON else None)


def packages(facts: Versions) -> Iterator[Seen]:
    """Judge the packages that Brygga asks for."""
    yield from (Seen(words, MISSING) for words in facts.wanting)
    yield Seen(f"{facts.packages} packages, all there")


def journal(facts: Versions) -> Iterator[Seen]:
    """Judge the journal's version."""
    if facts.journal is None:
        return
    made_by, number = facts.journal
    known = len(SCRIPTS)
    ill = (
        NO_JOURNAL
        if made_by != APPLICATION_ID
        else NEWER_JOURNAL
        if number > known
        else OLDER_JOURNAL
        if number < known
        else None
    )
    yield Seen("it is no journal" if ill is NO_JOURNAL else f"version {number}, this Brygga's is {known}", ill)


def system(facts: Versions) -> Iterator[Seen]:
    """Judge whether the system still gets security updates; of one that is not in the table nothing is said."""
    name = facts.system.get("PRETTY_NAME", "an unknown system")
    ends = facts.ends or ENDS.get((facts.system.get("ID", ""), facts.system.get("VERSION_ID", "")))
    left = None if ends is None else (ends - facts.now.date()).days
    ill = None if left is None else ENDED if left < 0 else ENDING if left < SOON_DAYS else None
    yield Seen(name if ends is None else f"{name}, until {ends}", ill)


CHECKS: Final = (
    Check(id="versions.python", looks="Python's version", probe=versions, judge=python, ills=(OLD_PYTHON,)),
    Check(
        id="versions.packages",
        looks="the packages that Brygga asks for",
        probe=versions,
        judge=packages,
        ills=(MISSING,),
    ),
    Check(
        id="versions.journal",
        looks="the journal's version beside the one that this Brygga writes",
        probe=versions,
        judge=journal,
        ills=(NEWER_JOURNAL, NO_JOURNAL, OLDER_JOURNAL),
    ),
    Check(
        id="versions.system",
        looks="the system's release, and until when it gets security updates",
        probe=versions,
        judge=system,
        ills=(ENDED, ENDING),
    ),
)
