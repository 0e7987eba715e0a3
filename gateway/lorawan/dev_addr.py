"""DevAddrs: which network one belongs to, and which ones a network gives (Backend Interfaces 1.1, section 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from gateway.model import DevAddr

# NetID type: bits of the type in a DevAddr (all ones but the last), bits of the NwkID (Backend Interfaces 1.1, section 5.1)
NWK_ID_BITS: Final = (6, 6, 9, 11, 12, 13, 15, 17)
ADDRESS_BITS: Final = 32
_EVERY_ADDRESS: Final = (1 << ADDRESS_BITS) - 1


def dev_addr_prefix(net_id: int) -> tuple[int, int]:
    """Return the prefix of a NetID's DevAddrs (in place, the rest 0) and how many bits it has."""
    net_id_type = net_id >> 21
    nwk_id_bits = NWK_ID_BITS[net_id_type]
    bits = net_id_type + 1 + nwk_id_bits
    type_prefix = (1 << net_id_type + 1) - 2  # 0, 10, 110, …
    nwk_id = net_id & ((1 << nwk_id_bits) - 1)
    return (type_prefix << nwk_id_bits | nwk_id) << (ADDRESS_BITS - bits), bits


def new_dev_addr(net_id: int, random_bits: int) -> DevAddr:
    """Return a DevAddr of a NetID (24 bits); ``random_bits`` (32) fill what the NetID leaves free."""
    return AddressBlock.of_net_id(net_id).address(random_bits)


@dataclass(frozen=True, slots=True)
class AddressBlock:
    """The DevAddrs that begin with the same bits, written "00130000/20"."""

    prefix: int  # in place, the rest 0
    bits: int

    @classmethod
    def of_net_id(cls, net_id: int) -> Self:
        """Return all DevAddrs of a NetID (24 bits)."""
        return cls(*dev_addr_prefix(net_id))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read "00130000/20"; ValueError says what is wrong."""
        found = re.fullmatch(r"([0-9A-Fa-f]{8})/(\d{1,2})", text)
        if found is None or int(found[2]) > ADDRESS_BITS:
            raise ValueError(
                f"{text!r} is no block of DevAddrs: 8 hex digits, a slash and 0 to 32 bits, e.g. '00130000/20'"
            )
        block = cls(int(found[1], 16), int(found[2]))
        first = cls(block.prefix & ~block.free, block.bits)
        if first != block:
            raise ValueError(f"{text!r} has digits behind its {block.bits} bits; {str(first)!r} is the block meant")
        return block

    @property
    def free(self) -> int:
        """The bits that tell the addresses of the block apart."""
        return _EVERY_ADDRESS >> self.bits

    def __contains__(self, address: DevAddr) -> bool:
        return int(address, 16) & ~self.free == self.prefix

    def lies_in(self, other: AddressBlock) -> bool:
        """Tell whether all addresses of this block are the other's, too."""
        return self.bits >= other.bits and self.prefix & ~other.free == other.prefix

    def address(self, random_bits: int) -> DevAddr:
        """Return the address whose free bits are those of ``random_bits`` (32)."""
        return DevAddr(f"{self.prefix | random_bits & self.free:08x}")

    def __str__(self) -> str:
        return f"{self.prefix:08x}/{self.bits}"
