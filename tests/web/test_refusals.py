"""Who must not, does not: pages of other sites, strange hosts, paths that lead elsewhere, bodies without end, slow and many callers."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import pytest

from gateway.sources import web_listener
from gateway.web import reading, website
from gateway.web.files import Pages
from gateway.web.roles import Role
from gateway.web.route import LARGEST_BODY
from tests.web.visiting import PREFIX, Box, raw

LABEL = {"text": "LW:D0:1122334455667788:A81758FFFE0A0001:001A0001"}
FOREIGN = "http://evil.example"
TRAVERSALS = (
    "/../pyproject.toml",
    "/app/../../settings.py",
    "/%2e%2e/settings.py",
    "/..%2fsettings.py",
    "//etc/passwd",
    "/app//main.js",
    "/app/%2e%2e/%2e%2e/settings.py",
    "/.\\..\\settings.py",
    "/index.html%00.js",
    "/__init__.py",
    "/app",
)


async def test_what_changes_something_needs_the_token_of_our_own_page(local: Box) -> None:
    visitor = await local.visitor()

    without = await visitor.ask("POST", "labels", LABEL)
    wrong = await visitor.ask("POST", "labels", LABEL, X_CSRF_Token="guessed")
    await visitor.trust()
    right = await visitor.ask("POST", "labels", LABEL)

    assert (without.status, wrong.status, right.status) == (403, 403, 200)
    assert local.refused["csrf"] == 2


async def test_a_page_of_another_site_gets_nothing_done(locked: Box) -> None:
    visitor = await locked.visitor()
    await visitor.log_in()

    asked = [
        await visitor.ask("POST", "labels", LABEL, Origin=FOREIGN),
        await visitor.ask("POST", "labels", LABEL, Origin="null"),
        await visitor.ask("POST", "labels", LABEL, Sec_Fetch_Site="cross-site"),
        await visitor.ask("POST", "session", {"password": "guess, guess"}, Origin=FOREIGN),
    ]
    own = await visitor.ask("POST", "labels", LABEL, Origin=locked.url, Sec_Fetch_Site="same-origin")

    assert [one.status for one in asked] == [403] * 4
    assert locked.refused["origin"] == 4
    assert own.status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "[::1", "192.0.2.1"]
)
async def test_without_a_password_a_strange_name_is_not_answered(local: Box, host: str) -> None:
    answered = await raw(
        local.address, f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )

    assert answered.startswith((b"HTTP/1.1 403", b"HTTP/1.1 400"))
    assert b"destinations" not in answered


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:4711", "[::1]:80", "LOCALHOST"])
async def test_without_a_password_this_machine_has_its_names(local: Box, host: str) -> None:
    answered = await raw(
        local.address, f"GET /api/v1/status HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
    )

    assert answered.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", TRAVERSALS)
async def test_no_path_leads_out_of_the_pages(local: Box, path: str) -> None:
    answered = await raw(local.address, f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())

    assert answered.startswith((b"HTTP/1.1 404", b"HTTP/1.1 400"))
    assert b"import" not in answered


def test_a_link_that_leads_out_of_the_pages_is_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "secret.json").write_text('{"key": 1}', encoding="utf-8")
    folder = tmp_path / "pages"
    folder.mkdir()
    (folder / "own.json").write_text("{}", encoding="utf-8")
    (folder / "link.json").symlink_to(tmp_path / "secret.json")

    pages = Pages(folder)

    assert pages.find("/link.json", may_pack=False) is None
    assert pages.find("/own.json", may_pack=False) is not None


async def test_a_page_says_what_a_browser_may_do_and_is_sent_once(local: Box) -> None:
    visitor = await local.visitor()

    first = await visitor.get("/")
    again = await visitor.get("/", If_None_Match=first.headers["ETag"])

    assert "default-src 'self'" in first.headers["Content-Security-Policy"]
    assert "unsafe" not in first.headers["Content-Security-Policy"]
    assert first.headers["X-Content-Type-Options"] == "nosniff"
    assert first.headers["Server"] == "brygga"
    assert again.status == 304


async def test_a_body_that_is_too_large_is_not_read_to_its_end(local: Box) -> None:
    visitor = await local.visitor()
    await visitor.trust()

    told = await visitor.ask("POST", "labels", {"text": "x" * LARGEST_BODY})

    assert told.status == 413
    assert local.refused["too_large"] == 1


async def test_a_body_without_a_length_has_an_end_all_the_same(local: Box) -> None:
    csrf = (await (await local.visitor()).get("session")).json["csrf"]
    head = f"POST {PREFIX}labels HTTP/1.1\r\nHost: localhost\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = b"4000\r\n" + b" " * 0x4000 + b"\r\n"

    answered = await raw(local.address, head.encode() + chunk * 8)

    assert answered.startswith(b"HTTP/1.1 413")


async def test_a_body_that_does_not_come_is_given_up(local: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "BODY_LIMIT_S", 0.2)
    csrf = (await (await local.visitor()).get("session")).json["csrf"]
    head = f"POST {PREFIX}labels HTTP/1.1\r\nHost: localhost\r\nX-CSRF-Token: {csrf}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"

    answered = await raw(local.address, head.encode())

    assert answered.startswith(b"HTTP/1.1 408")
    assert local.refused["slow"] == 1


async def test_a_head_that_does_not_come_is_given_up(local: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_listener, "FIRST_WORD_S", 0.2)

    answered = await raw(local.address, b"GET / HTTP/1.1\r\nHost: loc")

    assert b"200" not in answered


async def test_a_reader_that_takes_nothing_is_hung_up_on(local: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(website, "SEND_LIMIT_S", 0.3)
    monkeypatch.setattr("gateway.web.asking.WORTH_PACKING", 1 << 30)
    monkeypatch.setattr(local.agent.here, "place", None)
    big = {"tags": ["x" * 60_000] * 200}

    async def desk(_: object) -> object:
        return big

    monkeypatch.setattr(local.website._site._asking, "_desk", desk)
    reader, writer = await asyncio.open_connection("127.0.0.1", local.address[1], limit=1024)
    writer.write(f"GET {PREFIX}status HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    async with asyncio.timeout(10):
        while not local.refused.get("slow"):  # noqa: ASYNC110 - a counter tells nobody when it changes
            await asyncio.sleep(0.05)
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()
    del reader

    assert local.refused["slow"] == 1


async def test_of_a_thousand_idle_connections_few_are_kept_and_others_get_in(local: Box) -> None:
    writers = [(await asyncio.open_connection("127.0.0.1", local.address[1]))[1] for _ in range(1000)]
    async with asyncio.timeout(20):
        while local.refused.get("crowded", 0) < 1000 - website.BOUNDS.of_one_address:  # noqa: ASYNC110 - a counter
            await asyncio.sleep(0.05)
    kept = local.website.status()["connections"]
    for writer in writers:
        writer.close()
    await asyncio.gather(*(writer.wait_closed() for writer in writers), return_exceptions=True)

    assert kept <= website.BOUNDS.of_one_address
    assert (await (await local.visitor()).get("status")).status == 200


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'"text"',
        b"\xff\xfe",
        b'{"text": NaN}',
        b'{"text": 1e999999}',
        b'{"text": ' + b"9" * 5000 + b"}",
        b"[" * 20_000,
        b'{"text": null}',
        b'{"text": "x", "more": 1}',
        b'{"text": {"$ne": ""}}',
    ],
    ids=["open", "list", "string", "not_utf8", "nan", "infinite", "digits", "deep", "null", "unknown", "object"],
)
async def test_a_body_that_is_none_is_told_so(local: Box, body: bytes) -> None:
    visitor = await local.visitor()
    await visitor.trust()
    headers = {**visitor.headers, "Content-Type": "application/json"}

    async with visitor.session.post(f"{local.url}{PREFIX}labels", data=body, headers=headers) as answer:
        told = await answer.json()

    assert answer.status == 400
    assert told["problems"]


async def test_a_body_that_says_it_is_no_json_is_not_read(local: Box) -> None:
    visitor = await local.visitor()
    await visitor.trust()
    headers = {**visitor.headers, "Content-Type": "text/plain"}

    async with visitor.session.post(f"{local.url}{PREFIX}labels", data=b'{"text": "x"}', headers=headers) as answer:
        assert answer.status == 400


@pytest.mark.parametrize(
    "path",
    [
        "devices?limit=0",
        "devices?limit=99999999999999999999",
        "devices?limit=x",
        "devices?sort=password",
        "devices?unknown=1",
        "devices?offset=-1",
        "devices/x/history?hours=nan",
        "devices/x/history?hours=1e9",
        "logs?level=all",
        "live?kinds=everything",
        f"devices?search={'x' * 300}",
    ],
)
async def test_a_query_that_is_wrong_is_told_so(local: Box, path: str) -> None:
    told = await (await local.visitor()).get(path)

    assert told.status == 400
    assert told.json["problems"]


async def test_what_is_not_there_tells_a_stranger_nothing(locked: Box) -> None:
    visitor = await locked.visitor()

    answers = [await visitor.get(path) for path in ("nothing", "devices/a81758fffe0a0001", "destinations/lund")]

    assert {one.status for one in answers} == {401}
    assert len({one.json["problems"][0] for one in answers}) == 1


async def test_what_is_not_there_is_404_for_who_may_know(local: Box) -> None:
    visitor = await local.visitor()
    await visitor.trust()

    answers = [
        await visitor.get("nothing"),
        await visitor.get("devices/a81758fffe0a0001"),
        await visitor.get("devices/a81758fffe0a0001/history"),
        await visitor.get("destinations/lund"),
        await visitor.ask("DELETE", "devices/a81758fffe0a0001"),
        await visitor.ask("DELETE", "downlinks/17"),
    ]

    assert [one.status for one in answers] == [404] * 6
    assert (await visitor.ask("PUT", "devices")).status == 405


async def test_a_fault_of_our_own_has_a_number_and_the_agent_goes_on(
    local: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = await local.visitor()

    def broken() -> None:
        raise RuntimeError("a secret that the log has")

    monkeypatch.setattr(local.agent, "status", broken)
    told = await visitor.get("status")
    monkeypatch.undo()

    number = told.json["problems"][0].split("number ")[1].split(":")[0]
    assert told.status == 500
    assert "secret" not in told.json["problems"][0]
    assert f"fault {number}" in caplog.text
    assert (await visitor.get("status")).status == 200


async def test_a_token_that_is_not_known_is_refused_and_one_that_was_removed_too(locked: Box) -> None:
    program = await locked.with_role(Role.VIEW)
    before = (await program.get("status")).status

    (locked.data / "web.tokens").write_text('{"tokens": []}', encoding="utf-8")

    assert before == 200
    assert (await program.get("status")).status == 401
    assert locked.refused["token"] == 1
