"""References to other files: found in the table's own folder tree, and nowhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from decoders.contract import DecodeError, Payload
from decoders.table import Table, TableError, load

SENSORS = """
definitions:
  temperature: [{name: temperature, type: s16, div: 10}]
  battery: {fields: [{name: battery, type: u8}]}
  both: [{$ref: "#/definitions/temperature"}, {use: battery}]
  loop: [{use: loop}]
fields: [{name: whole, type: u8}]
"""


def tree(folder: Path, table: str, library: str = SENSORS, at: str = "schemas/library/sensors/indoor.yaml") -> Table:
    for name, text in (("schemas/devices/acme/t.yaml", table), (at, library)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return load(folder / "schemas/devices/acme/t.yaml", "acme/t", "r1")


def decoded(table: Table, payload: str) -> Any:
    return table.decode(Payload(bytes.fromhex(payload), 1)).fields


@pytest.mark.parametrize(
    ("reference", "payload", "expected"),
    [
        ('{$ref: "schemas/library/sensors/indoor.yaml#/definitions/temperature"}', "00eb", {"temperature": 23.5}),
        ("{use: sensors/indoor.yaml#battery}", "07", {"battery": 7}),
        ("{use: ../../library/sensors/indoor.yaml#both}", "00eb07", {"temperature": 23.5, "battery": 7}),
        ("{use: schemas/library/sensors/indoor.yaml}", "05", {"whole": 5}),
        ("{use: sensors/indoor}", "05", {"whole": 5}),
        ("{use: sensors/indoor.yaml#temperature, prefix: in_}", "00eb", {"in_temperature": 23.5}),
        ("{use: sensors/indoor.yaml#temperature, rename: inside}", "00eb", {"inside": 23.5}),
        ("{name: o, type: object, fields: [{use: sensors/indoor.yaml#battery}]}", "07", {"o": {"battery": 7}}),
    ],
)
def test_a_definition_of_another_file(tmp_path: Path, reference: str, payload: str, expected: object) -> None:
    assert decoded(tree(tmp_path, f"fields: [{reference}]"), payload) == expected


def test_a_file_that_says_its_byte_order_keeps_it(tmp_path: Path) -> None:
    table = "fields: [{use: sensors/indoor.yaml#temperature}, {name: a, type: u16}]"

    assert decoded(tree(tmp_path, table, "endian: little" + SENSORS), "eb00 0001") == {"temperature": 23.5, "a": 1}


def test_the_revision_is_that_of_all_files(tmp_path: Path) -> None:
    table = "fields: [{use: sensors/indoor.yaml#battery}]"

    first = tree(tmp_path, table).revision
    second = tree(tmp_path, table, SENSORS.replace("type: u8", "type: s8")).revision
    alone = tree(tmp_path, "fields: [{name: a, type: u8}]").revision

    assert len({first, second, "r1"}) == 3
    assert alone == "r1"


@pytest.mark.parametrize(
    ("reference", "complaint"),
    [
        ("use: sensors/indoor.yaml#humidity", r"line 1, column \d+: there is no definition 'sensors/indoor.yaml#humidity' in .*indoor\.yaml"),
        ("use: sensors/nothing.yaml#x", r"no file sensors/nothing\.yaml in the folders of this table"),
        ("use: sensors/indoor.yaml#loop", r"indoor\.yaml line \d+, column \d+: definition 'loop' contains itself"),
        ("use: ../../../../outside.yaml#secret", r"no file \.\./\.\./\.\./\.\./outside\.yaml"),
        ("use: /etc/hostname.yaml#x", r"no file /etc/hostname\.yaml"),
        ("use: sensors/indoor.txt#x", r"no file sensors/indoor\.txt"),
        ("use: link.yaml#secret", r"no file link\.yaml"),
        ("use: sensors/indoor.yaml#battery, rename: {volt: x}", r"rename: there is no field 'volt' in it"),
        ("use: [1]", r"column 11: a reference is a text, not \[1\]"),
    ],
)  # fmt: skip
def test_a_reference_that_leads_nowhere_is_refused(tmp_path: Path, reference: str, complaint: str) -> None:
    inner = tmp_path / "tree"
    secret = "definitions: {secret: [{name: a, type: u8}]}"
    (inner / "schemas/devices/acme").mkdir(parents=True)
    (tmp_path / "outside.yaml").write_text(secret, encoding="utf-8")
    (inner / "schemas/devices/acme/link.yaml").symlink_to(tmp_path / "outside.yaml")

    with pytest.raises(TableError, match=complaint):
        tree(inner, f"fields: [{{{reference}}}]")


def test_a_file_of_definitions_alone_is_a_library_and_decodes_nothing(tmp_path: Path) -> None:
    library = tree(tmp_path, SENSORS.partition("fields:\n")[0].rsplit("fields:", 1)[0])

    with pytest.raises(DecodeError, match="unknown_message: this table has definitions only"):
        library.decode(Payload(b"\x01", 1))
