"""JSON as tools write it: one object, an array, or one after the other (also JSON lines)."""

from __future__ import annotations

import json
from collections.abc import Iterator

from gateway.model import Json

_DECODER = json.JSONDecoder()


class NotJson(ValueError):
    """Say in which line a text ends to be JSON."""


def documents(text: str) -> Iterator[Json]:
    """Yield every JSON value of ``text``; raises NotJson."""
    text = text.removeprefix("\ufeff")
    place = _past_blanks(text, 0)
    while place < len(text):
        try:
            value, place = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            raise NotJson(_words(text, error)) from error
        yield value
        place = _past_blanks(text, place)


def _past_blanks(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,":  # some tools put commas between lines
        place += 1
    return place


def _words(text: str, error: Exception) -> str:
    """Say what the decoder says without the text it quotes."""
    if not isinstance(error, json.JSONDecodeError):
        return "nested too deep, or a number too long to be JSON that devices are written in"
    cut = "; the file seems to be cut off" if error.pos >= len(text.rstrip()) else ""
    return f"line {error.lineno}: no JSON from column {error.colno} on{cut}"
