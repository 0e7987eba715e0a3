"""What an older version gets of a newer one that has failed: what was heard since the upgrade, and devices with their counters.

A journal that was brought to a newer version cannot be read by an older one. So the upgrade keeps a copy, and these files go back:

    journal.backup    the journal before the upgrade, as `brygga backup` writes it      `keep`, by the older version
    kept.json         its version, and the last row that is surely in it
    heard.ndjson.gz   uplinks after that row, as `brygga journal export` writes them    `leave`, by the newer version
    devices.csv       devices with keys, sessions and nonces, as `brygga device export` writes them
    left.json         how many of all that there are

Written by one version and read by another: each is a format that has to stay as it is.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

from gateway import __version__
from gateway.commands.journal_export import written
from gateway.commands.uplink_lines import line_of, uplink_of
from gateway.devices_file import read_csv, write_csv_with_keys
from gateway.errors import ConfigError, StorageError
from gateway.journal import Journal, Registration
from gateway.journal.groups import Stored, unpacked
from gateway.journal.looking import Looking
from gateway.journal.records import decode_uplink
from gateway.model import Activation, Eui64
from gateway.whole_files import write_private

BACKUP, KEPT, HEARD, DEVICES, LEFT = "journal.backup", "kept.json", "heard.ndjson.gz", "devices.csv", "left.json"
AT_ONCE: Final = 500  # uplinks of one commit
ALL: Final = -1  # what SQLite takes for no LIMIT


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is known of the copy before an upgrade."""

    row: int  # rows up to this one are in it
    made_at: str  # ISO 8601, UTC
    version: str
    database_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """What a newer version leaves behind for an older one."""

    uplinks: int
    unreadable: int
    devices: int
    downlinks: int  # that waited: they are not handed over, lest a valve be told twice
    version: str = __version__


def read_kept(folder: Path) -> Kept:
    """Return what `upgrade keep` wrote; ConfigError where there is no copy."""
    return Kept(**_read(folder / KEPT))


def read_left(folder: Path) -> Left | None:
    """Return what `upgrade leave` wrote; None where it was not run, or not to its end."""
    return Left(**_read(folder / LEFT)) if (folder / LEFT).exists() else None


def write(path: Path, what: Kept | Left) -> None:
    """Write it so that it is whole when it has its name."""
    write_private(path, (json.dumps(asdict(what), indent=2) + "\n").encode())


def _read(path: Path) -> Mapping[str, Any]:
    try:
        told: Mapping[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: there is no copy here of a journal before an upgrade") from error
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: it cannot be read: {error}") from error
    return told


# ── by the newer version ──


async def leave(journal: Journal, found: Looking, folder: Path, after: int) -> Left:
    """Write what lies in a journal after the row ``after``, and its devices; its file is looked at while it is open and idle."""
    (folder / LEFT).unlink(missing_ok=True)  # it says that the others are whole
    uplinks, unreadable = _write_heard(found, folder / HEARD, after)
    registrations = await journal.whole_devices()
    write_private(folder / DEVICES, write_csv_with_keys(registrations).encode())
    waiting = await journal.downlinks(open_only=True, limit=ALL)
    left = Left(uplinks=uplinks, unreadable=unreadable, devices=len(registrations), downlinks=len(waiting))
    write(folder / LEFT, left)
    return left


def _write_heard(found: Looking, path: Path, after: int) -> tuple[int, int]:
    words, uplinks, unreadable = found.words(), 0, 0
    with written(str(path)) as put:
        for row, record in _rows(found, after):
            try:
                uplink = decode_uplink(record, words)
            except StorageError:
                unreadable += 1
                continue
            put(json.dumps(line_of(uplink, row, ""), ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
            uplinks += 1
    return uplinks, unreadable


def _rows(found: Looking, after: int) -> Iterator[Stored]:
    """Yield the rows after one, those first that were put aside from segments that have gone."""
    first = found.firsts()[0]
    aside = unpacked(found.fetch("SELECT id, record FROM kept WHERE id < ? ORDER BY id", (first,)))
    yield from (stored for stored in aside if stored[0] > after)
    for piece in found.pieces():
        yield from (stored for stored in piece.rows if stored[0] > after)


# ── by the older version ──


async def take(journal: Journal, folder: Path, problems: list[str]) -> None:
    """Bring what a newer version has left into a copy that nobody uses yet: devices with their counters first, then uplinks.

    Each destination is told all of them; what the newer version told already comes again under the same id.
    A device that this version cannot read stays as the copy has it, and is added to ``problems``: the others are not to wait for it.
    """
    problems += await _take_devices(journal, (folder / DEVICES).read_text("utf-8"))
    last = (await journal.stats()).last_row
    with gzip.open(folder / HEARD) as file:
        heard = (uplink for line in file if json.loads(line)["row"] > last and (uplink := uplink_of(line)) is not None)
        while batch := [*islice(heard, AT_ONCE)]:
            await journal.take_in(batch, journal.destinations())


async def _take_devices(journal: Journal, text: str) -> list[str]:
    present = {one.device.dev_eui: one for one in await journal.whole_devices()}
    wanted, problems = read_csv(text, DEVICES, present, keys_elsewhere=True)
    gone = () if problems else present.keys() - {one.device.dev_eui for one in wanted}
    await journal.remove_devices([*gone, *_joined_anew(present, wanted)])
    await journal.put_devices(wanted)
    return problems


def _joined_anew(present: Mapping[Eui64, Registration], wanted: list[Registration]) -> Iterator[Eui64]:
    """Yield devices that have joined since: their session of before, which would be kept, has ended."""
    for one in wanted:
        before, now = present.get(one.device.dev_eui), one.session
        if before is None or before.session is None or now is None or one.device.activation is Activation.ABP:
            continue
        if (before.session.dev_addr, before.session.keys) != (now.dev_addr, now.keys):
            yield one.device.dev_eui
