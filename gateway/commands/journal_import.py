"""`brygga journal import`: uplinks from a file into the journal of an agent, whether it runs or not.

The file is read twice: first all of it is checked, and its ids are compared with those in the journal; then it is taken in, some
hundred uplinks a commit. Broken off, it is taken in by saying it again: what is there is passed over.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gzip
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice, pairwise
from pathlib import Path
from typing import Final

from gateway.commands import lines
from gateway.commands.progress import Told, progress
from gateway.commands.uplink_lines import uplink_of
from gateway.config import Settings
from gateway.control import conversation
from gateway.errors import ConfigError
from gateway.journal.groups import unpacked
from gateway.journal.looking import looking
from gateway.journal.records import id_of
from gateway.model import Uplink
from gateway.trial.carried import uplink_as_json

AT_ONCE: Final = 500  # uplinks of one commit: hearing waits for some 10 ms
MOST_PROBLEMS: Final = 20  # of a file, told at once
LONGEST_LINE: Final = 100_000  # octets; one heard by a hundred gateways has 30,000
HALF: Final = 8  # octets of an id, by which it is looked for


@dataclass(slots=True)
class Ids:
    """The ids of a file: eight octets of each, in order, so that a million take 8 MB; what is found by them is held whole."""

    halves: array[int] = field(default_factory=lambda: array("Q"))
    there: set[bytes] = field(default_factory=set)  # ids that the journal has
    repeated: set[int] = field(default_factory=set)  # halves that come more than once in the file

    def close(self) -> None:
        """Begin to look: all have been added."""
        self.halves = array("Q", sorted(self.halves))
        self.repeated = {one for one, following in pairwise(self.halves) if one == following}

    def note(self, id_: bytes) -> None:
        """Take note that the journal has this id, if the file has it, too."""
        half = _half(id_)
        place = bisect_left(self.halves, half)
        if place < len(self.halves) and self.halves[place] == half:
            self.there.add(id_)


@dataclass(slots=True)
class Imported:
    """What became of a file's lines."""

    taken: int = 0
    known: int = 0  # the journal has them
    repeated: int = 0  # the file has them more than once
    frames: int = 0  # of nobody


def take_in(settings: Settings, options: argparse.Namespace) -> int:
    """Run `brygga journal import`."""
    path, imported = Path(options.file), Imported()
    try:
        asyncio.run(_take_in(settings, path, options, imported))
    except (KeyboardInterrupt, asyncio.CancelledError):
        lines.aside(f"broken off: {imported.taken} uplinks are taken in; say it again for the rest")
        raise KeyboardInterrupt from None
    _tell(imported, options.told_to)
    return 0


async def _take_in(settings: Settings, path: Path, options: argparse.Namespace, imported: Imported) -> None:
    from gateway.clock import SystemClock

    with progress(f"reading {path.name}") as told:
        ids = await asyncio.to_thread(_checked, path, told)
    async with conversation(settings, SystemClock()) as ask:
        wanted = {"do": "journal.import", "for": options.told_to, "anyway": options.anyway}
        await ask({**wanted, "uplinks": []})  # a wrong --for is told before the work begins
        await asyncio.to_thread(_compare, settings.journal_path, ids)
        with progress(f"taking in {path.name}") as told:
            for batch in batches(_new(path, ids, imported)):
                answer = await ask({**wanted, "uplinks": [uplink_as_json(one) for one in batch]})
                imported.taken += answer["taken"]
                told(imported.taken + imported.known, len(ids.halves))


def _checked(path: Path, told: Told) -> Ids:
    """Return the ids of a file; ConfigError names the lines that are wrong."""
    ids, problems = Ids(), list[str]()
    for number, line in _lines(path):
        try:
            uplink = uplink_of(line)
        except ValueError as error:
            problems.append(f"{path} line {number}: {error}")
            if len(problems) == MOST_PROBLEMS:
                problems.append(f"{path}: and perhaps more after line {number}")
                break
            continue
        if uplink is not None:
            ids.halves.append(_half(uplink.id.bytes))
        if number % AT_ONCE == 0:
            told(number, number + 1)
    if problems:
        raise ConfigError([*problems, "nothing was taken in; the lines are those that `brygga journal export` writes"])
    ids.close()
    return ids


def _compare(journal: Path, ids: Ids) -> None:
    """Find out which of ``ids`` the journal has."""
    if not ids.halves:
        return
    with looking(journal) as found:
        for _, record in unpacked(found.fetch("SELECT id, record FROM kept")):
            ids.note(id_of(record))
        for piece in found.pieces():
            for _, record in piece.rows:
                ids.note(id_of(record))


def _new(path: Path, ids: Ids, imported: Imported) -> Iterator[Uplink]:
    """Yield the uplinks of a file that the journal has not, each once."""
    done = set[bytes]()  # of those whose half comes more than once
    for _, line in _lines(path):
        uplink = uplink_of(line)
        if uplink is None:
            imported.frames += 1
            continue
        id_ = uplink.id.bytes
        if id_ in done:
            imported.repeated += 1
        elif id_ in ids.there:
            imported.known += 1
        else:
            yield uplink
        if _half(id_) in ids.repeated:
            done.add(id_)


def batches(uplinks: Iterable[Uplink]) -> Iterator[Sequence[Uplink]]:
    """Yield what goes in with one commit each."""
    there = iter(uplinks)
    while batch := [*islice(there, AT_ONCE)]:
        yield batch


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the lines of a file that say something, numbered from 1; ConfigError where it cannot be read."""
    try:
        with contextlib.closing(gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            for number in range(1, 2**62):
                line = file.readline(LONGEST_LINE)
                if not line:
                    return
                if len(line) == LONGEST_LINE:
                    raise ConfigError(
                        f"{path} line {number}: longer than {LONGEST_LINE} octets: this is no file of uplinks"
                    )
                if line.strip():
                    yield number, line
    except (OSError, EOFError, zlib.error) as error:
        words = getattr(error, "strerror", None) or f"no whole gzip file: {error}"
        raise ConfigError(f"{path}: {words}") from error


def _half(id_: bytes) -> int:
    return int.from_bytes(id_[HALF:], "big")


def _tell(imported: Imported, told_to: Sequence[str]) -> None:
    whom = f"; {', '.join(told_to)} will be told them" if told_to and imported.taken else ""
    lines.say(f"{imported.taken} uplinks taken in, {imported.known} were here already{whom}")
    if imported.repeated:
        lines.say(f"{imported.repeated} came more than once in the file, and were taken in once")
    if imported.frames:
        lines.say(f"{imported.frames} frames of nobody were passed over: they are kept only where they were heard")
    if imported.taken and not told_to:
        lines.say(
            "no destination is told them; --for NAME would have one told. They stay as long as journal.keep_delivered says"
        )
