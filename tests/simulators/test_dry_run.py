"""Stand-ins for an installer's dry run: each shows what comes from the real format over the real transport."""

from __future__ import annotations

import asyncio
import gzip
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from decoders.contract import Reading
from gateway.commands.command_line_simulate import PLATFORMS
from gateway.errors import ConfigError
from gateway.formats.catalogue import make
from gateway.model import Request
from gateway.transports import Transport
from gateway.transports.endpoint import endpoint
from gateway.transports.http import Http
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Service
from simulators.dry_run import KINDS, dry_run
from simulators.dry_run.run import Wishes
from simulators.dry_run.seen import Seen
from tests.formats.items import DEV_EUI, item
from tests.formats.over_mqtt import over_mqtt
from tests.formats.telling import NOW, Loop, over_http

READING: Final = item(Reading("air_temperature", 21.5, "Cel"), heard_at=NOW.utc)
WAYS: Final = [(name, way) for name, kind in KINDS.items() for way in kind.ways]
OPTIONS: Final[Mapping[tuple[str, str], Mapping[str, Any]]] = {
    ("diwise", "http"): {"ids": {DEV_EUI: "internal-1"}},
    ("yggio", "http"): {"topic": "/http-push/generic?identifier=devEui"},
    ("thingsboard", "http"): {"topic": "/api/v1/{id}/telemetry", "ids": {DEV_EUI: "token-1"}},
    **{
        (name, "http"): {"topic": "/in"}
        for name in ("rec_edge", "chirpstack", "the_things_stack", "senml", "json", "template")
    },
}


@asynccontextmanager
async def opened(name: str, way: str, token: str = "") -> AsyncIterator[tuple[str, list[Seen]]]:
    seen: list[Seen] = []
    window = KINDS[name].ways[way](seen.append, token)
    url = await window.start("127.0.0.1", 0)
    try:
        yield url, seen
    finally:
        await window.stop()


@asynccontextmanager
async def transport(name: str, url: str, token: str = "") -> AsyncIterator[Transport]:
    if url.startswith("http"):
        http = over_http(url, token)
        yield http
        await http.close()
        return
    login: dict[str, Any] = {"username": "brygga", "password": Secret(token)} if token else {}
    if name == "azure_iot":
        host = "127.0.0.1"
        login = {"client_id": "brygga", "username": f"{host}/brygga/?api-version=2021-04-12", "version": "3.1.1"}
    async with over_mqtt(url, **login) as mqtt:
        yield mqtt


@pytest.mark.parametrize(("name", "way"), WAYS)
async def test_what_a_format_says_is_taken_and_shown(name: str, way: str) -> None:
    kind = KINDS[name]
    options = {**(kind.options or {}), **OPTIONS.get((name, way), {})}

    async with opened(name, way) as (url, seen), transport(name, url) as there:
        loop = Loop(make(kind.format, options), there, [READING])
        await loop.to_its_end()

    assert loop.refused() == {}
    assert loop.journal.delivered == [1]
    assert any((one.is_taken and b"21.5" in one.body) or (one.is_taken and b"\xfbA" in one.body) for one in seen)


@pytest.mark.parametrize(("name", "way"), [(name, way) for name, way in WAYS if name != "azure_iot"])
async def test_who_has_not_the_token_is_shown_as_refused(name: str, way: str) -> None:
    kind = KINDS[name]
    options = {**(kind.options or {}), **OPTIONS.get((name, way), {})}

    async with opened(name, way, "right") as (url, seen):
        async with transport(name, url, "wrong") as there:
            await Loop(make(kind.format, options), there, [READING]).turns(1)
        refused = [one for one in seen if not one.is_taken]
        async with transport(name, url, "right") as there:
            loop = Loop(make(kind.format, options), there, [READING])
            await loop.to_its_end()

    assert refused
    assert loop.journal.delivered == [1]


