"""`brygga backup --keep`: the newest stay, foreign files are left alone, and the disk is never filled."""

from __future__ import annotations

import shutil
from collections import namedtuple

import pytest

from tests.agent.boxes import Boxes
from tests.agent.commands import Box

Usage = namedtuple("Usage", "total used free")  # noqa: PYI024 - as shutil has it
PLENTY = 10 << 30


@pytest.fixture
def box(boxes: Boxes) -> Box:
    made = boxes.make("box", heard=2)
    (made.folder / "backups").mkdir()
    return made


def backups(box: Box) -> list[str]:
    return sorted(one.name for one in (box.folder / "backups").iterdir())


def test_the_newest_stay_and_what_is_not_ours_too(boxes: Boxes, box: Box) -> None:
    for name in ("brygga-20200101T000000Z.backup", "brygga-20200102T000000Z.backup", "mine.backup"):
        (box.folder / "backups" / name).write_bytes(b"")

    outcome = boxes.brygga(box, "backup", "--keep", "2", "backups")

    assert outcome.code == 0
    assert len(backups(box)) == 3
    assert {"brygga-20200102T000000Z.backup", "mine.backup"} < set(backups(box))
    assert backups(box)[1] in outcome.output


def test_the_oldest_make_room_but_never_the_newest(boxes: Boxes, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"brygga-2020010{day}T000000Z.backup" for day in (1, 2, 3)]
    for name in names:
        (box.folder / "backups" / name).write_bytes(b"")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(PLENTY, PLENTY, 1 << 20))

    outcome = boxes.brygga(box, "backup", "--keep", "7", "backups")

    assert outcome.code == 78
    assert "has 1 MiB free where" in outcome.complaints
    assert backups(box) == names[2:]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--keep", "0", "backups"), "--keep 0: 1 or more is right"),
        (("--keep", "1", "nowhere"), "nowhere is no folder"),
    ],
    ids=["none", "no folder"],
)
def test_what_cannot_be_is_said(boxes: Boxes, box: Box, arguments: tuple[str, ...], words: str) -> None:
    outcome = boxes.brygga(box, "backup", *arguments)

    assert outcome.code == 78
    assert words in outcome.complaints
