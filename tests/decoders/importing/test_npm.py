"""Adeunis's own library from npm (MIT), imported, says what The Things Network publishes for eight of its models (Apache-2.0).

Neither is ours: 240 kB of compiled TypeScript that nobody wrote for this room, and the payloads that others run it against.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from decoders.importing.choosing import Choice
from decoders.importing.imported import import_tree
from tests.decoders.importing.trees import lay

pytest.importorskip("quickjs", reason="the JavaScript engine is not installed")

TESTS = Path(__file__).parent.parent.parent
LIBRARY = TESTS / "oracles/node_modules/@adeunis/codecs"
VECTORS = TESTS / "vectors/codecs/adeunis-lorawan-devices.jsonl"

DEVICE_TYPES = {  # the library's name for each model
    "breath": "breath",
    "comfort": "comfort2",
    "comfort-co2": "comfortCo2",
    "deltap": "deltap",
    "motion": "motion",
    "tic-cbe-linky-mono": "ticCbeLinkyMono",
    "tic-cbe-linky-tri": "ticCbeLinkyTri",
    "tic-pme-pmi": "ticPmePmi",
}
AROUND = """
function decodeUplink(input) {
  var decoder = new codec.Decoder();
  decoder.setDeviceType("%s");
  return {data: {bytes: decoder.decode(Buffer.from(input.bytes).toString("hex"))}};
}
"""


def tree_of(folder: Path) -> Path:
    """Lay out the library and the published payloads as lorawan-devices does."""
    library = (LIBRARY / "dist/index.js").read_text()
    files = {"LICENSE": (LIBRARY / "LICENSE").read_text()}
    for vector in map(json.loads, VECTORS.read_text().splitlines()):
        model, given = vector["model"], {"fPort": vector["fPort"], "bytes": list(bytes.fromhex(vector["payload_hex"]))}
        example = {"description": vector["description"], "input": given, "output": vector["expected"]}
        decoder = {"fileName": f"{model}.js", "examples": [example]}
        files[f"vendor/adeunis/{model}.js"] = library + AROUND % DEVICE_TYPES[model]
        files[f"vendor/adeunis/{model}-codec.yaml"] = json.dumps({"uplinkDecoder": decoder})
    return lay(folder, files)


@pytest.mark.skipif(not LIBRARY.is_dir(), reason="@adeunis/codecs is not installed: scripts/test does that")
def test_a_library_of_somebody_elses_passes_payloads_of_somebody_elses(tmp_path: Path) -> None:
    done = asyncio.run(import_tree(tree_of(tmp_path / "tree"), tmp_path / "into", Choice()))

    assert {one.model.name: str(one) for one in done.verdicts} == {
        f"adeunis/{model}": "passed 1 of 1" for model in sorted(DEVICE_TYPES)
    }
    assert {one.model.licence for one in done.verdicts} == {"MIT"}
    assert sum(one.is_there for one in done.installed) == len(DEVICE_TYPES)
