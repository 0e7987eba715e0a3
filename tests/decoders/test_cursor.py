"""A cursor reads what is there and says what is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from decoders.contract import DecodeError, DecodeReason
from decoders.cursor import Cursor

OCTETS = bytes.fromhex("fe dc ba 98")

INTEGERS: list[tuple[Callable[[Cursor], int], int, int]] = [
    (Cursor.u8, 0xFE, 0xFE),
    (Cursor.i8, -2, -2),
    (Cursor.u16, 0xFEDC, 0xDCFE),
    (Cursor.i16, -292, -8962),
    (Cursor.u24, 0xFEDCBA, 0xBADCFE),
    (Cursor.i24, -74_566, -4_530_946),
    (Cursor.u32, 0xFEDCBA98, 0x98BADCFE),
    (Cursor.i32, -19_088_744, -1_732_584_194),
]


@pytest.mark.parametrize(("read", "big", "little"), INTEGERS)
def test_integers_are_read_in_the_payloads_order(read: Callable[[Cursor], int], big: int, little: int) -> None:
    assert read(Cursor(OCTETS)) == big
    assert read(Cursor(OCTETS, "little")) == little


@pytest.mark.parametrize(("read", "big", "little"), INTEGERS)
def test_what_is_missing_is_named_with_its_place(read: Callable[[Cursor], int], big: int, little: int) -> None:
    cursor = Cursor(OCTETS[:3] + OCTETS[:3])
    cursor.take(5)
    cursor.take(1)

    with pytest.raises(DecodeError) as caught:
        read(cursor)

    assert caught.value.reason is DecodeReason.TRUNCATED
    assert "expected at 6, the payload ends at 6" in caught.value.detail


def test_a_cursor_that_failed_has_not_moved() -> None:
    cursor = Cursor(b"\x01")

    with pytest.raises(DecodeError, match=r"temperature: 2 octets expected at 0, the payload ends at 1"):
        cursor.i16("temperature")

    assert cursor.position == 0
    assert cursor.left == 1


def test_bits_are_read_most_significant_first_and_across_octets() -> None:
    cursor = Cursor(bytes.fromhex("3e441d 7f"))

    assert [cursor.bits(4), cursor.bits(12), cursor.bits(8)] == [0x3, 0xE44, 0x1D]
    assert cursor.u8() == 0x7F


def test_a_whole_octet_after_some_bits_starts_behind_them() -> None:
    cursor = Cursor(bytes.fromhex("80 42"))

    assert cursor.bits(1) == 1
    assert cursor.u8() == 0x42
    with pytest.raises(DecodeError):
        cursor.bits(1, "flag")


def test_the_rest_may_be_nothing() -> None:
    cursor = Cursor(b"ab")

    assert cursor.rest() == b"ab"
    assert cursor.rest() == b""
