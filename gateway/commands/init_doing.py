"""What the wizard does once all is known: files in place, the city tried out, devices added, the service started, the first uplink awaited."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Final

from gateway.agent import first_cause, running
from gateway.cities.profile import Said
from gateway.commands import text_file
from gateway.commands.init_programs import Run
from gateway.commands.init_sentences import both
from gateway.commands.init_terminal import BOLD, DIM, Terminal
from gateway.commands.init_trial import try_out
from gateway.commands.init_watching import watch
from gateway.config import Settings, load, make_data_folder
from gateway.config.reaching import reached
from gateway.control import ask
from gateway.errors import Busy, ConfigError, StorageError
from gateway.groundwork import system_clock
from gateway.model import Json
from gateway.setup.findings import Box
from gateway.setup.placing import Done, put_in_place
from gateway.setup.plan import Plan
from gateway.web.passwords import hashed
from gateway.whole_files import write_private

UNIT: Final = "brygga.service"
SOCKET_S: Final = 30.0  # for the agent's socket after the start

NO_RADIO: Final = Said(
    "No radio yet, so nothing is waited for: `brygga init` adds one.",
    "Ingen radio än, så inget väntas på: `brygga init` lägger till en.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """All that doing needs besides the plan."""

    path: Path  # of brygga.toml
    box: Box
    now: datetime
    run: Run
    watch_s: float  # 0: nothing is watched

    @property
    def runs_here(self) -> bool:
        """Tell whether the agent is to run in this process for the watch: where there is no service that would."""
        return bool(self.watch_s) and not self.box.has_unit


async def do(terminal: Terminal, plan: Plan, errand: Errand) -> int:
    """Do all of it and say so; return 0 when what was to be seen was seen. Raises ConfigError where nothing was changed."""
    done = put_in_place(plan, errand.path, errand.box.group, errand.now)
    settings = _loaded(errand.path, done)
    _say_done(terminal, done)
    if plan.by_hand:
        terminal.heading(Said("To be done at the other side:", "Att göra på den andra sidan:"))
        terminal.say_all(Said(f"- {one.en}", f"- {one.sv}") for one in plan.by_hand)
    await _restart(terminal, (one.unit for one in plan.changes), errand)
    for warning in settings.warnings:
        terminal.say(f"! {terminal.words(both(warning))}", DIM)
    return await carry_on(terminal, settings, plan, errand)


async def carry_on(terminal: Terminal, settings: Settings, plan: Plan, errand: Errand) -> int:
    """Try the city out, add devices, start, watch: all that comes after the files."""
    if plan.destination:
        await try_out(terminal, settings, plan.destination)
    _prepare(terminal, settings, plan, errand.box)
    if errand.watch_s and not settings.sources:
        terminal.say(NO_RADIO)
        errand = replace(errand, watch_s=0.0)
    if is_started := await _started(terminal, plan, errand):  # systemd has made its folder only now
        settings = replace(settings, control_socket=reached(errand.path) or settings.control_socket)
    if not is_started and not errand.runs_here and not await _answers(settings):
        are_added = await _add_devices(terminal, settings, plan)
        _hand_over(settings.gateway.data, errand.box)
        terminal.say(_how_to_start(errand))
        return 0 if are_added and not plan.starts else 1
    try:
        async with _agent(terminal, settings, is_started=is_started):
            are_added = await _add_devices(terminal, settings, plan)
            was_seen = not errand.watch_s or await _watched(terminal, settings, plan, errand)
    except BaseExceptionGroup as group:  # of the agent in this process
        raise first_cause(group) from group
    if not is_started and errand.runs_here:
        terminal.say(_how_to_start(errand))
    return 0 if was_seen and are_added else 1


def _loaded(path: Path, done: Done) -> Settings:
    """Return what was put in place; where that is wrong all the same, as a path that is too long is, all is taken back."""
    try:
        return load(path)
    except ConfigError:
        done.take_back()
        raise


def _say_done(terminal: Terminal, done: Done) -> None:
    terminal.say()
    terminal.say_all(Said(f"wrote {path}", f"skrev {path}") for path in done.written)
    terminal.say_all(Said(f"kept the old one: {path}", f"behöll den gamla: {path}") for path in done.kept)


async def _restart(terminal: Terminal, units: Iterable[str], errand: Errand) -> None:
    """Start the other side's programs again, so that they read their files."""
    for unit in dict.fromkeys(units):
        command = f"systemctl restart {unit}" if unit else ""
        if unit and errand.box.has_systemd and errand.box.is_root:
            code, said = await errand.run(command.split())
            terminal.say(Said(f"{command}: done", f"{command}: klart") if code == 0 else f"! {command}: {said}")
        else:
            what = command or "the forwarder"
            terminal.say(Said(f"! start it again: {what}", f"! starta om den: {command or 'forwardern'}"))


# ── the box ──


def _prepare(terminal: Terminal, settings: Settings, plan: Plan, box: Box) -> None:
    """Make the data folder, and the dashboard's password in it."""
    folder = settings.gateway.data
    make_data_folder(folder)
    if plan.password and settings.web is not None:
        write_private(settings.web.password_file, f"{hashed(plan.password)}\n".encode(), like=folder)
        terminal.say(Said("the dashboard has its password", "webbsidan har sitt lösenord"))
    _hand_over(folder, box)


