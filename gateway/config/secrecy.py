"""Which keys hold secrets: never shown, and in no backup without keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from gateway.model import Json

SECRET: Final = re.compile(r"(?:^|_)(password|token|secret|sas|api_?key)s?$", re.IGNORECASE)
SECRET_TABLES: Final = ("headers",)  # a platform's key may stand under any name there
LOGIN: Final = re.compile(r"://[^/?#\s]*@")  # user and password in a URL: refused everywhere, and still not to be shown
HIDDEN: Final = "(hidden)"


def is_secret(key: str) -> bool:
    """Tell whether the value of a dotted key is one that nobody is to see; a file's name is none."""
    parts = re.sub(r"\[\d+\]", "", key).split(".")
    return SECRET.search(parts[-1]) is not None or any(part in SECRET_TABLES for part in parts[:-1])


def holds_secret(key: str, text: str) -> bool:
    """Tell whether a text is one that nobody is to see, by its dotted key or by what is in it."""
    return is_secret(key) or LOGIN.search(text) is not None


def masked(table: Mapping[str, Json], place: str = "") -> dict[str, Json]:
    """Return ``table`` with every secret text in it hidden."""
    return {key: _masked(value, f"{place}{key}") for key, value in table.items()}


def _masked(value: Json, place: str) -> Json:
    match value:
        case dict():
            return masked(value, f"{place}.")
        case list():
            return [_masked(one, place) for one in value]
        case str() if value and holds_secret(place, value):
            return HIDDEN
        case _:
            return value
