"""Names: is each host of the configuration found, and how fast."""

from __future__ import annotations

import asyncio
import re
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.doctor.apart import apart
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.hosts import all_of, proxies
from gateway.transports import network

LIMIT_S: Final = 8.0  # resolv.conf(5): two tries of five seconds each, were one name server dead
SLOW_S: Final = 2.0

UNKNOWN: Final = Ill(
    "unknown",
    Standing.WRONG,
    "a host's name is not found: misspelt, or no name server answers",
    "getent hosts {name}; look at url of {about} in brygga.toml",
)
SLOW: Final = Ill(
    "slow",
    Standing.UNWISE,
    "names are found slowly: the first name server does not answer",
    "resolvectl status, or /etc/resolv.conf",
)
NO_SERVER: Final = Ill(
    "no_server", Standing.WRONG, "no name server is set", "nmcli or /etc/resolv.conf: nameserver 9.9.9.9"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What came of looking a name up."""

    about: str
    addresses: Sequence[str] = ()
    seconds: float
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """All names of the configuration, and who is asked."""

    lookups: Mapping[str, Lookup]
    servers: Sequence[str]


async def names(box: Box) -> Names | None:
    """Look all names up, side by side; None where there is none."""
    if box.settings is None:
        return None
    wanted = {
        host.name: host.about
        for host in (*all_of(box.settings), *proxies(box.settings))
        if host.is_name and not host.by_proxy
    }
    if not wanted:
        return None
    found = await asyncio.gather(*(_lookup(name, about) for name, about in wanted.items()))
    servers = re.findall(r"^\s*nameserver\s+(\S+)", box.text("/etc/resolv.conf") or "", re.MULTILINE)
    return Names(lookups=dict(zip(wanted, found, strict=True)), servers=servers)


async def _lookup(name: str, about: str) -> Lookup:
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await apart(socket.getaddrinfo, name, None)
    except (OSError, UnicodeError) as error:
        words = network.in_words(error) if isinstance(error, OSError) else "this can be no name"
        return Lookup(about=about, seconds=time.monotonic() - began, error=words)
    addresses = [*dict.fromkeys(str(one[4][0]) for one in found)]
    return Lookup(about=about, addresses=addresses, seconds=time.monotonic() - began)


def judge(facts: Names) -> Iterator[Seen]:
    """Judge what came of looking names up."""
    for name, one in facts.lookups.items():
        keys = {"name": name, "about": one.about}
        if one.error:
            yield Seen(f"{name}: {one.error}", UNKNOWN, one.about, keys)
        elif one.seconds > SLOW_S:
            yield Seen(f"{name} took {one.seconds:.1f} s", SLOW, one.about, keys)
        else:
            yield Seen(f"{name} is {one.addresses[0]}")


def servers(facts: Names) -> Iterator[Seen]:
    """Judge who is asked."""
    yield Seen(", ".join(facts.servers) or "no nameserver in /etc/resolv.conf", None if facts.servers else NO_SERVER)


CHECKS: Final = (
    Check(
        id="dns.names",
        looks="each host's name in the configuration: its addresses, and how long that takes",
        probe=names,
        judge=judge,
        ills=(UNKNOWN, SLOW),
    ),
    Check(
        id="dns.servers", looks="the name servers in /etc/resolv.conf", probe=names, judge=servers, ills=(NO_SERVER,)
    ),
)
