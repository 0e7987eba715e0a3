"""Open sessions as the network finds them: by device, and by the address that several may share."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from gateway.lorawan.mac_layer import begin
from gateway.lorawan.proving import prove
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Eui64, Session
from gateway.network.sessions import LiveSession, LiveSessions, name_of
from simulators.end_device import EndDevice

ADDRESS, ELSEWHERE = DevAddr("26011234"), DevAddr("26011235")


def device(number: int, address: DevAddr = ADDRESS) -> tuple[EndDevice, LiveSession]:
    made = EndDevice.abp(Eui64(f"{number:016x}"), address)
    assert made.keys is not None
    session = Session(
        dev_eui=made.dev_eui, dev_addr=address, activation="x", mac_version=made.mac_version, keys=made.keys
    )
    return made, LiveSession(session, mac=begin(EU868, b"", data_rate=0))


def found(sessions: LiveSessions, devices: Sequence[EndDevice]) -> list[Eui64 | None]:
    """Return whose an uplink of each device is, as the short way finds it."""
    proofs = [prove(one.uplink(2, b"x"), sessions.on_air) for one in devices]
    return [None if one is None else one.opened.session.dev_eui for one in proofs]


def test_devices_of_one_address_are_all_found_the_oldest_first() -> None:
    devices, lives = zip(*(device(number) for number in range(4)), strict=True)
    sessions = LiveSessions()

    for live in lives:
        sessions.add(live)

    assert sessions.at(ADDRESS) == [*lives]
    assert found(sessions, devices) == [one.dev_eui for one in devices]
    assert sessions.at(ELSEWHERE) == []


@pytest.mark.parametrize("gone", [(0,), (1,), (3,), (0, 3), (1, 2), (0, 1, 2, 3)])
def test_who_remains_at_an_address_is_found_still(gone: tuple[int, ...]) -> None:
    devices, lives = zip(*(device(number) for number in range(4)), strict=True)
    sessions = LiveSessions()
    for live in lives:
        sessions.add(live)

    sessions.retire([lives[number] for number in gone])

    remaining = [one for number, one in enumerate(lives) if number not in gone]
    assert sessions.at(ADDRESS) == remaining
    assert found(sessions, devices) == [None if number in gone else one.dev_eui for number, one in enumerate(devices)]
    assert (ADDRESS in {one.session.dev_addr for one in sessions}) == bool(sessions.on_air)


def test_sessions_that_take_the_place_of_others_forget_whom_they_were_beside() -> None:
    (first, one), (second, other), (third, alone) = device(1), device(2), device(3, ELSEWHERE)
    sessions = LiveSessions()
    for live in (one, other, alone):
        sessions.add(live)

    sessions.replace_all({name_of(one.session): one})

    assert found(sessions, (first, second, third)) == [first.dev_eui, None, None]
    assert sessions.at(ADDRESS) == [one]


def test_retiring_what_is_gone_already_disturbs_nobody() -> None:
    (_, gone), (stays, live) = device(1), device(2)
    sessions = LiveSessions()
    sessions.add(live)

    assert sessions.retire([gone]) == (name_of(gone.session),)
    assert found(sessions, (stays,)) == [stays.dev_eui]
