"""Devices of The Things Stack, as `ttn-lw-cli end-devices` writes and takes them, and as its CSV import does.

JSON: one object a device, one after the other, or an array. CSV: semicolons (or commas), the first line names the
columns; see COLUMNS for where each stands in the JSON.

Root keys and session keys come only where they were asked for; payload formatters, queued downlinks and the state of MAC
commands under way are not taken over. Facts: TheThingsNetwork/lorawan-stack@1d21821,
api/ttn/lorawan/v3/end_device.proto and pkg/devicetemplates/ttscsv.go.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from gateway.devices_file.spreadsheet import Row
from gateway.journal import Nonces, Registration
from gateway.model import Activation, Device, Eui64, Json, MacVersion, Place, RootKeys
from gateway.onboarding.documents import NotJson, documents
from gateway.onboarding.field import NO_EUI, Cell, Field, plain, shown
from gateway.onboarding.moved import Moved, Site, join_nonce_unknown, lacking, moved, tags_of
from gateway.onboarding.the_things_stack_session import is_abp, key_of, read_session

MAC_VERSIONS: Final = {  # by the digits of MAC_V1_0_3 or 1.0.3
    "10": MacVersion.V1_0_0,
    "100": MacVersion.V1_0_0,
    "101": MacVersion.V1_0_1,
    "102": MacVersion.V1_0_2,
    "103": MacVersion.V1_0_3,
    "104": MacVersion.V1_0_4,
    "11": MacVersion.V1_1,
    "110": MacVersion.V1_1,
}
COLUMNS: Final = {  # of the CSV form, and where each stands in the JSON; columns of other names are passed over
    "id": "ids.device_id",
    "dev_eui": "ids.dev_eui",
    "join_eui": "ids.join_eui",
    "app_eui": "ids.join_eui",
    "name": "name",
    "frequency_plan_id": "frequency_plan_id",
    "lorawan_version": "lorawan_version",
    "brand_id": "version_ids.brand_id",
    "model_id": "version_ids.model_id",
    "app_key": "root_keys.app_key.key",
    "nwk_key": "root_keys.nwk_key.key",
    "rx1_delay": "mac_settings.rx1_delay",
    "dev_addr": "session.dev_addr",
    "app_s_key": "session.keys.app_s_key.key",
    "f_nwk_s_int_key": "session.keys.f_nwk_s_int_key.key",
    "s_nwk_s_int_key": "session.keys.s_nwk_s_int_key.key",
    "nwk_s_enc_key": "session.keys.nwk_s_enc_key.key",
    "last_f_cnt_up": "session.last_f_cnt_up",
    "last_n_f_cnt_down": "session.last_n_f_cnt_down",
    "last_a_f_cnt_down": "session.last_a_f_cnt_down",
    "supports_class_c": "supports_class_c",
}
PATHS: Final = {
    plain(name): path for column, path in COLUMNS.items() for name in (column, path)
}  # some tools write paths


def read_the_things_stack(text: str, name: str, site: Site | None = None) -> Moved:
    """Return the devices of an export in JSON, sessions included, and every problem with its path."""
    try:
        found = list(documents(text))
    except NotJson as error:
        return moved(name, [], [str(error)], [])
    problems: list[str] = []
    together = found[0] if len(found) == 1 else found
    entries = Field(together, "devices" if isinstance(together, list) else "", problems).items()
    fields = [device for entry in entries for device in _end_devices(entry)]
    return _devices(fields, name, site or Site(), problems)


def _end_devices(entry: Field) -> Iterator[Field]:
    """Yield an entry, or what it wraps: templates hold one end_device, the API's lists hold end_devices."""
    if isinstance(entry.value, list):
        yield from (device for each in entry.items() for device in _end_devices(each))
    elif isinstance(entry.value, Mapping):
        yield from (
            entry.at("end_devices").items() if entry.at("end_devices") else iter([entry.at("end_device") or entry])
        )
    else:
        entry.complain('is no object; a device is {"ids": {"dev_eui": …}, …}')


def read_the_things_stack_rows(table: Sequence[Row], name: str, site: Site | None = None) -> Moved:
    """Return the devices of the CSV form, and every problem with its line."""
    problems: list[str] = []
    columns = table[0].cells if table else ()
    fields = [Field(_nested(columns, row), f"line {row.line}", problems) for row in table[1:]]
    return _devices(fields, name, site or Site(), problems)


def _nested(columns: Sequence[str], row: Row) -> Json:
    """Return a row as the JSON would have it."""
    nested: dict[str, Json] = {}
    for column, text in zip(columns, row.cells, strict=False):
        if text and plain(column) in PATHS:
            *folders, leaf = PATHS[plain(column)].split(".")
            place = nested
            for folder in folders:
                place = place.setdefault(folder, {})
            place[leaf] = Cell(text, f"line {row.line}: {column}")
    return nested


