"""What a ChirpStack file says of each device, gathered from wherever it stands.

ChirpStack has no export of its own; tools write the API's answers side by side, one after the other or all in one
object, in camelCase or snake_case:

    {"device": {"devEui": …}, "deviceKeys": {"nwkKey": …}, "deviceActivation": {"devAddr": …, "fCntUp": …}}
    {"device": {…}} {"deviceKeys": {…}} {"deviceActivation": {…}}       one after the other, also in an array
    {"devEui": …, "nwkKey": …, "devAddr": …}                            all in one
    {"deviceProfiles": [{"id": …}], "devices": [{…}]}                   with the profiles beside them
    {"result": [{"devEui": …, "name": …}]}                              a device list: no keys
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.model import Eui64
from gateway.onboarding.field import NO_EUI, Field

LISTS: Final = ("result", "devices")
PARTS: Final = {  # of a record, by the names of the API's answers
    "device": ("device",),
    "keys": ("device_keys", "keys"),
    "activation": ("device_activation", "activation"),
}
MARKS: Final = {
    "device": ("dev_eui",),
    "keys": ("nwk_key", "app_key"),
    "activation": ("dev_addr",),
}  # where all is in one


@dataclass(frozen=True, slots=True)
class Record:
    """All that a file says of one device; what it does not say is empty."""

    dev_eui: Eui64  # NO_EUI where the file does not say it
    device: Field
    keys: Field
    activation: Field
    profile: Field
    answer: Field  # GetDevice's: enabled class, and in v3 the location


def records(roots: Iterable[Field]) -> Iterator[Record]:
    """Yield what is said of each device, in the order of first mention; what cannot be told is complained of."""
    entries = [entry for root in roots for entry in _entries(root)]
    profiles = {identity: profile for profile in _profiles(entries) if (identity := profile.at("id").text())}
    gathered: dict[Eui64, dict[str, Field]] = {}
    for entry in entries:
        parts = _parts(entry)
        dev_eui = _dev_eui(parts)
        if dev_eui is not None:
            _gather(dev_eui, parts | _beside(entry), gathered)
        elif parts:
            yield _record(NO_EUI, parts | _beside(entry), profiles)
    for dev_eui, parts in gathered.items():
        yield _record(dev_eui, parts, profiles)


def _entries(root: Field) -> Iterator[Field]:
    for entry in root.items():
        if not isinstance(entry.value, Mapping):
            entry.complain('is no object; a device is {"device": {…}, "deviceKeys": {…}, "deviceActivation": {…}}')
        elif isinstance((listed := entry.first(*LISTS)).value, list):
            yield Field({"deviceProfiles": entry.at("device_profiles").value}, entry.path, entry.problems)
            yield from _entries(listed)
        else:
            yield entry


def _profiles(entries: Iterable[Field]) -> Iterator[Field]:
    for entry in entries:
        for profile in (_profile(entry), *entry.at("device_profiles").items()):
            if isinstance(profile.value, Mapping):
                yield profile


def _dev_eui(parts: Mapping[str, Field]) -> Eui64 | None:
    named = [part.at("dev_eui") for part in parts.values()]
    if named and not any(named):
        named[0].complain("there is none; ChirpStack writes it as devEui, 16 hex digits")
    return next((found for place in named if (found := place.dev_eui())), None)


def _gather(dev_eui: Eui64, parts: Mapping[str, Field], gathered: dict[Eui64, dict[str, Field]]) -> None:
    known = gathered.setdefault(dev_eui, {})
    for kind, part in parts.items():
        if kind in known and kind in PARTS and known[kind].value != part.value:
            part.complain(f"{dev_eui} stands there a second time, at first at {known[kind].path or 'the beginning'}")
        known.setdefault(kind, part)


def _parts(entry: Field) -> dict[str, Field]:
    found = {kind: part for kind, names in PARTS.items() if (part := entry.first(*names))}
    if found:
        return found
    return {kind: entry for kind, names in MARKS.items() if any(entry.at(name) for name in names)}


def _beside(entry: Field) -> dict[str, Field]:
    """Return what an entry says beside the parts: the profile, and what only GetDevice's answer has."""
    answer = entry if entry.at("class_enabled") or entry.at("location") else Field(None, entry.path, entry.problems)
    return {name: field for name, field in {"profile": _profile(entry), "answer": answer}.items() if field}


def _profile(entry: Field) -> Field:
    profile = entry.at("device_profile")
    return profile.at("device_profile") or profile if isinstance(profile.value, Mapping) else profile


def _record(dev_eui: Eui64, parts: Mapping[str, Field], profiles: Mapping[str, Field]) -> Record:
    some = next(iter(parts.values()))
    nothing = Field(None, some.path, some.problems)
    device = parts.get("device", nothing)
    return Record(
        dev_eui=dev_eui,
        device=device,
        keys=parts.get("keys", nothing),
        activation=parts.get("activation", nothing),
        profile=parts.get("profile") or profiles.get(device.at("device_profile_id").text() or "") or nothing,
        answer=parts.get("answer", nothing),
    )
