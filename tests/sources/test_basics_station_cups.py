"""CUPS: what stations are to have reaches them, signed and once, and no key reaches anybody else."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from aiohttp import ClientError, ClientSession, TCPConnector
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.model import Json
from gateway.sources.basics_station import cups_office
from gateway.sources.basics_station.cups import NOTHING, Answer, Credentials, UpdateInfo, read_update_info
from gateway.sources.basics_station.cups_folder import CupsFolder, Offer
from gateway.sources.basics_station.messages import BadMessage
from gateway.sources.basics_station.pem import PrivateKey
from gateway.sources.basics_station.signing import SigningKey, read_signing_key
from gateway.sources.web_tls import ServerTls
from gateway.transports.secret import Secret
from simulators.platforms.certificates import Authority
from simulators.station_cups import BadAnswer, StationFiles, ask
from tests.sources.basics_station_rig import BEGIN, CELLAR, ROOF, running, source, vectors
from tests.sources.conftest import Ear

TOKEN = b"Authorization: Bearer abc.123"
UPDATE = b"#!/bin/sh\n" + bytes(range(256)) * 1000


def pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "cups"
    for name in ("all", ROOF, "sign"):
        (made / name).mkdir(parents=True)
    return made


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def roof() -> StationFiles:
    return StationFiles(ROOF, {"cups.uri": b"https://roof.example:3001"}, package="v1")


def offered(folder: Path, station: StationFiles, *, secrets: bool = True) -> bytes:
    """Return the answer to a station's question, its update among it."""
    offer = CupsFolder(folder).offer(read_update_info(json.dumps(station.question())), secrets=secrets)
    return offer.answer.head() + (b"" if offer.update is None else offer.update.read_bytes())


# ── the wire ────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("vector", vectors("captured_here.jsonl", "cups-request"))
def test_what_the_real_station_asked_is_understood(vector: dict[str, Json]) -> None:
    asked = vector["json"]

    info = read_update_info(json.dumps(asked))

    assert (info.router, info.package, info.keys) == (ROOF, "v2", tuple(asked["keys"]))
    assert (info.cups_uri, info.tc_uri) == (asked["cupsUri"], asked["tcUri"])
    assert (info.cups_crc, info.tc_crc) == (asked["cupsCredCrc"], asked["tcCredCrc"])


def test_credentials_are_counted_over_as_the_real_station_does() -> None:
    (vector,) = vectors("captured_here.jsonl", "cups-credentials")
    parts = {name: bytes.fromhex(vector[name]) for name in ("trust", "certificate", "key")}

    assert Credentials(**parts).crc == vector["crc"]
    named = {"trust": "trust", "certificate": "crt", "key": "key"}
    station = StationFiles(ROOF, {f"tc.{named[name]}": octets for name, octets in parts.items()})
    assert station.question()["tcCredCrc"] == vector["crc"]


def test_a_public_key_is_called_as_the_real_station_does() -> None:
    (vector,) = vectors("captured_here.jsonl", "cups-sigkey")

    assert StationFiles(ROOF, sig_keys=(bytes.fromhex(vector["public"]),)).question()["keys"] == [vector["crc"]]


def test_nothing_to_do_is_fourteen_zeros() -> None:
    assert NOTHING.head() == bytes(14)


def test_every_segment_has_its_length_before_it() -> None:
    answer = Answer(cups_uri="https://a:1", tc_uri="wss://b:2", tc_credentials=Credentials(b"\x30\x01\x00"))

    assert answer.head() == (
        b"\x0bhttps://a:1" + b"\x09wss://b:2" + b"\0\0" + b"\x0b\0" + b"\x30\x01\x00" + bytes(8) + bytes(8)
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "json"),
        ("[]", "shape"),
        ("{}", "router"),
        ('{"router":"::1","cupsCredCrc":-1}', "field"),
        ('{"router":"::1","cupsCredCrc":1.5}', "field"),
        ('{"router":"::1","tcCredCrc":"5"}', "field"),
        ('{"router":"::1","keys":[1,"x"]}', "field"),
        ('{"router":"::1","keys":[' + "9" * 400 + "]}", "field"),
    ],
)
def test_a_question_that_cannot_be_read_is_refused_for_its_reason(text: str, reason: str) -> None:
    with pytest.raises(BadMessage) as caught:
        read_update_info(text)

    assert caught.value.reason == reason


