"""The commands about dead letters: what is asked, what is said."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gateway.commands import lines
from gateway.commands.network import Ask, Deed, as_json
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.model import Json


def _list(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show

    rows = ask(options, {"do": "dead_letters.list", "limit": options.limit, **_selection(options)})
    if options.json:
        return as_json(rows)
    show.dead_letters(rows)
    return 0


def _show(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show

    found = ask(options, {"do": "dead_letters.show", "id": options.id})
    if not found:
        raise ConfigError(f"there is no dead letter {options.id}; `brygga dead-letters list` shows those there are")
    if options.json:
        return as_json(found)
    show.dead_letter(found)
    return 0


def _retry(options: argparse.Namespace, ask: Ask) -> int:
    return _say_counted(
        options, ask(options, {"do": "dead_letters.retry", **_selection(options)}), "will be tried again"
    )


def _drop(options: argparse.Namespace, ask: Ask) -> int:
    if not options.ids and not options.all:
        raise ConfigError("dead-letters drop: name the ids to drop, or say --all; dropped uplinks cannot be had back")
    return _say_counted(options, ask(options, {"do": "dead_letters.drop", **_selection(options)}), "dropped")


def _say_counted(options: argparse.Namespace, answer: Json, what: str) -> int:
    if options.ids and not answer["count"]:
        raise ConfigError("there is no such dead letter; `brygga dead-letters list` shows those there are")
    lines.say(f"{answer['count']} {what}")
    return 0


def _selection(options: argparse.Namespace) -> dict[str, Json]:
    ids = getattr(options, "ids", None) or None
    return {"destination": options.destination, "kind": options.kind, "ids": ids}


DEEDS: dict[str, Deed] = {
    "dead-letters list": _list,
    "dead-letters show": _show,
    "dead-letters retry": _retry,
    "dead-letters drop": _drop,
}
