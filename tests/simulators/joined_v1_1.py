"""A simulated device of LoRaWAN 1.1 that has joined this network, and the network's side of it."""

from __future__ import annotations

from dataclasses import replace

from gateway.lorawan.downlink import seal_downlink
from gateway.lorawan.join import answer_join, open_join_request
from gateway.lorawan.mac_commands import (
    MacCommand,
    read,
    write,
)
from gateway.lorawan.phy import Direction, JoinRequest, parse
from gateway.lorawan.region import EU868
from gateway.lorawan.sessions import NewUplink, OpenSession
from gateway.model import DevAddr, Device, Eui64, Key, MacVersion, RootKeys
from simulators.end_device import EndDevice, Make
from tests.lorawan.air import hear, reception

DEV_EUI, JOIN_EUI = Eui64("a81758fffe051d02"), Eui64("70b3d57ed0000001")
APP_KEY, NWK_KEY = Key(b"A" * 16), Key(b"N" * 16)
REGISTERED = Device(dev_eui=DEV_EUI, join_eui=JOIN_EUI, mac_version=MacVersion.V1_1)
ROOT_KEYS = RootKeys(app_key=APP_KEY, nwk_key=NWK_KEY)


def made(device_class: str = "A", *, adr: bool = False) -> EndDevice:
    return EndDevice(
        DEV_EUI,
        join_eui=JOIN_EUI,
        app_key=APP_KEY,
        nwk_key=NWK_KEY,
        mac_version=MacVersion.V1_1,
        make=Make(device_class=device_class, adr=adr),
    )


def answered(device: EndDevice, join_nonce: int = 1) -> tuple[bytes, OpenSession]:
    request = parse(device.join_request())
    assert isinstance(request, JoinRequest)
    open_join_request(request, REGISTERED, ROOT_KEYS, frozenset())
    session, accept = answer_join(
        request,
        REGISTERED,
        ROOT_KEYS,
        join_nonce=join_nonce,
        net_id=0x13,
        dev_addr=DevAddr("26abcdef"),
        region=EU868,
    )[:2]
    return accept, OpenSession(session)


def joined(device_class: str = "A", *, adr: bool = False) -> tuple[EndDevice, OpenSession]:
    device = made(device_class, adr=adr)
    accept, opened = answered(device)
    assert device.accept(accept)
    return device, opened


def heard(device: EndDevice, phy_payload: bytes, opened: OpenSession) -> NewUplink:
    """Open an uplink as the network does that hears it where the device sends it."""
    sent = device.on_air
    where = reception(frequency_hz=sent.frequency_hz, data_rate=sent.data_rate)
    result = hear(phy_payload, opened, receptions=(where,))
    assert isinstance(result, NewUplink)
    return result


def said(new: NewUplink) -> tuple[MacCommand, ...]:
    return read(new.mac_commands, direction=Direction.UPLINK, mac_version=MacVersion.V1_1).commands


def tell(
    device: EndDevice, opened: OpenSession, *commands: MacCommand, f_port: int | None = None, payload: bytes = b""
) -> None:
    """Send a downlink as the network does, and count it."""
    session = opened.session
    phy_payload = seal_downlink(session, opened.ciphers, f_opts=write(commands), f_port=f_port, payload=payload)
    assert device.hear(phy_payload) is not None
    if f_port:
        opened.session = replace(session, a_f_cnt_down=session.a_f_cnt_down + 1)
    else:
        opened.session = replace(session, n_f_cnt_down=session.n_f_cnt_down + 1)
