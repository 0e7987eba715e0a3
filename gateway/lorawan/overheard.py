"""Joins that another network answers: the session that its join accept begins, read with the device's own root keys.

A device of 1.1 that joins a network of 1.0.x is told so by OptNeg, and derives a session of 1.0.x from its NwkKey
(LoRaWAN 1.1, section 6.2.5).
"""

from __future__ import annotations

from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan import crypto
from gateway.lorawan.join import JOIN_REQUEST, Asked, join_key
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import JOIN_ACCEPT_MHDR, MIC_OCTETS, JoinAccept
from gateway.lorawan.region import RECEIVE_DELAY1, Region
from gateway.model import Device, Key, MacVersion, RootKeys, Session, SessionKeys

FALLBACK: Final = MacVersion.V1_0_2  # what a device of 1.1 is in a network that knows no 1.1 (1.1, section 6.2.5)


def open_join_accept(
    accept: JoinAccept, asked: Asked, device: Device, root_keys: RootKeys, region: Region
) -> tuple[Session, JoinAcceptContent]:
    """Return the session that ``accept`` begins in answer to what ``device`` has asked, and what it says.

    BadFrame (MIC) says that it does not answer this request, UNKNOWN_DEVICE that a root key is lacking.
    """
    key = join_key(device, root_keys)
    is_join = asked.join_request_type == JOIN_REQUEST
    cipher = key if is_join else crypto.derive_js_enc_key(key, device.dev_eui)
    plain = crypto.decrypt_join_accept(cipher, accept.encrypted)
    octets, mic = plain[:-MIC_OCTETS], plain[-MIC_OCTETS:]
    content = JoinAcceptContent.from_bytes(octets)
    if _mic(content, JOIN_ACCEPT_MHDR + octets, asked, device, key) != mic:
        raise BadFrame(BadFrameReason.MIC, f"{device.dev_eui}: another device's join accept")
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=content.dev_addr,
        activation=f"{content.dev_addr}-{content.join_nonce}",
        mac_version=device.mac_version if content.opt_neg or not _is_v1_1(device) else FALLBACK,
        keys=_keys(content, asked, device, root_keys, key),
        rx1_delay_s=content.rx_delay or RECEIVE_DELAY1.seconds,
        rx1_dr_offset=content.rx1_dr_offset,
        rx2_data_rate=content.rx2_data_rate,
        rx2_frequency_hz=region.rx2_frequency_hz,
    )
    return session, content


def _is_v1_1(device: Device) -> bool:
    return device.mac_version is MacVersion.V1_1


def _mic(content: JoinAcceptContent, accept: bytes, asked: Asked, device: Device, key: Key) -> bytes:
    if not (content.opt_neg and _is_v1_1(device)):
        return crypto.signature(key, accept)
    js_int_key = crypto.derive_js_int_key(key, device.dev_eui)
    return crypto.join_accept_mic_v1_1(js_int_key, asked.join_eui, asked.nonce, accept, asked.join_request_type)


def _keys(content: JoinAcceptContent, asked: Asked, device: Device, root_keys: RootKeys, key: Key) -> SessionKeys:
    if not (content.opt_neg and _is_v1_1(device)):
        return crypto.derive_session_keys_v1_0(
            key, join_nonce=content.join_nonce, net_id=content.net_id, dev_nonce=asked.nonce
        )
    if root_keys.app_key is None:
        raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, f"{device.dev_eui}: LoRaWAN 1.1 needs AppKey and NwkKey")
    return crypto.derive_session_keys_v1_1(
        app_key=root_keys.app_key,
        nwk_key=key,
        join_nonce=content.join_nonce,
        join_eui=asked.join_eui,
        dev_nonce=asked.nonce,
    )
