"""Lines to the outside: does each host answer, is its certificate believed, and for how long."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from gateway.clock import kernel_quality
from gateway.doctor.box import Box
from gateway.doctor.finding import Check, Ill, Seen, Standing
from gateway.doctor.hosts import Host, all_of, proxies
from gateway.errors import ConfigError
from gateway.model import TimeQuality
from gateway.transports import network, tls

LIMIT_S: Final = 10.0  # for name, connection and TLS together
SOON_DAYS: Final = 21  # authorities renew 30 days before the end: nobody did

CLOSED: Final = Ill(
    "closed",
    Standing.WRONG,
    "nobody answers at a host's port: it is down, a firewall is between, or the port is another",
    "look at url of {about}; is port {port}/tcp out allowed here? nc -vz {name} {port}",
)
UNNAMED: Final = Ill(
    "unnamed",
    Standing.WRONG,
    "a host's name is not found, so its port was not asked; where dns is looked at, that says it alone",
    "getent hosts {name}; look at url of {about} in brygga.toml",
)
UNBELIEVED: Final = Ill(
    "unbelieved",
    Standing.WRONG,
    "the TLS handshake fails: the certificate's name, chain or end, or it wants one of ours",
    "tls.ca_file in [destination.tls] names a private authority; openssl s_client -connect {name}:{port}",
)
CLOCK: Final = Ill(
    "clock",
    Standing.WRONG,
    "certificates are not believed for this box's clock is wrong",
    "set the clock first: sudo timedatectl set-ntp true; brygga doctor --only clock",
)
FILES: Final = Ill(
    "files",
    Standing.WRONG,
    "a certificate or key file that the configuration names cannot be used",
    "correct [tls] of {about}; brygga check",
)
SOON: Final = Ill(
    "soon", Standing.UNWISE, "a platform's certificate ends within three weeks", "tell the owner of {name}"
)
ANYBODY: Final = Ill(
    "anybody",
    Standing.UNWISE,
    "tls.insecure believes anybody: whoever is on the line can read and answer",
    "tls.ca_file instead of tls.insecure for {about}",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What came of opening a connection."""

    host: Host
    seconds: float = 0.0
    error: OSError | None = None
    problem: str = ""  # with the TLS files of ours
    ends: datetime | None = None  # the other side's certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """All of them; and whether certificates can be judged by this box's clock."""

    lines: Sequence[Line]
    now: datetime
    is_clock_right: bool


async def lines(box: Box) -> Lines | None:
    """Open a connection to each host, side by side, and say nothing; None where there is none."""
    hosts = (
        []
        if box.settings is None
        else [one for one in (*all_of(box.settings), *proxies(box.settings)) if not one.is_udp and not one.by_proxy]
    )
    if not hosts:
        return None
    opened = await asyncio.gather(*map(_opened, hosts))
    trusted = None if box.status is None else box.status.get("clock", {}).get("trusted")
    return Lines(
        lines=opened,
        now=box.now,
        is_clock_right=kernel_quality() >= TimeQuality.NTP if trusted is None else bool(trusted),
    )


async def _opened(host: Host) -> Line:
    began = time.monotonic()
    try:
        context = None if host.tls is None else tls.context(host.tls)
    except ConfigError as error:
        return Line(host=host, problem="; ".join(error.problems))
    try:
        async with asyncio.timeout(LIMIT_S):
            _, writer = await asyncio.open_connection(
                host.name, host.port, ssl=context, server_hostname=host.name if context else None
            )
    except OSError as error:  # a TimeoutError is one
        return Line(host=host, seconds=time.monotonic() - began, error=error)
    ends = _end_of(writer.get_extra_info("ssl_object"))
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1.0):  # for its good-bye, of which nothing depends
            await writer.wait_closed()
    return Line(host=host, seconds=time.monotonic() - began, ends=ends)


def _end_of(made: ssl.SSLObject | None) -> datetime | None:
    """Return until when the other side's certificate is valid; None where it was not looked at (tls.insecure)."""
    told = (None if made is None else made.getpeercert()) or {}
    end = told.get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None


def reached(facts: Lines) -> Iterator[Seen]:
    """Judge whether each host answers; what TLS says is another check's."""
    for one in facts.lines:
        keys = {"about": one.host.about, "name": one.host.name, "port": one.host.port}
        if isinstance(one.error, socket.gaierror):
            yield Seen(f"{one.host}: {network.in_words(one.error).partition(':')[0]}", UNNAMED, one.host.about, keys)
        elif one.error is not None and not isinstance(one.error, ssl.SSLError):
            yield Seen(f"{one.host}: {network.in_words(one.error).partition(':')[0]}", CLOSED, one.host.about, keys)
        elif not one.problem:
            yield Seen(f"{one.host.about} answers in {one.seconds * 1000:.0f} ms")


def believed(facts: Lines) -> Iterator[Seen]:
    """Judge the handshakes."""
    for one in facts.lines:
        keys = {"about": one.host.about, "name": one.host.name, "port": one.host.port}
        if one.problem:
            yield Seen(one.problem, FILES, one.host.about, keys)
        elif isinstance(one.error, ssl.SSLError):
            code = getattr(one.error, "verify_code", None)
            by_clock = code in {tls.NOT_YET_VALID, tls.EXPIRED} and not facts.is_clock_right
            yield Seen(
                f"{one.host}: {tls.in_words(one.error)}", CLOCK if by_clock else UNBELIEVED, one.host.about, keys
            )
        elif one.host.tls is not None and one.host.tls.insecure:
            yield Seen(f"{one.host}: whoever it is", ANYBODY, one.host.about, keys)
        elif one.host.tls is not None and one.error is None:
            yield Seen(f"{one.host.about}: its certificate is believed")


def lasting(facts: Lines) -> Iterator[Seen]:
    """Judge how long the other sides' certificates last."""
    for one in facts.lines:
        if one.ends is None:
            continue
        days = (one.ends - facts.now).days
        words = f"{one.host.name}: {days} days, until {one.ends.date()}"
        yield Seen(words, SOON if days < SOON_DAYS else None, one.host.about, {"name": one.host.name})


CHECKS: Final = (
    Check(
        id="destinations.reach",
        looks="each platform, broker and server: whether its port answers",
        probe=lines,
        judge=reached,
        ills=(CLOSED, UNNAMED),
    ),
    Check(
        id="tls.handshake",
        looks="each host with TLS: certificate, chain, name, and ours where it wants one",
        probe=lines,
        judge=believed,
        ills=(CLOCK, UNBELIEVED, FILES, ANYBODY),
    ),
    Check(id="tls.days", looks="until when their certificates are valid", probe=lines, judge=lasting, ills=(SOON,)),
)
