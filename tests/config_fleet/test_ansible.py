"""The Ansible example, run against folders of this machine by Ansible itself."""

from __future__ import annotations

import grp
import hashlib
import json
import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.config import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "ansible"
PLAYBOOK, BRYGGA = (Path(sys.executable).with_name(name) for name in ("ansible-playbook", "brygga"))
CITY = '[[destination]]\nname = "city"\nurl = "https://iot.city.example"\nformat = "ngsi_ld"\n'
LIMIT = '[journal]\nlimit = "1 GB"\n'
LIMIT_S = 120  # a run takes four seconds where nothing else runs


def play(folder: Path, *options: str) -> tuple[int, str]:
    me, ours = pwd.getpwuid(os.getuid()).pw_name, grp.getgrgid(os.getgid()).gr_name
    variables = {
        "ansible_connection": "local",
        "ansible_python_interpreter": sys.executable,
        "brygga_become": "false",
        "brygga_root": f"{folder}/{{{{ inventory_hostname }}}}",
        "brygga_data": f"{folder}/{{{{ inventory_hostname }}}}/data",
        "brygga_command": str(BRYGGA),
        "brygga_owner": me,
        "brygga_group": ours,
    }
    words = [word for name, value in variables.items() for word in ("-e", f'{name}="{value}"')]
    done = subprocess.run(
        [PLAYBOOK, "-i", "inventory.ini", *words, *options, "site.yml"],
        cwd=EXAMPLE,
        env={
            **os.environ,
            "HOME": str(folder),
            "ANSIBLE_LOCAL_TEMP": str(folder / "tmp"),
            "ANSIBLE_REMOTE_TEMP": str(folder / "tmp"),
            "ANSIBLE_NOCOLOR": "1",
            "ANSIBLE_PIPELINING": "1",  # a process a task less
            "LC_ALL": "C.UTF-8",
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def changed(said: str) -> list[int]:
    """Return what the recap counts as changed, a box each."""
    return [int(one) for one in re.findall(r"^roof-\d .*changed=(\d+)", said, re.MULTILINE)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("roof-1", "roof-2"):
        (tmp_path / name / "etc").mkdir(parents=True)
    return tmp_path


def test_two_boxes_are_furnished_once_and_left_alone_then(folder: Path) -> None:
    first, again = play(folder), play(folder)

    assert (first[0], again[0]) == (0, 0), first[1] + again[1]
    assert all(changed(first[1]))
    assert changed(again[1]) == [0, 0]
    settings = [load(folder / name / "etc" / "brygga" / "brygga.toml") for name in ("roof-1", "roof-2")]
    assert [one.gateway.name for one in settings] == ["roof-1", "roof-2"]
    assert [[told.name for told in one.destinations] for one in settings] == [["city"], ["city"]]
    assert not [line for one in settings for line in one.warnings if "every user" in line]
    assert "put it into a vault" not in first[1]


def placed_before(fragments: Path, *names: str) -> None:
    """Have fragments lie there as a run of the role left them."""
    fragments.mkdir(parents=True)
    for name in names:
        (fragments / name).write_text(LIMIT)
    sum_of_each = hashlib.sha1(LIMIT.encode(), usedforsecurity=False).hexdigest()
    (fragments / "placed-by-ansible.json").write_text(json.dumps(dict.fromkeys(names, sum_of_each)))


def test_a_fragment_that_the_fleet_no_longer_has_goes_and_a_boxs_own_files_stay(folder: Path) -> None:
    fragments = folder / "roof-1" / "etc" / "brygga" / "brygga.d"
    placed_before(fragments, "10-city.toml", "20-gone.toml", "30-mended.toml")
    (fragments / "30-mended.toml").write_text(LIMIT + "# mended here\n")
    (fragments / "40-own.toml").write_text(LIMIT)

    code, said = play(folder, "--limit", "roof-1", "-e", json.dumps({"brygga_fleet": {"10-city.toml": CITY}}))

    assert code == 0, said
    assert sorted(path.name for path in fragments.glob("*.toml*")) == ["10-city.toml", "30-mended.toml", "40-own.toml"]
    record = json.loads((fragments / "placed-by-ansible.json").read_text())
    assert record == {
        "10-city.toml": hashlib.sha1((fragments / "10-city.toml").read_bytes(), usedforsecurity=False).hexdigest()
    }


def test_a_look_at_what_would_change_changes_nothing(folder: Path) -> None:
    code, said = play(folder, "--check", "--limit", "roof-1")

    assert code == 0, said
    assert not (folder / "roof-1" / "etc" / "brygga").exists()


def test_a_configuration_that_is_wrong_ends_the_run_and_does_not_stay_on_the_box(folder: Path) -> None:
    etc = folder / "roof-1" / "etc" / "brygga"
    placed_before(etc / "brygga.d", "15-gone.toml")
    for path, octets in {"brygga.toml": b"# mine\n", "brygga.d/10-city.toml": b"# the fleet's\n"}.items():
        (etc / path).write_bytes(octets)
    before = {path: path.read_bytes() for path in etc.rglob("*") if path.is_file()}

    wrong = {
        "brygga_configuration": "[gatewa]\nx = 1\n",
        "brygga_fleet": {"10-city.toml": "[journal]\n", "20-new.toml": "[radio]\n"},
        "brygga_credentials": {},
    }
    code, said = play(folder, "--limit", "roof-1", "-e", json.dumps(wrong))

    assert code != 0
    assert "gatewa: there is no such section" in said
    assert {path: path.read_bytes() for path in etc.rglob("*") if path.is_file()} == before
