"""What paho makes of octets on our wire, without a socket: every packet kind, every truncation, every flipped bit."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Final, cast

import pytest

from gateway.model import Verdict
from gateway.transports.broker import Broker, MqttVersion
from gateway.transports.endpoint import endpoint
from gateway.transports.greeting import greet
from gateway.transports.link import Link
from gateway.transports.wire import Wire
from simulators.platforms.certificates import Authority

from .conftest import request_to

LIMIT_S: Final = 5.0
CONNACK: Final = {MqttVersion.V5: b"\x20\x03\x00\x00\x00", MqttVersion.V3_1_1: b"\x20\x02\x00\x00"}
PUBACK: Final = {
    MqttVersion.V5: [b"\x40\x02\x00\x01", b"\x40\x03\x00\x01\x00", b"\x40\x0a\x00\x01\x87\x06\x1f\x00\x03why"],
    MqttVersion.V3_1_1: [b"\x40\x02\x00\x01"],
}


class Line(asyncio.Transport):
    """A connection that leads nowhere."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()
        self.ended = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.ended

    def close(self) -> None:
        self.ended = True

    def abort(self) -> None:
        self.ended = True


async def greeted(version: MqttVersion) -> tuple[Link, Line]:
    broker = Broker(endpoint=endpoint("mqtt://broker"), client_id="g", version=version, window=5)
    link, line = Link(broker, lambda _: None), Line()
    link._wire.connection_made(line)
    greet(link._client, broker)
    link._wire.data_received(CONNACK[version])
    assert link.ended is None
    return link, line


async def published(version: MqttVersion, octets: Iterator[bytes]) -> Verdict:
    """Publish one message, let the broker say ``octets`` and hang up; return the verdict."""
    link, _ = await greeted(version)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(link.publish([request_to("city/a")], 5), name="publish")
        await asyncio.sleep(0)
        for segment in octets:
            link._wire.data_received(segment)
        link._wire.connection_lost(None)
    (answer,) = task.result()
    return answer.verdict


def test_what_was_not_read_stays_before_what_comes() -> None:
    wire = Wire(lambda: None, lambda _: None)
    wire.data_received(b"abc")
    read = wire.recv(2)

    wire.data_received(b"de")

    assert (read, wire.recv(10), wire.unread) == (b"ab", b"cde", False)
    with pytest.raises(BlockingIOError):
        wire.recv(1)


async def test_a_tls_connection_that_was_closed_twice_can_still_be_cut(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    identity = authority.server("127.0.0.1")
    speaks = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    speaks.load_cert_chain(identity.certificate, identity.key)

    async def be_deaf(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        cast("asyncio.Transport", writer.transport).pause_reading()
        await wire.closed.wait()
        writer.transport.abort()

    wire = Wire(lambda: None, lambda _: None)
    async with asyncio.timeout(LIMIT_S), await asyncio.start_server(be_deaf, "127.0.0.1", 0, ssl=speaks) as server:
        port = server.sockets[0].getsockname()[1]
        believes = ssl.create_default_context(cafile=authority.certificate)
        await asyncio.get_running_loop().create_connection(lambda: wire, "127.0.0.1", port, ssl=believes)

        wire.close()
        wire.close()
        wire.abort()
        await wire.closed.wait()

    assert not wire.connected


@pytest.mark.parametrize("version", list(MqttVersion))
async def test_a_puback_in_any_two_parts_is_one_puback(version: MqttVersion) -> None:
    for puback in PUBACK[version]:
        expected = Verdict.REFUSED if b"\x87" in puback else Verdict.TAKEN
        for cut in range(1, len(puback)):
            assert await published(version, iter([puback[:cut], puback[cut:]])) is expected


@pytest.mark.parametrize("version", list(MqttVersion))
async def test_a_truncated_puback_settles_nothing(version: MqttVersion) -> None:
    for puback in PUBACK[version]:
        for length in range(len(puback)):
            assert await published(version, iter([puback[:length]])) is Verdict.UNCLEAR


@pytest.mark.parametrize("version", list(MqttVersion))
async def test_a_flipped_bit_raises_nothing(version: MqttVersion) -> None:
    for puback in PUBACK[version]:
        for bit in range(8 * len(puback)):
            flipped = bytearray(puback)
            flipped[bit // 8] ^= 1 << bit % 8
            await published(version, iter([bytes(flipped)]))


async def test_a_puback_of_another_message_settles_nothing() -> None:
    assert await published(MqttVersion.V5, iter([b"\x40\x02\x00\x02", b"\x40\x02\x00\x00"])) is Verdict.UNCLEAR


async def test_a_puback_twice_is_one_puback() -> None:
    assert await published(MqttVersion.V5, iter([b"\x40\x02\x00\x01" * 2])) is Verdict.TAKEN


@pytest.mark.parametrize("kind", range(16))
@pytest.mark.parametrize("version", list(MqttVersion))
async def test_noise_in_every_kind_of_packet_raises_nothing(version: MqttVersion, kind: int) -> None:
    seeded = random.Random(kind)
    for _ in range(150):
        body = seeded.randbytes(seeded.randrange(0, 24))
        packet = bytes([kind << 4 | seeded.randrange(16), len(body)]) + body
        await published(version, iter([packet, b"\x40\x02\x00\x01"]))


async def test_a_whole_window_leaves_in_one_piece() -> None:
    link, line = await greeted(MqttVersion.V5)
    writes: list[bytes] = []
    line.write = lambda data: writes.append(bytes(data))  # type: ignore[method-assign]  # only to look at it

    async with asyncio.TaskGroup() as group:
        group.create_task(link.publish([request_to("city/a")] * 5, 5), name="publish")
        await asyncio.sleep(0)
        link._wire.data_received(b"".join(b"\x40\x02\x00" + bytes([mid]) for mid in range(1, 6)))

    assert [one.count(b"city/a") for one in writes] == [5]


async def test_paho_still_asks_what_we_replaced() -> None:
    """A paho that renames its private methods would open sockets of its own, or be slow: this says so first."""
    from paho.mqtt.client import Client

    assert {"_create_socket", "_handle_pubackcomp"} <= set(vars(Client))
    link, _ = await greeted(MqttVersion.V5)
    assert cast("object", link._client.socket()) is link._wire
