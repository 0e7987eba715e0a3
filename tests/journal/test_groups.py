"""Rows of one commit as one record."""

from __future__ import annotations

import random

import pytest

from gateway.errors import StorageError
from gateway.journal.groups import FEWEST, MOST, packed, unpacked
from gateway.journal.records import decode_uplink, encode_uplink
from gateway.journal.words import Words
from gateway.model import eui64
from tests.journal.samples import uplink

WORDS = Words([])


def records(count: int) -> list[bytes]:
    return [encode_uplink(uplink(n, eui64(f"{0x70B3D57ED0000000 + n % 7:016x}")), WORDS) for n in range(count)]


@pytest.mark.parametrize("count", [0, 1, FEWEST - 1, FEWEST, MOST, MOST + 1, MOST + FEWEST, 3 * MOST])
def test_rows_come_out_as_they_went_in(count: int) -> None:
    rows = records(count)

    assert list(unpacked(packed(17, rows))) == list(enumerate(rows, 17))


def test_few_rows_stand_alone_and_many_are_one_record_under_the_last_id() -> None:
    few, many = packed(1, records(FEWEST - 1)), packed(1, records(MOST))

    assert [row for row, _ in few] == [1, 2, 3]
    assert [row for row, _ in many] == [MOST]
    assert len(many[0][1]) < sum(map(len, records(MOST))) * 2 / 3


def test_a_damaged_octet_costs_its_group_and_invents_no_row() -> None:
    [(last, group)] = packed(1, records(FEWEST))
    draw = random.Random(4)

    for place in range(len(group)):
        broken = bytearray(group)
        broken[place] ^= 1 << draw.randrange(8)
        found = list(unpacked([(last, bytes(broken))]))

        assert [row for row, _ in found] in ([last], list(range(1, last + 1)))
        for _, record in found:
            with pytest.raises(StorageError):
                decode_uplink(record, WORDS)


@pytest.mark.parametrize("size", range(12))
def test_a_group_that_was_cut_is_a_damaged_record(size: int) -> None:
    [(last, group)] = packed(1, records(FEWEST))

    cut = list(unpacked([(last, group[:size])]))

    assert cut[-1][0] == last
    for _, record in cut:
        with pytest.raises(StorageError):
            decode_uplink(record, WORDS)
