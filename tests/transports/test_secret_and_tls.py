from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.transports.broker import Broker
from gateway.transports.endpoint import endpoint
from gateway.transports.secret import Secret
from gateway.transports.service import ApiKey, Basic, Bearer, Service
from gateway.transports.tls import Tls, context
from simulators.platforms.certificates import Authority


def test_a_secret_shows_itself_to_nobody() -> None:
    secret = Secret("hunter2")
    broker = Broker(endpoint=endpoint("mqtts://x"), client_id="g", username="u", password=secret)
    services = [
        Service(endpoint=endpoint("https://x"), login=login)
        for login in (Bearer(secret), Basic("u", secret), ApiKey("X-API-Key", secret))
    ]

    shown = f"{secret} {secret!r} {broker!r} {services!r}"

    assert "hunter2" not in shown
    assert secret.reveal() == "hunter2"


def test_a_secret_is_the_line_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("höjd 2\r\n", encoding="utf-8")

    assert Secret.from_file(path) == Secret("höjd 2")


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"\n", "is empty"), (b"hunter\n2\n", "line break"), (b"\xff\xfehunter2", "is no text")],
)
def test_a_wrong_secret_file_is_named_and_not_repeated(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "password"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        Secret.from_file(path)

    assert str(path) in str(caught.value)
    assert words in str(caught.value)
    assert "hunter" not in str(caught.value)


def test_an_absent_secret_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="absent: cannot be read: No such file"):
        Secret.from_file(tmp_path / "absent")


def test_tls_verifies_unless_somebody_says_insecure() -> None:
    verifying, believing = context(Tls()), context(Tls(insecure=True))

    assert (verifying.verify_mode, verifying.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (believing.verify_mode, believing.check_hostname) == (ssl.CERT_NONE, False)


def test_wrong_tls_files_are_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client, other = authority.client("gateway-1"), authority.client("gateway-2")
    no_pem = tmp_path / "no.pem"
    no_pem.write_text("no certificate", encoding="ascii")
    wrong = [
        (Tls(ca_file=tmp_path / "absent"), "absent: cannot be read"),
        (Tls(ca_file=no_pem), "no.pem: holds no certificate authority"),
        (Tls(certificate_file=tmp_path / "absent"), "absent: cannot be read"),
        (Tls(certificate_file=client.certificate), "no certificate and its unencrypted private key"),
        (
            Tls(certificate_file=client.certificate, key_file=other.key),
            "no certificate and its unencrypted private key",
        ),
    ]

    for tls, words in wrong:
        with pytest.raises(ConfigError) as caught:
            context(tls)
        assert words in str(caught.value)


def test_an_encrypted_key_is_refused_without_asking_the_terminal(tmp_path: Path) -> None:
    from cryptography.hazmat.primitives import serialization

    client = Authority(tmp_path).client("gateway-1")
    key = serialization.load_pem_private_key(client.key.read_bytes(), None)
    client.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )

    with pytest.raises(ConfigError, match="unencrypted private key"):
        context(Tls(certificate_file=client.certificate, key_file=client.key))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"client_id": ""}, "client_id is empty"),
        ({"window": 0}, "1 to 100 is right"),
        ({"window": 101}, "1 to 100 is right"),
        ({"keepalive_s": 65536}, "0 to 65535 is right"),
        ({"password": Secret("x")}, "needs a username"),
        ({"endpoint": endpoint("https://x")}, "is no broker"),
    ],
)
def test_a_broker_that_cannot_be_says_what_would_be_right(settings: dict[str, object], words: str) -> None:
    right: dict[str, object] = {"endpoint": endpoint("mqtt://x"), "client_id": "g"}

    with pytest.raises(ValueError, match=words):
        Broker(**(right | settings))  # type: ignore[arg-type]  # a table of different types


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"endpoint": endpoint("mqtt://x")}, "is no web service"),
        ({"concurrency": 0}, "1 or more is right"),
        ({"connect_limit_s": 30.0}, "less than the whole"),
        ({"login": Basic("a:b", Secret("x"))}, "no colon"),
    ],
)
def test_a_service_that_cannot_be_says_what_would_be_right(settings: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Service(**({"endpoint": endpoint("http://x")} | settings))  # type: ignore[arg-type]  # as above
