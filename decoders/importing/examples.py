"""Examples in the spellings that trees have for them, made one."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from decoders.importing import comparison, notation
from decoders.importing.notation import NOT_READ
from decoders.importing.published import Example, Kind
from decoders.importing.tree import Tree, Unreadable

KINDS = {
    "uplink": Kind.UPLINK, "downlink-encode": Kind.ENCODE, "downlink-decode": Kind.DECODE, "downlink": Kind.ENCODE,
    "uplink-decode": Kind.UPLINK, "encode-downlink": Kind.ENCODE, "decode-downlink": Kind.DECODE,
}  # fmt: skip
LONGEST_PAYLOAD = 4096  # octets; some drivers join the parts of a long message


@dataclass(frozen=True, slots=True)
class Read:
    """The examples of a model, and a line for each that could not be read."""

    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()

    def __add__(self, other: Read) -> Read:
        return Read(self.examples + other.examples, self.notes + other.notes)


def read_file(tree: Tree, path: str, kind: Kind | None = None) -> Read:
    """Return the examples in the file at ``path``: a list of them, or an object with ``examples``."""
    try:
        whole = notation.read(tree, path)
    except Unreadable as error:
        return Read(notes=(str(error),))
    return read_all(whole.get("examples") if isinstance(whole, Mapping) else whole, path, kind)


def read_all(given: Any, place: str, kind: Kind | None = None) -> Read:
    """Return the examples of the list ``given``: of ``kind``, or of the kind that each says of itself (TS013)."""
    if given is None:
        return Read()
    if not isinstance(given, list):
        return Read(notes=(f"{place}: a list of examples is expected",))
    found, notes = [], []
    for number, one in enumerate(given, start=1):
        try:
            found.append(_example(one, place, kind))
        except NOT_READ as error:
            notes.append(f"{place}: example {number}: {error}")
    return Read(tuple(found), tuple(notes))


def joined(parts: Iterable[Read]) -> Read:
    """Return all that the parts have."""
    return sum(parts, Read())


def octets(given: Any) -> bytes:
    """Return a payload, given as numbers, as hexadecimal digits in any grouping, or in base64; raises ValueError."""
    if given is None:
        return b""
    if isinstance(given, list):
        return bytes(_octet(one) for one in given[: LONGEST_PAYLOAD + 1])
    if not isinstance(given, str):
        raise ValueError(f"{comparison.shown(given)} is no payload")  # noqa: TRY004 - a broken file, no wrong type
    digits = re.sub(r"0[xX]|[\s,:_-]", "", given)
    if re.fullmatch(r"(?:[0-9a-fA-F]{2})*", digits):
        return bytes.fromhex(digits)
    try:
        return base64.b64decode(given, validate=True)
    except binascii.Error as error:
        raise ValueError(f"{comparison.shown(given)} is neither hexadecimal nor base64") from error


def _octet(one: Any) -> int:
    value = int(one, 16) if isinstance(one, str) else one
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not -128 <= value <= 255:
        raise ValueError(f"{comparison.shown(one)} is no octet")
    return value & 0xFF


def _example(one: Any, place: str, kind: Kind | None) -> Example:
    if not isinstance(one, Mapping):
        raise ValueError(f"{comparison.shown(one)} where an example with input and output is expected")  # noqa: TRY004
    kind = kind or KINDS.get(str(one.get("type", Kind.UPLINK)).lower())
    if kind is None:
        raise ValueError(f"type {one['type']!r} is none of {', '.join(KINDS)}")
    if "input" not in one and "bytes" in one:
        return _flat(one, place, kind)
    given, wanted = _part(one, "input"), _part(one, "output" if "output" in one else "expected")
    return Example(
        kind=kind,
        name=_name(one),
        place=place,
        data=b"" if kind is Kind.ENCODE else octets(given.get("bytes")),
        command=given.get("data") if kind is Kind.ENCODE else None,
        f_port=port(given),
        received_at=_moment(given.get("recvTime")),
        expected=_expected(wanted, kind),
        expected_port=port(wanted) if kind is Kind.ENCODE else None,
        fails=bool(_words(wanted.get("errors")) or _words(wanted.get("error"))),
        warnings=_words(wanted["warnings"]) if "warnings" in wanted else None,
        normalised=_normalised(one),
    )


def _flat(one: Mapping[str, Any], place: str, kind: Kind) -> Example:
    """Read the older form of Actility's drivers, without input and output."""
    encoded = kind is Kind.ENCODE
    return Example(
        kind=kind,
        name=_name(one),
        place=place,
        data=b"" if encoded else octets(one["bytes"]),
        command=one.get("data") if encoded else None,
        f_port=None if encoded else port(one),
        received_at=_moment(one.get("time", one.get("recvTime"))),
        expected=octets(one["bytes"]) if encoded else one.get("data"),
        expected_port=port(one) if encoded else None,
        fails=bool(_words(one.get("errors")) or _words(one.get("error"))),
    )


def _part(one: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = one.get(key)
    if not isinstance(found, Mapping):
        raise ValueError(f"{key} is {comparison.shown(found)}; an object is expected")  # noqa: TRY004 - a broken file
    return found


def _expected(wanted: Mapping[str, Any], kind: Kind) -> Any:
    if kind is Kind.ENCODE:
        return octets(wanted["bytes"]) if wanted.get("bytes") is not None else None
    return wanted.get("data")


def _normalised(one: Mapping[str, Any]) -> Any:
    found = one.get("normalizedOutput")
    return found.get("data") if isinstance(found, Mapping) else None


def _name(one: Mapping[str, Any]) -> str:
    return " ".join(str(one.get("description") or one.get("name") or "").split())


def port(part: Mapping[str, Any]) -> int | None:
    """Return the FPort that ``part`` names in one of its spellings; None where it names none; raises ValueError."""
    found = part.get("fPort", part.get("fport", part.get("f_port", part.get("port"))))
    if found is None or found == "":
        return None
    number = int(found) if isinstance(found, str) or found in range(256) else -1
    if not 0 <= number <= 255:
        raise ValueError(f"fPort {comparison.shown(found)} is none of 0 to 255")
    return number


def _moment(given: Any) -> Any:
    if given is None:
        return None
    found = comparison.instant(given) if isinstance(given, str) else None
    if found is None:
        raise ValueError(f"recvTime {comparison.shown(given)}; a time in ISO 8601 is expected")
    return found


def _words(given: Any) -> tuple[str, ...]:
    return tuple(_texts(given))


def _texts(given: Any) -> Iterator[str]:
    if isinstance(given, list):
        for one in given:
            yield from _texts(one)
    elif given not in (None, "", {}):
        yield given if isinstance(given, str) else comparison.shown(given)
