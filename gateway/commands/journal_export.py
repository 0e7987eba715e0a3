"""`brygga journal export`: uplinks into a file, read a segment at a time beside a running agent, or out of a damaged journal."""

from __future__ import annotations

import argparse
import contextlib
import gzip
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, Final

from gateway.commands import lines
from gateway.commands.progress import Told, progress
from gateway.commands.uplink_lines import line_of, line_of_frame
from gateway.config import Settings
from gateway.dating import Boots, Dated, date
from gateway.errors import ConfigError, StorageError
from gateway.journal import unclaimed
from gateway.journal.groups import Stored, unpacked
from gateway.journal.looking import Looking, looking
from gateway.journal.records import decode_uplink, dev_eui_of
from gateway.journal.salvage.content import UNREADABLE
from gateway.journal.salvage.reading import reading
from gateway.journal.verifying import devices_named
from gateway.journal.words import Words
from gateway.model import Eui64, Instant, Json, TimeQuality, Uplink, eui64
from gateway.spans import size

PACKING: Final = 6  # of zlib's nine
PRIVATE: Final = 0o600  # it tells where people are at home

Write = Callable[[bytes], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which uplinks are meant."""

    since: datetime | None
    until: datetime | None
    devices: frozenset[Eui64]  # none: all
    boots: Boots
    trust: TimeQuality

    def has(self, heard_at: Instant) -> bool:
        """Tell whether something heard then is meant; what has no known time always is."""
        if heard_at.quality <= TimeQuality.UNSYNCHRONISED:
            return True
        is_late = self.since is None or heard_at.utc >= self.since
        return is_late and (self.until is None or heard_at.utc < self.until)

    def dated(self, uplink: Uplink) -> Uplink:
        """Return ``uplink`` with the time that its boot learned afterwards; as it was heard, where it never did."""
        found = date(uplink, self.boots, self.trust, present="")
        return found.uplink if isinstance(found, Dated) else uplink


@dataclass(slots=True)
class Exported:
    """How much was written."""

    uplinks: int = 0
    frames: int = 0
    undated: int = 0
    unreadable: int = 0


def export(settings: Settings, options: argparse.Namespace) -> int:
    """Run `brygga journal export`; 1 where a record could not be read."""
    exported = _export_damaged(settings, options) if options.damaged else _export_own(settings, options)
    _tell(exported, options)
    return 1 if exported.unreadable else 0


def _export_own(settings: Settings, options: argparse.Namespace) -> Exported:
    with looking(settings.journal_path) as found:
        names = devices_named(found)
        choice = _choice(settings, options, names, found.boots())
        with written(options.file) as write, progress("exporting") as told:
            exported = _export(found, choice, names, write, told)
            if options.raw:
                frames = found.fetch("SELECT record FROM unclaimed ORDER BY id")
                _export_frames(found.words(), (record for (record,) in frames), choice, write, exported)
    return exported


def _export_damaged(settings: Settings, options: argparse.Namespace) -> Exported:
    """Write what can be read of a file that a salvage set aside; it is only read, and needs no room but the export's."""
    with reading(Path(options.damaged)) as remains:
        names, words, exported = remains.names(), remains.words(), Exported()
        choice = _choice(settings, options, names, remains.boots())
        with written(options.file) as write:
            _write(words, remains.rows(), choice, names, write, exported)
            if options.raw:
                _export_frames(words, remains.frames(), choice, write, exported)
    return exported


def _choice(settings: Settings, options: argparse.Namespace, names: Mapping[Eui64, str], boots: Boots) -> Choice:
    return Choice(
        since=moment_of("--since", options.since),
        until=moment_of("--until", options.until),
        devices=frozenset(_device(text, names) for text in options.device),
        boots=boots,
        trust=settings.clock.trust,
    )


def _export(found: Looking, choice: Choice, names: Mapping[Eui64, str], write: Write, told: Told) -> Exported:
    exported = Exported()
    first = found.firsts()[0]
    aside = [*unpacked(found.fetch("SELECT id, record FROM kept WHERE id < ? ORDER BY id", (first,)))]
    _write(found.words(), aside, choice, names, write, exported)
    for place, piece in enumerate(found.pieces(), 1):
        _write(found.words(), piece.rows, choice, names, write, exported)
        told(place, max(place, len(found.firsts())))
    return exported


def _write(
    words: Words,
    rows: Iterable[Stored],
    choice: Choice,
    names: Mapping[Eui64, str],
    write: Write,
    exported: Exported,
) -> None:
    for row, record in rows:
        if choice.devices and dev_eui_of(record) not in choice.devices:
            continue
        try:
            uplink = decode_uplink(record, words)
        except StorageError:
            exported.unreadable += 1
            continue
        uplink = choice.dated(uplink)
        if choice.has(uplink.heard_at):
            write(_line(line_of(uplink, row, names.get(uplink.dev_eui, ""))))
            exported.uplinks += 1
            exported.undated += uplink.heard_at.quality <= TimeQuality.UNSYNCHRONISED


def _export_frames(words: Words, records: Iterable[bytes], choice: Choice, write: Write, exported: Exported) -> None:
    for record in records:
        try:
            frame = unclaimed.decode(record, words)
        except UNREADABLE:
            exported.unreadable += 1
            continue
        if choice.has(frame.heard_at):
            write(_line(line_of_frame(frame)))
            exported.frames += 1


def _line(told: dict[str, Json]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _tell(exported: Exported, options: argparse.Namespace) -> None:
    frames = f" and {exported.frames} frames of nobody" if options.raw else ""
    where = "" if options.file == "-" else f" into {options.file} ({size(Path(options.file).stat().st_size)})"
    words = f"{exported.uplinks} uplinks{frames} written{where}"
    if exported.undated:
        words += f"; {exported.undated} of them were heard before the clock was known, whenever that was"
    lines.aside(words) if options.file == "-" else lines.say(words)
    if exported.unreadable:
        more = "" if options.damaged else "; `brygga journal verify` tells which"
        lines.problems([f"{exported.unreadable} records cannot be read and are left out{more}"])


# ── what a person typed ──


def _device(text: str, names: Mapping[Eui64, str]) -> Eui64:
    named = [eui for eui, name in names.items() if name.casefold() == text.casefold()]
    if len(named) == 1:
        return named[0]
    if named:
        raise ConfigError(
            f"--device: {len(named)} devices are called {text!r}: {', '.join(named)}; say which by its DevEUI"
        )
    try:
        return eui64(text)
    except ValueError as error:
        raise ConfigError(f"--device {text}: no device has this name, and as a DevEUI: {error}") from error


def moment_of(option: str, text: str | None) -> datetime | None:
    """Return the time that a person typed behind ``option``, UTC where no zone is said; ConfigError for what is none."""
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise ConfigError(
            f"{option} {text!r}: a date or a time as 2026-11-01 or 2026-11-01T06:00:00+01:00 is expected"
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


# ── the file ──


@contextlib.contextmanager
def written(target: str) -> Iterator[Write]:
    """Have what writes into ``target``; the file has its name when it is whole, and is gone where that does not come about."""
    if target == "-":
        yield lambda octets: lines.hand_out(octets.decode())
        return
    path = Path(target)
    part = path.with_name(f"{path.name}.part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, PRIVATE)
        with os.fdopen(descriptor, "wb") as file:
            with _packed(file, path) as write:
                yield write
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path}: the export cannot be written: {error.strerror}") from error
    finally:
        part.unlink(missing_ok=True)


@contextlib.contextmanager
def _packed(file: BinaryIO, path: Path) -> Iterator[Write]:
    if path.suffix != ".gz":
        yield file.write
        return
    with gzip.GzipFile(filename="", mode="wb", fileobj=file, compresslevel=PACKING) as packed:
        yield packed.write
