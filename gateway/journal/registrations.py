"""What a registration is on disk, and what an import changes: worked out before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cbor2

from gateway.errors import ConfigError
from gateway.journal import abp
from gateway.journal.abp import abp_number, has_abp
from gateway.journal.database import Insert, Step
from gateway.journal.sessions import Name, eui_number, eui_of
from gateway.journal.values import Changes, ImportResult, Registration
from gateway.journal.vault import Vault
from gateway.model import (
    Activation,
    Device,
    Entity,
    Eui64,
    Key,
    MacVersion,
    Place,
    RootKeys,
    Session,
    is_moved,
    never_back,
)

CLEAR, SEALED, WISHES, BESIDE = (
    1,
    2,
    3,
    4,
)  # formats of a record: keys in clear, sealed, with wishes, with who answers the device
KEYS = 2  # of a device: AppKey and NwkKey


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import is going to write."""

    changes: Changes
    steps: Sequence[Step]
    result: ImportResult


def encode(registration: Registration, vault: Vault) -> bytes:
    """Return a registration without its session."""
    device, keys = registration.device, registration.root_keys
    place = device.place
    return cbor2.dumps(
        (
            BESIDE,
            device.name,
            device.decoder,
            device.activation.value,
            device.mac_version.value,
            device.device_class,
            device.join_eui,
            (device.entity.type, device.entity.id),
            None if place is None else (place.latitude, place.longitude, place.altitude_m),
            sorted(device.tags),
            vault.seal((keys.app_key, keys.nwk_key), _owner(device.dev_eui)),
            device.adr_margin_db,
            device.counter_reset_allowed,
            device.answered_by,
        )
    )


def _owner(dev_eui: Eui64) -> bytes:
    return f"device {dev_eui}".encode()


def is_clear(record: bytes) -> bool:
    """Tell whether an older version wrote ``record``, with its keys in clear."""
    return bool(cbor2.loads(record)[0] == CLEAR)


def decode(eui: int, record: bytes, vault: Vault) -> Registration:
    """Return what encode() was given."""
    form, name, decoder, activation, mac, device_class, join_eui, entity, place, tags, *rest = cbor2.loads(record)
    app_key, nwk_key = (
        (None if octets is None else Key(octets) for octets in rest)
        if form == CLEAR
        else vault.open(rest[0], KEYS, _owner(eui_of(eui)))
    )
    adr_margin_db, counter_reset_allowed = rest[1:3] if form >= WISHES else (None, False)
    device = Device(
        dev_eui=eui_of(eui),
        name=name,
        decoder=decoder,
        activation=Activation(activation),
        mac_version=MacVersion(mac),
        device_class=device_class,
        join_eui=None if join_eui is None else Eui64(join_eui),
        entity=Entity(*entity),
        place=None if place is None else Place(*place),
        tags=frozenset(tags),
        adr_margin_db=adr_margin_db,
        counter_reset_allowed=counter_reset_allowed,
        answered_by=rest[3] if form >= BESIDE else "",
    )
    return Registration(device=device, root_keys=RootKeys(app_key=app_key, nwk_key=nwk_key))


def plan(
    wanted: Mapping[Eui64, Registration],
    stored: Mapping[Eui64, Registration],
    last: Mapping[int, int],
    present: Mapping[Eui64, Sequence[Session]],
    ended: Mapping[abp.Identity, abp.Counters],
    vault: Vault,
) -> Plan:
    """Compare the registrations with what is stored; ``last`` has the last ABP activations by EUI number.

    Raises ConfigError that names every device whose session here would be lost.
    """
    refuse_lost_sessions(wanted.values(), present)
    rows: list[tuple[int, bytes]] = []
    begun: list[Session] = []
    retired: list[Name] = []
    added = changed = 0
    for eui, registration in wanted.items():
        number, known = eui_number(eui), stored.get(eui)
        session, gone = next_session(registration, present.get(eui, ()), last.get(number), ended)
        begun += [session] if session else []
        retired += gone
        same = known is not None and _bare(known) == _bare(registration)
        if not same:
            rows.append((number, encode(registration, vault)))
        if known is None:
            added += 1
        elif not same or session or gone:
            changed += 1
    numbers = [(eui_number(session.dev_eui), abp_number(session)) for session in begun if has_abp(session)]
    steps = [
        *([Insert("REPLACE INTO devices", rows)] if rows else []),
        *([Insert("REPLACE INTO abp_activations", numbers)] if numbers else []),
    ]
    changes = Changes(
        sessions=tuple(begun),
        begun=tuple((session.dev_eui, session.activation) for session in begun),
        retired=tuple(retired),
        dev_nonces=tuple((eui, nonce) for eui, one in wanted.items() if one.nonces for nonce in one.nonces.dev_nonces),
        join_nonces=tuple(
            (eui, one.nonces.join_nonce)
            for eui, one in wanted.items()
            if one.nonces and one.nonces.join_nonce is not None
        ),
    )
    return Plan(changes, steps, ImportResult(added, changed, len(wanted) - added - changed))


