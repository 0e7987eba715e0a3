"""`brygga journal …` on a stopped agent's journal, and once all of them beside an agent that hears."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from gateway.commands.journal import WHAT_TO_DO
from gateway.journal import AlarmKind
from gateway.journal.alarms import raised
from gateway.journal.database import Statement, Step
from gateway.journal.verifying import Matter
from tests.agent.boxes import HEARD, Boxes, make, numbers, read, write
from tests.agent.commands import Box, complained, make_box, said
from tests.journal.samples import NOW


@pytest.fixture
def box(boxes: Boxes) -> Box:
    return boxes.make("roof")


def test_stats_say_what_is_kept_and_what_waits_for_whom(boxes: Boxes, box: Box) -> None:
    told = boxes.brygga(box, "journal", "stats")
    as_json = numbers(boxes, box)

    assert (told.code, told.complaints) == (0, "")
    assert "30 uplinks kept" in told.output
    assert "rows 1 to 30" in told.output
    assert as_json["journal"]["rows"] == HEARD
    assert as_json["destinations"]["lund"]["waiting"] == HEARD
    assert as_json["room"].keys() == {"rows_per_day", "bytes_per_row", "lasts_s"}


def test_verify_says_that_all_is_well(boxes: Boxes, box: Box) -> None:
    told = boxes.brygga(box, "journal", "verify")

    assert (told.code, told.complaints) == (0, "")
    assert "30 rows" in told.output
    assert "all is well" in told.output


def test_verify_says_what_is_wrong_and_what_to_do(boxes: Boxes, box: Box) -> None:
    (box.journal.parent / "brygga.key").write_text("00" * 32 + "\n")

    told = boxes.brygga(box, "journal", "verify")
    as_json = boxes.brygga(box, "journal", "verify", "--json")

    assert told.code == as_json.code == 1
    assert "does not open the keys" in told.complaints
    assert "put the right key file back" in told.output
    assert [one["matter"] for one in json.loads(as_json.output)["findings"]] == ["keys"]


def test_there_is_something_to_do_about_each_finding() -> None:
    assert WHAT_TO_DO.keys() == {str(matter) for matter in Matter}


def filler(count: int) -> list[Step]:
    """Return what makes the file larger than what is in it."""
    rows = [Statement("INSERT INTO filler VALUES (zeroblob(500))")] * count
    return [Statement("CREATE TABLE filler (octets BLOB)"), *rows, Statement("DROP TABLE filler")]


def test_vacuum_makes_the_file_as_small_as_what_is_in_it(boxes: Boxes, box: Box) -> None:
    asyncio.run(write(box, filler(1000)))
    before = box.journal.stat().st_size

    told = boxes.brygga(box, "journal", "vacuum")

    assert (told.code, told.complaints) == (0, "")
    assert "kB given back; the journal has" in told.output
    assert box.journal.stat().st_size < before - 400_000
    assert boxes.brygga(box, "journal", "verify").code == 0


def test_alarms_stay_in_the_status_until_they_were_seen(boxes: Boxes, box: Box) -> None:
    asyncio.run(write(box, [raised(AlarmKind.DAMAGED, NOW, "page 3 is noise\nand all is saved")]))

    before = boxes.brygga(box, "status")
    wrong = boxes.brygga(box, "journal", "seen", "damage")
    seen = boxes.brygga(box, "journal", "seen", "damaged")
    after = boxes.brygga(box, "status")

    line = (
        "    ! 2026-11-24 12:00: the journal was damaged: page 3 is noise\n"
        "      and all is saved\n"
        "      `brygga journal seen` when you have read it\n"
    )
    assert line in before.output
    assert wrong == complained(78, f"journal seen: 'damage' is none of {', '.join(AlarmKind)}")
    assert seen == said("1 alarm forgotten")
    assert "was damaged" not in after.output


@pytest.mark.parametrize("words", [["stats"], ["verify"], ["export", "x"], ["vacuum"], ["seen"], ["backup", "x"]])
def test_without_a_journal_each_says_so(boxes: Boxes, tmp_path: Path, words: list[str]) -> None:
    told = boxes.brygga(make_box(tmp_path), "journal", *words)

    assert told.code == 78
    assert "there is no journal" in told.complaints


def give_other_ids(path: Path) -> None:
    lines = [json.dumps(one | {"id": f"{place:032x}"}) for place, one in enumerate(read(path))]
    path.write_text("\n".join(lines), encoding="utf-8")


async def test_beside_a_running_agent_they_do_the_same(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    box.journal.parent.mkdir()
    await make(box, HEARD)
    await write(box, [raised(AlarmKind.DAMAGED, NOW, "it was damaged"), *filler(1000)])

    async with box.agent():
        stats = await box.brygga("journal", "stats")
        exported = await box.brygga("journal", "export", "all.ndjson")
        give_other_ids(box.folder / "all.ndjson")
        imported = await box.brygga("journal", "import", "all.ndjson")
        vacuum = await box.brygga("journal", "vacuum")
        verified = await box.brygga("journal", "verify")
        seen = await box.brygga("journal", "seen")

    assert "30 uplinks kept" in stats.output
    assert exported.output.startswith("30 uplinks written")
    assert imported.output.startswith("30 uplinks taken in, 0 were here already")
    assert "kB given back; the file is cut when" in vacuum.output
    assert (verified.code, verified.complaints) == (0, "")
    assert "60 rows" in verified.output
    assert seen == said("1 alarm forgotten")
