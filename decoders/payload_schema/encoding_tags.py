"""Tag-length-value, the other way round: each value that is given finds its tag, in the order of the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.contract import EncodeError
from decoders.payload_schema import document
from decoders.payload_schema.choosing import RANGE
from decoders.payload_schema.encoding_fields import Fields, names_of, refuse_strangers, say_all
from decoders.payload_schema.encoding_message import ABSENT, Given, Message, Part, wrong
from decoders.payload_schema.tag_keys import PART

CHANNELS = "channels"  # what a TLV that does not merge reports

SayTag = Callable[[Sequence[int]], bytes]


@dataclass(frozen=True, slots=True)
class _Case:
    tag: tuple[int, ...] | None  # None: a pattern, which many tags fit
    fits: Callable[[Sequence[int]], bool]
    shown: str
    parts: tuple[Part, ...]
    names: frozenset[str]
    entries: Mapping[str, int]  # of those of its values that are lists, how many each time; 0: any number


@dataclass(frozen=True, slots=True)
class _Entry:
    """A tag's content, and the values that it took."""

    octets: bytes
    used: frozenset[str]
    loss: float


def tlv(fields: Fields, field: document.Mapping) -> Part:
    """Compile a TLV: a list of values makes its tag come as often; of two tags for one value the exact one is said."""
    spec = field["tlv"]
    if not isinstance(spec, document.Mapping) or not isinstance(spec.get("cases"), document.Mapping):
        raise field.wrong("tlv is a mapping with cases")
    cases = [_case(fields, key, inner, spec["cases"]) for key, inner in spec["cases"].items()]
    is_listed = spec.get("merge", True) is False or spec.get("unknown") == "raw"
    say_tag, length_size, order = _tags(fields, spec), _octets(spec, "length_size", 0), fields.order
    names = frozenset[str]().union(*(case.names for case in cases))

    def write(message: Message, where: str, tag: Sequence[int], content: bytes) -> None:
        try:
            length = len(content).to_bytes(length_size, order) if length_size else b""
            message.output.write(say_tag(tag) + length + content)
        except (OverflowError, ValueError) as error:
            raise wrong(where, error) from error

    def say(message: Message, given: Given) -> None:
        for name in [name for name in given.values if name in names]:
            if name in given.used:
                continue  # said with the tag of another value
            for case, entry in _entries(cases, name, message, given):
                write(message, given.where(name), case.tag or (), entry.octets)
                given.used |= entry.used
        channels = given.take(CHANNELS) if is_listed else ABSENT
        if channels is not ABSENT and not isinstance(channels, list):
            raise wrong(given.where(CHANNELS), "it is a list of tags with their values")
        for place, channel in enumerate([] if channels is ABSENT else channels):
            where = given.where(f"{CHANNELS}[{place}]")
            tag, content = _channel(cases, channel, where, message)
            write(message, where, tag, content)

    return Part(say, names | {CHANNELS} if is_listed else names)


def _channel(cases: Sequence[_Case], channel: Any, where: str, message: Message) -> tuple[Sequence[int], bytes]:
    """Return tag and content of what a TLV that does not merge reports: ``{tag: [1, 103], a: 5}`` or ``{tag, raw}``."""
    tag = channel.get("tag") if isinstance(channel, Mapping) else None
    if not isinstance(tag, list) or not all(isinstance(part, int) for part in tag):
        raise wrong(where, f"{channel!r} where an object with its tag, a list of numbers, is expected")
    values = {name: value for name, value in channel.items() if name != "tag"}
    if values.keys() == {"raw"}:
        try:
            return tag, bytes.fromhex(str(values["raw"]))
        except ValueError:
            raise wrong(f"{where}.raw", f"{values['raw']!r} where hex digits are expected") from None
    case = next((case for case in cases if case.fits(tag)), None)
    if case is None:
        raise wrong(where, f"there is no tag {tag}")
    part, given = message.part(), Given(values, f"{where}.")
    say_all(case.parts, part, given)
    refuse_strangers(given, case.names)
    return tag, part.finish()


def _entries(cases: Sequence[_Case], name: str, message: Message, given: Given) -> Iterator[tuple[_Case, _Entry]]:
    """Yield the tags that say ``name``, with all that stands beside it in them; raises EncodeError."""
    problem: EncodeError | None = None
    best: list[tuple[_Case, list[_Entry]]] = []
    for case in cases:
        if name not in case.names:
            continue
        try:
            best.append((case, [_entry(case, message, one) for one in _times(case, given)]))
        except EncodeError as error:
            problem = problem or error
    if not best:
        raise problem or wrong(given.where(name), "it has no tag")
    case, entries = min(best, key=lambda one: (-len(one[1][0].used), sum(entry.loss for entry in one[1])))
    yield from ((case, entry) for entry in entries)


