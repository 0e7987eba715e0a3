"""HTTP: what stands between us and a platform, TLS among it."""

from __future__ import annotations

import asyncio
import socket
import ssl
from datetime import timedelta
from pathlib import Path

import pytest

from gateway.errors import Unreachable
from gateway.model import Request, Verdict
from gateway.transports.tls import Tls
from simulators.platforms.certificates import Authority
from simulators.ports import free_tcp_port

from .web_platform import MakeHttp, Platform, one, post, served

LATER, REFUSED, TAKEN, UNCLEAR = Verdict.LATER, Verdict.REFUSED, Verdict.TAKEN, Verdict.UNCLEAR


async def test_nothing_to_send_opens_nothing(make_http: MakeHttp) -> None:
    assert await make_http(f"http://127.0.0.1:{free_tcp_port()}").send([]) == []


@pytest.mark.parametrize("count", [1, 50])
async def test_a_port_nobody_listens_on_is_unreachable(make_http: MakeHttp, count: int) -> None:
    transport = make_http(f"http://localhost:{free_tcp_port()}")

    with pytest.raises(Unreachable, match="connection refused: nothing listens"):
        await transport.send([post()] * count)

    assert transport.status()["connected"] is False
    assert "connection refused" in transport.status()["last_error"]


async def test_an_unknown_name_is_unreachable(make_http: MakeHttp, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)

    with pytest.raises(Unreachable, match=r"cip\.invalid: the name is not known"):
        await one(make_http("http://cip.invalid"))


async def test_a_connection_that_is_never_accepted_is_unreachable_and_waited_for_once(make_http: MakeHttp) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))

        transport = make_http(f"http://127.0.0.1:{port}", connect_limit_s=0.2, concurrency=2)

        async with asyncio.timeout(1):
            with pytest.raises(Unreachable, match="no answer in time"):
                await transport.send([post()] * 50)

        for sock in waiting:
            sock.close()


@pytest.mark.parametrize("target", ["//[", "/\n"])
async def test_what_is_no_target_is_answered(platform: Platform, make_http: MakeHttp, target: str) -> None:
    transport = make_http(platform.url)

    answers = await transport.send([post(target=target), post()])

    assert answers[1].verdict is TAKEN


async def test_a_header_that_would_split_a_request_is_refused_unsent(platform: Platform, make_http: MakeHttp) -> None:
    request = Request(target="/", body=b"", content_type="text/plain", headers={"X": "a\r\nX-Evil: b"})

    answer = await one(make_http(platform.url), request)

    assert (answer.verdict, platform.asked) == (REFUSED, [])
    assert answer.detail.startswith("not sent: ")


async def test_https_with_an_own_authority_and_our_certificate(make_http: MakeHttp, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server, us = authority.server("127.0.0.1"), authority.client("gateway-1")
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=authority.certificate)
    tls.load_cert_chain(server.certificate, server.key)
    tls.verify_mode = ssl.CERT_REQUIRED
    platform = Platform()
    runner = await served(platform, tls)
    known = Tls(ca_file=authority.certificate, certificate_file=us.certificate, key_file=us.key)

    answer = await one(make_http(platform.url, tls=known))
    unknown = await asyncio.gather(
        one(make_http(platform.url, tls=Tls(ca_file=authority.certificate))), return_exceptions=True
    )
    with pytest.raises(Unreachable, match="set ca_file to its authority"):
        await one(make_http(platform.url))
    await runner.cleanup()

    assert answer.verdict is TAKEN
    assert isinstance(unknown[0], Unreachable) or unknown[0].verdict is UNCLEAR  # type: ignore[union-attr]  # TLS 1.3 tells late


async def test_an_expired_certificate_says_so(make_http: MakeHttp, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    server = authority.server("127.0.0.1", until=-timedelta(hours=1))
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(server.certificate, server.key)
    platform = Platform()
    runner = await served(platform, tls)

    with pytest.raises(Unreachable, match="has expired"):
        await one(make_http(platform.url, tls=Tls(ca_file=authority.certificate)))

    insecure = make_http(platform.url, tls=Tls(insecure=True))
    assert (await one(insecure)).verdict is TAKEN
    assert any("without verification" in note for note in insecure.status()["notes"])
    await runner.cleanup()


async def test_https_on_a_plain_port_is_unreachable(platform: Platform, make_http: MakeHttp) -> None:
    with pytest.raises(Unreachable, match="does that port speak TLS"):
        await one(make_http(platform.url.replace("http", "https")))
