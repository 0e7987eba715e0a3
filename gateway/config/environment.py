"""Variables in a configuration: "${NAME}" and "${NAME:-default}" inside texts; "$${" is "${" itself.

They are the process's, and those of a file `brygga.env` beside the configuration (NAME=value, a line each), which the agent and whoever
types a command both read: a shell has not the variables of a service.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.errors import ConfigError

if TYPE_CHECKING:
    from gateway.model import Json

FILE: Final = "brygga.env"
NAME: Final = r"[A-Za-z_][A-Za-z0-9_]*"
MARK: Final = re.compile(r"\$(\$?)\{([^}]*)(\}?)")
INSIDE: Final = re.compile(rf"({NAME})(?::-(.*))?", re.DOTALL)
LINE: Final = re.compile(rf"(?:export\s+)?({NAME})=(.*)")


class Filled(str):
    """A text that variables have part in: it stands in no file, and may be a number or a truth where one is expected."""

    __slots__ = ()


@dataclass(slots=True)
class Filling:
    """What became of a table's texts, and what is wrong with them: key and words."""

    variables: Mapping[str, str]
    problems: list[tuple[str, str]] = field(default_factory=list)

    def table(self, table: Mapping[str, Json]) -> dict[str, Json]:
        """Return ``table`` with its variables filled in."""
        return {key: self._value(value, key) for key, value in table.items()}

    def _value(self, value: Json, place: str) -> Json:
        match value:
            case str() if "${" in value:
                return self._text(value, place)
            case dict():
                return {key: self._value(one, f"{place}.{key}") for key, one in value.items()}
            case list():
                return [self._value(one, f"{place}[{number}]") for number, one in enumerate(value)]
            case _:
                return value

    def _text(self, text: str, place: str) -> str:
        def fill(mark: re.Match[str]) -> str:
            escaped, inside, end = mark.groups()
            if escaped:
                return mark[0][1:]
            inner = INSIDE.fullmatch(inside) if end else None
            if inner is None:
                self.problems.append((place, no_variable(mark.start())))
                return ""
            return self._variable(inner, place)

        filled = MARK.sub(fill, text)
        return filled if all(mark[1] for mark in MARK.finditer(text)) else Filled(filled)

    def _variable(self, inner: re.Match[str], place: str) -> str:
        name, default = inner[1], inner[2]
        value = self.variables.get(name)
        if default is not None:
            return value or str(default)
        if value is None:
            self.problems.append(
                (
                    place,
                    f"the variable {name} is not set; set it in {FILE}, or say ${{{name}:-value}} where it may be absent",
                )
            )
        return value or ""


def no_variable(place: int) -> str:
    """Return why a text is wrong; never what stands there, for it may be a password."""
    return f"what begins at character {place + 1} is no variable; ${{NAME}} is one, $${{ is a text's own ${{"


def variables(folder: Path) -> Mapping[str, str]:
    """Return the variables that a configuration in ``folder`` may name, the process's first; raises ConfigError."""
    path = folder / FILE
    if not path.exists():
        return os.environ
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: is not UTF-8 text (octet {error.start})") from error
    return {**dict(_lines(text)), **os.environ}


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """Yield names and values, as systemd reads an EnvironmentFile= of one line a variable (systemd.exec)."""
    problems = []
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if not line or line[0] in "#;":
            continue
        if (found := LINE.fullmatch(line)) is None:
            problems.append(f"{FILE} line {number}: NAME=value is expected")  # never the line: it may be a secret
            continue
        value = found[2].strip()
        yield found[1], value[1:-1] if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"" else value
    if problems:
        raise ConfigError(problems)
