"""A tree is proved by its own examples and installed as it is; what others wrote and what a person edited stays."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

import pytest

from decoders import metadata
from decoders.contract import Encoded, Payload
from decoders.importing.choosing import Choice
from decoders.importing.imported import Imported, as_json, import_tree, summary
from decoders.importing.installing import Deed
from decoders.importing.tree import Unreadable
from decoders.importing.verdict import Standing
from decoders.registry import Registry
from tests.decoders.importing import trees
from tests.decoders.importing.trees import CODEC, lay

pytest.importorskip("quickjs", reason="the JavaScript engine is not installed")

MILD = Payload(bytes.fromhex("00ea8264"), 2)


def import_files(
    folder: Path, files: Mapping[str, str], choice: Choice | None = None, *, force: bool = False, dry_run: bool = False
) -> Imported:
    tree = lay(folder / "tree", files)
    return asyncio.run(import_tree(tree, folder / "into", choice or Choice(), force=force, dry_run=dry_run))


def said(done: Imported) -> dict[str, str]:
    return {one.model.name: str(one) for one in done.verdicts}


def deeds(done: Imported) -> dict[str, Deed]:
    return {one.verdict.model.name: one.deed for one in done.installed}


def installed(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


ALL_FORMS = {
    "lorawan-devices": trees.LORAWAN_DEVICES,
    "chirpstack": trees.CHIRPSTACK,
    "packages": trees.PACKAGES,
    "sensor-decoders": trees.SENSOR_DECODERS,
    "normalising": trees.NORMALISING,
    "tables": trees.TABLES,
}


@pytest.mark.parametrize("files", ALL_FORMS.values(), ids=ALL_FORMS)
def test_what_is_installed_loads_and_passes_its_own_vectors(tmp_path: Path, files: Mapping[str, str]) -> None:
    done = import_files(tmp_path, files, Choice(failing=True))

    with closing(Registry.load([tmp_path / "into"], entry_points=False)) as registry:
        assert registry.problems() == []
        assert set(registry.names_in(tmp_path / "into")) == set(deeds(done))
        assert all(registry.vectors(name) for name in deeds(done) if name != "acme/th-2")
    assert not done.is_failure


def test_a_codec_that_passes_is_installed_byte_for_byte_with_licence_and_origin(tmp_path: Path) -> None:
    lay(
        tmp_path / "tree",
        {".git/HEAD": "0" * 40, ".git/config": '[remote "origin"]\nurl = https://github.com/acme/devices\n'},
    )

    done = import_files(tmp_path, trees.LORAWAN_DEVICES)

    assert said(done) == {"acme/th-1": "passed 4 of 4", "acme/th-2": "passed 1 of 1"}
    assert (tmp_path / "into/acme/th-1.js").read_text() == CODEC
    about = metadata.read(tmp_path / "into/acme/th-1.meta.yaml")
    assert (about.description, about.licence, about.source) == ("TH-1: Air temperature and humidity", "Apache-2.0", "https://acme.example/th-1")  # fmt: skip
    assert about.origin == f"github.com/acme/devices/vendor/acme/th.js @ {'0' * 40}"


def test_models_of_one_codec_share_its_file(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)

    assert installed(tmp_path / "into") == [
        "acme/th-1.js", "acme/th-1.meta.yaml", "acme/th-1.vectors.yaml", "acme/th-2.vectors.yaml", "acme/th-2.yaml",
    ]  # fmt: skip
    with closing(Registry.load([tmp_path / "into"], entry_points=False)) as registry:
        assert registry.get("acme/th-2").decode(MILD) == registry.get("acme/th-1").decode(MILD)
        assert registry.describe("acme/th-2").title == "TH-2: Air temperature and humidity, outdoors"


def test_what_the_dictionary_is_sure_of_becomes_readings(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)

    with closing(Registry.load([tmp_path / "into"], entry_points=False)) as registry:
        readings = registry.get("acme/th-1").decode(MILD).readings
    assert {("air_temperature", 23.4, "Cel"), ("relative_humidity", 65, "%")} <= {(one.quantity, one.value, one.unit) for one in readings}  # fmt: skip


def test_an_encoder_of_its_own_is_installed_and_tells(tmp_path: Path) -> None:
    import_files(tmp_path, trees.SENSOR_DECODERS, Choice(failing=True))

    with closing(Registry.load([tmp_path / "into"], entry_points=False)) as registry:
        encoder = registry.encoder("acme/th-1")
        assert encoder is not None
        assert encoder.encode({"interval": 600}) == Encoded(3, bytes([1, 0, 2, 88]))
    assert (tmp_path / "into/acme/th-1.commands.js").read_text() == trees.SENSOR_DECODERS[
        "th-series/th-1/th-1-encoder.js"
    ]


# ── what is told ──


BAD = {
    "vendor/acme/index.yaml": "endDevices: [wrong, broken, silent]\n",
    **{
        f"vendor/acme/{name}.yaml": f"name: {name}\nfirmwareVersions: [{{profiles: {{EU863-870: {{codec: {name}-codec}}}}}}]\n"
        for name in ("wrong", "broken", "silent")
    },
    "vendor/acme/wrong.js": CODEC + "// wrong",
    "vendor/acme/broken.js": "function decodeUplink(input) { return {",
    "vendor/acme/silent.js": CODEC + "// silent",
    "vendor/acme/wrong-codec.yaml": """\
