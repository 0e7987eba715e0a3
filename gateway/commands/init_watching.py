"""The last step of the wizard: watch until the first uplink is heard, decoded and delivered, and say what to do while nothing comes."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final

from decoders.registry import Registry
from gateway.cities.profile import Said
from gateway.commands.init_terminal import DIM, Terminal
from gateway.commands.listing import terminal_width
from gateway.commands.source_words import WORDS
from gateway.config import Settings
from gateway.errors import Busy, StorageError
from gateway.groundwork import load_registry
from gateway.model import Json, Observation
from gateway.sharing import ALL
from gateway.sources.settings import SourceSettings, type_of
from gateway.trial.carried import device_of, uplink_of
from gateway.trial.preview import item_of

LOOK_S: Final = 0.5
MOST_CHECKS: Final = 2  # of a source's list: a phone shows some twenty lines
MOST_RECENT: Final = 5  # devices that are looked at
ADVICE_S: Final = 30.0  # in one stage, before it is said what to look at
UNITS: Final[Mapping[str, str]] = {
    "Cel": "°C",
    "[ppm]": "ppm",
    "m3": "m³",
    "uS/cm": "µS/cm",
    "1": "",
}  # of UCUM, as people write them

Ask = Callable[[Mapping[str, Json]], Awaitable[Json]]


class Stage(IntEnum):
    """How far the first observation is."""

    STARTING = 0
    LISTENING = 1  # the source is open, nobody is there
    CONNECTED = 2  # a gateway is there
    HEARING = 3  # frames come, none of a device of ours
    JOINED = 4  # a device of ours was heard, and has said nothing yet
    HEARD = 5  # an uplink of ours is on disk
    DELIVERED = 6
    HELD = 7  # refused by the platform, or read by no decoder


WAITS: Final[Mapping[Stage, Said]] = {
    Stage.STARTING: Said("starting", "startar"),
    Stage.LISTENING: Said("listening: no gateway yet", "lyssnar: ingen gateway än"),
    Stage.CONNECTED: Said("a gateway is there: no frame yet", "en gateway är där: ingen ram än"),
    Stage.HEARING: Said("frames come, none of your devices yet", "ramar kommer, ingen från dina enheter än"),
    Stage.JOINED: Said("your device joins: no reading yet", "din enhet ansluter: ingen mätning än"),
    Stage.HEARD: Said("heard: being delivered", "hörd: lämnas"),
    Stage.DELIVERED: Said("delivered", "lämnad"),
}
ADVICE: Final[Mapping[Stage, Said]] = {
    Stage.CONNECTED: Said(
        "Sensors speak every ten minutes or so; a press on a sensor's button makes most of them speak at once. Is the antenna connected?",
        "Sensorer talar var tionde minut eller så; ett tryck på knappen får de flesta att tala genast. Är antennen ansluten?",
    ),
    Stage.HEARING: Said(
        "The air is full of others' devices. Is yours added, with the right AppKey? Switch it off and on: it joins anew. `brygga frames unclaimed` tells who speaks.",
        "Luften är full av andras enheter. Är din tillagd, med rätt AppKey? Stäng av den och på: den ansluter på nytt. `brygga frames unclaimed` säger vilka som talar.",
    ),
    Stage.JOINED: Said(
        "A device sends its first reading some minutes after it has joined; a press on its button makes most of them do it at once.",
        "En enhet sänder sin första mätning några minuter efter att den anslutit; ett tryck på knappen får de flesta att göra det genast.",
    ),
    Stage.HEARD: Said(
        "It is kept and will be delivered. `brygga destination test NAME` tells what holds it up.",
        "Den är sparad och kommer att lämnas. `brygga destination test NAMN` säger vad som håller upp.",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one look showed."""

    stage: Stage
    words: str = ""  # of the observation: "21.3 °C from Library"
    after_s: float = 0.0  # from its being heard to the platform's answer
    advice: tuple[str, ...] = ()  # of the sources
    trouble: str = ""  # of the destination
    devices: int = 0  # that are registered
    held: int = 0  # by the destination, from before too

    @property
    def is_end(self) -> bool:
        """Tell whether nothing more is to be waited for; without a device that is when the radio hears."""
        return self.stage >= Stage.DELIVERED or (self.stage is Stage.HEARING and not self.devices)


