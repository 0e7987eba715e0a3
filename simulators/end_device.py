"""A class A end device: it joins or is personalised, counts, encrypts, and hears its answers (LoRaWAN 1.0.x).

    device = EndDevice(dev_eui, random=Random(1))  # or EndDevice.abp(dev_eui, dev_addr)
    joined = device.accept(the_network_answers(device.join_request()))
    answer = the_network_answers(device.uplink(2, payload, confirmed=True))
    downlink = device.hear(answer)

Radio, time and channels are the caller's: a frame is octets here.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Final, Self

from gateway.errors import BadFrame
from gateway.lorawan import crypto
from gateway.lorawan.crypto import SessionCiphers
from gateway.lorawan.join_accept import JoinAcceptContent, cf_list_frequencies
from gateway.lorawan.phy import (
    ADDRESS,
    JOIN_ACCEPT_MHDR,
    MIC_OCTETS,
    DataFrame,
    Direction,
    FCtrl,
    JoinAccept,
    data_octets,
    dev_addr_octets,
    join_request_octets,
    parse,
)
from gateway.lorawan.sessions import full_f_cnt
from gateway.model import DevAddr, Eui64, Key, MacVersion, SessionKeys

NO_JOIN_EUI: Final = Eui64("0000000000000000")
DEV_NONCES: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Downlink:
    """A downlink that was for this device, proved and decrypted."""

    f_cnt: int
    f_port: int | None
    payload: bytes
    ack: bool  # the last confirmed uplink arrived
    confirmed: bool  # the next uplink will acknowledge this one
    f_pending: bool
    mac_commands: bytes


class NotActivated(Exception):
    """Say that a device was to send before it had a session."""


class EndDevice:
    """One device; its counters are its state. ``random`` gives keys and nonces: the same seed, the same device."""

    def __init__(
        self,
        dev_eui: Eui64,
        *,
        join_eui: Eui64 = NO_JOIN_EUI,
        app_key: Key | None = None,
        mac_version: MacVersion = MacVersion.V1_0_3,
        random: Random | None = None,
    ) -> None:
        self._random = random or Random(dev_eui)
        self.dev_eui = dev_eui
        self.join_eui = join_eui
        self.app_key = app_key or Key(self._random.randbytes(16))
        self.mac_version = mac_version
        self.adr = False
        self.dev_nonce = -1  # the last one used
        self._used_nonces: set[int] = set()
        self.join_nonce: int | None = None  # of the accept that gave the session; None where none did
        self.dev_addr: DevAddr | None = None
        self.keys: SessionKeys | None = None
        self._ciphers: SessionCiphers | None = None
        self.f_cnt_up = 0  # the next
        self.f_cnt_down = 0  # the next that is taken
        self.rx1_delay_s = 1
        self.rx1_dr_offset = 0
        self.rx2_data_rate = 0
        self.channels_hz: tuple[int, ...] = ()  # that the join accept added
        self._last_frame = b""
        self._owes_ack = False

    @classmethod
    def abp(
        cls,
        dev_eui: Eui64,
        dev_addr: DevAddr,
        keys: SessionKeys | None = None,
        *,
        mac_version: MacVersion = MacVersion.V1_0_3,
        random: Random | None = None,
    ) -> Self:
        """Return a personalised device; keys that are not given are drawn."""
        device = cls(dev_eui, mac_version=mac_version, random=random)
        draw = device._random.randbytes
        device._activate(dev_addr, keys or SessionKeys.v1_0(nwk_s_key=Key(draw(16)), app_s_key=Key(draw(16))))
        return device

    # ── joining ──

    def join_request(self) -> bytes:
        """Return a join request with a DevNonce never used before."""
        self.dev_nonce = self._fresh_nonce()
        self._used_nonces.add(self.dev_nonce)
        signed = join_request_octets(self.join_eui, self.dev_eui, self.dev_nonce)
        return signed + crypto.signature(self.app_key, signed)

    def _fresh_nonce(self) -> int:
        if self.mac_version is MacVersion.V1_0_4:
            return self.dev_nonce + 1
        nonce = self._random.randrange(DEV_NONCES)
        while nonce in self._used_nonces:
            nonce = self._random.randrange(DEV_NONCES)
        return nonce

    def accept(self, phy_payload: bytes) -> bool:
        """Take a join accept that answers the last request; False, and nothing changed, where it is not for us."""
        if not isinstance(frame := _parsed(phy_payload), JoinAccept):
            return False
        clear = crypto.decrypt_join_accept(self.app_key, frame.encrypted)
        octets, mic = clear[:-MIC_OCTETS], clear[-MIC_OCTETS:]
        if crypto.signature(self.app_key, JOIN_ACCEPT_MHDR + octets) != mic:
            return False
        content = JoinAcceptContent.from_bytes(octets)
        keys = crypto.derive_session_keys_v1_0(
            self.app_key, join_nonce=content.join_nonce, net_id=content.net_id, dev_nonce=self.dev_nonce
        )
        self._activate(content.dev_addr, keys)
        self.join_nonce = content.join_nonce
        self.rx1_delay_s = content.rx_delay or 1
        self.rx1_dr_offset, self.rx2_data_rate = content.rx1_dr_offset, content.rx2_data_rate
        self.channels_hz = cf_list_frequencies(content.cf_list)
        return True

    def _activate(self, dev_addr: DevAddr, keys: SessionKeys) -> None:
        self.dev_addr, self.keys, self._ciphers = dev_addr, keys, SessionCiphers(keys)
        self.f_cnt_up = self.f_cnt_down = 0
        self._last_frame, self._owes_ack = b"", False

    # ── data ──

    def uplink(self, f_port: int | None, payload: bytes, *, confirmed: bool = False, f_opts: bytes = b"") -> bytes:
        """Return the next uplink; FPort 0 carries MAC commands, FPort None nothing."""
        ciphers, dev_addr = self._session()
        address, f_cnt = dev_addr_octets(dev_addr), self.f_cnt_up
        signed = data_octets(
            direction=Direction.UPLINK,
            confirmed=confirmed,
            dev_addr=dev_addr,
            f_ctrl=FCtrl(adr=self.adr, ack=self._owes_ack),
            f_cnt=f_cnt,
            f_opts=f_opts,
            f_port=f_port,
            frm_payload=ciphers.crypt_payload(Direction.UPLINK, address, f_cnt, f_port or 0, payload),
        )
        self.f_cnt_up += 1
        self._owes_ack = False
        self._last_frame = signed + ciphers.uplink_mic(signed, f_cnt)
        return self._last_frame

    def repeat(self) -> bytes:
        """Return the last uplink again, octet for octet: no answer was heard."""
        self._session()
        return self._last_frame

    def hear(self, phy_payload: bytes) -> Downlink | None:
        """Take a downlink; None, and nothing changed, where it is not for us, not proved or not new."""
        ciphers, dev_addr = self._session()
        frame = _parsed(phy_payload)
        if not isinstance(frame, DataFrame) or frame.direction is Direction.UPLINK or frame.dev_addr != dev_addr:
            return None
        f_cnt = full_f_cnt(self.f_cnt_down, frame.f_cnt16)
        if f_cnt < self.f_cnt_down or ciphers.downlink_mic(frame.signed, f_cnt) != frame.mic:
            return None
        self.f_cnt_down = f_cnt + 1
        self._owes_ack = frame.confirmed
        return _read(ciphers, frame, f_cnt)

    def _session(self) -> tuple[SessionCiphers, DevAddr]:
        if self._ciphers is None or self.dev_addr is None:
            raise NotActivated(f"{self.dev_eui} has not joined")
        return self._ciphers, self.dev_addr


def _parsed(phy_payload: bytes) -> object:
    try:
        return parse(phy_payload)
    except BadFrame:
        return None


def _read(ciphers: SessionCiphers, frame: DataFrame, f_cnt: int) -> Downlink:
    address, f_port = frame.signed[ADDRESS], frame.f_port
    plain = ciphers.crypt_payload(Direction.DOWNLINK, address, f_cnt, f_port or 0, frame.frm_payload)
    return Downlink(
        f_cnt=f_cnt,
        f_port=f_port,
        payload=plain if f_port else b"",
        ack=frame.f_ctrl.ack,
        confirmed=frame.confirmed,
        f_pending=frame.f_ctrl.f_pending,
        mac_commands=plain if f_port == 0 else frame.f_opts,
    )
