"""What `brygga status` says of the card that the journal lies on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from gateway.spans import size

FOR_EVER: Final = 50.0  # years: other parts go before
SHORT: Final = 3.0  # years, after which somebody has to climb the mast
CLASSES: Final[Mapping[str, str]] = {
    "consumer": "a consumer card",
    "endurance": "a card made for recording",
    "industrial": "an industrial card",
}


def wear_lines(wear: Mapping[str, Any] | None) -> Iterator[str]:
    """Yield what is written to the card in a day, and for how long it takes that; nothing in the first hour."""
    if not wear or not wear["years"]:
        return
    paces = [
        f"{words} {size(wear[name])}"
        for words, name in (("Brygga writes", "agent_bytes_per_day"), ("all programs together", "disk_bytes_per_day"))
        if wear[name] is not None
    ]
    yield f"card: {', '.join(paces)} a day"
    mark = "! " if wear["years"] < SHORT else ""
    of = f" of {wear['disk_bytes'] / 1e9:.0f} GB" if wear["disk_bytes"] else ""
    yield f"    {mark}{CLASSES.get(wear['card'], 'a card')}{of} takes that for {years(wear['years'])} (journal.card)"


def years(number: float) -> str:
    """Return years in words."""
    if number > FOR_EVER:
        return f"more than {FOR_EVER:.0f} years"
    return f"some {number:.0f} years" if number >= SHORT else f"some {max(number * 12, 1):.0f} months"