async def test_a_wrong_path_is_shown_and_so_is_what_is_wrong_with_a_body() -> None:
    async with opened("ngsi_v2", "http") as (url, seen):
        there = over_http(url)
        await there.send([Request(target="/v1/updateContext", body=b"{}", content_type="application/json")])
        await there.send([Request(target="/v2/op/update", body=b"{}", content_type="application/json")])
        await there.close()

    assert [one.answer for one in seen] == ["404 Not Found", "400 Bad Request"]
    assert "invalid update action type" in seen[1].why
    assert "✗ POST /v2/op/update" in seen[1].lines(whole=False)[0]


async def test_an_api_key_is_a_token_too() -> None:
    async with opened("ngsi_ld", "http", "key") as (url, seen):
        login = ApiKey("X-API-Key", Secret("key"))
        there = Http(Service(endpoint=endpoint(url), login=login), lambda: NOW)
        await Loop(make("ngsi_ld", {}), there, [READING]).to_its_end()
        await there.close()

    assert seen
    assert all(one.is_taken for one in seen)


async def test_a_batch_with_an_error_in_it_is_not_shown_as_taken() -> None:
    async with opened("ngsi_ld", "http") as (url, seen):
        there = over_http(url)
        body = b'[{"id":"urn:a:1","type":"A","@context":"https://x"},{"id":"no","type":"A","@context":"https://x"}]'
        upsert = "/ngsi-ld/v1/entityOperations/upsert?options=update"
        await there.send([Request(target=upsert, body=body, content_type="application/ld+json")])
        await there.close()

    assert [(one.answer, one.is_taken) for one in seen] == [("207 Multi-Status", False)]


async def test_a_compressed_body_is_shown_as_it_was_meant_with_both_sizes() -> None:
    said = b'{"a":"' + b"x" * 500 + b'"}'
    packed = gzip.compress(said)
    async with opened("json", "http") as (url, seen):
        there = over_http(url)
        headers = {"Content-Encoding": "gzip"}
        await there.send([Request(target="/in", body=packed, content_type="application/json", headers=headers)])
        await there.close()

    assert [(one.body, one.wire_octets, one.is_taken) for one in seen] == [(said, len(packed), True)]
    assert f"{len(said)} octets ({len(packed)} on the wire)" in seen[0].lines(whole=False)[0]


def test_the_command_knows_every_kind_there_is() -> None:
    assert set(PLATFORMS) == set(KINDS)


def test_a_door_that_a_kind_has_not_is_named() -> None:
    with pytest.raises(ConfigError, match="has no door over mqtt; --way http is right"):
        dry_run(Wishes(kind="ngsi_ld", way="mqtt", port=0), print)


@asynccontextmanager
async def command(*arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "gateway", "simulate", "platform", *arguments, stdout=PIPE, stderr=PIPE
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_the_command_says_what_to_write_shows_what_comes_and_ends_when_it_has_seen_enough() -> None:
    async with command("json", "--way", "http", "--port", "0", "--count", "2") as process:
        assert process.stdout is not None
        first = (await asyncio.wait_for(process.stdout.readline(), 20)).decode()
        there = over_http(first.split()[0])
        for body in (b'{"a":1}', b'{"a":'):
            await there.send([Request(target="/in", body=body, content_type="application/json")])
        await there.close()
        said, _ = await asyncio.wait_for(process.communicate(), 20)

    shown = said.decode()
    assert 'format = "json"' in shown
    assert "✓ POST /in" in shown
    assert "→ 400 Bad Request: no JSON" in shown
    assert shown.splitlines()[-1] == "1 taken, 1 refused"
    assert process.returncode == 1


async def test_a_person_who_ends_it_gets_the_count() -> None:
    async with command("senml", "--port", "0") as process:
        assert process.stdout is not None
        await asyncio.wait_for(process.stdout.readline(), 20)
        process.send_signal(signal.SIGINT)
        said, _ = await asyncio.wait_for(process.communicate(), 20)

    assert said.decode().splitlines()[-1] == "0 taken, 0 refused"
    assert process.returncode == 1


async def test_a_port_that_is_taken_is_said() -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    async with command("ngsi_ld", "--port", str(port)) as process:
        _, complaint = await asyncio.wait_for(process.communicate(), 20)

    server.close()
    await server.wait_closed()
    assert f"127.0.0.1:{port} cannot be listened on" in complaint.decode()
    assert process.returncode == 1