uplinkDecoder:
  fileName: wrong.js
  examples:
    - {description: mild, input: {fPort: 2, bytes: [0, 234, 130, 100]}, output: {data: {temperature: 23.5, humidity: 65, battery: 100}}}
    - {description: fine, input: {fPort: 2, bytes: [0, 234, 130, 100]}, output: {data: {temperature: 23.4, humidity: 65, battery: 100}}}
downlinkEncoder:
  fileName: wrong.js
  examples:
    - {description: later, input: {data: {interval: 60}}, output: {bytes: [1, 0, 0, 61], fPort: 3}}
""",
    "vendor/acme/broken-codec.yaml": "uplinkDecoder: {fileName: broken.js}\n",
    "vendor/acme/silent-codec.yaml": "uplinkDecoder: {fileName: silent.js}\n",
}  # fmt: skip


def test_says_how_each_model_stands_and_where_the_first_example_departs(tmp_path: Path) -> None:
    done = import_files(tmp_path, BAD)

    lines = said(done)
    assert lines["acme/wrong"] == "failed 2 of 3: mild: temperature: 23.5 is expected, 23.4 came"
    assert lines["acme/broken"].startswith("does not load: line 1: SyntaxError")
    assert lines["acme/silent"] == "no examples"
    assert [one.problem for one in done.verdicts[2].failures][1] == "0100003d is expected, 0100003c came"
    assert summary(done)["examples passed"] == 1
    assert done.is_failure
    assert not (tmp_path / "into").exists()


@pytest.mark.parametrize(
    ("choice", "names"),
    [
        (Choice(untested=True), {"acme/silent"}),
        (Choice(failing=True), {"acme/silent", "acme/wrong"}),
    ],
)
def test_the_installer_chooses_what_else_is_taken(tmp_path: Path, choice: Choice, names: set[str]) -> None:
    done = import_files(tmp_path, BAD, choice)

    assert set(deeds(done)) == names
    assert not done.is_failure


def test_only_passed_examples_become_vectors(tmp_path: Path) -> None:
    import_files(tmp_path, BAD, Choice(failing=True))

    with closing(Registry.load([tmp_path / "into"], entry_points=False)) as registry:
        assert [one.name for one in registry.vectors("acme/wrong")] == ["fine"]
        assert registry.command_vectors("acme/wrong") == ()


@pytest.mark.parametrize(
    ("codec", "line"),
    [
        ("function decodeUplink(i) { while (true) {} }", "failed 1 of 1: refused: failed: "),
        ("function decodeUplink(i) { throw new Error('no'); }", "failed 1 of 1: refused: malformed: no"),
        ("while (true) {} function decodeUplink(i) { return {data: {}}; }", "does not load: "),
        ("function decodeUplink(i) { return require('fs').readFileSync('/etc/passwd'); }", "failed 1 of 1: refused: "),
    ],
)
def test_a_hostile_codec_harms_itself_alone(tmp_path: Path, codec: str, line: str) -> None:
    files = {**trees.LORAWAN_DEVICES, "vendor/evil/x-codec.yaml": "uplinkDecoder: {fileName: x.js, examples: [{input: {fPort: 1, bytes: [1]}, output: {data: {a: 1}}}]}\n", "vendor/evil/x.js": codec}  # fmt: skip

    done = import_files(tmp_path, files)

    assert said(done)["evil/x"].startswith(line)
    assert said(done)["acme/th-1"] == "passed 4 of 4"


@pytest.mark.parametrize(
    ("output", "expected", "standing"),
    [
        ("{data: [1, {a: 2}]}", "[1, {a: 2}]", Standing.PASSED),
        ("{data: [1, {a: 2}]}", "[1, {a: 3}]", Standing.FAILED),
        ("{data: 5}", "5", Standing.PASSED),
        ("{data: {a: null, b: 1}}", "{b: 1}", Standing.PASSED),
        ("{data: {at: input.recvTime}}", "{at: '2026-01-02T03:04:05.006000Z'}", Standing.PASSED),
    ],
)
def test_outputs_of_any_shape_are_compared(tmp_path: Path, output: str, expected: str, standing: Standing) -> None:
    files = {
        "vendor/acme/x-codec.yaml": "uplinkDecoder: {fileName: x.js, examples: [{input: {fPort: 1, bytes: [1], recvTime: '2026-01-02T03:04:05.006Z'},"
        f" output: {{data: {expected}}}}}]}}\n",
        "vendor/acme/x.js": f"function decodeUplink(input) {{ return {output}; }}",
    }  # fmt: skip

    done = import_files(tmp_path, files)

    assert [one.standing for one in done.verdicts] == [standing]


def test_normalised_output_is_compared_as_readings(tmp_path: Path) -> None:
    codec = "function decodeUplink(i) { return {data: {t: i.bytes[0]}}; } function normalizeUplink(i) { return {data: [{air: {temperature: i.data.t}}]}; }"
    example = "{{input: {{fPort: 1, bytes: [20]}}, output: {{data: {{t: 20}}}}, normalizedOutput: {{data: [{{air: {{temperature: {0}}}}}]}}}}"
    files = {
        "vendor/acme/x.js": codec,
        "vendor/acme/x-codec.yaml": f"uplinkDecoder: {{fileName: x.js, examples: [{example.format(20)}, {example.format(21)}]}}\n",
    }

    done = import_files(tmp_path, files)

    assert said(done)["acme/x"] == "failed 1 of 2: normalised air_temperature: 21 Cel is expected, 20 came"


def test_the_report_holds_every_finding(tmp_path: Path) -> None:
    report = as_json(import_files(tmp_path, BAD))

    wrong = next(one for one in report["models"] if one["name"] == "acme/wrong")
    assert (wrong["standing"], wrong["examples"], wrong["passed"]) == ("failed", 3, 1)
    assert wrong["failures"][0] == {
        "example": "mild", "kind": "uplink", "place": "vendor/acme/wrong.js", "payload": "00ea8264",
        "problem": "temperature: 23.5 is expected, 23.4 came",
    }  # fmt: skip
    assert report["summary"]["does not load"] == 1


def test_a_name_that_two_files_want_is_the_better_ones(tmp_path: Path) -> None:
    files = {**trees.TABLES, "output/acme/th-1/codec.js": CODEC}

    done = import_files(tmp_path, files, Choice(untested=True))

    assert said(done) == {"acme/th-1": "passed 2 of 2"}
    assert (
        "output/acme/th-1/codec.js: not taken: acme/th-1 is schemas/acme/th-1.yaml, which passed 2 of 2; this one has no examples"
        in done.notes
    )


# ── again ──


def test_a_second_import_changes_nothing(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "into").rglob("*")}

    done = import_files(tmp_path, trees.LORAWAN_DEVICES)

    assert set(deeds(done).values()) == {Deed.UNCHANGED}
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "into").rglob("*")} == before
    assert not done.is_failure


def test_a_newer_codec_is_written_over_the_old_one_with_force_only(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)
    newer = {**trees.LORAWAN_DEVICES, "vendor/acme/th.js": CODEC + "// newer\n"}

    kept = import_files(tmp_path, newer)
    first = (tmp_path / "into/acme/th-1.js").read_text()
    updated = import_files(tmp_path, newer, force=True)

    assert (deeds(kept)["acme/th-1"], first) == (Deed.KEPT, CODEC)
    assert (deeds(updated)["acme/th-1"], (tmp_path / "into/acme/th-1.js").read_text()) == (
        Deed.UPDATED,
        CODEC + "// newer\n",
    )


def test_metadata_that_a_person_edited_stays(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)
    place = tmp_path / "into/acme/th-1.meta.yaml"
    place.write_text(place.read_text().replace("TH-1: Air", "My TH-1: air"))

    done = import_files(tmp_path, {**trees.LORAWAN_DEVICES, "vendor/acme/th.js": CODEC + "// newer\n"}, force=True)

    assert "My TH-1: air" in place.read_text()
    assert done.installed[0].detail == "th-1.meta.yaml was edited and stays"


def test_metadata_that_nobody_edited_follows_the_codec(tmp_path: Path) -> None:
    import_files(tmp_path, trees.LORAWAN_DEVICES)

    changed = {path: text.replace("Air temperature", "Temperature") for path, text in trees.LORAWAN_DEVICES.items()}
    import_files(tmp_path, changed, force=True)

    assert metadata.read(tmp_path / "into/acme/th-1.meta.yaml").description == "TH-1: Temperature and humidity"


def test_a_decoder_of_the_installers_own_is_not_touched(tmp_path: Path) -> None:
    own = "def decode(payload): ..."
    lay(tmp_path / "into", {"acme/th-1.py": own})

    done = import_files(tmp_path, trees.LORAWAN_DEVICES, force=True)

    assert deeds(done) == {"acme/th-1": Deed.REFUSED, "acme/th-2": Deed.INSTALLED}
    assert (tmp_path / "into/acme/th-1.py").read_text() == own
    assert not (tmp_path / "into/acme/th-1.js").exists()


def test_the_file_stays_with_the_model_that_has_it(tmp_path: Path) -> None:
    lay(tmp_path / "into", {"acme/th-2.js": CODEC})

    import_files(tmp_path, trees.LORAWAN_DEVICES)

    assert (tmp_path / "into/acme/th-1.yaml").read_text().startswith("same_as: acme/th-2\n")


def test_a_dry_run_says_the_same_and_writes_nothing(tmp_path: Path) -> None:
    done = import_files(tmp_path, trees.LORAWAN_DEVICES, dry_run=True)

    assert set(deeds(done).values()) == {Deed.INSTALLED}
    assert not (tmp_path / "into").exists()


def test_a_file_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    lay(tmp_path / "into", {"acme": "a file where a folder is to be"})

    done = import_files(tmp_path, trees.LORAWAN_DEVICES)

    assert set(deeds(done).values()) == {Deed.FAILED}
    assert done.is_failure


def test_only_the_makers_that_are_wanted_are_taken(tmp_path: Path) -> None:
    done = import_files(tmp_path, {**trees.LORAWAN_DEVICES, "vendor/bolt/x-codec.yaml": "uplinkDecoder: {fileName: x.js}\n", "vendor/bolt/x.js": CODEC}, Choice(untested=True, vendors=frozenset({"bolt"})))  # fmt: skip

    assert list(said(done)) == ["bolt/x"]


def test_a_place_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="there is no such folder or file"):
        asyncio.run(import_tree(tmp_path / "gone", tmp_path / "into", Choice()))


@pytest.mark.parametrize("name", ["../../../outside.js", "../../../../../../../../../../../../dev/zero"])
def test_a_codec_outside_the_tree_is_neither_run_nor_installed(tmp_path: Path, name: str) -> None:
    lay(tmp_path, {"outside.js": CODEC})

    done = import_files(
        tmp_path, {"vendor/acme/x.yaml": f"uplinkDecoder: {{fileName: {name}}}\n"}, Choice(failing=True)
    )

    assert said(done) == {"acme/x": "does not load: there is no such file in the tree"}
    assert f"vendor/acme/{name}: there is no such file" in done.notes
    assert not (tmp_path / "into").exists()


def test_half_a_character_costs_its_own_model_only(tmp_path: Path) -> None:
    example = r'[{"type": "uplink", "description": "\ud800", "input": {"bytes": [1], "fPort": 9}, "output": {"errors": ["no"]}}]'
    half = {
        "h/package.json": '{"name": "@acme/half", "main": "index.js"}', "h/index.js": CODEC, "h/examples.json": example,
    }  # fmt: skip

    done = import_files(tmp_path, {**half, **trees.TABLES}, Choice(untested=True))

    assert deeds(done) == {"acme/h": Deed.FAILED, "acme/th-1": Deed.INSTALLED}
    assert "surrogates not allowed" in next(one.detail for one in done.installed if one.deed is Deed.FAILED)


def test_a_number_past_all_measure_fails_its_own_example_only(tmp_path: Path) -> None:
    uplinks = ", ".join(
        f'{{"type": "uplink", "input": {{"bytes": [0, 234, 130, 255], "fPort": 2}}, "output": {{"data": {{"temperature": {number}, "humidity": 65}}}}}}'
        for number in ("23.4", f"1{'0' * 400}")
    )  # fmt: skip
    files = {
        "h/package.json": '{"name": "@acme/h", "main": "index.js"}', "h/index.js": CODEC, "h/examples.json": f"[{uplinks}]",
    }  # fmt: skip

    done = import_files(tmp_path, files)

    (one,) = done.verdicts
    assert [outcome.problem for outcome in one.outcomes] == ["", "OverflowError: int too large to convert to float"]
