"""What another reading of the configuration changes, and what of it a running agent can take: pure."""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final, Protocol

from gateway.config import Settings
from gateway.config.likeness import alike
from gateway.errors import Brygga

TAKEN: Final = frozenset(
    {"destinations", "former", "decoders", "notes", "warnings"}
)  # fields of Settings, by the agent itself
SECTIONS: Final = {"control_socket": "[gateway] control_socket"}  # fields that are no section of their own
LISTS: Final = {"sources": "[[source]]", "relays": "[[relay]]"}  # of sections with a name each


class Part(Protocol):
    """A room that takes another configuration while it runs: it stands for one field of the settings."""

    @property
    def field(self) -> str:
        """Return the field's name, e.g. "web"."""
        ...

    async def check(self, settings: Settings) -> None:
        """Raise ConfigError where what ``settings`` say cannot be had now; nothing is changed."""
        ...

    async def change(self, settings: Settings) -> None:
        """Go on as ``settings`` say; what cannot be had after all is tried again, and said in the status."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What another reading says: ``settings`` is what can be had of it without a restart."""

    settings: Settings
    changed: tuple[str, ...]  # what is taken, a line each
    restart: tuple[str, ...]  # sections that need one
    fields: frozenset[str]  # of the parts that have to change


def difference(now: Settings, read: Settings, parts: Collection[str] = ()) -> Difference:
    """Compare what runs with what was read; ``parts`` are the fields that others than the agent itself take."""
    taken = TAKEN | set(parts)
    differing = [one.name for one in fields(Settings) if not alike(getattr(now, one.name), getattr(read, one.name))]
    mine = [name for name in differing if name in taken]
    return Difference(
        settings=_with_card(replace(now, **{name: getattr(read, name) for name in mine}), read),
        changed=tuple(_changed(now, read, mine)),
        restart=tuple(_restarts(now, read, [name for name in differing if name not in taken])),
        fields=frozenset(mine) - TAKEN,
    )


async def outcome(reloading: Awaitable[Difference]) -> Difference | Brygga:
    """Return what a reload changed, or why it could not be: a file that is wrong must not end the agent's tasks."""
    try:
        return await reloading
    except Brygga as error:
        return error


def ports(settings: Settings) -> frozenset[int]:
    """Return the TCP ports that parts of a running agent hold: to them another part may move."""
    holders = (settings.web, settings.metrics.port)
    return frozenset(one.port for one in holders if one is not None)


def _with_card(settings: Settings, read: Settings) -> Settings:
    """Return the settings with the card's class as it was read: it is only reckoned with."""
    return replace(
        settings, journal=replace(settings.journal, card=read.journal.card, card_bytes=read.journal.card_bytes)
    )


def _changed(now: Settings, read: Settings, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        match name:
            case "destinations":
                yield from (f"destination {line}" for line in _named(now.destinations, read.destinations))
            case "former":
                yield from (f"former city {line}" for line in _named(now.former, read.former))
            case "decoders":
                yield f"[decoders] folder: {read.decoders.folder or 'none'}"
            case "notes" | "warnings":
                pass  # they are told anyway
            case _:
                yield f"[{name}]: changed"


def _restarts(now: Settings, read: Settings, names: Sequence[str]) -> Iterator[str]:
    for name in names:
        if name in LISTS:
            yield from (f"{LISTS[name]} {line}" for line in _named(getattr(now, name), getattr(read, name)))
        elif name != "journal" or not alike(_with_card(now, read).journal, read.journal):
            yield SECTIONS.get(name, f"[{name}]")


def _named(now: Sequence[Any], read: Sequence[Any]) -> Iterator[str]:
    """Yield which of two lists' sections came, changed and went, in the order of the new one."""
    before, after = {one.name: one for one in now}, {one.name: one for one in read}
    for name, one in after.items():
        if name not in before:
            yield f"{name}: added"
        elif not alike(before[name], one):
            yield f"{name}: changed"
    yield from (f"{name}: removed" for name in before if name not in after)
    if before.keys() == after.keys() and [*before] != [*after]:
        yield "order: changed"