# ── the folder ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_an_empty_folder_changes_nothing(folder: Path, roof: StationFiles) -> None:
    assert offered(folder, roof) == bytes(14)


def test_addresses_are_told_once(folder: Path, roof: StationFiles) -> None:
    (folder / "all" / "tc.uri").write_text("wss://roof.example:3001\n", encoding="utf-8")
    (folder / "all" / "cups.uri").write_text("https://roof.example:3001\n", encoding="utf-8")

    changed = roof.take(offered(folder, roof))

    assert changed == ["tc.uri"]
    assert roof.files["tc.uri"] == b"wss://roof.example:3001"
    assert offered(folder, roof) == bytes(14)


def test_a_station_s_own_file_comes_before_everybody_s(folder: Path, roof: StationFiles) -> None:
    (folder / "all" / "tc.uri").write_text("ws://all:1", encoding="utf-8")
    (folder / ROOF / "tc.uri").write_text("ws://own:1", encoding="utf-8")
    cellar = StationFiles(CELLAR)

    roof.take(offered(folder, roof))
    cellar.take(offered(folder, cellar))

    assert (roof.files["tc.uri"], cellar.files["tc.uri"]) == (b"ws://own:1", b"ws://all:1")


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_a_certificate_and_its_key_arrive_whole_and_once(
    kind: str, folder: Path, roof: StationFiles, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "rsa":
        monkeypatch.setattr(ec, "generate_private_key", lambda _: rsa.generate_private_key(65537, 2048))
    identity = authority.client(ROOF)
    for name, octets in (
        ("tc.trust", authority.certificate.read_bytes()),
        ("tc.crt", identity.certificate.read_bytes()),
        ("tc.key", identity.key.read_bytes()),
    ):
        (folder / ROOF / name).write_bytes(octets)

    changed = roof.take(offered(folder, roof))

    assert changed == ["tc.cred"]
    assert [roof.files[f"tc.{part}"][:1] for part in ("trust", "crt", "key")] == [b"\x30"] * 3
    assert offered(folder, roof) == bytes(14)


def test_a_token_arrives_as_a_header_and_an_authority_alone_as_itself(
    folder: Path, roof: StationFiles, authority: Authority
) -> None:
    for kind in ("tc", "cups"):
        (folder / "all" / f"{kind}.trust").write_bytes(authority.certificate.read_bytes())
    (folder / ROOF / "tc.key").write_bytes(TOKEN + b"\n\n")

    changed = roof.take(offered(folder, roof))

    assert changed == ["cups.cred", "tc.cred"]
    assert roof.files["tc.key"] == TOKEN + b"\r\n"
    assert roof.files["cups.key"] == roof.files["cups.crt"] == b""
    assert offered(folder, roof) == bytes(14)


def test_who_has_not_proved_who_he_is_gets_addresses_and_no_key(
    folder: Path, roof: StationFiles, authority: Authority
) -> None:
    (folder / "all" / "tc.uri").write_text("wss://roof.example:3001", encoding="utf-8")
    for kind in ("tc", "cups"):
        (folder / "all" / f"{kind}.trust").write_bytes(authority.certificate.read_bytes())
    (folder / ROOF / "tc.key").write_bytes(TOKEN)

    changed = roof.take(offered(folder, roof, secrets=False))

    assert changed == ["tc.uri", "cups.cred"]  # the authority's certificate is everybody's to know
    assert b"abc.123" not in b"".join(roof.files.values())


# ── updates ─────────────────────────────────────────────────────────────────────────────────────────────────────


def with_update(folder: Path, version: str = "v2") -> None:
    (folder / "all" / "update.bin").write_bytes(UPDATE)
    (folder / "all" / "update.version").write_text(f"{version}\n", encoding="utf-8")


def signing_key(folder: Path, name: str = "a.pem") -> SigningKey:
    (folder / "sign" / name).write_bytes(pem(ec.generate_private_key(ec.SECP256R1())))
    return read_signing_key(folder / "sign" / name)


def test_an_update_is_signed_with_the_key_that_the_station_believes(folder: Path, roof: StationFiles) -> None:
    with_update(folder)
    signing_key(folder, "a.pem")
    believed = signing_key(folder, "b.pem")
    station = replace(roof, sig_keys=(bytes(64), believed.public)[1:])

    changed = station.take(offered(folder, station))

    assert changed == ["update"]
    assert station.updates == [UPDATE]


def test_a_station_that_has_the_version_gets_no_update(folder: Path, roof: StationFiles) -> None:
    with_update(folder, "v1")
    station = replace(roof, sig_keys=(signing_key(folder).public,))

    assert offered(folder, station) == bytes(14)


@pytest.mark.parametrize("believes", ["nothing", "another"])
def test_a_station_that_believes_none_of_our_keys_gets_no_update(
    believes: str, folder: Path, roof: StationFiles
) -> None:
    with_update(folder)
    own = signing_key(folder)
    other = SigningKey(ec.generate_private_key(ec.SECP256R1()))
    station = replace(roof, sig_keys=() if believes == "nothing" else (other.public,))

    offer = CupsFolder(folder).offer(read_update_info(json.dumps(station.question())), secrets=True)

    assert offer.answer == NOTHING
    assert "believes none of the keys in sign/" in offer.why
    assert own.crc != other.crc


def test_an_update_that_was_changed_on_its_way_is_not_run(folder: Path, roof: StationFiles) -> None:
    with_update(folder)
    station = replace(roof, sig_keys=(signing_key(folder).public,))
    answer = bytearray(offered(folder, station))
    answer[-5] ^= 1

    with pytest.raises(BadAnswer, match="no key could verify"):
        station.take(bytes(answer))


# ── what is wrong with the files ────────────────────────────────────────────────────────────────────────────────


def test_a_right_folder_has_no_problems(folder: Path, authority: Authority) -> None:
    identity = authority.client(ROOF)
    (folder / "all" / "tc.trust").write_bytes(authority.certificate.read_bytes())
    (folder / ROOF / "tc.crt").write_bytes(identity.certificate.read_bytes())
    (folder / ROOF / "tc.key").write_bytes(identity.key.read_bytes())
    with_update(folder)
    signing_key(folder)

    assert [*CupsFolder(folder).problems()] == []


def contents(authority: Authority) -> dict[str, bytes]:
    """Return what may stand in a file, by a word for it."""
    one, another = authority.client("1"), authority.client("2")
    locked = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"1")
    )
    trust = authority.certificate.read_bytes()
    return {
        "trust": trust,
        "two": trust + trust,
        "crt": one.certificate.read_bytes(),
        "key": one.key.read_bytes(),
        "another's key": another.key.read_bytes(),
        "locked": locked,
        "P-384": pem(ec.generate_private_key(ec.SECP384R1())),
        "Ed25519 crt": self_signed(ed25519.Ed25519PrivateKey.generate()),
    }


