"""What goes wrong on the timetable: a table of kinds, each with what it does at its beginning and at its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.lab.box import Box
from simulators.lab.cities import City
from simulators.lab.gateways import Gateway
from simulators.lab.machine import Machine
from simulators.lab.scenario import Trouble, What
from simulators.lab.sky import Sky
from simulators.lab.temper import Mood
from simulators.lab.wire import Line
from simulators.lab.witness import US, Witness


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """All that trouble can come to."""

    box: Box
    machine: Machine
    sky: Sky
    masts: Mapping[str, Gateway]
    cities: Mapping[str, City]
    lines: Mapping[str, Line]
    witness: Witness


async def strike(stage: Stage, trouble: Trouble) -> None:
    """Wait for a trouble's time, do it, and undo it when it is over; only what began is undone."""
    await asyncio.sleep(max(0.0, trouble.begins_s - stage.sky.now_us() / US))
    begin, end = DEEDS[trouble.what]
    began_us = stage.sky.now_us()
    begin(stage, trouble)
    try:
        await asyncio.sleep(max(0.0, trouble.ends_s - stage.sky.now_us() / US))
    finally:
        end(stage, trouble)
        stage.witness.incidents.append((began_us, stage.sky.now_us(), words_of(trouble)))


def words_of(trouble: Trouble) -> str:
    """Return what a trouble is, as people say it."""
    whom = f": {', '.join(trouble.whom)}" if trouble.whom else ""
    share = f" {trouble.share:.0%} of the time" if trouble.share < 1 else ""
    by = f" by {trouble.by_s:g} s" if trouble.what is What.CLOCK_JUMPS else ""
    return f"{trouble.what}{by}{share}{whom}"


def _chosen(trouble: Trouble, names: Mapping[str, object]) -> Sequence[str]:
    return trouble.whom or list(names)


def _cut_lines(stage: Stage, trouble: Trouble) -> None:
    for name in _chosen(trouble, stage.lines):
        stage.lines[name].cut()


def _mend_lines(stage: Stage, trouble: Trouble) -> None:
    for name in _chosen(trouble, stage.lines):
        stage.lines[name].mend()


def _in_mood(what: str) -> Callable[[Stage, Trouble], None]:
    def turn(stage: Stage, trouble: Trouble) -> None:
        for name in _chosen(trouble, stage.cities):
            stage.cities[name].temper.take(Mood(what, trouble.share))

    return turn


def _well_again(what: str) -> Callable[[Stage, Trouble], None]:
    def turn(stage: Stage, trouble: Trouble) -> None:
        for name in _chosen(trouble, stage.cities):
            stage.cities[name].temper.leave(Mood(what, trouble.share))

    return turn


def _jump(stage: Stage, trouble: Trouble) -> None:
    stage.machine.wrong_s += trouble.by_s


def _jump_back(stage: Stage, trouble: Trouble) -> None:
    if stage.machine.wrong_s:  # a boot meanwhile has made it right
        stage.machine.wrong_s -= trouble.by_s


def _cut_power(stage: Stage, trouble: Trouble) -> None:
    stage.box.cut_power(trouble.ends_s - trouble.begins_s)


def _nothing(_: Stage, __: Trouble) -> None:
    """Leave it: what was done ends by itself."""


def _turn(*, on: bool) -> Callable[[Stage, Trouble], None]:
    def turn(stage: Stage, trouble: Trouble) -> None:
        for name in _chosen(trouble, stage.masts):
            stage.masts[name].turn(on=on)

    return turn


def _louder(stage: Stage, trouble: Trouble) -> None:
    stage.sky.noise_db += trouble.by_db


def _quieter(stage: Stage, trouble: Trouble) -> None:
    stage.sky.noise_db -= trouble.by_db


Deed = Callable[[Stage, Trouble], None]
DEEDS: Final[Mapping[What, tuple[Deed, Deed]]] = {
    What.BACKHAUL_OUT: (_cut_lines, _mend_lines),
    What.BROKER_BUSY: (_in_mood("busy"), _well_again("busy")),
    What.BROKER_REFUSES: (_in_mood("refuses"), _well_again("refuses")),
    What.BROKER_STALLS: (_in_mood("stalls"), _well_again("stalls")),
    What.CLOCK_JUMPS: (_jump, _jump_back),
    What.POWER_CUT: (_cut_power, _nothing),
    What.GATEWAY_OFF: (_turn(on=False), _turn(on=True)),
    What.RADIO_NOISE: (_louder, _quieter),
}
