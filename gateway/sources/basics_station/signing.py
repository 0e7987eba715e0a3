"""Signatures of updates, as a station proves them: ECDSA on the curve P-256 over SHA-512."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zlib import crc32

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from gateway.errors import ConfigError
from gateway.sources.basics_station.cups import Update
from gateway.sources.basics_station.pem import private_key

CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that updates are signed with."""

    key: ec.EllipticCurvePrivateKey

    @property
    def public(self) -> bytes:
        """The 64 octets of a station's `sig-0.key`."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]

    @property
    def crc(self) -> int:
        """What a station calls it by."""
        return crc32(self.public)

    def signed(self, path: Path) -> Update:
        """Sign a file; ConfigError names it."""
        digest = hashlib.sha512()
        size = 0
        try:
            with path.open("rb") as file:
                while chunk := file.read(CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        signature = self.key.sign(digest.digest(), ec.ECDSA(utils.Prehashed(hashes.SHA512())))
        return Update(size, self.crc, signature)


def read_signing_key(path: Path) -> SigningKey:
    """Read a key; ConfigError says why it cannot sign updates."""
    key = private_key(path)
    if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ConfigError(
            f"{path}: no key on the curve P-256; 'openssl ecparam -genkey -name prime256v1 -noout' makes one"
        )
    return SigningKey(key)
