"""Which machine this is."""

from __future__ import annotations

from pathlib import Path

from gateway.machine import fingerprint

ID = "0123456789abcdef0123456789abcdef"


def places(folder: Path, *texts: str) -> list[Path]:
    found = [folder / str(index) for index in range(len(texts))]
    for place, text in zip(found, texts, strict=True):
        place.write_text(text, encoding="ascii")
    return found


def test_one_machine_has_one_fingerprint_that_does_not_tell_its_id(tmp_path: Path) -> None:
    here = places(tmp_path, f"{ID}\n", "10000000abcdef01\0")

    assert fingerprint(here) == fingerprint(here)
    assert ID not in str(fingerprint(here))


def test_a_cloned_card_in_another_board_is_another_machine(tmp_path: Path) -> None:
    first = fingerprint(places(tmp_path, ID, "10000000abcdef01\0"))

    assert fingerprint(places(tmp_path, ID, "10000000abcdef02\0")) != first


def test_a_machine_that_says_nothing_of_itself_has_none(tmp_path: Path) -> None:
    assert fingerprint([tmp_path / "missing", *places(tmp_path, "\n")]) is None
