"""A city's short name: what stands in a configuration and in file names."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

SLUG: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
STRANGE: Final = re.compile(r"[^\w\s.'-]")
LONGEST: Final = 40  # characters


def slug(text: str) -> str:
    """Return "goteborg" of "Göteborg", "Goteborg" or itself; ValueError says what cannot be a city's name."""
    plain = unicodedata.normalize("NFKD", text.casefold().replace("ø", "o").replace("æ", "ae"))
    bare = "".join(one for one in plain if not unicodedata.combining(one))
    made = "-".join(re.findall(r"[a-z0-9]+", bare))
    if not made or len(made) > LONGEST or STRANGE.search(unicodedata.normalize("NFC", text)):
        raise ValueError(f"{text!r} is no city's name: 1 to {LONGEST} letters, such as 'goteborg' or 'Göteborg'")
    return made