def self_signed(key: ed25519.Ed25519PrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ROOF)])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, BEGIN + timedelta(days=3650))
    return made.sign(key, None).public_bytes(Encoding.PEM)


# files by their place in the folder, and what stands in them: a word of `contents`, or itself
WRONG: list[tuple[dict[str, str], str]] = [
    ({f"{ROOF}/tc.trust": "nothing"}, r"tc\.trust: no certificate in PEM form"),
    ({f"{ROOF}/tc.trust": "two"}, r"tc\.trust: 2 certificates where a station takes one"),
    ({"all/tc.trust": "two"}, r"all/tc\.trust: 2 certificates where a station takes one"),
    ({f"{ROOF}/tc.crt": "crt"}, r"tc\.crt: has no key beside it; put the private key into tc\.key"),
    ({f"{ROOF}/tc.key": "key"}, r"tc\.key: a private key without its certificate; put that into tc\.crt"),
    ({f"{ROOF}/tc.crt": "crt", f"{ROOF}/tc.key": "another's key"}, r"tc\.key: is not the key of .*tc\.crt"),
    ({f"{ROOF}/tc.crt": "Ed25519 crt", f"{ROOF}/tc.key": "key"}, r"tc\.crt: a key of a kind that stations do not know"),
    ({f"{ROOF}/tc.crt": "crt", f"{ROOF}/tc.key": "locked"}, r"tc\.key: no unencrypted private key in PEM form"),
    (
        {f"{ROOF}/tc.key": "abc.123"},
        r"tc\.key: neither a private key in PEM form nor a token: 'Authorization: Bearer TOKEN' is one",
    ),
    (
        {f"{ROOF}/tc.uri": "https://roof:1"},
        r"tc\.uri: 'https://roof:1' is none of ws:// and wss:// with at most 127 characters",
    ),
    (
        {f"{ROOF}/cups.uri": "https://" + "x" * 200},
        r"cups\.uri: 'https://x+' is none of http:// and https:// with at most 127 characters",
    ),
    ({f"{ROOF}/update.bin": "1"}, r"update\.bin: has no update\.version beside it"),
    (
        {"sign/a.pem": "P-384"},
        r"sign/a\.pem: no key on the curve P-256; 'openssl ecparam -genkey -name prime256v1 -noout' makes one",
    ),
    ({"roof/tc.uri": "ws://roof:1"}, r"roof: is named neither all nor sign, nor by a station's EUI"),
]


