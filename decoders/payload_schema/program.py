"""Make a function of a list of fields: its code is written, compiled once, and then run over every payload."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from decoders.contract import Decoded, Payload, Reading
from decoders.cursor import ByteOrder
from decoders.payload_schema import runtime
from decoders.payload_schema.compiler import Compiler
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.enrichment import Enrich
from decoders.payload_schema.library import Library
from decoders.payload_schema.octets import base64_of
from decoders.payload_schema.source import LONGEST_CODE, Source, TooDeep, TooLong
from decoders.payload_schema.statements import Stated

Run = Callable[[Payload], Decoded]
"""Decode a payload; raises DecodeError, and ArithmeticError, ValueError, TypeError of the table's sums."""

LIMITS = (
    TooDeep,
    RecursionError,
    MemoryError,
    SyntaxError,
    OverflowError,
)  # what Python says of code that nests too deep
NAMES: dict[str, Any] = {
    **{name: getattr(runtime, name) for name in dir(runtime) if not name.startswith("_")},
    "__builtins__": {
        "abs": abs, "float": float, "int": int, "isinstance": isinstance, "len": len, "list": list, "map": map, "max": max,
        "min": min, "round": round, "str": str, "tuple": tuple, "True": True, "False": False,
    },
    "Decoded": Decoded, "Reading": Reading, "INFINITY": math.inf, "base64": base64_of, "from_bytes": int.from_bytes,
    "sqrt": math.sqrt, "log": math.log, "log10": math.log10, "exp": math.exp, "power": math.pow, "floor": math.floor,
    "ceil": math.ceil,
}  # fmt: skip


def program(
    fields: Sequence[Mapping], owner: Mapping, library: Library, order: ByteOrder, enrich: Sequence[Enrich]
) -> tuple[Run, list[Stated], str]:
    """Return the function that decodes ``fields``, what it can state and its code; raises TableError."""
    try:
        compiler = Compiler(fields, library, order)
        compiler.fields(fields, owner)
        text = _whole(compiler, enrich)
        library.written(len(text))
        names = {**NAMES, **compiler.source.constants}
        # What is run is our own text: a table's words stand in it as literals only (source.py).
        exec(compile(text, f"<the code of {owner.file}>", "exec"), names)  # noqa: S102
    except TooLong as error:
        raise owner.wrong(f"its fields come to more than {LONGEST_CODE} characters of code") from error
    except LIMITS as error:
        raise owner.wrong("its fields lie too deep within each other, or are too many") from error
    run: Run = names["decode"]
    return run, compiler.stated, text


def _whole(compiler: Compiler, enrich: Sequence[Enrich]) -> str:
    """Return the code of the function around what the fields came to."""
    _end(compiler, enrich)
    body = compiler.source.text()
    head = Source()
    head.line("def decode(payload):")
    head.depth = 1
    for line in (
        "data = payload.data",
        "received_at = payload.received_at" if "received_at" in body else "",
        "size, fields, readings, warnings = len(data), {}, [], []",
        "add = readings.append" if "add(" in body else "",
        f"budget = {runtime.MOST_VALUES}" if compiler.has_budget else "",
        "twice = False" if compiler.tells_repeats else "",
        f"{' = '.join(sorted(compiler.unsure))} = None" if compiler.unsure else "",
    ):
        if line:
            head.line(line)
    return head.text() + body


def _end(compiler: Compiler, enrich: Sequence[Enrich]) -> None:
    source, place = compiler.source, compiler.state.place
    compiler.say_late(compiler.state.frame)
    with source.block(f"if {place.at()} < size"):
        source.line(f"warnings.append(f'{{size - ({place.at()})}} octets at the end were not read')")
    stated = [(one.quantity, one.channel) for one in compiler.stated]
    if stated and (compiler.may_repeat or len(set(stated)) < len(stated)):
        source.line("readings = once(readings, warnings)")
    elif stated and compiler.tells_repeats:
        with source.block("if twice"):
            source.line("readings = once(readings, warnings)")
    for one in enrich:
        source.line(f"{source.bind(one)}(fields, received_at, payload.f_port)")
    source.line("return Decoded(tuple(readings), fields, tuple(warnings) if warnings else ())")
