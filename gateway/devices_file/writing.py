"""Registrations become a devices file."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from gateway.devices_file.columns import ABSENT, COLUMNS, ranges
from gateway.devices_file.registration import ROOT_KEYS, SESSION_KEYS, session_keys
from gateway.journal import Nonces, Registration
from gateway.model import Key, Place, Session

COUNTERS = ("activation_number", "session_name", "f_cnt_up", "n_f_cnt_down", "a_f_cnt_down", "confirmed_f_cnt_up")
NONCES = ("next_join_nonce", "dev_nonces")


def write_csv(registrations: Iterable[Registration]) -> str:
    """Return a devices file without keys and counters; imported again it changes nothing."""
    secret = {*ROOT_KEYS, *SESSION_KEYS, *COUNTERS, *NONCES}
    return _write(registrations, {column: cell for column, cell in CELLS.items() if column not in secret})


def write_csv_with_keys(registrations: Iterable[Registration]) -> str:
    """Return a devices file with keys, and with the sessions and nonces that the registrations have: for another box."""
    return _write(registrations, CELLS)


Cell = Callable[[Registration], Any]


def _of_place(read: Callable[[Place], float | None]) -> Cell:
    return lambda one: None if one.device.place is None else read(one.device.place)


def _of_session(read: Callable[[Session], Any]) -> Cell:
    return lambda one: None if one.session is None else read(one.session)


def _of_nonces(read: Callable[[Nonces], Any]) -> Cell:
    return lambda one: None if one.nonces is None else read(one.nonces)


def _abp_number(activation: str) -> str | None:
    _, mark, number = activation.rpartition("-abp")
    return number if mark else None


CELLS: dict[str, Cell] = {
    "dev_eui": lambda one: one.device.dev_eui,
    "name": lambda one: one.device.name,
    "decoder": lambda one: one.device.decoder,
    "activation": lambda one: one.device.activation,
    "mac_version": lambda one: one.device.mac_version,
    "device_class": lambda one: one.device.device_class,
    "join_eui": lambda one: one.device.join_eui,
    "app_key": lambda one: one.root_keys.app_key,
    "nwk_key": lambda one: one.root_keys.nwk_key,
    "dev_addr": _of_session(lambda session: session.dev_addr),
    "nwk_s_key": _of_session(lambda session: session.keys.f_nwk_s_int_key),
    "app_s_key": _of_session(lambda session: session.keys.app_s_key),
    "s_nwk_s_int_key": _of_session(lambda session: session_keys(session).get("s_nwk_s_int_key")),
    "nwk_s_enc_key": _of_session(lambda session: session_keys(session).get("nwk_s_enc_key")),
    "entity_type": lambda one: one.device.entity.type,
    "entity_id": lambda one: one.device.entity.id,
    "latitude": _of_place(lambda place: place.latitude),
    "longitude": _of_place(lambda place: place.longitude),
    "altitude_m": _of_place(lambda place: place.altitude_m),
    "tags": lambda one: " ".join(sorted(one.device.tags)),
    "adr_margin_db": lambda one: one.device.adr_margin_db,
    "counter_reset_allowed": lambda one: "yes" if one.device.counter_reset_allowed else "",
    "answered_by": lambda one: one.device.answered_by,
    "activation_number": _of_session(lambda session: _abp_number(session.activation)),
    "session_name": _of_session(
        lambda session: session.activation if _abp_number(session.activation) is None else None
    ),
    "next_join_nonce": _of_nonces(lambda nonces: nonces.join_nonce),
    "dev_nonces": _of_nonces(lambda nonces: ranges(nonces.dev_nonces)),
    "f_cnt_up": _of_session(lambda session: session.f_cnt_up),
    "n_f_cnt_down": _of_session(lambda session: session.n_f_cnt_down),
    "a_f_cnt_down": _of_session(lambda session: session.a_f_cnt_down),
    "confirmed_f_cnt_up": _of_session(lambda session: session.confirmed_f_cnt_up),
    "rx1_delay_s": _of_session(lambda session: session.rx1_delay_s),
    "rx1_dr_offset": _of_session(lambda session: session.rx1_dr_offset),
    "rx2_data_rate": _of_session(lambda session: session.rx2_data_rate),
    "rx2_frequency_hz": _of_session(lambda session: session.rx2_frequency_hz),
}


def _write(registrations: Iterable[Registration], cells: Mapping[str, Cell]) -> str:
    """Write a table; columns that are empty throughout and would say nothing are left out."""
    lines = [{name: _text(cell(one)) for name, cell in cells.items()} for one in registrations]
    names = [
        name
        for name in cells
        if name == "dev_eui" or COLUMNS[name].empty is not ABSENT or any(line[name] for line in lines)
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, names, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    return text.getvalue()


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{Decimal(str(value)):f}"  # no exponent: spreadsheets and people write none
        case Key():
            return value.reveal().hex()
        case _:
            return str(value)
