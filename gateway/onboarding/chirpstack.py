"""Devices of ChirpStack, v4 and v3, as its API gives and takes them: GetDevice, GetDeviceKeys, GetDeviceActivation.

Traps of the API: nwkKey holds the AppKey of a 1.0.x device; a key of zeros is none; a field that is 0, false or "" is
left out; fCntUp, nFCntDown and aFCntDown are the *next* to use, as ours are; LoRaWAN version, class and ABP windows
stand in the device profile, the windows of a joined device nowhere. Facts: chirpstack/chirpstack@d77207c,
api/proto/api/device.proto and chirpstack/src/api/device.rs; v3: brocaar/chirpstack-api, as/external/api/device.proto.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from gateway.devices_file.spreadsheet import Row
from gateway.journal import Registration
from gateway.model import Activation, Device, MacVersion, Place, RootKeys, Session, SessionKeys, moved_activation
from gateway.onboarding.chirpstack_records import Record, records
from gateway.onboarding.documents import NotJson, documents
from gateway.onboarding.field import NO_EUI, Cell, Field, shown
from gateway.onboarding.moved import (
    Moved,
    Site,
    join_nonce_unknown,
    lacking,
    moved,
    shared_counter,
    tags_of,
)

MAC_VERSIONS: Final = {  # by the digits of LORAWAN_1_0_3 (v4) or 1.0.3 (v3)
    "100": MacVersion.V1_0_0,
    "101": MacVersion.V1_0_1,
    "102": MacVersion.V1_0_2,
    "103": MacVersion.V1_0_3,
    "104": MacVersion.V1_0_4,
    "110": MacVersion.V1_1,
    "11": MacVersion.V1_1,
}


def read_chirpstack(text: str, name: str, site: Site | None = None) -> Moved:
    """Return the devices of a ChirpStack JSON file, sessions included, and every problem with its path."""
    try:
        roots = list(documents(text))
    except NotJson as error:
        return moved(name, [], [str(error)], [])
    problems: list[str] = []
    together = roots[0] if len(roots) == 1 else roots
    whole = Field(together, "devices" if isinstance(together, list) else "", problems)
    return _devices(_flat(whole), name, site, problems)


def _flat(field: Field) -> Iterator[Field]:
    """Yield what is no array, out of arrays in arrays: several documents may be arrays each."""
    for entry in field.items():
        yield from _flat(entry) if isinstance(entry.value, list) else iter([entry])


def read_chirpstack_rows(table: Sequence[Row], name: str, site: Site | None = None) -> Moved:
    """Return the devices of a table whose first row has the API's names (community scripts: DEV_EUI, APP_KEY …)."""
    problems: list[str] = []
    header = table[0].cells if table else ()
    fields = [
        Field(
            {column: Cell(text, f"{place}: {column}") for column, text in zip(header, row.cells, strict=False)},
            place,
            problems,
        )
        for row in table[1:]
        if (place := f"line {row.line}")
    ]
    return _devices(fields, name, site, problems)


def _devices(roots: Iterable[Field], name: str, site: Site | None, problems: list[str]) -> Moved:
    remarks: list[str] = []
    found = []
    for record in records(roots):
        is_known = record.dev_eui != NO_EUI  # else it is read for its other problems
        registration = _registration(record, site or Site(), remarks if is_known else [])
        found += [registration] if registration and is_known else []
    if not found and not problems and not remarks:
        problems.append('no device in it; ChirpStack writes one as {"device": {"devEui": …}, …}')
    return moved(name, found, problems, remarks)


