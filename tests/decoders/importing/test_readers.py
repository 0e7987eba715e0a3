"""Each form of tree that others publish is recognised, and nothing of it is run for that."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from decoders.importing import reading
from decoders.importing.published import Kind, Published
from decoders.importing.reading import Reading
from decoders.importing.tree import open_tree
from tests.decoders.importing import trees
from tests.decoders.importing.trees import lay


def read(folder: Path, files: Mapping[str, str], vendor: str = "") -> tuple[dict[str, Published], Reading]:
    found = reading.read(open_tree(lay(folder, files)), vendor=vendor)
    return {one.name: one for one in found.models}, found


def test_lorawan_devices_gives_each_device_its_codec_and_its_examples(tmp_path: Path) -> None:
    models, found = read(tmp_path, trees.LORAWAN_DEVICES)

    assert list(models) == ["acme/th-1", "acme/th-2"]
    assert {one.file for one in models.values()} == {"vendor/acme/th.js"}
    one = models["acme/th-1"]
    assert (one.description, one.source, one.licence) == (
        "TH-1: Air temperature and humidity", "https://acme.example/th-1", "Apache-2.0",
    )  # fmt: skip
    assert one.sensors == ("temperature", "humidity")
    assert [example.kind for example in one.examples] == [Kind.UPLINK, Kind.UPLINK, Kind.ENCODE, Kind.DECODE]
    assert one.examples[0].data.hex() == "00ea8264"
    assert one.examples[1].fails
    assert one.examples[2].expected == bytes([1, 0, 2, 88])
    assert models["acme/th-2"].examples[0].warnings == ("change the battery",)
    assert not found.notes


def test_lorawan_devices_says_what_is_missing_or_broken(tmp_path: Path) -> None:
    files = {
        "vendor/acme/index.yaml": "endDevices: [th-1]\n",
        "vendor/acme/th-1.yaml": "firmwareVersions: [{profiles: {EU863-870: {codec: th-codec}}}]\n",
        "vendor/acme/th-codec.yaml": "uplinkDecoder: {fileName: gone.js, examples: [{input: {bytes: [999]}, output: {}}]}\n",
        "vendor/acme/x-codec.yaml": "uplinkDecoder: {fileName: [\n",
    }

    models, found = read(tmp_path, files)

    assert models["acme/th-1"].notes == (
        "vendor/acme/gone.js: example 1: 999 is no octet",
        "vendor/acme/gone.js: there is no such file",
    )
    assert found.notes[0].startswith("vendor/acme/x-codec.yaml line ")


def test_chirpstack_gives_the_devices_of_one_codec_its_tests(tmp_path: Path) -> None:
    models, _ = read(tmp_path, trees.CHIRPSTACK)

    assert list(models) == ["acme/th-1", "acme/th-2"]
    one = models["acme/th-1"]
    assert one.description == "Acme TH-1: Air temperature and humidity"
    assert (one.source, one.licence, one.file) == ("https://acme.example/th-1", "MIT", "vendors/acme/codecs/th.js")
    assert [(example.kind, example.f_port) for example in one.examples] == [(Kind.UPLINK, 2), (Kind.ENCODE, None)]
    assert one.examples[0].expected == {"temperature": 23.4, "humidity": 65, "battery": 100}
    assert models["acme/th-2"].examples == one.examples


def test_a_package_serves_the_models_that_name_its_protocol(tmp_path: Path) -> None:
    models, _ = read(tmp_path, trees.PACKAGES)

    assert list(models) == ["acme/th", "acme/th-2"]
    one = models["acme/th"]
    assert (one.file, one.licence) == ("vendors/acme/drivers/th/index.js", "ISC")
    assert one.examples[0].data.hex() == "00ea8264"
    assert one.examples[0].received_at is not None
    assert one.examples[0].received_at.isoformat() == "2020-08-02T20:00:00+05:00"
    assert one.examples[1].expected_port == 3
    assert models["acme/th-2"].description == "TH-2: outdoors"


@pytest.mark.parametrize(
    ("card", "name"),
    [
        ('{"name": "@bolt/codecs"}', "bolt/thing"),
        ('{"name": "bolt-thing"}', "bolt/thing"),
        ('{"name": "T", "sourceUrl": "https://x.example/tree/main/vendors/bolt"}', "bolt/thing"),
    ],
)
def test_a_package_alone_names_its_vendor(tmp_path: Path, card: str, name: str) -> None:
    kind = "metadata.json" if "sourceUrl" in card else "package.json"

    models, _ = read(tmp_path, {f"thing/{kind}": card, "thing/index.js": trees.CODEC})

    assert list(models) == [name]


def test_a_package_without_a_codec_is_none(tmp_path: Path) -> None:
    models, _ = read(tmp_path, {"package.json": '{"name": "tool", "main": "tool.js"}', "tool.js": "run();"})

    assert not models


def test_actilitys_older_examples_are_read(tmp_path: Path) -> None:
    files = {
        "d/driver.yaml": "name: D",
        "d/index.js": trees.CODEC,
        "d/examples/a.examples.json": '[{"type": "uplink", "bytes": "00ea8264", "fPort": 2, "time": "2020-08-02T20:00:00Z", "data": {"humidity": 65}, "points": {}},'
        '{"type": "downlink", "bytes": "0100", "fPort": 5, "data": {"interval": 1}}]',
    }  # fmt: skip

    models, _ = read(tmp_path, files, vendor="acme")

    uplink, downlink = next(iter(models.values())).examples
    assert (uplink.kind, uplink.data.hex(), uplink.expected) == (Kind.UPLINK, "00ea8264", {"humidity": 65})
    assert (downlink.kind, downlink.command, downlink.expected, downlink.expected_port) == (
        Kind.ENCODE,
        {"interval": 1},
        b"\1\0",
        5,
    )


def test_sensor_decoders_pairs_decoder_and_encoder_and_reads_the_readme(tmp_path: Path) -> None:
    models, _ = read(tmp_path / "SensorDecoders", trees.SENSOR_DECODERS)

    assert list(models) == ["acme/th-1"]
    one = models["acme/th-1"]
    assert (one.file, one.encoder) == ("th-series/th-1/th-1-decoder.js", "th-series/th-1/th-1-encoder.js")
    assert one.licence == "GPL-3.0"
    assert [(example.data.hex(), example.f_port) for example in one.examples] == [("00ea8264", 85), ("00ea82ff", 85)]
    assert one.examples[1].expected == {"temperature": 23.5, "humidity": 65}


def test_of_several_files_for_a_model_the_newest_for_the_things_stack_gets_its_name(tmp_path: Path) -> None:
    models, _ = read(tmp_path / "acme-end-node-decoder", trees.END_NODES)

    assert {name: one.file for name, one in models.items()} == {
        "acme/th1": "TH1/TH1_v1.2_TTN_decoder.txt",
        "acme/th1-v1.0-ttn": "TH1/TH1_v1.0_TTN_decoder.txt",
        "acme/th1-chirpstackv3": "TH1/TH1_ChirpstackV3.txt",
        "acme/th2": "TH2/decoder.js",
    }


@pytest.mark.parametrize(
    ("path", "root", "vendor", "name"),
    [
        ("Bolt/X1/decoder.js", "console-decoders", "", "bolt/x1"),
        ("Bolt/decoder.js", "console-decoders", "", "bolt/bolt"),
        ("S2/TTN/Bolt_S2_TTN_Decoder.js", "BoltCAP-Decoder", "", "boltcap/bolt-s2"),
        ("X1/X1 (8192).js", "bolt-decoders", "", "bolt/x1"),
        ("x1.js", "codecs", "Bolt AB", "bolt-ab/x1"),
        ("X1/X1.js", "codecs", "bolt", "bolt/x1"),
        ("Bolt/X1/decoder.js", "codecs", "acme", "bolt/x1"),
        ("Ä'ö/decoder.js", "codecs", "", "ao/ao"),
    ],
)
def test_folders_and_files_name_vendor_and_model(tmp_path: Path, path: str, root: str, vendor: str, name: str) -> None:
    models, _ = read(tmp_path / root, {path: trees.CODEC}, vendor)

    assert list(models) == [name]


def test_a_normalising_codec_and_the_vendors_own_are_two_models(tmp_path: Path) -> None:
    models, _ = read(tmp_path, {**trees.NORMALISING, "LICENSE": "GNU AFFERO GENERAL PUBLIC LICENSE\n Version 3"})

    assert {name: (one.licence, len(one.examples)) for name, one in models.items()} == {
        "acme/th-1": ("AGPL-3.0", 1),
        "acme/th-1-upstream": ("Apache-2.0", 1),
    }


def test_tables_bring_their_own_vectors(tmp_path: Path) -> None:
    models, _ = read(tmp_path, trees.TABLES)

    one = models["acme/th-1"]
    assert one.file == "schemas/acme/th-1.yaml"
    assert [(example.data.hex(), example.f_port, example.partial) for example in one.examples] == [
        ("00ea8264", 2, True),
        ("ff9c8264", 2, True),
    ]


def test_a_tree_may_mix_forms_and_a_file_is_taken_once(tmp_path: Path) -> None:
    for name, files in {"ttn": trees.LORAWAN_DEVICES, "ts013": trees.PACKAGES, "end-nodes": trees.END_NODES, "tables": trees.TABLES}.items():  # fmt: skip
        lay(tmp_path / name, files)

    found = reading.read(open_tree(tmp_path))

    assert {one.form for one in found.models} == {
        "lorawan-devices",
        "TS013 package",
        "codecs in folders",
        "Payload Schema",
    }
    assert len({(one.name, one.file) for one in found.models}) == len(found.models)


def test_a_single_file_is_a_tree(tmp_path: Path) -> None:
    lay(tmp_path / "acme", {"th-1.js": trees.CODEC, "other.js": trees.CODEC})

    found = reading.read(open_tree(tmp_path / "acme" / "th-1.js"))

    assert [one.name for one in found.models] == ["acme/th-1"]


def test_what_decodes_nothing_is_named(tmp_path: Path) -> None:
    _, found = read(tmp_path, {"lib/tool.js": "function run() {}"})

    assert found.notes == ("lib/tool.js: passed over: no function of it decodes",)
