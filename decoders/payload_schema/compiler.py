"""Compile the fields of a table to code: what is read in one go, what is made of it, and where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from dataclasses import field as field_of

from decoders.cursor import ByteOrder
from decoders.payload_schema import computing, structures
from decoders.payload_schema.document import Mapping, TableError
from decoders.payload_schema.finishing import finish
from decoders.payload_schema.library import Library
from decoders.payload_schema.runs import Run, take
from decoders.payload_schema.runtime import MOST_VALUES
from decoders.payload_schema.source import Inside, Kind, Later, Place, Source, Value
from decoders.payload_schema.statements import Stated
from decoders.payload_schema.variables import Variables
from decoders.payload_schema.wire import Stretch, Wire, reader

# Said for people and for other platforms; they change nothing here.
NOTES = {
    "name", "description", "unit", "ipso", "senml", "senml_unit", "semantic", "unece", "sensor", "resolution",
    "mbus_dif", "mbus_vif", "label", "title", "accuracy", "notes", "direction", "optional", "conditional", "example", "enum",
    "max_length", "encode_formula",
}  # fmt: skip
WORDS = NOTES | {
    "type", "length", "endian", "encoding", "bit", "consume", "format", "separator", "parts", "delimiter", "prefix",
    "base", "values", "default", "mult", "div", "add", "transform", "lookup", "polynomial", "ref", "compute", "guard",
    "value", "var", "name_from", "valid_range", "fields", "count", "count_field", "byte_length", "until", "max", "min",
    "formula", "match_value", "on", "cases", "reading", "wrap",
}  # fmt: skip
MISFITS = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)  # of a part that is no such part at all
COMPUTED = ("number", "integer")
Say = Callable[[Value, Value], None]
"""Compile the reading that a raw value and its value state."""
LONGEST = 256  # octets of a payload, for what a loop over them may come to


@dataclass(slots=True)
class Frame:
    """A list of fields that is read as a whole, again and again: a record, a tag, the payload.

    ``later`` are the lists of what is stated at its end, for the time of a reading may come after its value.
    """

    start: Later
    defines: frozenset[str]
    outer: Frame | None = None
    later: list[tuple[str, Say]] = field_of(default_factory=list)
    stored: set[str] = field_of(default_factory=set)


@dataclass(slots=True)
class State:
    """Where the code stands: in the payload, among the fields, in what is known."""

    place: Place
    end: str  # the name of where that may be read ends
    target: str  # the name of the fields
    frame: Frame
    is_tag: bool = False  # `end` is that of a tag
    is_fresh: bool = True  # nothing stands in `target` yet
    merges: bool = False  # a field that comes again makes a list
    repeats: bool = False  # this may be run again and nothing else tells
    known: dict[str, Kind] = field_of(default_factory=dict)  # the variables that are there for sure


class Compiler:
    """The code of one function in the making, over fields whose references are written out."""

    def __init__(self, fields: Sequence[Mapping], library: Library, order: ByteOrder) -> None:
        self.source = Source(depth=1)
        self.library = library
        self.order: ByteOrder = order
        self.variables = Variables(fields)
        self.stated: list[Stated] = []
        self.unsure: set[str] = set()  # variables that are looked at where they may be missing
        self.may_repeat = False  # a reading may be said twice, and only a look at all of them tells
        self.tells_repeats = False  # `twice` tells in the code
        self.has_budget = False
        self._values = 0  # fields that have been compiled
        self.state = State(Place("", 0), "size", "fields", Frame(self.source.later(), self.variables.defined))

    def order_of(self, field: Mapping) -> ByteOrder:
        """Return the byte order of a field: that of the file it comes from, where it says one, or the table's."""
        order = self.library.order(field)
        return order if order in {"big", "little"} else self.order

    # ── fields ──────────────────────────────────────────────────────────────────────────────────────────────────

    def fields(self, fields: object, owner: Mapping) -> None:
        """Compile a list of fields; raises TableError."""
        if not isinstance(fields, list):
            raise owner.wrong("fields is a list", "fields")
        run = Run(self)
        for field in fields:
            with complaints(field):
                self._field(field, run)
        run.flush()

    def _field(self, field: Mapping, run: Run) -> None:
        if "type" not in field:
            for key, compile_structure in structures.STRUCTURES.items():
                if key in field:
                    return compile_structure(self, field, run)
        if True in field:  # what YAML 1.1 makes of an `on` without quotes
            field = field.like({"on" if key is True else key: value for key, value in field.items()})
        field.only(WORDS, (), "a field")
        kind = field.get("type", "u8")
        if isinstance(kind, str) and kind in structures.TYPES:
            return structures.TYPES[kind](self, field, run)
        if kind in COMPUTED or (kind == "string" and "value" in field):
            return run.compute(field)
        wire = reader(field, self.order_of(field))
        if isinstance(wire, Stretch):
            run.flush()
            return self._stretch(field, wire)
        return run.read(field, wire)

    def computed(self, field: Mapping) -> None:
        """Compile a field that takes no octets."""
        with Inside(self.source) as inside:
            raw, is_final = computing.computed(self, field, inside)
            finish(self, field, raw, inside, is_final=is_final)

    def _stretch(self, field: Mapping, wire: Stretch) -> None:
        """Compile octets whose number the payload says."""
        self.settle()
        source, state = self.source, self.state
        if wire.length == "remaining":
            after = state.end
        else:
            count = self.must(wire.length, field)
            after = source.assign("e", f"p + int({count.code})")
            with source.block(f"if not p <= {after} <= {state.end}"):
                source.line(f"raise short((({wire.what!r}, 0, max({after} - p, 0)),), p, {state.end})")
        if wire.show is not None:
            with Inside(self.source) as inside:
                finish(self, field, wire.show(source, f"data[p:{after}]"), inside)
        source.line(f"p = {after}")

    # ── the place in the payload ────────────────────────────────────────────────────────────────────────────────

    def require(self, plan: Sequence[tuple[str, int, int]]) -> None:
        """Raise, in the code, when the payload ends within ``plan``: what, its octets from here and how many."""
        need = max((offset + size for _, offset, size in plan), default=0)
        if need == 0:
            return
        place, end, source = self.state.place, self.state.end, self.source
        error = "beyond" if self.state.is_tag else "short"
        with source.block(f"if {end} < {place.at(need)}"):
            source.line(f"raise {error}({source.bind(tuple(plan), tuple(plan))}, {place.at()}, {end})")

    def read_at(self, wire: Wire, place: Place) -> Value:
        """Compile the reading of one value alone."""
        return take(self, wire, place)

    def jump(self, place: str) -> None:
        """Let the place be what the code ``place`` says."""
        self.source.line(f"p = {place}")
        self.state.place = Place("p", 0)

    def settle(self) -> None:
        """Let ``p`` hold the place, for what comes is not run in a straight line."""
        place = self.state.place
        if not place.base:
            self.source.line(f"p = {place.offset}")
        elif place.offset:
            self.source.line(f"p += {place.offset}")
        self.state.place = Place("p", 0)

    def settled(self) -> None:
        """Note that every way through the code before has settled the place."""
        self.state.place = Place("p", 0)

    @contextmanager
    def branch(self, header: str, **changes: object) -> Iterator[State]:
        """Compile what is run when ``header`` says so; the place is settled before and after."""
        before = self.state
        before.is_fresh = False
        with self.source.block(header):
            self.state = replace(before, known=dict(before.known), **changes)  # type: ignore[arg-type]  # its own fields
            yield self.state
            self.settle()
        self.state = before

    @contextmanager
    def loop(self, header: str, **changes: object) -> Iterator[State]:
        """Compile what is run again and again: what is known of a variable is only that it is there."""
        known: dict[str, Kind] = dict.fromkeys(self.state.known, "any")
        before, self.state.known = self.state.known, known
        values = self._values
        with self.branch(header, **changes) as state:
            start = self.source.later()
            yield state
            cost = self._values - values
            if cost * LONGEST > MOST_VALUES:
                self.has_budget = True
                start.line(f"budget = spent(budget - {cost})")
        self.state.known = dict.fromkeys(before, "any")

    @contextmanager
    def frame(self, defines: frozenset[str]) -> Iterator[Frame]:
        """Compile fields that are read as a whole: what is stated late is stated at their end."""
        outer = self.state.frame
        made = Frame(self.source.later(), defines, outer)
        self.state.frame = made
        yield made
        self.say_late(made)
        outer.stored |= made.stored
        self.state.frame = outer

    def forget(self, frame: Frame) -> None:
        """Let a record begin without the values of the one before it, but for those that were there before the first."""
        outer, before = frame.outer, set[str]()
        while outer is not None:
            before |= outer.stored
            outer = outer.outer
        for name in sorted(frame.stored - before):
            frame.start.line(f"{self.variables.code(name, Mapping())} = None")

    def say_late(self, frame: Frame) -> None:
        """Compile the readings that waited for their times."""
        for name, say in frame.later:
            with self.source.block(f"for raw, value in {name}"):
                say(Value("raw"), Value("value"))

    # ── variables and fields ────────────────────────────────────────────────────────────────────────────────────

    def load(self, name: str, owner: Mapping) -> Value:
        """Return the value of a variable, which may be absent; raises TableError."""
        code, kind = self.variables.code(name, owner), self.state.known.get(name)
        if kind is None:
            self.unsure.add(code)
            return Value(code, absent=True)
        return Value(code, kind)

    def must(self, name: str, owner: Mapping) -> Value:
        """Return the value of a variable, without which nothing more can be read; raises TableError."""
        value = self.load(name, owner)
        if value.absent:
            with self.source.block(f"if {value.code} is None"):
                self.source.line(f"raise absent({name!r})")
            self.state.known[name] = "any"
        return replace(value, absent=False)

    def store(self, name: str, value: Value, *, is_sure: bool) -> None:
        """Keep a value that some other field refers to."""
        if name not in self.variables.wanted:
            return
        self.source.line(f"{self.variables.code(name, Mapping())} = {value.code}")
        self.state.frame.stored.add(name)
        if is_sure:
            self.state.known[name] = value.kind
        elif name in self.state.known:
            self.state.known[name] = "any"

    def put(self, key: str, value: str) -> None:
        """Put a value among the fields; ``key`` and ``value`` are code."""
        source, state = self.source, self.state
        self._values += 1
        state.is_fresh = False
        if not state.merges:
            source.line(f"{state.target}[{key}] = {value}")
            return
        self.tells_repeats = True
        with source.block(f"if {key} in {state.target}"):
            source.line(f"again({state.target}, {key}, {value})")
            source.line("twice = True")
        with source.block("else"):
            source.line(f"{state.target}[{key}] = {value}")


@contextmanager
def complaints(field: Mapping) -> Iterator[None]:
    """Name a part of ``field`` that no check of its own has named, with its line."""
    try:
        yield
    except TableError:
        raise
    except MISFITS as error:
        raise field.wrong(f"this field cannot be read: {error}") from error
