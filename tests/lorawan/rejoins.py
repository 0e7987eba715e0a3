"""What a 1.1 device does to join and to rejoin: its requests, and its reading of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.lorawan import crypto
from gateway.lorawan.join_accept import JoinAcceptContent
from gateway.lorawan.phy import (
    JOIN_ACCEPT_MHDR,
    MIC_OCTETS,
    JoinAccept,
    RejoinRequest,
    eui_octets,
    parse,
    uint_octets,
)
from gateway.model import Eui64, Key, SessionKeys

MHDR = b"\xc0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejoiner:
    """A device as it is before it rejoins."""

    dev_eui: Eui64
    join_eui: Eui64
    app_key: Key
    nwk_key: Key
    net_id: int = 0x000013

    @property
    def js_int_key(self) -> Key:
        """The key of requests of type 1, and of join accepts."""
        return crypto.derive_js_int_key(self.nwk_key, self.dev_eui)

    def ask(self, rejoin_type: int, rj_count: int, s_nwk_s_int_key: Key | None = None) -> bytes:
        """Return a rejoin request, of types 0 and 2 signed with a session's key."""
        whom = eui_octets(self.join_eui) if rejoin_type == 1 else uint_octets(self.net_id, 3)
        signed = MHDR + bytes((rejoin_type,)) + whom + eui_octets(self.dev_eui) + uint_octets(rj_count, 2)
        return signed + crypto.signature(s_nwk_s_int_key or self.js_int_key, signed)

    def read(self, accept: bytes, asked: int, nonce: int) -> tuple[JoinAcceptContent, SessionKeys]:
        """Decrypt and prove a join accept that answers a request of type ``asked`` (1.1, section 6.2.3)."""
        frame = parse(accept)
        assert isinstance(frame, JoinAccept)
        key = self.nwk_key if asked == 0xFF else crypto.derive_js_enc_key(self.nwk_key, self.dev_eui)
        clear = crypto.decrypt_join_accept(key, frame.encrypted)
        octets, mic = clear[:-MIC_OCTETS], clear[-MIC_OCTETS:]
        signed = JOIN_ACCEPT_MHDR + octets
        assert crypto.join_accept_mic_v1_1(self.js_int_key, self.join_eui, nonce, signed, asked) == mic
        content = JoinAcceptContent.from_bytes(octets)
        keys = crypto.derive_session_keys_v1_1(
            app_key=self.app_key,
            nwk_key=self.nwk_key,
            join_nonce=content.join_nonce,
            join_eui=self.join_eui,
            dev_nonce=nonce,
        )
        return content, keys


def rejoin_request(phy_payload: bytes) -> RejoinRequest:
    """Return the request that these octets are."""
    frame = parse(phy_payload)
    assert isinstance(frame, RejoinRequest)
    return frame
