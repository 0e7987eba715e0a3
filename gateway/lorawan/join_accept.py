"""What a join accept says once it is decrypted.

    JoinNonce 3 | NetID 3 | DevAddr 4 | DLSettings 1 | RxDelay 1 | [CFList 16]

DLSettings is OptNeg (bit 7), RX1DRoffset (6..4) and RX2DataRate (3..0). 1.0.x calls the JoinNonce AppNonce.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final

from gateway.errors import BadFrame, BadFrameReason
from gateway.lorawan.phy import dev_addr_octets, read_dev_addr, read_uint, uint_octets
from gateway.model import DevAddr

CF_LIST_OCTETS: Final = 16
_FIXED: Final = Struct("3s3s4sBB")


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinAcceptContent:
    """A join accept between MHDR and MIC."""

    join_nonce: int
    net_id: int
    dev_addr: DevAddr
    opt_neg: bool = False  # 1.1: the network speaks 1.1 too
    rx1_dr_offset: int = 0
    rx2_data_rate: int = 0
    rx_delay: int = 0  # seconds; 0 means 1
    cf_list: bytes = b""

    def to_bytes(self) -> bytes:
        """Return the 12 or 28 octets."""
        assert 0 <= self.rx1_dr_offset < 8, f"RX1DRoffset {self.rx1_dr_offset}, three bits hold 0 to 7"
        assert 0 <= self.rx2_data_rate < 16, f"RX2DataRate {self.rx2_data_rate}, four bits hold 0 to 15"
        assert 0 <= self.rx_delay < 16, f"RxDelay {self.rx_delay}, four bits hold 0 to 15"
        nonce, net_id = uint_octets(self.join_nonce, 3), uint_octets(self.net_id, 3)
        dl_settings = self.opt_neg << 7 | self.rx1_dr_offset << 4 | self.rx2_data_rate
        return _FIXED.pack(nonce, net_id, dev_addr_octets(self.dev_addr), dl_settings, self.rx_delay) + self.cf_list

    @classmethod
    def from_bytes(cls, octets: bytes) -> JoinAcceptContent:
        """Read the 12 or 28 octets; raises BadFrame where there are more or fewer."""
        if len(octets) not in {_FIXED.size, _FIXED.size + CF_LIST_OCTETS}:
            raise BadFrame(BadFrameReason.TRUNCATED, f"{len(octets)} octets of join accept where 12 or 28 are expected")
        nonce, net_id, address, dl_settings, rx_delay = _FIXED.unpack_from(octets)
        return cls(
            join_nonce=read_uint(nonce),
            net_id=read_uint(net_id),
            dev_addr=read_dev_addr(address),
            opt_neg=dl_settings & 0x80 > 0,
            rx1_dr_offset=dl_settings >> 4 & 0x07,
            rx2_data_rate=dl_settings & 0x0F,
            rx_delay=rx_delay & 0x0F,
            cf_list=octets[_FIXED.size :],
        )


def frequency_cf_list(frequencies_hz: Sequence[int]) -> bytes:
    """Return a CFList of type 0: the first five frequencies in steps of 100 Hz, 0 where there is none, and the type."""
    steps = [frequency // 100 for frequency in frequencies_hz[:5]] + [0] * (5 - len(frequencies_hz))
    return b"".join(uint_octets(step, 3) for step in steps) + b"\x00"


def cf_list_frequencies(cf_list: bytes) -> tuple[int, ...]:
    """Return the frequencies (Hz) of a CFList of type 0; none of another type, or of no list."""
    if len(cf_list) != CF_LIST_OCTETS or cf_list[-1] != 0:
        return ()
    steps = (read_uint(cf_list[place : place + 3]) for place in range(0, 15, 3))
    return tuple(100 * step for step in steps if step)
