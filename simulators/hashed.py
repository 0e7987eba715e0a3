"""Chance without a state: the n-th number of a key is the same whoever asks, and in whatever order.

    link = key(seed, device, gateway)
    normal(link, frame)  # the frame's own draw

Keys are 64 bits of BLAKE2b; numbers are mixed in with the finalizer of SplitMix64 (Steele, Lea and Flood, "Fast splittable
pseudorandom number generators", 2014), which is not for secrets.
"""

from __future__ import annotations

from hashlib import blake2b
from statistics import NormalDist
from typing import Final

_ALL: Final = (1 << 64) - 1
_GOLDEN: Final = 0x9E37_79B9_7F4A_7C15
_FIRST: Final = 0xBF58_476D_1CE4_E5B9
_SECOND: Final = 0x94D0_49BB_1331_11EB
_UNIT: Final = 2.0**-53
_QUANTILE: Final = NormalDist().inv_cdf


def key(*parts: object) -> int:
    """Return the 64 bits that ``parts`` are known by; the same parts, the same key, in every process."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def mixed(of: int, number: int) -> int:
    """Return 64 bits that tell nothing of ``number``."""
    bits = (of + number * _GOLDEN) & _ALL
    bits = ((bits ^ bits >> 30) * _FIRST) & _ALL
    bits = ((bits ^ bits >> 27) * _SECOND) & _ALL
    return bits ^ bits >> 31


def uniform(of: int, number: int) -> float:
    """Return the ``number``-th draw between 0 and 1, neither included."""
    return ((mixed(of, number) >> 11) + 0.5) * _UNIT


def normal(of: int, number: int) -> float:
    """Return the ``number``-th draw of the standard normal distribution."""
    return _QUANTILE(uniform(of, number))