@pytest.mark.parametrize(("files", "words"), WRONG, ids=lambda one: ", ".join(one) if isinstance(one, dict) else "")
def test_each_file_that_is_wrong_is_named_with_what_would_be_right(
    files: dict[str, str], words: str, folder: Path, authority: Authority
) -> None:
    known = contents(authority)
    for place, word in ({f"{ROOF}/tc.trust": "trust"} | files).items():
        (folder / place).parent.mkdir(exist_ok=True)
        (folder / place).write_bytes(known.get(word, word.encode()))

    (problem,) = CupsFolder(folder).problems()

    assert re.search(words, problem)
    assert "abc.123" not in problem


# ── on the web ──────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def http() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_a_station_asks_and_is_told_on_the_port_of_its_lns(
    folder: Path, roof: StationFiles, http: ClientSession, ear: Ear
) -> None:
    (folder / "all" / "tc.uri").write_text("ws://roof.example:3001", encoding="utf-8")
    with_update(folder)
    station = replace(roof, sig_keys=(signing_key(folder).public,))
    made = source(cups_folder=folder)

    async with running(made, ear, "http") as uri:
        status, answer = await ask(http, uri, station)
        changed = station.take(answer)
        station.package = "v2"
        again = await ask(http, uri, station)
        counts = made.status()["counts"]

    assert (status, changed, station.updates) == (200, ["tc.uri", "update"], [UPDATE])
    assert again == (200, bytes(14))
    assert (counts["update_info"], counts["cups_changes"]) == (2, 1)


async def test_without_a_folder_there_is_no_cups(roof: StationFiles, http: ClientSession, ear: Ear) -> None:
    async with running(source(), ear, "http") as uri:
        status, _ = await ask(http, uri, roof)

    assert status == 404


