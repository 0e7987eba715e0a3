"""Decoders that are a table in the published Payload Schema language (MT-DOC-0001): one file other platforms read too.

A table is compiled once to code of its own. What this language has not is refused when the table is loaded.
Two keys of a field are ours, and other platforms pass over them: ``reading`` states a quantity of the vocabulary,
``wrap`` reports the value as the vendor's own codec does, within an object (docs/decoders.md).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload
from decoders.cursor import ByteOrder
from decoders.payload_schema import compact, document
from decoders.payload_schema.annotations import with_readings
from decoders.payload_schema.compiler import complaints
from decoders.payload_schema.document import TableError, did_you_mean, shown
from decoders.payload_schema.enrichment import enrichment
from decoders.payload_schema.library import Library, tree_of
from decoders.payload_schema.program import Run, program
from decoders.payload_schema.statements import Stated
from decoders.vocabulary.persons import are_personal

WORDS = {
    "name", "version", "endian", "description", "direction", "fields", "ports", "definitions", "test_vectors",
    "downlink_commands", "f_port", "manufacturer", "device", "source", "licence", "metadata", "format", "names", "header",
    "personal",
}  # fmt: skip
# Of other people's tables, said for people. A key that is like none of these and none of ours is passed over, too.
NOTES = {
    "fport", "spec", "category", "category_id", "package_id", "package_version", "protocol", "transport", "encoding", "license",
    "author", "url", "model", "vendor", "type", "tags", "revision", "category_name", "vectors",
}  # fmt: skip
DIRECTIONS = ("uplink", "downlink", "bidirectional", "both")
SUMS = (ArithmeticError, ValueError, TypeError, LookupError, RecursionError)  # of a table's sums over a hostile payload

Runs = Mapping[int, Run]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A compiled table, which is a decoder."""

    name: str
    revision: str
    title: str
    source: str
    licence: str
    stated: tuple[Stated, ...]
    runs: Runs
    otherwise: Run | None  # for every other port
    downlinks: frozenset[int | None] = frozenset()  # ports, or None for all others, whose payloads go to the device
    borrows: frozenset[str] = frozenset()  # the names of the other files that it was made of
    personal: bool = False  # its device watches somebody or names him, whatever its quantities are

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        run = self.runs.get(payload.f_port, self.otherwise)
        if run is None:
            raise self._unreadable(payload.f_port)
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        try:
            return run(payload)
        except SUMS as error:
            raise DecodeError(DecodeReason.MALFORMED, str(error)) from error

    @property
    def is_personal(self) -> bool:
        """Tell whether it tells of persons wherever its device hangs."""
        return are_personal((one.quantity for one in self.stated), declared=self.personal)

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the ports it reads; none named means any."""
        return tuple(sorted(self.runs))

    def _unreadable(self, port: int) -> DecodeError:
        if port in self.downlinks:
            return DecodeError(DecodeReason.UNKNOWN_PORT, f"{port} is for what is sent to the device")
        if None in self.downlinks:
            return DecodeError(DecodeReason.UNKNOWN_MESSAGE, "this table is for downlinks only")
        if not self.runs:
            return DecodeError(
                DecodeReason.UNKNOWN_MESSAGE, "this table has definitions only, and no fields of its own"
            )
        return DecodeError(DecodeReason.UNKNOWN_PORT, f"{port}; known: {', '.join(map(str, self.ports))}")


def load(path: Path, name: str, revision: str) -> Table:
    """Return the decoder that the table at ``path`` is; raises TableError with file, line and column."""
    return compile_table(document.read(path), name, revision)


def compile_table(table: document.Mapping, name: str, revision: str, *, definition: str | None = None) -> Table:
    """Return the decoder that ``table`` is, or one of its definitions alone; raises TableError with file, line and column.

    What it refers to in other files is looked for in its own folder tree; the revision holds for all of them.
    """
    with complaints(table):
        _check_words(table)
        table = with_readings(table)
        library = Library(table, tree_of(table, name))
        programs = _programs(table, library, definition)
    return Table(
        name=name,
        revision=library.revision(revision),
        title=str(table.get("description") or name).strip() or name,
        source=str(table.get("source", "")),
        licence=str(table.get("licence", table.get("license", ""))),
        stated=programs.stated,
        runs={port: run for port, run in programs.runs.items() if port is not None},
        otherwise=programs.runs.get(None),
        downlinks=programs.downlinks,
        borrows=library.names(),
        personal=table.truth("personal"),
    )


@dataclass(frozen=True, slots=True)
class _Programs:
    """What the lists of fields of a table came to; the port None is every other one."""

    runs: Mapping[int | None, Run]
    stated: tuple[Stated, ...]
    downlinks: frozenset[int | None]


def _programs(table: document.Mapping, library: Library, definition: str | None) -> _Programs:
    enrich, order = enrichment(table), _order(table)
    runs: dict[int | None, Run] = {}
    stated: list[Stated] = []
    downlinks: set[int | None] = set()
    try:
        for port, fields, owner, direction in _layouts(table, library, definition):
            run, more, _ = program(fields, owner, library, order, enrich)
            if direction == "downlink":
                downlinks.add(port)
            else:
                runs[port] = run
                stated += more
    except RecursionError as error:
        raise table.wrong("its fields lie too deep within each other") from error
    return _Programs(runs, tuple(stated), frozenset(downlinks))


def _order(table: document.Mapping) -> ByteOrder:
    return "little" if table.get("endian") == "little" else "big"


def codes(table: document.Mapping, name: str) -> Iterator[str]:
    """Yield the code that each of a table's lists of fields is compiled to, for people who wonder; raises TableError."""
    library = Library(table, tree_of(table, name))
    for _, fields, owner, _ in _layouts(table, library, None):
        yield program(fields, owner, library, _order(table), enrichment(table))[2]


