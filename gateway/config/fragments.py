"""The files of a configuration: `brygga.d/*.toml` in the order of their names, and `brygga.toml` over them.

What is read later wins, key by key, and a box's own file is read last: a fleet's fragments say what holds for all, a box what is its own.
Sections of a list (`[[destination]]`) with the same name are one section; others are appended.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from gateway.cities.layers import Layer, Layered, Origin, layered
from gateway.config.environment import Filling, variables
from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.model import Json

LISTS: Final = ("source", "relay", "destination")
PLACE: Final = re.compile(r"([a-z_]+(?:\[\d+\])?)(?:\.([^\s:]*))?: ")
REFERENCE: Final = re.compile(rf"\b((?:{'|'.join(LISTS)})\[\d+\])")
FOLDER: Final = ".d"

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """A file that was read."""

    shown: str  # as errors call it: "brygga.d/50-fleet.toml"
    path: Path
    table: Table


@dataclass(frozen=True, slots=True)
class Part:
    """A section of all files together."""

    layered: Layered
    places: Mapping[Path, str]  # what it is in each file: "destination[0]"

    def where(self, key: str) -> tuple[Path, str]:
        """Return the file in which a dotted key stands, or would, and the section's place in that."""
        origin = self.layered.origin(key) if key else None
        path = origin.path if origin is not None and origin.path in self.places else [*self.places][-1]
        assert path is not None
        return path, self.places[path]


@dataclass(frozen=True, slots=True)
class Document:
    """A whole configuration as it was written."""

    files: tuple[File, ...]  # the lowest first; the last is the box's own
    table: Table
    parts: Mapping[str, Part]  # by the place in ``table``: "gateway", "destination[2]"

    @property
    def own(self) -> File:
        """The box's own file."""
        return self.files[-1]

    def file_of(self, place: str, key: str) -> Path:
        """Return the file in which a key stands, or would."""
        part = self.parts.get(place)
        return self.own.path if part is None else part.where(key)[0]

    def shown(self, place: str, key: str) -> str:
        """Return the same as people call the file."""
        return self._shown(self.file_of(place, key))

    def located(self, line: str) -> str:
        """Return a problem of the whole table, "brygga.toml: destination[2].url: …", as one of the file in which its key stands."""
        before = f"{self.own.shown}: "
        found = PLACE.match(line.removeprefix(before)) if line.startswith(before) else None
        if len(self.files) == 1 or found is None:
            return self._references(line, None)
        part = self.parts.get(found[1])
        words = line[len(before) + found.end() :]
        if part is None:
            return f"{self._first(found[1])}: {line.removeprefix(before)}"
        path, place = part.where(found[2] or "")
        key = f".{found[2]}" if found[2] else ""
        return f"{self._shown(path)}: {place}{key}: {self._references(words, path)}"

    def _references(self, words: str, path: Path | None) -> str:
        """Return words that name other sections, or one in brygga.toml, with the places of their files."""

        def refer(found: re.Match[str]) -> str:
            if found[1] not in self.parts:
                return found[0]
            where, place = self.parts[found[1]].where("")
            return place if where == path else f"{place} in {self._shown(where)}"

        if len(self.files) == 1:
            return words
        return REFERENCE.sub(refer, words.replace(f" in {self.own.shown})", ")"))

    def _first(self, name: str) -> str:
        return next((one.shown for one in reversed(self.files) if name in one.table), self.own.shown)

    def _shown(self, path: Path) -> str:
        return next(one.shown for one in self.files if one.path == path)


def fragments_folder(path: Path) -> Path:
    """Return the folder of the fragments that belong to a configuration: brygga.d beside brygga.toml."""
    return path.with_suffix(FOLDER)


Taken = Callable[[bytes], bytes]
"""What of a file's text is read."""


