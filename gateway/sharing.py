"""Sharing: what of an uplink a destination may have, how exactly it may know where, and under which name. Pure.

What is withheld from the observations is withheld from all else that may say it: where a destination does not get all
quantities or no exact positions, it gets neither the payload nor the decoder's raw fields, for nobody knows what fields that no
quantity was found for may tell. Until it may have what is personal, it gets none of them of a household's device either, nor of
one whose decoder, or the name of one of its fields, tells of persons.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from enum import StrEnum
from string import Formatter
from typing import Final

from decoders.vocabulary import QUANTITIES
from decoders.vocabulary.persons import COUNTS_PEOPLE, WATCHES_SOMEBODY, named_in
from gateway.model import Device, Item, Observation, Place

TELLS_OF_A_HOME: Final = WATCHES_SOMEBODY | frozenset(
    {
        "water_volume",
        "water_flow",
        "gas_volume",
        "active_energy_import",
        "active_energy_export",
        "reactive_energy_import",
        "thermal_energy",
        "active_power",
        "reactive_power",
        "apparent_power",
        "current",
        "pulse_count",
        "digital_input",
        "door_open",
        "window_open",
        "button_pressed",
        "relay_state",
        "on_time",
        "parking_occupied",
        "latitude",
        "longitude",
        "altitude",
        "speed",
    }
)  # of a single household they tell who is at home, and when
HOUSEHOLD: Final = "household"  # the tag of a device that belongs to one
POSITION: Final = frozenset({"latitude", "longitude", "altitude"})
SIGNAL: Final = frozenset({"rssi", "snr"})
NAME_WORDS: Final = ("name", "dev_eui", "entity")  # what may stand in { } of a name

PERSONAL: Final = "it counts people; share.personal = true shares it"
OF_SOMEBODY: Final = "its device watches persons; share.personal = true shares it"
OF_A_HOUSEHOLD: Final = "it tells who is at home; share.personal = true shares it"


class Positions(StrEnum):
    """How exactly a destination may know where something is."""

    EXACT = "exact"
    ROUNDED = "rounded"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """What a destination may have; as it stands here all but what may identify persons."""

    quantities: frozenset[str] = frozenset()  # these alone; none named: all
    without: frozenset[str] = frozenset()  # these not
    positions: Positions = Positions.EXACT
    decimals: int = 2  # of rounded positions, in degrees: 2 are about a kilometre
    name: str = "{name}"  # what the device is called there
    entity: str = "{entity}"  # what it measures is called there; "" for the device's EUI
    personal: bool = False

    @property
    def is_limited(self) -> bool:
        """Tell whether something is withheld whoever it is about."""
        return bool(self.quantities or self.without) or self.positions is not Positions.EXACT


ALL: Final = Share()


@dataclass(frozen=True, slots=True)
class Shared:
    """What is left of a row, and what was withheld for persons' sake, in words and counted."""

    item: Item | None  # None: nothing is left to tell
    withheld: Mapping[str, int] = field(default_factory=dict)


def shared(item: Item, share: Share) -> Shared:
    """Return ``item`` as a destination with ``share`` may have it; a row that had nothing to say stays as it is."""
    withheld: dict[str, int] = {}
    kept = tuple(one for one in item.observations if _may_have(one.quantity, item, share, withheld))
    if item.observations and not kept:
        return Shared(None, withheld)
    device = _renamed(_anonymous(item.device, share), share)
    is_bare = share.is_limited or bool(withheld) or _is_of_persons(item, share)
    if device is item.device and not is_bare:
        return Shared(item)
    untold = item.untold | {one for one in SIGNAL if not _is_wanted(one, share)}
    may_tell_signal = item.may_tell_signal and not untold
    told = replace(item, device=device, observations=kept, untold=untold, may_tell_signal=may_tell_signal)
    placed = _placed(told, share, is_fix_told=_fix(item.observations) <= _fix(kept))
    return Shared(_without_raw(placed, share) if is_bare else placed, withheld)


def _may_have(quantity: str, item: Item, share: Share, withheld: dict[str, int]) -> bool:
    if not _is_wanted(quantity, share):
        return False
    if quantity in POSITION and share.positions is Positions.NONE:
        return False
    if quantity == "altitude" and share.positions is Positions.ROUNDED:
        return False
    why = "" if share.personal else _personal(quantity, item)
    if why:
        withheld[f"{quantity} is not shared: {why}"] = withheld.get(f"{quantity} is not shared: {why}", 0) + 1
    return not why


