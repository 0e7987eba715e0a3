"""An HTTP proxy as offices and mobile operators have one: tunnels by CONNECT, requests to http:// by the whole URL (RFC 9110, 9112).

    python -m simulators.http_proxy --port 3128 --ports 443 8883 --login brygga:hemligt

It counts what it did, and refuses what real ones refuse: who brings no credential (407), ports that are not allowed (403), hosts that
are not there (502).
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
from collections import Counter
from collections.abc import Sequence
from typing import Final, Self
from urllib.parse import urlsplit

CONNECT_LIMIT_S: Final = 5.0
AT_ONCE: Final = 1 << 14  # octets
LOCAL: Final = "127.0.0.1"


class HttpProxy:
    """Listen on ``port`` of this machine (0: any); with ``names`` hosts are looked up there first, for names that do not exist."""

    def __init__(
        self,
        *,
        port: int = 0,
        login: str | None = None,
        ports: Sequence[int] = (),
        names: dict[str, str] | None = None,
    ) -> None:
        self.port = port
        self.counts: Counter[str] = Counter()
        self.targets: list[str] = []  # that were asked for, in their order
        self._login = None if login is None else base64.b64encode(login.encode()).decode("ascii")
        self._ports = frozenset(ports)  # none: all are allowed
        self._names = names or {}
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, LOCAL, self.port)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for line in list(self._lines):
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._lines.add(task)
        try:
            await self._answer(reader, writer)
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # whoever asked has gone, or the proxy ends
        finally:
            self._lines.discard(task)
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")  # no limit: a client may be slow
        first, *lines = head.split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {
            name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines if line)
        }
        host, port = _where(method, target)
        self.targets.append(f"{host}:{port}")
        if self._login is not None and headers.get("proxy-authorization") != f"Basic {self._login}":
            return self._refuse(writer, "407 Proxy Authentication Required")
        if self._ports and port not in self._ports:
            return self._refuse(writer, "403 Forbidden")
        try:
            async with asyncio.timeout(CONNECT_LIMIT_S):
                from_target, to_target = await asyncio.open_connection(self._names.get(host, host), port)
        except (OSError, TimeoutError):
            return self._refuse(writer, "502 Bad Gateway")
        self.counts[method] += 1
        if method == "CONNECT":
            writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        else:
            to_target.write(_passed_on(method, target, lines))
        try:
            await _carry(reader, to_target, from_target, writer)
        finally:
            to_target.close()
        return None

    def _refuse(self, writer: asyncio.StreamWriter, status: str) -> None:
        self.counts[status[:3]] += 1
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())


def _where(method: str, target: str) -> tuple[str, int]:
    parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
    return parts.hostname or "", parts.port or 80


def _passed_on(method: str, target: str, lines: Sequence[str]) -> bytes:
    """Return a request as its server wants it: without the host before the path, and without what is the proxy's own."""
    parts = urlsplit(target)
    path = parts._replace(scheme="", netloc="").geturl() or "/"
    kept = [line for line in lines if line and not line.lower().startswith(("proxy-", "connection:"))]
    return "".join(f"{line}\r\n" for line in [f"{method} {path} HTTP/1.1", *kept, "Connection: close", ""]).encode(
        "latin-1"
    )


async def _carry(
    reader: asyncio.StreamReader,
    to_target: asyncio.StreamWriter,
    from_target: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
) -> None:
    """Carry both ways until one side has gone."""
    ways = {
        asyncio.create_task(_pump(reader, to_target), name="proxy up"),
        asyncio.create_task(_pump(from_target, writer), name="proxy down"),
    }
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)  # no limit: a connection may be quiet
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while octets := await reader.read(AT_ONCE):  # no limit: as above
            writer.write(octets)
            await writer.drain()


async def _run(options: argparse.Namespace) -> None:
    async with HttpProxy(port=options.port, login=options.login, ports=options.ports) as proxy:
        print(f"listening on {LOCAL}:{proxy.port}")  # noqa: T201 - a program for a person
        await asyncio.Event().wait()  # no limit: until it is interrupted


def main() -> None:
    """Run until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=3128)
    parser.add_argument("--login", metavar="USER:PASSWORD")
    parser.add_argument("--ports", type=int, nargs="*", default=[], help="that are let through; none: all")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_run(parser.parse_args()))


if __name__ == "__main__":
    main()
