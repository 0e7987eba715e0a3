"""PHYPayloads: the octets of the air as values, and back (LoRaWAN 1.0.4 and 1.1, section 4).

    data         MHDR 1 | DevAddr 4 | FCtrl 1 | FCnt 2 | FOpts 0..15 | [FPort 1 | FRMPayload 0..] | MIC 4
    join request MHDR 1 | JoinEUI 8 | DevEUI 8 | DevNonce 2 | MIC 4
    join accept  MHDR 1 | 16 or 32 octets: encrypted (join_accept.py)
    rejoin 0, 2  MHDR 1 | type 1 | NetID 3 | DevEUI 8 | RJcount0 2 | MIC 4
    rejoin 1     MHDR 1 | type 1 | JoinEUI 8 | DevEUI 8 | RJcount1 2 | MIC 4

MHDR is MType (bits 7..5), RFU (4..2) and Major (1..0). The wire's little endian lives here and in proving.py; nothing is
proved or decrypted here. ``signed`` is always all before the MIC, as it came.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import Final, NamedTuple

from gateway.errors import BadFrame, BadFrameReason
from gateway.model import DevAddr, Eui64

MIC_OCTETS: Final = 4
LONGEST: Final = 255  # octets of a PHYPayload: the LoRa modem's length field has eight bits
SHORTEST_DATA: Final = 12  # MHDR, DevAddr, FCtrl, FCnt and MIC
JOIN_REQUEST_OCTETS: Final = 23
JOIN_ACCEPT_OCTETS: Final = (17, 33)  # without and with CFList
REJOIN_OCTETS: Final = {0: 19, 1: 24, 2: 19}  # by rejoin type
LONGEST_F_OPTS: Final = 15
ADDRESS: Final = slice(1, 5)  # where a data frame has its DevAddr, in the order that cipher blocks have it too
JOIN_ACCEPT_MHDR: Final = b"\x20"

# Blocks that ciphers work on. First octet, ConfFCnt, TxDr, TxCh, Dir, DevAddr, FCnt, length of the message:
MIC_BLOCK: Final = Struct("<BHBBB4sIxB")
# All but the last octet, the block's number. First octet, which counter encrypts FOpts (0: FRMPayload), Dir, DevAddr, FCnt:
KEYSTREAM_BLOCK: Final = Struct("<B3xBB4sIx")

_FHDR: Final = Struct("<B4sBH")  # with MHDR before it, without FOpts


class MType(IntEnum):
    """The three top bits of MHDR."""

    JOIN_REQUEST = 0
    JOIN_ACCEPT = 1
    UNCONFIRMED_UP = 2
    UNCONFIRMED_DOWN = 3
    CONFIRMED_UP = 4
    CONFIRMED_DOWN = 5
    REJOIN_REQUEST = 6
    PROPRIETARY = 7


class Direction(IntEnum):
    """The octet Dir of MICs and keystreams; also the lowest bit of a data frame's MType."""

    UPLINK = 0
    DOWNLINK = 1


_DIRECTIONS: Final = tuple(Direction)


@dataclass(frozen=True, slots=True, kw_only=True)
class FCtrl:
    """The bits of FCtrl; FOptsLen is the length of the FOpts."""

    adr: bool = False
    adr_ack_req: bool = False  # uplinks
    ack: bool = False
    class_b: bool = False  # uplinks
    f_pending: bool = False  # downlinks, the same bit

    def octet(self, f_opts_len: int) -> int:
        """Return FCtrl for FOpts of this length."""
        bit_4 = self.class_b or self.f_pending
        return self.adr << 7 | self.adr_ack_req << 6 | self.ack << 5 | bit_4 << 4 | f_opts_len


def _uplink_f_ctrl(bits: int) -> FCtrl:
    return FCtrl(adr=bits & 8 > 0, adr_ack_req=bits & 4 > 0, ack=bits & 2 > 0, class_b=bits & 1 > 0)


def _downlink_f_ctrl(bits: int) -> FCtrl:
    return FCtrl(adr=bits & 8 > 0, ack=bits & 2 > 0, f_pending=bits & 1 > 0)  # bit 6 is RFU


F_CTRL: Final = (tuple(map(_uplink_f_ctrl, range(16))), tuple(map(_downlink_f_ctrl, range(16))))  # [Dir][upper bits]


