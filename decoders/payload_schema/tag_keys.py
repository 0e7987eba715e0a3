"""Tags: what they are compared by, and which of them a key of a TLV's cases means."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from decoders.payload_schema.choosing import RANGE
from decoders.payload_schema.document import Mapping, shown
from decoders.payload_schema.wire import BITS, INTEGER

PART = re.compile(r"(!?)(-?(?:0x[0-9a-fA-F]{1,16}|\d{1,20}))|\*")


@dataclass(frozen=True, slots=True)
class Tag:
    """How a tag stands in the code: what is compared, its parts, the octets it takes, and the width of each part in bits."""

    value: str
    parts: tuple[str, ...]
    advance: int
    widths: tuple[int, ...] | None  # None: the parts are compared as a tuple

    def number(self, key: Sequence[int], cases: Mapping) -> Any:
        """Return what ``value`` is for a tag; raises TableError for one that can never come."""
        if len(key) != len(self.parts):
            raise cases.wrong(f"{shown(key)} has {len(key)} parts, a tag has {len(self.parts)}")
        if self.widths is None:
            return tuple(key)
        made = 0
        for part, width in zip(key, self.widths, strict=True):
            if not -(1 << width - 1) <= part < 1 << width:
                raise cases.wrong(f"{shown(part)} of {shown(key)} does not fit into {width} bits")
            made = made << width | part & (1 << width) - 1
        return made


def joined(parts: Sequence[str], widths: Sequence[int], signed: Sequence[bool]) -> str:
    """Return the code of one number that holds all parts of a tag."""
    made = ""
    for part, width, is_signed in zip(parts, widths, signed, strict=True):
        bits = f"({part} & {(1 << width) - 1})" if is_signed else part
        made = f"({made}) << {width} | {bits}" if made else bits
    return made


def width_of(part: Mapping) -> int | None:
    """Return how many bits a part of a tag has; None for what is no plain whole number."""
    kind = str(part.get("type", "u8"))
    if found := INTEGER.fullmatch(kind):
        return None if "encoding" in part else int(found[3])
    if found := BITS.fullmatch(kind):
        return int(found[3]) - int(found[2]) + 1
    return None


def has_twins(fields: Any) -> bool:
    """Tell whether a tag may report two values of one name: they are no repetition of the tag."""
    names = list(_reported(fields))
    return len(names) != len(set(names)) or None in names


def _reported(node: Any) -> Iterator[str | None]:
    if isinstance(node, list):
        for one in node:
            yield from _reported(one)
    elif isinstance(node, dict):
        if "name_from" in node or "tlv" in node:
            yield from (None, None)
        name = node.get("object", node.get("name"))
        if isinstance(name, str) and (
            "type" in node or "object" in node or not {"match", "flagged", "byte_group"} & node.keys()
        ):
            yield name
        if node.get("type") not in {"object", "repeat"} and "object" not in node:
            for key in ("flagged", "match", "byte_group", "cases", "default", "groups", "fields"):
                if isinstance(node.get(key), dict | list):
                    yield from _below(node[key])


def _below(node: Any) -> Iterator[str | None]:
    if isinstance(node, dict) and "type" not in node and "name" not in node:
        for value in node.values():
            if isinstance(value, dict | list):
                yield from _below(value)
    else:
        yield from _reported(node)


def pattern(key: Any, cases: Mapping, tag: Tag) -> tuple[Any, int, str]:
    """Return the exact tag, or how broad a pattern is and its condition."""
    if isinstance(key, int) and not isinstance(key, bool):
        return tag.number((key,), cases), 0, ""
    if isinstance(key, str) and len(tag.parts) == 1 and (bounds := RANGE.fullmatch(key)):
        return None, 1, f"{int(bounds[1], 0)} <= {tag.parts[0]} <= {int(bounds[2], 0)}"
    texts = [str(one) for one in key] if isinstance(key, tuple) else str(key).strip("[] ").split(",")
    found = [PART.fullmatch(text.strip().strip("\"'")) for text in texts]
    parts = [part for part in found if part is not None]
    if len(parts) < len(found):
        raise cases.wrong(f"{shown(key)} is no tag: a number, or [1, 0x67], [1, !0], [2, *]", key)
    if len(parts) != len(tag.parts):
        raise cases.wrong(f"{shown(key)} has {len(parts)} parts, a tag has {len(tag.parts)}", key)
    if all(part[2] and not part[1] for part in parts):
        return tag.number([int(part[2], 0) for part in parts], cases), 0, ""
    tests = [
        f"{name} {'!=' if part[1] else '=='} {int(part[2], 0)}"
        for name, part in zip(tag.parts, parts, strict=True)
        if part[2]
    ]
    return None, 2 if any(part[0] == "*" for part in parts) else 1, " and ".join(tests) or "True"
