from __future__ import annotations

import re
from pathlib import Path

import pytest

from gateway.commands.cli import main
from simulators.lab.scenario import What
from simulators.lab.shelf import ready
from simulators.radio.transmissions import Loss

PAGE = Path(__file__).parents[3] / "docs" / "lab.md"


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


def test_the_scenario_of_the_page_has_no_problem(page: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    file = tmp_path / "my-town.toml"
    file.write_text(block, encoding="utf-8")

    exit_code = main(["lab", "run", str(file), "--check"])

    assert exit_code == 0
    assert "my-town: no problems: 20 devices, 1 gateways" in capsys.readouterr().out


def test_the_page_has_a_line_for_each_ready_scenario_and_no_other(page: str) -> None:
    table = page.split("| scenario | what happens | lasts |")[1].split("\n\n", maxsplit=1)[0]

    assert sorted(re.findall(r"^\| `([\w-]+)` \|", table, re.MULTILINE)) == [*ready()]


@pytest.mark.parametrize("words", [*(str(one) for one in What), *(str(one) for one in Loss)])
def test_the_page_names_each_fault_and_each_loss(words: str, page: str) -> None:
    assert f"`{words}`" in page
