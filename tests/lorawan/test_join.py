"""Joining: who may, what the device is told, which addresses a network gives."""

from __future__ import annotations

import re
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan import crypto
from gateway.lorawan.channel_plan import ChannelPlan
from gateway.lorawan.dev_addr import AddressBlock, dev_addr_prefix, new_dev_addr
from gateway.lorawan.join import JOIN_NONCES, answer_join, open_join_request
from gateway.lorawan.join_accept import JoinAcceptContent, cf_list_frequencies, frequency_cf_list
from gateway.lorawan.phy import JOIN_ACCEPT_MHDR, JoinAccept, JoinRequest, join_request_octets, parse
from gateway.lorawan.region import EU868, REGIONS, Region
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DevAddr, Device, Eui64, Key, MacVersion, RootKeys, Session
from simulators.end_device import EndDevice
from tests.lorawan.air import DEV_ADDR, DEV_EUI, hear
from tests.lorawan.vectors import key, lines

JOIN_EUI = Eui64("70b3d57ed0000001")
NET_ID = 0x000013
V1_0 = [version for version in MacVersion if version is not MacVersion.V1_1]
GROWING = [MacVersion.V1_0_4, MacVersion.V1_1]
APP_KEY, NWK_KEY = Key(b"a" * 16), Key(b"n" * 16)
ROOT_KEYS = RootKeys(app_key=APP_KEY, nwk_key=NWK_KEY)


def registered(mac_version: MacVersion = MacVersion.V1_0_3, join_eui: Eui64 | None = JOIN_EUI) -> Device:
    return Device(dev_eui=DEV_EUI, mac_version=mac_version, join_eui=join_eui)


def request_of(mac_version: MacVersion, dev_nonce: int = 1) -> JoinRequest:
    signed = join_request_octets(JOIN_EUI, DEV_EUI, dev_nonce)
    join_key = NWK_KEY if mac_version is MacVersion.V1_1 else APP_KEY
    return join_request(signed + crypto.signature(join_key, signed))


def join_request(phy_payload: bytes) -> JoinRequest:
    frame = parse(phy_payload)
    assert isinstance(frame, JoinRequest)
    return frame


def answered(
    request: JoinRequest, mac_version: MacVersion, root_keys: RootKeys = ROOT_KEYS, **settings: Any
) -> tuple[Session, bytes]:
    return answer_join(
        request,
        registered(mac_version),
        root_keys,
        join_nonce=settings.pop("join_nonce", 9),
        net_id=NET_ID,
        dev_addr=DEV_ADDR,
        region=settings.pop("region", EU868),
        **settings,
    )


def refusal(request: JoinRequest, device: Device, keys: RootKeys = ROOT_KEYS, *used: int) -> BadFrameReason:
    with pytest.raises(BadFrame) as caught:
        open_join_request(request, device, keys, frozenset(used))
    return caught.value.reason


# ── who may join ──


@pytest.mark.parametrize("line", lines("join", "join-request"), ids=lambda line: line["phy"][-8:])
def test_a_join_request_of_others_is_proved(line: dict[str, Any]) -> None:
    request, root_keys = join_request(bytes.fromhex(line["phy"])), RootKeys(app_key=key(line, "key"))
    device = Device(dev_eui=Eui64(line["dev_eui"]), join_eui=Eui64(line["join_eui"]))

    assert (request.dev_eui, request.join_eui, request.dev_nonce) == (
        device.dev_eui,
        device.join_eui,
        line["dev_nonce"],
    )
    if line["mic_valid"]:
        open_join_request(request, device, root_keys, frozenset())
    else:
        assert refusal(request, device, root_keys) is BadFrameReason.MIC


@pytest.mark.parametrize("mac_version", MacVersion)
def test_a_device_joins_with_the_key_of_its_version(mac_version: MacVersion) -> None:
    request, device = request_of(mac_version), registered(mac_version)
    other = RootKeys(app_key=NWK_KEY, nwk_key=APP_KEY)

    open_join_request(request, device, ROOT_KEYS, frozenset())
    assert refusal(request, device, other) is BadFrameReason.MIC


