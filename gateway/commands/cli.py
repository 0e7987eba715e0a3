"""The `brygga` command: what an installer, a vendor or a tester types."""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.commands import (
    city,
    command_line,
    config,
    dead_letters,
    decoder,
    destinations,
    health,
    journal,
    lines,
    network,
    places,
    record,
    relay,
    service,
    source,
    text_file,
    upgrade,
    web,
)
from gateway.errors import Brygga, ConfigError

if TYPE_CHECKING:
    from gateway.model import Json

# What a command alone needs is imported in it: `--help` stays quick, and the running agent without rich stays small.

EX_CONFIG = 78  # sysexits.h; systemd does not start again after it (RestartPreventExitStatus)
PATIENCE = 1.0  # seconds before a terminal is told that a command is still at work


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code: 0 well, 1 not done, 2 wrong usage, 78 wrong configuration or file."""
    options = command_line.parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](options)
    except ConfigError as error:
        lines.problems(error.problems)
        return EX_CONFIG
    except lines.Unsaid as error:
        lines.mute(sys.stdout)
        lines.problems([str(error)])
        return 1
    except Brygga as error:
        lines.problems([str(error)])
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # the reader has gone
        lines.mute(sys.stdout)
        return 0


# ── the agent ──


def _run(options: argparse.Namespace) -> int:
    import asyncio

    from gateway.config import load_apart
    from gateway.process import (
        run,  # what the process that reads the configuration needs, too, is imported once for both
    )
    from gateway.service import log

    path = places.config_path(options).absolute()
    settings = load_apart(path)
    from gateway.config.afresh import load_afresh

    if log.begin(options.log_format, options.log_level) == "text":
        lines.warnings(settings.warnings)
    else:
        log.warn(settings.warnings)
    return asyncio.run(run(settings, take_backlog=options.take_backlog, read=functools.partial(load_afresh, path)))


def _check(options: argparse.Namespace) -> int:
    from gateway.config import load
    from gateway.groundwork import check

    path = places.config_path(options)
    settings = load(path)
    lines.warnings(settings.warnings)
    problems = check(settings)
    if problems:
        raise ConfigError(problems)
    for note in settings.notes:
        lines.say(note)
    lines.say(f"{path}: no problems. Next: {places.start(path)}")
    return 0


def _init(options: argparse.Namespace) -> int:
    from gateway.commands.init import init

    return init(options)


def _status(options: argparse.Namespace) -> int:
    from gateway.commands.show_status import status

    answer = _ask(options, {"do": "status"})
    if options.json:
        return _print_json(answer)
    status(answer)
    return 0


def _demo(options: argparse.Namespace) -> int:
    from simulators.demo import demo

    return demo(once=options.once, outage_s=options.outage)


def _simulate_platform(options: argparse.Namespace) -> int:
    from simulators.dry_run import dry_run
    from simulators.dry_run.run import Wishes

    wishes = Wishes(
        kind=options.kind,
        way=options.way,
        host=options.host,
        port=options.port,
        token=options.token,
        count=options.count,
        whole=options.whole,
    )
    return dry_run(wishes, lines.say)


def _replay(options: argparse.Namespace) -> int:
    try:
        from simulators.replay.command import Wishes, replay
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error

    wishes = Wishes(
        file=Path(options.file),
        to=options.to,
        speed=options.speed,
        loop=options.loop,
        port=options.port,
        as_json=options.json,
    )
    return replay(wishes, lines.say)


def _lab_run(options: argparse.Namespace) -> int:
    try:
        from simulators.lab.command import Wishes, lab_run
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error

    wishes = Wishes(
        scenario=options.scenario,
        seed=options.seed,
        lasts_s=options.lasts,
        speed=options.speed,
        check=options.check,
        as_json=options.json,
        report=options.report,
        html=options.html,
        journal=options.journal,
    )
    return lab_run(wishes, lines.say)


def _lab_list(_: argparse.Namespace) -> int:
    try:
        from simulators.lab.command import lab_list
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error
    return lab_list(lines.say)


def _lab_new(options: argparse.Namespace) -> int:
    try:
        from simulators.lab.command import lab_new
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error
    return lab_new(options.file, lines.say)


def _lab_compare(options: argparse.Namespace) -> int:
    try:
        from simulators.lab.command import lab_compare
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error
    return lab_compare(options.a, options.b, lines.say, as_json=options.json)


def _without_lab(error: ModuleNotFoundError) -> Brygga:
    return Brygga(f"the lab is not installed on this machine ({error}): it is part of the whole source tree")


def _lab_torture(options: argparse.Namespace) -> int:
    try:
        from simulators.torture.command import Wishes, torture
    except ModuleNotFoundError as error:
        raise _without_lab(error) from error

    wishes = Wishes(
        minutes=options.minutes,
        devices=options.devices,
        seed=options.seed,
        pace_s=options.pace,
        faults=options.faults,
        hurry=options.hurry,
        kills_per_minute=options.kills_per_minute,
        folder=options.folder,
        as_json=options.json,
    )
    return torture(wishes, lines.say)


# ── devices ──


def _device_add(options: argparse.Namespace) -> int:
    from gateway.commands import onboarding

    cells = onboarding.cells_of(options)
    answer = _ask(options, {"do": "device.add", "cells": cells})
    _say_imported(answer)
    if not answer["decoder"]:
        onboarding.propose_decoder(options, cells, answer["dev_eui"], _ask)
    if answer["added"]:
        when = "has joined" if answer["activation"] == "otaa" else "was heard"
        lines.say(f"Next: switch the device on; `brygga device show {answer['dev_eui']}` tells when it {when}")
    return 0


def _device_import(options: argparse.Namespace) -> int:
    path = Path("/dev/stdin" if options.file == "-" else options.file)
    name = "standard input" if options.file == "-" else path.name
    text = text_file.read(path, name)
    answer = _ask(options, {"do": "device.import", "text": text, "name": name}, f"importing {name}")
    lines.say(f"{name}: {answer['kind']}")
    _say_imported(answer)
    return 0


def _say_imported(answer: Json) -> None:
    lines.warnings(answer["warnings"])
    lines.warnings(answer.get("without_decoder", ()))
    lines.say("{added} added, {changed} changed, {unchanged} unchanged".format(**answer))


def _device_export(options: argparse.Namespace) -> int:
    if options.with_sessions and not options.with_keys:
        raise ConfigError("device export: --with-sessions needs --with-keys: session keys are keys, too")
    wanted = {"format": options.format, "with_keys": options.with_keys, "with_sessions": options.with_sessions}
    text = _ask(options, {"do": "device.export", **wanted}, "exporting")["text"]
    if options.file == "-":
        lines.hand_out(text)
        return 0
    text_file.write_private(Path(options.file), text)
    keys = "with keys: keep it safe" if options.with_keys else "without keys; --with-keys writes them too"
    lines.say(f"wrote {options.file} ({keys})")
    if options.with_sessions:
        lines.say(
            "Next: `brygga device remove` here, then import it there: two that answer one device disturb each other"
        )
    return 0


def _device_list(options: argparse.Namespace) -> int:
    from gateway.commands import show

    devices = _ask(options, {"do": "device.list"}, "listing")
    if options.json:
        return _print_json(devices)
    show.devices(devices)
    return 0


def _device_show(options: argparse.Namespace) -> int:
    from gateway.commands.show_device import device

    answer = _ask(options, {"do": "device.show", "device": options.device})
    if options.json:
        return _print_json(answer)
    device(answer)
    return 0


def _device_remove(options: argparse.Namespace) -> int:
    answer = _ask(options, {"do": "device.remove", "devices": options.devices})
    lines.problems(f"there is no device {dev_eui}" for dev_eui in answer["unknown"])
    lines.say(f"{answer['removed']} removed")
    return 1 if answer["unknown"] else 0


# ── a box that lives on in another ──


def _backup(options: argparse.Namespace) -> int:
    from gateway.commands.onboarding import back_up
    from gateway.config import load

    return back_up(load(places.config_path(options)), options)


def _restore(options: argparse.Namespace) -> int:
    from gateway.commands.onboarding import move_in, restore
    from gateway.config import load

    if options.with_config:
        move_in(options)
    return restore(load(places.config_path(options)), options)


# ── the doctor ──


def _doctor(options: argparse.Namespace, ask: network.Ask) -> int:
    from gateway.commands.doctor import DEEDS

    return DEEDS["doctor"](options, ask)


# ── decoding ──


def _decode(options: argparse.Namespace) -> int:
    import asyncio

    from decoders.registry import Registry
    from gateway.commands import show
    from gateway.commands.try_out import decode

    registry = Registry.load(places.decoder_folders(options))
    outcome = asyncio.run(decode(registry, options.decoder, options.port, "".join(options.hex)))
    if options.json:
        _print_json(outcome)
    else:
        show.decoded(outcome)
    return 1 if "error" in outcome else 0


# ── dead letters, and the network ──


def _asked(deed: network.Deed, options: argparse.Namespace) -> int:
    return deed(options, _ask)


# ── what commands share ──


def _ask(options: argparse.Namespace, request: dict[str, Json], words: str = "asking") -> Json:
    import asyncio

    return asyncio.run(_patiently(options, request, words))


async def _patiently(options: argparse.Namespace, request: dict[str, Json], words: str) -> Json:
    import asyncio

    from gateway.config.reaching import reached
    from gateway.control import NotRunning, ask_at

    path = places.config_path(options)
    socket = reached(path)
    with contextlib.ExitStack() as stack:
        timer = asyncio.get_running_loop().call_later(PATIENCE, _tell_on_a_terminal, stack, words)
        try:
            if socket is not None:
                with contextlib.suppress(NotRunning):
                    return await ask_at(socket, request)
            return await _ask_itself(path, request)
        finally:
            timer.cancel()


async def _ask_itself(path: Path, request: dict[str, Json]) -> Json:
    """Have the answer of a stopped agent's journal: it takes most of the program, which a running one has in memory already."""
    from gateway.clock import SystemClock
    from gateway.config import load
    from gateway.control import ask

    return await ask(load(path), SystemClock(), request)


