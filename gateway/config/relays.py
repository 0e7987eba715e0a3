"""Relays held against the sources of the same file, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, cast

from gateway.config.reading import Section, did_you_mean
from gateway.config.relay_keys import RelayKeys
from gateway.config.sources.keys import SourceKeys
from gateway.relay.settings import GwmpServer, RelaySettings

OURSELVES: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def relay_keys(section: Section) -> RelayKeys:
    """Return the keys of a relay's section."""
    return cast("RelayKeys", section.keys)


def relay_settings(sources: Sequence[Section], relays: Sequence[Section]) -> tuple[RelaySettings, ...]:
    """Return what the relays are made of; called when every key is right."""
    able = _able(sources)
    return tuple(relay_keys(section).settings(able) for section in relays)


def relay_problems(sources: Sequence[Section], relays: Sequence[Section]) -> Iterator[str]:
    """Yield a line for each relay that the sources make impossible."""
    names = [name for one in sources if (name := _name(one)) is not None]
    for section in relays:
        if section.wrong:
            continue
        keys, able = relay_keys(section), _able(sources)
        for place, name in enumerate(keys.sources):
            if name not in names:
                yield f"{section.place}.sources[{place}]: there is no source {name!r}{did_you_mean(name, names or ['none'])}"
            elif name not in able:
                yield f"{section.place}.sources[{place}]: {name!r} brings nothing that a network server could take; leave it out"
        if not able:
            yield f"{section.place}: there is no source whose gateways it could have; a [[source]] of type semtech_udp is one"
        yield from _circle(section, keys, sources)


def _circle(section: Section, keys: RelayKeys, sources: Sequence[Section]) -> Iterator[str]:
    """Yield that a relay would send to this agent what this agent has sent it."""
    server = keys.server()
    if not isinstance(server, GwmpServer) or server.host not in OURSELVES:
        return
    for one in sources:
        if one.wrong:
            continue
        listens = cast("SourceKeys", one.keys).listens()
        if listens is not None and (listens.protocol, listens.port) == ("UDP", server.port):
            yield (
                f"{section.place}.url: {one.place} of this agent listens there, and would hear its own frames for ever; give the server's "
                "address, or the other program on this machine another port"
            )


def _able(sources: Sequence[Section]) -> list[str]:
    return [name for one in sources if cast("SourceKeys", one.keys).can_be_relayed and (name := _name(one)) is not None]


def _name(section: Section) -> str | None:
    return None if "name" in section.wrong else getattr(section.keys, "name", None)
