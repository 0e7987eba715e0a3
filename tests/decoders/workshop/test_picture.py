"""Which octets say which fields, told by changing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.contract import Decoded, DecodeError, DecodeReason, Payload
from decoders.registry import Registry
from decoders.workshop.pages.picture import Box, boxes, flat, label
from tests.decoders.test_registry import load, put

TAGS = """fields:
  - tlv:
      tag_size: 1
      unknown: error
      cases:
        1: [{name: temperature, type: s16, div: 10}]
        2: [{name: humidity, type: u8}]
"""
BITS = """fields:
  - {name: low, type: "u8[0:3]"}
  - {name: high, type: "u8[4:7]", consume: 1}
  - {name: _spare, type: skip, length: 2}
  - {name: sum, type: u8, add: 1}
"""


def drawn(tmp_path: Path, table: str, octets: str) -> tuple[Box, ...]:
    put(tmp_path, "acme/th-1.yaml", table)
    return boxes(load(tmp_path).get("acme/th-1"), Payload(bytes.fromhex(octets), 1))


def test_a_tag_says_what_follows_and_its_octets_are_the_field(tmp_path: Path) -> None:
    found = drawn(tmp_path, TAGS, "01 00ea 02 40")

    assert found == (
        Box(b"\x01", ()),
        Box(b"\x00\xea", ("temperature",)),
        Box(b"\x02", ()),
        Box(b"\x40", ("humidity",)),
    )


def test_bits_share_an_octet_and_what_is_passed_over_is_not_read(tmp_path: Path) -> None:
    found = drawn(tmp_path, BITS, "21 0000 07")

    assert found == (
        Box(b"\x21", ("low", "high")),
        Box(b"\x00\x00", (), is_read=False),
        Box(b"\x07", ("sum",)),
    )


def test_a_value_some_of_which_cannot_be_is_a_value_all_the_same() -> None:
    class Months:
        name = revision = "acme/months"

        def decode(self, payload: Payload) -> Decoded:
            if not 1 <= payload.data[0] <= 12:
                raise DecodeError(DecodeReason.MALFORMED, f"month {payload.data[0]}")
            return Decoded((), {"month": payload.data[0]})

    assert boxes(Months(), Payload(b"\x06", 1)) == (Box(b"\x06", ("month",)),)


@pytest.mark.parametrize("name", ["elsys/ers", "axioma/qalcosonic-w1", "decentlab/dl-pr26", "watteco/th"])
def test_the_boxes_of_any_kind_of_decoder_are_the_payload(name: str) -> None:
    registry = Registry.load(entry_points=False)
    vector = next(one for one in registry.vectors(name) if one.error is None)

    found = boxes(registry.get(name), vector.payload)

    assert b"".join(box.octets for box in found) == vector.payload.data
    assert any(box.fields for box in found)


def test_fields_are_flat_but_for_lists_of_values_and_values_with_a_unit() -> None:
    level = {"displayName": "Level", "value": 1.5, "unit": "m"}
    fields = {"a": {"b": 1}, "c": [{"d": 2}, {"d": 3}], "e": [4, 5], "level": level, "none": {}}

    assert flat(fields) == {"a.b": 1, "c[0].d": 2, "c[1].d": 3, "e": [4, 5], "level": level}


def test_a_box_of_many_fields_is_said_in_few_words() -> None:
    assert label(["now", "old[1].volume", "old[2].volume", "old[3].volume"]) == "now, old[1…3].volume"
    assert label(["a", "b", "c", "d", "e"]) == "a, b, c, 2 more"
    assert label([]) == ""
