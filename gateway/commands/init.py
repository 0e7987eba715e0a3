"""`brygga init`: from box to first observation. Looks around, asks what it cannot know, writes, tries, starts, watches."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from decoders.registry import Registry
from gateway.cities.catalogue import Catalogue
from gateway.cities.profile import Said
from gateway.commands import lines, places, text_file
from gateway.commands.asking import Unanswered
from gateway.commands.init_dialogue import converse, decided, summary
from gateway.commands.init_doing import Errand, carry_on, do, may_write
from gateway.commands.init_programs import Run, run_program
from gateway.commands.init_terminal import BOLD, DIM, HINT, Terminal
from gateway.commands.languages import spoken
from gateway.config import load
from gateway.errors import ConfigError
from gateway.setup import answers_file, placing
from gateway.setup.asking import Known, mode
from gateway.setup.dialogue import Dialogue, filled
from gateway.setup.findings import Findings
from gateway.setup.listening import PORT
from gateway.setup.machine import SERVICE_FILE, Machine
from gateway.setup.plan import Plan, plan
from gateway.setup.probing import LISTEN_S, Wishes, box_of, probed

HERE: Final = Path("brygga.toml")
WATCH_S: Final = 1800.0  # of a dialogue: most sensors speak three times in it
LEFT: Final = Said("Nothing was changed.", "Inget har ändrats.")
TEXTS: Final = Said("Secrets are not shown.", "Hemligheter visas inte.")


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The machine, and how programs are run on it; tests give others."""

    machine: Machine = Machine()  # noqa: RUF009 - frozen
    run: Run = run_program
    listen_s: float = LISTEN_S
    port: int = PORT

    def wishes(self, path: Path) -> Wishes:
        """Return how far to look on a box whose configuration is ``path``."""
        return Wishes(configuration=path, listen_s=self.listen_s, port=self.port)


def init(options: argparse.Namespace, world: World | None = None) -> int:
    """Run the wizard; return 0 when all that was wanted is done, 1 when not, 130 when it was left."""
    world = world or World()
    terminal = Terminal(spoken(options.language))
    try:
        return _init(options, world, terminal)
    except KeyboardInterrupt:
        terminal.say()
        terminal.say(LEFT)
        return 130
    except Unanswered:
        terminal.say(LEFT)
        return 1


def _init(options: argparse.Namespace, world: World, terminal: Terminal) -> int:
    path = where(options, world.machine)
    known = _known(path, terminal, Findings(box=box_of(world.machine, world.wishes(path))))
    if options.template:
        lines.hand_out(answers_file.template(known, Dialogue(known).questions))
        return 0
    if not may_write(path.absolute().parent) and not options.dry_run:
        raise ConfigError(f"{path}: this user may not write there; try with sudo, or name another place with --config")
    is_asked = options.answers is None
    if is_asked:
        terminal.say(Said("Brygga: from this box to a city", "Brygga: från den här boxen till en stad"), BOLD)
        terminal.say(HINT, DIM)
    dialogue = Dialogue(replace(known, findings=_found(options, world, terminal, path)))
    dialogue = _asked(terminal, dialogue, path) if is_asked else _filled(options, terminal, dialogue)
    if options.write_answers is not None:
        text_file.write_private(Path(options.write_answers), answers_file.saved(dialogue))
        terminal.say(Said(f"wrote {options.write_answers}", f"skrev {options.write_answers}"))
    return _carried_out(options, world, terminal, dialogue, path)


def _carried_out(options: argparse.Namespace, world: World, terminal: Terminal, dialogue: Dialogue, path: Path) -> int:
    known, watch_s = dialogue.known, options.watch
    if watch_s is None:
        watch_s = WATCH_S if options.answers is None else 0.0
    errand = Errand(path=path.absolute(), box=known.findings.box, now=datetime.now(UTC), run=world.run, watch_s=watch_s)
    made = plan(known)
    if options.dry_run:
        placing.proved(made, path, load)
        show_plan(terminal, made, path, known)
        return 0
    with _written(terminal):
        if mode(known) == "keep":
            terminal.say(Said(f"{path} is kept as it is.", f"{path} behålls som den är."))
            kept = replace(made, changes=(), files=(), destination="")
            return asyncio.run(carry_on(terminal, load(path), kept, errand))
        placing.proved(made, path, load)
        return asyncio.run(do(terminal, made, errand))


@contextlib.contextmanager
def _written(terminal: Terminal) -> Iterator[None]:
    """Say, where somebody leaves from now on, that the box stays as it is set up."""
    try:
        yield
    except KeyboardInterrupt:
        terminal.say()
        terminal.say(
            Said(
                "Left. What was written stays; `brygga status` shows how it goes, `brygga init` goes on.",
                "Avslutat. Det som skrevs finns kvar; `brygga status` visar hur det går, `brygga init` fortsätter.",
            )
        )
        raise SystemExit(130) from None


