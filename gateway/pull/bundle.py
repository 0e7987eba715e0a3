"""A fleet's file: who is to have which configuration, up to when, and the number that must not go back.

[bundle]
serial = 42
expires = 2027-01-31T00:00:00Z

[[part]]                                  # for all
configuration.journal.limit = "1 GB"

[[part]]
gateways = ["roof-*"]                     # whose name is like this,
tags = ["north"]                          # or who has one of these tags
[[part.configuration.destination]]
name = "city"
city = "goteborg"
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Final

from gateway.config.fragments import File, merged
from gateway.config.writing import toml
from gateway.errors import ConfigError
from gateway.model import Json

HEAD: Final = "# Serial {serial}, by `brygga config pull`: what is written here is gone with the next one.\n\n"
MARK: Final = re.compile(r"# Serial \d+, by `brygga config pull`: ")
KEYS: Final = frozenset({"bundle", "part"})
BUNDLE_KEYS: Final = frozenset({"serial", "expires"})
PART_KEYS: Final = frozenset({"gateways", "tags", "configuration"})

Table = Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Part:
    """A configuration, and for whom it is."""

    gateways: tuple[str, ...]  # names, with * and ? as in a shell
    tags: frozenset[str]
    configuration: Table

    def is_for(self, gateway: str, tags: Collection[str]) -> bool:
        """Tell whether a box is to have it."""
        if not self.gateways and not self.tags:
            return True
        return any(fnmatchcase(gateway, one) for one in self.gateways) or not self.tags.isdisjoint(tags)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A whole file."""

    serial: int
    expires: datetime
    parts: tuple[Part, ...]
    digest: str  # SHA-256 of the file

    def fragment(self, gateway: str, tags: Collection[str]) -> str:
        """Return what a box is to have, as TOML: of its parts the later wins, key by key; "" where no part is for it."""
        mine = [one for one in self.parts if one.is_for(gateway, tags)]
        if not mine:
            return ""
        files = [File(f"part[{number}]", Path(f"part[{number}]"), one.configuration) for number, one in enumerate(mine)]
        return HEAD.format(serial=self.serial) + toml(merged(files).table)


def is_a_fragment(text: str) -> bool:
    """Tell whether `brygga config pull` has written a file, of whatever serial."""
    return MARK.match(text) is not None


def read_bundle(octets: bytes, shown: str) -> Bundle:
    """Return what a fleet's file says; ConfigError says all that is wrong with it."""
    try:
        table = tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{shown}: is not UTF-8 text (octet {error.start})") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{shown}: not TOML: {error}") from error
    problems = [*_problems(table)]
    if problems:
        raise ConfigError([f"{shown}: {one}" for one in problems])
    return Bundle(
        serial=table["bundle"]["serial"],
        expires=table["bundle"]["expires"],
        parts=tuple(
            Part(tuple(one.get("gateways", ())), frozenset(one.get("tags", ())), one["configuration"])
            for one in table.get("part", ())
        ),
        digest=hashlib.sha256(octets).hexdigest(),
    )


def _problems(table: Table) -> Iterator[str]:
    yield from _strange(table, KEYS, "")
    head, parts = table.get("bundle"), table.get("part", [])
    if not isinstance(head, dict):
        yield "bundle: is missing: [bundle] with serial and expires is expected"
    else:
        yield from _strange(head, BUNDLE_KEYS, "bundle.")
        serial, expires = head.get("serial"), head.get("expires")
        if not isinstance(serial, int) or isinstance(serial, bool) or serial < 1:
            yield "bundle.serial: a whole number from 1 up is expected, greater with each file"
        if not isinstance(expires, datetime) or expires.tzinfo is None:
            yield "bundle.expires: a time with its zone is expected, such as 2027-01-31T00:00:00Z"
    if not isinstance(parts, list) or not all(isinstance(one, dict) for one in parts):
        yield "part: a list of sections is expected: each begins with [[part]]"
        return
    for number, one in enumerate(parts):
        yield from _of_part(one, f"part[{number}].")


def _of_part(part: Table, place: str) -> Iterator[str]:
    yield from _strange(part, PART_KEYS, place)
    if not isinstance(part.get("configuration"), dict):
        yield f"{place}configuration: is missing; what stands in a brygga.toml stands below it"
    for key in ("gateways", "tags"):
        value = part.get(key, [])
        if not _are_texts(value):
            yield f"{place}{key}: a list of texts is expected"
        elif key in part and not value:
            yield f"{place}{key}: is empty, so nobody is meant; leave it out where all are"


def _are_texts(value: Json) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str) and all(isinstance(one, str) for one in value)


def _strange(table: Table, known: Collection[str], place: str) -> Iterator[str]:
    yield from (
        f"{place}{key}: there is no such key; there are {', '.join(sorted(known))}" for key in table if key not in known
    )
