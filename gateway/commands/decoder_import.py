"""`brygga decoder import`: take in what others published, and say what came of it."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.commands import lines, places
from gateway.commands.listing import Column, lay_out, printable, terminal_width
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from decoders.importing.imported import Imported

MOST_LINES: Final = 40  # of one sort on a terminal; a report has all
COLUMNS: Final = (
    Column("maker"),
    Column("models"),
    Column("passed"),
    Column("no examples", leaves=1),
    Column("failed"),
    Column("does not load", leaves=2),
    Column("installed"),
)


def run(options: argparse.Namespace) -> int:
    """Import a tree; return 1 where nothing could be imported or a file could not be written."""
    from decoders.importing.choosing import Choice
    from decoders.importing.imported import import_tree
    from decoders.importing.names import valid
    from decoders.importing.tree import Unreadable

    into = _into(options)
    makers = frozenset(map(valid, options.vendor))
    choice = Choice(untested=options.untested, failing=options.all, vendors=makers)
    only = next(iter(makers)) if len(makers) == 1 else ""
    try:
        with _progress() as told:
            work = import_tree(
                Path(options.folder), into, choice, vendor=only, force=options.force, dry_run=options.dry_run, told=told
            )
            done = asyncio.run(work)
    except Unreadable as error:
        raise ConfigError(str(error)) from error
    is_reported = _reported(done, options.report)
    _say(done, options)
    return 1 if done.is_failure or not is_reported else 0


def _into(options: argparse.Namespace) -> Path:
    """Return the folder to install into: the one named, else the configured one; raises ConfigError."""
    if options.into:
        return Path(options.into)
    folders = places.decoder_folders(options)
    if not folders:
        raise ConfigError(
            "decoder import: where to? The configuration names no folder of decoders ([decoders] folder = …), "
            "and neither does --into FOLDER"
        )
    return folders[0]


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how far it is."""
    if not lines.is_terminal(sys.stderr):
        yield lambda _, __: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("proving", total=None)
        yield lambda number, total: bar.update(task, completed=number, total=total)


def _reported(done: Imported, report: str | None) -> bool:
    from decoders.importing.imported import as_json

    if report is None:
        return True
    try:
        text = json.dumps(as_json(done), indent=1, ensure_ascii=False) + "\n"
        Path(report).write_bytes(text.encode("utf-8", "replace"))  # an example may hold half a character
    except OSError as error:
        lines.problems([f"{report}: {error.strerror}"])
        return False
    return True


# ── what is said ──


def _say(done: Imported, options: argparse.Namespace) -> None:
    from decoders.importing.imported import as_json
    from gateway.commands import network

    if options.json:
        network.as_json(dict(as_json(done)))
        return
    lines.warnings(_bounded([f"{one.model.name}: {one}" for one in done.verdicts if one.broken or one.failures]))
    lines.warnings(_bounded(list(done.notes)))
    lines.problems(_bounded(list(_not_done(done))))
    lines.say("\n".join(lay_out(COLUMNS, _rows(done), terminal_width())))
    lines.say(_summary(done, would_be=options.dry_run))


def _bounded(said: list[str]) -> Iterator[str]:
    """Yield the first lines, without what a terminal would obey: they hold words of strangers."""
    yield from map(printable, said[:MOST_LINES])
    if len(said) > MOST_LINES:
        yield f"… and {len(said) - MOST_LINES} more; --report FILE writes all"


def _not_done(done: Imported) -> Iterator[str]:
    """Yield a line for each model that was chosen and is not, or not wholly, as it was published."""
    for one in done.installed:
        if one.detail:
            yield f"{one.verdict.model.name}: {one.deed}: {one.detail}"


def _rows(done: Imported) -> list[tuple[str, ...]]:
    from decoders.importing.verdict import Standing

    order = (Standing.PASSED, Standing.UNTESTED, Standing.FAILED, Standing.BROKEN)
    rows = []
    for maker in sorted({one.model.vendor for one in done.verdicts}):
        of_maker = [one for one in done.verdicts if one.model.vendor == maker]
        counts = [sum(one.standing is standing for one in of_maker) for standing in order]
        there = sum(one.is_there and one.verdict.model.vendor == maker for one in done.installed)
        rows.append((maker, *map(str, (len(of_maker), *counts, there))))
    return rows


def _summary(done: Imported, *, would_be: bool) -> str:
    from decoders.importing.imported import summary

    numbers = summary(done)
    installed = sum(one.is_there for one in done.installed)
    share = f"{numbers['examples passed']} of {numbers['examples']} examples passed"
    verb = "would be" if would_be else "are"
    text = f"{numbers['models']} models, {numbers['codecs']} codecs: {share}; {installed} {verb} in {done.into}"
    left = numbers["no examples"] if not any(one.verdict.outcomes == () for one in done.installed) else 0
    return text + (f"\nNext: --untested takes the {left} that come without examples, too" if left else "")
