"""A whole agent with its website on a free port, and who visits it over real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from gateway.agent import Agent, running
from gateway.config import load
from gateway.sources.semtech_udp import SemtechUdp
from gateway.web.passwords import hashed
from gateway.web.roles import Role
from gateway.web.room import Room
from gateway.web.tokens import Token, made, written
from gateway.web.website import Website
from tests.pipeline.rig import CONFIGURATION, LIMIT_S, Rig, clock

PASSWORD = "ett längre lösenord"
HASHED = hashed(PASSWORD)  # once: it takes a while on purpose
WEB = '[web]\nport = 0\nhost = "{host}"\n'
PREFIX = "/api/v1/"


@dataclass(frozen=True, slots=True)
class Told:
    """An answer."""

    status: int
    json: Any
    headers: Mapping[str, str]


@dataclass
class Visitor:
    """Somebody with a browser's cookies, or a token."""

    session: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, body: object = None, **headers: str) -> Told:
        """Ask for a route, or with a path that begins with / for any."""
        where = self.url + (path if path.startswith("/") else PREFIX + path)
        sent = None if body is None else json.dumps(body)
        told = {"Content-Type": "application/json"} if sent is not None else {}
        wanted = {**self.headers, **told, **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with asyncio.timeout(LIMIT_S):
            async with self.session.request(method, where, data=sent, headers=wanted) as answer:
                text = (await answer.read()).decode("utf-8", "replace")
                is_json = answer.content_type == "application/json"
                return Told(answer.status, json.loads(text) if is_json else text, answer.headers)

    async def get(self, path: str, **headers: str) -> Told:
        return await self.ask("GET", path, **headers)

    async def log_in(self, password: str = PASSWORD) -> Told:
        """Log in, and show from then on what a page shows."""
        told = await self.ask("POST", "session", {"password": password})
        if told.status == 200:
            self.headers["X-CSRF-Token"] = told.json["csrf"]
        return told

    async def trust(self) -> None:
        """Take the CSRF token of a box without a password, as a page does."""
        self.headers["X-CSRF-Token"] = (await self.get("session")).json["csrf"]


@dataclass
class Box:
    """An agent with a website."""

    agent: Agent
    rig: Rig
    website: Website
    address: tuple[str, int]
    data: Path
    closing: contextlib.AsyncExitStack

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.address[1]}"

    async def visitor(self, **headers: str) -> Visitor:
        """Return somebody new."""
        jar = aiohttp.CookieJar(unsafe=True)  # cookies of an address, not of a name
        session = await self.closing.enter_async_context(aiohttp.ClientSession(cookie_jar=jar))
        return Visitor(session, self.url, {name.replace("_", "-"): value for name, value in headers.items()})

    async def with_role(self, role: Role) -> Visitor:
        """Return a program whose token has this role; other tokens are forgotten."""
        token, kept = made(str(role), role, "2026-11-26")
        write_tokens(self.data, kept)
        return await self.visitor(Authorization=f"Bearer {token}")

    @property
    def refused(self) -> Mapping[str, int]:
        counted: Mapping[str, int] = self.website.status()["refused"]
        return counted


def write_tokens(data: Path, *tokens: Token) -> None:
    (data / "web.tokens").write_text(written(tokens), encoding="utf-8")


@contextlib.asynccontextmanager
async def box(folder: Path, *more: str, password: str | None = HASHED, host: str = "127.0.0.1") -> AsyncIterator[Box]:
    """Run an agent whose website listens on a free port; ``password`` is the hash of one."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    if password is not None:
        (data / "web.password").write_text(password, encoding="ascii")
    path = folder / "brygga.toml"
    path.write_text("\n".join([CONFIGURATION, WEB.format(host=host), *more]), encoding="utf-8")
    async with running(load(path), clock) as agent:
        (source,) = agent.sources
        assert isinstance(source, SemtechUdp)
        website = await website_of(agent)
        async with asyncio.timeout(LIMIT_S):
            server, address = await source.listening(), await website.listening()
        async with contextlib.AsyncExitStack() as visits, Rig(agent, server) as rig:
            yield Box(agent, rig, website, address, data, visits)


async def website_of(agent: Agent) -> Website:
    """Return the website of an agent, as soon as there is one."""
    (room,) = [part for part in agent.parts if isinstance(part, Room)]
    async with asyncio.timeout(LIMIT_S):
        while room.website is None:  # noqa: ASYNC110 - it is made in the first turns of the loop
            await asyncio.sleep(0.01)
    return room.website


async def raw(address: tuple[str, int], octets: bytes, limit_s: float = LIMIT_S) -> bytes:
    """Say ``octets`` and return what comes until the other side hangs up."""
    reader, writer = await asyncio.open_connection("127.0.0.1", address[1])
    try:
        writer.write(octets)
        async with asyncio.timeout(limit_s):
            return await reader.read()
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def until_answers(box: Box, destination: str) -> None:
    """Return as soon as a platform has answered."""
    async with asyncio.timeout(LIMIT_S):
        (telling,) = [one for one in box.agent.tellings if one.destination.name == destination]
        while not telling.last_answers.as_json():  # noqa: ASYNC110 - it tells nobody
            await asyncio.sleep(0.02)
