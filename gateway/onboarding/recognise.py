"""What kind of devices file a text is, by what stands in it: names of files lie."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum
from itertools import islice
from typing import Final

from gateway.devices_file import COLUMNS
from gateway.devices_file.spreadsheet import Unreadable, rows
from gateway.errors import ConfigError
from gateway.model import Json
from gateway.onboarding.documents import NotJson, documents
from gateway.onboarding.field import plain, shown
from gateway.onboarding.labels import names_a_device
from gateway.onboarding.the_things_stack import COLUMNS as STACK_COLUMNS
from gateway.onboarding.tr005 import is_tr005

KINDS: Final = (
    "this agent's devices CSV (a column dev_eui), ChirpStack's JSON or CSV, The Things Stack's JSON or CSV, "
    "or a label's text (TR005, 'DevEUI: …')"
)


class Kind(StrEnum):
    """The kinds of devices file."""

    OWN_CSV = "own_csv"
    CHIRPSTACK_JSON = "chirpstack_json"
    CHIRPSTACK_CSV = "chirpstack_csv"
    THE_THINGS_STACK_JSON = "the_things_stack_json"
    THE_THINGS_STACK_CSV = "the_things_stack_csv"
    LABEL = "label"


def _plain(*names: str) -> frozenset[str]:
    return frozenset(map(plain, names))


CHIRPSTACK_OBJECTS: Final = _plain("device", "device_keys", "device_activation", "device_profile", "device_profiles")
CHIRPSTACK_FLAT: Final = _plain("nwk_key", "dev_addr", "device_profile_id", "application_id", "skip_fcnt_check")
STACK_OBJECTS: Final = _plain("ids", "end_device")
OWN: Final = _plain(*COLUMNS, "app_eui")
DEV_EUI: Final = plain("dev_eui")
STACK_DEV_EUI: Final = plain(STACK_COLUMNS["dev_eui"])
CHIRPSTACK_COLUMNS: Final = _plain(
    "device_profile_id", "device_profile_name", "application_id", "skip_fcnt_check", "is_disabled"
)
STACK_ONLY: Final = (
    _plain(*STACK_COLUMNS, "lorawan_phy_version", "hardware_version", "firmware_version", "band_id", "vendor_id")
    | _plain("supports_32_bit_f_cnt", *STACK_COLUMNS.values())
) - OWN


def recognise(text: str, name: str) -> Kind:
    """Return the kind of a devices file; raises ConfigError that says what there is in it, and what there may be."""
    begin = text.removeprefix("\ufeff").lstrip()
    if not begin:
        raise ConfigError(f"{name}: empty; there may be {KINDS}")
    if begin.startswith("PK\x03\x04"):
        raise ConfigError(f"{name}: a workbook (xlsx) or another zip archive; save the sheet as CSV")
    if is_tr005(begin):
        return Kind.LABEL
    return _json_kind(begin, name) if begin[0] in "{[" else _table_kind(text, name)


def _json_kind(text: str, name: str) -> Kind:
    try:
        found = list(islice(_objects(documents(text)), 20))  # enough to tell; the rest is read by its reader
    except NotJson as error:
        raise ConfigError(f"{name}: {error}") from error
    names = {plain(str(key)) for one in found for key in one}
    if names & STACK_OBJECTS:
        return Kind.THE_THINGS_STACK_JSON
    if names & CHIRPSTACK_OBJECTS or (DEV_EUI in names and names & CHIRPSTACK_FLAT):
        return Kind.CHIRPSTACK_JSON
    if DEV_EUI in names and len(found) == 1:
        return Kind.LABEL
    told = ", ".join(sorted({shown(str(key)) for one in found for key in one})[:8]) or "nothing"
    raise ConfigError(f"{name}: JSON with {told} in it, and nothing that names devices; there may be {KINDS}")


def _objects(values: Iterator[Json]) -> Iterator[Mapping[str, Json]]:
    """Yield the objects that stand for devices, also those of a list inside of an object."""
    for value in values:
        if isinstance(value, list):
            yield from _objects(iter(value))
        elif isinstance(value, Mapping):
            lists = [each for key, each in value.items() if plain(str(key)) in {"result", "devices", "enddevices"}]
            yield from (_objects(iter(lists)) if any(isinstance(each, list) for each in lists) else iter([value]))


def _table_kind(text: str, name: str) -> Kind:
    try:
        header = next(rows(text)).cells
    except StopIteration:
        raise ConfigError(f"{name}: only comments; there may be {KINDS}") from None
    except Unreadable as error:
        raise ConfigError(f"{name}: {error}; there may be {KINDS}") from error
    names = {plain(cell) for cell in header}
    if STACK_DEV_EUI in names:
        return Kind.THE_THINGS_STACK_CSV
    if (DEV_EUI in names and len(header) > 1) or names == {DEV_EUI}:
        if names & CHIRPSTACK_COLUMNS:
            return Kind.CHIRPSTACK_CSV
        return Kind.THE_THINGS_STACK_CSV if names & STACK_ONLY else Kind.OWN_CSV
    if names_a_device(text):
        return Kind.LABEL
    first = ", ".join(map(shown, header[:6]))
    raise ConfigError(f"{name}: its first line has {first}, and no column dev_eui; there may be {KINDS}")
