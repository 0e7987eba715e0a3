"""The simulated device of LoRaWAN 1.1 asks for another session, and gets it."""

from __future__ import annotations

import pytest

from gateway.lorawan import crypto
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.mac_commands import (
    ForceRejoinReq,
    RekeyConf,
    RekeyInd,
    RXTimingSetupReq,
)
from gateway.lorawan.phy import JOIN_ACCEPT_MHDR, RejoinRequest, parse
from gateway.lorawan.region import EU868
from gateway.lorawan.rejoin import answer_rejoin, open_rejoin_request
from gateway.lorawan.sessions import OpenSession
from gateway.model import DevAddr, LoraRate, SessionKeys
from simulators.end_device import EndDevice
from tests.simulators.joined_v1_1 import (
    APP_KEY,
    DEV_EUI,
    JOIN_EUI,
    NWK_KEY,
    REGISTERED,
    ROOT_KEYS,
    heard,
    joined,
    said,
    tell,
)


def rejoin_accept(device: EndDevice, request: RejoinRequest, join_nonce: int = 2) -> tuple[bytes, SessionKeys]:
    """Answer a rejoin request as section 6.2.4 says, step by step."""
    content = JoinAcceptContent(
        join_nonce=join_nonce, net_id=0x13, dev_addr=DevAddr("26000001"), opt_neg=True, rx2_data_rate=3, rx_delay=7
    )
    js_int_key, js_enc_key = crypto.derive_js_int_key(NWK_KEY, DEV_EUI), crypto.derive_js_enc_key(NWK_KEY, DEV_EUI)
    octets = content.to_bytes()
    mic = crypto.join_accept_mic_v1_1(
        js_int_key, JOIN_EUI, request.rj_count, JOIN_ACCEPT_MHDR + octets, request.rejoin_type
    )
    keys = crypto.derive_session_keys_v1_1(
        app_key=APP_KEY, nwk_key=NWK_KEY, join_nonce=join_nonce, join_eui=JOIN_EUI, dev_nonce=request.rj_count
    )
    return JOIN_ACCEPT_MHDR + crypto.encrypt_join_accept(js_enc_key, octets + mic), keys


@pytest.mark.parametrize("rejoin_type", [0, 1, 2])
def test_it_rejoins_and_only_type_2_leaves_its_radio_alone(rejoin_type: int) -> None:
    device, opened = joined()
    tell(device, opened, RekeyConf(minor=1), RXTimingSetupReq(delay=4))
    *_, request = [parse(device.rejoin_request(rejoin_type)) for _ in range(3)]
    assert isinstance(request, RejoinRequest)
    signer = crypto.derive_js_int_key(NWK_KEY, DEV_EUI) if rejoin_type == 1 else opened.session.keys.s_nwk_s_int_key
    accept, keys = rejoin_accept(device, request)

    assert device.accept(accept)

    assert crypto.rejoin_request_mic(signer, request) == request.mic
    assert (request.rj_count, request.net_id) == (2, None if rejoin_type == 1 else 0x13)
    assert (device.keys, device.dev_addr, device.f_cnt_up) == (keys, "26000001", 0)
    assert (device.rx1_delay_s, device.rx2_data_rate) == ((4, 0) if rejoin_type == 2 else (7, 3))
    assert device.rejoin_counts == ([0, 3] if rejoin_type == 1 else [0, 0])
    assert device.uplink(1, b"x")[5] & 0x0F == 2  # RekeyInd


def test_its_session_lasts_until_the_rejoin_is_accepted() -> None:
    device, opened = joined()
    before = device.rejoin_request(0)

    new = heard(device, device.uplink(1, b"still here"), opened)

    assert new.uplink.payload == b"still here"
    assert device.listening.rx1 is not None
    assert parse(before) != parse(device.rejoin_request(0))
    assert device.listening.rx1.delay_us == 5_000_000


def test_the_accept_of_another_rejoin_is_not_taken() -> None:
    device, _ = joined()
    first, second = parse(device.rejoin_request(0)), parse(device.rejoin_request(0))
    assert isinstance(first, RejoinRequest)
    assert isinstance(second, RejoinRequest)

    assert not device.accept(rejoin_accept(device, first)[0])
    assert device.accept(rejoin_accept(device, second)[0])


@pytest.mark.parametrize("rejoin_type", [0, 1, 2])
def test_it_rejoins_this_network_and_goes_on_in_the_new_session(rejoin_type: int) -> None:
    device, opened = joined()
    tell(device, opened, RekeyConf(minor=1))
    heard(device, device.uplink(1, b"x"), opened)
    request = parse(device.rejoin_request(rejoin_type))
    assert isinstance(request, RejoinRequest)

    rejoin = open_rejoin_request(request, REGISTERED, ROOT_KEYS, [opened.session])
    session, accept = answer_rejoin(
        rejoin, REGISTERED, ROOT_KEYS, join_nonce=2, net_id=0x13, dev_addr=DevAddr("26000002"), region=EU868
    )

    assert device.accept(accept)
    again = OpenSession(session)
    new = heard(device, device.uplink(1, b"in the new one"), again)
    assert (new.uplink.payload, said(new)) == (b"in the new one", (RekeyInd(minor=1),))
    assert device.channels_hz == EU868.cf_list_hz
    tell(device, again, RekeyConf(minor=1))
    assert said(heard(device, device.uplink(1, b"x"), again)) == ()


@pytest.mark.parametrize(("rejoin_type", "channels"), [(0, 3), (1, 3), (2, 8)])
def test_only_type_2_is_sent_on_all_of_its_channels(rejoin_type: int, channels: int) -> None:
    device, _ = joined()
    used = set()

    for _ in range(60):
        device.rejoin_request(rejoin_type)
        used.add(device.on_air.frequency_hz)

    assert len(used) == channels


def test_a_forced_rejoin_is_sent_at_the_data_rate_that_is_asked_for() -> None:
    device, opened = joined()
    tell(device, opened, ForceRejoinReq(period=0, max_retries=0, rejoin_type=2, data_rate=1))

    device.rejoin_request(2)
    forced = device.on_air.data_rate
    device.rejoin_request(2)

    assert (forced, device.on_air.data_rate) == (LoraRate(11, 125_000), LoraRate(7, 125_000))