async def test_what_is_wrong_here_changes_nothing_there_and_is_said(
    folder: Path, roof: StationFiles, http: ClientSession, ear: Ear
) -> None:
    (folder / ROOF / "tc.uri").write_text("roof.example", encoding="utf-8")
    made = source(cups_folder=folder)

    async with running(made, ear, "http") as uri:
        answer = await ask(http, uri, roof)
        before = made.status()["advice"]
        (folder / ROOF / "tc.uri").unlink()
        await ask(http, uri, roof)
        after = made.status()["advice"]

    assert answer == (200, bytes(14))
    assert any(f"{ROOF} asks CUPS" in line and "'roof.example' is none of" in line for line in before)
    assert not any("asks CUPS" in line for line in after)


async def test_a_station_that_may_not_speak_is_told_nothing(
    folder: Path, roof: StationFiles, http: ClientSession, ear: Ear
) -> None:
    (folder / "all" / "tc.uri").write_text("ws://roof.example:3001", encoding="utf-8")
    made = source(cups_folder=folder, gateways=frozenset({CELLAR}))

    async with running(made, ear, "http") as uri:
        status, answer = await ask(http, uri, roof)
        dropped = made.status()["dropped"]

    assert (status, dropped) == (403, {"not_allowed": 1})
    assert b"roof.example" not in answer


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"\xff\xfe", 400), (b"[" * 100_000, 400), (b'{"router":"?"}', 400)]
)
async def test_a_bad_question_is_refused(body: bytes, status: int, folder: Path, http: ClientSession, ear: Ear) -> None:
    async with (
        running(source(cups_folder=folder), ear, "http") as uri,
        http.post(f"{uri}/update-info", data=body) as got,
    ):
        assert got.status == status


async def test_a_question_that_cannot_be_unpacked_is_refused_and_ends_nothing(
    folder: Path, http: ClientSession, roof: StationFiles, ear: Ear
) -> None:
    made = source(cups_folder=folder)

    async with running(made, ear, "http") as uri:
        packed = {"Content-Encoding": "gzip", "Connection": "close"}
        async with http.post(f"{uri}/update-info", data=b"not packed", headers=packed) as got:
            refused = got.status
        status, _ = await ask(http, uri, roof)
        dropped = made.status()["dropped"]

    assert (refused, status, dropped) == (400, 200, {"json": 1})