def test_a_device_without_a_registered_join_eui_joins_with_any() -> None:
    open_join_request(request_of(MacVersion.V1_0_3), registered(join_eui=None), ROOT_KEYS, frozenset())


def test_another_join_eui_is_refused() -> None:
    device = registered(join_eui=Eui64("70b3d57ed0000002"))

    assert refusal(request_of(MacVersion.V1_0_3), device) is BadFrameReason.WRONG_JOIN_EUI


@pytest.mark.parametrize(("mac_version", "missing"), [(MacVersion.V1_0_3, "app_key"), (MacVersion.V1_1, "nwk_key")])
def test_a_device_without_its_key_cannot_join(mac_version: MacVersion, missing: str) -> None:
    root_keys = replace(ROOT_KEYS, **{missing: None})

    assert refusal(request_of(mac_version), registered(mac_version), root_keys) is BadFrameReason.UNKNOWN_DEVICE


@pytest.mark.parametrize("mac_version", [version for version in V1_0 if version is not MacVersion.V1_0_4])
def test_a_random_dev_nonce_is_refused_when_it_was_used(mac_version: MacVersion) -> None:
    request, device = request_of(mac_version, 500), registered(mac_version)

    open_join_request(request, device, ROOT_KEYS, frozenset({499, 501, 60_000}))
    assert refusal(request, device, ROOT_KEYS, 499, 500, 501) is BadFrameReason.REPLAYED_DEV_NONCE


@pytest.mark.parametrize("mac_version", GROWING)
def test_a_counting_dev_nonce_must_grow(mac_version: MacVersion) -> None:
    device = registered(mac_version)

    open_join_request(request_of(mac_version, 0), device, ROOT_KEYS, frozenset())
    open_join_request(request_of(mac_version, 500), device, ROOT_KEYS, frozenset({3, 499}))
    assert refusal(request_of(mac_version, 500), device, ROOT_KEYS, 3, 500) is BadFrameReason.REPLAYED_DEV_NONCE
    assert refusal(request_of(mac_version, 500), device, ROOT_KEYS, 501) is BadFrameReason.REPLAYED_DEV_NONCE


def test_no_flipped_bit_of_a_join_request_is_accepted() -> None:
    request = request_of(MacVersion.V1_0_3)
    octets, device = request.signed + request.mic, registered(join_eui=None)

    for bit in range(8 * len(octets)):
        flipped = bytearray(octets)
        flipped[bit // 8] ^= 1 << bit % 8
        with pytest.raises(BadFrame):
            open_octets(bytes(flipped), device)


def open_octets(octets: bytes, device: Device) -> None:
    frame = parse(octets)
    if not isinstance(frame, JoinRequest):
        raise BadFrame(BadFrameReason.NOT_SUPPORTED)
    open_join_request(frame, device, ROOT_KEYS, frozenset())


# ── what the device is told ──


@pytest.mark.parametrize("mac_version", V1_0)
def test_a_device_joins_and_its_first_uplink_is_opened(mac_version: MacVersion) -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY, mac_version=mac_version)

    session, accept = answered(join_request(device.join_request()), mac_version)

    assert device.accept(accept)
    opened = hear(device.uplink(2, b"first"), OpenSession(session))
    assert isinstance(opened, NewUplink)
    assert opened.uplink.payload == b"first"
    assert (session.activation, session.f_cnt_up, session.n_f_cnt_down) == (f"{DEV_ADDR}-9", 0, 0)