def read(path: Path, instead: Mapping[str, str] | None = None, taken: Taken = bytes) -> Document:
    """Return what ``path`` and its fragments say; ConfigError names all files that are wrong.

    ``instead`` are texts of fragments by their names, which count as if they were there.
    """
    texts = dict(_texts(path, instead or {}))
    known = variables(path.absolute().parent)
    files: list[File] = []
    problems: list[str] = []
    for one, text in texts.items():
        shown = path.name if one == path else f"{one.parent.name}/{one.name}"
        try:
            filling = Filling(known)
            octets = taken(_octets(one) if text is None else text)
            files.append(File(shown, one, filling.table(parsed(octets, shown, one))))
            problems += [f"{shown}: {place}: {words}" for place, words in filling.problems]
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(problems)
    return merged(files)


def _texts(path: Path, instead: Mapping[str, str]) -> Iterator[tuple[Path, bytes | None]]:
    folder = fragments_folder(path)
    try:
        there = {one.name for one in folder.iterdir()} if folder.is_dir() else set()
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be read: {error.strerror}") from error
    for name in sorted(there | instead.keys()):
        if name.endswith(".toml") and not name.startswith("."):
            yield folder / name, instead[name].encode() if name in instead else None
    yield path, None


def _octets(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def parsed(octets: bytes, shown: str, path: Path) -> dict[str, Json]:
    """Return what TOML says; ConfigError says where it is none."""
    try:
        return tomllib.loads(octets.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (octet {error.start}); save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(_syntax(shown, str(error))) from error


def _syntax(name: str, words: str) -> str:
    """Put the line where people look for it: "brygga.toml line 3, column 5: not TOML: …"."""
    found = re.fullmatch(r"(.*) \(at (line \d+, column \d+|end of document)\)", words, re.DOTALL)
    what, where = (found[1], f" {found[2]}") if found else (words, "")
    return f"{name}{where}: not TOML: {what[:1].lower()}{what[1:]}; texts stand in quotes, and a section begins with [its name]"


# ── one over another ──


def merged(files: Sequence[File]) -> Document:
    """Return what ``files`` say together, the lowest first."""
    table: dict[str, Json] = {}
    layers: dict[str, list[tuple[File, str, Table]]] = {}  # by the place in ``table``
    for file in files:
        for name, value in file.table.items():
            if name in LISTS and _are_sections(value) and _are_sections(table.get(name, [])):
                table[name] = _listed(name, value, file, table.get(name, []), layers)
            elif isinstance(value, dict) and isinstance(table.get(name, {}), dict):
                table.setdefault(name, {})
                layers.setdefault(name, []).append((file, name, value))
            else:
                table[name] = value
    parts = {place: _part(of_it) for place, of_it in layers.items()}
    return Document(tuple(files), _filled_in(table, parts), parts)


def _are_sections(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(one, dict) for one in value)


def _listed(
    name: str,
    sections: Sequence[Table],
    file: File,
    before: Sequence[Table],
    layers: dict[str, list[tuple[File, str, Table]]],
) -> list[Table]:
    """Return a list of sections with those of another file, which go over those of the same name."""
    whole = [*before]
    named = {one["name"]: number for number, one in enumerate(before) if isinstance(one.get("name"), str)}
    for number, section in enumerate(sections):
        known = named.get(section["name"]) if isinstance(section.get("name"), str) else None
        place = len(whole) if known is None else known
        whole += [section] if known is None else []
        layers.setdefault(f"{name}[{place}]", []).append((file, f"{name}[{number}]", section))
    return whole


def _part(of_it: Sequence[tuple[File, str, Table]]) -> Part:
    whole = layered([Layer(table, Origin(file.shown, file.path)) for file, _, table in of_it])
    return Part(whole, {file.path: place for file, place, _ in of_it})


def _filled_in(table: Mapping[str, Json], parts: Mapping[str, Part]) -> Table:
    return {
        name: [parts[f"{name}[{number}]"].layered.table for number in range(len(value))]
        if f"{name}[0]" in parts and isinstance(value, list)
        else parts[name].layered.table
        if name in parts and isinstance(value, dict)
        else value
        for name, value in table.items()
    }
