"""Tag-length-value: the tags say what follows, in any order, as often as the device likes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from decoders.payload_schema.choosing import Body, search
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.tag_keys import Tag, has_twins, joined, pattern, width_of
from decoders.payload_schema.variables import defined
from decoders.payload_schema.wire import Wire, reader

if TYPE_CHECKING:
    from decoders.payload_schema.compiler import Compiler
    from decoders.payload_schema.runs import Run

KEYS = {"tag_size", "length_size", "tag_fields", "tag_key", "merge", "unknown", "cases", "default", "description"}
UNKNOWN = ("skip", "error", "raw")


def tlv(compiler: Compiler, field: Mapping, run: Run) -> None:
    """Compile a TLV: a tag seen again makes a list of its field's values, and a ``repeat`` is continued.

    A tag that is not known ends the payload where no length says how to pass over it: what was read before it counts.
    """
    field.only({"tlv", "description", "name"}, (), "tlv")
    spec = field["tlv"]
    if not isinstance(spec, Mapping):
        raise field.wrong("tlv is a mapping", "tlv")
    spec.only(KEYS, (), "tlv")
    if spec.get("unknown", "skip") not in UNKNOWN:
        raise spec.wrong(f"unknown is one of {', '.join(UNKNOWN)}, not {shown(spec['unknown'])}", "unknown")
    if not isinstance(spec.get("merge", True), bool):
        raise spec.wrong("merge is true or false", "merge")
    if not isinstance(spec.get("cases"), Mapping):
        raise spec.wrong("tlv has cases, a mapping", "cases")
    run.flush()
    compiler.settle()
    _Loop(compiler, spec).compile()


class _Loop:
    """The code of one TLV."""

    def __init__(self, compiler: Compiler, spec: Mapping) -> None:
        self._compiler = compiler
        self._spec = spec
        self._source = compiler.source
        self._length_size = _octets(spec, "length_size", 0)
        self._start = self._source.fresh("s")
        self._end = self._source.fresh("e") if self._length_size else ""
        self._outer = compiler.state.end
        self._merges = spec.get("merge", True)
        self._channels = "" if self._merges and spec.get("unknown") != "raw" else self._source.assign("l", "[]")

    def compile(self) -> None:
        state, source = self._compiler.state, self._source
        is_own = state.merges or not state.is_fresh  # what stands beside is no repetition of a tag
        found = source.assign("o", "{}") if is_own else state.target
        repeats = state.repeats
        changes = {"target": found, "merges": True, "is_fresh": True, "repeats": repeats or (is_own and state.merges)}
        with self._compiler.loop(f"while p < {self._outer}", **changes):
            source.line(f"{self._start} = p")
            tag = self._tag()
            self._length(tag)
            self._search(tag)
        if is_own:
            source.line(f"merge({state.target}, {found})" if state.merges else f"{state.target}.update({found})")
        state.is_fresh = False
        if self._channels:
            with source.block(f"if {self._channels}"):
                self._compiler.put("'channels'", self._channels)

    # ── the tag and its length ──────────────────────────────────────────────────────────────────────────────────

    def _tag(self) -> Tag:
        compiler, spec = self._compiler, self._spec
        parts = spec.get("tag_fields")
        if parts is None:
            return self._plain_tag(_octets(spec, "tag_size", 1))
        if not isinstance(parts, list) or not parts or not all(isinstance(part, Mapping) for part in parts):
            raise spec.wrong("tag_fields is a list of fields", "tag_fields")
        names = [part.get("name") for part in parts]
        key = spec.get("tag_key", names)
        key = [key] if isinstance(key, str) else key
        if not all(isinstance(name, str) for name in names):
            raise spec.wrong("each of tag_fields has a name", "tag_fields")
        if not isinstance(key, list) or not key or not set(map(str, key)) <= set(names):
            raise spec.wrong(f"tag_key names {shown(key)}, tag_fields are {shown(names)}", "tag_key")
        wires = [self._part(part) for part in parts]
        return self._composed(parts, wires, [names.index(name) for name in key], compiler)

    def _plain_tag(self, size: int) -> Tag:
        if size == 0:
            raise self._spec.wrong("tag_size is 0: a tag has an octet at least", "tag_size")
        compiler = self._compiler
        compiler.require([("tag", 0, size)])
        place = compiler.state.place
        octets = place.octet() if size == 1 else f"from_bytes({place.octets(size)}, {compiler.order_of(self._spec)!r})"
        if size == 2:
            high, low = (0, 1) if compiler.order_of(self._spec) == "big" else (1, 0)
            octets = f"{place.octet(high)} << 8 | {place.octet(low)}"
        name = self._source.assign("g", octets)
        compiler.state.place = place.on(size)
        return Tag(name, (name,), size, (8 * size,))

    def _part(self, part: Mapping) -> Wire:
        wire = reader(part, self._compiler.order_of(part))
        if not isinstance(wire, Wire) or wire.make is None:
            raise part.wrong("a part of a tag has a known size", "type")
        return wire

    def _composed(
        self, fields: Sequence[Mapping], wires: Sequence[Wire], key: Sequence[int], compiler: Compiler
    ) -> Tag:
        offsets = [sum(wire.advance for wire in wires[:place]) for place in range(len(wires))]
        compiler.require([(wire.what, offset, wire.size) for wire, offset in zip(wires, offsets, strict=True)])
        place, names = compiler.state.place, []
        for field, wire, offset in zip(fields, wires, offsets, strict=True):
            value = compiler.read_at(wire, place.on(offset)).said(self._source)
            names.append(value.code)
            compiler.store(str(field["name"]), value, is_sure=True)
        compiler.state.place = place.on(sum(wire.advance for wire in wires))
        widths = [width_of(fields[one]) for one in key]
        parts, advance = tuple(names[one] for one in key), sum(wire.advance for wire in wires)
        known = [width for width in widths if width is not None]
        if len(known) < len(widths):
            return Tag(self._source.assign("g", f"({', '.join(parts)},)"), parts, advance, None)
        signed = [str(fields[one].get("type", "u8")).lstrip("lbe_")[0] in {"s", "i"} for one in key]
        return Tag(self._source.assign("g", joined(parts, known, signed)), parts, advance, tuple(known))

    def _length(self, tag: Tag) -> None:
        if not self._length_size:
            return
        compiler, size = self._compiler, self._length_size
        compiler.require([("length", 0, size)])
        place = compiler.state.place
        octets = place.octet() if size == 1 else f"from_bytes({place.octets(size)}, {compiler.order_of(self._spec)!r})"
        self._source.line(f"{self._end} = {place.at(size)} + ({octets})")
        compiler.state.place = place.on(size)
        error = "beyond" if compiler.state.is_tag else "short"
        with self._source.block(f"if {self._outer} < {self._end}"):
            what = f"'tag ' + tag_in_words({_tuple(tag.parts)})"
            self._source.line(
                f"raise {error}((({what}, 0, {self._end} - ({place.at(size)})),), {place.at(size)}, {self._outer})"
            )

    # ── the cases ───────────────────────────────────────────────────────────────────────────────────────────────

    def _search(self, tag: Tag) -> None:
        cases, otherwise = self._spec["cases"], self._spec.get("default")
        exact: list[tuple[Any, Body]] = []
        patterns: list[tuple[int, str, Body]] = []
        for key, fields in cases.items():
            if key in {"default", "_"}:
                otherwise = fields
                continue
            number, breadth, condition = pattern(key, cases, tag)
            body = self._body(fields, cases, tag)
            if condition:
                patterns.append((breadth, condition, body))
            else:
                exact.append((number, body))
        patterns.sort(key=lambda pattern: pattern[0])  # what excludes comes before what takes anything (PS-270)
        none = self._unknown(tag) if otherwise is None else self._body(otherwise, self._spec, tag)
        search(self._compiler, tag.value, exact, [pattern[1:] for pattern in patterns], none)

    def _body(self, fields: Any, owner: Mapping, tag: Tag) -> Body:
        fields = fields.get("fields", []) if isinstance(fields, Mapping) else fields
        is_apart = not self._merges or has_twins(fields)

        def body() -> None:
            compiler, source = self._compiler, self._source
            state = compiler.state
            found, entry = state.target, source.fresh("o")
            if is_apart:
                source.line(f"{entry} = {{}}" if self._merges else f"{entry} = {{'tag': [{', '.join(tag.parts)}]}}")
                state.target, state.merges, state.is_fresh, state.repeats = entry, False, self._merges, True
            if self._end:
                state.end, state.is_tag = self._end, True
            with compiler.frame(frozenset(defined(fields))):
                compiler.fields(fields, owner)
            self._finish(tag)
            if is_apart:
                source.line(f"merge({found}, {entry})" if self._merges else f"{self._channels}.append({entry})")

        return body

    def _finish(self, tag: Tag) -> None:
        compiler, source = self._compiler, self._source
        if self._end:
            compiler.settle()
            with source.block(f"if p > {self._end}"):
                source.line(
                    f"raise malformed(f'tag {{tag_in_words({_tuple(tag.parts)})}} at {{{self._start}}} is too short')"
                )
            source.line(f"p = {self._end}")
        elif tag.advance == 0:
            compiler.settle()
            with source.block(f"if p == {self._start}"):
                source.line(f"raise malformed(f'tag {{tag_in_words({_tuple(tag.parts)})}} at {{p}} takes no octet')")

    def _unknown(self, tag: Tag) -> Body:
        source, said, start = self._source, _tuple(tag.parts), self._start

        def unknown() -> None:
            after = self._end or self._outer
            if self._spec.get("unknown") == "error":
                source.line(f"raise unknown_tag({said}, {start})")
                return
            if self._spec.get("unknown") == "raw" and self._end:
                octets = f"data[{self._compiler.state.place.at()}:{after}].hex()"
                source.line(f"{self._channels}.append({{'tag': [{', '.join(tag.parts)}], 'raw': {octets}}})")
            else:
                if not self._end:
                    with source.block(f"if {start} == 0"):
                        source.line(f"raise unknown_tag({said}, {start})")
                source.line(f"warnings.append(passed_over({said}, {start}, data[{start}:{after}]))")
            self._compiler.jump(after)

        return unknown


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)},)"


def _octets(spec: Mapping, key: str, default: int) -> int:
    size = spec.get(key, default)
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= 8:
        raise spec.wrong(f"{key} is a number of octets, 0 to 8, not {shown(size)}", key)
    return size
