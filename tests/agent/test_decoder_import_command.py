"""`brygga decoder import` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.commands import cli, places
from tests.agent.brygga_toml import MQTT, SOURCE
from tests.decoders.importing import trees
from tests.decoders.importing.trees import lay

pytest.importorskip("quickjs", reason="the JavaScript engine is not installed")

BROKEN = {
    "vendor/acme/x-codec.yaml": "uplinkDecoder: {fileName: x.js}\n",
    "vendor/acme/x.js": "function decodeUplink( {",
}


def brygga(*arguments: str | Path) -> int:
    return cli.main(["decoder", "import", *map(str, arguments)])


def test_imports_a_tree_and_says_what_came_of_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "tree", {**trees.LORAWAN_DEVICES, **BROKEN})

    code = brygga(tree, "--into", tmp_path / "into")

    out, err = capsys.readouterr()
    assert code == 0
    assert out.splitlines()[1].split() == ["acme", "3", "2", "0", "0", "1", "2"]
    assert f"3 models, 2 codecs: 5 of 5 examples passed; 2 are in {tmp_path / 'into'}" in out
    assert "acme/x: does not load: line 1: SyntaxError" in err
    assert (tmp_path / "into/acme/th-1.js").exists()


def test_exits_with_1_where_nothing_could_be_imported(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "tree", BROKEN)

    code = brygga(tree, "--into", tmp_path / "into", "--report", tmp_path / "report.json")

    assert code == 1
    assert "0 are in" in capsys.readouterr().out
    assert json.loads((tmp_path / "report.json").read_text())["summary"]["does not load"] == 1


def test_what_comes_without_examples_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "acme-decoders", trees.END_NODES)

    without = brygga(tree, "--into", tmp_path / "into")
    hint = capsys.readouterr().out
    with_it = brygga(tree, "--into", tmp_path / "into", "--untested")

    assert (without, with_it) == (1, 0)
    assert "--untested takes the 4 that come without examples, too" in hint
    assert (tmp_path / "into/acme/th2.js").exists()


def test_writes_a_report_and_installs_nothing_on_a_dry_run(tmp_path: Path) -> None:
    tree = lay(tmp_path / "tree", trees.LORAWAN_DEVICES)

    code = brygga(tree, "--into", tmp_path / "into", "--dry-run", "--report", tmp_path / "report.json")

    report = json.loads((tmp_path / "report.json").read_text())
    assert code == 0
    assert report["summary"]["passed"] == 2
    assert not (tmp_path / "into").exists()


def test_a_report_that_cannot_be_written_is_a_failure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "tree", trees.LORAWAN_DEVICES)

    assert brygga(tree, "--into", tmp_path / "into", "--report", tmp_path / "gone/report.json") == 1
    assert "gone/report.json: No such file or directory" in capsys.readouterr().err


def test_prints_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "tree", trees.LORAWAN_DEVICES)

    brygga(tree, "--into", tmp_path / "into", "--json")

    assert json.loads(capsys.readouterr().out)["models"][0]["says"] == "passed 4 of 4"


def test_installs_into_the_configured_folder(tmp_path: Path) -> None:
    tree = lay(tmp_path / "tree", trees.LORAWAN_DEVICES)
    (tmp_path / "mine").mkdir()
    config = tmp_path / "brygga.toml"
    config.write_text(f'{SOURCE}{MQTT}[decoders]\nfolder = "mine"\n')

    code = brygga(tree, "--config", config)

    assert code == 0
    assert (tmp_path / "mine/acme/th-1.js").exists()


def test_asks_for_a_folder_where_none_is_configured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tree = lay(tmp_path / "tree", trees.LORAWAN_DEVICES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRYGGA_CONFIG", raising=False)
    monkeypatch.setattr(places, "CONFIG_PLACES", (Path("brygga.toml"),))

    assert brygga(tree) == 78
    assert "neither does --into FOLDER" in capsys.readouterr().err


def test_words_of_strangers_do_not_reach_the_terminal_as_orders(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "vendor/acme/x-codec.yaml": 'uplinkDecoder: {fileName: x.js, examples: [{description: "\\e]0;mine", input: {bytes: [1]}, output: {}}]}\n',
        "vendor/acme/x.js": "function decodeUplink(i) { throw new Error('\\x1b[2Jgone'); }",
    }  # fmt: skip

    brygga(lay(tmp_path / "tree", files), "--into", tmp_path / "into")

    out, err = capsys.readouterr()
    assert "gone" in err
    assert "\x1b" not in out + err


def test_only_the_maker_that_is_wanted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tree = lay(tmp_path / "tree", {**trees.LORAWAN_DEVICES, "vendor/bolt/x-codec.yaml": "uplinkDecoder: {fileName: x.js}\n", "vendor/bolt/x.js": trees.CODEC})  # fmt: skip

    brygga(tree, "--into", tmp_path / "into", "--vendor", "Bolt", "--untested")

    assert "1 models, 1 codecs" in capsys.readouterr().out


def test_a_folder_that_is_not_there_is_a_mistake_of_the_one_who_asks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert brygga(tmp_path / "gone", "--into", tmp_path / "into") == 78
    assert "there is no such folder or file" in capsys.readouterr().err
