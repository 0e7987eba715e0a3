"""The port of `[metrics]` alone: to this machine, and to who shows a token; and what a configuration may say of it."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from gateway.commands.show_observe import observe_lines
from gateway.config import load
from gateway.errors import ConfigError
from gateway.observe.port import BOUNDS
from gateway.web.roles import Role
from gateway.web.tokens import made
from simulators.ports import free_tcp_port
from tests.agent.process import rewrite
from tests.observe.listening import Listening, is_open, listening
from tests.observe.scrape import scraped
from tests.pipeline.rig import CONFIGURATION, LIMIT_S
from tests.web.visiting import raw, write_tokens


async def test_this_machine_needs_no_token(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        status, text = await box.get()

    assert status == 200
    assert scraped(text).value("brygga_uptime_seconds") >= 0
    assert "brygga_web_connections" not in text


async def test_it_goes_packed_to_who_takes_that(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        port = int((await box.standing(is_open))["listening"].rpartition(":")[2])
        head = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        packed = await raw(("", port), f"{head}Accept-Encoding: gzip\r\n\r\n".encode())
        plain = await raw(("", port), f"{head}\r\n".encode())

    assert b"Content-Encoding: gzip" in packed
    assert b"brygga_uptime_seconds" in plain
    assert len(packed) < len(plain) / 2


async def test_a_page_of_another_site_does_not_reach_it_through_a_browser(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        status, _ = await box.get(Host="rebound.example")

        assert status == 401
        assert (await box.standing(is_open))["refused"] == {"token": 1}


@pytest.mark.parametrize("header", ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"])
async def test_a_proxy_on_this_machine_brings_nobody_without_a_token(tmp_path: Path, header: str) -> None:
    async with listening(tmp_path) as box:
        token, kept = made("prometheus", Role.METRICS, "2026-11-26")
        write_tokens(box.data, kept)
        without, words = await box.get(**{header: "203.0.113.7"})
        right, _ = await box.get(**{header: "203.0.113.7", "Authorization": f"Bearer {token}"})
        refused = (await box.standing(is_open))["refused"]

    assert (without, right) == (403, 200)
    assert words.startswith(f"{header}: a proxy asks for somebody else")
    assert refused == {"proxy": 1}


async def test_beyond_this_machine_a_token_is_needed(tmp_path: Path) -> None:
    async with listening(tmp_path, '[metrics]\nport = 0\nhost = "0.0.0.0"\n') as box:
        token, kept = made("prometheus", Role.METRICS, "2026-11-26")
        before, _ = await box.get()
        write_tokens(box.data, kept)
        right, _ = await box.get(Authorization=f"Bearer {token}")
        wrong, words = await box.get(Authorization="Bearer brygga_guessed")

    assert (before, right, wrong) == (401, 200, 401)
    assert "brygga web token add" in words


async def test_nothing_else_is_there(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        answers = [(await box.get(path))[0] for path in ("/", "/api/v1/status", "/metrics/x", "/../etc/passwd")]

    assert answers == [404, 404, 404, 404]


@pytest.mark.parametrize(
    "octets",
    [
        b"GET /metrics HTTP/9\r\n\r\n",
        b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"secret" * 3000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["version", "long", "tls"],
)
async def test_what_is_no_request_is_counted_and_learns_nothing(tmp_path: Path, octets: bytes) -> None:
    async with listening(tmp_path) as box:
        answered = await raw(await address(box), octets)
        refused = (await box.standing(is_open))["refused"]

    assert answered.startswith(b"HTTP/1.0 400")
    assert b"Server: brygga\r\n" in answered
    assert b"aiohttp" not in answered
    assert b"secretsecret" not in answered
    assert refused == {"wrong": 1}


async def test_a_head_that_never_ends_is_counted_and_a_connection_without_words_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.sources.web_listener.FIRST_WORD_S", 0.2)
    async with listening(tmp_path) as box:
        silent = await raw(await address(box), b"")
        slow = await raw(await address(box), b"GET /metrics HTTP/1.1\r\nHost: loc")
        refused = (await box.standing(is_open))["refused"]

    assert (silent, slow) == (b"", b"")
    assert refused == {"slow": 1}


@pytest.mark.parametrize(("second", "counted"), [(b"GET /metrics HT", {"slow": 1}), (b"", {})], ids=["half", "none"])
async def test_a_second_head_that_never_ends_is_counted_and_an_idle_connection_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, second: bytes, counted: dict[str, int]
) -> None:
    monkeypatch.setattr("gateway.sources.web_listener.IDLE_S", 0.3)
    async with listening(tmp_path) as box, asyncio.timeout(LIMIT_S):
        reader, writer = await asyncio.open_connection(*await address(box))
        writer.write(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        answered = await reader.readline()
        writer.write(second)
        await reader.read()
        refused = (await box.standing(is_open))["refused"]
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()

    assert answered == b"HTTP/1.1 200 OK\r\n"
    assert refused == counted


async def test_a_fault_is_logged_and_told_without_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def breaks(*_: object) -> None:
        raise RuntimeError("a secret of the inside")

    monkeypatch.setattr("gateway.observe.counter.told", breaks)
    async with listening(tmp_path) as box:
        status, text = await box.get()
        refused = (await box.standing(is_open))["refused"]

    assert (status, refused) == (500, {"fault": 1})
    assert "secret" not in text
    assert "a secret of the inside" in caplog.text


async def test_whose_connections_are_too_many_is_counted(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        host, port = await address(box)
        writers = [(await asyncio.open_connection(host, port))[1] for _ in range(BOUNDS.of_one_address + 3)]
        refused = await box.standing(lambda one: one.get("refused", {}).get("crowded", 0) >= 3)
        for writer in writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    assert refused["refused"] == {"crowded": 3}


async def address(box: Listening) -> tuple[str, int]:
    host, _, port = (await box.standing(is_open))["listening"].rpartition(":")
    return host, int(port)


async def test_a_port_that_is_taken_is_said_and_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.observe.port.AGAIN_S", 0.05)
    port = free_tcp_port()
    other = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with listening(tmp_path, f"[metrics]\nport = {port}\n") as box:
        taken = await box.standing(lambda one: bool(one.get("trouble")))
        other.close()
        await other.wait_closed()
        at_last = await box.standing(is_open)

    assert f"TCP port {port} is taken" in taken["trouble"]
    assert [*observe_lines({"metrics": taken})] == [f"    ! /metrics is not told: {taken['trouble']}"]
    assert at_last["trouble"] is None
    assert at_last["listening"] == f"127.0.0.1:{port}"


async def test_a_reload_closes_it_and_opens_another(tmp_path: Path) -> None:
    async with listening(tmp_path) as box:
        first = (await box.standing(is_open))["listening"]
        rewrite(tmp_path / "brygga.toml", f"{CONFIGURATION}\n[metrics]\nport = {(second := free_tcp_port())}\n")
        found = await box.agent.reload()
        await box.standing(lambda one: one.get("listening") == f"127.0.0.1:{second}")
        rewrite(tmp_path / "brygga.toml", CONFIGURATION)
        await box.agent.reload()
        gone = await box.standing(lambda one: not is_open(one))

        assert "[metrics]: changed" in found.changed
        assert gone == {}
        for port in (first.rpartition(":")[2], second):
            with pytest.raises(ConnectionRefusedError):
                await asyncio.open_connection("127.0.0.1", int(port))


# ── what may be written ──


def problems(folder: Path, text: str) -> list[str]:
    (folder / "brygga.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(folder / "brygga.toml")
    return list(caught.value.problems)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[metrics]\nhost = "0.0.0.0"\n', "metrics.port: is missing; 9469 is one that is mostly free"),
        ("[web]\n[metrics]\nport = 8080\n", "metrics.port: web listens on 8080 already; give each its own port"),
        ("[metrics]\nport = 70000\n", "metrics.port: "),
        ('[metrics]\nkey_file = "brygga.toml"\n', "metrics.certificate_file: is missing; key_file belongs to it"),
        ("[metrics]\ndevice = true\n", "metrics.device: there is no such key"),
        (
            '[health]\nurl = "https://x.example"\n',
            "health.url: https://x.example is no broker; mqtt:// and mqtts:// are",
        ),
        ("[health]\n", "health.url: is missing"),
        ('[health]\nurl = "mqtt://x.example"\npassword = "x"\n', "health.username: is missing"),
        ('[health]\nurl = "mqtt://x.example"\ninterval_s = 1\n', "health.interval_s: "),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, words: str) -> None:
    assert any(words in problem for problem in problems(tmp_path, text)), problems(tmp_path, text)


def test_a_password_of_the_health_broker_that_all_can_read_is_unwise(tmp_path: Path) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text('[health]\nurl = "mqtt://city.example"\nusername = "x"\npassword = "y"\n', encoding="utf-8")
    path.chmod(0o644)

    warned = [one for one in load(path).warnings if "health." in one]

    assert [one.partition(": ")[2].partition(":")[0] for one in warned] == ["health.password", "health.url"]


def test_an_open_port_without_a_token_or_tls_is_unwise(tmp_path: Path) -> None:
    (tmp_path / "brygga.toml").write_text(
        '[gateway]\nname = "x"\ndata = "data"\n[metrics]\nport = 9469\nhost = "0.0.0.0"\n', encoding="utf-8"
    )

    warned = [one for one in load(tmp_path / "brygga.toml").warnings if "metrics." in one]

    assert len(warned) == 2
    assert "nobody gets in before there is a token" in warned[0]
    assert "sends the token in the clear" in warned[1]
