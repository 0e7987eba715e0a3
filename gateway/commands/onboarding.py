"""Commands about devices that come from elsewhere, and about a box that is to live on in another."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gateway.commands import lines, places
from gateway.commands.asking import Unanswered, asked, asked_secret
from gateway.commands.network import Ask
from gateway.config import Settings
from gateway.desk.labels import cells_of as told_by
from gateway.devices_file.columns import COLUMNS
from gateway.errors import ConfigError
from gateway.model import Activation
from gateway.onboarding import Label, read_whole_label

ASKED = "32 hex digits, not shown; empty: the one known already, or that of a network server in front"

MOST_SHOWN = 20  # decoders of a maker that a person reads through


def cells_of(options: argparse.Namespace) -> Mapping[str, str]:
    """Return what the options of `device add` and the label say by column; asks a person for keys that neither has."""
    cells = {name: text for name in COLUMNS if (text := getattr(options, name, None)) is not None}
    if options.label is not None:
        cells = _with_label(cells, _read() if options.label == "-" else options.label)
    if "dev_eui" not in cells:
        raise ConfigError("device add: --dev-eui or --label: one of them says which device")
    if cells.get("activation", "otaa").lower() != Activation.ABP and lines.is_terminal(sys.stdin):
        cells |= dict(_asked(cells))
    return cells


def _read() -> str:
    if sys.stdin is None:  # whoever started this has closed it
        raise ConfigError(
            "device add: --label -: standard input is closed, and the label's text was to come from there"
        )
    return sys.stdin.read()


def _with_label(cells: Mapping[str, str], text: str) -> dict[str, str]:
    told = dict(told_by(read_whole_label(text)))
    dev_eui = told["dev_eui"]
    given = "".join(filter(str.isalnum, cells.get("dev_eui", dev_eui))).lower()
    if given != dev_eui:
        raise ConfigError(f"device add: --dev-eui is {cells['dev_eui']} and the label's is {dev_eui}: which is it?")
    lines.say(f"label: DevEUI {dev_eui}, JoinEUI {told.get('join_eui', 'not said')}, {_keys_told(told)}")
    return told | dict(cells)


def _keys_told(told: Mapping[str, str]) -> str:
    names = {"app_key": "AppKey", "nwk_key": "NwkKey", "nwk_s_key": "NwkSKey", "app_s_key": "AppSKey"}
    found = [words for name, words in names.items() if name in told]
    return f"with {' and '.join(found)}" if found else "no keys"


def _asked(cells: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if "app_key" not in cells:
        yield "app_key", asked_secret(f"AppKey ({ASKED})")
    if cells.get("mac_version", "").startswith("1.1") and "nwk_key" not in cells:
        yield "nwk_key", asked_secret(f"NwkKey ({ASKED})")


def propose_decoder(options: argparse.Namespace, cells: Mapping[str, str], dev_eui: str, ask: Ask) -> None:
    """Say which decoder a device without one may need; on a terminal ask a person, and give it the one chosen."""
    wanted = {
        "dev_eui": dev_eui,
        "join_eui": cells.get("join_eui"),
        "words": cells.get("name"),
        "label": _profile(options),
    }
    found = ask(options, {"do": "decoding.propose", **wanted})
    if found is None or not found["decoders"]:
        whose = (
            "nobody knows its maker by its DevEUI" if found is None else f"{found['why']}, and there is none of theirs"
        )
        lines.say(
            f"no decoder is named ({whose}): its uplinks are kept undecoded; `brygga decoder search WORDS` finds one"
        )
        return
    lines.say(f"no decoder is named; {found['why']}")
    chosen = _chosen(found["decoders"]) if lines.is_terminal(sys.stdin) else None
    if chosen is None:
        lines.say(
            f"its uplinks are kept undecoded until `brygga device add --dev-eui {dev_eui} --decoder NAME` names one:"
        )
        shown = found["decoders"][:MOST_SHOWN]
        more = f", and {len(found['decoders']) - len(shown)} more" if len(found["decoders"]) > len(shown) else ""
        lines.say(f"  {', '.join(shown)}{more}")
        return
    ask(options, {"do": "device.add", "cells": {"dev_eui": dev_eui, "decoder": chosen}})
    lines.say(f"decoder: {chosen}")


def _profile(options: argparse.Namespace) -> tuple[str, str] | None:
    """Return VendorID and profile of the label, where it is a TR005 code."""
    if options.label in (None, "-"):
        return None
    label = read_whole_label(options.label)
    return (label.vendor_id, label.profile_id) if isinstance(label, Label) else None


def _chosen(decoders: Sequence[str]) -> str | None:
    """Ask which of ``decoders`` it is: a number, a part of the name, or nothing for none."""
    for number, name in enumerate(decoders[:MOST_SHOWN], 1):
        lines.say(f"  {number:3d}  {name}")
    if len(decoders) > MOST_SHOWN:
        lines.say(f"       and {len(decoders) - MOST_SHOWN} more: type a part of the name")
    while answer := _answer(f"decoder (1 to {len(decoders)}, or a part of its name; empty: none yet)"):
        if answer.isdecimal() and 1 <= int(answer) <= len(decoders):
            return decoders[int(answer) - 1]
        fitting = [name for name in decoders if answer in name]
        exact = [name for name in fitting if name.partition("/")[2] == answer]
        if len(exact or fitting) == 1:
            return (exact or fitting)[0]
        lines.say(", ".join(fitting) + ": which of them?" if fitting else f"none of them is called {answer}")
    return None


def _answer(question: str) -> str:
    try:
        return asked(question).lower()
    except Unanswered:  # the device is there already, and may have its decoder later
        return ""


def back_up(settings: Settings, options: argparse.Namespace) -> int:
    """Run `brygga backup`."""
    from gateway import backup
    from gateway.clock import SystemClock
    from gateway.commands import rotation

    write = backup.back_up_with_key if options.with_keys else backup.back_up
    clock, file = SystemClock(), Path(options.file)
    if options.keep is not None:
        file = rotation.next_file(file, settings, clock().utc, options.keep)
    found = write(settings, file, clock, places.config_path(options))
    if options.keep is not None:
        rotation.let_go(file.parent, options.keep)
    keys = (
        "with the key file: whoever has it has all device keys, keep it safe"
        if options.with_keys
        else f"without the key file: keep a copy of {settings.gateway.key_file} elsewhere, "
        "the device keys cannot be read without it"
    )
    lines.say(f"wrote {file} ({keys})")
    if found.hidden:
        lines.say(f"secrets that are not in it: {', '.join(found.hidden)}; --with-keys writes them, too")
    if found.outside:
        lines.warnings([f"not in it, for it lies elsewhere: {one}" for one in found.outside])
    return 0


def move_in(options: argparse.Namespace) -> int:
    """Put the configuration of a backup in place, and say what it lacks; 0 where nothing is lacking."""
    from gateway import moving_in
    from gateway.config import load

    path = places.config_path_or_none(options) or places.CONFIG_PLACES[-1]
    put = moving_in.move_in_over if options.force else moving_in.move_in
    moved = put(Path(options.file), path)
    for one in moved.put_aside:
        lines.say(f"what was here is {one}; delete it when nothing in it is wanted")
    lines.say(f"the configuration is in {path}")
    lines.warnings([f"not in the backup, and has to be put in: {one}" for one in moved.missing])
    try:
        lines.warnings(moving_in.unlike(load(path)))
    except ConfigError as error:
        raise ConfigError(
            [*error.problems, f"Next: put these right, then `brygga restore {options.file}` for the journal"]
        ) from error
    return 0


def restore(settings: Settings, options: argparse.Namespace) -> int:
    """Run `brygga restore`."""
    from gateway import backup
    from gateway.clock import SystemClock

    put_back = backup.restore_over if options.force else backup.restore
    restored = asyncio.run(put_back(settings, Path(options.file), SystemClock()))
    if restored.put_aside is not None:
        lines.say(f"the journal that was here is {restored.put_aside}; delete it when nothing in it is wanted")
    lines.say(
        f"restored {restored.about.gateway} of {restored.about.made_at}: {restored.sessions} sessions, their downlink "
        f"counters and JoinNonces skipped ahead. Next: {places.start(places.config_path(options))}; and see that the old box never runs again"
    )
    return 0
