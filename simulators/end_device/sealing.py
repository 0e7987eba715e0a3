"""One activation of a device: what it sends is encrypted and signed, what it hears is proved and decrypted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

from gateway.errors import BadFrame
from gateway.lorawan.crypto import FOptsCounter, SessionCiphers
from gateway.lorawan.phy import ADDRESS, DataFrame, Direction, FCtrl, data_octets, dev_addr_octets, parse
from gateway.model import DevAddr, MacVersion, SessionKeys
from simulators.end_device.values import OnAir

MAX_F_CNT_GAP: Final = (
    16_384  # a device of 1.0.0 to 1.0.3 takes no counter that is so far ahead (1.0.3, section 4.3.1.5)
)
_NO_GAP_RULE: Final = frozenset({MacVersion.V1_0_4, MacVersion.V1_1})
_HALF: Final = 1 << 16


@dataclass(slots=True)
class Counters:
    """The counters of one activation: each is the next one, to be sent or to be taken."""

    up: int = 0
    down: int = 0  # 1.1: of the network
    a_down: int = 0  # 1.1: of the application


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedUplink:
    """An uplink that may go out several times. In 1.1 its MIC says on which channel, so each time it is another."""

    signed: bytes
    f_cnt: int
    conf_f_cnt: int  # 1.1: of the downlink that it acknowledges, else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedDownlink:
    """A proved downlink in clear."""

    frame: DataFrame
    f_cnt: int
    payload: bytes  # b"" on FPort 0
    mac_commands: bytes


@dataclass(frozen=True, slots=True)
class Activated:
    """An activation as the device holds it; ``mac_version`` is what it speaks with this network."""

    dev_addr: DevAddr
    mac_version: MacVersion
    ciphers: SessionCiphers

    @classmethod
    def of(cls, dev_addr: DevAddr, mac_version: MacVersion, keys: SessionKeys) -> Self:
        """Return the activation that has these keys."""
        return cls(dev_addr, mac_version, SessionCiphers(keys))

    @property
    def is_v1_1(self) -> bool:
        """Whether counters are split, FOpts encrypted and MICs in two parts."""
        return self.mac_version is MacVersion.V1_1

    def uplink(
        self,
        f_cnt: int,
        *,
        confirmed: bool,
        f_ctrl: FCtrl,
        f_opts: bytes,
        f_port: int | None,
        payload: bytes,
        acknowledges: int | None,
    ) -> SignedUplink:
        """Encrypt an uplink; ``acknowledges`` is the counter of the confirmed downlink that its ACK means."""
        address, direction = dev_addr_octets(self.dev_addr), Direction.UPLINK
        if self.is_v1_1:
            counter = FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN
            f_opts = self.ciphers.crypt_f_opts(counter, direction, address, f_cnt, f_opts)
        signed = data_octets(
            direction=direction,
            confirmed=confirmed,
            dev_addr=self.dev_addr,
            f_ctrl=f_ctrl,
            f_cnt=f_cnt,
            f_opts=f_opts,
            f_port=f_port,
            frm_payload=self.ciphers.crypt_payload(direction, address, f_cnt, f_port or 0, payload),
        )
        return SignedUplink(signed=signed, f_cnt=f_cnt, conf_f_cnt=acknowledges or 0)

    def sealed(self, uplink: SignedUplink, sent: OnAir) -> bytes:
        """Return the PHYPayload that goes out as ``sent`` says."""
        if not self.is_v1_1:
            return uplink.signed + self.ciphers.uplink_mic(uplink.signed, uplink.f_cnt)
        return uplink.signed + self.ciphers.uplink_mic_v1_1(
            uplink.signed,
            uplink.f_cnt,
            conf_f_cnt=uplink.conf_f_cnt,
            tx_dr=sent.data_rate_number,
            tx_ch=sent.channel,
        )

    def open(self, frame: DataFrame, counters: Counters, confirmed_up: int | None) -> OpenedDownlink | None:
        """Open a downlink; None where it is not for this device, not proved or not new.

        ``confirmed_up`` is the counter of the last confirmed uplink: in 1.1 an ACK is proved to mean it.
        """
        if frame.direction is Direction.UPLINK or frame.dev_addr != self.dev_addr:
            return None
        following = counters.a_down if self.counts_apart(frame.f_port) else counters.down
        f_cnt = following + (frame.f_cnt16 - following) % _HALF
        if self.mac_version not in _NO_GAP_RULE and f_cnt - following >= MAX_F_CNT_GAP:
            return None
        conf_f_cnt = (confirmed_up or 0) if self.is_v1_1 and frame.f_ctrl.ack else 0
        if f_cnt >> 32 or self.ciphers.downlink_mic(frame.signed, f_cnt, conf_f_cnt) != frame.mic:
            return None
        return self._opened(frame, f_cnt)

    def counts_apart(self, f_port: int | None) -> bool:
        """Return whether a downlink has the application's counter, of 1.1."""
        return self.is_v1_1 and f_port is not None and f_port > 0

    def _opened(self, frame: DataFrame, f_cnt: int) -> OpenedDownlink:
        address, direction, f_port = frame.signed[ADDRESS], Direction.DOWNLINK, frame.f_port
        plain = self.ciphers.crypt_payload(direction, address, f_cnt, f_port or 0, frame.frm_payload)
        f_opts = frame.f_opts
        if self.is_v1_1:
            apart = self.counts_apart(f_port)
            counter = FOptsCounter.A_F_CNT_DOWN if apart else FOptsCounter.F_CNT_UP_OR_N_F_CNT_DOWN
            f_opts = self.ciphers.crypt_f_opts(counter, direction, address, f_cnt, f_opts)
        return OpenedDownlink(
            frame=frame,
            f_cnt=f_cnt,
            payload=plain if f_port else b"",
            mac_commands=plain if f_port == 0 else f_opts,
        )


def parsed(phy_payload: bytes) -> object:
    """Return the frame that these octets are, None for noise."""
    try:
        return parse(phy_payload)
    except BadFrame:
        return None
