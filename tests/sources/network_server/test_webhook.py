"""The endpoint that network servers push to: a token, a word for what cannot be, and 200 for what is safe."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import json
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from gateway.errors import ConfigError
from gateway.model import FromServer, Heard, Instant, ServerUplink, TimeQuality, TxResult
from gateway.sources import web_tls
from gateway.sources.network_server import webhook
from gateway.sources.network_server.decode import Decode, ServerKind
from gateway.sources.network_server.webhook import Webhook
from gateway.sources.settings import WebhookSettings
from gateway.sources.web_tls import ServerTls
from gateway.transports.secret import Secret
from simulators.network_server import ChirpStack, Payload
from simulators.platforms.certificates import Authority
from tests.sources.chirpstack_rig import until

from .events import EVENTS, octets

TOKEN = "0123456789abcdef0123"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
DEV_EUI = "a81758fffe0d0001"


def clock() -> Instant:
    return Instant(datetime(2026, 11, 26, 12, 0, tzinfo=UTC), 1000.0, "boot", TimeQuality.NTP)


def hook(server: ServerKind = ServerKind.NETMORE, **changed: Any) -> Webhook:
    whole: dict[str, Any] = {
        "name": "push", "host": "127.0.0.1", "port": 0, "path": "/uplinks", "server": server, "token": Secret(TOKEN), "tls": None,
        "decode": Decode.AUTO, **changed,
    }  # fmt: skip
    return Webhook(WebhookSettings(**whole), clock)


@dataclass
class Ear:
    heard: list[FromServer] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def hear(self, told: Heard) -> None:
        async with asyncio.timeout(10):
            await self.gate.wait()
        self.heard.append(told)  # type: ignore[arg-type]  # a webhook brings no frames

    def counters(self) -> list[int]:
        return [one.f_cnt for one in self.heard if isinstance(one, ServerUplink)]


@dataclass
class Door:
    """A webhook that listens, and a client of it."""

    source: Webhook
    ear: Ear
    session: aiohttp.ClientSession
    url: str

    async def push(
        self, body: Any, path: str = "/uplinks", headers: Any = BEARER, method: str = "POST", **more: Any
    ) -> tuple[int, str]:
        data = body if isinstance(body, bytes) or body is None else octets(body)
        async with self.session.request(method, f"{self.url}{path}", data=data, headers=headers, **more) as answer:
            return answer.status, await answer.text()


@asynccontextmanager
async def opened(source: Webhook, *, is_safe: bool = True, scheme: str = "http") -> AsyncIterator[Door]:
    ear = Ear()
    if is_safe:
        ear.gate.set()
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(source.run(ear.hear), name="webhook")
        async with asyncio.timeout(5):
            host, port = await source.listening()
        async with aiohttp.ClientSession() as session:
            yield Door(source, ear, session, f"{scheme}://{host}:{port}")
        task.cancel()


def chirpstack_event() -> bytes:
    return ChirpStack().up(Payload(dev_eui=DEV_EUI, f_cnt=7, data=b"\x01")).body


PUSHES: list[tuple[ServerKind, str, Any, list[int]]] = [
    (ServerKind.NETMORE, "/uplinks", EVENTS["netmore-uplink"], [76533]),
    (ServerKind.NETMORE, "/uplinks", EVENTS["netmore-list"], [76533, 76534]),
    (ServerKind.ACTILITY, "/uplinks?LrnDevEui=70B3D57050011422&LrnFPort=20", EVENTS["actility-uplink"], [3866]),
    (ServerKind.CHIRPSTACK, "/uplinks?event=up", chirpstack_event(), [7]),
    (ServerKind.THE_THINGS_STACK, "/uplinks", EVENTS["tts-v3-uplink-shape"], [42]),
]


@pytest.mark.parametrize(("server", "path", "body", "counters"), PUSHES)
async def test_a_push_is_heard_and_answered_when_it_is_safe(
    server: ServerKind, path: str, body: Any, counters: list[int]
) -> None:
    async with opened(hook(server)) as door:
        status, _ = await door.push(body, path)

    assert status == 200
    assert door.ear.counters() == counters


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/uplinks", BEARER),
        ("/uplinks", {"Authorization": TOKEN}),
        (f"/uplinks?token={TOKEN}", {}),
        (f"/uplinks/?token={TOKEN}", {}),
    ],
)
async def test_the_token_may_stand_in_a_header_or_behind_the_path(path: str, headers: dict[str, str]) -> None:
    async with opened(hook()) as door:
        status, _ = await door.push(EVENTS["netmore-uplink"], path, headers)

    assert status == 200


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/uplinks", {}),
        ("/uplinks", {"Authorization": "Bearer 0123456789abcdef0124"}),
        ("/uplinks?token=", {}),
        ("/uplinks?token=%ff%fe", {"Authorization": "Basic ä"}),
    ],
)
async def test_without_the_token_nothing_is_taken(path: str, headers: dict[str, str]) -> None:
    async with opened(hook()) as door:
        status, words = await door.push(EVENTS["netmore-uplink"], path, headers)
        advice = door.source.status()["advice"]

    assert status == 401
    assert "token" in words
    assert door.ear.heard == []
    assert any("token" in one for one in advice)
    assert TOKEN not in words


@pytest.mark.parametrize(
    ("body", "path", "method", "status"),
    [
        (b"<xml/>", "/uplinks", "POST", 400),
        ({"hello": 1}, "/uplinks", "POST", 400),
        (EVENTS["netmore-uplink"] | {"payload": "zz"}, "/uplinks", "POST", 400),
        (EVENTS["netmore-uplink"], "/elsewhere", "POST", 404),
        (None, "/uplinks", "GET", 405),
        (b"[" + b" " * webhook.LARGEST_BODY, "/uplinks", "POST", 413),
    ],
)
async def test_what_never_will_be_right_is_refused_with_a_word(body: Any, path: str, method: str, status: int) -> None:
    async with opened(hook()) as door:
        answered, words = await door.push(body, path, method=method)

    assert answered == status
    assert words.strip()
    assert door.ear.heard == []


async def test_a_body_without_a_length_is_bounded_too() -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(64):
            yield b" " * 8192

    async with (
        opened(hook()) as door,
        door.session.post(f"{door.url}/uplinks", data=endless(), headers=BEARER) as answer,
    ):
        assert answer.status == 413


async def test_an_encrypted_payload_is_refused_with_what_helps() -> None:
    async with opened(hook(ServerKind.ACTILITY)) as door:
        status, _ = await door.push(EVENTS["actility-uplink-encrypted"])
        advice = door.source.status()["advice"]

    assert status == 400
    assert "AppSKey" in advice[0]


async def test_while_the_disk_takes_nothing_a_push_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ANSWER_LIMIT_S", 0.05)
    async with opened(hook(), is_safe=False) as door:
        async with door.session.post(
            f"{door.url}/uplinks", data=octets(EVENTS["netmore-uplink"]), headers=BEARER
        ) as answer:
            status, again = answer.status, answer.headers.get("Retry-After")
        before = [*door.ear.heard]
        door.ear.gate.set()
        later, _ = await door.push(EVENTS["netmore-uplink"])

    assert (status, again) == (503, "30")
    assert before == []
    assert later == 200
    assert door.ear.counters() == [76533, 76533], (
        "what was on its way gets there, and the journal knows it the second time"
    )


async def test_too_much_under_way_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhook, "ANSWER_LIMIT_S", 0.02)
    monkeypatch.setattr(webhook, "MOST_UNDER_WAY", 3)
    async with opened(hook(), is_safe=False) as door:
        statuses = [(await door.push(EVENTS["netmore-uplink"]))[1].strip() for _ in range(4)]
        door.ear.gate.set()

    assert [words.split(";")[0] for words in statuses] == ["the disk takes nothing at the moment"] * 3 + [
        "too much is under way at the moment"
    ]


async def test_with_a_certificate_it_speaks_tls(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    identity = authority.server("127.0.0.1")
    tls = ServerTls(certificate_file=identity.certificate, key_file=identity.key)
    trusting = ssl.create_default_context(cafile=authority.certificate)

    async with opened(hook(tls=tls), scheme="https") as door:
        status, _ = await door.push(EVENTS["netmore-uplink"], ssl=trusting)

    assert status == 200


async def test_a_certificate_that_is_renewed_is_shown_without_a_new_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_tls, "LOOK_EVERY_S", 0.01)
    old, new = Authority(tmp_path, "Old"), Authority(tmp_path, "New")
    identity, renewed = old.server("127.0.0.1"), new.server("127.0.0.1")
    made = hook(tls=ServerTls(certificate_file=identity.certificate, key_file=identity.key))

    def trouble() -> list[str]:
        return [line for line in made.status()["advice"] if "certificate has changed" in line]

    async with opened(made, scheme="https") as door:
        identity.certificate.write_bytes(renewed.certificate.read_bytes())
        await until(trouble)
        identity.key.write_bytes(renewed.key.read_bytes())
        await until(lambda: not trouble())
        trusting = ssl.create_default_context(cafile=new.certificate)
        status, _ = await door.push(EVENTS["netmore-uplink"], ssl=trusting)

    assert status == 200


async def test_a_port_that_is_taken_is_said_at_the_start() -> None:
    async with opened(hook()) as door:
        port = int(door.url.rpartition(":")[2])
        with pytest.raises(ConfigError, match=f"TCP port {port} is taken"):
            await hook(port=port).run(door.ear.hear)


async def test_there_is_no_radio_to_transmit_with() -> None:
    assert await hook().transmit(None) is TxResult.NOT_CONNECTED  # type: ignore[arg-type]  # it looks at nothing


async def test_its_status_says_where_it_listens_and_what_came() -> None:
    source = hook()
    before = source.status()
    async with opened(source) as door:
        await door.push(json.dumps(EVENTS["netmore-uplink"]).encode())
        status = source.status()

    assert before["listening"] is None
    assert status["listening"] == f"{door.url}/uplinks"
    assert status["counts"] == {"uplinks": 1, "answered_200": 1}
    assert status["advice"] == []


async def test_one_that_is_wrong_in_a_list_takes_none_of_the_others_with_it() -> None:
    first, last, _ = EVENTS["netmore-list"]
    undated, nothing = first | {"timestamp": "yesterday"}, 7

    async with opened(hook()) as door:
        status, words = await door.push([undated, first, nothing, last])
        dropped = door.source.status()["dropped"]

    assert door.ear.counters() == [76533, 76534]
    assert (status, dropped) == (400, {"time": 1, "shape": 1})
    assert "time" in words


async def test_a_bug_on_the_way_to_the_disk_is_never_answered_with_200() -> None:
    async def broken(_: Heard) -> None:
        raise ZeroDivisionError

    source, statuses = hook(), list[int]()
    running = asyncio.create_task(source.run(broken), name="webhook")
    async with asyncio.timeout(5):
        host, port = await source.listening()
    with contextlib.suppress(aiohttp.ClientError):  # the agent ends, and its connections with it
        async with (
            aiohttp.ClientSession() as session,
            session.post(
                f"http://{host}:{port}/uplinks", data=octets(EVENTS["netmore-uplink"]), headers=BEARER
            ) as answer,
        ):
            statuses.append(answer.status)

    with pytest.raises(ExceptionGroup):
        await running
    assert 200 not in statuses


@pytest.mark.parametrize(
    ("body", "coding"), [(b"no gzip", "gzip"), (gzip.compress(b" " * (64 << 20)), "gzip"), (b"{}", "br")]
)
async def test_a_compressed_body_is_refused_unread(body: bytes, coding: str) -> None:
    async with opened(hook()) as door:
        began = time.process_time()
        status, words = await door.push(body, headers=BEARER | {"Content-Encoding": coding})
        took_s = time.process_time() - began

    assert status == 415
    assert coding in words
    assert took_s < 0.1, "64 MiB of nothing are not unpacked to find that"