def _tell_on_a_terminal(stack: contextlib.ExitStack, words: str) -> None:
    if lines.is_terminal(sys.stderr):
        from gateway.commands import show

        stack.enter_context(show.working(f"{words} …"))


def _print_json(answer: Json) -> int:
    lines.say(json.dumps(answer, indent=2, ensure_ascii=False, default=str))
    return 0


COMMANDS: dict[str, Callable[[argparse.Namespace], int]] = {
    "init": _init,
    "run": _run,
    "check": _check,
    "status": _status,
    "demo": _demo,
    "simulate platform": _simulate_platform,
    "replay": _replay,
    "lab run": _lab_run,
    "lab list": _lab_list,
    "lab new": _lab_new,
    "lab compare": _lab_compare,
    "lab torture": _lab_torture,
    "device add": _device_add,
    "device import": _device_import,
    "device export": _device_export,
    "device list": _device_list,
    "device show": _device_show,
    "device remove": _device_remove,
    "backup": _backup,
    "journal backup": _backup,
    "restore": _restore,
    "decode": _decode,
    **{
        words: functools.partial(_asked, deed)
        for words, deed in {
            **dead_letters.DEEDS,
            **city.DEEDS,
            **config.DEEDS,
            **decoder.DEEDS,
            **destinations.DEEDS,
            "doctor": _doctor,
            **health.DEEDS,
            **journal.DEEDS,
            **network.DEEDS,
            **record.DEEDS,
            **relay.DEEDS,
            **service.DEEDS,
            **source.DEEDS,
            **upgrade.DEEDS,
            **web.DEEDS,
        }.items()
    },
}