def next_session(
    registration: Registration,
    present: Sequence[Session],
    last: int | None,
    counters: Mapping[abp.Identity, abp.Counters],
) -> tuple[Session | None, list[Name]]:
    """Return the session that ``registration`` begins or corrects, if any, and those that it ends.

    ``last`` is the greatest ABP activation number that the device ever had, ``counters`` those of ABP sessions that ended.
    """
    given = registration.session
    if given is not None and registration.device.activation is Activation.OTAA:
        return _brought(given, present)
    if given is None:
        ended = [session for session in present if _is_of_other_kind(session, registration.device.activation)]
        return None, [(session.dev_eui, session.activation) for session in ended]
    same = [session for session in present if _continues(session, given)]
    if same:
        session = _corrected(same[-1], given)
        new = None if session == same[-1] else session
    else:
        session = new = _activated(given, last, counters)
    return new, [(old.dev_eui, old.activation) for old in present if old.activation != session.activation]


def refuse_lost_sessions(registrations: Iterable[Registration], present: Mapping[Eui64, Sequence[Session]]) -> None:
    """Raise ConfigError that names every OTAA device whose own session here would end with the one that it brings."""
    problems = []
    for one in registrations:
        if one.session is None or one.device.activation is not Activation.OTAA:
            continue
        problems += [
            _refusal(session) for session in present.get(one.device.dev_eui, ()) if _is_in_the_way(session, one.session)
        ]
    if problems:
        raise ConfigError(problems)


def _is_in_the_way(session: Session, given: Session) -> bool:
    """Tell whether ``session`` was made by a join here and is in use, or has the name of another one."""
    if _is_same(session, given) or is_moved(session) or has_abp(session):
        return False
    return session.f_cnt_up > 0 or session.activation == given.activation


def _refusal(session: Session) -> str:
    return (
        f"{session.dev_eui}: it has joined here and is in use (DevAddr {session.dev_addr}, next uplink {session.f_cnt_up}), "
        f"and the file brings another session: leave the session out of the file, or first `brygga device remove "
        f"{session.dev_eui}`"
    )


def _brought(given: Session, present: Sequence[Session]) -> tuple[Session | None, list[Name]]:
    """Return what an OTAA session from elsewhere begins or moves on, and which it ends.

    A session that is here already keeps its name and its receive windows, with the greater counters of the two; what was
    joined after it stays.
    """
    place = next((index for index, session in enumerate(present) if _is_same(session, given)), None)
    ended = [
        (old.dev_eui, old.activation)
        for index, old in enumerate(present)
        if index != place and (place is None or index < place or is_moved(old) or has_abp(old))
    ]
    if place is None:
        return given, ended
    session = never_back(given, present[place])
    return (None if session == present[place] else session), ended


def _is_same(session: Session, given: Session) -> bool:
    return not has_abp(session) and session.dev_addr == given.dev_addr and session.keys == given.keys


def _bare(registration: Registration) -> Registration:
    return replace(registration, session=None, nonces=None)


def _is_of_other_kind(session: Session, activation: Activation) -> bool:
    return has_abp(session) != (activation is Activation.ABP)


def _continues(session: Session, given: Session) -> bool:
    """Tell whether ``given`` is the ABP session that runs already: same address and keys, no reset declared."""
    if not has_abp(session):
        return False
    same = session.dev_addr == given.dev_addr and session.keys == given.keys
    return same and abp_number(given) <= abp_number(session)


def _corrected(session: Session, given: Session) -> Session:
    """Return what is given, under the name that it has here and with no counter below what is here."""
    named = replace(given, activation=session.activation, confirmed_f_cnt_up=session.confirmed_f_cnt_up)
    return never_back(session, named)


def _activated(given: Session, last: int | None, counters: Mapping[abp.Identity, abp.Counters]) -> Session:
    """Return what is given as the next activation; its counters go on unless a greater number declares a reset."""
    number = abp_number(given)
    if last is not None and number <= last:
        given, number = abp.counted_on(given, counters), last + 1
    return replace(given, activation=f"{given.dev_addr}-abp{number}")
