"""`[web]` held against the rest of the file, and what becomes of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, cast

from gateway.config.reading import Section
from gateway.config.sources.keys import Listens
from gateway.config.web_keys import WebKeys
from gateway.web.settings import Web

EVERY_ADDRESS: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - recognised, not listened on


def web_settings(single: Mapping[str, Section], data: Path) -> Web | None:
    """Return what the dashboard is made of; None where the file has no such section. Called when every key is right."""
    return None if "web" not in single else _keys(single).settings(data)


def web_problems(single: Mapping[str, Section], listening: Iterable[tuple[str, Listens]]) -> Iterator[str]:
    """Yield what is wrong with the section; ``listening`` are the places of sources, and where they listen."""
    if "web" not in single or single["web"].wrong:
        return
    keys = _keys(single)
    yield from (f"web.{key}: {words}" for key, words in keys.problems())
    for place, there in listening:
        same_host = there.host == keys.host or EVERY_ADDRESS & {there.host, keys.host}
        if keys.port and (there.protocol, there.port) == ("TCP", keys.port) and same_host:
            yield f"web.port: {place} listens on {keys.port} already; give each its own port"


def web_warnings(single: Mapping[str, Section], data: Path) -> Iterator[str]:
    """Yield what works and is unwise."""
    if "web" in single:
        yield from (f"web.{key}: {words}" for key, words in _keys(single).warnings(data))


def _keys(single: Mapping[str, Section]) -> WebKeys:
    return cast("WebKeys", single["web"].keys)
