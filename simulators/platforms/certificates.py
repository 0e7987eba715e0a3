"""Certificates for a test: an authority, servers and clients it signs, and wrong ones of each kind."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate and its key, as PEM files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority of an hour ago, and the files it makes in ``folder``."""

    def __init__(self, folder: Path, name: str = "Test Authority") -> None:
        self._folder = folder
        self._name = _name(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = folder / f"{name.lower().replace(' ', '-')}.pem"
        self.certificate.write_bytes(self._sign_own().public_bytes(serialization.Encoding.PEM))

    def server(self, *hosts: str, since: timedelta = -DAY, until: timedelta = DAY) -> Identity:
        """Make a server's identity for ``hosts`` (names or addresses), valid from now + ``since`` to now + ``until``."""
        names = [_general_name(host) for host in hosts]
        return self._issue(hosts[0], ExtendedKeyUsageOID.SERVER_AUTH, names, since, until)

    def client(self, name: str) -> Identity:
        """Make a client's identity."""
        return self._issue(name, ExtendedKeyUsageOID.CLIENT_AUTH, [], -DAY, DAY)

    def _sign_own(self) -> x509.Certificate:
        identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        return (
            _builder(self._name, self._name, self._key.public_key(), -DAY, DAY)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(_AUTHORITY_USAGE, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _issue(
        self,
        name: str,
        usage: x509.ObjectIdentifier,
        hosts: list[x509.GeneralName],
        since: timedelta,
        until: timedelta,
    ) -> Identity:
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = (
            _builder(_name(name), self._name, key.public_key(), since, until)
            .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
            .add_extension(issuer, critical=False)
        )
        if hosts:
            builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
        serial = f"{name}-{len(list(self._folder.iterdir()))}".replace(":", "_")
        identity = Identity(self._folder / f"{serial}.pem", self._folder / f"{serial}.key")
        certificate = builder.sign(self._key, hashes.SHA256())
        identity.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        identity.key.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return identity


_AUTHORITY_USAGE = x509.KeyUsage(
    digital_signature=False,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=True,
    crl_sign=True,
    encipher_only=False,
    decipher_only=False,
)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, since: timedelta, until: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
