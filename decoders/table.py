"""Decoders that are a table in the published Payload Schema language (MT-DOC-0001): one file other platforms read too.

A table is compiled once to closures. What this language has and we have not is refused when the table is loaded.
Two keys of a field are ours, and other platforms pass over them: ``reading`` states a quantity of the vocabulary,
``wrap`` reports the value as the vendor's own codec does, within an object (docs/decoders.md).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading
from decoders.payload_schema import document
from decoders.payload_schema.compiler import Compiler
from decoders.payload_schema.document import TableError
from decoders.payload_schema.machine import Fields, Machine, Step, run
from decoders.payload_schema.statements import Stated

WORDS = {
    "name", "version", "endian", "description", "direction", "fields", "ports", "definitions", "test_vectors",
    "downlink_commands", "manufacturer", "device", "source", "licence",
}  # fmt: skip
NOT_YET = {"metadata", "format", "names", "header", "imports"}

Ports = Mapping[int | None, Sequence[Step]]  # None: every other port


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A compiled table, which is a decoder."""

    name: str
    revision: str
    title: str
    source: str
    licence: str
    stated: tuple[Stated, ...]
    steps: Ports

    def decode(self, payload: Payload) -> Decoded:
        """Return what ``payload`` says; raise DecodeError and nothing else."""
        steps = self.steps.get(payload.f_port)
        if steps is None:
            steps = self.steps.get(None)
        if steps is None:
            raise DecodeError(DecodeReason.UNKNOWN_PORT, f"{payload.f_port}; known: {', '.join(map(str, self.ports))}")
        if not payload.data:
            raise DecodeError(DecodeReason.EMPTY)
        machine, fields = Machine(payload), Fields()
        try:
            run(steps, machine, fields)
        except (ArithmeticError, ValueError, TypeError) as error:  # of the table's sums over a hostile payload
            raise DecodeError(DecodeReason.MALFORMED, str(error)) from error
        if machine.position < machine.size:
            machine.warnings.append(f"{machine.size - machine.position} octets at the end were not read")
        return Decoded(_once(machine), fields, tuple(machine.warnings))

    @property
    def ports(self) -> tuple[int, ...]:
        """Return the ports it reads; none named means any."""
        return tuple(sorted(port for port in self.steps if port is not None))


def load(path: Path, name: str, revision: str) -> Table:
    """Return the decoder that the table at ``path`` is; raises TableError with file and line."""
    return compile_table(document.read(path), name, revision)


def compile_table(table: document.Mapping, name: str, revision: str) -> Table:
    """Return the decoder that ``table`` is; raises TableError with file and line."""
    table.only(WORDS, NOT_YET, "a table")
    if table.get("endian", "big") not in ("big", "little"):
        raise table.wrong(f"endian is big or little, not {table['endian']!r}")
    if table.get("direction", "uplink") not in ("uplink", "bidirectional"):
        raise table.wrong("this table is for downlinks only")
    compiler = Compiler(table)
    steps = _ports(compiler, table)
    return Table(
        name=name,
        revision=revision,
        title=str(table.get("description") or name).strip() or name,
        source=str(table.get("source", "")),
        licence=str(table.get("licence", "")),
        stated=tuple(compiler.stated),
        steps=steps,
    )


def _ports(compiler: Compiler, table: document.Mapping) -> Ports:
    if "ports" not in table:
        return {None: compiler.steps(table.get("fields"), table)}
    ports = table["ports"]
    if "fields" in table or not isinstance(ports, document.Mapping):
        raise table.wrong("a table has fields, or ports with fields each")
    return {_port(port, ports): compiler.steps(_entry(entry, ports), ports) for port, entry in ports.items()}


def _port(port: object, ports: document.Mapping) -> int | None:
    if port == "default":
        return None
    if isinstance(port, int | str) and str(port).isdecimal() and 0 <= int(port) <= 255:
        return int(port)
    raise ports.wrong(f"{port!r} is no port: 1 to 255, or default")


def _entry(entry: object, ports: document.Mapping) -> object:
    if not isinstance(entry, document.Mapping):
        raise ports.wrong("a port has fields")
    entry.only({"fields", "description", "direction", "name"}, (), "a port")
    return entry.get("fields")


def _once(machine: Machine) -> tuple[Reading, ...]:
    """Return the readings, the last of those that say the same quantity of the same channel and time."""
    readings = machine.readings
    unique = {(one.quantity, one.channel, one.at): one for one in readings}
    if len(unique) == len(readings):
        return tuple(readings)
    machine.warnings.append(f"{len(readings) - len(unique)} readings were said again in this payload; the last counts")
    return tuple(unique.values())


__all__ = ["Table", "TableError", "compile_table", "load"]
