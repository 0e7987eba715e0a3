"""Joining as the device does it: requests it signs, accepts it opens, keys it derives (LoRaWAN 1.0.4 and 1.1, section 6.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.lorawan import crypto
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import (
    JOIN_ACCEPT_MHDR,
    MIC_OCTETS,
    MType,
    eui_octets,
    join_request_octets,
    uint_octets,
)
from gateway.model import Eui64, Key, MacVersion, SessionKeys

JOIN: Final = 0xFF  # JoinReqType of a join request (LoRaWAN 1.1, section 6.2.3)
REJOIN_KEEPING_RADIO: Final = 2  # the rejoin type after which the radio stays as it was told (section 6.2.4)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a device has asked last: its JoinReqType, and the DevNonce or RJcount in it."""

    kind: int
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a device is born with."""

    dev_eui: Eui64
    join_eui: Eui64
    app_key: Key
    nwk_key: Key | None  # of 1.1

    @property
    def join_key(self) -> Key:
        """The key of join requests and of the accepts that answer them."""
        return self.app_key if self.nwk_key is None else self.nwk_key

    @property
    def js_int_key(self) -> Key:
        """The key that signs accepts of 1.1 and rejoin requests of type 1."""
        return crypto.derive_js_int_key(self.join_key, self.dev_eui)

    @property
    def js_enc_key(self) -> Key:
        """The key of accepts that answer rejoin requests."""
        return crypto.derive_js_enc_key(self.join_key, self.dev_eui)


# ── asking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def join_request(who: Credentials, dev_nonce: int) -> bytes:
    """Return a join request."""
    signed = join_request_octets(who.join_eui, who.dev_eui, dev_nonce)
    return signed + crypto.signature(who.join_key, signed)


def rejoin_request(who: Credentials, asked: Asked, net_id: int, s_nwk_s_int_key: Key) -> bytes:
    """Return a rejoin request: type 1 speaks to the join server, 0 and 2 to the network that the device is in."""
    by_join_eui = asked.kind == 1
    to_whom = eui_octets(who.join_eui) if by_join_eui else uint_octets(net_id, 3)
    head = bytes((MType.REJOIN_REQUEST << 5, asked.kind))
    signed = head + to_whom + eui_octets(who.dev_eui) + uint_octets(asked.nonce, 2)
    return signed + crypto.signature(who.js_int_key if by_join_eui else s_nwk_s_int_key, signed)


# ── being answered ──────────────────────────────────────────────────────────────────────────────────────────────


def open_accept(who: Credentials, asked: Asked, encrypted: bytes) -> JoinAcceptContent | None:
    """Return what a join accept says; None where another device, or another question, is meant."""
    key = who.join_key if asked.kind == JOIN else who.js_enc_key
    clear = crypto.decrypt_join_accept(key, encrypted)
    octets, mic = clear[:-MIC_OCTETS], clear[-MIC_OCTETS:]
    content = JoinAcceptContent.from_bytes(octets)
    return content if _mic(who, asked, content, octets) == mic else None


def _mic(who: Credentials, asked: Asked, content: JoinAcceptContent, octets: bytes) -> bytes | None:
    accept = JOIN_ACCEPT_MHDR + octets
    if who.nwk_key is not None and content.opt_neg:
        return crypto.join_accept_mic_v1_1(who.js_int_key, who.join_eui, asked.nonce, accept, asked.kind)
    return crypto.signature(who.join_key, accept) if asked.kind == JOIN else None  # 1.0.x knows no rejoin


def session_keys(who: Credentials, asked: Asked, content: JoinAcceptContent) -> SessionKeys:
    """Return the keys of the session that an accept begins; of a 1.1 device in a 1.0 network all from its NwkKey."""
    if who.nwk_key is not None and content.opt_neg:
        return crypto.derive_session_keys_v1_1(
            app_key=who.app_key,
            nwk_key=who.nwk_key,
            join_nonce=content.join_nonce,
            join_eui=who.join_eui,
            dev_nonce=asked.nonce,
        )
    return crypto.derive_session_keys_v1_0(
        who.join_key, join_nonce=content.join_nonce, net_id=content.net_id, dev_nonce=asked.nonce
    )


def spoken_version(who: Credentials, content: JoinAcceptContent, own: MacVersion) -> MacVersion:
    """Return the version that a session speaks: a 1.1 device that was not offered it speaks 1.0.x."""
    return own if content.opt_neg or who.nwk_key is None else MacVersion.V1_0_3
