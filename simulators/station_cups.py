"""A Basics Station's side of CUPS: what it has, the question that it asks, and what it makes of the answer.

It takes an answer apart as version 2.0.6 does, its habits among it: of an authority's file it keeps one certificate, and the
length of an ASN.1 sequence in its form of one further octet it misreads.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from struct import unpack_from
from typing import Final
from zlib import crc32

from aiohttp import ClientSession
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.model import Eui64, Json
from simulators.basics_station import id6

NOTHING: Final = bytes(14)
PARTS: Final = ("trust", "crt", "key")
SEQUENCE: Final = 0x30


class BadAnswer(Exception):
    """Say why a station throws an answer away."""


@dataclass(slots=True)
class StationFiles:
    """The files of a station: `cups.uri`, `tc.trust` … by name, the version of its software, and the keys of `sig-N.key`."""

    gateway: Eui64
    files: dict[str, bytes] = field(default_factory=dict)
    package: str | None = None
    sig_keys: tuple[bytes, ...] = ()
    updates: list[bytes] = field(default_factory=list)  # that were run

    def question(self) -> dict[str, Json]:
        """Return what it asks with."""
        uris = {kind: self.files.get(f"{kind}.uri", b"").decode() or None for kind in ("cups", "tc")}
        return {
            "router": id6(self.gateway),
            "cupsUri": uris["cups"],
            "tcUri": uris["tc"],
            "cupsCredCrc": self._crc("cups"),
            "tcCredCrc": self._crc("tc"),
            "station": "2.0.6(linux/simulated)",
            "model": "linux",
            "package": self.package,
            "keys": [crc32(key) for key in self.sig_keys],
        }

    def take(self, answer: bytes) -> list[str]:
        """Do what an answer says, and return what has changed; BadAnswer says why it does nothing."""
        place, changed = 0, []
        for kind in ("cups", "tc"):
            size = answer[place]
            if size:
                self.files[f"{kind}.uri"] = answer[place + 1 : place + 1 + size]
                changed.append(f"{kind}.uri")
            place += 1 + size
        for kind in ("cups", "tc"):
            (size,) = unpack_from("<H", answer, place)
            if size:
                self._credentials(kind, answer[place + 2 : place + 2 + size])
                changed.append(f"{kind}.cred")
            place += 2 + size
        (size,) = unpack_from("<I", answer, place)
        signed, place = answer[place + 4 : place + 4 + size], place + 4 + size
        (size,) = unpack_from("<I", answer, place)
        update = answer[place + 4 :]
        if len(update) != size:
            raise BadAnswer(f"an update of {len(update)} octets where {size} were said")
        if update:
            self._update(update, signed[4:])
            changed.append("update")
        return changed

    def _crc(self, kind: str) -> int:
        crc = 0
        for part in PARTS:
            crc = crc32(self.files.get(f"{kind}.{part}") or bytes(4), crc)
        return crc

    def _credentials(self, kind: str, held: bytes) -> None:
        if held[0] != SEQUENCE:
            raise BadAnswer("trust is no certificate")
        trust = _length(held, 0)
        certificate = 0 if held[trust] == 0 else _length(held, trust)
        key = trust + (certificate or 4)
        match held[key]:
            case 0:
                size = 0
            case byte if byte == SEQUENCE:
                size = _length(held, key)
            case _:
                size = len(held) - key
        if trust + certificate + size > len(held):
            raise BadAnswer("lengths do not align")
        parts = (held[:trust], held[trust : trust + certificate], held[key : key + size])
        self.files |= {f"{kind}.{name}": octets for name, octets in zip(PARTS, parts, strict=True)}

    def _update(self, update: bytes, signature: bytes) -> None:
        for key in self.sig_keys:
            public = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key)
            try:
                public.verify(signature, update, ec.ECDSA(hashes.SHA512()))
            except InvalidSignature:
                continue
            self.updates.append(update)
            return
        raise BadAnswer("no key could verify the signature")


def _length(held: bytes, place: int) -> int:
    if held[place + 1] & 0x80:
        return int.from_bytes(held[place + 2 : place + 4], "big") + 4
    return held[place + 1] + 2


async def ask(http: ClientSession, uri: str, station: StationFiles, token: str | None = None) -> tuple[int, bytes]:
    """Ask CUPS, and return its status and answer."""
    headers = {} if token is None else {"Authorization": token}
    async with http.post(f"{uri}/update-info", data=json.dumps(station.question()), headers=headers) as answer:
        return answer.status, await answer.read()
