"""The ciphers of LoRaWAN: message integrity codes, keystreams, join accepts and key derivation (AES-128 throughout).

A session's cipher objects are made once and kept (`SessionCiphers`): a fresh CMAC or encryptor costs several times what
a frame does. Counters are always the full 32 bits.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, CipherContext
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB
from cryptography.hazmat.primitives.cmac import CMAC

from gateway.lorawan.phy import (
    ADDRESS,
    KEYSTREAM_BLOCK,
    MIC_BLOCK,
    MIC_OCTETS,
    Direction,
    JoinRequest,
    RejoinRequest,
    eui_octets,
    uint_octets,
)
from gateway.model import Eui64, Key, SessionKeys

_BLOCK: Final = 16  # octets
_MIC_FIRST: Final = 0x49
_KEYSTREAM_FIRST: Final = 0x01
_FIRST_BLOCK: Final = b"\x01"
_OTHER_BLOCKS: Final = tuple(bytes((number,)) for number in range(2, 17))  # 16 blocks hold the longest FRMPayload


class FOptsCounter(IntEnum):
    """Which counter encrypts the FOpts of 1.1, as the errata of 2018 number them; 0 is an FRMPayload's keystream."""

    F_CNT_UP_OR_N_F_CNT_DOWN = 1
    A_F_CNT_DOWN = 2


class SessionCiphers:
    """The cipher objects of one session, kept as long as it lives."""

    __slots__ = ("_nwk_s_enc", "_nwk_s_enc_key", "_s_nwk_s_int", "app_s", "f_nwk_s_int")

    def __init__(self, keys: SessionKeys) -> None:
        one_key = keys.s_nwk_s_int_key == keys.f_nwk_s_int_key  # 1.0.x: the NwkSKey
        self.f_nwk_s_int = CMAC(AES(keys.f_nwk_s_int_key.reveal()))
        self._s_nwk_s_int = self.f_nwk_s_int if one_key else CMAC(AES(keys.s_nwk_s_int_key.reveal()))
        self._nwk_s_enc_key = keys.nwk_s_enc_key
        self._nwk_s_enc: CipherContext | None = None  # made when needed: 1 kB that most devices of 1.0.x never use
        self.app_s = _encryptor(keys.app_s_key)

    def uplink_mic(self, signed: bytes, f_cnt: int) -> bytes:
        """Return an uplink's MIC of 1.0.x."""
        return _data_mic(self.f_nwk_s_int, Direction.UPLINK, signed, f_cnt)

    def uplink_mic_v1_1(self, signed: bytes, f_cnt: int, *, conf_f_cnt: int, tx_dr: int, tx_ch: int) -> bytes:
        """Return an uplink's MIC of 1.1: two octets from each integrity key.

        ``conf_f_cnt`` is the counter of the confirmed downlink that this frame acknowledges, 0 if it does not.
        """
        ours = _data_mic(self._s_nwk_s_int, Direction.UPLINK, signed, f_cnt, conf_f_cnt, tx_dr, tx_ch)
        return ours[:2] + _data_mic(self.f_nwk_s_int, Direction.UPLINK, signed, f_cnt)[:2]

    def downlink_mic(self, signed: bytes, f_cnt: int, conf_f_cnt: int = 0) -> bytes:
        """Return a downlink's MIC; ``conf_f_cnt`` (1.1) is the counter of the uplink that it acknowledges, else 0."""
        return _data_mic(self._s_nwk_s_int, Direction.DOWNLINK, signed, f_cnt, conf_f_cnt)

    def crypt_payload(self, direction: Direction, address: bytes, f_cnt: int, f_port: int, payload: bytes) -> bytes:
        """Encrypt or decrypt an FRMPayload: on FPort 0 with the network's key, else with the application's.

        ``address`` is a DevAddr as it is on the air.
        """
        return _crypt(self.app_s if f_port else self._network(), 0, direction, address, f_cnt, payload)

    def crypt_f_opts(
        self, counter: FOptsCounter, direction: Direction, address: bytes, f_cnt: int, f_opts: bytes
    ) -> bytes:
        """Encrypt or decrypt the FOpts of 1.1."""
        return _crypt(self._network(), counter, direction, address, f_cnt, f_opts)

    def _network(self) -> CipherContext:
        if self._nwk_s_enc is None:
            self._nwk_s_enc = _encryptor(self._nwk_s_enc_key)
        return self._nwk_s_enc


def _encryptor(key: Key) -> CipherContext:
    return Cipher(AES(key.reveal()), ECB()).encryptor()  # noqa: S305  # single blocks, as the specification has it


def _data_mic(
    cmac: CMAC, direction: Direction, signed: bytes, f_cnt: int, conf_f_cnt: int = 0, tx_dr: int = 0, tx_ch: int = 0
) -> bytes:
    block = MIC_BLOCK.pack(
        _MIC_FIRST, conf_f_cnt & 0xFFFF, tx_dr, tx_ch, direction, signed[ADDRESS], f_cnt, len(signed)
    )
    copy = cmac.copy()
    copy.update(block + signed)
    return copy.finalize()[:MIC_OCTETS]


