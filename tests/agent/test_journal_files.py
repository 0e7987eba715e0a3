"""`brygga journal export` and `import`: what one box wrote another takes in, each uplink once."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import sqlite3
import stat
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import timedelta
from itertools import islice
from pathlib import Path

import pytest

from gateway.commands import journal_import
from gateway.commands.journal_export import written
from gateway.commands.uplink_lines import line_of, uplink_of
from gateway.journal import Journal
from gateway.model import TimeQuality, Uplink
from tests.agent.boxes import Boxes, numbers, read
from tests.agent.commands import Box, said
from tests.journal.samples import DEV_EUI, NOW, clock, uplink


@pytest.fixture
def box(boxes: Boxes) -> Box:
    return boxes.make("roof")


def test_what_one_box_exports_another_takes_in(boxes: Boxes, box: Box, tmp_path: Path) -> None:
    other = boxes.make("mast", heard=10)  # has the first ten already
    exported = boxes.brygga(box, "journal", "export", "../all.ndjson.gz")
    rows = read(tmp_path / "all.ndjson.gz")

    first = boxes.brygga(other, "journal", "import", "--for", "goteborg", "../all.ndjson.gz")
    second = boxes.brygga(other, "journal", "import", "--for", "goteborg", "../all.ndjson.gz")
    boxes.brygga(other, "journal", "export", "../again.ndjson")

    assert (exported.code, exported.complaints) == (0, "")
    assert "30 uplinks written into ../all.ndjson.gz" in exported.output
    assert "1 of them were heard before the clock was known" in exported.output
    assert first == said("20 uplinks taken in, 10 were here already; goteborg will be told them")
    assert second == said("0 uplinks taken in, 30 were here already")
    assert read(tmp_path / "again.ndjson") == rows
    assert stat.S_IMODE((tmp_path / "all.ndjson.gz").stat().st_mode) == 0o600
    waiting = numbers(boxes, other)["destinations"]
    assert [waiting[name]["waiting"] for name in ("goteborg", "lund")] == [30, 10]


def test_a_line_that_comes_twice_is_taken_in_once(boxes: Boxes, box: Box) -> None:
    other = boxes.make("mast", heard=0)
    boxes.brygga(box, "journal", "export", "--raw", "../all.ndjson")
    path = box.folder.parent / "all.ndjson"
    path.write_bytes(2 * path.read_bytes())

    told = boxes.brygga(other, "journal", "import", "../all.ndjson")

    assert told.output.splitlines()[:3] == [
        "30 uplinks taken in, 0 were here already",
        "30 came more than once in the file, and were taken in once",
        "2 frames of nobody were passed over: they are kept only where they were heard",
    ]


def test_an_export_has_what_was_asked_for_and_no_key(boxes: Boxes, box: Box) -> None:
    since = (NOW + timedelta(hours=10)).isoformat()
    some = boxes.brygga(box, "journal", "export", "--since", since, "--until", "2026-11-25", "-")
    nobody = boxes.brygga(box, "journal", "export", "--device", "70b3d57ed0009999", "-")
    raw = boxes.brygga(box, "journal", "export", "--raw", "-")

    f_cnts = [json.loads(line)["f_cnt"] for line in some.output.splitlines()]
    assert f_cnts == [0, 10, 11]  # the first has no known time
    assert nobody.output == ""
    assert json.loads(raw.output.splitlines()[-1])["phy_payload"] == "40010203"
    assert "key" not in raw.output.lower()
    assert json.loads(raw.output.splitlines()[1])["dev_eui"] == DEV_EUI


def test_an_export_has_the_time_that_a_boot_learned_afterwards(boxes: Boxes, box: Box) -> None:
    before = boxes.brygga(box, "journal", "export", "-")
    asyncio.run(learn(box))

    after = boxes.brygga(box, "journal", "export", "-")

    heard = [json.loads(told.output.splitlines()[0]) for told in (before, after)]
    assert [one["time_quality"] for one in heard] == ["unsynchronised", "gps"]
    assert heard[1]["heard_at"] == (NOW + timedelta(seconds=heard[0]["monotonic_s"])).isoformat()


async def learn(box: Box) -> None:
    journal = await Journal.open(box.journal, clock=clock)
    await journal.learn_boot("another boot", NOW, TimeQuality.GPS)
    await journal.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--since", "yesterday"], "--since 'yesterday': a date or a time as 2026-11-01"),
        (["--device", "Torget"], "--device Torget: no device has this name, and as a DevEUI:"),
    ],
)
def test_a_wrong_choice_says_what_would_be_right(boxes: Boxes, box: Box, options: list[str], words: str) -> None:
    told = boxes.brygga(box, "journal", "export", *options, "out.ndjson")

    assert told.code == 78
    assert words in told.complaints
    assert not (box.folder / "out.ndjson").exists()


def test_a_file_with_wrong_lines_names_them_and_nothing_is_taken_in(boxes: Boxes, box: Box) -> None:
    boxes.brygga(box, "journal", "export", "all.ndjson")
    lines = (box.folder / "all.ndjson").read_text().splitlines()
    lines[3] = lines[3].replace('"f_port":2', '"f_port":256')
    lines[5] = lines[5][:40]
    (box.folder / "all.ndjson").write_text("\n".join(lines) + "\n")
    other = boxes.make("mast", heard=1)

    told = boxes.brygga(other, "journal", "import", "../roof/all.ndjson")

    assert told.code == 78
    assert "../roof/all.ndjson line 4: f_port: Input should be less than or equal to 255\n" in told.complaints
    assert "../roof/all.ndjson line 6: Invalid JSON" in told.complaints
    assert numbers(boxes, other)["journal"]["rows"] == 1


@pytest.mark.parametrize("octets", [b"no gzip", gzip.compress(b"{}\n" * 10, mtime=0)[:20], b""])
def test_a_gzip_file_that_is_none_says_so(boxes: Boxes, box: Box, octets: bytes) -> None:
    (box.folder / "x.gz").write_bytes(octets)

    told = boxes.brygga(box, "journal", "import", "x.gz")

    assert told.code == (78 if octets else 0)
    assert octets == b"" or "x.gz" in told.complaints


def test_who_keeps_the_newest_value_alone_is_told_no_history_unasked(boxes: Boxes, box: Box) -> None:
    boxes.brygga(box, "journal", "export", "../all.ndjson")
    other = boxes.make("mast", heard=1)

    refused = boxes.brygga(other, "journal", "import", "--for", "lund", "../all.ndjson")
    nobody = boxes.brygga(other, "journal", "import", "--for", "gotebrog", "../all.ndjson")
    anyway = boxes.brygga(other, "journal", "import", "--for", "lund", "--anyway", "../all.ndjson")

    assert refused.code == 78
    assert "--for lund: it keeps the newest value of each thing alone" in refused.complaints
    assert "there is no such destination; did you mean goteborg?" in nobody.complaints
    assert "29 uplinks taken in" in anyway.output


def break_off(path: Path) -> None:
    with written(str(path)) as write:
        write(b"half")
        raise KeyboardInterrupt


def test_an_export_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "all.ndjson").write_text("of yesterday")

    with pytest.raises(KeyboardInterrupt):
        break_off(tmp_path / "all.ndjson")

    assert [path.name for path in tmp_path.iterdir()] == ["all.ndjson"]
    assert (tmp_path / "all.ndjson").read_text() == "of yesterday"


def test_an_import_that_is_broken_off_is_finished_by_saying_it_again(
    boxes: Boxes, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    boxes.brygga(box, "journal", "export", "../all.ndjson")
    other = boxes.make("mast", heard=0)

    def broken_off(uplinks: Iterable[Uplink]) -> Iterator[list[Uplink]]:
        yield list(islice(uplinks, 12))
        raise KeyboardInterrupt

    with monkeypatch.context() as there:
        there.setattr(journal_import, "batches", broken_off)
        first = boxes.brygga(other, "journal", "import", "../all.ndjson")
    again = boxes.brygga(other, "journal", "import", "../all.ndjson")

    assert (first.code, first.complaints) == (130, "broken off: 12 uplinks are taken in; say it again for the rest\n")
    assert again.output.startswith("18 uplinks taken in, 12 were here already\n")


TOO_FAR: list[tuple[str, object]] = [
    ("monotonic_s", 1e308), ("monotonic_s", -1), ("f_cnt", 2**32), ("f_port", 256),
    ("heard_at", "9999-12-31T23:59:59-14:00"), ("heard_at", "0001-01-01T00:00:00+14:00"), ("heard_at", "1969-12-31T23:59:59Z"),
    ("receptions.rssi_dbm", 1e308), ("receptions.snr_db", -1e308), ("receptions.frequency_hz", 2**70),
    ("receptions.timestamp_us", 2**64), ("receptions.channel", 2**64), ("receptions.antenna", -(2**64)),
    ("receptions.fine_time_ns", 2**64), ("receptions.gateway_time", "2200-01-01T00:00:00Z"),
    ("receptions.place", {"latitude": 57, "longitude": 11, "altitude_m": 1e308}),
    ("receptions.data_rate", {"spreading_factor": 7, "bandwidth_hz": 2**70}), ("receptions.data_rate", {"bit_rate": 2**70}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), TOO_FAR, ids=[f"{name}={value}"[:50] for name, value in TOO_FAR])
def test_a_number_that_no_radio_and_no_clock_says_is_refused_at_the_edge(name: str, value: object) -> None:
    line = line_of(uplink(7), 1, "")
    assert uplink_of(json.dumps(line).encode()) == uplink(7)
    where = line["receptions"][0] if name.startswith("receptions") else line
    where[name.removeprefix("receptions.")] = value

    with pytest.raises(ValueError, match=name.rsplit(".", maxsplit=1)[-1]):
        uplink_of(json.dumps(line).encode())


def damaged(box: Box) -> Path:
    """Set a box's journal aside as a salvage does, with a page of noise in its log."""
    with closing(sqlite3.connect(box.journal)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        ((root,),) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'sessions'")
        ((size,),) = connection.execute("PRAGMA page_size")
    with box.journal.open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(random.Random(1).randbytes(size))
    return box.journal.rename(box.journal.with_name(f"{box.journal.name}.damaged-20261124T120000Z"))


def test_what_was_left_in_a_damaged_journal_is_exported_and_taken_in(boxes: Boxes, box: Box, tmp_path: Path) -> None:
    whole = boxes.brygga(box, "journal", "export", "--raw", "../all.ndjson")
    other = boxes.make("mast", heard=10)
    aside = damaged(box)
    before = aside.read_bytes()

    exported = boxes.brygga(box, "journal", "export", "--raw", "--from", str(aside), "../left.ndjson")
    taken = boxes.brygga(other, "journal", "import", "--for", "goteborg", "../left.ndjson")

    assert (whole.code, exported.code, exported.complaints) == (0, 0, "")
    assert read(tmp_path / "left.ndjson") == read(tmp_path / "all.ndjson")
    assert "20 uplinks taken in, 10 were here already" in taken.output
    assert aside.read_bytes() == before


@pytest.mark.parametrize("there", [None, b"", b"no database" * 1000])
def test_a_file_that_holds_no_journal_is_refused_in_words(boxes: Boxes, box: Box, there: bytes | None) -> None:
    path = box.folder / "other"
    if there is not None:
        path.write_bytes(there)

    told = boxes.brygga(box, "journal", "export", "--from", str(path), "out.ndjson")

    assert told.code == 78
    assert f"{path}: " in told.complaints
    assert not (box.folder / "out.ndjson").exists()