def _is_wanted(quantity: str, share: Share) -> bool:
    return quantity not in share.without and (not share.quantities or quantity in share.quantities)


def _personal(quantity: str, item: Item) -> str:
    if quantity in COUNTS_PEOPLE:
        return PERSONAL
    if quantity in TELLS_OF_A_HOME and HOUSEHOLD in item.device.tags:
        return OF_A_HOUSEHOLD
    return OF_SOMEBODY if quantity in WATCHES_SOMEBODY and item.is_personal else ""


def _is_of_persons(item: Item, share: Share) -> bool:
    """Tell whether what no quantity stands for may tell of persons that the destination may not know of."""
    if share.personal or not (item.uplink.payload or item.decoded.fields):
        return False
    return item.is_personal or HOUSEHOLD in item.device.tags or bool(named_in(item.decoded.fields))


# ── names ──


def _anonymous(device: Device, share: Share) -> Device:
    """Return ``device`` without the tag that says whose it is."""
    if share.personal or HOUSEHOLD not in device.tags:
        return device
    return replace(device, tags=device.tags - {HOUSEHOLD})


def _renamed(device: Device, share: Share) -> Device:
    if share.name == ALL.name and share.entity == ALL.entity:
        return device
    words = {"name": device.name, "dev_eui": device.dev_eui, "entity": device.entity.id}
    return replace(
        device,
        name=share.name.format_map(words),
        entity=replace(device.entity, id=share.entity.format_map(words)),
    )


def name_problem(template: str) -> str:
    """Return what is wrong with the template of a name, "" for nothing."""
    known = ", ".join(f"{{{word}}}" for word in NAME_WORDS)
    try:
        parts = [
            name + (f":{form}" if form else "") for _, name, form, _ in Formatter().parse(template) if name is not None
        ]
    except ValueError as error:
        return f"{template!r} is no template: {error}; {known} are put in"
    strange = [one for one in parts if one not in NAME_WORDS]
    return f"{template!r}: {{{strange[0]}}} is nothing that is known of a device; {known} are" if strange else ""


def quantity_problem(name: str) -> str:
    """Return what is wrong with the name of a quantity, "" for nothing."""
    if name in QUANTITIES:
        return ""
    near = get_close_matches(name, QUANTITIES, n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}?" if near else "docs/reference/quantities.md has them all"
    return f"{name!r} is no quantity of the vocabulary; {hint}"


# ── places ──


def _placed(item: Item, share: Share, *, is_fix_told: bool) -> Item:
    """Return ``item`` with its places as exactly as they may be told.

    Of a device that told where it is, to whom that is not told nothing says where: neither the fix that is the place of all that
    was measured, nor where the device is registered, which it was not at.
    """
    about = _about(share)
    where = about if is_fix_told else _nowhere
    return replace(
        item,
        uplink=replace(
            item.uplink, receptions=tuple(replace(one, place=about(one.place)) for one in item.uplink.receptions)
        ),
        device=replace(item.device, place=where(item.device.place)),
        observations=tuple(_observation(one, item, where, share) for one in item.observations),
    )


def _fix(observations: Iterable[Observation]) -> set[str]:
    return {one.quantity for one in observations} & {"latitude", "longitude"}


def _nowhere(_: Place | None) -> Place | None:
    return None


def _without_raw(item: Item, share: Share) -> Item:
    """Return ``item`` without what may tell more than its observations do."""
    told = {one.quantity for one in item.observations}
    if share.positions is not Positions.EXACT:
        told -= POSITION  # they stand there exactly
    readings = tuple(one for one in item.decoded.readings if one.quantity in told)
    return replace(
        item,
        uplink=replace(item.uplink, payload=b""),
        decoded=replace(item.decoded, readings=readings, fields={}, warnings=()),
    )


def _about(share: Share) -> Callable[[Place | None], Place | None]:
    """Return what makes a place as exact as it may be told."""
    match share.positions:
        case Positions.EXACT:
            return lambda place: place
        case Positions.NONE:
            return _nowhere
        case Positions.ROUNDED:
            return lambda place: None if place is None else _rounded(place, share.decimals)


def _rounded(place: Place, decimals: int) -> Place:
    return Place(round(place.latitude, decimals), round(place.longitude, decimals))


def _observation(
    one: Observation, item: Item, about: Callable[[Place | None], Place | None], share: Share
) -> Observation:
    value = one.value
    if one.quantity in POSITION and share.positions is Positions.ROUNDED:
        value = round(float(value), share.decimals)
    return replace(one, entity=item.device.entity, place=about(one.place), value=value)
