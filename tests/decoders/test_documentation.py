"""The examples of docs/decoders.md work as they stand there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from decoders import command_vectors
from decoders.contract import Encoded, EncodeError
from decoders.registry import Registry
from decoders.vectors import check, hostile

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "decoders.md"


def test_the_table_and_the_function_of_the_guide_say_what_its_vectors_say(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"```(yaml|python)\n(.*?)```", text, re.DOTALL)
    vectors, table = [body for kind, body in blocks if kind == "yaml"][:2]
    function = next(body for kind, body in blocks if kind == "python")
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, body in (("th-1.yaml", table), ("th-2.py", function)):
        (folder / name).write_text(body, encoding="utf-8")
        (folder / f"{name.split('.')[0]}.vectors.yaml").write_text(vectors, encoding="utf-8")

    registry = Registry.load([tmp_path], entry_points=False)

    assert registry.problems() == []
    for name in ("acme/th-1", "acme/th-2"):
        assert list(map(str, check(registry.get(name), registry.vectors(name)))) == []
        assert len(registry.vectors(name)) == 2
        assert hostile(registry.get(name), registry.vectors(name)) == []


def test_the_encoder_of_the_guide_says_what_its_vectors_say(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    blocks = re.findall(r"```(yaml|python)\n(.*?)```", text, re.DOTALL)
    commands = next(body for kind, body in blocks if kind == "yaml" and body.startswith("commands:"))
    encode = next(body for kind, body in blocks if kind == "python" and "def encode" in body)
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "th-1.yaml").write_text("fields:\n  - {name: a, type: u8}\n", encoding="utf-8")
    (folder / "th-1.commands.py").write_text(encode, encoding="utf-8")
    (folder / "th-1.vectors.yaml").write_text(commands, encoding="utf-8")

    encoder = Registry.load([tmp_path], entry_points=False).encoder("acme/th-1")
    vectors = command_vectors.load(folder / "th-1.vectors.yaml")

    assert encoder is not None
    assert len(vectors) == 2
    assert command_vectors.check(encoder, vectors) == []


def test_the_table_of_the_guide_that_can_be_told_says_what_the_guide_says(tmp_path: Path) -> None:
    text = DOCUMENT.read_text(encoding="utf-8")
    table = next(body for body in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL) if body.startswith("# tells"))
    folder = tmp_path / "acme"
    folder.mkdir()
    (folder / "th-1.yaml").write_text(f"fields:\n  - {{name: a, type: u8}}\n{table}", encoding="utf-8")

    encoder = Registry.load([tmp_path], entry_points=False).encoder("acme/th-1")

    assert encoder is not None
    for command in ({"set_interval": {"interval": 600}}, {"set_interval": 600}, {"interval": 600}):
        assert encoder.encode(command) == Encoded(85, b"\x01\x00\x0a")
    assert encoder.encode({"reboot": True}) == Encoded(85, b"\x02")
    assert encoder.encode({"low": -1.5}) == Encoded(85, b"\xff\x03\xff\xf1\x03\xe8")
    with pytest.raises(EncodeError, match="interval: 90 lies between two steps of the device; 60 and 120 are some"):
        encoder.encode({"interval": 90})
