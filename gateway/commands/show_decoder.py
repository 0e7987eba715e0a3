"""What the commands about decoders print."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands.lines import say
from gateway.commands.listing import Column, lay_out, pairs, printable, terminal_width
from gateway.model import Json

if TYPE_CHECKING:
    from decoders.registry import Description, Registry
    from decoders.workshop.timing import Timing

LIST_COLUMNS = (
    Column("decoder"),
    Column("kind", leaves=2),
    Column("what it is", is_cut=True),
    Column("states", is_cut=True, leaves=1),
)
TIMING_COLUMNS = (
    Column("decoder"),
    Column("kind"),
    Column("µs"),
    Column("p99"),
    Column("longest"),
    Column("calls", leaves=1),
)


def as_mapping(value: Any) -> dict[str, Any]:
    """Return a dataclass as JSON has it."""
    return dataclasses.asdict(value)


def listed(found: Sequence[Description]) -> None:
    """Print a list of decoders, and how many there are."""
    rows = [(one.name, one.kind, one.title, ", ".join(one.quantities)) for one in found]
    say("\n".join(lay_out(LIST_COLUMNS, rows, terminal_width())))
    vendors = len({one.vendor for one in found})
    say(f"{len(found)} decoders of {vendors} makers; `brygga decoder show NAME` tells all of one")


def timings(found: Sequence[Timing]) -> None:
    """Print how long decoders take."""
    rows = [
        (one.name, one.kind, f"{one.p50_us:.1f}", f"{one.p99_us:.1f}", f"{one.longest_us:.0f}", str(one.calls))
        for one in found
    ]
    say("\n".join(lay_out(TIMING_COLUMNS, rows, terminal_width())))


# ── one decoder ──


def all_of(registry: Registry, name: str) -> dict[str, Json]:
    """Return all that is known of a decoder; raises LookupError or ValueError."""
    from decoders.workshop.layout import drawing

    description, given, commands = registry.describe(name), registry.vectors(name), registry.command_vectors(name)
    file = registry.where(name)
    return {
        **as_mapping(description),
        "file": file,
        "layout": drawing(Path(file)),
        "vectors": len(given),
        "vector_sources": sorted({vector.source for vector in given if vector.source}),
        "commands": sorted({word for one in commands if one.expected is not None for word in one.command}),
        "takes_commands": registry.encoder(name) is not None,
        "example": _example(registry, name),
    }


def _example(registry: Registry, name: str) -> Json:
    """Return the first payload that it can read, with what it states."""
    vector = next((one for one in registry.vectors(name) if one.error is None), None)
    if vector is None:
        return None
    readings = vector.readings or registry.get(name).decode(vector.payload).readings
    return {
        "payload": vector.payload.data.hex(),
        "f_port": vector.payload.f_port,
        "readings": [
            {"quantity": one.quantity, "value": one.value, "unit": one.unit, "channel": one.channel} for one in readings
        ],
    }


def one(told: Mapping[str, Json]) -> None:
    """Print all that is known of a decoder."""
    for line in pairs(dict(_facts(told)), terminal_width()):
        say(line)
    if told["layout"]:
        say("")
        for line in told["layout"].splitlines():
            say(f"  {printable(line)}".rstrip())


def _facts(told: Mapping[str, Json]) -> Iterator[tuple[str, str]]:
    yield told["name"], told["title"]
    yield "kind", f"{told['kind']}, {told['file']}"
    yield "states", ", ".join(told["quantities"]) or "nothing: its fields are raw"
    yield "ports", ", ".join(map(str, told["ports"])) or "any"
    yield "described in", told["source"] or "-"
    yield "licence", told["licence"] or "-"
    yield "revision", told["revision"]
    yield "proved by", "\n".join([f"{told['vectors']} payloads", *told["vector_sources"]])
    if told["takes_commands"]:
        yield "takes commands", ", ".join(told["commands"]) or "yes"
    if told["example"] is not None:
        example = told["example"]
        yield "try it", f"brygga decoder try {told['name']} --port {example['f_port']} {example['payload']}"
