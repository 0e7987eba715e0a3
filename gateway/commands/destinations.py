"""The commands about destinations that come and go: what is asked, what is said."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from gateway.commands import lines
from gateway.commands.network import Ask, Deed, as_json

if TYPE_CHECKING:
    from gateway.model import Json


def _list(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import show_destinations

    answer = ask(options, {"do": "destination.list"})
    if options.json:
        return as_json(answer)
    show_destinations.listed(answer)
    return 0


def _rename(options: argparse.Namespace, ask: Ask) -> int:
    now = ask(options, {"do": "destination.rename", "old": options.old, "new": options.new, "anyway": options.anyway})
    lines.say(f"{options.new} has what {options.old} had: {_backlog(now)}")
    return 0


def _forget(options: argparse.Namespace, ask: Ask) -> int:
    gone = ask(options, {"do": "destination.forget", "name": options.name})
    lines.say(f"{options.name} is forgotten, with {_backlog(gone)}")
    return 0


def _test(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import destination_trial

    return destination_trial.test(options, ask)


def _preview(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import destination_trial

    return destination_trial.preview(options, ask)


def _provision(options: argparse.Namespace, ask: Ask) -> int:
    from gateway.commands import destination_provision

    return destination_provision.provisioned(options, ask)


def _backlog(one: Json) -> str:
    return f"{one['waiting']} waiting uplinks and {sum(one['held'].values())} dead letters"


DEEDS: dict[str, Deed] = {
    "destination list": _list,
    "destination test": _test,
    "destination preview": _preview,
    "destination provision": _provision,
    "destination rename": _rename,
    "destination forget": _forget,
}