class DataFrame(NamedTuple):
    """A data frame, still encrypted, its MIC not checked. A tuple: a frozen dataclass takes as long to make as its AES does."""

    direction: Direction
    confirmed: bool
    dev_addr: DevAddr
    f_ctrl: FCtrl
    f_cnt16: int
    f_opts: bytes
    f_port: int | None
    frm_payload: bytes
    signed: bytes
    mic: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinRequest:
    """A device that asks to join, its MIC not checked; 1.0.x calls the JoinEUI AppEUI."""

    join_eui: Eui64
    dev_eui: Eui64
    dev_nonce: int
    signed: bytes
    mic: bytes


@dataclass(frozen=True, slots=True)
class JoinAccept:
    """A join accept as it is on the air; only its device's key opens it."""

    encrypted: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RejoinRequest:
    """A 1.1 device that asks to join again; types 0 and 2 carry the NetID, type 1 the JoinEUI."""

    rejoin_type: int
    net_id: int | None
    join_eui: Eui64 | None
    dev_eui: Eui64
    rj_count: int
    signed: bytes
    mic: bytes


@dataclass(frozen=True, slots=True)
class Proprietary:
    """A frame of which the specification says nothing but its first octet."""

    payload: bytes


PhyPayload = DataFrame | JoinRequest | JoinAccept | RejoinRequest | Proprietary
Reader = Callable[[bytes], PhyPayload]


# ── reading ─────────────────────────────────────────────────────────────────────────────────────────────────────


def parse(phy_payload: bytes) -> PhyPayload:
    """Return the frame that these octets are; raise BadFrame, and nothing else for any octets."""
    size = len(phy_payload)
    if size == 0:
        raise BadFrame(BadFrameReason.TRUNCATED, "no octets")
    if size > LONGEST:
        raise BadFrame(BadFrameReason.TOO_LONG, f"{size} octets, a radio frame has at most {LONGEST}")
    if phy_payload[0] & 0x03:
        raise BadFrame(BadFrameReason.MAJOR_VERSION, f"MHDR 0x{phy_payload[0]:02x}")
    return _READERS[phy_payload[0] >> 5](phy_payload)


def _data(phy_payload: bytes) -> DataFrame:
    size = len(phy_payload)
    if size < SHORTEST_DATA:
        raise BadFrame(BadFrameReason.TRUNCATED, f"{size} octets, a data frame has at least {SHORTEST_DATA}")
    mhdr, address, f_ctrl, f_cnt16 = _FHDR.unpack_from(phy_payload)
    f_opts_len, mic_begins = f_ctrl & 0x0F, size - MIC_OCTETS
    fhdr_ends = _FHDR.size + f_opts_len
    if fhdr_ends > mic_begins:
        raise BadFrame(BadFrameReason.MALFORMED_FHDR, f"FOptsLen {f_opts_len} reaches beyond the frame's {size} octets")
    f_port = phy_payload[fhdr_ends] if fhdr_ends < mic_begins else None
    if f_port == 0 and f_opts_len:
        raise BadFrame(BadFrameReason.MALFORMED_FHDR, "FOpts and FPort 0 together")
    m_type = mhdr >> 5
    direction = _DIRECTIONS[m_type & 1]
    return DataFrame(  # by place: by name it takes twice as long
        direction,
        m_type >= MType.CONFIRMED_UP,
        read_dev_addr(address),
        F_CTRL[direction][f_ctrl >> 4],
        f_cnt16,
        phy_payload[_FHDR.size : fhdr_ends],
        f_port,
        phy_payload[fhdr_ends + 1 : mic_begins],
        phy_payload[:mic_begins],
        phy_payload[mic_begins:],
    )


def _exactly(phy_payload: bytes, size: int) -> None:
    if len(phy_payload) != size:
        reason = BadFrameReason.TRUNCATED if len(phy_payload) < size else BadFrameReason.TOO_LONG
        raise BadFrame(reason, f"{len(phy_payload)} octets where {size} are expected")


def _join_request(phy_payload: bytes) -> JoinRequest:
    _exactly(phy_payload, JOIN_REQUEST_OCTETS)
    return JoinRequest(
        join_eui=read_eui(phy_payload[1:9]),
        dev_eui=read_eui(phy_payload[9:17]),
        dev_nonce=read_uint(phy_payload[17:19]),
        signed=phy_payload[:-MIC_OCTETS],
        mic=phy_payload[-MIC_OCTETS:],
    )