def _hand_over(folder: Path, box: Box) -> None:
    """Give what this user has made to the service's; a link stays, for the service could have it point anywhere."""
    try:
        user = pwd.getpwnam(box.group) if box.group and box.is_root else None
    except KeyError:
        return
    if user is not None:
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)


async def _started(terminal: Terminal, plan: Plan, errand: Errand) -> bool:
    """Have the service run now and at each boot, where that is wanted; tell whether it runs."""
    if not plan.starts:
        return False
    at_boot, why_not = await errand.run(["systemctl", "enable", UNIT])
    code, said = await errand.run(["systemctl", "restart", UNIT])
    if code:
        terminal.say(f"! systemctl restart {UNIT}: {said}; journalctl -u {UNIT} -n 20 tells why")
        return False
    if at_boot:
        terminal.say(f"! systemctl enable {UNIT}: {why_not}")
        terminal.say(
            Said("Brygga runs, but will not start at the next boot", "Brygga kör, men startar inte vid nästa start")
        )
    else:
        terminal.say(Said("Brygga runs, and starts at each boot", "Brygga kör, och startar vid varje start"))
    return True


def _how_to_start(errand: Errand) -> Said:
    does = "restart" if errand.box.configured else "enable --now"
    start = f"systemctl {does} brygga" if errand.box.has_unit else f"brygga run --config {errand.path}"
    start = f"sudo {start}" if errand.box.has_unit and not errand.box.is_root else start
    return Said(f"Next: {start}", f"Sedan: {start}")


@contextlib.asynccontextmanager
async def _agent(terminal: Terminal, settings: Settings, *, is_started: bool) -> AsyncIterator[None]:
    """Have an agent that answers: the service's, one that runs already, or one in this process for as long as the block lasts."""
    if is_started or await _answers(settings):
        await _until_it_answers(settings)
        if not is_started:
            await _reload(terminal, settings)
        yield
        return
    terminal.say(
        Said(
            "No service here: Brygga runs in this window until the first observation. Ctrl-C ends it.",
            "Ingen tjänst här: Brygga kör i detta fönster till den första observationen. Ctrl-C avslutar.",
        ),
        DIM,
    )
    async with running(settings):
        yield


async def _reload(terminal: Terminal, settings: Settings) -> None:
    """Have an agent that ran before take up what is new, and say what counts from its next start only."""
    try:
        answer = await ask(settings, system_clock(settings), {"do": "reload"})
    except (ConfigError, Busy, StorageError) as error:
        terminal.say_all(f"! {problem}" for problem in str(error).split("\n"))
        return
    if sections := ", ".join(answer.get("restart", ())):
        terminal.say(Said(f"! from Brygga's next start: {sections}", f"! från nästa start av Brygga: {sections}"))


async def _answers(settings: Settings) -> bool:
    try:
        _, writer = await asyncio.open_unix_connection(settings.control_socket)
    except OSError:
        return False
    writer.close()
    return True


async def _until_it_answers(settings: Settings) -> None:
    with contextlib.suppress(TimeoutError):  # whoever asks then says what is wrong
        async with asyncio.timeout(SOCKET_S):
            while not await _answers(settings):  # noqa: ASYNC110 - another process opens its socket, and tells nobody
                await asyncio.sleep(0.2)


# ── devices, and the first of them ──


async def _add_devices(terminal: Terminal, settings: Settings, plan: Plan) -> bool:
    """Add the devices and say so; tell whether all of them are there."""
    clock, are_all = system_clock(settings), True
    for one in plan.devices:
        try:
            answer = await ask(settings, clock, _request(one))
        except (ConfigError, Busy, StorageError) as error:
            terminal.say_all(f"! {problem}" for problem in str(error).split("\n"))
            are_all = False
            continue
        terminal.say_all(f"! {warning}" for warning in answer["warnings"])
        name = one.get("file") or one.get("name") or one["dev_eui"]
        added, changed = answer["added"], answer["changed"]
        terminal.say(Said(f"{name}: {added} added, {changed} changed", f"{name}: {added} nya, {changed} ändrade"))
    return are_all


def _request(one: Mapping[str, str]) -> Mapping[str, Json]:
    if "file" in one:
        path = Path(one["file"])
        return {"do": "device.import", "text": text_file.read(path, path.name), "name": path.name}
    return {"do": "device.add", "cells": dict(one)}


async def _watched(terminal: Terminal, settings: Settings, plan: Plan, errand: Errand) -> bool:
    clock = system_clock(settings)
    terminal.heading(Said("Waiting for the first observation", "Väntar på den första observationen"))
    terminal.say(Said("Ctrl-C leaves; nothing is lost by that.", "Ctrl-C avslutar; inget går förlorat."), DIM)
    names = [one.name for one in settings.destinations]
    name = next((one for one in names if one.partition("@")[0] == plan.destination), names[0] if names else "")
    found = await watch(terminal, settings, lambda request: ask(settings, clock, request), name, errand.watch_s)
    if found:
        terminal.say(
            Said("Ready. `brygga status` shows how it goes.", "Klart. `brygga status` visar hur det går."), BOLD
        )
    else:
        terminal.say(
            Said(
                "Not yet. `brygga source test` and `brygga status` tell more; what comes is kept.",
                "Inte än. `brygga source test` och `brygga status` säger mer; det som kommer sparas.",
            )
        )
    return found


def may_write(folder: Path) -> bool:
    """Tell whether this user may make files in ``folder``, or make the folder."""
    while not folder.exists():
        folder = folder.parent
    return os.access(folder, os.W_OK | os.X_OK)
