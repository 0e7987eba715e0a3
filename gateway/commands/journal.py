"""The commands about the journal: what is asked, what is said."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from gateway.commands import lines, places
from gateway.commands.network import Ask, Deed, as_json
from gateway.commands.progress import progress
from gateway.errors import StorageError
from gateway.spans import size

if TYPE_CHECKING:
    from gateway.config import Settings

PAGES_AT_ONCE: Final = 500  # given back by a running agent: some 20 ms between two commits

# What a finding of `verify` asks of a person; by what it is about (gateway.journal.verifying.Matter).
WHAT_TO_DO: Final[Mapping[str, str]] = {
    "file": "make a backup (`brygga backup --with-keys FILE`), then stop the agent and start it again: it salvages what can be read "
    "into a new file and keeps the damaged one. A card that does this once does it again: replace it",
    "log": "put the <journal>-wal that belongs to it back beside it, if there is one; else start the agent: it raises an alarm, and its "
    "downlink counters skip ahead, for what was committed last is gone",
    "records": "the agent passes such rows over and keeps them in <journal>.damaged. Look at the card: `dmesg` tells of its errors",
    "ids": "somebody has deleted rows, or the disk lost them: destinations pass over them. A backup may still have them",
    "cursors": "the file was put together of parts that are not of one time: put a backup in place (`brygga restore FILE --force`)",
    "held": "dead letters that are listed and gone: `brygga dead-letters drop --all` clears the list",
    "counters": "stop the agent and put a backup in place (`brygga restore FILE --force`), or have the device join anew: as it is, an "
    "old frame of it might be taken for a new one",
    "keys": "put the right key file back: it is in a backup made with --with-keys; without it the devices must be added again",
}


def _stats(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_journal

    answer = ask(options, {"do": "journal.stats"})
    if options.json:
        return as_json({name: answer[name] for name in ("agent", "journal", "room", "destinations")})
    show_journal.stats(answer)
    return 0


def _verify(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands import show_journal
    from gateway.journal.looking import looking
    from gateway.journal.verifying import verify

    settings = _settings(options)
    with looking(settings.journal_path) as found, progress("verifying") as told:
        verified = verify(found, settings.gateway.key_file, told)
    findings = [{"matter": str(one.matter), "words": one.words} for one in verified.findings]
    looked_at = {
        "tables": verified.tables,
        "rows": verified.rows,
        "devices": verified.devices,
        "sessions": verified.sessions,
    }
    if options.json:
        as_json({"journal": str(settings.journal_path), **looked_at, "findings": findings})
    else:
        show_journal.verified(str(settings.journal_path), looked_at, findings, WHAT_TO_DO)
    return 1 if findings else 0


def _export(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands.journal_export import export

    return export(_settings(options), options)


def _import(options: argparse.Namespace, _: Ask) -> int:
    from gateway.commands.journal_import import take_in

    return take_in(_settings(options), options)


def _vacuum(options: argparse.Namespace, ask: Ask) -> int:
    ask(options, {"do": "journal.numbers"})  # of a stopped agent this mends, too, what a crash has left
    if _is_running(options, ask):
        saved = _give_back(options, ask)
        when = "; the file is cut when the agent's log goes into it next" if saved else ""
        lines.say(f"{size(saved)} given back{when}")
    else:
        saved = _rebuild(_settings(options))
        lines.say(f"{size(max(0, saved))} given back; the journal has {size(_size_of(_settings(options)))}")
    return 0


def _give_back(options: argparse.Namespace, ask: Ask) -> int:
    """Give back in steps, and return how many octets that were; Ctrl-C ends it between two."""
    from gateway.journal.looking import looking

    with looking(_settings(options).journal_path) as found:
        page, free = found.number("page_size"), found.number("freelist_count")
    given = 0
    with progress("giving back") as told:
        while pages := ask(options, {"do": "journal.give_back", "pages": PAGES_AT_ONCE})["pages"]:
            given += pages
            told(given, max(free, given))
    if free and not given:
        words = "this file was made by an older version and cannot give back in steps: stop the agent, and say it again"
        lines.warnings([words])
    return given * page


def _rebuild(settings: Settings) -> int:
    from gateway.journal.rebuilding import rebuild

    with progress("writing it anew"):
        return rebuild(settings.journal_path)


def _is_running(options: argparse.Namespace, ask: Ask) -> bool:
    return bool(ask(options, {"do": "status"})["agent"]["running"])


def _size_of(settings: Settings) -> int:
    try:
        return settings.journal_path.stat().st_size
    except OSError as error:
        raise StorageError(f"{settings.journal_path}: {error.strerror}") from error


def _seen(options: argparse.Namespace, ask: Ask) -> int:
    count = ask(options, {"do": "journal.seen", "kind": options.kind})["forgotten"]
    lines.say(f"{count} alarm{'' if count == 1 else 's'} forgotten")
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    from gateway.config import load

    return load(places.config_path(options))


DEEDS: dict[str, Deed] = {
    "journal stats": _stats,
    "journal verify": _verify,
    "journal export": _export,
    "journal import": _import,
    "journal vacuum": _vacuum,
    "journal seen": _seen,
}
