"""The desk's counter for devices that come and go: files of any network in, files for any network out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from decoders.registry import Registry
from gateway.config import Settings
from gateway.devices_file import read_csv, write_csv, write_csv_with_keys
from gateway.errors import ConfigError
from gateway.journal import Registration
from gateway.lorawan.region import REGIONS
from gateway.model import Device, Eui64, RootKeys
from gateway.onboarding import (
    Kind,
    Moved,
    Site,
    read_moved,
    recognise,
    write_chirpstack,
    write_chirpstack_with_keys,
    write_the_things_stack,
    write_the_things_stack_with_keys,
)
from gateway.sources.settings import Brings, bring

Known = Mapping[Eui64, Registration]

KINDS: Final = {
    Kind.OWN_CSV: "devices CSV of Brygga",
    Kind.CHIRPSTACK_JSON: "ChirpStack, JSON",
    Kind.CHIRPSTACK_CSV: "ChirpStack, CSV",
    Kind.THE_THINGS_STACK_JSON: "The Things Stack, JSON",
    Kind.THE_THINGS_STACK_CSV: "The Things Stack, CSV",
    Kind.LABEL: "a device's label",
}
FORMS: Final = ("csv", "chirpstack", "the_things_stack")
FREQUENCY_PLANS: Final = {  # The Things Stack's, by region: TheThingsNetwork/lorawan-frequency-plans, frequency-plans.yml
    "EU868": "EU_863_870",
    "EU433": "EU_433",
    "US915": "US_902_928_FSB_2",
    "AU915": "AU_915_928_FSB_2",
    "AS923-1": "AS_923",
    "AS923-2": "AS_923_2",
    "AS923-3": "AS_923_3",
    "AS923-4": "AS_923_4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """The devices of a file, as they are to be registered, what kind of file it is, and what a person should know."""

    kind: str
    registrations: Sequence[Registration]
    remarks: Sequence[str] = ()


def arrive(text: str, name: str, known: Known, settings: Settings) -> Arrived:
    """Read a devices file of any kind; raises ConfigError with every problem of it."""
    kind = recognise(text, name)
    if kind is Kind.OWN_CSV:
        keys_elsewhere = bring(settings.sources, Brings.UPLINKS)
        registrations, problems = read_csv(text, name, known, keys_elsewhere=keys_elsewhere)
        remarks: Sequence[str] = ()
    else:
        moved = read_moved(kind, text, name, site(settings))
        registrations, problems, remarks = _merged(moved, kind, known), list(moved.problems), moved.remarks
    if problems:
        raise ConfigError(problems)
    return Arrived(kind=KINDS[kind], registrations=registrations, remarks=remarks)


def site(settings: Settings) -> Site:
    """Return what no file says: the second window of the region, and the decoders that there are."""
    region = REGIONS[settings.radio.region]
    decoders = frozenset(Registry.load(settings.decoders.folders).names())
    return Site(rx2_data_rate=region.rx2_data_rate, rx2_frequency_hz=region.rx2_frequency_hz, decoders=decoders)


def _merged(moved: Moved, kind: Kind, known: Known) -> list[Registration]:
    """Return the devices with what a known one has and the file does not say, and with their nonces."""
    nonces = {one.dev_eui: one for one in moved.nonces}
    return [
        replace(
            _completed(one, known[one.device.dev_eui], kind) if one.device.dev_eui in known else one,
            nonces=nonces.get(one.device.dev_eui),
        )
        for one in moved.registrations
    ]


def _completed(found: Registration, before: Registration, kind: Kind) -> Registration:
    keys, had = found.root_keys, before.root_keys
    root_keys = RootKeys(app_key=keys.app_key or had.app_key, nwk_key=keys.nwk_key or had.nwk_key)
    return replace(found, device=_device(found.device, before.device, kind), root_keys=root_keys)


def _device(found: Device, before: Device, kind: Kind) -> Device:
    """Return a known device with what a file says of it; a label says nothing of versions, classes and names."""
    told = before if kind is Kind.LABEL else found
    return replace(
        before,
        name=told.name or before.name,
        decoder=told.decoder or before.decoder,
        activation=told.activation,
        mac_version=told.mac_version,
        device_class=told.device_class,
        join_eui=found.join_eui or before.join_eui,
        place=told.place or before.place,
        tags=told.tags | before.tags,
    )


def depart(registrations: Sequence[Registration], form: str, region: str, _now: datetime) -> str:
    """Return the devices without keys as a file of one of FORMS."""
    match form:
        case "csv":
            return write_csv(registrations)
        case "chirpstack":
            return write_chirpstack(registrations)
        case "the_things_stack":
            return write_the_things_stack(registrations, FREQUENCY_PLANS[region])
    raise _no_form(form)


def depart_with_keys(registrations: Sequence[Registration], form: str, region: str, now: datetime) -> str:
    """Return the devices with the keys, sessions and nonces that they have as a file of one of FORMS."""
    match form:
        case "csv":
            return write_csv_with_keys(registrations)
        case "chirpstack":
            return write_chirpstack_with_keys(registrations)
        case "the_things_stack":
            return write_the_things_stack_with_keys(registrations, now, FREQUENCY_PLANS[region])
    raise _no_form(form)


def _no_form(form: str) -> ConfigError:
    return ConfigError(f"device export: {form!r} is none of {', '.join(FORMS)}")
