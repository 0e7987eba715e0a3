"""The wire of CUPS, by which a station keeps its addresses, credentials and software up to date, sans-I/O.

A station asks `POST /update-info` with what it has; the answer is what it has not:

    u8  length  CUPS's URI        u16  length  credentials for CUPS     u32  length  key's CRC (u32), signature
    u8  length  LNS's URI         u16  length  credentials for the LNS  u32  length  update

in the order URI, URI, credentials, credentials, signature, update; all little endian, and 0 where nothing is to be changed. Credentials
are the authority's certificate, the station's own, and its key, each DER and four zeros where there is none; a key may be a token,
the text of an HTTP header. Source: Basics Station 2.0.6 (`cups.c`, `sys.c`), and what it took when it was run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from struct import pack
from typing import Final
from zlib import crc32

from gateway.model import Eui64, Json
from gateway.sources.basics_station.eui import read_router
from gateway.sources.basics_station.messages import BadMessage, BadMessageReason, object_of, whole

ABSENT: Final = bytes(4)
LONGEST_URI: Final = 127  # characters that a station takes
LARGEST_CREDENTIALS: Final = 0xFFFF
_UINT32: Final = (1 << 32) - 1
_MOST_KEYS: Final = 16
_LONGEST: Final = 200  # characters of a word that is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class UpdateInfo:
    """What a station has."""

    router: Eui64
    cups_uri: str | None
    tc_uri: str | None
    cups_crc: int  # of its credentials for CUPS
    tc_crc: int  # of those for the LNS
    package: str | None  # the version of its software, as its maker writes it
    keys: tuple[int, ...]  # the CRCs of the public keys that it believes for updates


@dataclass(frozen=True, slots=True)
class Credentials:
    """What proves who the other end and who the station is."""

    trust: bytes  # DER
    certificate: bytes = b""  # DER; none: the key is a token, or there is none
    key: bytes = b""

    @property
    def segment(self) -> bytes:
        """The octets that a station takes apart; and counts over, so that what it has already is not sent again."""
        return self.trust + (self.certificate or ABSENT) + (self.key or ABSENT)

    @property
    def crc(self) -> int:
        """What a station says of the same credentials."""
        return crc32(self.segment)

    @property
    def is_secret(self) -> bool:
        """Tell whether whoever has them can pass for the station."""
        return bool(self.key)


@dataclass(frozen=True, slots=True)
class Update:
    """Signed software; its octets follow the answer."""

    size: int
    key_crc: int  # of the public key that proves the signature
    signature: bytes  # ECDSA over SHA-512, DER


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is to be changed."""

    cups_uri: str | None = None
    tc_uri: str | None = None
    cups_credentials: Credentials | None = None
    tc_credentials: Credentials | None = None
    update: Update | None = None

    def head(self) -> bytes:
        """Return the answer, all but the update's octets."""
        uris = b"".join(pack("<B", len(uri)) + uri for uri in map(_uri, (self.cups_uri, self.tc_uri)))
        segments = (one.segment if one else b"" for one in (self.cups_credentials, self.tc_credentials))
        credentials = b"".join(pack("<H", len(one)) + one for one in segments)
        if self.update is None:
            return uris + credentials + bytes(8)
        signed = pack("<I", self.update.key_crc) + self.update.signature
        return uris + credentials + pack("<I", len(signed)) + signed + pack("<I", self.update.size)


NOTHING: Final = Answer()


def _uri(uri: str | None) -> bytes:
    return b"" if uri is None else uri.encode("ascii")


def read_update_info(text: str) -> UpdateInfo:
    """Return what a station has; raise BadMessage and nothing else."""
    fields = object_of(text)
    try:
        router = read_router(fields.get("router"))
    except ValueError as error:
        raise BadMessage(BadMessageReason.ROUTER) from error
    keys = fields.get("keys")
    return UpdateInfo(
        router=router,
        cups_uri=_word(fields, "cupsUri"),
        tc_uri=_word(fields, "tcUri"),
        cups_crc=_crc(fields.get("cupsCredCrc", 0)),
        tc_crc=_crc(fields.get("tcCredCrc", 0)),
        package=_word(fields, "package"),
        keys=tuple(map(_crc, keys[:_MOST_KEYS])) if isinstance(keys, list) else (),
    )


def _word(fields: Mapping[str, Json], name: str) -> str | None:
    value = fields.get(name)
    return value[:_LONGEST] if isinstance(value, str) else None


def _crc(value: Json) -> int:
    crc = whole(value, 0, _UINT32)
    if crc is None:
        raise BadMessage(BadMessageReason.FIELD)
    return crc