async def test_many_questions_at_once_leave_threads_for_others(
    folder: Path, http: ClientSession, roof: StationFiles, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once, most, goes_on = 0, 0, threading.Event()

    def slow(*_: object, secrets: bool) -> Offer:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        goes_on.wait(0.02)
        at_once -= 1
        return Offer(NOTHING)

    monkeypatch.setattr(CupsFolder, "offer", slow)

    async with running(source(cups_folder=folder), ear, "http") as uri:
        answers = await asyncio.gather(*(ask(http, uri, roof) for _ in range(8)))

    assert {status for status, _ in answers} == {200}
    assert most == cups_office.AT_ONCE


async def test_keys_go_over_tls_to_the_station_that_has_shown_its_own_token(
    folder: Path, roof: StationFiles, authority: Authority, ear: Ear
) -> None:
    server = authority.server("127.0.0.1")
    (folder / "all" / "tc.trust").write_bytes(authority.certificate.read_bytes())
    for gateway in (ROOF, CELLAR):
        (folder / gateway).mkdir(exist_ok=True)
        (folder / gateway / "tc.key").write_text(f"Authorization: Bearer of-{gateway}", encoding="utf-8")
    tls = ServerTls(certificate_file=server.certificate, key_file=server.key)
    made = source(cups_folder=folder, tls=tls, token=Secret("all"), tokens=((ROOF, Secret("roof")),))
    cellar = StationFiles(CELLAR)
    trusting = ssl.create_default_context(cafile=authority.certificate)

    async with (
        running(made, ear, "https") as uri,
        ClientSession(connector=TCPConnector(ssl=trusting)) as http,
    ):
        _, own = await ask(http, uri, roof, "Bearer roof")
        _, everybody_s = await ask(http, uri, cellar, "Bearer all")
        stolen, _ = await ask(http, uri, cellar, "Bearer roof")
        none, _ = await ask(http, uri, roof)
        advice = made.status()["advice"]

    assert roof.take(own) == ["tc.cred"]
    assert roof.files["tc.key"] == f"Authorization: Bearer of-{ROOF}\r\n".encode()
    assert everybody_s == bytes(14)
    assert (stolen, none) == (401, 401)
    assert any(f"{CELLAR} asks CUPS: it gets no credentials" in line for line in advice)


async def test_no_key_goes_where_others_can_read_it_whatever_was_shown(
    folder: Path, roof: StationFiles, authority: Authority, http: ClientSession, ear: Ear
) -> None:
    (folder / "all" / "tc.trust").write_bytes(authority.certificate.read_bytes())
    (folder / ROOF / "tc.key").write_bytes(TOKEN)
    made = source(cups_folder=folder, tokens=((ROOF, Secret("roof")),))

    async with running(made, ear, "http") as uri:
        answer = await ask(http, uri, roof, "Bearer roof")

    assert answer == (200, bytes(14))


async def test_keys_go_to_the_station_whose_certificate_names_it(
    folder: Path, roof: StationFiles, authority: Authority, ear: Ear
) -> None:
    server, own = authority.server("127.0.0.1"), authority.client(ROOF)
    (folder / ROOF / "tc.trust").write_bytes(authority.certificate.read_bytes())
    (folder / ROOF / "tc.key").write_bytes(TOKEN)
    tls = ServerTls(certificate_file=server.certificate, key_file=server.key, client_ca_file=authority.certificate)
    answers = {}

    async with running(source(cups_folder=folder, tls=tls), ear, "https") as uri:
        for name, identity in (("own", own), ("depot", authority.client("depot"))):
            trusting = ssl.create_default_context(cafile=authority.certificate)
            trusting.load_cert_chain(identity.certificate, identity.key)
            async with ClientSession(connector=TCPConnector(ssl=trusting)) as http:
                _, answers[name] = await ask(http, uri, roof)

    assert answers["depot"] == bytes(14)
    assert roof.take(answers["own"]) == ["tc.cred"]


async def test_who_hangs_up_during_an_update_ends_nothing(
    folder: Path, roof: StationFiles, http: ClientSession, ear: Ear
) -> None:
    (folder / "all" / "update.bin").write_bytes(bytes(3_000_000))
    (folder / "all" / "update.version").write_text("v2", encoding="utf-8")
    station = replace(roof, sig_keys=(signing_key(folder).public,))
    made = source(cups_folder=folder)

    async with running(made, ear, "http") as uri:
        body = json.dumps(station.question())
        async with http.post(f"{uri}/update-info", data=body) as answer:
            await answer.content.readexactly(1000)
            answer.close()
        status, _ = await ask(http, uri, roof)

    assert status == 200


async def test_a_file_that_goes_in_the_middle_of_an_answer_ends_nothing(
    folder: Path, roof: StationFiles, http: ClientSession, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_update(folder)
    station = replace(roof, sig_keys=(signing_key(folder).public,))
    whole = CupsFolder.offer

    def gone(made: CupsFolder, info: UpdateInfo, *, secrets: bool) -> Offer:
        offer = whole(made, info, secrets=secrets)
        (folder / "all" / "update.bin").unlink()
        return offer

    async with running(source(cups_folder=folder), ear, "http") as uri:
        monkeypatch.setattr(CupsFolder, "offer", gone)
        with pytest.raises(ClientError):
            await ask(http, uri, station)
        monkeypatch.undo()
        status, answer = await ask(http, uri, station)

    assert (status, answer) == (200, bytes(14))
