"""One device: its cells, read by their columns, become a registration, together with what is known of it already."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from gateway.devices_file.columns import ABSENT, COLUMNS
from gateway.journal import Nonces, Registration
from gateway.model import (
    Activation,
    DevAddr,
    Device,
    Entity,
    Eui64,
    Key,
    MacVersion,
    Place,
    RootKeys,
    Session,
    SessionKeys,
    moved_activation,
)

Known = Mapping[Eui64, Registration]
Cells = Mapping[str, Any]  # by column, read; a column that says nothing is not among them
Problem = tuple[str, str]  # column, words

ROOT_KEYS = ("app_key", "nwk_key")
SESSION_KEYS = ("nwk_s_key", "app_s_key", "s_nwk_s_int_key", "nwk_s_enc_key")

NEEDED = {  # what a device cannot be registered without
    (Activation.OTAA, False): ("app_key",),
    (Activation.OTAA, True): ("app_key", "nwk_key"),
    (Activation.ABP, False): ("dev_addr", "nwk_s_key", "app_s_key"),
    (Activation.ABP, True): ("dev_addr", *SESSION_KEYS),
}
WORDS = {
    (
        Activation.OTAA,
        False,
    ): "missing: an OTAA device joins with it (activation = abp needs dev_addr, nwk_s_key, app_s_key)",
    (Activation.OTAA, True): "missing: a LoRaWAN 1.1 device joins with app_key and nwk_key",
    (Activation.ABP, False): "missing: an ABP device needs dev_addr, nwk_s_key and app_s_key",
    (Activation.ABP, True): f"missing: an ABP device of LoRaWAN 1.1 needs dev_addr, {', '.join(SESSION_KEYS)}",
}


def registration_of(
    texts: Iterable[tuple[str, str]], known: Known, *, keys_elsewhere: bool
) -> tuple[Registration | None, list[Problem], Eui64 | None]:
    """Return what the cells of one device say, what is wrong with them, and whose they are.

    ``keys_elsewhere``: a network server in front of the box may have the keys, and a device that joins there needs none here.
    """
    cells, wrong = _read(texts)
    dev_eui: Eui64 | None = cells.get("dev_eui")
    if dev_eui is None:
        return None, wrong if _named(wrong, "dev_eui") else [*wrong, ("dev_eui", "missing")], None
    before = known.get(dev_eui) or Registration(device=Device(dev_eui=dev_eui))
    device = _device(cells, before.device)
    secrets = _secrets(cells, before)
    more = [*_misplaced(cells, before.device.place), *_misnamed(cells), *_needless(cells, device)]
    is_served = keys_elsewhere and not secrets and device.activation is Activation.OTAA
    if not is_served and not _named(wrong, "activation", "mac_version"):
        more += _missing(device, secrets)
    wrong += [problem for problem in more if not _named(wrong, problem[0])]
    if wrong:
        return None, wrong, dev_eui
    root_keys = RootKeys(app_key=secrets.get("app_key"), nwk_key=secrets.get("nwk_key"))
    has_session = device.activation is Activation.ABP or _brings_session(cells)
    session = _session(cells, device, secrets, before.session) if has_session else None
    return (
        Registration(device=device, root_keys=root_keys, session=session, nonces=_nonces(cells, dev_eui)),
        [],
        dev_eui,
    )


def _read(texts: Iterable[tuple[str, str]]) -> tuple[Cells, list[Problem]]:
    cells: dict[str, Any] = {}
    wrong = []
    for name, text in texts:
        column = COLUMNS[name]
        try:
            value = column.read(text) if text else column.empty
        except ValueError as error:
            wrong.append((name, str(error)))
            value = column.empty
        if value is not ABSENT:
            cells[name] = value
    return cells, wrong


def _named(problems: Iterable[Problem], *columns: str) -> bool:
    return any(column in columns for column, _ in problems)


def _device(cells: Cells, before: Device) -> Device:
    return replace(
        before,
        name=cells.get("name", before.name),
        decoder=cells.get("decoder", before.decoder),
        activation=cells.get("activation", before.activation),
        mac_version=cells.get("mac_version", before.mac_version),
        device_class=cells.get("device_class", before.device_class),
        join_eui=cells.get("join_eui", before.join_eui),
        entity=Entity(
            cells.get("entity_type", before.entity.type),
            cells.get("entity_id", before.entity.id),
        ),
        place=_place(*_position(cells, before.place)),
        tags=cells.get("tags", before.tags),
        adr_margin_db=cells.get("adr_margin_db", before.adr_margin_db),
        counter_reset_allowed=cells.get("counter_reset_allowed", before.counter_reset_allowed),
        answered_by=cells.get("answered_by", before.answered_by),
    )


Position = tuple[float | None, float | None, float | None]


def _position(cells: Cells, before: Place | None) -> Position:
    was: Position = (None, None, None) if before is None else (before.latitude, before.longitude, before.altitude_m)
    return cells.get("latitude", was[0]), cells.get("longitude", was[1]), cells.get("altitude_m", was[2])


def _place(latitude: float | None, longitude: float | None, altitude_m: float | None) -> Place | None:
    return None if latitude is None or longitude is None else Place(latitude, longitude, altitude_m)


def _misplaced(cells: Cells, before: Place | None) -> Iterator[Problem]:
    latitude, longitude, altitude_m = _position(cells, before)
    if latitude is None and longitude is not None:
        yield "latitude", "missing where longitude is given"
    elif longitude is None and latitude is not None:
        yield "longitude", "missing where latitude is given"
    elif latitude is None and altitude_m is not None and "altitude_m" in cells:
        yield "altitude_m", "says nothing without latitude and longitude"


def _secrets(cells: Cells, before: Registration) -> dict[str, Any]:
    """Return keys and address: those of the cells, and those known already that no cell replaces."""
    found: dict[str, Any] = {"app_key": before.root_keys.app_key, "nwk_key": before.root_keys.nwk_key}
    session = before.session
    if (
        session is not None
        and _stays_abp(cells, before)
        and cells.get("dev_addr", session.dev_addr) == session.dev_addr
    ):
        found |= {"dev_addr": session.dev_addr} | session_keys(session)  # another address has keys of its own
    found |= {name: cells[name] for name in ("dev_addr", *ROOT_KEYS, *SESSION_KEYS) if name in cells}
    return {name: value for name, value in found.items() if value is not None}


def session_keys(session: Session) -> dict[str, Key]:
    """Return the keys of a session by their columns; those of LoRaWAN 1.0.x have two."""
    keys = session.keys
    found = {"nwk_s_key": keys.f_nwk_s_int_key, "app_s_key": keys.app_s_key}
    if session.mac_version is MacVersion.V1_1:
        found |= {"s_nwk_s_int_key": keys.s_nwk_s_int_key, "nwk_s_enc_key": keys.nwk_s_enc_key}
    return found


def _missing(device: Device, secrets: Mapping[str, Any]) -> Iterator[Problem]:
    kind = (device.activation, device.mac_version is MacVersion.V1_1)
    yield from ((name, WORDS[kind]) for name in NEEDED[kind] if name not in secrets)
    if device.activation is Activation.OTAA and _brings_session(secrets):
        needed = NEEDED[Activation.ABP, device.mac_version is MacVersion.V1_1]
        yield from ((name, f"missing: a session needs {', '.join(needed)}") for name in needed if name not in secrets)


def _brings_session(cells: Mapping[str, Any]) -> bool:
    """Tell whether a joined device comes with its session; an address alone is for people to read."""
    return any(name in cells for name in SESSION_KEYS)


def _stays_abp(cells: Cells, before: Registration) -> bool:
    """Tell whether the session of a known device is its own for ever."""
    return cells.get("activation", before.device.activation) is Activation.ABP


def _misnamed(cells: Cells) -> Iterator[Problem]:
    name, dev_addr = cells.get("session_name"), cells.get("dev_addr")
    if name is not None and dev_addr is not None and not name.startswith(f"{dev_addr}-"):
        yield "session_name", f"{name} is no session of DevAddr {dev_addr}"


def _needless(cells: Cells, device: Device) -> Iterator[Problem]:
    if cells.get("counter_reset_allowed") and device.activation is Activation.OTAA:
        yield "counter_reset_allowed", "yes is for ABP; an OTAA device joins anew, and its counters begin with the join"


def _nonces(cells: Cells, dev_eui: Eui64) -> Nonces | None:
    if "next_join_nonce" not in cells and "dev_nonces" not in cells:
        return None
    return Nonces(
        dev_eui=dev_eui, join_nonce=cells.get("next_join_nonce"), dev_nonces=cells.get("dev_nonces", frozenset())
    )


def _activation_name(cells: Cells, device: Device, dev_addr: DevAddr, keys: SessionKeys) -> str:
    if device.activation is Activation.ABP:
        return f"{dev_addr}-abp{cells.get('activation_number', 0)}"
    return str(cells.get("session_name") or moved_activation(device.dev_eui, dev_addr, keys))


def _session(cells: Cells, device: Device, secrets: Mapping[str, Any], before: Session | None) -> Session:
    """Return the session to begin; where it is the one that runs, the journal goes on with its counters."""
    keys = SessionKeys.v1_0(nwk_s_key=secrets["nwk_s_key"], app_s_key=secrets["app_s_key"])
    if device.mac_version is MacVersion.V1_1:
        keys = replace(keys, s_nwk_s_int_key=secrets["s_nwk_s_int_key"], nwk_s_enc_key=secrets["nwk_s_enc_key"])
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=secrets["dev_addr"],
        activation=_activation_name(cells, device, secrets["dev_addr"], keys),
        mac_version=device.mac_version,
        keys=keys,
        f_cnt_up=cells.get("f_cnt_up", 0),
        n_f_cnt_down=cells.get("n_f_cnt_down", 0),
        a_f_cnt_down=cells.get("a_f_cnt_down", 0),
        confirmed_f_cnt_up=cells.get("confirmed_f_cnt_up"),
    )
    settings = before or session
    return replace(
        session,
        rx1_delay_s=cells.get("rx1_delay_s", settings.rx1_delay_s),
        rx1_dr_offset=cells.get("rx1_dr_offset", settings.rx1_dr_offset),
        rx2_data_rate=cells.get("rx2_data_rate", settings.rx2_data_rate),
        rx2_frequency_hz=cells.get("rx2_frequency_hz", settings.rx2_frequency_hz),
    )
