"""What a vendor's models share counts for the revision of each that uses it."""

from __future__ import annotations

from pathlib import Path

from decoders.registry import Registry

DECODER = '''"""A model."""

from decoders.contract import Decoded, Payload

# imports {what}


def decode(payload: Payload) -> Decoded:
    return Decoded(())
'''


def _revision(folder: Path, shared: str, what: str) -> str:
    vendor = folder / "acme"
    vendor.mkdir(parents=True)
    (vendor / "th-1.py").write_text(DECODER.format(what=what), encoding="utf-8")
    (vendor / "_frames.py").write_text(shared, encoding="utf-8")
    return Registry.load([folder], entry_points=False).get("acme/th-1").revision


def test_a_changed_shared_file_changes_the_revision_of_a_model_that_uses_it(tmp_path: Path) -> None:
    uses = "decoders.catalogue.acme"

    before, after = _revision(tmp_path / "a", "A = 1\n", uses), _revision(tmp_path / "b", "A = 2\n", uses)

    assert before != after


def test_it_leaves_the_revision_of_a_model_that_does_not(tmp_path: Path) -> None:
    before, after = _revision(tmp_path / "a", "A = 1\n", "nothing"), _revision(tmp_path / "b", "A = 2\n", "nothing")

    assert before == after
