"""The catalogue's index describes decoders without loading them, and says nothing that their files do not say any more."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.descriptions import index_of, known
from decoders.places import in_folder
from decoders.registry import Registry
from tests.decoders.test_registry import PYTHON, TABLE, put

ALIKE = "same_as: acme/th-1\ndescription: Acme TH-3, with a lid\n"


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    """A catalogue of two vendors, with its index."""
    folder = tmp_path / "catalogue"
    put(folder, "acme/th-1.yaml", TABLE)
    put(folder, "acme/th-1.vectors.yaml", "vectors: []\n")
    put(folder, "bolt/th-2.py", PYTHON)
    put(folder, "bolt/th-3.yaml", ALIKE)
    put(folder, "index.json", _index(folder))
    return folder


def _index(folder: Path) -> str:
    registry = _registry(folder)
    others = {"bolt/th-3": "acme/th-1"}
    return index_of([(registry.describe(name), others.get(name)) for name in registry.names()], folder)


def _registry(catalogue: Path, *own: Path) -> Registry:
    return Registry(dict(in_folder(catalogue, [])), (), own)


def test_an_index_says_what_the_decoders_say(catalogue: Path) -> None:
    registry = _registry(catalogue)

    found = known(registry, catalogue)

    assert found == {name: registry.describe(name) for name in ("acme/th-1", "bolt/th-2", "bolt/th-3")}


def test_a_description_out_of_the_index_needs_no_decoder(catalogue: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = _registry(catalogue)
    monkeypatch.setattr(Registry, "get", _never)

    assert known(registry, catalogue)["acme/th-1"].title == "Acme TH-1"


def _never(_: Registry, name: str) -> None:
    raise AssertionError(f"{name} is loaded")


def test_of_a_vendor_with_another_file_nothing_is_taken_from_the_index(catalogue: Path) -> None:
    put(catalogue, "bolt/_shared.py", "FACTOR = 2\n")

    assert list(known(_registry(catalogue), catalogue)) == ["acme/th-1"]


def test_a_model_that_sends_what_a_changed_one_sends_is_not_taken_either(catalogue: Path) -> None:
    put(catalogue, "acme/th-1.yaml", TABLE.replace("co2", "pm10"))

    assert list(known(_registry(catalogue), catalogue)) == ["bolt/th-2"]


def test_other_vectors_change_no_description(catalogue: Path) -> None:
    put(catalogue, "acme/th-1.vectors.yaml", "vectors: []  # none yet\n")

    assert len(known(_registry(catalogue), catalogue)) == 3


def test_what_an_installer_has_replaced_is_not_taken_from_the_index(catalogue: Path, tmp_path: Path) -> None:
    put(tmp_path / "own", "acme/th-1.yaml", TABLE)

    assert list(known(_registry(catalogue, tmp_path / "own"), catalogue)) == ["bolt/th-2"]


@pytest.mark.parametrize("text", ["", "[]", "{", '{"vendors": {"acme": "0"}}'])
def test_an_index_that_cannot_be_read_describes_nothing(catalogue: Path, text: str) -> None:
    put(catalogue, "index.json", text)

    assert known(_registry(catalogue), catalogue) == {}


def test_a_catalogue_without_an_index_describes_nothing(catalogue: Path) -> None:
    (catalogue / "index.json").unlink()

    assert known(_registry(catalogue), catalogue) == {}


def test_all_of_the_true_catalogue_is_in_its_index() -> None:
    registry = Registry.load(entry_points=False)

    assert set(known(registry)) == set(registry.names())
