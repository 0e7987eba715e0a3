"""How often a password may be tried: by one address, and by all together. Both are buckets that fill again with time."""

from __future__ import annotations

import ipaddress
import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

OF_ONE: Final = (5, 1 / 12)  # tries at once, and how many more each second: five, then one in twelve seconds
OF_ALL: Final = (30, 0.5)  # a hundred addresses together try 43,000 passwords a day: a poor one of ten signs lasts
MOST_ADDRESSES: Final = 512  # remembered; whoever has more addresses than that meets the limit of all


@dataclass(slots=True)
class Bucket:
    """Tries that are left."""

    left: float
    at: float  # monotonic, when it was so

    def wait_s(self, limit: tuple[int, float], now: float) -> float:
        """Return for how many seconds nothing is left; 0 where something is."""
        most, per_s = limit
        self.left, self.at = min(most, self.left + (now - self.at) * per_s), now
        return 0.0 if self.left >= 1 else (1 - self.left) / per_s


class LoginLimits:
    """Count tries; a right password gives an address its tries back."""

    def __init__(self, now: Callable[[], float]) -> None:
        """``now``: monotonic seconds."""
        self._now = now
        self._all = Bucket(OF_ALL[0], now())
        self._of: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, address: str) -> int:
        """Take a try, and return 0; or return in how many whole seconds there is one, and take none."""
        now, name = self._now(), network_of(address)
        bucket = self._of.pop(name, None) or Bucket(OF_ONE[0], now)
        self._of[name] = bucket
        if len(self._of) > MOST_ADDRESSES:
            self._of.popitem(last=False)
        wait_s = bucket.wait_s(OF_ONE, now) or self._all.wait_s(OF_ALL, now)
        if wait_s:
            return math.ceil(wait_s)
        bucket.left -= 1
        self._all.left -= 1
        return 0

    def succeeded(self, address: str) -> None:
        """Forget the tries of an address that knew the password."""
        self._of.pop(network_of(address), None)


def network_of(address: str) -> str:
    """Return what is taken for one caller: an IPv4 address, or the /64 of an IPv6 one, of which anybody has 2^64 addresses."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
