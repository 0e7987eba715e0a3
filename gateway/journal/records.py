"""Row records: an uplink as a CBOR array of about 100 octets, and back.

    [1, DevEUI, id, activation, FCnt, FPort, payload, flags, boot, monotonic, UTC, quality, [reception ...]]

    flags        bit 0 confirmed, bit 1 ADR
    boot         number of the boot id in `Words`
    monotonic    seconds, float
    UTC          microseconds since 1970

What a network server has told is of format 2, and has one element more at its end:

    told         [source, goes first, fields, normalised]; without the last three where the server's decoding was not kept

    reception    [source, gateway, frequency, data rate, RSSI, SNR, timestamp, channel, antenna,
                  gateway time, fine time, latitude, longitude, altitude, gateway time is GPS]; what is absent at the end is left out

    source, gateway   numbers in `Words`
    data rate         LoRa: bandwidth * 16 + spreading factor; FSK: the bit rate, negative
    RSSI, SNR         tenths as an integer where that is exact, else a float

DevEUI and id stand at fixed places, so that they can be had without decoding the rest.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from uuid import UUID

import cbor2

from gateway.errors import StorageError
from gateway.journal.quickly import ordinary, rate_number, tenths
from gateway.journal.words import Words
from gateway.model import (
    DataRate,
    Eui64,
    FskRate,
    Instant,
    LoraRate,
    Place,
    Reception,
    ServerDecoded,
    TimeQuality,
    Told,
    Uplink,
)

UPLINK_FORMAT = 1
TOLD_FORMAT = 2  # with the network server's word at the end
CONFIRMED, ADR = 1, 2
RECEPTION_FIELDS = 15
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DEV_EUI = slice(3, 11)  # after the array's head, the format and the octet string's head
ID = slice(12, 28)  # after the octet string's head that follows it
QUALITIES = tuple(one for one in TimeQuality if one >= 0)  # by their number; ten times quicker than calling the enum


def encode_uplink(uplink: Uplink, words: Words) -> bytes:
    """Return the record of ``uplink``; new texts in it are numbered by ``words``."""
    at, told = uplink.heard_at, uplink.told
    utc, flags = microseconds(at.utc), uplink.confirmed * CONFIRMED + uplink.adr * ADR
    quality = number if (number := int(at.quality)) > 0 else 0
    if (said := ordinary(uplink, utc, flags, quality, words)) is not None:
        return said
    return cbor2.dumps(
        (
            UPLINK_FORMAT if told is None else TOLD_FORMAT,
            bytes.fromhex(uplink.dev_eui),
            uplink.id.bytes,
            uplink.activation,
            uplink.f_cnt,
            uplink.f_port,
            uplink.payload,
            flags,
            words.number(at.boot_id),
            at.monotonic,
            utc,
            quality,
            [pack_reception(reception, words) for reception in uplink.receptions],
            *(() if told is None else (_pack_told(told, words),)),
        )
    )


def decode_uplink(record: bytes, words: Words) -> Uplink:
    """Return the uplink of ``record``; StorageError when it is damaged or of a format that is not known."""
    try:
        fields = cbor2.loads(record)
        match fields[0]:
            case 1:
                return _uplink(fields, words)
            case 2:
                return _uplink(fields[:-1], words, _unpack_told(fields[-1], words))
            case other:
                raise StorageError(f"a record of format {other!r} in the journal; this version knows 1 and 2")
    except (cbor2.CBORDecodeError, ValueError, TypeError, AttributeError, LookupError, OverflowError) as error:
        raise StorageError("a damaged record in the journal") from error


def dev_eui_of(record: bytes) -> Eui64:
    """Return whose uplink ``record`` is, without decoding the rest."""
    return Eui64(record[DEV_EUI].hex())


def id_of(record: bytes) -> bytes:
    """Return the id of the uplink that ``record`` is, 16 octets, without decoding the rest."""
    return record[ID]


def microseconds(moment: datetime) -> int:
    """Return ``moment`` as whole microseconds since 1970."""
    return (moment - EPOCH) // MICROSECOND


def moment(since_1970: int) -> datetime:
    """Return the aware UTC time that lies ``since_1970`` microseconds after 1970."""
    return EPOCH + timedelta(microseconds=since_1970)


def _uplink(fields: list[Any], words: Words, told: Told | None = None) -> Uplink:
    _, dev_eui, id_, activation, f_cnt, f_port, payload, flags, boot, monotonic, utc, quality, receptions = fields
    if not (type(f_cnt) is type(f_port) is int and type(payload) is bytes and type(activation) is str):
        raise TypeError("a field is of another type")
    if type(monotonic) is not float and type(monotonic) is not int:
        raise TypeError("a monotonic time is no number")
    return Uplink(
        id=UUID(bytes=id_),
        dev_eui=Eui64(dev_eui.hex()),
        activation=activation,
        f_cnt=f_cnt,
        f_port=f_port,
        payload=payload,
        confirmed=bool(flags & CONFIRMED),
        adr=bool(flags & ADR),
        receptions=tuple([unpack_reception(packed, words) for packed in receptions]),
        heard_at=Instant(moment(utc), monotonic, words.text(boot), QUALITIES[quality]),
        told=told,
    )


def _pack_told(told: Told, words: Words) -> list[Any]:
    decoded, source = told.decoded, words.number(told.source)
    return [source] if decoded is None else [source, decoded.goes_first, decoded.fields, decoded.normalised]


def _unpack_told(packed: list[Any], words: Words) -> Told:
    source, *decoded = packed
    if not decoded:
        return Told(source=words.text(source))
    goes_first, fields, normalised = decoded
    made = ServerDecoded(fields=fields, normalised=normalised, goes_first=bool(goes_first))
    return Told(source=words.text(source), decoded=made)


def pack_reception(reception: Reception, words: Words) -> list[Any]:
    """Return a reception as the head of this file draws it."""
    snr, time = reception.snr_db, reception.gateway_time
    packed: list[Any] = [
        words.number(reception.source),
        words.number(reception.gateway),
        reception.frequency_hz,
        rate_number(reception.data_rate),
        tenths(reception.rssi_dbm),
        None if snr is None else tenths(snr),
        reception.timestamp_us,
        reception.channel,
        reception.antenna,
    ]
    place = reception.place
    if time is not None or reception.fine_time_ns is not None or place is not None:
        packed += (None if time is None else microseconds(time), reception.fine_time_ns)
    if place is not None:
        packed += (place.latitude, place.longitude, place.altitude_m)
    if reception.gateway_time_is_gps and time is not None:
        packed += (None,) * (RECEPTION_FIELDS - 1 - len(packed)) + (True,)
    return packed


def unpack_reception(packed: list[Any], words: Words) -> Reception:
    """Return what pack_reception() was given."""
    source, gateway, frequency, rate, rssi, snr, timestamp, channel, antenna, *rest = packed
    time, fine_time, latitude, longitude, altitude, is_gps = (*rest, None, None, None, None, None, None)[:6]
    return Reception(
        gateway=Eui64(words.text(gateway)),
        frequency_hz=frequency,
        data_rate=_rate(rate),
        rssi_dbm=_number(rssi),
        snr_db=None if snr is None else _number(snr),
        timestamp_us=timestamp,
        channel=channel,
        antenna=antenna,
        gateway_time=None if time is None else moment(time),
        gateway_time_is_gps=bool(is_gps),
        fine_time_ns=fine_time,
        place=None if latitude is None else Place(latitude, longitude, altitude),
        source=words.text(source),
    )


def _number(packed: float) -> float:
    return packed / 10 if isinstance(packed, int) else packed


@lru_cache(maxsize=64)
def _rate(number: int) -> DataRate:
    return FskRate(-number) if number < 0 else LoraRate(number % 16, number // 16)
