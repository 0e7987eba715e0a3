from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from gateway.errors import StorageError
from gateway.journal.quickly import ordinary
from gateway.journal.records import decode_uplink, dev_eui_of, encode_uplink, microseconds
from gateway.journal.words import Words
from gateway.model import FskRate, Instant, LoraRate, Place, Reception, TimeQuality, Uplink
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


# ── said octet by octet ──


def drawn(seed: int) -> Uplink:
    """Return an uplink of any kind, most of them ordinary, at the edges where CBOR's integers grow."""
    draw = random.Random(seed)

    def number(*edges: int) -> int:
        return max(0, draw.choice(edges) + draw.randint(-1, 1))

    def reception() -> Reception:
        return replace(
            RECEPTION,
            source=draw.choice(("radio", "roof", "")),
            data_rate=draw.choice((LoraRate(7, 125_000), LoraRate(12, 812_500), FskRate(50_000))),
            rssi_dbm=draw.choice((-97.0, -0.0, 3, -87.25, draw.uniform(-130, 20), round(draw.uniform(-130, 20), 1))),
            snr_db=draw.choice((None, 7.5, 0.0, -0.0, round(draw.uniform(-20, 20), 1), float("nan"))),
            timestamp_us=draw.choice((None, 24, 65_535, *(number(65_537, 1 << 31, (1 << 32) - 2) for _ in range(12)))),
            channel=draw.choice((None, 0, 7, 23, 24, 255, number(256))),
            antenna=draw.choice((0, 0, 1, 23, 24, 255, number(256))),
            gateway_time=draw.choice((*(None,) * 9, MORE_TIME)),
        )

    size = draw.choice((0, 20, 23, 24, 242, 255, 255, 256))
    return replace(
        uplink(number(1, 24, 256, 65_536, 0xFFFF_FFFE), payload=draw.randbytes(size)),
        f_port=number(1, 24, 223, 255),
        activation=draw.choice(("26b00000-7", "å" * 12, "x" * 23, "x" * 24, "x" * 255, "x" * 256)),
        confirmed=draw.random() < 0.5,
        heard_at=Instant(
            datetime.fromtimestamp(number(1, 4_294, 4_295, *(1_700_000_000,) * 9), UTC),
            draw.choice((0.0, 12.5, 1e9, 7)),
            f"boot {draw.randint(1, 200)}",
            draw.choice([*TimeQuality]),
        ),
        receptions=tuple(reception() for _ in range(draw.choice((0, 1, 1, 1, 2, 3, 23, 24)))),
    )


def test_what_is_said_octet_by_octet_is_what_cbor2_says(monkeypatch: pytest.MonkeyPatch) -> None:
    words, uplinks = Words(), [drawn(seed) for seed in range(1000)]
    said = [encode_uplink(one, words) for one in uplinks]
    quickly = [ordinary(one, microseconds(one.heard_at.utc), 0, 0, words) is not None for one in uplinks]

    monkeypatch.setattr("gateway.journal.records.ordinary", lambda *_: None)

    assert said == [encode_uplink(one, words) for one in uplinks]
    assert 50 < sum(quickly) < 950
