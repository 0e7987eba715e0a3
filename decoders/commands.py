r"""What an encoder is made of: settings by name, each with the octets that say it; a vendor's file is a table of them.

    SETTINGS = {
        "interval": whole(b"\x01", 1, 86_400, octets=3),      # seconds between two reports
        "reboot": fixed(b"\x04\xff"),
    }

    def encode(command: Command) -> Encoded:
        return Encoded(2, told(SETTINGS, command))

A value of the wrong kind or out of range is refused in words, never bent into what fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from decoders.contract import Command, EncodeError, EncodeReason

Say = Callable[[Any], bytes]
"""Return the octets that say a value; ValueError tells what would be right."""

Settings = Mapping[str, Say]
Order = Literal["big", "little"]


def told(settings: Settings, command: Command) -> bytes:
    """Return the octets of all that ``command`` asks for, in its own order; raises EncodeError only."""
    if not command:
        raise EncodeError(EncodeReason.EMPTY, f"no command; there are {', '.join(settings)}")
    return b"".join(_said(settings, name, value) for name, value in command.items())


def one_told(settings: Settings, command: Command) -> bytes:
    """Return the octets of a command for a device that takes one in a downlink; raises EncodeError only."""
    if len(command) > 1:
        names = " and ".join(map(repr, command))
        raise EncodeError(
            EncodeReason.TOO_MANY, f"{names}: this device takes one command in a downlink; send them apart"
        )
    return told(settings, command)


def _said(settings: Settings, name: str, value: Any) -> bytes:
    if name not in settings:
        raise EncodeError(EncodeReason.UNKNOWN_COMMAND, f"unknown command {name!r}{did_you_mean(name, settings)}")
    try:
        return settings[name](value)
    except ValueError as error:
        raise EncodeError(EncodeReason.WRONG_VALUE, f"{name}: {error}") from error


def did_you_mean(word: str, known: Mapping[str, object]) -> str:
    """Return "; did you mean 'interval'?", or what there is when nothing is near."""
    near = get_close_matches(word.lower().replace("-", "_"), known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}"


# ── kinds of settings ───────────────────────────────────────────────────────────────────────────────────────────


def whole(head: bytes, low: int, high: int, *, octets: int, order: Order = "big") -> Say:
    """Return what says a whole number of ``low`` to ``high`` behind ``head``."""

    def say(value: Any) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{value!r} where a whole number from {low} to {high} is expected")
        return head + value.to_bytes(octets, order, signed=low < 0)

    return say


def scaled(head: bytes, low: float, high: float, *, parts: int, octets: int, order: Order = "big") -> Say:
    """Return what says a number of ``low`` to ``high`` in parts of one, ten or a hundred, behind ``head``."""

    def say(value: Any) -> bytes:
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            raise ValueError(f"{value!r} where a number from {low:g} to {high:g} is expected")
        return head + round(value * parts).to_bytes(octets, order, signed=low < 0)

    return say


def choice(head: bytes, codes: Mapping[str, int]) -> Say:
    """Return what says one of several words in one octet behind ``head``."""

    def say(value: Any) -> bytes:
        if not isinstance(value, str) or value not in codes:
            raise ValueError(f"{value!r} is none of {', '.join(map(repr, codes))}")
        return head + bytes([codes[value]])

    return say


def switch(head: bytes) -> Say:
    """Return what says true or false in one octet behind ``head``."""

    def say(value: Any) -> bytes:
        if not isinstance(value, bool):
            raise ValueError(f"{value!r} where true or false is expected")  # noqa: TRY004 - what a person typed, no bug
        return head + bytes([value])

    return say


def fixed(octets: bytes) -> Say:
    """Return what says a thing that has no value: it is asked for with true."""

    def say(value: Any) -> bytes:
        if value is not True:
            raise ValueError(f"{value!r} where true is expected; leave it out where it is not meant")
        return octets

    return say


def group(head: bytes, parts: Settings, tail: bytes = b"") -> Say:
    """Return what says several values together, all of them, between ``head`` and ``tail``."""

    def say(value: Any) -> bytes:
        if not isinstance(value, Mapping) or set(value) != set(parts):
            raise ValueError(f"{value!r} where an object of {', '.join(parts)} is expected")
        return head + b"".join(_part(name, one, value[name]) for name, one in parts.items()) + tail

    return say


def _part(name: str, say: Say, value: Any) -> bytes:
    try:
        return say(value)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
