from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path

import pytest

from gateway.commands.cli import main
from tests.simulators.lab.told import of_twelve_minutes


def test_many_fleets_are_a_line_each_with_a_and_b_side_by_side(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = deepcopy(of_twelve_minutes())
    climate = told["fleets"]["climate"]
    told["fleets"] |= {f"a fleet with a long name {number}": climate for number in range(9)}
    names = [tmp_path / "a.json", tmp_path / "b.json"]
    for name in names:
        name.write_text(json.dumps(told), encoding="utf-8")

    exit_code = main(["lab", "compare", *map(str, names)])

    lines = capsys.readouterr().out.splitlines()
    assert exit_code == 0
    assert max(map(len, lines)) <= 80
    assert sum(line.startswith("a fleet with a long") for line in lines) == 9
    (line,) = (one for one in lines if one.startswith("climate"))
    assert f"{climate['sent']} {climate['sent']}" in line
