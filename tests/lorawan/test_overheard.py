"""Join accepts of other networks, opened with the device's own root keys: against others' vectors, and against the device itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.join import Asked, accepted, answer_join
from gateway.lorawan.overheard import open_join_accept
from gateway.lorawan.phy import JoinAccept, JoinRequest, parse
from gateway.lorawan.region import EU868
from gateway.model import DevAddr, Device, Eui64, Json, Key, MacVersion, RootKeys, Session
from simulators.end_device import EndDevice
from tests.lorawan.join_cases import JoinCase, join_cases
from tests.lorawan.vectors import lines, name_of

DEV_EUI, JOIN_EUI = Eui64("a81758fffe051d02"), Eui64("70b3d57ed0000001")
ACCEPTS = [one for one in lines("join", "join-accept") if "v11" not in one]
CLASSIC = [MacVersion.V1_0_2, MacVersion.V1_0_3, MacVersion.V1_0_4]


def accept_of(octets: bytes) -> JoinAccept:
    said = parse(octets)
    assert isinstance(said, JoinAccept)
    return said


@pytest.mark.parametrize("vector", ACCEPTS, ids=name_of)
def test_the_accepts_that_others_published_say_what_they_say(vector: Json) -> None:
    device, keys = Device(dev_eui=DEV_EUI), RootKeys(app_key=Key.parse(vector["key"]))
    accept, asked = accept_of(bytes.fromhex(vector["encrypted"])), Asked(join_eui=JOIN_EUI, nonce=1)

    if not vector["mic_valid"]:
        with pytest.raises(BadFrame, match="another device's"):
            open_join_accept(accept, asked, device, keys, EU868)
        return
    session, content = open_join_accept(accept, asked, device, keys, EU868)

    assert (session.dev_addr, content.join_nonce) == (vector["devaddr"], vector["join_nonce"])
    assert f"{content.net_id:06x}" == vector["net_id"]
    assert session.rx1_delay_s == (vector["rx_delay"] or 1)


def joined(device: EndDevice, network: MacVersion) -> tuple[bytes, Asked]:
    """Return the accept by which a network that speaks ``network`` answers a device, and what it answers."""
    request = parse(device.join_request())
    assert isinstance(request, JoinRequest)
    registered = Device(dev_eui=device.dev_eui, join_eui=device.join_eui, mac_version=network)
    classic = device.app_key if device.nwk_key is None else device.nwk_key
    keys = RootKeys(app_key=classic) if network in CLASSIC else RootKeys(app_key=device.app_key, nwk_key=device.nwk_key)
    _, accept = answer_join(
        request, registered, keys, join_nonce=9, net_id=0x13, dev_addr=DevAddr("26011bda"), region=EU868
    )
    return accept, Asked(join_eui=request.join_eui, nonce=request.dev_nonce)


def overheard(device: EndDevice, accept: bytes, asked: Asked) -> Session:
    known = Device(dev_eui=device.dev_eui, join_eui=device.join_eui, mac_version=device.mac_version)
    keys = RootKeys(app_key=device.app_key, nwk_key=device.nwk_key)
    session, _ = open_join_accept(accept_of(accept), asked, known, keys, EU868)
    return session


@pytest.mark.parametrize("version", [*CLASSIC, MacVersion.V1_1])
def test_the_session_is_the_one_that_the_device_derives(version: MacVersion) -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, mac_version=version)
    accept, asked = joined(device, version)

    session = overheard(device, accept, asked)

    assert device.accept(accept)
    assert (session.keys, session.dev_addr, session.mac_version) == (device.keys, device.dev_addr, version)
    assert session.activation == "26011bda-9"


def test_a_device_of_1_1_in_a_network_of_1_0_has_a_session_of_1_0() -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, mac_version=MacVersion.V1_1)
    accept, asked = joined(device, MacVersion.V1_0_3)

    session = overheard(device, accept, asked)

    assert device.accept(accept)
    assert (session.keys, session.mac_version) == (device.keys, MacVersion.V1_0_2)


@pytest.mark.parametrize("case", join_cases(), ids=lambda one: one.device.dev_eui)
def test_joins_and_rejoins_of_all_kinds_are_overheard(case: JoinCase) -> None:
    """What lora-packet finds in the same accepts, `test_lora_packet` shows."""
    begun, octets = accepted(
        case.asked, case.device, case.root_keys, case.content, rx2_frequency_hz=EU868.rx2_frequency_hz
    )

    session, content = open_join_accept(accept_of(octets), case.asked, case.device, case.root_keys, EU868)

    assert (session, content) == (begun, case.content)


@pytest.mark.parametrize("version", [MacVersion.V1_0_3, MacVersion.V1_1])
def test_no_flipped_bit_is_taken(version: MacVersion) -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, mac_version=version)
    accept, asked = joined(device, version)
    for place in range(8, 8 * len(accept)):
        broken = bytearray(accept)
        broken[place // 8] ^= 1 << place % 8

        with pytest.raises(BadFrame):
            overheard(device, bytes(broken), asked)


def test_an_accept_of_1_1_answers_one_request_alone() -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, mac_version=MacVersion.V1_1)
    accept, asked = joined(device, MacVersion.V1_1)

    with pytest.raises(BadFrame) as raised:
        overheard(device, accept, replace(asked, nonce=asked.nonce + 1))

    assert raised.value.reason is BadFrameReason.MIC


def test_a_root_key_that_is_lacking_is_told() -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI)
    accept, asked = joined(device, MacVersion.V1_0_3)

    with pytest.raises(BadFrame) as raised:
        open_join_accept(accept_of(accept), asked, Device(dev_eui=DEV_EUI), RootKeys(), EU868)

    assert raised.value.reason is BadFrameReason.UNKNOWN_DEVICE
