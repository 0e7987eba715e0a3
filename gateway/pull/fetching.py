"""A fleet's file and its signature, by HTTPS or from a folder. Nothing of what comes is believed here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self
from urllib.parse import unquote, urlsplit

import aiohttp

from gateway.config.fleet import Fleet
from gateway.errors import ConfigError, Unreachable
from gateway.transports import tls
from gateway.transports.http_errors import refused, translate
from gateway.transports.proxy import WANTS_LOGIN, Proxy
from gateway.version import VERSION

LARGEST: Final = 1 << 20  # octets; a thousand destinations have a quarter of it
LARGEST_SIGNATURE: Final = 1 << 14
LIMITS: Final = aiohttp.ClientTimeout(total=60.0, connect=20.0)  # seconds; a GPRS line carries the largest file in 40
SUFFIX: Final = ".sig"
CHUNK: Final = 1 << 14
ADVICE: Final = {
    401: "the server wants a token: fleet.token_file",
    403: "the server does not let this box have it: fleet.token_file",
    404: "there is nothing at that address: is fleet.url right, and does the signature lie beside the file with .sig behind its name?",
    429: "the server finds that too much comes at once; the next try is the timer's",
    503: "the server is overloaded; the next try is the timer's",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file as it came."""

    octets: bytes
    signature: bytes
    etag: str  # "" where the server has none


async def fetch(fleet: Fleet, url: str, etag: str) -> Fetched | None:
    """Return what lies at ``url``; None where the server says that it is what ``etag`` is of.

    Raises Unreachable where it cannot be had now, ConfigError where something is wrong with what was asked.
    """
    parts = urlsplit(url)
    if parts.scheme == "file":
        return _read(Path(unquote(parts.path)))
    async with _Client(fleet, url) as client:
        came = await client.get(url, LARGEST, etag)
        if came is None:
            return None
        signature = await client.get(parts._replace(path=parts.path + SUFFIX).geturl(), LARGEST_SIGNATURE, "")
    return Fetched(came[0], signature[0] if signature else b"", came[1])


def _read(path: Path) -> Fetched:
    octets, signature = (
        _within(one, limit) for one, limit in ((path, LARGEST), (path.with_name(path.name + SUFFIX), LARGEST_SIGNATURE))
    )
    return Fetched(octets, signature, "")


def _within(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as file:
            octets = file.read(limit + 1)
    except OSError as error:
        raise Unreachable(f"{path}: cannot be read: {error.strerror}") from error
    if len(octets) > limit:
        raise ConfigError(f"{path}: has more than {limit} octets, and no fleet's file has")
    return octets


class _Client:
    """A connection to one server."""

    def __init__(self, fleet: Fleet, url: str) -> None:
        parts = urlsplit(url)
        self._token = fleet.token
        self._proxy: Proxy | None = fleet.access.proxy(parts.scheme, parts.hostname or "", fleet.wish)
        self._tls = tls.context(fleet.access.tls(fleet.tls)) if parts.scheme == "https" else None

    async def __aenter__(self) -> Self:
        headers = {"User-Agent": f"brygga/{VERSION}", "Accept-Encoding": "identity"}
        if self._token is not None:
            headers["Authorization"] = f"Bearer {self._token.reveal()}"
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(ssl=self._tls or True),
            timeout=LIMITS,
            headers=headers,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,  # what is small on the line must not fill the memory before it is proved
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def get(self, url: str, limit: int, etag: str) -> tuple[bytes, str] | None:
        """Return what lies there and its ETag; None where it is what ``etag`` is of."""
        try:
            async with self._session.get(
                url,
                headers={"If-None-Match": etag} if etag else {},
                allow_redirects=False,  # a token goes to nobody but whom the configuration names
                proxy=None if self._proxy is None else self._proxy.url(),
            ) as response:
                if response.status == 304 and etag:
                    return None
                if response.status != 200:
                    raise self._not_had(url, response.status)
                return await _body(response, url, limit), response.headers.get("ETag", "")
        except (aiohttp.ClientError, OSError, ValueError) as error:  # a TimeoutError is an OSError
            outcome = translate(error, url, self._proxy)
            raise (outcome if isinstance(outcome, Unreachable) else Unreachable(f"{url}: {outcome.detail}")) from None

    def _not_had(self, url: str, status: int) -> Unreachable:
        if status == WANTS_LOGIN and self._proxy is not None:
            return refused(url, self._proxy, status)
        if 300 <= status < 400:
            return Unreachable(f"{url}: the server sends us on to another address ({status}): name that in fleet.url")
        return Unreachable(f"{url}: {status}: {ADVICE.get(status, 'the server does not give it')}")


async def _body(response: aiohttp.ClientResponse, url: str, limit: int) -> bytes:
    octets = bytearray()
    async for chunk in response.content.iter_chunked(CHUNK):
        octets += chunk
        if len(octets) > limit:
            raise ConfigError(f"{url}: has more than {limit} octets, and no fleet's file has")
    return bytes(octets)
