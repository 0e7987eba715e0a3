"""A configuration that has become wrong beside a running agent: it keeps nobody from what its wrong line has no part in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands.cli import main
from tests.agent.commands import CONFIGURATION, make_box

WRONG = {
    "a format that is none": CONFIGURATION.replace('"senml"', '"senmll"'),
    "no TOML": CONFIGURATION.replace('"goteborg"', '"goteborg'),
}


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
async def test_a_running_agent_is_asked_all_the_same(tmp_path: Path, text: str) -> None:
    box = make_box(tmp_path)
    async with box.agent():
        (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")
        listed = await box.brygga("source", "list", "--json")
        health = await box.brygga("health")
        doctor = await box.brygga("doctor", "--only", "agent,radio", "--json")

    told = json.loads(listed.output)
    assert (told["running"], [one["name"] for one in told["sources"]]) == (True, ["mast"])
    assert told["sources"][0]["status"] is not None
    assert health.output.startswith("well: ")
    assert "agent.running" in {one["check"] for one in json.loads(doctor.output)}


def test_where_no_agent_runs_the_file_is_why_it_is_not_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(WRONG["a format that is none"], encoding="utf-8")

    code = main(["health", "--wait", "60", "--config", str(path)])

    assert code == 78
    assert "senmll" in capsys.readouterr().err


async def test_where_the_file_names_no_source_any_more_the_agent_does(tmp_path: Path) -> None:
    box = make_box(tmp_path)
    async with box.agent():
        (tmp_path / "brygga.toml").write_text('[gateway]\ndata = "data"\n[[source]\n', encoding="utf-8")
        listed = await box.brygga("source", "list", "--json")

    assert [one["name"] for one in json.loads(listed.output)["sources"]] == ["mast"]


@pytest.mark.parametrize("text", WRONG.values(), ids=WRONG)
def test_the_catalogue_is_searched_all_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text(text, encoding="utf-8")

    code = main(["decoder", "search", "elsys", "ers", "--config", str(path)])

    assert code == 0
    assert "elsys/ers" in capsys.readouterr().out


def test_a_file_that_hides_where_the_agent_is_is_the_doctors_finding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "brygga.toml"
    path.write_text('[gateway\ndata = "data"\n', encoding="utf-8")

    code = main(["doctor", "--only", "radio", "--json", "--config", str(path)])

    assert code == 1
    assert [(one["check"], one["ill"]) for one in json.loads(capsys.readouterr().out)] == [
        ("configuration.file", "broken")
    ]
