"""A network of its own for one process, with links that fail: down, narrow, lossy, or swallowing everything.

    with Namespace(links=("radio", "city")) as network:
        network.command                # goes before the command of the process that is to live there
        network.here("city")           # our end of a link; network.there("city") is the process's
        with network.down("city"): ...

What a process there says on a link goes through its own TCP, as on a real one: nothing in between answers for the other side.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Final, Self

from simulators.faults.missing import Missing, need_root, program, run

NETWORK: Final = "10.203"  # private (RFC 1918); a /30 of it for each link
NOBODY: Final = "02:00:00:00:00:01"  # locally administered: no interface has it
WHAT: Final = "a network namespace"
PACKAGES: Final = {"iptables": "iptables"}


class Namespace:
    """Make it with the context, and take it away with it; Missing says what is lacking."""

    def __init__(self, links: Sequence[str]) -> None:
        self._links = links
        self._name = f"brygga-{os.getpid()}"
        self._block = os.getpid() % 250
        self._opened = ExitStack()
        self._nsenter = ""

    def __enter__(self) -> Self:
        need_root(WHAT)
        program("tc", "iproute2")
        self._nsenter = program("nsenter", "util-linux")
        with ExitStack() as opened:
            self._ip("netns", "add", self._name)
            opened.callback(self._ip, "netns", "del", self._name)
            self._inside("ip", "link", "set", "lo", "up")
            for link in self._links:
                self._add(link)
                opened.callback(self._remove, link)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    @property
    def command(self) -> Sequence[str]:
        """Return what goes before the command of a process that is to live there."""
        return (self._nsenter, f"--net=/run/netns/{self._name}", "--")

    def here(self, link: str) -> str:
        """Return the address of our end."""
        return f"{NETWORK}.{self._block}.{4 * self._links.index(link) + 1}"

    def there(self, link: str) -> str:
        """Return the address of its end."""
        return f"{NETWORK}.{self._block}.{4 * self._links.index(link) + 2}"

    # ── what becomes of a link while the context lasts ──

    @contextmanager
    def down(self, link: str) -> Iterator[None]:
        """Pull the cable: the other end sees that there is no carrier."""
        self._ip("link", "set", self._ours(link), "down")
        try:
            yield
        finally:
            self._ip("link", "set", self._ours(link), "up")

    @contextmanager
    def swallowing(self, link: str) -> Iterator[None]:
        """Let nothing come through, and nobody notice: not even a SYN is answered."""
        entry = (self.here(link), "dev", self._theirs(link))
        self._inside("ip", "neigh", "replace", *entry, "lladdr", NOBODY, "nud", "permanent")
        try:
            yield
        finally:
            self._inside("ip", "neigh", "del", *entry)

    @contextmanager
    def narrow(self, link: str, kbit_per_s: int) -> Iterator[None]:
        """Let no more through than that, each way; what waits for more than a second is dropped."""
        shape = ("root", "tbf", "rate", f"{kbit_per_s}kbit", "burst", "4kb", "latency", "1s")
        run(WHAT, program("tc", "iproute2"), "qdisc", "add", "dev", self._ours(link), *shape)
        try:
            self._inside("tc", "qdisc", "add", "dev", self._theirs(link), *shape)
            yield
        finally:
            run(WHAT, program("tc", "iproute2"), "qdisc", "del", "dev", self._ours(link), "root")
            with contextlib.suppress(Missing):  # where it was not even begun
                self._inside("tc", "qdisc", "del", "dev", self._theirs(link), "root")

    @contextmanager
    def lossy(self, link: str, probability: float) -> Iterator[None]:
        """Drop so many of the packets that leave there, by chance."""
        chance = ("-m", "statistic", "--mode", "random", "--probability", f"{probability}")
        rule = ("OUTPUT", "-o", self._theirs(link), *chance, "-j", "DROP")
        self._inside("iptables", "-A", *rule)
        try:
            yield
        finally:
            self._inside("iptables", "-D", *rule)

    # ── the making ──

    def _add(self, link: str) -> None:
        ours, theirs = self._ours(link), self._theirs(link)
        self._ip("link", "add", ours, "type", "veth", "peer", "name", theirs, "netns", self._name)
        self._ip("addr", "add", f"{self.here(link)}/30", "dev", ours)
        self._ip("link", "set", ours, "up")
        self._inside("ip", "addr", "add", f"{self.there(link)}/30", "dev", theirs)
        self._inside("ip", "link", "set", theirs, "up")

    def _remove(self, link: str) -> None:
        with contextlib.suppress(Missing):  # it may have gone with its other end
            self._ip("link", "del", self._ours(link))

    def _ours(self, link: str) -> str:
        return f"by{os.getpid() % 10**7}h{self._links.index(link)}"  # an interface's name has 15 characters at most

    def _theirs(self, link: str) -> str:
        return f"by{os.getpid() % 10**7}n{self._links.index(link)}"

    def _ip(self, *words: str) -> None:
        run(WHAT, program("ip", "iproute2"), *words)

    def _inside(self, name: str, *words: str) -> None:
        run(WHAT, *self.command, program(name, PACKAGES.get(name, "iproute2")), *words)
