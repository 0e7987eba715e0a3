"""The steps of a trial up to the platform's door: its name, the connection, TLS, and the two clocks."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from gateway.model import Instant, TimeQuality
from gateway.transports import network
from gateway.transports.endpoint import Endpoint
from gateway.transports.proxy import Proxy, connect
from gateway.trial.advice import OF_A_STEP

LIMIT_S: Final = 10.0  # for a name, and for a connection with TLS
CLOCKS_APART: Final = timedelta(minutes=2)  # tokens and certificates are refused by some that see less


@dataclass(frozen=True, slots=True)
class Step:
    """One step, how it went, and what to do where it did not go well."""

    name: str
    is_good: bool
    words: str
    advice: str = ""
    kind: str = ""  # of what went wrong, one of `advice.kinds`


def wrong(name: str, words: str, kind: str) -> Step:
    """Return a step that went wrong, with what helps against this ``kind``, which is one of `advice.OF_A_STEP`."""
    return Step(name, False, words, OF_A_STEP[kind], kind)


async def reach(endpoint: Endpoint, tls: Callable[[], ssl.SSLContext] | None, proxy: Proxy | None = None) -> list[Step]:
    """Look the name up and open a connection, with TLS where ``tls`` makes a context; the last step tells what failed, if any.

    Behind a proxy it is the proxy's name that is looked up here: that of the platform is its matter.
    """
    steps = [
        await _name(endpoint.host if proxy is None else proxy.host, endpoint.port if proxy is None else proxy.port)
    ]
    if steps[-1].is_good:
        steps.append(await _connection(endpoint, None if tls is None else tls(), proxy))
    return steps


async def _name(host: str, port: int) -> Step:
    try:
        async with asyncio.timeout(LIMIT_S):
            found = await asyncio.get_running_loop().getaddrinfo(host, port)
    except (OSError, UnicodeError) as error:
        words = network.in_words(error) if isinstance(error, OSError) else f"{host!r} can be no name: {error}"
        return wrong("name", f"{host}: {words}", "name")
    addresses = dict.fromkeys(str(one[4][0]) for one in found)
    return Step("name", True, f"{host} is {', '.join(addresses)}")


async def _connection(endpoint: Endpoint, tls: ssl.SSLContext | None, proxy: Proxy | None) -> Step:
    name = "connection" if tls is None else "connection and TLS"
    try:
        async with asyncio.timeout(LIMIT_S):
            transport, line = await connect(_Line, endpoint, tls, proxy)
    except OSError as error:  # a TimeoutError is one
        return wrong(name, f"{endpoint}: {network.in_words(error)}", _kind(error))
    transport.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(LIMIT_S):
            await line.closed.wait()
    way = "" if proxy is None else f", through {proxy}"
    return Step(
        name, True, f"port {endpoint.port} answers{way}" + (f", {_said_of(tls)}" if tls else ", without encryption")
    )


class _Line(asyncio.Protocol):
    """A connection on which nothing is said."""

    def __init__(self) -> None:
        self.closed = asyncio.Event()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - of asyncio
        """End."""
        self.closed.set()


def _said_of(tls: ssl.SSLContext) -> str:
    if tls.verify_mode is ssl.CERT_NONE:
        return "and whoever it is, it is believed (tls.insecure)"
    return "and its certificate is believed"


def _kind(error: OSError) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return "certificate"
    return "tls" if isinstance(error, ssl.SSLError) else "unreached"


def clock_steps(now: Instant, trust: TimeQuality, headers: Mapping[str, str]) -> Iterator[Step]:
    """Yield what the clocks say: whether ours is trusted, and how far from the platform's, where it told (HTTP's Date)."""
    if now.quality < trust:
        words = f"this gateway's clock is not {trust.name.lower()} yet: uplinks wait for it"
        yield wrong("clock", words, "clock")
    theirs = _date(headers.get("Date", ""))
    if theirs is None:
        return
    apart = now.utc - theirs
    if abs(apart) > CLOCKS_APART:
        how = "ahead of" if apart > timedelta() else "behind"
        words = f"this gateway's clock is {_span(abs(apart))} {how} the platform's"
        yield wrong("clock", words, "clocks apart")
    else:
        yield Step("clock", True, "this gateway's clock and the platform's agree")


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _span(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    return f"{minutes} minutes" if minutes < 120 else f"{round(minutes / 60)} hours"
