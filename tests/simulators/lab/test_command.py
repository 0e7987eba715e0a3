from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands.cli import main
from simulators.lab.shelf import ready

TOWN = str(Path(__file__).with_name("town.toml"))


def test_a_scenario_that_is_sound_is_only_looked_at(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["lab", "run", TOWN, "--check"])

    assert code == 0
    assert capsys.readouterr().out.startswith("town: no problems: 15 devices, 2 gateways, 2 platforms, 30 min. Next: ")


def test_what_is_wrong_with_a_scenario_is_said_and_the_code_is_that_of_a_configuration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "town.toml"
    file.write_text(Path(TOWN).read_text(encoding="utf-8").replace("count = 10", "count = -1"), encoding="utf-8")

    code = main(["lab", "run", str(file)])

    assert code == 78
    assert "town.toml: fleet[0].count: -1 where a whole number from 1 to 100000 is expected" in capsys.readouterr().err


def test_a_run_leaves_its_report_page_and_journal_where_they_were_asked_for(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report, page, journal = (tmp_path / name for name in ("town.json", "town.html", "town.ndjson"))
    files = ["--report", str(report), "--html", str(page), "--journal", str(journal)]

    code = main(["lab", "run", TOWN, "--for", "5 min", "--seed", "7", *files])

    told = json.loads(report.read_bytes())
    assert code == 0
    assert (told["scenario"]["seed"], told["scenario"]["lasts_s"]) == (7, 300.0)
    assert journal.read_bytes().count(b"\n") == told["journal"]["lines"] > 0
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert "lost at most 0: 0 lost" in capsys.readouterr().out


def test_a_broken_promise_is_the_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "town.toml"
    text = Path(TOWN).read_text(encoding="utf-8").replace('delivered_within = "10 min"', 'delivered_within = "0 s"')
    file.write_text(text, encoding="utf-8")

    code = main(["lab", "run", str(file), "--for", "4 min", "--json"])

    told = json.loads(capsys.readouterr().out)
    assert code == 1
    assert [one["promise"] for one in told["promises"] if not one["kept"]] == ["delivered within 0 s at all times"]


def test_ready_scenarios_are_listed_with_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lab", "list"]) == 0

    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == [*ready()]


def test_a_new_scenario_never_overwrites_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "mine.toml"

    assert main(["lab", "new", str(file)]) == 0
    written = file.read_bytes()
    assert main(["lab", "new", str(file)]) == 78

    assert file.read_bytes() == written
    assert "choose a name that is free" in capsys.readouterr().err


@pytest.mark.parametrize("speed", ["0x", "-1", "fast"])
def test_a_speed_that_is_none_is_told_what_would_be_right(speed: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["lab", "run", TOWN, f"--speed={speed}"])

    assert "where jump, or a number such as 100x or 1x, is expected" in capsys.readouterr().err
