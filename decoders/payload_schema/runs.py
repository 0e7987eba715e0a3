"""Values that follow each other and have known sizes: read in one go, checked once."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decoders.cursor import ByteOrder
from decoders.payload_schema.document import Mapping
from decoders.payload_schema.finishing import finish
from decoders.payload_schema.source import Inside, Place, Value
from decoders.payload_schema.wire import Wire

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler

ONE_BY_ONE = 3  # octets from which struct is faster than an index for each


@dataclass(frozen=True, slots=True)
class Item:
    """A field of a run: how it is read, and its octets after the first of the run. One that is computed is not read."""

    field: Mapping
    wire: Wire | None
    offset: int


class Run:
    """Fields in a row; what is neither of known size nor computed ends it."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._items: list[Item] = []
        self._plan: list[tuple[str, int, int]] = []
        self._advance = 0

    def read(self, field: Mapping, wire: Wire) -> None:
        """Add a field that stands in the octets."""
        self._add(field, wire)
        self._advance += wire.advance

    def compute(self, field: Mapping) -> None:
        """Add a field that is computed from others."""
        self._items.append(Item(field, None, self._advance))

    def share(self, fields: Sequence[tuple[Mapping, Wire | None]], size: int) -> None:
        """Add fields that all begin at the same octet, of ``size`` altogether."""
        self._plan.append(("byte_group", self._advance, size))
        for field, wire in fields:
            self._add(field, wire)
        self._advance += size

    def _add(self, field: Mapping, wire: Wire | None) -> None:
        self._items.append(Item(field, wire, self._advance))
        if wire is not None and wire.size:
            self._plan.append((wire.what, self._advance, wire.size))

    def flush(self) -> None:
        """Compile what has been added: a check that it is there, the reading, and each field."""
        compiler, start = self._compiler, self._compiler.state.place
        compiler.require(self._plan)
        names = self._take(start)
        from decoders.payload_schema.compiler import complaints

        for place, item in enumerate(self._items):
            with complaints(item.field):
                self._compile(item, start, names.get(place, ()))
        compiler.state.place = start.on(self._advance)
        self._items, self._plan, self._advance = [], [], 0

    def _compile(self, item: Item, start: Place, names: Sequence[str]) -> None:
        compiler = self._compiler
        if item.wire is None:
            compiler.computed(item.field)
        elif item.wire.make is not None:
            raw = item.wire.make(compiler.source, start.on(item.offset), names)
            with Inside(compiler.source) as inside:
                finish(compiler, item.field, raw, inside)

    # ── struct ──────────────────────────────────────────────────────────────────────────────────────────────────

    def _take(self, start: Place) -> dict[int, list[str]]:
        """Compile the reading by struct; return the names that hold the values of each item."""
        names: dict[int, list[str]] = {}
        group = _Group()
        for place, item in enumerate(self._items):
            wire = item.wire
            if wire is None or not wire.letters:
                continue
            if not group.takes(wire, item.offset):
                self._unpack(group, start)
                group = _Group()
            names[place] = [self._compiler.source.fresh("r") for _ in wire.letters]
            group.add(wire, item.offset, names[place])
        self._unpack(group, start)
        return names

    def _unpack(self, group: _Group, start: Place) -> None:
        source = self._compiler.source
        if not group.names:
            return
        if set(group.form) == {"B"} and len(group.names) <= ONE_BY_ONE:
            for place, name in enumerate(group.names):
                source.line(f"{name} = {start.octet(group.start + place)}")
            return
        form = (">" if group.order == "big" else "<") + group.form
        unpack = source.bind(struct.Struct(form).unpack_from, form)
        source.line(f"{', '.join(group.names)}, = {unpack}(data, {start.at(group.start)})")


class _Group:
    """Values that one call of struct reads: of one byte order, one after the other, with gaps."""

    def __init__(self) -> None:
        self.order: ByteOrder | None = None  # None: octets alone, which have none
        self.form = ""
        self.names: list[str] = []
        self.start = 0
        self._end = 0

    def takes(self, wire: Wire, offset: int) -> bool:
        return not self.names or (offset >= self._end and (wire.size == 1 or self.order in {None, wire.order}))

    def add(self, wire: Wire, offset: int, names: Sequence[str]) -> None:
        if not self.names:
            self.start = self._end = offset
        self.form += "x" * (offset - self._end) + wire.letters
        self._end = offset + wire.size
        self.names += names
        if wire.size > 1:
            self.order = wire.order


def take(compiler: Compiler, wire: Wire, place: Place) -> Value:
    """Compile the reading of one value alone."""
    names = [compiler.source.fresh("r") for _ in wire.letters]
    if wire.letters == "B":
        compiler.source.line(f"{names[0]} = {place.octet()}")
    elif names:
        form = (">" if wire.order == "big" else "<") + wire.letters
        unpack = compiler.source.bind(struct.Struct(form).unpack_from, form)
        compiler.source.line(f"{', '.join(names)}, = {unpack}(data, {place.at()})")
    return wire.make(compiler.source, place, names) if wire.make else Value("None")
