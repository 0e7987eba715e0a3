"""The wire of Semtech's GWMP (the "UDP packet forwarder protocol"), versions 1 and 2, both directions, sans-I/O.

    octet 0     version, 1 or 2
    octets 1-2  token; an acknowledgement repeats that of what it answers
    octet 3     type
    octets 4-11 gateway EUI: PUSH_DATA, PULL_DATA and TX_ACK only
    the rest    JSON: PUSH_DATA, PULL_RESP, and mostly TX_ACK

What stands inside a PUSH_DATA's `rxpk` is `gateway.sources.rxpk`'s, what inside a PULL_RESP's `txpk` is
`gateway.sources.txpk`'s: one bad rxpk must not lose its neighbours.

Source: PROTOCOL.TXT of Semtech's packet_forwarder v4.0.1 and sx1302_hal v2.1.0, and what both programs sent.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from gateway.errors import Brygga
from gateway.model import Eui64, Json, TxResult

VERSIONS: Final = (1, 2)  # version 1 is version 2 without TX_ACK


class BadDatagramReason(StrEnum):
    """Why a datagram, or one rxpk of it, was not understood: the label of its counter."""

    TRUNCATED = "truncated"  # shorter than its type's header
    VERSION = "version"
    TYPE = "type"
    JSON = "json"  # not JSON, or nested beyond all use
    SHAPE = "shape"  # JSON, but not the object that this type carries
    RXPK = "rxpk"  # an rxpk that is no object
    FREQUENCY = "frequency"
    MODULATION = "modulation"  # neither LORA nor FSK, e.g. LR-FHSS
    DATA_RATE = "data_rate"
    RSSI = "rssi"
    DATA = "data"  # not base64
    EMPTY = "empty"
    TOO_LONG = "too_long"  # more than the 255 octets that a radio packet holds
    BAD_CRC = "bad_crc"
    NO_CRC = "no_crc"  # mostly a downlink of another gateway


class BadDatagram(Brygga):
    """Refuse a datagram, or one rxpk of it, for a counted reason; the parsers raise this and nothing else."""

    def __init__(self, reason: BadDatagramReason) -> None:
        self.reason = reason
        super().__init__(str(reason))


class PacketType(IntEnum):
    """Octet 3."""

    PUSH_DATA = 0
    PUSH_ACK = 1
    PULL_DATA = 2
    PULL_RESP = 3
    PULL_ACK = 4
    TX_ACK = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PushData:
    """Packets that a gateway received, and now and then its statistics; the items are as they came, unproved."""

    version: int
    token: int
    gateway: Eui64
    rxpk: tuple[Json, ...] = ()
    stat: Json = None

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        body = ({"rxpk": list(self.rxpk)} if self.rxpk else {}) | ({} if self.stat is None else {"stat": self.stat})
        return _header(self.version, self.token, PacketType.PUSH_DATA) + bytes.fromhex(self.gateway) + _body(body)


@dataclass(frozen=True, slots=True)
class PushAck:
    """The server has the PUSH_DATA with this token."""

    version: int
    token: int

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        return _header(self.version, self.token, PacketType.PUSH_ACK)


@dataclass(frozen=True, slots=True)
class PullData:
    """A gateway's keep-alive: PULL_RESP goes to the address that this came from."""

    version: int
    token: int
    gateway: Eui64

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        return _header(self.version, self.token, PacketType.PULL_DATA) + bytes.fromhex(self.gateway)


@dataclass(frozen=True, slots=True)
class PullAck:
    """The server has the PULL_DATA with this token."""

    version: int
    token: int

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        return _header(self.version, self.token, PacketType.PULL_ACK)


@dataclass(frozen=True, slots=True)
class PullResp:
    """A packet for a gateway to send; ``txpk`` is as it came."""

    version: int
    token: int
    txpk: Json = None

    def to_bytes(self) -> bytes:
        """Return the datagram."""
        body = {} if self.txpk is None else {"txpk": self.txpk}
        return _header(self.version, self.token, PacketType.PULL_RESP) + _body(body)


@dataclass(frozen=True, slots=True, kw_only=True)
class TxAck:
    """What a gateway says of the PULL_RESP with this token; no ``error`` means sent, whatever the ``warning``."""

    version: int
    token: int
    gateway: Eui64
    error: str | None = None
    warning: str | None = None

    @property
    def result(self) -> TxResult | None:
        """Return the error in our words; None for one that the protocol does not know: refused, we cannot say why."""
        return TxResult.SENT if self.error is None else _ERRORS.get(self.error)

    def to_bytes(self) -> bytes:
        """Return the datagram; without error and warning its body is empty, as the real forwarders send it."""
        said = {"error": self.error, "warn": self.warning}
        body = {word: value for word, value in said.items() if value is not None}
        header = _header(self.version, self.token, PacketType.TX_ACK) + bytes.fromhex(self.gateway)
        return header + _body({"txpk_ack": body}) if body else header


