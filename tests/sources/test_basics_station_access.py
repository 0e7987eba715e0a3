"""Who may speak to the source: by EUI, by token, by certificate; and TLS as stations do it."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession, WSServerHandshakeError

from gateway.errors import ConfigError
from gateway.model import Eui64
from gateway.sources import web_listener as listener
from gateway.sources import web_tls as tls_module
from gateway.sources.basics_station.access import Access, Refused, certified_eui
from gateway.sources.web_tls import ServerTls
from gateway.transports.secret import Secret
from simulators.basics_station import BasicsStation as Station
from simulators.basics_station import Refused as NoLns
from simulators.platforms.certificates import Authority, Identity
from tests.sources.basics_station_rig import CELLAR, LIMIT_S, ROOF, running, signal, source
from tests.sources.chirpstack_rig import until
from tests.sources.conftest import Ear

TOKEN = "NNSXS.ÅÄÖ.1234"


# ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", TOKEN, f"  Bearer {TOKEN} "])
def test_a_token_may_stand_alone_or_behind_its_word(header: str) -> None:
    access = Access(token=Secret(TOKEN))

    assert access.knows_token(header)
    assert access.refusal(ROOF, header, None) is None


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", f"Basic {TOKEN}", TOKEN[:-1], TOKEN + "5", "\udcff"])
def test_anything_else_is_no_token(header: str | None) -> None:
    access = Access(token=Secret(TOKEN))

    assert not access.knows_token(header)
    assert access.refusal(ROOF, header, None) is Refused.TOKEN


def test_a_station_s_own_token_is_nobody_else_s() -> None:
    access = Access(token=Secret("everybody's"), tokens={ROOF: Secret("roof's")})

    assert access.refusal(ROOF, "Bearer roof's", None) is None
    assert access.refusal(ROOF, "Bearer everybody's", None) is Refused.TOKEN
    assert access.refusal(CELLAR, "Bearer everybody's", None) is None
    assert access.refusal(CELLAR, "Bearer roof's", None) is Refused.TOKEN
    assert access.knows_token("Bearer roof's")


def test_where_each_station_has_its_token_one_without_does_not_come_in() -> None:
    access = Access(tokens={ROOF: Secret("roof's")})

    assert access.refusal(CELLAR, "Bearer roof's", None) is Refused.TOKEN
    assert access.refusal(CELLAR, None, None) is Refused.TOKEN


def test_without_rules_everybody_comes_in() -> None:
    assert Access().refusal(ROOF, None, None) is None
    assert Access().knows_token(None)


@pytest.mark.parametrize(
    ("name", "eui"),
    [("0016c001ff10a235", ROOF), ("00-16-C0-01-FF-10-A2-35", ROOF), ("gateway-1", None), ("", None)],
)
def test_a_certificate_names_a_station_where_its_common_name_is_an_eui(name: str, eui: Eui64 | None) -> None:
    subject = ((("organizationName", "Torget"),), (("commonName", name),))

    assert certified_eui(subject) == eui


def test_another_station_s_certificate_opens_no_door() -> None:
    assert Access().refusal(ROOF, None, CELLAR) is Refused.CERTIFICATE
    assert Access().refusal(ROOF, None, ROOF) is None


# ── over TLS ────────────────────────────────────────────────────────────────────────────────────────────────────


def trusting(authority: Authority, us: Identity | None = None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=authority.certificate)
    made.maximum_version = ssl.TLSVersion.TLSv1_2  # what Basics Station 2.0.6 speaks
    if us is not None:
        made.load_cert_chain(us.certificate, us.key)
    return made


def server_tls(authority: Authority, *, clients: Authority | None = None) -> ServerTls:
    server = authority.server("127.0.0.1")
    return ServerTls(
        certificate_file=server.certificate,
        key_file=server.key,
        client_ca_file=None if clients is None else clients.certificate,
    )


async def test_a_station_is_heard_over_wss_and_sent_on_by_wss(tmp_path: Path, ear: Ear) -> None:
    authority = Authority(tmp_path)
    made = source(tls=server_tls(authority), token=Secret("1234"))

    async with (
        running(made, ear, "wss") as uri,
        Station(ROOF, uri, tls=trusting(authority), token="Bearer 1234") as station,
    ):
        await station.hear(signal())
        frames = await ear.heard(1)

    assert station.uri == f"{uri}/router-{ROOF}"
    assert len(frames) == 1


async def test_connections_that_never_begin_tls_are_bounded_and_end(
    tmp_path: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority(tmp_path)
    monkeypatch.setattr(listener, "MOST_OF_ONE_ADDRESS", 3)
    monkeypatch.setattr(listener, "HANDSHAKE_S", 0.5)
    made = source(tls=server_tls(authority))

    async with running(made, ear, "wss") as uri:
        host, port = uri.removeprefix("wss://").split(":")
        scanner = [await asyncio.open_connection(host, int(port), local_addr=("127.0.0.2", 0)) for _ in range(5)]
        async with Station(ROOF, uri, tls=trusting(authority)) as station:
            await station.hear(signal())
            await ear.heard(1)
        async with asyncio.timeout(LIMIT_S):
            for reader, _ in scanner:
                assert await reader.read() == b""
        for _, writer in scanner:
            writer.close()
        again = [await asyncio.open_connection(host, int(port), local_addr=("127.0.0.2", 0)) for _ in range(3)]
        for _, writer in again:
            writer.close()
        dropped = made.status()["dropped"]

    assert dropped == {"too_many_connections": 2}


async def test_a_station_without_the_token_is_told_401_and_advice_says_what_to_do(tmp_path: Path, ear: Ear) -> None:
    authority = Authority(tmp_path)
    made = source(tls=server_tls(authority), token=Secret("1234"), tokens=((CELLAR, Secret("5678")),))
    tls = trusting(authority)

    async with running(made, ear, "wss") as uri:
        for token in (None, "Bearer 123"):
            with pytest.raises(WSServerHandshakeError, match="401"):
                async with Station(ROOF, uri, tls=tls, token=token):
                    pass
        with pytest.raises(NoLns, match="token"):
            async with Station(ROOF, uri, tls=tls, token="Bearer 5678"):
                pass
        async with ClientSession() as http:
            with pytest.raises(WSServerHandshakeError, match="401"):
                await http.ws_connect(f"{uri}/router-{ROOF}", ssl=tls, headers={"Authorization": "Bearer 5678"})
        status = made.status()

    assert status["dropped"] == {"token": 4}
    assert any(f"{ROOF} has no token or another one" in line for line in status["advice"])


async def test_stations_show_certificates_where_an_authority_is_named(tmp_path: Path, ear: Ear) -> None:
    authority, clients = Authority(tmp_path), Authority(tmp_path, "Stations")
    made = source(tls=server_tls(authority, clients=clients))
    roof, depot, stranger = clients.client(str(ROOF)), clients.client("depot"), Authority(tmp_path, "Else").client("x")

    async with running(made, ear, "wss") as uri:
        async with Station(ROOF, uri, tls=trusting(authority, roof)) as station:
            await station.hear(signal())
            await ear.heard(1)
        async with Station(CELLAR, uri, tls=trusting(authority, depot)) as station:  # names no station: any may have it
            await station.hear(signal())
            await ear.heard(2)
        with pytest.raises(NoLns, match="another station's"):
            async with Station(CELLAR, uri, tls=trusting(authority, roof)):
                pass
        for us in (None, stranger):
            with pytest.raises((OSError, ssl.SSLError)):
                async with Station(ROOF, uri, tls=trusting(authority, us)):
                    pass
        status = made.status()

    assert status["dropped"] == {"certificate": 1}


async def test_a_certificate_that_is_renewed_is_shown_without_a_new_start(
    tmp_path: Path, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls_module, "LOOK_EVERY_S", 0.01)
    old, new = Authority(tmp_path, "Old"), Authority(tmp_path, "New")
    told, renewed = server_tls(old), new.server("127.0.0.1")
    assert told.key_file is not None
    made = source(tls=told)

    def trouble() -> list[str]:
        return [line for line in made.status()["advice"] if "certificate has changed" in line]

    async with running(made, ear, "wss") as uri:
        told.certificate_file.write_bytes(renewed.certificate.read_bytes())
        await until(trouble)
        (words,) = trouble()
        async with Station(ROOF, uri, tls=trusting(old)):
            pass
        told.key_file.write_bytes(renewed.key.read_bytes())
        await until(lambda: not trouble())
        async with Station(ROOF, uri, tls=trusting(new)) as station:
            await station.hear(signal())
            await ear.heard(1)

    assert words.startswith("this box's certificate has changed and cannot be used, so that the old one is shown: ")
    assert f"{told.certificate_file} and {told.key_file}" in words


async def test_a_station_that_does_not_believe_our_authority_does_not_connect(tmp_path: Path, ear: Ear) -> None:
    authority, another = Authority(tmp_path), Authority(tmp_path, "Another")

    async with running(source(tls=server_tls(authority)), ear, "wss") as uri:
        with pytest.raises(ClientConnectorCertificateError):
            async with Station(ROOF, uri, tls=trusting(another)):
                pass


@pytest.mark.parametrize("broken", ["certificate_file", "key_file", "client_ca_file"])
async def test_a_file_that_is_wrong_is_named_at_the_start(broken: str, tmp_path: Path, ear: Ear) -> None:
    authority = Authority(tmp_path)
    server = authority.server("127.0.0.1")
    files = {"certificate_file": server.certificate, "key_file": server.key, "client_ca_file": authority.certificate}
    files[broken] = tmp_path / "wrong.pem"
    files[broken].write_text("nothing", encoding="utf-8")

    with pytest.raises(ConfigError, match=r"wrong\.pem"):
        await source(tls=ServerTls(**files)).run(ear)
    files[broken].unlink()
    with pytest.raises(ConfigError, match=r"cannot be read: No such file"):
        await source(tls=ServerTls(**files)).run(ear)
