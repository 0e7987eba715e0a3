"""Vectors of commands, beside those of payloads in the same file, and the checks that every encoder passes.

commands:
  - {name: every ten minutes, command: {interval: 600}, f_port: 2, payload: "01 00 02 58", source: "…"}
  - {name: no such command, command: {intervall: 600}, error: unknown_command}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decoders.contract import Command, Encoded, EncodeError, Encoder, EncodeReason
from decoders.payload_schema import document

KEYS = {"name", "command", "f_port", "payload", "error", "source", "licence"}
HOSTILE: tuple[Any, ...] = (
    None, True, False, -1, 0, 1, 2**40, 1.5, float("nan"), float("inf"), "", "on", [], [1], {}, {"a": 1}, b"\x00",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandVector:
    """A command, and the message it becomes or the reason why it cannot be told."""

    name: str
    command: Command
    expected: Encoded | None = None
    error: EncodeReason | None = None
    source: str = ""
    licence: str = ""


def load(path: Path) -> tuple[CommandVector, ...]:
    """Return the commands of a vectors file, none where it has none; raises TableError with file and line."""
    data = document.read(path)
    given = data.get("commands", [])
    if not isinstance(given, list) or not all(isinstance(one, document.Mapping) for one in given):
        raise data.wrong("commands is a list of mappings")
    return tuple(_vector(one, data) for one in given)


def _vector(one: document.Mapping, whole: document.Mapping) -> CommandVector:
    one.only(KEYS, (), "a command")
    try:
        data = bytes.fromhex(str(one["payload"])) if "payload" in one else None
        error = EncodeReason(one["error"]) if "error" in one else None
        port = int(one.get("f_port", 0))
    except ValueError as wrong:
        raise one.wrong(str(wrong)) from wrong
    return CommandVector(
        name=str(one.get("name", "")),
        command=one.get("command", {}),
        expected=None if data is None else Encoded(port, data),
        error=error,
        source=str(one.get("source", whole.get("source", ""))),
        licence=str(one.get("licence", whole.get("licence", ""))),
    )


def message_problems(path: Path) -> Iterator[str]:
    """Yield where the ``test_vectors`` of a table that have an ``input`` say other octets than its fields do."""
    from decoders.payload_schema.encoding import compile_encoder, compile_messages
    from decoders.vectors import octets

    table = document.read(path)
    given = [one for one in table.get("test_vectors", []) if isinstance(one, document.Mapping) and "input" in one]
    if not given:
        return
    encoder = compile_encoder(table, path.stem) or compile_messages(table, path.stem)
    for one in given:
        try:
            wanted, told = octets(one.get("expected_payload", "")), encoder.encode(dict(one.part("input"))).data
        except (EncodeError, ValueError) as error:
            yield f"vector {one.get('name')!r}: {error}"
            continue
        if told != wanted:
            yield f"vector {one.get('name')!r}: {told.hex()} where {wanted.hex()} is expected"


def check(encoder: Encoder, vectors: Sequence[CommandVector]) -> list[str]:
    """Return where ``encoder`` says something else than the vectors do."""
    return [f"{vector.name}: {problem}" for vector in vectors for problem in _against(encoder, vector)]


def _against(encoder: Encoder, vector: CommandVector) -> Iterator[str]:
    try:
        encoded = encoder.encode(vector.command)
    except EncodeError as error:
        if error.reason is not vector.error:
            yield f"{error} where {vector.error or vector.expected} is expected"
        return
    if encoded != vector.expected:
        yield f"port {encoded.f_port}, {encoded.data.hex()} where {vector.error or vector.expected} is expected"


def hostile(encoder: Encoder, vectors: Sequence[CommandVector]) -> list[str]:
    """Return what ``encoder`` does to values of any kind but return a message or refuse it in words."""
    names = {name for vector in vectors for name in vector.command}
    commands: list[Command] = [{name: value} for name in sorted(names) for value in HOSTILE]
    return [f"{command}: {problem}" for command in commands for problem in _survives(encoder, command)]


def _survives(encoder: Encoder, command: Command) -> Iterator[str]:
    try:
        encoded = encoder.encode(command)
    except EncodeError as error:
        if error.reason is EncodeReason.FAILED:
            yield str(error)
        return
    if not 1 <= encoded.f_port <= 223 or not encoded.data:
        yield f"port {encoded.f_port}, {len(encoded.data)} octets: no downlink"
