"""The network within the process, held against what TCP promises."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest

from simulators.lab.lab_loop import LabLoop
from simulators.lab.net import Net
from simulators.lab.wire import End, Line
from simulators.simulation.process import Process

T = TypeVar("T")
DELAY_S = 0.05


def on_the_wire(story: Coroutine[Any, Any, T]) -> T:
    with asyncio.Runner(loop_factory=LabLoop) as runner:
        return runner.run(story)


def the_net() -> Net:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, LabLoop)
    return loop.net


class Shop:
    """A server that keeps what it hears and how each connection ended."""

    def __init__(self) -> None:
        self.heard = b""
        self.ends: list[str] = []
        self.answers = True

    async def open(self) -> tuple[int, Line]:
        server = await asyncio.start_server(self._serve, "", 0)
        port = int(server.sockets[0].getsockname()[1])
        line = the_net().line(port)
        line.delay_s = DELAY_S
        return port, line

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while octets := await reader.read(100):
                self.heard += octets
                if self.answers:
                    writer.write(octets.upper())
            self.ends.append("closed")
        except ConnectionResetError:
            self.ends.append("reset")
        finally:
            writer.close()


def now() -> float:
    return asyncio.get_running_loop().time()


def test_what_is_sent_arrives_in_order_after_the_way_there_and_back() -> None:
    async def story() -> tuple[bytes, float]:
        port, _ = await Shop().open()
        reader, writer = await asyncio.open_connection("", port)
        began = now()
        for octet in b"abcdef":
            writer.write(bytes((octet,)))
        told = await reader.readexactly(6)
        took_s = now() - began
        writer.close()
        return told, took_s

    told, took_s = on_the_wire(story())

    assert told == b"ABCDEF"
    assert took_s == pytest.approx(2 * DELAY_S)


def test_a_line_that_is_out_keeps_what_is_on_its_way_and_its_order() -> None:
    async def story() -> tuple[bytes, bytes]:
        shop = Shop()
        port, line = await shop.open()
        _, writer = await asyncio.open_connection("", port)
        line.cut()
        writer.write(b"one ")
        await asyncio.sleep(60)
        before = shop.heard
        line.mend()
        writer.write(b"two")
        await asyncio.sleep(1)
        writer.close()
        return before, shop.heard

    before, after = on_the_wire(story())

    assert before == b""
    assert after == b"one two"


def test_what_a_closed_connection_still_had_on_its_way_is_given_up_after_a_while() -> None:
    async def story() -> tuple[bytes, list[str]]:
        shop = Shop()
        port, line = await shop.open()
        _, writer = await asyncio.open_connection("", port)
        line.cut()
        writer.write(b"too late")
        writer.close()
        await asyncio.sleep(3600)
        line.mend()
        await asyncio.sleep(1)
        return shop.heard, shop.ends

    heard, ends = on_the_wire(story())

    assert heard == b""
    assert ends == ["reset"]


def test_who_connects_while_a_line_is_out_waits() -> None:
    async def story() -> float:
        port, line = await Shop().open()
        line.cut()
        asyncio.get_running_loop().call_later(30, line.mend)
        began = now()
        _, writer = await asyncio.open_connection("", port)
        writer.close()
        return now() - began

    assert on_the_wire(story()) == pytest.approx(30 + 2 * DELAY_S)


def test_a_port_that_nobody_listens_on_refuses() -> None:
    with pytest.raises(ConnectionRefusedError):
        on_the_wire(asyncio.open_connection("", 9))


def test_a_good_bye_is_heard_behind_all_that_was_said() -> None:
    async def story() -> tuple[bytes, list[str]]:
        shop = Shop()
        port, _ = await shop.open()
        _, writer = await asyncio.open_connection("", port)
        writer.write(b"last words")
        writer.close()
        await asyncio.sleep(1)
        return shop.heard, shop.ends

    assert on_the_wire(story()) == (b"last words", ["closed"])


def test_a_process_that_dies_says_nothing_more_and_its_connections_are_reset() -> None:
    async def story() -> tuple[bytes, list[str]]:
        shop, process = Shop(), Process("agent", lambda _: None)
        port, _ = await shop.open()

        async def talk() -> None:
            _, writer = await asyncio.open_connection("", port)
            while True:
                writer.write(b".")
                await asyncio.sleep(1)

        process.begin(talk())
        await asyncio.sleep(3.5)
        process.die("the plug is pulled")
        the_net().die(process)
        await asyncio.sleep(5)
        await process.bury()
        the_net().bury(process)
        return shop.heard, shop.ends

    heard, ends = on_the_wire(story())

    assert heard == b"...."
    assert ends == ["reset"]


def test_what_comes_while_reading_is_paused_is_brought_afterwards() -> None:
    async def story() -> bytes:
        shop = Shop()
        port, _ = await shop.open()
        reader, writer = await asyncio.open_connection("", port)
        end = writer.transport
        assert isinstance(end, End)
        end.pause_reading()
        writer.write(b"hello")
        await asyncio.sleep(1)
        end.resume_reading()
        told = await reader.readexactly(5)
        writer.close()
        return told

    assert on_the_wire(story()) == b"HELLO"