def _registration(record: Record, site: Site, remarks: list[str]) -> Registration | None:
    dev_eui, device = record.dev_eui, record.device
    if device.at("is_disabled").flag():
        remarks.append(f"{dev_eui}: disabled in ChirpStack: left out")
        return None
    remarks += _remarks(record)
    version = _mac_version(record)
    session = _session(record, version or MacVersion.V1_0_3, site, remarks)
    root_keys = _root_keys(record.keys, version or MacVersion.V1_0_3)
    if version is None:
        remarks.append(f"{dev_eui}: the file does not say its LoRaWAN version: 1.0.3 is taken")
    registration = Registration(
        device=Device(
            dev_eui=dev_eui,
            name=device.at("name").text() or "",
            activation=Activation.ABP if _is_abp(record) else Activation.OTAA,
            mac_version=version or MacVersion.V1_0_3,
            device_class=_device_class(record),
            join_eui=device.at("join_eui").eui64(),
            place=_place(record),
            tags=tags_of(device.at("tags").words()),
        ),
        root_keys=root_keys,
        session=session,
    )
    remarks += lacking(registration) + join_nonce_unknown(registration)  # the API does not tell it
    return registration


def _remarks(record: Record) -> list[str]:
    """Return what of a device is not taken over."""
    dev_eui, device = record.dev_eui, record.device
    remarks = []
    if device.at("skip_fcnt_check").flag():
        remarks.append(f"{dev_eui}: skipFcntCheck is not taken over: here a counter that begins anew must be declared")
    if variables := device.at("variables").words():
        remarks.append(f"{dev_eui}: variables are not taken over, they may be secrets: {', '.join(sorted(variables))}")
    if record.keys.at("gen_app_key").key():
        remarks.append(f"{dev_eui}: genAppKey (remote multicast setup) is not taken over")
    return remarks


def _mac_version(record: Record) -> MacVersion | None:
    """Return the version that the profile says, or the one that the keys show; None where nothing does."""
    stated = record.profile.first("mac_version", "lorawan_version") or record.device.at("mac_version")
    if text := stated.text():
        version = MAC_VERSIONS.get("".join(filter(str.isdecimal, text)))
        if version is None:
            stated.complain(f"{shown(text)} is no LoRaWAN version; those there are: LORAWAN_1_0_0 to LORAWAN_1_1_0")
        return version
    nwk_key, app_key = record.keys.at("nwk_key").value, record.keys.at("app_key").value
    network = {record.activation.at(name).text() for name in ("f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key")}
    is_1_1 = len(network - {None}) > 1 or (_given(nwk_key) and _given(app_key) and nwk_key != app_key)
    return MacVersion.V1_1 if is_1_1 else None


def _given(key: object) -> bool:
    return isinstance(key, str) and key.strip("0 ") != ""


def _root_keys(keys: Field, version: MacVersion) -> RootKeys:
    nwk_key, app_key = keys.at("nwk_key").key(), keys.at("app_key").key()
    if version is MacVersion.V1_1:
        return RootKeys(app_key=app_key, nwk_key=nwk_key)
    return RootKeys(app_key=nwk_key or app_key)  # ChirpStack keeps the one key of 1.0.x under nwkKey


def _session(record: Record, version: MacVersion, site: Site, remarks: list[str]) -> Session | None:
    activation = record.activation
    if not activation.at("dev_addr"):
        return None
    dev_addr, before = activation.at("dev_addr").dev_addr(), len(activation.problems)
    keys = _session_keys(record, version)
    if keys is None and len(activation.problems) == before:
        _incomplete(record, remarks)
    f_cnt_up, n_f_cnt_down, a_f_cnt_down = (
        activation.at(name).counter() or 0 for name in ("f_cnt_up", "n_f_cnt_down", "a_f_cnt_down")
    )
    if dev_addr is None or keys is None:
        return None
    is_abp = _is_abp(record)
    session = Session(
        dev_eui=record.dev_eui,
        dev_addr=dev_addr,
        activation=f"{dev_addr}-abp0" if is_abp else moved_activation(record.dev_eui, dev_addr, keys),
        mac_version=version,
        keys=keys,
        f_cnt_up=f_cnt_up,
        n_f_cnt_down=n_f_cnt_down,
        a_f_cnt_down=a_f_cnt_down,
        rx2_data_rate=site.rx2_data_rate,
        rx2_frequency_hz=site.rx2_frequency_hz,
    )
    if is_abp:
        session = _with_abp_windows(session, record.profile)
    else:
        session = replace(session, rx1_delay_s=record.profile.at("rx1_delay").number_of(15) or 1)
        remarks.append(_windows(session))
    return shared_counter(session)


