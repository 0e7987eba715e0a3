"""`brygga config pull` from its beginning to its end: nothing is changed before all that can be known is known."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from gateway.config import Settings, load_with, make_data_folder
from gateway.config.fleet import FRAGMENT, Fleet
from gateway.control import NotRunning, ask_at
from gateway.control import ask as ask_agent
from gateway.errors import Busy, ConfigError, StorageError
from gateway.model import Clock, Json
from gateway.pull.bundle import Bundle, read_bundle
from gateway.pull.fetching import Fetched, fetch
from gateway.pull.judging import judge, says_the_same
from gateway.pull.memory import ON_TRIAL, Memory, recall, remember
from gateway.pull.placing import Place, alone, digest
from gateway.pull.sshsig import Signer, proved, signers
from gateway.pull.watching import Ask, reload, status, watch

TROUBLES: Final = (ConfigError, Busy, StorageError)  # all that an agent says that does not take a file, or cannot say
BROKEN_OFF: Final = "it was broken off before this box was seen to do well with it"

Check = Callable[[Settings], Sequence[str]]
"""What a configuration promises and this machine cannot keep."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a pull is to go."""

    path: Path  # of brygga.toml
    url: str
    jitter_s: float = 0.0  # at most so long is waited first, by chance
    watch_s: float = 60.0  # 0: not at all
    again: bool = False  # a file that was taken back is tried once more
    tell: Callable[[str], None] = lambda _: None  # who waits what is waited for


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a pull."""

    lines: tuple[str, ...]  # for a person
    is_well: bool = True
    restart: tuple[str, ...] = ()  # sections that count from the agent's next start


@dataclass(frozen=True, slots=True)
class _New:
    """A file that is proved and tried."""

    bundle: Bundle
    signer: Signer
    fragment: str
    settings: Settings


async def pull(fleet: Fleet, wishes: Wishes, check: Check, clock: Clock) -> Outcome:
    """Fetch, prove, try, put in place, reload and watch. Raises ConfigError, Unreachable and Busy: then nothing is changed."""
    await asyncio.sleep(random.uniform(0.0, wishes.jitter_s))  # noqa: S311 - boxes apart, not secrets
    await asyncio.to_thread(make_data_folder, fleet.data)
    with alone(fleet.data):
        memory, place = recall(fleet.data), Place(fleet.fragment)
        if memory.is_on_trial:
            memory = await _broken_off(fleet, place, memory)
        is_as_placed = digest(place.text()) == memory.placed
        known = memory.url == wishes.url and (is_as_placed or memory.is_taken_back) and not wishes.again
        fetched = await fetch(fleet, wishes.url, memory.etag if known else "")
        if fetched is None:
            return _unchanged(memory)
        with _of(wishes.url):
            new = await asyncio.to_thread(_new, fleet, wishes, check, clock, memory, fetched)
        is_known = new.bundle.digest == memory.digest and not wishes.again
        if is_known and (memory.is_taken_back or place.text() == new.fragment):
            return _unchanged(memory)
        learnt = _learnt(wishes.url, fetched, new)
        if place.is_anothers(memory.placed):
            return _left_alone(fleet, place, new, learnt)
        return await _take(fleet, wishes, place, new, learnt, clock)


@contextlib.contextmanager
def _of(url: str) -> Iterator[None]:
    try:
        yield
    except ConfigError as error:
        raise ConfigError([f"{url}: {problem}" for problem in error.problems]) from error


def _new(fleet: Fleet, wishes: Wishes, check: Check, clock: Clock, memory: Memory, fetched: Fetched) -> _New:
    """Return what is fetched when it is proved, may be taken, and makes a configuration without a problem."""
    signer = proved(fetched.octets, fetched.signature, _keys(fleet.keys_file))
    bundle = read_bundle(fetched.octets, "signed, and")
    judge(bundle, memory, clock().utc)
    fragment = bundle.fragment(fleet.gateway, fleet.tags)
    settings = load_with(wishes.path, {FRAGMENT: fragment})
    if problems := check(settings):
        raise ConfigError(problems)
    return _New(bundle, signer, fragment, settings)


def _keys(path: Path) -> tuple[Signer, ...]:
    try:
        text, mode = path.read_text(encoding="utf-8"), path.stat().st_mode
    except OSError as error:
        raise ConfigError(
            f"fleet.keys_file: {path}: cannot be read: {error.strerror}; it holds the public keys whose signature counts"
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"fleet.keys_file: {path}: is no text") from error
    if mode & 0o002:
        raise ConfigError(
            f"fleet.keys_file: {path}: every user can write to it, and so configure this box; chmod o-w {path}"
        )
    return signers(text, path.name)


def _learnt(url: str, fetched: Fetched, new: _New) -> Memory:
    bundle = new.bundle
    return Memory(
        serial=bundle.serial,
        digest=bundle.digest,
        url=url,
        etag=fetched.etag,
        expires=bundle.expires.isoformat(),
        placed=digest(new.fragment),
    )


def _unchanged(memory: Memory) -> Outcome:
    if memory.is_taken_back:
        words = f"serial {memory.serial} was taken back: {memory.trouble}. `--again` tries it once more; the next one is taken by itself"
        return Outcome(lines=(words,), is_well=False)
    return Outcome(lines=(f"serial {memory.serial} is here already",))


def _left_alone(fleet: Fleet, place: Place, new: _New, learnt: Memory) -> Outcome:
    """Let a person's own file be; ConfigError where the fleet's has to lie there."""
    if new.fragment:
        raise ConfigError(
            f"{place.path}: `brygga config pull` has not put it there, and its own goes there: give it another name, such as 60-own.toml"
        )
    remember(fleet.data, learnt)
    words = f"serial {new.bundle.serial}, signed by {new.signer.name}, has nothing for this box; {place.path} is somebody's own and stays"
    return Outcome(lines=(words,))


# ── in place ──


async def _take(fleet: Fleet, wishes: Wishes, place: Place, new: _New, learnt: Memory, clock: Clock) -> Outcome:
    where = f"is in {place.path}" if new.fragment else "has nothing for this box: none of it stays here"
    taken = f"serial {new.bundle.serial}, signed by {new.signer.name}, {where}"
    if says_the_same(place.text(), new.fragment):
        place.put(new.fragment)
        remember(fleet.data, learnt)
        return Outcome(lines=(f"{taken}; it changes nothing here",))
    ask = _asking(replace(new.settings, control_socket=fleet.control_socket), clock)
    before = await _running(fleet, ask)
    place.keep()
    if before is None:
        place.put(new.fragment)
        remember(fleet.data, learnt)
        return Outcome(lines=(f"{taken}; no agent runs, and its next start takes it",))
    trial = _Trial(fleet, place, learnt, ask)
    trial.begin(new.fragment)
    return await _tried(trial, wishes, new, before, taken)


def _asking(settings: Settings, clock: Clock) -> Ask:
    return lambda request: ask_agent(settings, clock, request)


async def _running(fleet: Fleet, ask: Ask) -> dict[str, Json] | None:
    """Return how the running agent is; None where none runs."""
    if not fleet.control_socket.exists():
        return None
    try:
        found = dict(await status(ask))
    except ConfigError:  # a socket of an agent that was killed before it had a journal
        return None
    return found if found["agent"]["running"] else None


@dataclass(frozen=True, slots=True)
class _Trial:
    """A fragment that is in place until it is seen how the box does with it; whatever ends that leaves the former one, or none."""

    fleet: Fleet
    place: Place
    learnt: Memory
    ask: Ask

    def begin(self, fragment: str) -> None:
        """Put a fragment in place; that it is on trial is on the disk before."""
        remember(self.fleet.data, replace(self.learnt, trouble=ON_TRIAL))
        self.place.put(fragment)

    def stands(self) -> None:
        """Keep it."""
        remember(self.fleet.data, self.learnt)

    async def take_back(self, troubles: Sequence[str]) -> tuple[str, ...]:
        """Put the former one back; return why, and what of that the agent did not take."""
        self.place.take_back()
        here = digest(self.place.text())
        remember(self.fleet.data, replace(self.learnt, placed=here, trouble="; ".join(troubles)))
        try:
            await reload(self.ask)
        except TROUBLES as error:
            return (
                *troubles,
                f"the agent has not taken the former file again: {error}. Next: systemctl restart brygga",
            )
        return tuple(troubles)


async def _tried(trial: _Trial, wishes: Wishes, new: _New, before: dict[str, Json], taken: str) -> Outcome:
    wishes.tell(f"{taken}; for {wishes.watch_s:g} s at most it is watched how this box does with it")
    try:
        reloaded = await reload(trial.ask)
        troubles = await watch(trial.ask, before, new.settings.destinations, wishes.watch_s) if wishes.watch_s else []
    except TROUBLES as error:
        troubles = [str(error)]
    except asyncio.CancelledError:  # Ctrl-C
        why = await trial.take_back([BROKEN_OFF])
        wishes.tell(f"serial {new.bundle.serial} is taken back: {'; '.join(why)}")
        raise
    else:
        if not troubles:
            trial.stands()
            return Outcome(lines=(taken, *reloaded.changed), restart=reloaded.restart)
    words = f"serial {new.bundle.serial} was put in place and taken back, for this box did worse with it"
    return Outcome(lines=(words, *await trial.take_back(troubles)), is_well=False)


async def _broken_off(fleet: Fleet, place: Place, memory: Memory) -> Memory:
    """End a trial that a power cut or a signal broke off, and return what is known then."""
    place.take_back()
    with contextlib.suppress(NotRunning):
        await reload(lambda request: ask_at(fleet.control_socket, request))
    known = replace(memory, placed=digest(place.text()), trouble=BROKEN_OFF)
    remember(fleet.data, known)
    return known
