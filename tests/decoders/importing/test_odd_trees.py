"""One file that nobody could expect costs its own model, a line among the notes, and never another's model."""

from __future__ import annotations

import copy
import json
import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from decoders.importing import notation, reading
from decoders.importing.reading import Reading
from decoders.importing.tree import open_tree
from tests.decoders.importing import trees
from tests.decoders.importing.trees import lay

NEIGHBOUR = {"neighbour/bt-9.yaml": "name: bt_9\nfields:\n  - {name: t, type: u8}\n"}
TABLE = "name: a\nfields:\n  - {name: t, type: u8}\n"
ODD_FILES: dict[str, tuple[dict[str, str], str]] = {
    "a vector that is a number": (
        {"acme/a.yaml": f"{TABLE}test_vectors: [5]\n"},
        "acme/a.yaml: test vector 1: 5 where a mapping is expected",
    ),
    "a vector on an endless port": (
        {"acme/a.yaml": f'{TABLE}test_vectors: [{{payload: "01", fPort: .inf, expected: {{t: 1}}}}]\n'},
        "acme/a.yaml: test vector 1: fPort inf is none of 0 to 255",
    ),
    "an example on an endless port": (
        {
            "acme/package.json": '{"name": "@acme/x", "main": "index.js"}', "acme/index.js": trees.CODEC,
            "acme/examples.json": '[{"type": "uplink", "input": {"bytes": [1], "fPort": Infinity}, "output": {}}]',
        },
        "acme/examples.json: example 1: fPort inf is none of 0 to 255",
    ),
    "a codec's name where an object is expected": (
        {"vendor/acme/c.yaml": "uplinkDecoder: fileName\n"},
        "vendor/acme/c.yaml: uplinkDecoder: an object with fileName is expected",
    ),
    "brackets without end in a README": (
        {"acme/x/x-decoder.js": trees.DECODER, "acme/x/README.md": f"```json\n// 01 02\n{'[' * 9999}{{\n```\n"},
        "acme/x/README.md: the example of 0102: ",
    ),
    "a number too long to be written": (
        {"acme/a.yaml": f"{TABLE}description: 0x{'f' * 9999}\n"},
        "acme/a.yaml: passed over: ValueError: ",
    ),
}  # fmt: skip
FORMS = {
    "lorawan-devices": trees.LORAWAN_DEVICES,
    "chirpstack": trees.CHIRPSTACK,
    "packages": trees.PACKAGES,
    "sensor-decoders": trees.SENSOR_DECODERS,
    "end-nodes": trees.END_NODES,
    "normalising": trees.NORMALISING,
    "tables": trees.TABLES,
}
ODD_VALUES: tuple[Any, ...] = (
    None, True, 0, -1, 5, 2.5, float("inf"), float("nan"), 10**400, "", "x", "日本", "\ud800", "../../../etc/passwd", "/", "fileName",
    "\x00", [], {}, [5], [None], [[]], {"fileName": 5}, {"": {"": []}}, ["a", {"b": "c"}],
)  # fmt: skip
ROUNDS = 100  # of each form


def read(folder: Path) -> Reading:
    return reading.read(open_tree(folder))


def has_neighbour(found: Reading) -> bool:
    return any(one.name.endswith("/bt-9") for one in found.models)


@pytest.mark.parametrize(("files", "note"), ODD_FILES.values(), ids=ODD_FILES)
def test_what_nobody_could_expect_is_a_line_and_costs_no_other(
    tmp_path: Path, files: Mapping[str, str], note: str
) -> None:
    found = read(lay(tmp_path, {**files, **NEIGHBOUR}))

    notes = [*found.notes, *(line for one in found.models for line in one.notes)]
    assert any(line.startswith(note) for line in notes), notes
    assert has_neighbour(found)


def test_a_table_whose_name_has_no_letter_of_ours_has_a_vendor(tmp_path: Path) -> None:
    place = lay(tmp_path / "decoders", {"x.yaml": TABLE.replace("name: a", 'name: "日本"')})

    assert [one.name for one in read(place).models] == ["unknown/x"]


def test_a_name_that_no_text_can_hold_is_passed_over(tmp_path: Path) -> None:
    lay(tmp_path, {"acme/a.js": trees.CODEC})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/acme/\xff\xfe.js")).write_text(trees.CODEC)

    found = read(tmp_path)

    assert [one.file for one in found.models] == ["acme/a.js"]
    assert "acme/��.js: passed over: its name is no UTF-8" in found.notes


@pytest.mark.parametrize("files", FORMS.values(), ids=FORMS)
def test_no_spoilt_tree_ends_the_reading_of_another(tmp_path: Path, files: Mapping[str, str]) -> None:
    chance = random.Random(4)

    for number in range(ROUNDS):
        spoilt = {path: _spoilt(path, text, chance) for path, text in files.items()}
        folder = lay(tmp_path / str(number), {f"tree/{path}": text for path, text in spoilt.items()} | NEIGHBOUR)

        found = read(folder)

        assert has_neighbour(found), spoilt
        assert all("\n" not in line for line in found.notes), found.notes


def _spoilt(path: str, text: str, chance: random.Random) -> str:
    """Return ``text`` with some of its values exchanged for odd ones, or with some of its characters gone."""
    if path.endswith((".yaml", ".json")) and chance.random() < 0.8:
        return _exchanged(path, text, chance)
    if chance.random() < 0.5:
        return text
    for _ in range(chance.randrange(1, 4)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(["", "[", "{", '"', "\n", "\t", "0x", ": ", "�"]) + text[place + 3 :]
    return text


def _exchanged(path: str, text: str, chance: random.Random) -> str:
    is_json = path.endswith(".json")
    whole = {"": notation.from_json(text) if is_json else notation.from_yaml(text)}
    for _ in range(chance.randrange(1, 7)):
        within, key = chance.choice(list(_places(whole)))
        within[key] = copy.deepcopy(chance.choice(ODD_VALUES))
    return json.dumps(whole[""]) if is_json else yaml.safe_dump(whole[""])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each container within ``value`` with each of its keys."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from _places(value[key])
