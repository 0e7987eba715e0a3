"""The way forth and back of an upgrade, with the real script and a power cut before each change that it makes."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.packaging.fake_box import Box, make_box

FORMS = pytest.mark.parametrize("database", [6, 7], ids=["the same form", "a newer form"])


@pytest.fixture
def box(tmp_path: Path) -> Box:
    return make_box(tmp_path / "box")


@FORMS
def test_a_version_that_is_well_runs_and_the_one_before_is_kept(box: Box, database: int) -> None:
    box.upgrade("hold")
    box.unpack("2", database)

    switched = box.upgrade("switch")

    assert (switched.code, box.runs, box.unit) == (0, "2", "2")
    assert box.path("opt/brygga/previous/build").read_text() == "1\n"
    assert box.journal == (database, 2)
    assert box.is_settled


def test_while_dpkg_unpacks_the_agent_runs_on_from_files_that_nobody_changes(box: Box) -> None:
    running = box.path("opt/brygga/current").resolve()
    box.upgrade("hold")

    box.unpack("2", 7)

    assert (running / "build").read_text() == "1\n"
    assert (box.runs, box.unit) == ("1", "1")


@FORMS
def test_a_version_that_is_not_well_goes_and_nothing_heard_goes_with_it(box: Box, database: int) -> None:
    box.upgrade("hold")
    box.unpack("2", database, "unwell")

    switched = box.upgrade("switch")

    assert switched.code == 1
    assert "brygga: 2 is not well:" in switched.words
    assert "brygga: 1 runs again" in switched.words
    assert (box.runs, box.unit) == ("1", "1")
    assert box.journal == (6, 3)  # one before, one that version 2 heard, one since
    assert box.is_settled


def test_what_has_failed_is_not_tried_again_before_somebody_asks(box: Box) -> None:
    box.unpack("2", 7, "unwell")
    box.upgrade("switch")

    again = box.upgrade("switch")  # as each apt-get does with a package that is not configured

    assert again.code == 1
    assert "To try it again: apt-get install --reinstall brygga" in again.words
    assert (box.runs, box.journal) == ("1", (6, 3))


def test_the_next_version_after_a_failed_one_is_tried(box: Box) -> None:
    box.unpack("2", 7, "unwell")
    box.upgrade("switch")
    box.upgrade("hold")
    box.unpack("3", 7)

    switched = box.upgrade("switch")

    assert (switched.code, box.runs, box.unit) == (0, "3", "3")


def test_a_configuration_that_the_new_version_refuses_is_found_before_anything_changes(box: Box) -> None:
    box.unpack("2", 7, "wrong")

    switched = box.upgrade("switch")

    assert switched.code == 1
    assert "the configuration is right for 1 and wrong for 2: nothing was changed; 1 goes on" in switched.words
    assert (box.runs, box.unit, box.journal) == ("1", "1", (6, 1))


def test_without_room_for_a_copy_nothing_changes(box: Box) -> None:
    box.path("full").touch()
    box.unpack("2", 7)

    switched = box.upgrade("switch")

    assert switched.code == 1
    assert "the journal could not be copied" in switched.words
    assert (box.runs, box.unit, box.journal) == ("1", "1", (6, 1))


def test_a_version_that_cannot_even_hand_over_leaves_its_journal_aside(box: Box) -> None:
    box.unpack("2", 7, "unwell", "mute")

    switched = box.upgrade("switch")

    assert "what was heard since stays in the newer journal" in switched.words
    assert (box.runs, box.journal) == ("1", (6, 2))
    assert box.path("journal.newer").read_text() == "7 2\n"


def test_a_downgrade_takes_the_kept_copy_and_what_was_heard_since(box: Box) -> None:
    box.unpack("2", 7)
    box.upgrade("switch")
    box.unpack("1", 6)

    switched = box.upgrade("switch")

    assert (switched.code, box.runs, box.unit, box.journal) == (0, "1", "1", (6, 3))


def test_a_downgrade_without_a_copy_changes_nothing_and_says_why(box: Box) -> None:
    box.unpack("2", 7)
    box.upgrade("switch")
    shutil.rmtree(box.path("var/backups/brygga"))
    box.unpack("1", 6)

    switched = box.upgrade("switch")

    assert switched.code == 1
    assert "1 cannot read the journal that 2 has written, and there is no copy from before" in switched.words
    assert (box.runs, box.unit, box.journal) == ("2", "2", (7, 2))


def test_an_agent_that_the_operator_has_stopped_stays_stopped(box: Box) -> None:
    box.path("active").unlink()
    box.unpack("2", 7, "unwell")

    switched = box.upgrade("switch")

    assert (switched.code, box.runs) == (0, None)
    assert box.path("opt/brygga/current/build").read_text() == "2\n"


def test_a_unit_of_the_operator_s_own_is_left_alone(box: Box) -> None:
    own = box.path("etc/systemd/system/brygga.service")
    own.parent.mkdir(parents=True)
    own.write_text("# mine\n")
    box.upgrade("hold")
    box.unpack("2", 6)

    box.upgrade("switch")

    assert own.read_text() == "# mine\n"


def forth(box: Box) -> None:
    box.unpack("2", 7)


def forth_and_back(box: Box) -> None:
    box.unpack("2", 7, "unwell")


def down(box: Box) -> None:
    box.unpack("2", 7)
    box.upgrade("switch")
    box.upgrade("hold")
    box.unpack("1", 6)


WAYS = pytest.mark.parametrize("way", [forth, forth_and_back, down], ids=lambda way: way.__name__)


@WAYS
def test_after_a_power_cut_at_any_moment_one_whole_version_runs_with_all_that_was_heard(
    way: Callable[[Box], None], tmp_path: Path
) -> None:
    for number, cut in enumerate(cuts(way, tmp_path), 1):
        _, heard = cut.journal

        cut.boot()

        assert cut.runs == cut.unit, f"cut {number}"
        assert cut.journal[1] > heard, f"cut {number}"
        assert cut.is_settled, f"cut {number}"
        assert cut.upgrade("switch").code in {0, 1}, f"cut {number}"
        assert cut.runs == cut.unit, f"cut {number}: dpkg --configure -a"
        assert cut.journal[1] > heard, f"cut {number}: dpkg --configure -a"


@WAYS
def test_a_maintainer_script_that_was_killed_is_ended_by_dpkg_s_next_try(
    way: Callable[[Box], None], tmp_path: Path
) -> None:
    for number, cut in enumerate(cuts(way, tmp_path), 1):
        _, heard = cut.journal

        cut.upgrade("switch")

        assert cut.runs == cut.unit, f"cut {number}"
        assert cut.runs == ("1" if way is not forth else "2"), f"cut {number}"
        assert cut.journal[1] >= heard, f"cut {number}"
        assert cut.is_settled, f"cut {number}"


def cuts(way: Callable[[Box], None], folder: Path) -> list[Box]:
    """Return a box for each change that the script makes, cut off right before it."""
    box = make_box(folder / "box")
    box.upgrade("hold")
    way(box)
    copies: list[Box] = []
    number = 0
    while True:
        number += 1
        copy = replace(box, folder=folder / f"cut-{number}")
        shutil.copytree(box.folder, copy.folder, symlinks=True)
        if copy.upgrade("switch", cut_at=number).code != -9:
            assert number > 5, "the cuts never came"
            return copies
        copies.append(copy)
