"""Both transports through an HTTP proxy, and what a proxy that lets nothing through looks like."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from gateway.errors import Unreachable
from gateway.model import Verdict
from gateway.transports.proxy import Proxy
from gateway.transports.secret import Secret
from gateway.transports.tls import Tls
from simulators.http_proxy import HttpProxy
from simulators.platforms.certificates import Authority

from .conftest import MakeMqtt, Mosquittos, listening, request_to, verdicts
from .web_platform import MakeHttp, Platform, one, served

TAKEN = Verdict.TAKEN
NAME = "platform.city.example"  # known to the proxy alone


@pytest.fixture
async def proxy() -> AsyncIterator[HttpProxy]:
    async with HttpProxy(names={NAME: "127.0.0.1"}) as made:
        yield made


def way(proxy: HttpProxy, **more: object) -> Proxy:
    return Proxy(host="127.0.0.1", port=proxy.port, **more)  # type: ignore[arg-type]  # a user name and a password


def named(url: str) -> str:
    return url.replace("127.0.0.1", NAME)


# ── HTTP ──


async def test_http_goes_through_the_proxy_which_looks_the_name_up(
    platform: Platform, make_http: MakeHttp, proxy: HttpProxy
) -> None:
    transport = make_http(named(platform.url), proxy=way(proxy))

    answer = await one(transport)

    assert answer.verdict is TAKEN
    assert platform.asked == [("POST", "/v1/data", b"{}")]
    assert proxy.counts == {"POST": 1}
    assert transport.status()["proxy"] == f"http://127.0.0.1:{proxy.port}"


@pytest.mark.parametrize("key", ["ca_file", "also_ca_file"])
async def test_https_goes_through_a_tunnel_and_proves_the_platform(
    make_http: MakeHttp, proxy: HttpProxy, tmp_path: Path, key: str
) -> None:
    authority = Authority(tmp_path)
    server = authority.server(NAME)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(server.certificate, server.key)
    platform = Platform()
    runner = await served(platform, tls)

    answer = await one(
        make_http(named(platform.url), proxy=way(proxy), tls=Tls(**{key: authority.certificate}))  # type: ignore[arg-type]  # of the table
    )
    with pytest.raises(Unreachable, match="set ca_file to its authority"):
        await one(make_http(named(platform.url), proxy=way(proxy)))
    await runner.cleanup()

    assert answer.verdict is TAKEN
    assert proxy.counts["CONNECT"] == 2


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_a_proxy_that_wants_a_password_is_said(make_http: MakeHttp, scheme: str) -> None:
    async with HttpProxy(login="brygga:hunter2", names={NAME: "127.0.0.1"}) as proxy:
        transport = make_http(f"{scheme}://{NAME}:1", proxy=way(proxy, username="brygga", password=Secret("wrong")))
        with pytest.raises(Unreachable) as caught:
            await one(transport)

    assert f"the proxy http://127.0.0.1:{proxy.port} answers 407: it lets nobody through" in str(caught.value)
    assert "wrong" not in f"{caught.value} {transport.status()} {caught.value.__cause__!r}"


async def test_a_proxy_that_gets_its_password_lets_us_through(platform: Platform, make_http: MakeHttp) -> None:
    secret = Secret("a:b/c@d %")
    async with HttpProxy(login=f"brygga:{secret.reveal()}") as proxy:
        answer = await one(make_http(platform.url, proxy=way(proxy, username="brygga", password=secret)))

    assert answer.verdict is TAKEN
    assert "Proxy-Authorization" not in platform.headers[0]


async def test_a_proxy_that_is_away_is_named(make_http: MakeHttp, unused_tcp_port: int) -> None:
    with pytest.raises(Unreachable, match=f"the proxy http://127.0.0.1:{unused_tcp_port}: connection refused"):
        await one(make_http("https://city.example", proxy=Proxy(host="127.0.0.1", port=unused_tcp_port)))


# ── MQTT ──


async def test_mqtt_goes_through_a_tunnel(mosquittos: Mosquittos, make_mqtt: MakeMqtt, proxy: HttpProxy) -> None:
    mosquitto = await mosquittos.start()
    transport = make_mqtt(mosquitto.port, host=NAME, proxy=way(proxy))

    async with listening(mosquitto.port) as city:
        answers = await transport.send([request_to("city/a")])
        received = await city.wait_for(1, 5)

    assert (verdicts(answers), len(received)) == ([TAKEN], 1)
    assert proxy.targets == [f"{NAME}:{mosquitto.port}"]


async def test_mqtts_goes_through_a_tunnel_and_proves_the_broker(
    mosquittos: Mosquittos, make_mqtt: MakeMqtt, proxy: HttpProxy, tmp_path: Path
) -> None:
    authority = Authority(tmp_path)
    mosquitto = await mosquittos.start(server=authority.server(NAME))
    known = Tls(also_ca_file=authority.certificate)

    answers = await make_mqtt(mosquitto.port, scheme="mqtts", host=NAME, proxy=way(proxy), tls=known).send(
        [request_to("a")]
    )
    with pytest.raises(Unreachable, match="set ca_file to its authority"):
        await make_mqtt(mosquitto.port, scheme="mqtts", host=NAME, proxy=way(proxy)).send([request_to("a")])
    with pytest.raises(Unreachable, match="for another name"):
        await make_mqtt(mosquitto.port, scheme="mqtts", proxy=way(proxy), tls=known).send([request_to("a")])

    assert verdicts(answers) == [TAKEN]


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"login": "brygga:hunter2"}, "answers 407: it lets nobody through without a user name and password"),
        ({"ports": [443]}, "answers 403: it lets nothing through to city.example:1; many let port 443 through alone"),
        ({"names": {"city.example": "127.0.0.1"}}, "answers 502: it does not reach city.example:1"),
    ],
    ids=["login", "port", "away"],
)
async def test_a_proxy_that_opens_no_tunnel_says_why(
    make_mqtt: MakeMqtt, settings: dict[str, object], words: str
) -> None:
    async with HttpProxy(**settings) as proxy:  # type: ignore[arg-type]  # of the table
        with pytest.raises(Unreachable) as caught:
            await make_mqtt(1, host="city.example", proxy=way(proxy)).send([request_to("a")])

    assert f"mqtt://city.example:1: the proxy http://127.0.0.1:{proxy.port} {words}" in str(caught.value)


@pytest.mark.parametrize(
    "said", [b"", b"SSH-2.0-OpenSSH_9.2\r\n\r\n", b"HTTP/1.1 20", b"x" * 40_000], ids=["end", "ssh", "broken", "noise"]
)
async def test_what_is_no_proxy_is_said(make_mqtt: MakeMqtt, raw: Callable[..., object], said: bytes) -> None:
    async def speak(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)

    url = await raw(speak)  # type: ignore[misc]  # the fixture's own type
    port = int(str(url).rpartition(":")[2])

    with pytest.raises(Unreachable, match="it answers nothing that a proxy says"):
        await make_mqtt(1, proxy=Proxy(host="127.0.0.1", port=port)).send([request_to("a")])


async def test_a_proxy_that_says_nothing_is_waited_for_within_the_limit(make_mqtt: MakeMqtt) -> None:
    left = asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            while await reader.read(100):
                pass
        writer.close()
        left.set()

    async with await asyncio.start_server(listen, "127.0.0.1", 0) as server:
        silent = Proxy(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
        with pytest.raises(Unreachable, match="no answer in time"):
            await make_mqtt(1, proxy=silent, connect_limit_s=0.3).send([request_to("a")])
        async with asyncio.timeout(5):
            await left.wait()
