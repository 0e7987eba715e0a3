"""PEM files as people have them, and the DER that stations keep: certificates, private keys, tokens."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from gateway.errors import ConfigError
from gateway.sources.basics_station.cups import Credentials

PRIVATE_KEY: Final = b"PRIVATE KEY-----"
TOKEN: Final = re.compile(rb"[A-Za-z0-9_-]{2,}: [\x20-\x7e]+(?:\r?\n[A-Za-z0-9_-]{2,}: [\x20-\x7e]+)*")
NO_STATION_KEY: Final = "a key of a kind that stations do not know; RSA and elliptic curves they do"

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def octets(path: Path) -> bytes:
    """Return a file's octets; ConfigError names it."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error


def credentials(trust: Path, certificate: Path | None, key: Path | None) -> Credentials:
    """Read what a station is to have; ConfigError says what in the files cannot be, and never what stands in a key."""
    authority = _certificate(trust)
    if key is None:
        if certificate is not None:
            raise ConfigError(f"{certificate}: has no key beside it; put the private key into {certificate.stem}.key")
        return Credentials(_der(authority))
    held = octets(key)
    if PRIVATE_KEY not in held:
        return Credentials(_der(authority), key=_token(key, held))
    if certificate is None:
        raise ConfigError(f"{key}: a private key without its certificate; put that into {key.stem}.crt")
    own, private = _certificate(certificate), private_key(key)
    if _public(own, certificate) != private.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo):
        raise ConfigError(f"{key}: is not the key of {certificate}")
    return Credentials(_der(authority), _der(own), _private_der(private))


def private_key(path: Path) -> PrivateKey:
    """Read a private key; ConfigError names the file."""
    try:
        key = load_pem_private_key(octets(path), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it has a password
        raise ConfigError(f"{path}: no unencrypted private key in PEM form") from error
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise ConfigError(f"{path}: {NO_STATION_KEY}")
    return key


def _certificate(path: Path) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificates(octets(path))
    except ValueError as error:
        raise ConfigError(f"{path}: no certificate in PEM form (BEGIN CERTIFICATE)") from error
    if len(found) != 1:
        raise ConfigError(f"{path}: {len(found)} certificates where a station takes one")
    return found[0]


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def _private_der(key: PrivateKey) -> bytes:
    """Return a key in its kind's own form: a station misreads the length of an elliptic curve's key in PKCS #8."""
    return key.private_bytes(Encoding.DER, PrivateFormat.TraditionalOpenSSL, NoEncryption())


def _public(certificate: x509.Certificate, path: Path) -> bytes:
    try:
        key = certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{path}: {NO_STATION_KEY}") from error
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise ConfigError(f"{path}: {NO_STATION_KEY}")
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _token(path: Path, held: bytes) -> bytes:
    text = held.strip(b"\r\n \t")
    if TOKEN.fullmatch(text) is None:
        raise ConfigError(
            f"{path}: neither a private key in PEM form nor a token: 'Authorization: Bearer TOKEN' is one"
        )
    return b"\r\n".join(text.splitlines()) + b"\r\n"
