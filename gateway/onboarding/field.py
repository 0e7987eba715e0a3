"""A place in a file that others wrote: what stands there, what it is called there, and what is wrong with it.

Names are compared as people and products vary them: devEUI, dev_eui and DevEui are one. No problem repeats a key.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from gateway.model import DevAddr, Eui64, Json, Key, dev_addr, eui64

T = TypeVar("T")

COUNTER_MAX = 2**32 - 1
SHOWN_MAX = 23  # characters of an EUI with its separators; longer texts may be a key in the wrong place
NO_EUI = Eui64("0" * 16)  # no device's; stands for one that a file does not say, while its other problems are found
TRUE_FALSE = {"true": True, "false": False, "1": True, "0": False}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table that stands where the other form of the file has a nested field: "line 7: dev_addr"."""

    text: str
    place: str


@dataclass(frozen=True, slots=True)
class Field:
    """What stands at ``path``; None where nothing does. Its readers add to ``problems`` and return None, too."""

    value: Json
    path: str
    problems: list[str]

    def __bool__(self) -> bool:
        return self.value not in (None, "", {}, [])

    def at(self, path: str) -> Field:
        """Return the field below this one, by names with dots between them."""
        found = self
        for name in path.split("."):
            found = found._below(name)
        return found

    def first(self, *paths: str) -> Field:
        """Return the first of several fields that says anything, the first of all where none does."""
        fields = [self.at(path) for path in paths]
        return next(filter(None, fields), fields[0])

    def items(self) -> Iterator[Field]:
        """Yield the entries of an array; of anything else, itself."""
        if isinstance(self.value, list):
            for index, value in enumerate(self.value):
                yield Field(value, f"{self.path}[{index}]", self.problems)
        elif self:
            yield self

    def complain(self, words: str) -> None:
        """Say what is wrong here."""
        self.problems.append(f"{self.path}: {words}" if self.path else words)

    def text(self) -> str | None:
        """Return a text without blanks around it."""
        return self._read(lambda text: text)

    def eui64(self) -> Eui64 | None:
        """Return an EUI-64, written in hex or (8 octets) in base64."""
        return self._read(lambda text: eui64(_identifier(text, 8)))

    def dev_eui(self) -> Eui64 | None:
        """Return the EUI of a device; one of zeros is a placeholder."""
        dev_eui = self.eui64()
        if dev_eui == NO_EUI:
            self.complain("is all zeros: a placeholder, no device's")
            return None
        return dev_eui

    def dev_addr(self) -> DevAddr | None:
        """Return a DevAddr, written in hex or (4 octets) in base64."""
        return self._read(lambda text: dev_addr(_identifier(text, 4)))

    def key(self) -> Key | None:
        """Return a key, written in hex or base64; one of zeros only is none."""
        return self._read(_key)

    def counter(self) -> int | None:
        """Return a whole number of 32 bits."""
        return self._read(_counter)

    def number_of(self, most: int) -> int | None:
        """Return a number that may wear its name and an envelope: 5, "RX_DELAY_5", {"value": "RX_DELAY_5"}."""
        if isinstance(self.value, Mapping):
            return self.at("value").number_of(most)
        return self._read(lambda text: _enumerated(text, most))

    def degrees(self) -> float | None:
        """Return a number with a fraction."""
        return self._read(_degrees)

    def flag(self) -> bool | None:
        """Return true or false."""
        return self._read(_flag)

    def words(self) -> Mapping[str, str]:
        """Return a map of texts to texts, e.g. tags."""
        if not isinstance(self.value, Mapping):
            return {}
        return {str(name): "" if value is None else str(value) for name, value in self.value.items()}

    def _below(self, name: str) -> Field:
        if isinstance(self.value, dict):
            wanted = plain(name)
            for key, value in self.value.items():
                if key == name or plain(key) == wanted:
                    return self._child(key, value)
        elif self.value is not None:
            self.complain("is no object with names and values")
        return Field(None, _joined(self.path, name), self.problems)

    def _child(self, name: str, value: Json) -> Field:
        if isinstance(value, Cell):
            return Field(value.text, value.place, self.problems)
        return Field(value, _joined(self.path, name), self.problems)

    def _read(self, read: Callable[[str], T]) -> T | None:
        if isinstance(self.value, dict | list):
            self.complain("is an object or an array where one value is expected")
            return None
        if not self:
            return None
        try:
            return read(str(self.value).strip())
        except ValueError as error:
            self.complain(str(error))
            return None


@lru_cache(maxsize=1024)  # a file has few names, each thousands of times
def plain(name: str) -> str:
    """Return a name as it is compared."""
    return re.sub(r"[^a-z0-9]", "", name.lower())


def shown(text: str) -> str:
    """Return a text as an error may show it."""
    return repr(text) if len(text) <= SHOWN_MAX else f"a text of {len(text)} characters"


def _joined(path: str, name: str) -> str:
    if path.startswith("line ") and ":" not in path:
        return f"{path}: {name}"
    return f"{path}.{name}" if path else name


def _identifier(text: str, octets: int) -> str:
    encoded = _base64(text, octets)
    if encoded is not None:
        return encoded.hex()
    if re.search(r"[^0-9a-fA-F:\s-]", text):
        raise ValueError(f"{shown(text)} has characters that are no hex digits")
    return text


def _base64(text: str, octets: int) -> bytes | None:
    """Return what ``text`` encodes where it is base64 of so many octets: with its padding it cannot be hex."""
    if not text.endswith("="):
        return None
    try:
        decoded = base64.b64decode(text, validate=True)
    except binascii.Error:
        return None
    return decoded if len(decoded) == octets else None


def _key(text: str) -> Key | None:
    decoded = _base64(text, 16)
    key = Key(decoded) if decoded is not None else Key.parse(text)
    return None if key == Key(bytes(16)) else key


def _counter(text: str) -> int:
    return _enumerated(text, COUNTER_MAX)


def _enumerated(text: str, most: int) -> int:
    found = re.fullmatch(r"(?:[A-Za-z][A-Za-z0-9]*_(?:[A-Za-z0-9]+_)*)?([0-9]{1,10})", text)
    if found is None or int(found[1]) > most:
        raise ValueError(f"{shown(text)} is no whole number from 0 to {most}")
    return int(found[1])


def _degrees(text: str) -> float:
    if re.fullmatch(r"[+-]?[0-9]{1,6}(?:\.[0-9]{1,20})?(?:[eE]-[0-9]{1,2})?", text) is None:
        raise ValueError(f"{shown(text)} is no number, e.g. 57.7089")
    return float(text)


def _flag(text: str) -> bool:
    try:
        return TRUE_FALSE[text.lower()]
    except KeyError:
        raise ValueError(f"{shown(text)} is neither true nor false") from None
