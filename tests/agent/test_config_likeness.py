"""Two readings of one file are alike, and what differs anywhere is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.config.afresh import load_afresh
from gateway.config.likeness import alike
from tests.agent.brygga_toml import HTTP, MQTT, SOURCE

TEXT = SOURCE + MQTT + 'tags = ["a", "b", "c", "d"]\n' + HTTP.replace('"city"', '"other"') + 'headers = { a = "1" }\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "brygga.toml"
    made.write_text(TEXT, encoding="utf-8")
    made.chmod(0o640)
    return made


async def test_a_file_read_here_and_in_another_process_is_alike(path: Path) -> None:
    assert alike(load(path), await load_afresh(path))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('"d"]', '"e"]'),
        ('a = "1"', 'a = "2"'),
        ("senml", "json"),
        ("http://127.0.0.1", "http://127.0.0.2"),
        ('name = "mast"', 'name = "roof"'),
    ],
)
def test_a_word_that_differs_makes_them_differ(path: Path, before: str, after: str) -> None:
    settings = load(path)
    path.write_text(TEXT.replace(before, after), encoding="utf-8")

    assert not alike(settings, load(path))


def test_what_holds_itself_is_compared_too() -> None:
    one: list[object] = [1]
    other: list[object] = [1]
    one.append(one)
    other.append(other)

    assert alike(one, other)
    assert not alike(one, [1, [1]])
