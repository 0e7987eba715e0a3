"""The vectors of a table that are to be told: they are checked, and no decoder is asked to read them."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.registry import Registry

# Payload and values of MultiTechSystems/device-payload-schema, schemas/devices/milesight/am102.yaml (MIT).
TABLE = """
direction: {direction}
fields:
  - tlv:
      tag_fields: [{{name: channel, type: u8}}, {{name: kind, type: u8}}]
      tag_key: [channel, kind]
      cases:
        "[1, 0x75]": [{{name: battery, type: u8}}]
        "[3, 0x67]": [{{name: temperature, type: le_s16, div: 10}}]
        "[4, 0x68]": [{{name: humidity, type: u8, div: 2}}]
test_vectors:
  - {{name: read, fport: 85, payload: "0x01 75 64", expected: {{battery: 100}}}}
  - {{name: told, direction: downlink, input: {{battery: 100, temperature: 28, humidity: 54.5}}, expected_payload: "{payload}"}}
"""


def problems(folder: Path, direction: str, payload: str) -> list[str]:
    path = folder / "acme" / "th-1.yaml"
    path.parent.mkdir()
    path.write_text(TABLE.format(direction=direction, payload=payload), encoding="utf-8")
    return Registry.load([folder], entry_points=False).problems()


@pytest.mark.parametrize("direction", ["uplink", "bidirectional"])
def test_a_vector_that_is_told_as_it_says_is_right(tmp_path: Path, direction: str) -> None:
    assert problems(tmp_path, direction, "0175640367180104686d") == []


@pytest.mark.parametrize("direction", ["uplink", "bidirectional"])
def test_a_vector_that_is_told_otherwise_is_a_problem_with_its_file(tmp_path: Path, direction: str) -> None:
    (line,) = problems(tmp_path, direction, "017564")

    assert line.endswith("th-1.yaml: vector 'told': 0175640367180104686d where 017564 is expected")


def test_only_a_table_that_speaks_to_its_device_is_an_encoder(tmp_path: Path) -> None:
    assert problems(tmp_path, "uplink", "0175640367180104686d") == []

    assert Registry.load([tmp_path], entry_points=False).encoder("acme/th-1") is None
