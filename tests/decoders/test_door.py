"""Whatever a decoder does, a Decoded of the right types or a DecodeError comes out of the door."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any

import pytest

from decoders import door
from decoders.contract import Decoded, DecodeError, DecodeReason, Payload, Reading

PAYLOAD = Payload(b"\x01", 1)
GOOD = Reading("air_temperature", 21.5, "Cel")


@dataclass(frozen=True)
class Model:
    """A decoder of an author who has made a mistake."""

    says: Callable[[], Any]
    name: str = "acme/th"
    revision: str = "1"

    def decode(self, _: Payload) -> Decoded:
        found: Decoded = self.says()
        return found


def raising(error: BaseException) -> Callable[[], Any]:
    def says() -> Any:
        raise error

    return says


class Level(IntEnum):
    LOW = 0


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Bare(DecodeError):
    def __init__(self) -> None:
        """Forget what the parent does."""


CYCLE: dict[str, Any] = {}
CYCLE["again"] = CYCLE

BROKEN: list[tuple[Callable[[], Any], str]] = [
    (lambda: None, "what it returns is None; a Decoded is expected"),
    (lambda: {"temperature": 5}, "what it returns is of type dict"),
    (lambda: Decoded(None), "readings is None"),  # type: ignore[arg-type]
    (lambda: Decoded(iter([GOOD])), "readings is of type list_iterator"),  # type: ignore[arg-type]
    (lambda: Decoded((GOOD, ("air_temperature", 2))), r"readings\[1\] is of type tuple; a Reading is expected"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("air_temperature", None, "Cel"),)), r"readings\[0\]\.value is None"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("air_temperature", [1], "Cel"),)), r"readings\[0\]\.value is of type list"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("presence", Level.LOW),)), r"readings\[0\]\.value is of type Level"),
    (lambda: Decoded((Reading(5, 1),)), r"readings\[0\]\.quantity is of type int"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("x" * 10_000, 1),)), r"readings\[0\]\.quantity is .* at most 300 characters"),
    (lambda: Decoded((Reading("co2", 1, None),)), r"readings\[0\]\.unit is None"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("co2", 1, "[ppm]", 3),)), r"readings\[0\]\.channel is of type int"),  # type: ignore[arg-type]
    (lambda: Decoded((Reading("co2", 1, "[ppm]", "\ud800"),)), "UnicodeEncodeError"),
    (lambda: Decoded((Reading("co2", 1, "[ppm]", None, 1_700_000_000),)), r"readings\[0\]\.at is of type int"),  # type: ignore[arg-type]
    (lambda: Decoded((GOOD,), None), "fields is None"),  # type: ignore[arg-type]
    (lambda: Decoded((GOOD,), {1: 2}), "a key of fields is of type int"),  # type: ignore[dict-item]
    (lambda: Decoded((GOOD,), {"raw": b"\x01"}), r"fields\.raw is of type bytes; what JSON can hold"),
    (lambda: Decoded((GOOD,), {"at": datetime(2026, 1, 1)}), r"fields\.at is of type datetime"),  # noqa: DTZ001 - a vendor's
    (lambda: Decoded((GOOD,), CYCLE), "RecursionError"),
    (lambda: Decoded((GOOD,), {}, "warm"), "warnings is of type str"),  # type: ignore[arg-type]
    (lambda: Decoded((GOOD,), {}, (1,)), "warnings is of type tuple"),  # type: ignore[arg-type]
    (lambda: sys.exit(3), "SystemExit: 3"),
    (raising(KeyError("temperature")), "KeyError: 'temperature'"),
    (raising(MemoryError()), "MemoryError"),
    (raising(Unspeakable()), "Unspeakable"),
    (raising(BaseException("of its own")), "BaseException: of its own"),
    (raising(Bare()), "a DecodeError with the reason None"),
    (raising(DecodeError("truncated", "")), "a DecodeError with the reason 'truncated'"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("says", "words"), BROKEN)
def test_a_broken_promise_is_a_decode_error_that_says_what_is_wrong(says: Callable[[], Any], words: str) -> None:
    with pytest.raises(DecodeError, match=words) as caught:
        door.decode(Model(says), PAYLOAD)

    assert caught.value.reason is DecodeReason.FAILED


def test_words_of_a_decoder_are_one_line_of_bounded_length_that_utf_8_can_hold() -> None:
    with pytest.raises(DecodeError) as caught:
        door.decode(Model(raising(DecodeError(DecodeReason.MALFORMED, "line\nline \ud800 " + "x" * 10_000))), PAYLOAD)

    assert caught.value.reason is DecodeReason.MALFORMED
    assert len(caught.value.detail) <= door.LONGEST
    assert "\n" not in caught.value.detail
    assert caught.value.detail.encode().startswith(b"line line ?")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), asyncio.CancelledError()], ids=repr)
def test_what_is_not_the_decoders_doing_passes_through(error: BaseException) -> None:
    with pytest.raises(type(error)):
        door.decode(Model(raising(error)), PAYLOAD)


def test_what_is_right_comes_out_as_it_is() -> None:
    decoded = Decoded((GOOD,), {"nested": {"list": [1, 2.5, None, True, "å"], "level": Level.LOW}}, ("cold",))

    assert door.decode(Model(lambda: decoded), PAYLOAD) is decoded
