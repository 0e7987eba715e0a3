"""A fleet's file by HTTPS: through a proxy, once only, with a token, and what a server says that does not give it."""

from __future__ import annotations

import gzip
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web

from gateway.errors import ConfigError, Unreachable
from simulators.http_proxy import HttpProxy
from simulators.platforms.certificates import Authority
from tests.pull.fleets import OWN, Taker, bundle


class Server:
    """A web server with a fleet's file, over TLS with an authority of its own."""

    def __init__(self, taker: Taker) -> None:
        self.taker = taker
        self.asked: list[tuple[str, int]] = []
        self.url = ""
        self.token = ""
        self.status = 200
        self.body: bytes | None = None

    async def handle(self, request: web.Request) -> web.StreamResponse:
        status, response = 200, web.Response(status=self.status, headers={"Location": "/elsewhere"})
        if self.token and request.headers.get("Authorization") != f"Bearer {self.token}":
            response = web.Response(status=401)
        elif self.status == 200:
            name = self.taker.file.parent / request.path.rpartition("/")[2]
            octets = name.read_bytes() if self.body is None else self.body
            etag = f'"{hash(octets)}"'
            is_known = request.headers.get("If-None-Match") == etag
            headers = {"ETag": etag} | ({"Content-Encoding": "gzip"} if octets.startswith(b"\x1f\x8b") else {})
            response = web.Response(status=304) if is_known else web.Response(body=octets, headers=headers)
        status = response.status
        self.asked.append((request.path, status))
        return response


@pytest.fixture
async def server(taker: Taker, tmp_path: Path) -> AsyncIterator[Server]:
    authority = Authority(tmp_path)
    own = authority.server("config.city.example")
    (taker.folder / "brygga.toml").write_text(
        OWN.replace(
            "[fleet]\n", f'[network_access]\nca_file = "{authority.certificate}"\nproxy = "environment"\n[fleet]\n'
        ),
        encoding="utf-8",
    )
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(own.certificate, own.key)
    made = Server(taker)
    app = web.Application()
    app.router.add_get("/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
    made.url = f"https://config.city.example:{runner.addresses[0][1]}/brygga/fleet.toml"
    async with HttpProxy(names={"config.city.example": "127.0.0.1"}) as proxy:
        (taker.folder / "brygga.env").write_text(f"HTTPS_PROXY=http://127.0.0.1:{proxy.port}\n", encoding="ascii")
        yield made
    await runner.cleanup()


async def test_a_file_comes_by_https_through_a_proxy_and_once_only(taker: Taker, server: Server) -> None:
    taker.publish(bundle(1))

    first, second = await taker.pull(server.url), await taker.pull(server.url)

    assert first.lines[0].startswith("serial 1, signed by ops")
    assert second.lines == ("serial 1 is here already",)
    assert server.asked == [
        ("/brygga/fleet.toml", 200),
        ("/brygga/fleet.toml.sig", 200),
        ("/brygga/fleet.toml", 304),
    ]


@pytest.mark.parametrize(
    ("status_code", "words"),
    [
        (404, "404: there is nothing at that address"),
        (302, "the server sends us on to another address (302)"),
        (503, "503: the server is overloaded; the next try is the timer's"),
        (418, "418: the server does not give it"),
    ],
)
async def test_a_server_that_does_not_give_it_is_said(
    taker: Taker, server: Server, status_code: int, words: str
) -> None:
    server.status = status_code

    with pytest.raises(Unreachable) as caught:
        await taker.pull(server.url)

    assert words in str(caught.value)


async def test_a_server_that_wants_a_token_gets_it(taker: Taker, server: Server) -> None:
    server.token = "hunter2"
    taker.publish(bundle(1))
    with pytest.raises(Unreachable, match="401: the server wants a token"):
        await taker.pull(server.url)
    (taker.folder / "token").write_text("hunter2\n", encoding="ascii")
    own = taker.toml.read_text(encoding="utf-8")
    taker.toml.write_text(own.replace("[fleet]\n", '[fleet]\ntoken_file = "token"\n'), encoding="utf-8")

    outcome = await taker.pull(server.url)

    assert outcome.is_well


async def test_a_file_without_end_is_not_read_to_it(taker: Taker, server: Server) -> None:
    server.body = b"#" * (1 << 20) + b"#"

    with pytest.raises(ConfigError, match="has more than 1048576 octets"):
        await taker.pull(server.url)


async def test_what_swells_when_it_is_unpacked_is_not_unpacked(taker: Taker, server: Server) -> None:
    server.body = gzip.compress(b"#" * (8 << 20))

    with pytest.raises(ConfigError, match="no signature of ssh-keygen"):
        await taker.pull(server.url)
