"""Over TLS, with a token and a certificate of our own: another agent's Basics Station source is the server."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from gateway.relay import station_line
from gateway.sources.basics_station.source import BasicsStation
from gateway.sources.web_tls import ServerTls
from gateway.transports.secret import Secret
from simulators.http_proxy import HttpProxy
from simulators.platforms.certificates import Authority
from tests.relay.scene import LIMIT_S, RELAY, ROOF, Scene, scene, until
from tests.relay.test_station_out import foreign
from tests.sources.basics_station_rig import running, source
from tests.sources.conftest import Ear


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(station_line, "pause_s", lambda *_: 0.05)


def server(authority: Authority, *, clients: Authority | None = None) -> BasicsStation:
    own = authority.server("127.0.0.1")
    tls = ServerTls(
        certificate_file=own.certificate,
        key_file=own.key,
        client_ca_file=None if clients is None else clients.certificate,
    )
    return source(tls=tls, token=Secret("1234"))


def relay(url: str, *more: str) -> str:
    return "\n".join(["[[relay]]", f'name = "{RELAY}"', f'url = "{url}"', *more, ""])


async def connected(box: Scene) -> None:
    await until(lambda: box.status()["upstream"]["gateways"].get(ROOF, {}).get("down_s", 1) is None)


@pytest.mark.parametrize("with_certificate", [False, True])
async def test_a_server_with_an_authority_of_its_own_and_a_token_hears_the_gateway(
    tmp_path: Path,
    with_certificate: bool,  # noqa: FBT001 - a case of the table
) -> None:
    authority, ear = Authority(tmp_path), Ear()
    (tmp_path / "token").write_text("Authorization: Bearer 1234\n", encoding="utf-8")
    keys = ['token_file = "token"', f'tls.ca_file = "{authority.certificate}"']
    if with_certificate:
        us = authority.client(ROOF)
        keys += [f'tls.certificate_file = "{us.certificate}"', f'tls.key_file = "{us.key}"']
    async with (
        running(server(authority, clients=authority if with_certificate else None), ear, "wss") as url,
        scene(tmp_path, relay(url, *keys)) as box,
    ):
        await connected(box)
        await box.hear(foreign(1))
        (frame,) = await ear.heard(1)

    assert frame.phy_payload == foreign(1)
    assert frame.best.gateway == ROOF


async def test_a_wrong_token_is_said_and_the_frames_are_kept(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    (tmp_path / "token").write_text("Bearer 4321\n", encoding="utf-8")
    keys = ['token_file = "token"', f'tls.ca_file = "{authority.certificate}"']
    async with (
        running(server(authority), Ear(), "wss") as url,
        scene(tmp_path, relay(url, *keys)) as box,
    ):
        await box.hear(foreign(1))
        (kept,) = await box.kept(1)
        box.clock.ahead_s += 60
        await until(lambda: any("token or certificate (401)" in one for one in box.status()["advice"]))

    assert kept.phy_payload == foreign(1)


async def test_an_authority_that_nobody_knows_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "theirs").mkdir()
    ours, theirs, ear = Authority(tmp_path / "ours"), Authority(tmp_path / "theirs"), Ear()
    async with (
        running(server(theirs), ear, "wss") as url,
        scene(tmp_path, relay(url, f'tls.ca_file = "{ours.certificate}"')) as box,
    ):
        await box.hear(foreign(1))
        async with asyncio.timeout(LIMIT_S):
            await until(lambda: any("signed by nobody we know" in one for one in box.status()["advice"]))

    assert ear.frames == []


async def test_a_server_is_reached_through_a_proxy_and_proved_by_an_authority_for_all(tmp_path: Path) -> None:
    authority, ear = Authority(tmp_path), Ear()
    (tmp_path / "token").write_text("Authorization: Bearer 1234\n", encoding="utf-8")
    async with (
        HttpProxy() as proxy,
        running(server(authority), ear, "wss") as url,
        scene(
            tmp_path,
            relay(url, 'token_file = "token"', f'proxy = "http://127.0.0.1:{proxy.port}"')
            + f'[network_access]\nca_file = "{authority.certificate}"\n',
        ) as box,
    ):
        await connected(box)
        await box.hear(foreign(1))
        (frame,) = await ear.heard(1)

    assert frame.phy_payload == foreign(1)
    assert proxy.counts["CONNECT"] == 2  # where its own address is, and there
