"""Channel masks of LinkADRReq: which blocks switch a device to a set of channels, and what a block switches.

    ChMaskCntl   plans that are not fixed             US915, AU915
    0 to 3       0: channels 0 to 15                  16 narrow channels each
    4            reserved                             the wide channels, 64 to 71
    5            reserved                             each bit a bank: 8 narrow channels and their wide one
    6            all that the device has on           all narrow on, the mask is of 64 to 71
    7            reserved                             all narrow off, the mask is of 64 to 71

Source: RP002-1.0.4, "LinkADRReq command" of each region. That 5 switches the wide channel too is what the text says and
what LoRaMac-node (RegionUS915.c), pamoja and MultiTech's gateways do; The Things Stack leaves the wide ones as they are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from gateway.lorawan.region import Region
from gateway.lorawan.regions.fixed_plan import BANK, NARROW, WIDE, bank
from gateway.model import MacVersion

MASK_BITS: Final = 16
_WIDE_BLOCK: Final = NARROW // MASK_BITS
_ALL_NARROW: Final = frozenset(range(NARROW))
_ALL_WIDE: Final = frozenset(range(NARROW, NARROW + WIDE))

# ChMaskCntl that say something of every channel, the most widely known first. 5 came with the Regional Parameters 1.0.3
# and 1.1; before 1.0.2 a device took each command for itself and refuses a 7 that leaves nothing on.
_BEGINNINGS: Final = (7, 6, 5)
_BEGINNINGS_OF: Final = {MacVersion.V1_0_0: (6,), MacVersion.V1_0_1: (6,), MacVersion.V1_0_2: (7, 6)}


class MaskBlock(NamedTuple):
    """One LinkADRReq's part of a mask; bit 0 of ``ch_mask`` is the block's first channel."""

    ch_mask_cntl: int
    ch_mask: int


def mask_of(channels: Collection[int], first: int) -> int:
    """Return the mask of the 16 channels from ``first`` on."""
    return sum(1 << number - first for number in channels if first <= number < first + MASK_BITS)


def numbers_of(ch_mask: int, first: int) -> frozenset[int]:
    """Return the channels of a mask whose first bit is ``first``."""
    return frozenset(first + bit for bit in range(MASK_BITS) if ch_mask >> bit & 1)


# ── from channels to blocks ─────────────────────────────────────────────────────────────────────────────────────


def mask_blocks(
    region: Region, enabled: Collection[int], mac_version: MacVersion = MacVersion.V1_0_4
) -> tuple[MaskBlock, ...]:
    """Return the fewest blocks that switch a device to ``enabled``, whatever it has on before; ValueError for none.

    They go into one frame, one behind the other, in this order.
    """
    wanted = frozenset(enabled)
    known = range(len(region.default_channels)) if region.fixed_plan else range(MASK_BITS)
    if not wanted or not wanted <= {*known}:
        raise ValueError(f"{region.name}: {sorted(wanted)} are no channels of 0 to {known[-1]}, at least one is needed")
    if not region.fixed_plan:
        return (MaskBlock(0, mask_of(wanted, 0)),)  # 6 would say less: what the device believes to have is not known
    return min(_sequences(wanted, mac_version), key=len)


def _sequences(wanted: frozenset[int], mac_version: MacVersion) -> Iterator[tuple[MaskBlock, ...]]:
    for ch_mask_cntl in _BEGINNINGS_OF.get(mac_version, _BEGINNINGS):
        first = MaskBlock(ch_mask_cntl, _bank_mask(wanted) if ch_mask_cntl == 5 else mask_of(wanted, NARROW))
        yield first, *_corrections(wanted, _switched_fixed(first, frozenset()))
    yield tuple(sorted(_all_blocks(wanted), key=lambda block: block.ch_mask.bit_count(), reverse=True))


def _bank_mask(wanted: frozenset[int]) -> int:
    """Return the banks that leave least to correct: a block that must be corrected may as well set its wide channels."""
    bits = 0
    for first in range(0, NARROW, MASK_BITS):
        pair = (first // BANK, first // BANK + 1)
        narrow_on = [len(wanted.intersection(bank(number)) - _ALL_WIDE) for number in pair]
        whole = all(count in {0, BANK} for count in narrow_on)
        on = [
            count == BANK if whole else NARROW + number in wanted for number, count in zip(pair, narrow_on, strict=True)
        ]
        bits |= sum(1 << number for number, is_on in zip(pair, on, strict=True) if is_on)
    return bits


def _corrections(wanted: frozenset[int], reached: frozenset[int]) -> Iterator[MaskBlock]:
    for block in _all_blocks(wanted):
        first = MASK_BITS * block.ch_mask_cntl
        if mask_of(reached, first) != block.ch_mask:
            yield block


def _all_blocks(wanted: frozenset[int]) -> Sequence[MaskBlock]:
    return [MaskBlock(number, mask_of(wanted, MASK_BITS * number)) for number in range(_WIDE_BLOCK + 1)]


# ── from blocks to channels ─────────────────────────────────────────────────────────────────────────────────────


def switched(region: Region, block: MaskBlock, enabled: frozenset[int], defined: frozenset[int]) -> frozenset[int]:
    """Return what a device has on after a block; ValueError for a ChMaskCntl that is reserved in its region."""
    if region.fixed_plan and 0 <= block.ch_mask_cntl <= 7:
        return _switched_fixed(block, enabled)
    if block.ch_mask_cntl == 0:
        return numbers_of(block.ch_mask, 0)
    if block.ch_mask_cntl == 6:
        return defined
    raise ValueError(f"{region.name}: ChMaskCntl {block.ch_mask_cntl} is reserved; 0 and 6 are not")


def _switched_fixed(block: MaskBlock, enabled: frozenset[int]) -> frozenset[int]:
    match block.ch_mask_cntl:
        case 5:
            return frozenset().union(*(bank(bit) for bit in range(WIDE) if block.ch_mask >> bit & 1))
        case 6:
            return _ALL_NARROW | numbers_of(block.ch_mask, NARROW) & _ALL_WIDE
        case 7:
            return numbers_of(block.ch_mask, NARROW) & _ALL_WIDE
        case number:
            first = MASK_BITS * number
            of_block = frozenset(range(first, first + MASK_BITS)) & (_ALL_NARROW | _ALL_WIDE)
            return enabled - of_block | numbers_of(block.ch_mask, first) & of_block