def _join_accept(phy_payload: bytes) -> JoinAccept:
    if len(phy_payload) not in JOIN_ACCEPT_OCTETS:
        _exactly(phy_payload, JOIN_ACCEPT_OCTETS[len(phy_payload) > JOIN_ACCEPT_OCTETS[0]])
    return JoinAccept(phy_payload[1:])


def _rejoin_request(phy_payload: bytes) -> RejoinRequest:
    rejoin_type = phy_payload[1] if len(phy_payload) > 1 else 0
    if rejoin_type not in REJOIN_OCTETS:
        raise BadFrame(BadFrameReason.NOT_SUPPORTED, f"rejoin type {rejoin_type}, there are 0, 1 and 2")
    _exactly(phy_payload, REJOIN_OCTETS[rejoin_type])
    by_join_eui = rejoin_type == 1
    return RejoinRequest(
        rejoin_type=rejoin_type,
        net_id=None if by_join_eui else read_uint(phy_payload[2:5]),
        join_eui=read_eui(phy_payload[2:10]) if by_join_eui else None,
        dev_eui=read_eui(phy_payload[-14:-6]),
        rj_count=read_uint(phy_payload[-6:-4]),
        signed=phy_payload[:-MIC_OCTETS],
        mic=phy_payload[-MIC_OCTETS:],
    )


def _proprietary(phy_payload: bytes) -> Proprietary:
    return Proprietary(phy_payload[1:])


# One a message type.
_READERS: Final[tuple[Reader, ...]] = (_join_request, _join_accept, *[_data] * 4, _rejoin_request, _proprietary)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────────────────────


def data_octets(
    *,
    direction: Direction,
    confirmed: bool,
    dev_addr: DevAddr,
    f_ctrl: FCtrl,
    f_cnt: int,
    f_opts: bytes = b"",
    f_port: int | None = None,
    frm_payload: bytes = b"",
) -> bytes:
    """Return a data frame without its MIC; ``f_cnt`` has 32 bits, its lower half travels."""
    assert len(f_opts) <= LONGEST_F_OPTS, f"{len(f_opts)} octets of FOpts, {LONGEST_F_OPTS} fit"
    assert f_port is not None or not frm_payload, "an FRMPayload needs an FPort"
    assert f_port != 0 or not f_opts, "MAC commands go into FOpts or on FPort 0, not both"
    m_type = (MType.CONFIRMED_UP if confirmed else MType.UNCONFIRMED_UP) | direction
    fhdr = _FHDR.pack(m_type << 5, dev_addr_octets(dev_addr), f_ctrl.octet(len(f_opts)), f_cnt & 0xFFFF)
    port = b"" if f_port is None else bytes((f_port,))
    return fhdr + f_opts + port + frm_payload


def join_request_octets(join_eui: Eui64, dev_eui: Eui64, dev_nonce: int) -> bytes:
    """Return a join request without its MIC."""
    return b"\x00" + eui_octets(join_eui) + eui_octets(dev_eui) + uint_octets(dev_nonce, 2)


# ── identifiers and numbers, as they go over the air and into key derivations ──────────────────────────────────────


def dev_addr_octets(dev_addr: DevAddr) -> bytes:
    """Return a DevAddr's four octets; cipher blocks have them in this order too."""
    return bytes.fromhex(dev_addr)[::-1]


def read_dev_addr(octets: bytes) -> DevAddr:
    """Return the DevAddr of these four octets."""
    return DevAddr(octets[::-1].hex())


def eui_octets(eui: Eui64) -> bytes:
    """Return an EUI's eight octets."""
    return bytes.fromhex(eui)[::-1]


def read_eui(octets: bytes) -> Eui64:
    """Return the EUI of these eight octets."""
    return Eui64(octets[::-1].hex())


def uint_octets(number: int, size: int) -> bytes:
    """Return a nonce (DevNonce 2, JoinNonce 3), a NetID (3) or another number in ``size`` octets."""
    return number.to_bytes(size, "little")


def read_uint(octets: bytes) -> int:
    """Return the number that these octets are."""
    return int.from_bytes(octets, "little")
