"""Who made a device, by its EUIs and its label, and so which decoders may be meant.

The table has the first hex digits that the IEEE gave a maker (MA-L 24 bits, MA-M 28, MA-S 36), the VendorID that the LoRa Alliance
gave him (TR005 labels carry it), and the profiles of his that are known by number.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = Path(__file__).parent / "vocabulary" / "makers.csv"
LEAST_MODEL: Final = 3  # characters of a model's name that a word must have, to be taken for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """A maker: the folder that his decoders lie in, and what his devices are known by."""

    vendor: str
    name: str
    alliance_id: str  # 4 hex digits; "" where none is known
    prefixes: tuple[str, ...]  # hex digits that his EUIs begin with
    profiles: tuple[tuple[int, str], ...]  # the number of a device's profile, and its model


@dataclass(frozen=True, slots=True)
class Proposal:
    """Which decoders a device may need: one means it is the one; none of a known maker means that none is there yet."""

    maker: str
    decoders: tuple[str, ...]
    why: str


@cache
def makers() -> tuple[Maker, ...]:
    """Return all makers that are known."""
    with FILE.open(encoding="utf-8", newline="") as file:
        return tuple(_maker(row) for row in csv.DictReader(file))


def _maker(row: dict[str, str]) -> Maker:
    pairs = (pair.partition("=") for pair in row["profiles"].split())
    return Maker(
        vendor=row["vendor"],
        name=row["maker"],
        alliance_id=row["alliance_id"],
        prefixes=tuple(row["dev_eui"].split()),
        profiles=tuple((int(number), model) for number, _, model in pairs),
    )


def propose(
    there: Sequence[str],
    dev_eui: str,
    join_eui: str | None = None,
    label: tuple[str, str] | None = None,
    words: str = "",
) -> Proposal | None:
    """Return which of the decoders ``there`` a device may need, the general before the special; None when nobody knows its maker.

    ``label`` are VendorID and profile of a TR005 label, 4 hex digits each; ``words`` what a person calls the device: a model's name in
    it decides between several.
    """
    found = next(_known(dev_eui, join_eui, label), None)
    if found is None:
        return None
    maker, why = found
    own = sorted((name for name in there if name.startswith(f"{maker.vendor}/")), key=_general_first)
    profile = None if label is None else dict(maker.profiles).get(int(label[1], 16))
    if profile is not None and f"{maker.vendor}/{profile}" in own:
        return Proposal(maker.name, (f"{maker.vendor}/{profile}",), "the label names its profile")
    named = _named(own, words)
    if named:
        return Proposal(maker.name, named, f"{why}; it is called {words!r}")
    return Proposal(maker.name, tuple(own), why)


def _general_first(name: str) -> tuple[int, str]:
    """Order a maker's decoders: his shortest names are those of families (elsys/ers before elsys/ers-co2-lite)."""
    return len(name), name


def _known(dev_eui: str, join_eui: str | None, label: tuple[str, str] | None) -> Iterator[tuple[Maker, str]]:
    """Yield makers, the surest way to know them first."""
    for maker in makers():
        if label is not None and maker.alliance_id and label[0].lower() == maker.alliance_id:
            yield maker, f"the label's VendorID {label[0]} is {maker.name}'s"
    for words, eui in (("DevEUI", dev_eui), ("JoinEUI", join_eui)):
        for maker in makers():
            prefix = next((one for one in maker.prefixes if eui is not None and eui.lower().startswith(one)), None)
            if prefix is not None:
                yield maker, f"its {words} begins {prefix}: {maker.name}"


def _named(own: Sequence[str], words: str) -> tuple[str, ...]:
    """Return the decoders whose model stands in ``words``, the longest name first: "am307l" is not an am307."""
    said = _runs(words)
    models = {name: _plain(name.partition("/")[2]) for name in own}
    found = [name for name, model in models.items() if len(model) >= LEAST_MODEL and model in said]
    longest = max((len(models[name]) for name in found), default=0)
    return tuple(name for name in found if len(models[name]) == longest)


def _runs(words: str) -> set[str]:
    """Return all runs of whole words, written together: "AM 307 L hall" holds am307 and am307l, "AM307 library" no am307l."""
    parts = re.findall(r"[a-z0-9]+", words.lower())
    return {"".join(parts[start:end]) for start in range(len(parts)) for end in range(start + 1, len(parts) + 1)}


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.lower())