async def watch(terminal: Terminal, settings: Settings, ask: Ask, destination: str, limit_s: float) -> bool:
    """Show how far it is until the first uplink since now is where it is to go; return whether it is, within ``limit_s``."""
    began, since = datetime.now(UTC), time.monotonic()
    changed, told, last = since, False, Stage.STARTING
    held_before: int | None = None  # a box may have dead letters of last year
    with contextlib.closing(load_registry(settings)) as registry, _line(terminal) as show:
        while time.monotonic() - since < limit_s:
            seen = await _look(ask, registry, began, destination, held_before)
            held_before = seen.held if held_before is None and seen.stage is not Stage.STARTING else held_before
            if seen.is_end or (seen.stage is Stage.HEARD and not destination):
                show("")
                terminal.say(_ending(seen, destination.partition("@")[0]))
                return seen.stage is not Stage.HELD
            if seen.stage is not last:
                last, changed, told = seen.stage, time.monotonic(), False
            show(f"{terminal.words(WAITS[last])} · {time.monotonic() - since:.0f} s")
            if not told and time.monotonic() - changed > ADVICE_S:
                show("")
                terminal.say_all(_advice(terminal, settings, seen))
                told = True
            await asyncio.sleep(LOOK_S)
    return False


@contextlib.contextmanager
def _line(terminal: Terminal) -> Iterator[Callable[[str], None]]:
    """Show one line that changes, on a terminal; in a pipe each new thing once."""
    width, last = 0, ""

    def show(text: str) -> None:
        nonlocal width, last
        if (columns := terminal_width()) is not None:
            shown = text[: columns - 1]  # a line that is full would begin another one
            sys.stdout.write(f"\r{shown.ljust(width)}" + ("\r" if not shown else ""))
            sys.stdout.flush()
            width = len(shown)
        elif (what := text.partition(" · ")[0]) and what != last:
            terminal.say(what, DIM)
            last = what

    try:
        yield show
    finally:
        show("")


async def _look(ask: Ask, registry: Registry, began: datetime, destination: str, held_before: int | None) -> Seen:
    try:
        status = await ask({"do": "status"})
        devices = await ask({"do": "device.list"})
        recent = _recent(devices, datetime.now(UTC) - began)
        lasts = await ask({"do": "destination.lasts", "devices": recent}) if recent else []
    except (Busy, StorageError):  # it is just starting
        return Seen(stage=Stage.STARTING)
    held = sum((_standing(status, destination).get("held") or {}).values())
    new = [one for one in lasts if one["uplink"] and datetime.fromisoformat(one["uplink"]["heard_at"][0]) >= began]
    if not new:
        return replace(Seen(stage=Stage.JOINED) if recent else _without_uplink(status, len(devices)), held=held)
    words, why_not = await _observation(new[0], registry)
    if why_not:
        return Seen(stage=Stage.HELD, words=words, trouble=why_not, held=held)
    is_held = held > (held if held_before is None else held_before)
    return replace(_with_uplink(_standing(status, destination), new[0], words, is_held=is_held), held=held)


def _standing(status: Mapping[str, Json], destination: str) -> Mapping[str, Json]:
    return status["destinations"].get(destination) or {}


def _recent(devices: Sequence[Mapping[str, Json]], since: timedelta) -> list[str]:
    """Return the devices that were heard in the time since, the last one first; a box may have thousands that were not."""
    heard = [one for one in devices if (age_s := one["last_heard_s"]) is not None and age_s <= since.total_seconds()]
    return [one["dev_eui"] for one in sorted(heard, key=lambda one: float(one["last_heard_s"]))[:MOST_RECENT]]


