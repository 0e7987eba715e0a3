"""Ordinary uplinks, proved and decrypted in one go: nearly all that a box hears of its own devices.

    MHDR 1 | DevAddr 4 | FCtrl 1 | FCnt 2 | FPort 1 | FRMPayload 0.. | MIC 4

An uplink of 1.0.x is ordinary with an application's FPort, without FOpts, and with a counter that is new and near. `parse` and
`open_uplink` say what a frame is and what becomes of it, any frame; they take twice as long as this, and all that is not
ordinary, wrong frames too, is theirs. So nothing is refused here, and what is proved here they would prove alike.

Written for speed, each step measured (bench/README.md): the octets are read and written by one struct for each size, nothing is
made that the frame does not say, and a frame touches as little of the memory of 10,000 sessions as it can.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from struct import Struct
from typing import Any, Final

from gateway.lorawan.phy import F_CTRL, LONGEST, MIC_OCTETS, Direction, MType
from gateway.lorawan.sessions import MAX_F_CNT_GAP, AnyOpen, Proved

SHORTEST: Final = 13  # octets of a data frame with FPort
_BLOCK_BITS: Final = 128
_MIC_FIRST: Final = bytes((0x49, 0, 0, 0, 0, Direction.UPLINK))  # of a cipher block, until DevAddr
_KEYSTREAM_FIRST: Final = bytes((0x01, 0, 0, 0, 0, Direction.UPLINK))
_keystream_block: Final = Struct("<6s4sIxB").pack


# How a frame of one size is read (MHDR, DevAddr, FCtrl, FCnt, FPort, FRMPayload, MIC) and written after the block that its MIC
# begins with (that block's beginning, DevAddr, counter, size and the frame, whose own MIC falls off); the octets that are signed,
# those of the payload, and the bits of one block of keystream that the payload leaves over, below 0 where it needs another. A
# bare tuple: one with names is taken apart half as fast.
_Layout = tuple[Callable[[bytes], tuple[Any, ...]], Callable[..., bytes], int, int, int]


def _layout(size: int) -> _Layout:
    payload, signed = size - SHORTEST, size - MIC_OCTETS
    read = Struct(f"<B4sBHB{payload}s{MIC_OCTETS}s").unpack
    return read, Struct(f"<6s4sIxB{signed}s").pack, signed, payload, _BLOCK_BITS - 8 * payload


_LAYOUTS: Final = {size: _layout(size) for size in range(SHORTEST, LONGEST + 1)}
# By MHDR and by FCtrl, None where no ordinary uplink has it:
_CONFIRMED: Final = [{MType.UNCONFIRMED_UP << 5: False, MType.CONFIRMED_UP << 5: True}.get(one) for one in range(256)]
_F_CTRL: Final = [None if one & 0x0F else F_CTRL[Direction.UPLINK][one >> 4] for one in range(256)]
_int: Final = int.from_bytes
_made: Final = tuple.__new__  # as a named tuple makes itself it takes twice as long


def prove(octets: bytes, sessions: Mapping[bytes, AnyOpen]) -> Proved[AnyOpen] | None:
    """Return what an ordinary new uplink says; None for all other octets, whatever they are.

    ``sessions`` are the first of each address, as it is on the air; the others are beside them. Nothing of them is changed.
    """
    layout = _LAYOUTS.get(len(octets))
    if layout is None:
        return None
    read, message, signed, size, beyond = layout
    m_hdr, address, f_ctrl_octet, f_cnt16, f_port, payload, mic = read(octets)
    confirmed, f_ctrl = _CONFIRMED[m_hdr], _F_CTRL[f_ctrl_octet]
    if confirmed is None or f_ctrl is None or not f_port:
        return None
    opened = sessions.get(address)
    while opened is not None:
        expects = opened.expects
        if expects is not None and (ahead := (f_cnt16 - expects) & 0xFFFF) < MAX_F_CNT_GAP:
            f_cnt = expects + ahead
            cmac = opened.cmac.copy()
            cmac.update(message(_MIC_FIRST, address, f_cnt, signed, octets))
            if (
                cmac.finalize()[:MIC_OCTETS] == mic
            ):  # in no constant time: nobody is told which octet was wrong, or when
                if beyond >= 0:
                    keystream = opened.app_s.update(_keystream_block(_KEYSTREAM_FIRST, address, f_cnt, 1))
                    plain = (_int(payload) ^ _int(keystream) >> beyond).to_bytes(size)
                else:
                    plain = opened.ciphers.crypt_payload(Direction.UPLINK, address, f_cnt, f_port, payload)
                return _made(Proved, (opened, f_cnt, confirmed, f_ctrl, f_port, plain, b""))
        opened = opened.beside
    return None