def _check_words(table: document.Mapping) -> None:
    for key in table:
        near = did_you_mean(str(key), WORDS)
        if key not in WORDS | NOTES and not str(key).startswith("x-") and near:
            raise table.wrong(f"a table has no key {key!r}{near}", key)
    if table.get("endian", "big") not in ("big", "little"):
        raise table.wrong(f"endian is big or little, not {shown(table['endian'])}", "endian")
    table.part("definitions")
    _direction(table)


def _direction(owner: document.Mapping) -> str:
    direction = owner.get("direction", "both")
    if direction not in DIRECTIONS:
        raise owner.wrong(f"direction is one of {', '.join(DIRECTIONS)}, not {shown(direction)}", "direction")
    return str(direction)


# ── lists of fields ─────────────────────────────────────────────────────────────────────────────────────────────

Layout = tuple[int | None, list[document.Mapping], document.Mapping, str]  # port, fields written out, where, direction


def _layouts(table: document.Mapping, library: Library, definition: str | None) -> Iterator[Layout]:
    if definition is not None:
        yield None, library.definition(definition), table, "both"
        return
    direction = _direction(table)
    header = _header(table, library)
    if "ports" not in table:
        if fields := _fields(table, library):
            yield None, [*header, *fields], table, direction
        elif "fields" in table or not ({"definitions", "downlink_commands"} & table.keys()):
            yield None, header, table, direction
        return
    ports = table["ports"]
    if "fields" in table or not isinstance(ports, document.Mapping):
        raise table.wrong("a table has fields, or ports with fields each", "ports")
    for port, entry in ports.items():
        if not isinstance(entry, document.Mapping):
            raise ports.wrong("a port has fields", port)
        entry.only({"fields", "description", "direction", "name", "format", "names"}, (), "a port")
        own = _direction(entry) if "direction" in entry else direction
        yield _port(port, ports), [*header, *_fields(entry, library)], entry, own


def _fields(owner: document.Mapping, library: Library) -> list[document.Mapping]:
    """Return the fields of a table or a port, in whatever form it has them."""
    if "format" in owner:
        return compact.named(owner["format"], owner.get("names"), owner)
    fields: Any = owner.get("fields", [] if "fields" not in owner else None)
    if isinstance(fields, str):
        return compact.fields(fields, owner, "fields")
    return library.fields(fields, owner)


def _header(table: document.Mapping, library: Library) -> list[document.Mapping]:
    """Return the fields of ``header``, which older tables read before all others."""
    header = table.get("header", [])
    if isinstance(header, document.Mapping):
        header = header.get("fields", [])
    return library.fields(header, table)


def _port(port: object, ports: document.Mapping) -> int | None:
    if port == "default":
        return None
    if not isinstance(port, bool) and isinstance(port, int | str) and str(port).isdecimal() and 0 <= int(port) <= 255:
        return int(port)
    raise ports.wrong(f"{shown(port)} is no port: 1 to 255, or default", port)


__all__ = ["Table", "TableError", "codes", "compile_table", "load"]