def _crypt(
    encryptor: CipherContext, counter: int, direction: Direction, address: bytes, f_cnt: int, octets: bytes
) -> bytes:
    size = len(octets)
    if not size:
        return b""
    first = KEYSTREAM_BLOCK.pack(_KEYSTREAM_FIRST, counter, direction, address, f_cnt)
    blocks = first + _FIRST_BLOCK  # most payloads have no other
    if size > _BLOCK:
        blocks += b"".join([first + number for number in _OTHER_BLOCKS[: (size - 1) // _BLOCK]])
    keystream = encryptor.update(blocks)[:size]
    return (int.from_bytes(octets) ^ int.from_bytes(keystream)).to_bytes(size)


# ── joining ─────────────────────────────────────────────────────────────────────────────────────────────────────


def signature(key: Key, message: bytes) -> bytes:
    """Return the first four octets of a CMAC: the MIC of all frames that are not data."""
    cmac = CMAC(AES(key.reveal()))
    cmac.update(message)
    return cmac.finalize()[:MIC_OCTETS]


def join_request_mic(key: Key, request: JoinRequest) -> bytes:
    """Return a join request's MIC; the key is the AppKey of 1.0.x, the NwkKey of 1.1."""
    return signature(key, request.signed)


def rejoin_request_mic(key: Key, request: RejoinRequest) -> bytes:
    """Return a rejoin request's MIC; the key is the SNwkSIntKey of types 0 and 2, the JSIntKey of type 1."""
    return signature(key, request.signed)


def join_accept_mic_v1_1(
    js_int_key: Key, join_eui: Eui64, nonce: int, accept: bytes, join_request_type: int = 0xFF
) -> bytes:
    """Return the MIC of a join accept with OptNeg set.

    ``accept`` is MHDR and content; ``nonce`` is the DevNonce, or the RJcount of the rejoin type in ``join_request_type``.
    """
    asked = bytes((join_request_type,)) + eui_octets(join_eui) + uint_octets(nonce, 2)
    return signature(js_int_key, asked + accept)


def encrypt_join_accept(key: Key, octets: bytes) -> bytes:
    """Encrypt a join accept's content and MIC (16 or 32 octets), with AES *decryption*: devices need only encrypt.

    The key is the AppKey of 1.0.x, the NwkKey of 1.1; the JSEncKey when a rejoin request is answered.
    """
    decryptor = Cipher(AES(key.reveal()), ECB()).decryptor()  # noqa: S305  # as the specification has it
    return decryptor.update(octets)


def decrypt_join_accept(key: Key, encrypted: bytes) -> bytes:
    """Return a join accept's content and MIC."""
    return _encryptor(key).update(encrypted)


# ── key derivation ──────────────────────────────────────────────────────────────────────────────────────────────


def derive_session_keys_v1_0(app_key: Key, *, join_nonce: int, net_id: int, dev_nonce: int) -> SessionKeys:
    """Return the keys of a 1.0.x session (1.0.4, section 6.2.5)."""
    seed = uint_octets(join_nonce, 3) + uint_octets(net_id, 3) + uint_octets(dev_nonce, 2)
    return SessionKeys.v1_0(nwk_s_key=_derive(app_key, 0x01, seed), app_s_key=_derive(app_key, 0x02, seed))


def derive_session_keys_v1_1(
    *, app_key: Key, nwk_key: Key, join_nonce: int, join_eui: Eui64, dev_nonce: int
) -> SessionKeys:
    """Return the keys of a 1.1 session with OptNeg set (1.1, section 6.2.5)."""
    seed = uint_octets(join_nonce, 3) + eui_octets(join_eui) + uint_octets(dev_nonce, 2)
    return SessionKeys(
        f_nwk_s_int_key=_derive(nwk_key, 0x01, seed),
        app_s_key=_derive(app_key, 0x02, seed),
        s_nwk_s_int_key=_derive(nwk_key, 0x03, seed),
        nwk_s_enc_key=_derive(nwk_key, 0x04, seed),
    )


def derive_js_enc_key(nwk_key: Key, dev_eui: Eui64) -> Key:
    """Return the key that encrypts join accepts in answer to rejoin requests (1.1, section 6.1.1.4)."""
    return _derive(nwk_key, 0x05, eui_octets(dev_eui))


def derive_js_int_key(nwk_key: Key, dev_eui: Eui64) -> Key:
    """Return the key that signs join accepts and rejoin requests of type 1 (1.1, section 6.1.1.4)."""
    return _derive(nwk_key, 0x06, eui_octets(dev_eui))


def _derive(key: Key, purpose: int, seed: bytes) -> Key:
    return Key(_encryptor(key).update((bytes((purpose,)) + seed).ljust(_BLOCK, b"\x00")))