def test_the_accept_says_what_the_session_holds() -> None:
    device = EndDevice(DEV_EUI, join_eui=JOIN_EUI, app_key=APP_KEY)

    session, accept = answered(
        join_request(device.join_request()), MacVersion.V1_0_3, rx1_delay_s=5, rx1_dr_offset=2, rx2_data_rate=3
    )

    assert device.accept(accept)
    assert device.dev_addr == session.dev_addr
    assert (device.rx1_delay_s, device.rx1_dr_offset, device.rx2_data_rate) == (5, 2, 3)
    assert (session.rx1_delay_s, session.rx1_dr_offset, session.rx2_data_rate) == (5, 2, 3)
    assert session.rx2_frequency_hz == 869_525_000
    assert device.channels_hz == EU868.cf_list_hz


def test_an_accept_of_1_1_is_signed_with_the_join_server_s_key() -> None:
    request = request_of(MacVersion.V1_1, dev_nonce=77)

    session, phy_payload = answered(request, MacVersion.V1_1)

    accept = parse(phy_payload)
    assert isinstance(accept, JoinAccept)
    clear = crypto.decrypt_join_accept(NWK_KEY, accept.encrypted)
    js_int_key = crypto.derive_js_int_key(NWK_KEY, DEV_EUI)
    content = JoinAcceptContent.from_bytes(clear[:-4])
    assert crypto.join_accept_mic_v1_1(js_int_key, JOIN_EUI, 77, JOIN_ACCEPT_MHDR + clear[:-4]) == clear[-4:]
    assert (content.opt_neg, content.join_nonce, content.dev_addr) == (True, 9, DEV_ADDR)
    assert cf_list_frequencies(content.cf_list) == EU868.cf_list_hz
    assert session.keys == crypto.derive_session_keys_v1_1(
        app_key=APP_KEY, nwk_key=NWK_KEY, join_nonce=9, join_eui=JOIN_EUI, dev_nonce=77
    )


@pytest.mark.parametrize("mac_version", MacVersion)
@pytest.mark.parametrize("region", REGIONS.values(), ids=REGIONS)
def test_the_accept_adds_the_channels_of_its_region(region: Region, mac_version: MacVersion) -> None:
    """RP002-1.0.4: frequencies where devices are given channels, masks (from 1.0.3 on) where they are numbered."""
    content = told(request_of(mac_version), mac_version, region=region)

    plan = ChannelPlan.joined(region, content.cf_list)
    old = mac_version in {MacVersion.V1_0_0, MacVersion.V1_0_1, MacVersion.V1_0_2}
    added = {"EU868": 8, "EU433": 3, "US915": 72, "AU915": 72}.get(region.name, 2)
    assert plan.defined == frozenset(range(added))
    assert plan.enabled == (region.cf_list_mask if region.fixed_plan and not old else plan.defined)
    assert cf_list_frequencies(content.cf_list) == region.cf_list_hz
    assert len(content.cf_list) == (16 if region is EU868 or (region.fixed_plan and not old) else 0)


def test_a_site_s_own_channels_go_into_the_accept() -> None:
    own = frequency_cf_list((867_100_000, 867_300_000))

    assert told(request_of(MacVersion.V1_0_3), MacVersion.V1_0_3, cf_list=own).cf_list == own
    assert told(request_of(MacVersion.V1_0_3), MacVersion.V1_0_3, cf_list=b"").cf_list == b""


def told(request: JoinRequest, mac_version: MacVersion, **settings: Any) -> JoinAcceptContent:
    """Return what a join accept says, decrypted as its device does."""
    _, phy_payload = answered(request, mac_version, **settings)
    accept = parse(phy_payload)
    assert isinstance(accept, JoinAccept)
    join_key = NWK_KEY if mac_version is MacVersion.V1_1 else APP_KEY
    return JoinAcceptContent.from_bytes(crypto.decrypt_join_accept(join_key, accept.encrypted)[:-4])


def test_an_accept_of_another_device_is_not_taken() -> None:
    device, other = EndDevice(DEV_EUI, app_key=APP_KEY), EndDevice(DEV_EUI, app_key=NWK_KEY)
    _, accept = answered(join_request(device.join_request()), MacVersion.V1_0_3)
    other.join_request()

    assert not other.accept(accept)
    assert other.dev_addr is None


