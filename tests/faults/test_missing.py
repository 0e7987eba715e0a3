"""What a fault needs and a machine lacks is said in words, and each kind of trouble that hangs on it is left out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from simulators.faults import missing
from simulators.faults.disk import FaultyDisk
from simulators.faults.missing import Missing
from simulators.faults.namespace import Namespace
from simulators.faults.volume import SMALLEST, Volume
from simulators.torture.equipment import lacking
from simulators.torture.troubles import TROUBLES, Needs


def nobody() -> int:
    return 65_534


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without root, compiler and tools."""
    monkeypatch.setattr(os, "geteuid", nobody)
    monkeypatch.setattr(shutil, "which", lambda *_, **__: None)


def test_a_program_that_is_missing_is_named_with_its_package(bare: None) -> None:
    with pytest.raises(Missing, match="tc is not installed: apt install iproute2"):
        missing.program("tc", "iproute2")


def test_a_file_system_and_a_network_of_their_own_need_root(bare: None, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="mounting a file system needs root"):
        Volume(tmp_path / "image", tmp_path / "place", SMALLEST).make()
    with pytest.raises(Missing, match="a network namespace needs root"), Namespace(("city",)):
        pass


def test_faults_before_the_c_library_need_a_compiler(bare: None, tmp_path: Path) -> None:
    with pytest.raises(Missing, match="disk_faults needs a C compiler: apt install gcc libc6-dev"):
        FaultyDisk.made_in(tmp_path)


def test_what_the_kernel_does_not_do_is_told_with_its_words() -> None:
    with pytest.raises(Missing, match="listing nothing does not work here: ls /nowhere"):
        missing.run("listing nothing", "ls", "/nowhere")
    with pytest.raises(Missing, match="running nothing"):
        missing.run("running nothing", "/nowhere/at/all")


def test_a_bare_machine_still_has_the_troubles_that_need_nothing(bare: None) -> None:
    left = [name for name in TROUBLES if name not in lacking()]

    assert left == [name for name, one in TROUBLES.items() if one.needs is Needs.NOTHING]
    assert {"kill", "broker-kill", "black-hole"} <= set(left)
