"""The wizard's trial of a city: a marked observation sent to it, each step in the wizard's language, and what helps."""

from __future__ import annotations

from gateway.cities.profile import Said
from gateway.commands.doctor_words import words_in
from gateway.commands.init_sentences import both, step_name
from gateway.commands.init_terminal import DIM, Terminal
from gateway.config import Settings
from gateway.groundwork import system_clock
from gateway.trial.marked import marked
from gateway.trial.steps import Step
from gateway.trial.trial import attempt


async def try_out(terminal: Terminal, settings: Settings, name: str) -> None:
    """Try the destination ``name`` of the settings out, and say how it goes."""
    terminal.heading(Said(f"Trying {name}:", f"Provar {name}:"))
    destination = next(one for one in settings.destinations if one.name.partition("@")[0] == name)
    clock = system_clock(settings)
    item = marked(clock(), destination.share)
    if item is None:
        return
    steps = await attempt(destination, item, clock, settings.clock.trust)
    for step in steps:
        say_step(terminal, step)
    if not all(step.is_good for step in steps):
        terminal.say(
            Said(
                f"What is heard is kept until that is right; try again with: brygga destination test {name}",
                f"Det som hörs sparas tills det är rätt; prova igen med: brygga destination test {name}",
            )
        )


def say_step(terminal: Terminal, step: Step) -> None:
    """Print a step, and what to do where it went wrong."""
    terminal.say(
        f" {'ok' if step.is_good else '!!'} {terminal.words(step_name(step.name))}: {terminal.words(both(step.words))}"
    )
    if step.advice:
        terminal.say(f"    {words_in(terminal.language).step(step.kind) or step.advice}", DIM)
