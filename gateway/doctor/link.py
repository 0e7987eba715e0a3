"""The network: is there a link, a way out, and a proxy that has to be used."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.hosts import all_of

PROXIES: Final = ("https_proxy", "http_proxy", "all_proxy")  # as curl and apt take them, in either case
ROUTE_UP: Final = 0x1  # RTF_UP, linux/route.h
NO_INTERFACE: Final = Ill(
    "down", Standing.WRONG, "no network interface is up", "look at the cable or SIM; ip link; nmcli"
)
NO_ROUTE: Final = Ill(
    "no_route",
    Standing.WRONG,
    "there is no way out of this network: no default route",
    "ip route; is DHCP answered? nmcli",
)
PROXY: Final = Ill(
    "unused",
    Standing.UNWISE,
    "this machine has a proxy in its environment, which the agent does not use unless its configuration says so",
    "docs/reference/configuration.md: proxy; without one nothing has to be done if all is delivered",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The interfaces (loopback aside) with their state, the interfaces of default routes, the environment's proxies."""

    interfaces: Mapping[str, str]
    routes: Sequence[str]
    goes_out: bool  # something of the configuration lies beyond this machine
    proxies: Sequence[str]
    is_configured: bool  # a proxy, for the agent


async def link(box: Box) -> Link:
    """Return how the network stands."""
    hosts = [] if box.settings is None else [*all_of(box.settings)]
    return Link(
        interfaces=interfaces(box),
        routes=[*_default_routes(box)],
        goes_out=any(not one.is_here for one in hosts),
        proxies=[name for name, value in box.environment.items() if name.lower() in PROXIES and value],
        is_configured=any(one.by_proxy for one in hosts),
    )


def interfaces(box: Box) -> dict[str, str]:
    """Return each interface's state by its name: "up", "down", "unknown" (of tunnels and modems, which are up)."""
    try:
        found = sorted(one.name for one in box.at("/sys/class/net").iterdir())
    except OSError:
        return {}
    return {name: box.text(f"/sys/class/net/{name}/operstate") or "unknown" for name in found if name != "lo"}


def _default_routes(box: Box) -> Iterator[str]:
    """Yield the interfaces of default routes, IPv4 (proc(5), /proc/net/route) and IPv6."""
    for line in (box.text("/proc/net/route") or "").splitlines()[1:]:
        interface, to, _, flags, *_, mask = line.split()[:8]
        if to == "00000000" and mask == "00000000" and int(flags, 16) & ROUTE_UP:
            yield interface
    for line in (box.text("/proc/net/ipv6_route") or "").splitlines():
        words = line.split()
        if words[0] == "0" * 32 and words[1] == "00" and words[-1] != "lo":
            yield words[-1]


def routed(facts: Link) -> Iterator[Seen]:
    """Judge whether there is a way out, where one is needed."""
    if facts.goes_out:
        there = ", ".join(dict.fromkeys(facts.routes))
        yield Seen(f"by {there}" if there else "no default route", None if there else NO_ROUTE)


def up(facts: Link) -> Iterator[Seen]:
    """Judge whether an interface is up, where one is needed."""
    alive = [name for name, state in facts.interfaces.items() if state in {"up", "unknown"}]
    states = ", ".join(f"{name} {state}" for name, state in facts.interfaces.items()) or "there is none"
    if facts.goes_out:
        yield Seen(states, None if alive else NO_INTERFACE)


def proxied(facts: Link) -> Iterator[Seen]:
    """Judge whether a proxy is meant and not used."""
    if facts.proxies and facts.goes_out and not facts.is_configured:
        yield Seen(f"{', '.join(facts.proxies)} is set", PROXY)
    elif facts.is_configured:
        yield Seen("by the configuration's proxy")


CHECKS: Final = (
    Check(
        id="network.link",
        looks="the network interfaces, if anything lies beyond this box",
        probe=link,
        judge=up,
        ills=(NO_INTERFACE,),
    ),
    Check(id="network.route", looks="the default route", probe=link, judge=routed, ills=(NO_ROUTE,)),
    Check(
        id="network.proxy",
        looks="proxies in the environment and in the configuration",
        probe=link,
        judge=proxied,
        ills=(PROXY,),
    ),
)