# ── what is there ──


def where(options: argparse.Namespace, machine: Machine) -> Path:
    """Return the file to write: the one that is named or there, else the service's where there is one or this user may, else here."""
    there = places.config_path_or_none(options)
    if there is not None:
        return there
    of_the_service = machine.at(SERVICE_FILE)
    return of_the_service if machine.has_unit() or may_write(of_the_service.parent) else HERE


def _found(options: argparse.Namespace, world: World, terminal: Terminal, path: Path) -> Findings:
    wishes = world.wishes(path)
    if options.quick or box_of(world.machine, wishes).configured:  # an agent may have the port, and the modem
        wishes = replace(wishes, listen_s=0.0, serial=False)
    terminal.say(Said("Looking around …", "Ser mig omkring …"), DIM)
    found = asyncio.run(probed(world.machine, wishes))
    terminal.say_all(f"! {words}" for words in found.troubles)
    return found


def _known(path: Path, terminal: Terminal, findings: Findings) -> Known:
    catalogue = Catalogue.load(path.absolute().parent)
    lines.warnings(catalogue.problems)
    return Known(
        findings=findings,
        catalogue=catalogue,
        decoders=lambda: Registry.load(()).names(),
        read_file=_file,
        language=terminal.language,
    )


def _file(name: str) -> str | None:
    """Return the text of a file of devices, None where there is none of that name; a label's text may be no name at all."""
    try:
        path = Path(name).expanduser()
        return path.read_text(encoding="utf-8-sig") if path.is_file() else None
    except (OSError, ValueError):
        return None


# ── what is answered ──


def _asked(terminal: Terminal, dialogue: Dialogue, path: Path) -> Dialogue:
    """Ask all, show it, and let it be changed until it is to be written and can be."""
    while True:
        dialogue = converse(terminal, dialogue)
        if mode(dialogue.known) == "keep":
            return dialogue
        summary(terminal, dialogue)
        match decided(terminal, dialogue):
            case "write":
                try:
                    placing.proved(plan(dialogue.known), path, load)
                except ConfigError as error:
                    terminal.say_all(f"! {problem}" for problem in error.problems)
                    continue
                return dialogue
            case "files":
                show_plan(terminal, plan(dialogue.known), path, dialogue.known)
            case "quit":
                raise KeyboardInterrupt
            case name:
                dialogue = dialogue.again(name)


def _filled(options: argparse.Namespace, terminal: Terminal, dialogue: Dialogue) -> Dialogue:
    """Return the dialogue answered by a file; ConfigError says all that is wrong with it."""
    path = Path(options.answers)
    given = answers_file.read(
        text_file.read(path, path.name), path.name, path.absolute().parent, dialogue.questions, os.environ
    )
    answered, problems = filled(dialogue, given.texts, [_beside(path, one) for one in given.devices])
    if given.problems or problems:
        raise ConfigError([*given.problems, *(f"{path.name}: {problem}" for problem in problems)])
    idle = [name for name in given.texts if name not in {one.id for one in answered.answered()}]
    if idle:
        terminal.say(Said(f"not needed here: {', '.join(idle)}", f"behövs inte här: {', '.join(idle)}"), DIM)
    return answered


def _beside(answers: Path, device: str) -> str:
    """Return a file of devices as it lies beside the answers; anything else is a label's text."""
    there = answers.absolute().parent / device
    with contextlib.suppress(OSError, ValueError):
        return str(there) if there.is_file() else device
    return device


def show_plan(terminal: Terminal, made: Plan, path: Path, known: Known) -> None:
    """Show all that would be written and changed, without secrets: of a file that is there, what comes to it."""
    before = known.findings.box.configured.rstrip("\n") if mode(known) != "new" else ""
    if before:
        terminal.say()
        terminal.say(
            Said(f"What is in {path} stays; to it comes:", f"Det som står i {path} blir kvar; till det kommer:")
        )
    for name, text, is_secret in [
        (path.name, made.configuration.removeprefix(before).lstrip("\n"), False),
        *((one.name, one.text, one.is_secret) for one in made.files),
    ]:
        terminal.heading(f"── {path.parent / name}")
        lines.say("…" if is_secret else text.rstrip("\n"))
    for heading, some in (
        (Said("Changed at the other side:", "Ändras på den andra sidan:"), [one.words for one in made.changes]),
        (Said("To be done there by you:", "Att göra där av dig:"), list(made.by_hand)),
    ):
        if some:
            terminal.heading(heading)
            terminal.say_all(some)
    terminal.say(TEXTS, DIM)
