"""What a card has before it, by the kernel's counters."""

from __future__ import annotations

import os
from pathlib import Path
from typing import get_args

import pytest

from gateway.commands.show_wear import CLASSES, wear_lines
from gateway.config.keys import JournalKeys
from gateway.wear import CYCLES, wear
from tests.agent.brygga_toml import loaded, problems

GB = 10**9
DAY = 86_400


def kernel(folder: Path, *, up_s: int, started_s: int, agent: int, disk: int, size: int = 32 * GB) -> tuple[Path, Path]:
    """Make files as the kernel has them, of a partition on a card."""
    proc, sys = folder / "proc", folder / "sys"
    ticks = started_s * os.sysconf("SC_CLK_TCK")
    (proc / "self").mkdir(parents=True)
    (proc / "uptime").write_text(f"{up_s}.00 1.00\n")
    (proc / "self/io").write_text(f"rchar: 1\nwrite_bytes: {agent + 4096}\ncancelled_write_bytes: 4096\n")
    (proc / "self/stat").write_text(f"1 (a (name) here) S {' '.join(['0'] * 18)} {ticks} 0 0\n")
    card = folder / "card"
    (card / "part").mkdir(parents=True)
    (card / "part/partition").write_text("2\n")
    (card / "size").write_text(f"{size // 512}\n")
    (card / "stat").write_text(f"1 0 8 0 5 0 {disk // 512} 9 0 0 0\n")
    device = folder.stat().st_dev
    place = sys / "dev/block"
    place.mkdir(parents=True)
    (place / f"{os.major(device)}:{os.minor(device)}").symlink_to(card / "part")
    return proc, sys


def test_the_whole_disks_pace_and_its_class_give_the_years(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, up_s=2 * DAY, started_s=DAY, agent=GB // 5, disk=2 * GB)

    found = wear(tmp_path, "consumer", proc=proc, sys=sys)

    assert found.agent_bytes_per_day == GB // 5
    assert found.disk_bytes_per_day == GB
    assert found.endurance_bytes == 32 * GB * 300
    assert found.years == pytest.approx(9600 / 4 / 365.25, rel=0.01)


def test_a_better_card_lasts_longer_and_a_data_sheet_has_the_last_word(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, up_s=DAY, started_s=0, agent=GB, disk=GB)

    years = [wear(tmp_path, card, proc=proc, sys=sys).years for card in ("consumer", "endurance", "industrial")]
    told = wear(tmp_path, "consumer", 4 * 365 * GB, proc=proc, sys=sys).years

    assert years == sorted(filter(None, years))
    assert told == pytest.approx(1.0, rel=0.01)


def test_in_the_first_hour_nobody_knows(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, up_s=3599, started_s=10, agent=GB, disk=GB)

    found = wear(tmp_path, "consumer", proc=proc, sys=sys)

    assert (found.agent_bytes_per_day, found.disk_bytes_per_day, found.years) == (None, None, None)
    assert found.disk_bytes == 32 * GB


def test_without_a_disk_of_its_own_the_agents_pace_counts(tmp_path: Path) -> None:
    proc, sys = kernel(tmp_path, up_s=DAY, started_s=0, agent=GB, disk=GB)

    found = wear(tmp_path, "consumer", 10_000 * GB, proc=proc, sys=sys / "nothing")

    assert (found.disk_bytes_per_day, found.disk_bytes) == (None, None)
    assert found.years == pytest.approx(10_000 / 4 / 365.25, rel=0.01)


def test_this_machines_kernel_is_read(tmp_path: Path) -> None:
    found = wear(tmp_path, "industrial")

    assert found.card == "industrial"
    assert found.years is None or found.years > 0


def told(**changes: object) -> list[str]:
    facts = {
        "card": "consumer",
        "agent_bytes_per_day": 210_000_000,
        "disk_bytes_per_day": 900_000_000,
        "disk_bytes": 31_900_000_000,
        "endurance_bytes": 9_570_000_000_000,
        "years": 7.3,
    }
    return list(wear_lines({**facts, **changes}))


def test_status_says_it_in_words() -> None:
    assert told() == [
        "card: Brygga writes 210.0 MB, all programs together 900.0 MB a day",
        "    a consumer card of 32 GB takes that for some 7 years (journal.card)",
    ]
    assert told(years=None) == list(wear_lines(None)) == []
    assert "takes that for more than 50 years" in told(years=81.0)[1]
    assert told(years=0.5, card="industrial")[1] == (
        "    ! an industrial card of 32 GB takes that for some 6 months (journal.card)"
    )
    assert told(disk_bytes_per_day=None, disk_bytes=None)[0] == "card: Brygga writes 210.0 MB a day"


def test_the_card_is_configured_by_its_class_or_its_data_sheet(tmp_path: Path) -> None:
    usual = loaded(tmp_path, "").journal
    told = loaded(tmp_path, '[journal]\ncard = "industrial"\ncard_tbw = 30.5').journal

    assert (usual.card, usual.card_bytes) == ("consumer", None)
    assert (told.card, told.card_bytes) == ("industrial", 30_500_000_000_000)
    gold, nothing = problems(tmp_path, '[journal]\ncard = "gold"\ncard_tbw = 0')
    assert """journal.card: 'gold' where "consumer", "endurance" or "industrial" is expected""" in gold
    assert "journal.card_tbw: 0" in nothing


def test_every_class_that_can_be_configured_has_its_cycles_and_its_words() -> None:
    assert set(CYCLES) == set(CLASSES) == set(get_args(JournalKeys.model_fields["card"].annotation))