def _entry(case: _Case, message: Message, given: Given) -> _Entry:
    if case.tag is None:
        raise wrong(given.where(next(iter(case.names))), f"tag {case.shown} stands for many, so it does not say which")
    part = message.part()
    say_all(case.parts, part, given)
    return _Entry(part.finish(), frozenset(given.used), part.loss)


def _times(case: _Case, given: Given) -> Iterator[Given]:
    """Yield the values of each time that a tag comes: lists hold one for each, objects are of one tag."""
    there = given.unused(case.names)
    values = {name: given.values[name] for name in given.values if name in there}
    series = {name: _split(one, case.entries.get(name)) for name, one in values.items()}
    lengths = {len(one) for one in series.values() if one is not None}
    if len(lengths) != 1 or lengths == {0}:
        yield Given(values, given.path)
        return
    for place in range(lengths.pop()):
        yield Given(
            {name: values[name] if (one := series[name]) is None else one[place] for name in values}, given.path
        )


def _split(value: Any, entries: int | None) -> Sequence[Any] | None:
    """Return the value of each time, None where it belongs to one time as it is."""
    if not isinstance(value, list):
        return None
    if entries is None or all(isinstance(one, list) for one in value):
        return value
    return [value[start : start + entries] for start in range(0, len(value), entries)] if entries else None


# ── tags ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _case(fields: Fields, key: Any, inner: Any, cases: document.Mapping) -> _Case:
    parts = fields.parts(inner.get("fields", []) if isinstance(inner, document.Mapping) else inner, cases)
    tag, fits, shown = _key(key, cases)
    entries = {name: part.entries for part in parts if part.entries is not None for name in part.names}
    return _Case(tag, fits, shown, parts, names_of(parts), entries)


def _key(key: Any, cases: document.Mapping) -> tuple[tuple[int, ...] | None, Callable[[Sequence[int]], bool], str]:
    if isinstance(key, int):
        return (key,), lambda tag: list(tag) == [key], hex(key)
    if isinstance(key, str) and (bounds := RANGE.fullmatch(key)):
        low, high = int(bounds[1], 0), int(bounds[2], 0)
        return None, lambda tag: len(tag) == 1 and low <= tag[0] <= high, key
    texts = [str(one) for one in key] if isinstance(key, tuple) else str(key).strip("[] ").split(",")
    parts = [part for text in texts if (part := PART.fullmatch(text.strip().strip("\"'"))) is not None]
    if len(parts) < len(texts):
        raise cases.wrong(f"{document.shown(key)} is no tag: a number, or [1, 0x67], [1, !0], [2, *]", key)
    plan = [(None if part[2] is None else int(part[2], 0), bool(part[1])) for part in parts]
    exact = tuple(value for value, is_negated in plan if value is not None and not is_negated)
    shown = f"[{', '.join(text.strip() for text in texts)}]"
    return (exact if len(exact) == len(plan) else None), lambda tag: _is_like(tag, plan), shown


def _is_like(tag: Sequence[int], plan: Sequence[tuple[int | None, bool]]) -> bool:
    return len(tag) == len(plan) and all(
        value is None or (part == value) is not is_negated for part, (value, is_negated) in zip(tag, plan, strict=True)
    )


def _tags(fields: Fields, spec: document.Mapping) -> SayTag:
    """Return what says a tag; its fields may stand in another order than in its key, and more of them, which are 0."""
    parts = spec.get("tag_fields")
    if parts is None:
        size, order = _octets(spec, "tag_size", 1), fields.order
        return lambda tag: int(tag[0]).to_bytes(size, order)
    said = fields.parts(parts, spec)
    names = [part.get("name") for part in parts]
    key = spec.get("tag_key", names)
    key = [key] if isinstance(key, str) else key
    if not isinstance(key, list | tuple) or not all(isinstance(one, str | None) for one in (*key, *names)):
        raise spec.wrong("tag_key has the names of tag_fields, as [channel, type]")

    def say(tag: Sequence[int]) -> bytes:
        if len(tag) != len(key):
            raise ValueError(f"tag {list(tag)} has {len(tag)} parts where {len(key)} are expected")
        message = Message()
        say_all(said, message, Given({**dict.fromkeys(names, 0), **dict(zip(key, tag, strict=True))}))
        return message.finish()

    return say


def _octets(spec: document.Mapping, key: str, default: int) -> int:
    size = spec.get(key, default)
    if not isinstance(size, int) or not 0 <= size <= 8:
        raise spec.wrong(f"{key} is a number of octets, not {size!r}")
    return size