Datagram = PushData | PushAck | PullData | PullAck | PullResp | TxAck

_ERRORS: Final = {
    error.value.upper(): error
    for error in TxResult
    if error not in {TxResult.SENT, TxResult.NO_ANSWER, TxResult.NOT_CONNECTED}
}
_WITH_SENDER: Final = frozenset({PacketType.PUSH_DATA, PacketType.PULL_DATA, PacketType.TX_ACK})
_ANSWERS: Final[dict[int, bytes]] = {PacketType.PUSH_DATA: b"\x01", PacketType.PULL_DATA: b"\x04"}


def sender(datagram: bytes) -> Eui64 | None:
    """Return the EUI of the gateway that says it sent this; None where there is none. Reads the header only."""
    if len(datagram) < 12 or datagram[0] not in VERSIONS or datagram[3] not in _WITH_SENDER:
        return None
    return Eui64(datagram[4:12].hex())


def acknowledgement(datagram: bytes) -> bytes | None:
    """Return the PUSH_ACK or PULL_ACK that this datagram is due, from its header alone; None where none is due.

    A forwarder stands still until it has this (72 frames/s without, 1532 with: measured), so it must not wait for JSON.
    """
    if len(datagram) < 12 or datagram[0] not in VERSIONS:
        return None
    answer = _ANSWERS.get(datagram[3])
    return None if answer is None else datagram[:3] + answer


def parse(datagram: bytes) -> Datagram:
    """Return what a datagram says; raise BadDatagram and nothing else, whatever the octets."""
    if len(datagram) < 4:
        raise BadDatagram(BadDatagramReason.TRUNCATED)
    version, token, kind = datagram[0], int.from_bytes(datagram[1:3], "big"), datagram[3]
    if version not in VERSIONS:
        raise BadDatagram(BadDatagramReason.VERSION)
    match kind:
        case PacketType.PUSH_DATA:
            return _push_data(version, token, datagram)
        case PacketType.PUSH_ACK:
            return PushAck(version, token)
        case PacketType.PULL_DATA:
            return PullData(version, token, _eui(datagram))
        case PacketType.PULL_ACK:
            return PullAck(version, token)
        case PacketType.PULL_RESP:
            return PullResp(version, token, _object(datagram[4:]).get("txpk"))
        case PacketType.TX_ACK:
            return _tx_ack(version, token, datagram)
    raise BadDatagram(BadDatagramReason.TYPE)


def _push_data(version: int, token: int, datagram: bytes) -> PushData:
    gateway = _eui(datagram)
    body = _object(datagram[12:])
    rxpk = body.get("rxpk", ())
    if not isinstance(rxpk, list | tuple):
        raise BadDatagram(BadDatagramReason.SHAPE)
    return PushData(version=version, token=token, gateway=gateway, rxpk=tuple(rxpk), stat=body.get("stat"))


def _tx_ack(version: int, token: int, datagram: bytes) -> TxAck:
    gateway = _eui(datagram)
    body = datagram[12:].strip(b"\0\t\r\n ")  # Kerlink's iBTS sends one zero octet for "sent"
    said = (_object(body).get("txpk_ack") or {}) if body else {}
    if not isinstance(said, dict):
        raise BadDatagram(BadDatagramReason.SHAPE)
    error, warning = _word(said.get("error")), _word(said.get("warn"))
    return TxAck(version=version, token=token, gateway=gateway, error=error, warning=warning)


def _word(value: Json) -> str | None:
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadDatagram(BadDatagramReason.SHAPE)
    word = value.strip().upper()
    return None if word in {"", "NONE"} else word


def _eui(datagram: bytes) -> Eui64:
    if len(datagram) < 12:
        raise BadDatagram(BadDatagramReason.TRUNCATED)
    return Eui64(datagram[4:12].hex())


def _object(octets: bytes) -> dict[str, Json]:
    """Read a JSON object; text in another encoding (a `desc` in Latin-1) must not lose the packets beside it."""
    try:
        value = json.loads(str(octets, "utf-8", "replace").rstrip("\0"))
    except (ValueError, RecursionError) as error:  # RecursionError: a few thousand opening brackets are enough
        raise BadDatagram(BadDatagramReason.JSON) from error
    if not isinstance(value, dict):
        raise BadDatagram(BadDatagramReason.SHAPE)
    return value


def _header(version: int, token: int, kind: PacketType) -> bytes:
    return bytes((version, token >> 8, token & 0xFF, kind))


def _body(value: Json) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
