"""Signatures as `ssh-keygen -Y sign` makes them (OpenSSH, PROTOCOL.sshsig), proved with Ed25519 keys.

An operator signs with what every computer has:

    ssh-keygen -Y sign -n brygga-fleet -f fleet_key fleet.toml     writes fleet.toml.sig
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from gateway.errors import ConfigError

NAMESPACE: Final = "brygga-fleet"  # a signature for another purpose, such as a git commit, is none here
MAGIC: Final = b"SSHSIG"
VERSION: Final = 1
KIND: Final = "ssh-ed25519"
HASHES: Final = {"sha256": hashlib.sha256, "sha512": hashlib.sha512}
KEY_OCTETS: Final = 32
SIGNATURE_OCTETS: Final = 64
LARGEST: Final = 4096  # octets of an armoured signature; one of Ed25519 has some 300
ARMOUR: Final = re.compile(rb"-----BEGIN SSH SIGNATURE-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END SSH SIGNATURE-----\s*")


@dataclass(frozen=True, slots=True)
class Signer:
    """A public key, and whose it is."""

    key: bytes  # 32 octets
    name: str


@dataclass(frozen=True, slots=True)
class Signature:
    """What an armoured signature says, unproved."""

    key: bytes
    namespace: str
    reserved: bytes
    hash_name: str
    octets: bytes


class BadSignature(ConfigError):
    """Say why a file is not believed."""


def signers(text: str, shown: str) -> tuple[Signer, ...]:
    """Return the keys of a file: a line each, as in a `.pub` file or, with a name before, in an allowed_signers file.

    ConfigError names the lines that are neither: one that restricts a key in a way that is not known here must not count as one that
    does not.
    """
    problems: list[str] = []
    found = []
    for number, line in enumerate(map(str.strip, text.splitlines()), 1):
        if line and not line.startswith("#"):
            try:
                found.append(_signer(line.split()))
            except ValueError as error:
                problems.append(f"{shown} line {number}: {error}")
    if problems:
        raise ConfigError(problems)
    if not found:
        raise ConfigError(
            f"{shown}: holds no key; `ssh-keygen -t ed25519 -f fleet_key` makes one, fleet_key.pub goes in here"
        )
    return tuple(found)


def _signer(words: Sequence[str]) -> Signer:
    place = words.index(KIND) if KIND in words[:2] else -1
    if place < 0 or len(words) <= place + 1:
        raise ValueError(f"'{KIND} AAAA… name' is expected, as ssh-keygen writes it; other kinds of keys are not known")
    try:
        kind, key = _strings(base64.b64decode(words[place + 1], validate=True), 2)
    except (ValueError, binascii.Error):
        raise ValueError("the key is not whole") from None
    if kind != KIND.encode() or len(key) != KEY_OCTETS:
        raise ValueError("the key is not whole")
    name = words[0] if place else " ".join(words[place + 2 :])
    return Signer(key, name or "a key without a name")


def proved(octets: bytes, armoured: bytes, known: Sequence[Signer]) -> Signer:
    """Return who signed ``octets``; raises BadSignature and nothing else."""
    signature = parsed(armoured)
    if signature.namespace != NAMESPACE:
        raise BadSignature(
            f"signed for {signature.namespace!r}, where {NAMESPACE!r} is expected: ssh-keygen -Y sign -n {NAMESPACE}"
        )
    signer = next((one for one in known if one.key == signature.key), None)
    if signer is None:
        raise BadSignature("signed by a key that is none of those that count here (fleet.keys_file)")
    try:
        Ed25519PublicKey.from_public_bytes(signer.key).verify(signature.octets, _signed(octets, signature))
    except InvalidSignature:
        raise BadSignature(
            "the signature is not one of this file: it was changed after it was signed, or one of the two is older"
        ) from None
    return signer


def parsed(armoured: bytes) -> Signature:
    """Return what a signature says (PROTOCOL.sshsig, sections 1 and 2); raises BadSignature and nothing else."""
    found = ARMOUR.fullmatch(armoured.strip()) if len(armoured) <= LARGEST else None
    if found is None:
        raise BadSignature("no signature of ssh-keygen: it begins with -----BEGIN SSH SIGNATURE-----")
    try:
        blob = base64.b64decode(b"".join(found[1].split()), validate=True)
        return _taken_apart(blob)
    except (ValueError, binascii.Error) as error:
        raise BadSignature(f"the signature is not whole: {error}") from error


def _taken_apart(blob: bytes) -> Signature:
    head = MAGIC + VERSION.to_bytes(4)
    if not blob.startswith(head):
        raise ValueError("it is of no version that is known here")
    public, namespace, reserved, hash_name, signed = _strings(blob[len(head) :], 5)
    if next(_each(public), b"") != KIND.encode():
        raise ValueError(f"it is by another kind of key than {KIND}")
    (_, key), (signed_kind, octets) = _strings(public, 2), _strings(signed, 2)
    if signed_kind != KIND.encode() or len(key) != KEY_OCTETS or len(octets) != SIGNATURE_OCTETS:
        raise ValueError(f"it is by another kind of key than {KIND}")
    if hash_name.decode("ascii", "replace") not in HASHES:
        raise ValueError("its hash is none of sha256 and sha512")
    return Signature(key, namespace.decode("utf-8", "replace"), reserved, hash_name.decode(), octets)


def _strings(octets: bytes, count: int) -> list[bytes]:
    """Return so many strings that stand one behind the other and nothing else (RFC 4251, section 5)."""
    found = [*_each(octets)]
    if len(found) != count:
        raise ValueError(f"{len(found)} parts where {count} are expected")
    return found


def _each(octets: bytes) -> Iterator[bytes]:
    while octets:
        size = int.from_bytes(octets[:4])
        if len(octets) < 4 + size:
            raise ValueError("it ends too early")
        yield octets[4 : 4 + size]
        octets = octets[4 + size :]


def _signed(octets: bytes, signature: Signature) -> bytes:
    """Return what the key has signed (PROTOCOL.sshsig, section 3)."""
    digest = HASHES[signature.hash_name](octets).digest()
    parts = (signature.namespace.encode(), signature.reserved, signature.hash_name.encode(), digest)
    return MAGIC + b"".join(len(part).to_bytes(4) + part for part in parts)
