"""A devices file becomes registrations, and every problem of it at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches

from gateway.devices_file.columns import COLUMNS, quoted
from gateway.devices_file.registration import Known, Problem, registration_of
from gateway.devices_file.spreadsheet import Row, Unreadable, rows
from gateway.journal import Registration
from gateway.model import Eui64


def read_csv(
    text: str, name: str, known: Known | None = None, *, keys_elsewhere: bool = False
) -> tuple[list[Registration], list[str]]:
    """Return the registrations of a devices file, and every problem as "<name> line <n>: <column>: <words>".

    ``known`` are the devices registered already: what the file does not say of them stays. No problem repeats a key.
    ``keys_elsewhere``: a network server in front of the box may have the keys.
    """
    try:
        table = list(rows(text))
    except Unreadable as error:
        return [], [f"{name} {error}"]
    if not table:
        return [], [f"{name}: empty; its first line is to name the columns: {', '.join(COLUMNS)}"]
    columns, problems = _header(table[0])
    if "dev_eui" in columns:
        registrations, more = _registrations(table[1:], table[0], columns, known or {}, keys_elsewhere=keys_elsewhere)
    else:
        registrations, more = [], []
    return registrations, [f"{name} {problem}" for problem in (*problems, *more)]


def read_cells(
    cells: Mapping[str, str], known: Known, *, keys_elsewhere: bool = False
) -> tuple[Registration | None, list[str]]:
    """Return the registration that ``cells`` (by column) describe, and every problem as "<column>: <words>"; see `read_csv`."""
    texts = ((name, text.strip()) for name, text in cells.items())
    registration, wrong, _ = registration_of(texts, known, keys_elsewhere=keys_elsewhere)
    return registration, [f"{column}: {words}" for column, words in wrong]


def _header(row: Row) -> tuple[dict[str, int], list[str]]:
    """Return the place of each column by its name, and what is wrong with the names."""
    columns: dict[str, int] = {}
    problems = []
    for place, text in enumerate(row.cells):
        name = NAMES.get(_plain(text))
        if name is not None and name not in columns:
            columns[name] = place
        elif name is not None:
            problems.append(f"line {row.line}: {name}: two columns have this name")
        elif text:
            problems.append(f"line {row.line}: {quoted(text)} is no column{_did_you_mean(text)}")
    if "dev_eui" not in columns:
        problems.append(f"line {row.line}: there is no column dev_eui; the first line is to name the columns")
    return columns, problems


def _plain(name: str) -> str:
    """Return a column's name as it is compared: DevEUI, dev-eui and dev_eui are one."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


NAMES = {_plain(name): name for name in COLUMNS} | {"appeui": "join_eui"}


def _did_you_mean(text: str) -> str:
    near = get_close_matches(_plain(text), NAMES, n=1)
    return f"; did you mean {NAMES[near[0]]}?" if near else f"; those there are: {', '.join(COLUMNS)}"


def _registrations(
    table: Iterable[Row], header: Row, columns: Mapping[str, int], known: Known, *, keys_elsewhere: bool
) -> tuple[list[Registration], list[str]]:
    registrations = []
    problems = []
    lines: dict[Eui64, int] = {}
    for row in table:
        texts = ((name, _cell(row, place)) for name, place in columns.items())
        registration, wrong, dev_eui = registration_of(texts, known, keys_elsewhere=keys_elsewhere)
        if dev_eui is not None and lines.setdefault(dev_eui, row.line) != row.line:
            wrong.append(("dev_eui", f"{dev_eui} stands in line {lines[dev_eui]} already"))
        wrong += _strays(row, header)
        problems += [f"line {row.line}: {column}: {words}" for column, words in wrong]
        registrations += [registration] if registration and not wrong else []
    return registrations, problems


def _cell(row: Row, place: int) -> str:
    return row.cells[place] if place < len(row.cells) else ""  # spreadsheets leave empty cells at a line's end out


def _strays(row: Row, header: Row) -> Iterator[Problem]:
    for place, text in enumerate(row.cells):
        if text and not _cell(header, place):
            words = f"line {header.line} names no such column; a text that has the delimiter in it needs quotes"
            yield f"cell {place + 1}", words
            return
