"""The words that vendors have for yes and no, and which quantity they are about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

EVERYWHERE: Final = (("true", "false"), ("yes", "no"), ("on", "off"))
OPEN: Final = (("open", "closed"), ("open", "close"), ("opened", "closed"), ("oppen", "stangd"), ("öppen", "stängd"))
WET: Final = (
    ("leak", "normal"), ("leak", "no leak"), ("leak", "no_leak"), ("leaking", "normal"), ("leakage", "normal"), ("wet", "dry"), ("flooded", "dry"),
    ("detected", "not detected"), ("alarm", "normal"),
)  # fmt: skip
MOVING: Final = (
    ("trigger", "normal"), ("trigger", "idle"), ("triggered", "normal"), ("motion", "no motion"), ("active", "inactive"),
    ("detected", "not detected"),
)  # fmt: skip
THERE: Final = (
    ("occupied", "vacant"), ("occupied", "free"), ("occupied", "unoccupied"), ("present", "absent"), ("busy", "free"),
    ("upptagen", "ledig"),
)  # fmt: skip
ALARMED: Final = (("alarm", "normal"), ("detected", "normal"), ("triggered", "normal"), ("tampered", "normal"))
HIGH: Final = (("high", "low"), ("h", "l"))

PAIRS: Final = {
    "door_open": OPEN,
    "window_open": OPEN,
    "water_present": WET,
    "leak_detected": WET,
    "motion": MOVING,
    "presence": (*THERE, *MOVING),
    "parking_occupied": THERE,
    "smoke_detected": ALARMED,
    "tamper": ALARMED,
    "low_battery": (("low", "normal"), ("alarm", "normal")),
    "button_pressed": (("pressed", "released"), ("pushed", "released")),
    "digital_input": HIGH,
    "relay_state": (("closed", "open"),),
}
"""For each quantity the words that mean yes, and no."""


def labels_for(quantity: str, values: Sequence[object]) -> tuple[tuple[str, bool], ...] | None:
    """Return what each of the words ``values`` means; None when one of them is not known.

    Where only one side was seen, all that vendors call its opposite are there, too.
    """
    words = [value for value in values if isinstance(value, str)]
    seen = {word.casefold(): word for word in words}
    pairs = [pair for pair in (*PAIRS.get(quantity, ()), *EVERYWHERE) if seen.keys() & set(pair)]
    if len(words) != len(values) or seen.keys() - {word for pair in pairs for word in pair}:
        return None
    labels: dict[str, bool] = {}
    for side, said in ((0, True), (1, False)):
        known = dict.fromkeys(pair[side] for pair in pairs)
        chosen = [word for word in known if word in seen] or known
        labels |= {seen.get(word) or _spelled(word, words[0]): said for word in chosen}
    return tuple(labels.items())


def _spelled(word: str, like: str) -> str:
    """Return ``word`` in capitals, or with one, where its opposite is."""
    if like.isupper():
        return word.upper()
    return word.capitalize() if like[:1].isupper() else word