def _devices(fields: Iterable[Field], name: str, site: Site, problems: list[str]) -> Moved:
    remarks: list[str] = []
    seen: dict[Eui64, str] = {}
    registrations, nonces = [], []
    for device in fields:
        place = device.at("ids.dev_eui")
        dev_eui = place.dev_eui()
        if dev_eui is None and not place:
            place.complain('there is none; a device is {"ids": {"dev_eui": …}, …}')
        if dev_eui is None or dev_eui in seen:
            _registration(device, NO_EUI, site, [])  # for its other problems
        if dev_eui in seen:
            place.complain(f"{dev_eui} stands at {seen[dev_eui]} already")
        elif dev_eui is not None:
            seen[dev_eui] = place.path
            registrations.append(_registration(device, dev_eui, site, remarks))
            nonces += _nonces(device, dev_eui)
            if not device.at("last_join_nonce"):
                remarks += join_nonce_unknown(registrations[-1])
    if not registrations and not problems:
        problems.append("no device in it")
    return moved(name, registrations, problems, remarks, nonces)


def _registration(device: Field, dev_eui: Eui64, site: Site, remarks: list[str]) -> Registration:
    version = _mac_version(device)
    if version is None:
        remarks.append(f"{dev_eui}: the file does not say its LoRaWAN version: 1.0.3 is taken")
    root_keys = _root_keys(device, dev_eui, version or MacVersion.V1_0_3, remarks)
    session = read_session(device, dev_eui, version or MacVersion.V1_0_3, site, remarks)
    registration = Registration(
        device=Device(
            dev_eui=dev_eui,
            name=device.at("name").text() or device.at("ids.device_id").text() or "",
            decoder=_decoder(device, dev_eui, site, remarks),
            activation=Activation.ABP if is_abp(device) else Activation.OTAA,
            mac_version=version or MacVersion.V1_0_3,
            device_class="C" if device.at("supports_class_c").flag() else "A",
            join_eui=device.at("ids.join_eui").eui64(),
            place=_place(device),
            tags=tags_of(device.at("attributes").words()),
        ),
        root_keys=root_keys,
        session=session,
    )
    remarks += lacking(registration)
    return registration


def _mac_version(device: Field) -> MacVersion | None:
    stated = device.at("lorawan_version")
    text = stated.text()
    if text is None:
        return None
    version = MAC_VERSIONS.get("".join(re.findall(r"\d", text)))
    if version is None:
        stated.complain(f"{shown(text)} is no LoRaWAN version; those there are: MAC_V1_0 to MAC_V1_1")
    return version


def _decoder(device: Field, dev_eui: Eui64, site: Site, remarks: list[str]) -> str:
    brand, model = device.at("version_ids.brand_id").text(), device.at("version_ids.model_id").text()
    if not brand or not model:
        return ""
    if f"{brand}/{model}" in site.decoders:
        return f"{brand}/{model}"
    remarks.append(
        f"{dev_eui}: the stack knows it as {brand}/{model}; there is no decoder of this name here: choose one"
    )
    return ""


def _root_keys(device: Field, dev_eui: Eui64, version: MacVersion, remarks: list[str]) -> RootKeys:
    app_key = key_of(device.at("root_keys.app_key"), f"{dev_eui}: its AppKey", remarks)
    nwk_key = key_of(device.at("root_keys.nwk_key"), f"{dev_eui}: its NwkKey", remarks)
    return RootKeys(app_key=app_key, nwk_key=nwk_key if version is MacVersion.V1_1 else None)


def _nonces(device: Field, dev_eui: Eui64) -> list[Nonces]:
    """Return what the device's join server knew, where the file says it: for a join here, after the move."""
    last_join_nonce = device.at("last_join_nonce").counter()
    used = [nonce for each in device.at("used_dev_nonces").items() if (nonce := each.number_of(0xFFFF)) is not None]
    last_dev_nonce = device.at("last_dev_nonce").number_of(0xFFFF)
    dev_nonces = frozenset(used if last_dev_nonce is None else [*used, last_dev_nonce])
    if last_join_nonce is None and not dev_nonces:
        return []
    join_nonce = None if last_join_nonce is None else last_join_nonce + 1
    return [Nonces(dev_eui=dev_eui, join_nonce=join_nonce, dev_nonces=dev_nonces)]


def _place(device: Field) -> Place | None:
    """Return the place that a person entered, else any; zeros are none."""
    located = device.at("locations")
    some = next(iter(located.value), "user") if isinstance(located.value, dict) else "user"
    place = located.first("user", str(some)) if located else located
    latitude, longitude = place.at("latitude").degrees(), place.at("longitude").degrees()
    if not latitude and not longitude:
        return None
    return Place(latitude or 0.0, longitude or 0.0, place.at("altitude").degrees() or None)
