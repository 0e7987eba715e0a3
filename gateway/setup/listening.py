"""Datagrams that arrive on the packet forwarders' port while the wizard looks around."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.errors import Busy
from gateway.model import Eui64
from gateway.setup.findings import Arrival
from gateway.setup.machine import Machine
from gateway.sources.gwmp import BadDatagram, PushData, acknowledgement, parse, sender

PORT: Final = 1700  # that network servers listen on
MOST: Final = 64  # gateways that are noted: anybody can invent some
TELL_AGAIN_S: Final = 1.5  # for others after the first: a site may have two
OWN: Final = "brygga"  # as this agent's command is called
MHZ: Final = 1_000_000


class Ear(asyncio.DatagramProtocol):
    """Notes who speaks; what it hears is acknowledged, since a forwarder stands still until it is."""

    def __init__(self) -> None:
        self.arrivals: dict[Eui64, Arrival] = {}
        self.heard = asyncio.Event()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # asyncio's own words
        """Keep what answers."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Note the gateway of one datagram."""
        gateway = sender(data)
        if gateway is None or (gateway not in self.arrivals and len(self.arrivals) >= MOST):
            return
        if self._transport is not None and (answer := acknowledgement(data)) is not None:
            self._transport.sendto(answer, addr)
        before = self.arrivals.get(gateway)
        heard = {*(before.frequencies_hz if before else ()), *_frequencies(data)}
        self.arrivals[gateway] = Arrival(gateway=gateway, address=addr[0], frequencies_hz=tuple(sorted(heard)))
        self.heard.set()


def _frequencies(datagram: bytes) -> Iterator[int]:
    try:
        said = parse(datagram)
    except BadDatagram:
        return
    for packet in said.rxpk if isinstance(said, PushData) else ():
        frequency = packet.get("freq") if isinstance(packet, dict) else None
        if isinstance(frequency, int | float) and 0 < frequency < 3000:
            yield round(frequency * MHZ)


async def arrivals(seconds: float, port: int = PORT) -> tuple[Arrival, ...]:
    """Return the gateways that speak to UDP ``port`` within ``seconds``, or soon after the first. Raises Busy where it is taken."""
    ear = Ear()
    loop = asyncio.get_running_loop()
    try:
        transport, _ = await loop.create_datagram_endpoint(lambda: ear, local_addr=("0.0.0.0", port))  # noqa: S104 - any forwarder is meant
    except OSError as error:
        raise Busy(f"UDP port {port}: {error.strerror or error}") from error
    try:
        async with asyncio.timeout(seconds):
            await ear.heard.wait()
            await asyncio.sleep(TELL_AGAIN_S)
    except TimeoutError:
        pass
    finally:
        transport.close()
    return tuple(ear.arrivals.values())


def holder(machine: Machine, port: int) -> str | None:
    """Return the program that has UDP ``port``, "" where this user may not know, None where nobody has it (proc(5))."""
    inodes = {
        words[9]
        for name in ("proc/net/udp", "proc/net/udp6")
        for line in (machine.text(machine.at(name)) or "").splitlines()[1:]
        if len(words := line.split()) > 9 and words[1].rpartition(":")[2] == f"{port:04X}"
    }
    if not inodes:
        return None
    wanted = {f"socket:[{inode}]" for inode in inodes}
    for link in machine.found("proc/[0-9]*/fd/*"):
        try:
            is_it = str(link.readlink()) in wanted
        except OSError:  # closed meanwhile, or another user's
            continue
        if is_it:
            return _program((machine.text(link.parent.parent / "cmdline") or "").split("\0"))
    return ""


def _program(words: Sequence[str]) -> str:
    """Return what a program is called, of its command line; a script's interpreter is not it, and this agent is "brygga"."""
    plain = [word.rpartition("/")[2] for word in words if word and not word.startswith("-")]
    name = plain[1] if len(plain) > 1 and plain[0].startswith("python") else next(iter(plain), "")
    return OWN if name == "gateway" else name
