"""The port: taken, it is an alarm and tried again; https shows a certificate of its own; another configuration opens another one."""

from __future__ import annotations

import asyncio
import socket
import ssl
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from gateway.agent import running
from gateway.commands.show_status import _status_lines
from gateway.config import load
from gateway.web import website
from gateway.web.certificate import fingerprint, made
from tests.pipeline.rig import CONFIGURATION, LIMIT_S, clock, until
from tests.web import visiting


async def test_a_port_that_is_taken_is_an_alarm_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(website, "AGAIN_S", 0.05)
    taken = socket.create_server(("127.0.0.1", 0))
    path = tmp_path / "brygga.toml"
    path.write_text(f"{CONFIGURATION}\n[web]\nport = {taken.getsockname()[1]}\n", encoding="utf-8")
    async with running(load(path), clock) as agent:
        there = await visiting.website_of(agent)
        await until(lambda: bool(there.trouble))
        alarm, troubled = website.alarm(there), there.status()

        taken.close()
        async with asyncio.timeout(LIMIT_S):
            address = await there.listening()

        assert address[0] == "127.0.0.1"
        assert website.alarm(there) is None
    assert alarm is not None
    assert "is taken by another program" in alarm["words"]
    assert troubled["listening"] is None


async def test_the_status_shows_the_alarm_and_where_the_dashboard_is(locked: visiting.Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()

    status = (await visitor.get("status")).json
    lines = [*_status_lines(status)]

    assert any(line.startswith(f"dashboard: http://127.0.0.1:{locked.address[1]}") for line in lines)


async def test_https_is_spoken_with_the_boxs_own_certificate(tmp_path: Path) -> None:
    certificate, key = made(["localhost", "127.0.0.1"], "test", 30)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "web.crt").write_text(certificate, encoding="ascii")
    (tmp_path / "data" / "web.key").write_text(key, encoding="ascii")
    trusting = ssl.create_default_context(cadata=certificate)
    async with visiting.box(tmp_path) as box, aiohttp.ClientSession() as session:
        url = f"https://localhost:{box.address[1]}/api/v1/session"
        async with session.post(url, json={"password": visiting.PASSWORD}, ssl=trusting) as answer:
            told = answer.headers["Set-Cookie"]
        status = box.website.status()

    assert "Secure" in told
    assert status["secure"] is True
    assert len(fingerprint(certificate)) == 95


async def test_another_port_in_the_file_is_opened_without_a_restart(locked: visiting.Box) -> None:
    (room,) = [part for part in locked.agent.parts if part.field == "web"]
    settings = locked.agent.settings

    await room.change(replace(settings, web=None))
    await until(lambda: room.website is None)  # type: ignore[attr-defined]  # a room of the web
    await room.change(settings)

    again = await visiting.website_of(locked.agent)
    async with asyncio.timeout(LIMIT_S):
        await again.listening()
    assert again is not locked.website


async def test_without_a_section_nothing_of_it_is_there(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(CONFIGURATION, encoding="utf-8")
    async with running(load(path), clock) as agent:
        (room,) = [part for part in agent.parts if part.field == "web"]
        await until(lambda: True)

        assert room.website is None  # type: ignore[attr-defined]  # a room of the web


async def test_nothing_that_is_asked_outlives_the_agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(website, "ENDING_S", 0.1)
    began, ended = asyncio.Event(), asyncio.Event()

    async def endless(_: object) -> object:
        began.set()
        try:
            return await asyncio.Event().wait()  # no limit: it is to be ended
        finally:
            ended.set()

    async with visiting.box(tmp_path, password=None) as box:
        monkeypatch.setattr(box.website._site._asking, "_desk", endless)
        head = f"GET {visiting.PREFIX}status HTTP/1.1\r\nHost: localhost\r\n\r\n"
        _, writer = await asyncio.open_connection("127.0.0.1", box.address[1])
        writer.write(head.encode())
        async with asyncio.timeout(LIMIT_S):
            await began.wait()
        writer.close()  # whoever asked goes, and the answer is made all the same
        await writer.wait_closed()

    assert ended.is_set()
