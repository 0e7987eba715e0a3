"""Joining: a join request is proved, and answered with a session and an encrypted join accept.

1.0.x devices have an AppKey, 1.1 devices an AppKey and a NwkKey; the network of this box is the join server too.
Rejoin requests (`rejoin.py`) are answered by the same accept, with other keys.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan import channel_plan, crypto
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import JOIN_ACCEPT_MHDR, JoinRequest
from gateway.lorawan.region import RECEIVE_DELAY1, Region
from gateway.model import DevAddr, Device, Eui64, Key, MacVersion, RootKeys, Session, SessionKeys

JOIN_NONCES: Final = 1 << 24  # JoinNonce has three octets
DEV_NONCE_GROWS: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})  # before, it was random

JOIN_REQUEST: Final = 0xFF  # JoinReqType of a join request; a rejoin request's is its own type (1.1, section 6.2.3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The request that a join accept answers, as far as its keys and its MIC depend on it."""

    join_eui: Eui64
    nonce: int  # DevNonce, or the RJcount that stands in for it
    join_request_type: int = JOIN_REQUEST


def open_join_request(request: JoinRequest, device: Device, root_keys: RootKeys, used: Collection[int]) -> None:
    """Prove a join request of ``device``; ``used`` are the DevNonces it joined with before. Raises BadFrame only."""
    if device.join_eui is not None and request.join_eui != device.join_eui:
        raise BadFrame(
            BadFrameReason.WRONG_JOIN_EUI, f"{device.dev_eui}: {request.join_eui}, registered {device.join_eui}"
        )
    if crypto.join_request_mic(join_key(device, root_keys), request) != request.mic:
        raise BadFrame(BadFrameReason.MIC, f"{device.dev_eui}: the device joins with another key")
    if not _is_fresh(request.dev_nonce, device.mac_version, used):
        raise BadFrame(BadFrameReason.REPLAYED_DEV_NONCE, f"{device.dev_eui}: {request.dev_nonce}")


def _is_fresh(dev_nonce: int, mac_version: MacVersion, used: Collection[int]) -> bool:
    if mac_version in DEV_NONCE_GROWS:
        return dev_nonce > max(used, default=-1)
    return dev_nonce not in used


def join_key(device: Device, root_keys: RootKeys) -> Key:
    """Return the key that a device's network layer begins with: NwkKey of 1.1, AppKey of 1.0.x."""
    return _present(root_keys.nwk_key if device.mac_version is MacVersion.V1_1 else root_keys.app_key, device)


def _present(key: Key | None, device: Device) -> Key:
    if key is None:
        name = "AppKey and NwkKey" if device.mac_version is MacVersion.V1_1 else "AppKey"
        raise BadFrame(BadFrameReason.UNKNOWN_DEVICE, f"{device.dev_eui}: LoRaWAN {device.mac_version} needs {name}")
    return key


def answer_join(
    request: JoinRequest,
    device: Device,
    root_keys: RootKeys,
    *,
    join_nonce: int,
    net_id: int,
    dev_addr: DevAddr,
    region: Region,
    rx1_delay_s: int = RECEIVE_DELAY1.seconds,
    rx1_dr_offset: int = 0,
    rx2_data_rate: int | None = None,
    cf_list: bytes | None = None,
) -> tuple[Session, bytes]:
    """Return the session that a proved request begins, and the PHYPayload of the join accept that says so.

    ``join_nonce`` must never have been used with this device; ``rx2_data_rate`` and ``cf_list`` None are the region's,
    b"" adds no channels. Raises BadFrame only.
    """
    content = JoinAcceptContent(
        join_nonce=join_nonce,
        net_id=net_id,
        dev_addr=dev_addr,
        opt_neg=device.mac_version is MacVersion.V1_1,
        rx1_dr_offset=rx1_dr_offset,
        rx2_data_rate=region.rx2_data_rate if rx2_data_rate is None else rx2_data_rate,
        rx_delay=rx1_delay_s,
        cf_list=channel_plan.cf_list(region, device.mac_version) if cf_list is None else cf_list,
    )
    asked = Asked(join_eui=request.join_eui, nonce=request.dev_nonce)
    return accepted(asked, device, root_keys, content, rx2_frequency_hz=region.rx2_frequency_hz)


def accepted(
    asked: Asked, device: Device, root_keys: RootKeys, content: JoinAcceptContent, *, rx2_frequency_hz: int
) -> tuple[Session, bytes]:
    """Return the session that an accept begins, and its PHYPayload; an accept cannot say where RX2 is, so it stays."""
    if content.join_nonce >= JOIN_NONCES:
        raise BadFrame(BadFrameReason.COUNTER_EXHAUSTED, f"{device.dev_eui}: JoinNonce {content.join_nonce}")
    session = Session(
        dev_eui=device.dev_eui,
        dev_addr=content.dev_addr,
        activation=f"{content.dev_addr}-{content.join_nonce}",
        mac_version=device.mac_version,
        keys=_session_keys(asked, device, root_keys, content),
        rx1_delay_s=content.rx_delay,
        rx1_dr_offset=content.rx1_dr_offset,
        rx2_data_rate=content.rx2_data_rate,
        rx2_frequency_hz=rx2_frequency_hz,
    )
    return session, _join_accept(asked, device, root_keys, content)


def _session_keys(asked: Asked, device: Device, root_keys: RootKeys, content: JoinAcceptContent) -> SessionKeys:
    app_key = _present(root_keys.app_key, device)
    if device.mac_version is MacVersion.V1_1:
        return crypto.derive_session_keys_v1_1(
            app_key=app_key,
            nwk_key=join_key(device, root_keys),
            join_nonce=content.join_nonce,
            join_eui=asked.join_eui,
            dev_nonce=asked.nonce,
        )
    return crypto.derive_session_keys_v1_0(
        app_key, join_nonce=content.join_nonce, net_id=content.net_id, dev_nonce=asked.nonce
    )


def _join_accept(asked: Asked, device: Device, root_keys: RootKeys, content: JoinAcceptContent) -> bytes:
    key, octets = join_key(device, root_keys), content.to_bytes()
    accept = JOIN_ACCEPT_MHDR + octets
    if content.opt_neg:
        js_int_key = crypto.derive_js_int_key(key, device.dev_eui)
        mic = crypto.join_accept_mic_v1_1(js_int_key, asked.join_eui, asked.nonce, accept, asked.join_request_type)
    else:
        mic = crypto.signature(key, accept)
    if asked.join_request_type != JOIN_REQUEST:
        key = crypto.derive_js_enc_key(key, device.dev_eui)
    return JOIN_ACCEPT_MHDR + crypto.encrypt_join_accept(key, octets + mic)