def _with_abp_windows(session: Session, profile: Field) -> Session:
    """Return an ABP session with the windows that its device has from the factory; v3 spells them otherwise."""
    rx1_delay = profile.first("abp_rx1_delay", "rx_delay_1").number_of(15)
    rx2_frequency = profile.first("abp_rx2_freq", "rx_freq_2").counter()
    rx2_data_rate = profile.first("abp_rx2_dr", "rx_datarate_2").number_of(15)
    stated = rx2_frequency is not None  # a data rate of 0 is left out; a frequency never is 0 where there is a window
    return replace(
        session,
        rx1_delay_s=rx1_delay or 1,
        rx1_dr_offset=profile.first("abp_rx1_dr_offset", "rx_dr_offset_1").number_of(7) or 0,
        rx2_data_rate=rx2_data_rate or 0 if stated else session.rx2_data_rate,
        rx2_frequency_hz=rx2_frequency or session.rx2_frequency_hz,
    )


def _windows(session: Session) -> str:
    return (
        f"receive windows of joined devices are not in ChirpStack's API: RX1 after {session.rx1_delay_s} s, RX2 with "
        f"data rate {session.rx2_data_rate} on {session.rx2_frequency_hz / 1_000_000:g} MHz are assumed"
    )


def _session_keys(record: Record, version: MacVersion) -> SessionKeys | None:
    activation = record.activation
    f_nwk, s_nwk, nwk_s_enc = (
        activation.at(name).key() for name in ("f_nwk_s_int_key", "s_nwk_s_int_key", "nwk_s_enc_key")
    )
    app_s_key = activation.at("app_s_key").key()
    if version is not MacVersion.V1_1:
        if len({f_nwk, s_nwk, nwk_s_enc} - {None}) > 1:
            words = f"three different network session keys are of LoRaWAN 1.1, and the device is said to be {version}"
            activation.at("f_nwk_s_int_key").complain(words)
        nwk_s_key = f_nwk or s_nwk or nwk_s_enc or activation.at("nwk_s_key").key()
        f_nwk = s_nwk = nwk_s_enc = nwk_s_key
    if f_nwk is None or s_nwk is None or nwk_s_enc is None or app_s_key is None:
        return None
    return SessionKeys(f_nwk_s_int_key=f_nwk, s_nwk_s_int_key=s_nwk, nwk_s_enc_key=nwk_s_enc, app_s_key=app_s_key)


def _incomplete(record: Record, remarks: list[str]) -> None:
    """Say why there is no session: fatal only where the device cannot join again."""
    has_app_s_key = record.activation.at("app_s_key").key() is not None
    missing = "network session key" if has_app_s_key else "AppSKey (a join server keeps it)"
    if _has_root_keys(record):
        remarks.append(f"{record.dev_eui}: its session has no {missing}: left out, the device is to join anew")
    else:
        record.activation.complain(f"no {missing}, and no root key to join anew with")


def _has_root_keys(record: Record) -> bool:
    return any(_given(record.keys.at(name).value) for name in ("nwk_key", "app_key"))


def _is_abp(record: Record) -> bool:
    """Tell whether a device is personalised; where the profile does not say, whether it has nothing to join with."""
    joins = record.profile.first("supports_otaa", "supports_join").flag()
    return not joins if joins is not None else bool(record.activation) and not _has_root_keys(record)


def _device_class(record: Record) -> str:
    enabled = (record.answer.at("class_enabled").text() or "").upper().endswith("C")
    return "C" if enabled or record.profile.at("supports_class_c").flag() else "A"


def _place(record: Record) -> Place | None:
    place = record.answer.at("location") or record.device.at("location") or record.device
    latitude, longitude = place.at("latitude").degrees(), place.at("longitude").degrees()
    if not latitude and not longitude:
        return None  # what the API says of a device that was never placed
    return Place(latitude or 0.0, longitude or 0.0, place.at("altitude").degrees() or None)
