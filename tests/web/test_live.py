"""What happens as it happens: frames, decoded uplinks, status and log; slow readers are told what they missed, nobody costs nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest

from gateway.model import DevAddr, Eui64
from gateway.web import live as living
from gateway.web import site
from gateway.web.live import Crowded, Live
from gateway.web.passwords import hashed
from simulators.end_device import EndDevice
from tests.pipeline.rig import LIMIT_S, registration, until
from tests.web.visiting import PREFIX, Box, Visitor

ERS = bytes.fromhex(
    "0100e2 0229 040027 0506 060308"
)  # TheThingsNetwork/lorawan-devices, vendor/elsys/ers-co2-codec.yaml
KNOWN = Eui64("a81758fffe051d02")


class Stream:
    """Events as a page reads them."""

    def __init__(self, content: Any) -> None:
        self._content = content

    async def event(self) -> tuple[str, str, Any]:
        """Return kind, id and data of the next event."""
        found: dict[str, str] = {}
        async with asyncio.timeout(LIMIT_S):
            async for line in self._content:
                name, _, value = line.decode().rstrip("\n").partition(": ")
                if name:
                    found[name] = value
                elif "event" in found:
                    return found["event"], found.get("id", ""), json.loads(found["data"])
                else:
                    found = {}
        raise EOFError

    async def ended(self) -> None:
        """Return when the stream ends."""
        async with asyncio.timeout(LIMIT_S):
            async for _ in self._content:
                pass


@contextlib.asynccontextmanager
async def following(visitor: Visitor, kinds: str, **headers: str) -> AsyncIterator[Stream]:
    wanted = {**visitor.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
    async with visitor.session.get(f"{visitor.url}{PREFIX}live?kinds={kinds}", headers=wanted) as answer:
        assert answer.status == 200
        assert answer.content_type == "text/event-stream"
        yield Stream(answer.content)


async def test_a_frame_is_told_as_heard_and_its_uplink_decoded(local: Box) -> None:
    device = EndDevice.abp(KNOWN, DevAddr("00011234"))
    await local.rig.register(registration(device, name="Library"))
    roof = await local.rig.roof()

    async with following(await local.visitor(), "frame,uplink") as stream:
        await until(lambda: bool(local.agent._surveys))
        await roof.push(device.uplink(5, ERS), rssi_dbm=-71.0)
        events = dict([(await stream.event())[::2], (await stream.event())[::2]])

    assert events["frame"]["kind"] == "own"
    assert events["frame"]["name"] == "Library"
    assert events["frame"]["rssi_dbm"] == -71.0
    readings = {one["quantity"]: one["value"] for one in events["uplink"]["readings"]}
    assert readings["air_temperature"] == 22.6
    assert events["uplink"]["dev_eui"] == KNOWN


async def test_when_nobody_follows_sources_tell_nobody(local: Box) -> None:
    async with following(await local.visitor(), "frame"):
        await until(lambda: bool(local.agent._surveys))

    local.website._site._live.tell("frame", {})
    await until(lambda: not local.agent._surveys)
    assert len(local.website._site._live) == 0


async def test_the_status_comes_at_once_and_the_log_line_by_line(local: Box) -> None:
    async with following(await local.visitor(), "status,log") as stream:
        kind, _, status = await stream.event()
        logging.getLogger("gateway.test").warning("the mast leans")
        while True:
            other, _, line = await stream.event()
            if other == "log":
                break

    assert kind == "status"
    assert status["web"]["readers"] == 1
    assert line["text"] == "the mast leans"
    assert line["level"] == "warning"


async def test_a_logout_ends_the_stream(locked: Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()

    async with following(visitor, "log") as stream:
        await visitor.ask("DELETE", "session")
        await stream.ended()

    assert len(locked.website._site._live) == 0


async def test_another_password_ends_the_stream_of_who_stole_a_cookie(locked: Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()

    async with following(visitor, "log") as stream:
        (locked.data / "web.password").write_text(hashed("noch ein anderes Wort"), encoding="ascii")
        await stream.ended()

    assert len(locked.website._site._live) == 0


async def test_a_stream_that_is_quiet_shows_that_somebody_is_there(local: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(site, "LOOK_S", 0.1)
    visitor = await local.visitor()

    async with visitor.session.get(f"{visitor.url}{PREFIX}live?kinds=frame") as answer, asyncio.timeout(LIMIT_S):
        lines = [await answer.content.readline() for _ in range(4)]

    assert lines[2] == b": still here\n"


async def test_more_readers_than_may_are_told_to_come_later(local: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "MOST_READERS", 1)
    visitor = await local.visitor()

    async with following(visitor, "log"):
        told = await visitor.get("live")

    assert told.status == 429
    assert told.headers["Retry-After"] == "30"
    assert local.refused["readers"] == 1


# ── the events themselves ──


async def test_a_slow_reader_is_told_how_many_it_has_not_got(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "MOST_WAITING", 3)
    live = Live()
    with live.reading(["frame"], None) as reader:
        for number in range(5):
            live.tell("frame", number)

        events = (await reader.take(1)).decode()

    assert events.startswith('event: missed\ndata: {"count": 2}\n\n')
    assert [line for line in events.splitlines() if line.startswith("data")][1:] == ["data: 2", "data: 3", "data: 4"]


async def test_who_comes_again_gets_what_was_kept_while_somebody_read() -> None:
    live = Live()
    with live.reading(["frame"], None) as first:
        live.tell("frame", "before")
        seen = (await first.take(1)).decode().split("\n")[0].removeprefix("id: ")
        live.tell("frame", "between")

        with live.reading(["frame"], seen) as again:
            events = (await again.take(1)).decode()

    assert "missed" not in events
    assert 'data: "between"' in events
    assert "before" not in events


@pytest.mark.parametrize("after", ["00000000-3", "x", "9" * 400])
async def test_who_comes_from_before_the_start_is_told_that_nobody_knows_what_was_missed(after: str) -> None:
    with Live().reading(["frame"], after) as reader:
        assert await reader.take(1) == b'event: missed\ndata: {"count": null}\n\n'


async def test_events_that_nobody_reads_are_not_made() -> None:
    live = Live()

    live.tell("frame", object())
    with live.reading(["log"], None) as reader:
        live.tell("frame", object())

        assert await reader.take(0.01) == b""


def test_readers_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(living, "MOST_READERS", 0)

    with pytest.raises(Crowded), Live().reading(["log"], None):
        pass


def test_no_event_can_break_out_of_its_line() -> None:
    live = Live()
    with live.reading(["log"], None) as reader:
        live.tell("log", {"text": "one\n\nevent: frame\ndata: forged \ud800"})

        (event,) = reader._waiting

    assert event.count(b"\n\n") == 1
    assert event.endswith(b"\n\n")
