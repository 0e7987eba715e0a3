"""Who is let in nowhere: unseen passwords, pages elsewhere that only read, proxies without a password, what is no request at all."""

from __future__ import annotations

import logging

import pytest

from gateway.desk.log_lines import LogLines
from gateway.sources import web_listener
from tests.web.visiting import PASSWORD, PREFIX, Box, raw


async def test_a_password_that_cannot_be_looked_at_is_not_taken_for_none(local: Box) -> None:
    (local.data / "web.password").symlink_to("web.password")  # as a folder without rights: there, and not to be seen
    visitor = await local.visitor()

    told = await visitor.get("status")

    assert told.status == 503
    assert "web.password cannot be read" in told.json["problems"][0]
    assert local.refused["no_password"] == 1


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Origin": "http://evil.example"}]
)
async def test_a_page_of_another_site_has_nothing_read_either(local: Box, headers: dict[str, str]) -> None:
    visitor = await local.visitor()

    told, page = await visitor.get("status", **headers), await visitor.get("/", **headers)

    assert told.status == 403
    assert local.refused["origin"] == 1
    assert page.status == 200  # a link to the dashboard


@pytest.mark.parametrize("header", ["Forwarded", "X_Forwarded_For", "X_Real_IP", "Via"])
async def test_a_proxy_brings_nobody_to_a_box_without_a_password(local: Box, header: str) -> None:
    visitor = await local.visitor(**{header: "203.0.113.7"})

    told = await visitor.get("status")

    assert told.status == 403
    assert "`brygga web password` sets one" in told.json["problems"][0]
    assert local.refused["proxy"] == 1


async def test_through_a_proxy_one_logs_in(locked: Box) -> None:
    visitor = await locked.visitor(X_Forwarded_For="203.0.113.7")

    assert (await visitor.log_in(PASSWORD)).status == 200
    assert (await visitor.get("status")).status == 200


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/9\r\n\r\n",
        b"G\x00T / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nCookie: " + b"secret" * 3000 + b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
    ids=["version", "method", "long", "tls"],
)
async def test_what_is_no_request_is_counted_and_learns_nothing(local: Box, octets: bytes) -> None:
    answered = await raw(local.address, octets)

    assert answered.startswith(b"HTTP/1.0 400")
    assert b"Server: brygga\r\n" in answered
    assert b"aiohttp" not in answered
    assert b"Python" not in answered
    assert b"secretsecret" not in answered
    assert local.refused["wrong"] == 1


async def test_who_never_ends_a_head_is_counted_and_who_only_connects_is_not(
    local: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(web_listener, "FIRST_WORD_S", 0.2)

    silent = await raw(local.address, b"")
    before = dict(local.refused)
    slow = await raw(local.address, b"GET / HTTP/1.1\r\nHost: loc")

    assert (silent, slow) == (b"", b"")
    assert before == {}
    assert local.refused == {"slow": 1}


async def test_the_head_of_a_stream_is_no_stream(local: Box) -> None:
    answered = await raw(
        local.address, f"HEAD {PREFIX}live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
    )

    assert answered.startswith(b"HTTP/1.1 405")
    assert len(local.website._site._live) == 0


async def test_a_fault_in_a_page_has_a_number_too(
    local: Box, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = await local.visitor()

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret that the log has")

    monkeypatch.setattr(local.website._site._pages, "find", broken)
    told = await visitor.get("/%0Aforged")

    number = told.json["problems"][0].split("number ")[1].split(":")[0]
    assert told.status == 500
    assert "secret" not in told.json["problems"][0]
    assert f"fault {number}: no answer to GET /%0Aforged" in caplog.text
    assert local.refused["fault"] == 1


def test_a_line_that_cannot_be_made_stops_nobody_who_logs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", True)
    lines = LogLines()
    wrong = logging.LogRecord("test", logging.INFO, __file__, 1, "%d frames", ("no number",), None)

    lines.emit(wrong)

    assert len(lines._lines) == 0
    assert "Logging error" in capsys.readouterr().err