def test_join_nonces_end() -> None:
    with pytest.raises(BadFrame) as caught:
        answered(request_of(MacVersion.V1_0_3), MacVersion.V1_0_3, join_nonce=JOIN_NONCES)

    assert caught.value.reason is BadFrameReason.COUNTER_EXHAUSTED


# ── addresses ──

NET_IDS = [line["value"] for line in lines("structures", "netid")]
ADDRESSES = [line["value"] for line in lines("structures", "devaddr") if "expected_devaddr" in line["value"]]


def octets(value: dict[str, Any]) -> int:
    return int.from_bytes(bytes(value["args"][0]))


@pytest.mark.parametrize("value", NET_IDS, ids=lambda value: value["string"])
def test_each_type_of_net_id_has_its_prefix(value: dict[str, Any]) -> None:
    prefix, bits = value["dev_addr_prefix"]["args"]

    assert dev_addr_prefix(int(value["string"], 16)) == (int.from_bytes(bytes(prefix)), bits)


@pytest.mark.parametrize("value", ADDRESSES, ids=lambda value: str(octets(value["netid"])))
def test_an_address_is_the_prefix_and_random_bits(value: dict[str, Any]) -> None:
    expected = DevAddr(f"{octets(value['expected_devaddr']):08x}")

    assert new_dev_addr(octets(value["netid"]), octets(value["devaddr"])) == expected


def test_an_address_of_others_has_the_prefix_of_its_network() -> None:
    (value,) = (line["value"] for line in lines("structures", "devaddr") if "nwkid" in line["value"])

    prefix, bits = dev_addr_prefix(value["nwkid"][0])

    assert (value["netid_type"], bits) == (0, 7)
    assert octets(value["devaddr"]) >> 25 == prefix >> 25


def test_random_bits_never_leave_the_network() -> None:
    random = Random(13)

    for _ in range(1_000):
        net_id = random.getrandbits(24)
        prefix, bits = dev_addr_prefix(net_id)
        address = int(new_dev_addr(net_id, random.getrandbits(32)), 16)
        assert address >> (32 - bits) == prefix >> (32 - bits)


# ── blocks of addresses ─────────────────────────────────────────────────────────────────────────────────────────────


def test_a_block_fills_what_is_free_and_nothing_else() -> None:
    block = AddressBlock.parse("00130000/20")

    assert block.address(0) == "00130000"
    assert block.address(0xFFFF_FFFF) == "00130fff"
    assert DevAddr("00130abc") in block
    assert DevAddr("00131000") not in block
    assert str(block) == "00130000/20"


@pytest.mark.parametrize(
    ("text", "net_id"),
    [("00130000/20", 0x000000), ("00000000/7", 0x000000), ("26010000/16", 0x000013), ("fc00ac0f/32", 0xC0002B)],
)
def test_a_block_lies_in_its_network(text: str, net_id: int) -> None:
    assert AddressBlock.parse(text).lies_in(AddressBlock.of_net_id(net_id))


@pytest.mark.parametrize(
    ("text", "net_id"),
    [
        ("00000000/6", 0x000000),  # twice as many as the network has
        ("02000000/7", 0x000000),
        ("26010000/16", 0x000012),
    ],
)
def test_a_block_of_another_network_is_told_apart(text: str, net_id: int) -> None:
    assert not AddressBlock.parse(text).lies_in(AddressBlock.of_net_id(net_id))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("00130000/7", "'00130000/7' has digits behind its 7 bits; '00000000/7' is the block meant"),
        *((text, f"{text!r} is no block of DevAddrs: 8 hex digits, a slash and 0 to 32 bits, e.g. '00130000/20'")
          for text in ("", "0013", "00130000", "00130000/33", "00130000/-1", "0013000g/20", "00130000/20 ")),
    ],
)  # fmt: skip
def test_what_is_no_block_is_told_what_one_is(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}$"):
        AddressBlock.parse(text)