def _with_uplink(standing: Mapping[str, Json], last: Mapping[str, Json], words: str, *, is_held: bool) -> Seen:
    if is_held:
        why = standing.get("last_refusal") or ", ".join(kind for kind, count in standing["held"].items() if count)
        return Seen(stage=Stage.HELD, words=words, trouble=str(why))
    answered_s = standing.get("last_answer_s")
    if not standing or standing.get("waiting") != 0 or answered_s is None:
        return Seen(stage=Stage.HEARD, words=words, trouble=str(standing.get("trouble") or ""))
    answered = datetime.now(UTC) - timedelta(seconds=answered_s)
    heard_at = datetime.fromisoformat(last["uplink"]["heard_at"][0])
    return Seen(stage=Stage.DELIVERED, words=words, after_s=max((answered - heard_at).total_seconds(), 0.0))


def _without_uplink(status: Mapping[str, Json], devices: int) -> Seen:
    sources = status.get("sources", [])
    if not sources:
        return Seen(stage=Stage.STARTING)
    advice = tuple(str(words) for one in sources for words in one.get("advice", ()))
    if any(one.get("counts", {}).get("frames") for one in sources):
        return Seen(stage=Stage.HEARING, advice=advice, devices=devices)
    if any(one.get("gateways") or one.get("gateway") for one in sources):
        return Seen(stage=Stage.CONNECTED, advice=advice)
    return Seen(stage=Stage.LISTENING, advice=advice)


async def _observation(last: Mapping[str, Json], registry: Registry) -> tuple[str, str]:
    """Return what a device said, "21.3 °C · Library", and ""; or its name, and why nobody can read it."""
    device = device_of(last["device"])
    item = await item_of(uplink_of(last["uplink"]), device, registry, ALL)
    name = device.name or device.dev_eui
    if isinstance(item, str):
        return name, item
    return f"{', '.join(map(_value, item.observations[:2])) or '–'} · {name}", ""


def _value(one: Observation) -> str:
    value = f"{one.value:g}" if isinstance(one.value, float) else str(one.value)
    return f"{value} {UNITS.get(one.unit, one.unit)}".strip()


def _ending(seen: Seen, destination: str) -> Said:
    """Return the last words of a watch that has come to its end."""
    if seen.stage is Stage.HELD:
        return Said(
            f"Heard: {seen.words}; and held back: {seen.trouble}. `brygga dead-letters list` tells more.",
            f"Hörd: {seen.words}; men hålls kvar: {seen.trouble}. `brygga dead-letters list` säger mer.",
        )
    if seen.stage is Stage.HEARING:
        return Said(
            "The radio hears. No device is yours yet: `brygga device add --label -` makes one.",
            "Radion hör. Ingen enhet är din än: `brygga device add --label -` lägger till en.",
        )
    if not destination:
        return Said(
            f"First observation: {seen.words}. It is kept until there is a city.",
            f"Första observationen: {seen.words}. Den sparas tills det finns en stad.",
        )
    return Said(
        f"First observation: {seen.words}, delivered to {destination} {seen.after_s:.1f} s later.",
        f"Första observationen: {seen.words}, levererad till {destination} {seen.after_s:.1f} s senare.",
    )


def _advice(terminal: Terminal, settings: Settings, seen: Seen) -> Iterator[str]:
    own: Sequence[str] = [seen.trouble] if seen.trouble else seen.advice
    yield from (f"! {words}" for words in own)
    if seen.stage in ADVICE:
        yield f"! {terminal.words(ADVICE[seen.stage])}"
    if seen.stage is Stage.LISTENING and not own:
        for one in settings.sources:
            yield from _checks(one)


def _checks(settings: SourceSettings) -> Iterator[str]:
    """Yield what to look at where nobody is there, the two likeliest things first."""
    keys = {one.name: getattr(settings, one.name) for one in fields(settings)}
    for words in WORDS[type_of(settings)].checks[:MOST_CHECKS]:
        yield f"! {words.format_map({**keys, 'listening': keys.get('port', settings.name)})}"
