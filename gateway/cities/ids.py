"""What a platform calls devices, from a table that its owner exported: CSV with the columns dev_eui and id.

Where a device is several things there (diwise), a line's first column says which: "<dev_eui>/<channel>", "<dev_eui>/<quantity>".
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from gateway.errors import ConfigError
from gateway.model import eui64

COLUMNS: Final = ("dev_eui", "id")


def read_ids(path: Path) -> dict[str, str]:
    """Return the platform's id of each device, or part of one, as `options.ids` has them; ConfigError says all that is wrong with the file."""
    lines = list(_lines(path))
    head = [cell.strip().lower() for cell in lines[0][1]] if lines else []
    if any(name not in head for name in COLUMNS):
        raise ConfigError(f"{path.name}: its first line names the columns, {' and '.join(COLUMNS)} among them")
    places = [head.index(name) for name in COLUMNS]
    ids: dict[str, str] = {}
    problems: list[str] = []
    for number, cells in lines[1:]:
        dev_eui, name = (cells[place].strip() if place < len(cells) else "" for place in places)
        if problem := _problem(dev_eui, name, ids):
            problems.append(f"{path.name} line {number}: {problem}")
        else:
            ids[_key(dev_eui)] = name
    if problems:
        raise ConfigError(problems)
    return ids


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines that are not empty, with their numbers; Excel parts cells with a semicolon where a comma is decimal."""
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f'{path.name}: not UTF-8 text (octet {error.start}): save it as "CSV UTF-8"') from error
    parted_by = ";" if ";" in text.partition("\n")[0] else ","
    reader = csv.reader(text.splitlines(), delimiter=parted_by)
    yield from ((reader.line_num, cells) for cells in reader if any(map(str.strip, cells)))


def _key(text: str) -> str:
    """Return ``text`` with its DevEUI as we write it; ValueError says what is wrong with it."""
    dev_eui, slash, part = text.partition("/")
    if slash and not part.strip("/ "):
        raise ValueError(f"{text!r} ends with a slash: a channel or a quantity is expected behind it, or nothing")
    return f"{eui64(dev_eui)}{slash}{part}"


def _problem(dev_eui: str, name: str, ids: dict[str, str]) -> str:
    try:
        known = _key(dev_eui)
    except ValueError as error:
        return f"dev_eui: {error}"
    if not name:
        return f"id: is missing; what the platform calls {known} is expected"
    return f"dev_eui: {known} stands there already, as {ids[known]!r}" if known in ids else ""
