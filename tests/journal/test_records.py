from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.errors import StorageError
from gateway.journal.records import decode_uplink, dev_eui_of, encode_uplink
from gateway.journal.words import Words
from gateway.model import FskRate, Instant, LoraRate, Place, TimeQuality, Uplink
from tests.journal.samples import DEV_EUI, RECEPTION, uplink

MORE_TIME = datetime(2026, 11, 24, 12, 0, 0, 987654, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

UPLINKS: dict[str, Uplink] = {
    "usual": uplink(7),
    "no payload": replace(uplink(7), payload=b"", f_port=0),
    "longest payload": uplink(0xFFFFFFFF, payload=bytes(242)),
    "confirmed without ADR": replace(uplink(7), confirmed=True, adr=False),
    "id of a network server": replace(uplink(7), id=UUID("2f1c4ad0-9c1b-4a5e-8f63-8d0a7c7f0b11")),
    "boot without a clock": replace(uplink(7), heard_at=Instant(EPOCH, 0.0, "boot", TimeQuality.UNSYNCHRONISED)),
    "two receptions": replace(uplink(7), receptions=(RECEPTION, replace(RECEPTION, source="serial", antenna=1))),
    "no receptions": replace(uplink(7), receptions=()),
    "FSK": replace(uplink(7), receptions=(replace(RECEPTION, data_rate=FskRate(50_000)),)),
    "2.4 GHz": replace(
        uplink(7), receptions=(replace(RECEPTION, data_rate=LoraRate(12, 812_500), frequency_hz=2_403_000_000),)
    ),
    "levels that are no tenths": replace(uplink(7), receptions=(replace(RECEPTION, rssi_dbm=-87.25, snr_db=-7.75),)),
    "levels that no radio measures": replace(
        uplink(7), receptions=(replace(RECEPTION, rssi_dbm=1e308, snr_db=float("-inf")),)
    ),
    "levels absent": replace(
        uplink(7), receptions=(replace(RECEPTION, snr_db=None, timestamp_us=None, channel=None, source=""),)
    ),
    "place": replace(uplink(7), receptions=(replace(RECEPTION, place=Place(57.7089, 11.9746, 12.5)),)),
    "place without altitude": replace(uplink(7), receptions=(replace(RECEPTION, place=Place(0.0, 0.0)),)),
    "GPS time": replace(uplink(7), receptions=(replace(RECEPTION, gateway_time=MORE_TIME, gateway_time_is_gps=True),)),
    "GPS time and place": replace(
        uplink(7),
        receptions=(
            replace(RECEPTION, gateway_time=MORE_TIME, gateway_time_is_gps=True, place=Place(57.7089, 11.9746, 12.5)),
        ),
    ),
    "fine time": replace(uplink(7), receptions=(replace(RECEPTION, gateway_time=MORE_TIME, fine_time_ns=987_654_321),)),
}


@pytest.mark.parametrize("kept", UPLINKS.values(), ids=UPLINKS.keys())
def test_an_uplink_comes_back_as_it_was(kept: Uplink) -> None:
    words = Words()

    assert decode_uplink(encode_uplink(kept, words), words) == kept


def test_a_usual_record_has_about_a_hundred_octets() -> None:
    assert len(encode_uplink(uplink(1234), Words())) <= 110


def test_whose_uplink_it_is_can_be_read_without_decoding() -> None:
    assert dev_eui_of(encode_uplink(uplink(7), Words())) == DEV_EUI


def test_every_truncated_record_is_refused() -> None:
    words = Words()
    record = encode_uplink(uplink(7), words)

    for size in range(len(record)):
        with pytest.raises(StorageError, match="damaged"):
            decode_uplink(record[:size], words)


def _flipped(record: bytes, seed: random.Random) -> bytes:
    bit = seed.randrange(len(record) * 8)
    changed = bytearray(record)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


@pytest.mark.parametrize("damage", [_flipped, lambda record, seed: seed.randbytes(len(record))], ids=["flip", "noise"])
def test_a_damaged_record_raises_nothing_but_storage_error(damage: Callable[[bytes, random.Random], bytes]) -> None:
    words, seed = Words(), random.Random(1)
    record = encode_uplink(uplink(7), words)
    refused = 0

    for _ in range(3000):
        try:
            decode_uplink(damage(record, seed), words)
        except StorageError:
            refused += 1

    assert refused > 0


def test_a_record_of_an_unknown_format_says_so() -> None:
    record = bytearray(encode_uplink(uplink(7), Words()))
    record[1] = 9

    with pytest.raises(StorageError, match="format 9"):
        decode_uplink(bytes(record), Words())
