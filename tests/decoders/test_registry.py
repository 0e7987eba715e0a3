"""The registry finds decoders, loads what is asked for, and says plainly what is broken."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from decoders import places
from decoders.contract import DecodeError, DecodeReason, Payload
from decoders.registry import BrokenDecoder, Registry, UnknownDecoder

TABLE = "description: Acme TH-1\nfields:\n  - {name: a, type: u8, reading: {quantity: co2, unit: '[ppm]'}}\n"
PYTHON = '''"""Acme TH-2."""
from decoders.contract import Decoded, Payload
def decode(payload: Payload) -> Decoded:
    return Decoded((), {"first": payload.data[0]})
'''


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def load(folder: Path) -> Registry:
    return Registry.load([folder], entry_points=False)


def test_the_first_ten_models_are_there() -> None:
    assert set(Registry.load(entry_points=False).names()) >= {
        "elsys/ers", "milesight/em300-th", "milesight/am307", "dragino/lht65", "decentlab/dl-pr26",
        "decentlab/dl-ctd10", "sensative/strips", "adeunis/comfort", "talkpool/oy1210", "quandify/cubicmeter",
    }  # fmt: skip


def test_a_folder_adds_decoders_of_both_kinds(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-2.py", PYTHON)
    registry = load(tmp_path)

    assert registry.get("acme/th-1").decode(Payload(b"\x05", 1)).fields == {"a": 5}
    assert registry.get("acme/th-2").decode(Payload(b"\x05", 1)).fields == {"first": 5}
    assert registry.describe("acme/th-1").title == "Acme TH-1"
    assert registry.describe("acme/th-1").kind == "table"
    assert registry.describe("acme/th-1").quantities == ("co2",)
    assert registry.describe("acme/th-2").kind == "python"
    assert registry.problems() == []


def test_a_decoder_is_loaded_once_and_only_when_it_is_asked_for(tmp_path: Path) -> None:
    path = put(tmp_path, "acme/th-1.yaml", TABLE)
    registry = load(tmp_path)
    first = registry.get("acme/th-1")
    path.unlink()

    assert registry.get("acme/th-1") is first


def test_the_folder_is_stronger_than_the_catalogue(tmp_path: Path) -> None:
    put(tmp_path, "elsys/ers.yaml", TABLE)

    assert load(tmp_path).describe("elsys/ers").title == "Acme TH-1"


def test_the_revision_changes_with_the_file(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    before = load(tmp_path).get("acme/th-1").revision
    put(tmp_path, "acme/th-1.yaml", TABLE + "  - {name: b, type: u8}\n")

    assert load(tmp_path).get("acme/th-1").revision != before


def test_a_model_may_be_the_same_as_another() -> None:
    registry = Registry.load(entry_points=False)

    assert registry.get("elsys/ers-co2").name == "elsys/ers-co2"
    assert registry.get("elsys/ers-co2").revision == registry.get("elsys/ers").revision
    assert registry.describe("elsys/ers-co2").title == "Elsys ERS CO2, indoor climate and carbon dioxide"


def test_a_model_with_fewer_sensors_than_the_other_names_what_it_states(tmp_path: Path) -> None:
    put(tmp_path, "acme/all.yaml", "same_as: elsys/ers\n")
    put(tmp_path, "acme/few.yaml", "same_as: elsys/ers\nquantities: [co2, air_temperature]\n")
    put(tmp_path, "acme/strange.yaml", "same_as: elsys/ers\nquantities: [co2, rainfall]\n")

    registry = load(tmp_path)

    assert registry.describe("acme/few").quantities == ("air_temperature", "co2")
    assert registry.describe("acme/all").quantities == registry.describe("elsys/ers").quantities
    with pytest.raises(BrokenDecoder, match=r"strange.yaml line 2, column 1: quantities: 'rainfall' is none of accel"):
        registry.get("acme/strange")


@pytest.mark.parametrize("text", ["same_as: acme/th-1\n", "same_as: acme/th-9\n", "same_as: acme/b\n"])
def test_the_same_as_nothing_is_broken(tmp_path: Path, text: str) -> None:
    put(tmp_path, "acme/th-1.yaml", text)
    put(tmp_path, "acme/b.yaml", "same_as: acme/th-1\n")

    with pytest.raises(BrokenDecoder, match=r"yaml line 1, column 1: same_as"):
        load(tmp_path).get("acme/th-1")


def test_an_unknown_name_brings_the_nearest_ones() -> None:
    with pytest.raises(UnknownDecoder, match=r"there is no decoder 'elsys/esr'; did you mean .*elsys/ers"):
        Registry.load(entry_points=False).get("elsys/esr")


BROKEN = [
    (
        "acme/a.yaml",
        "fields:\n  - {name: a, typ: u8}\n",
        r"acme/a\.yaml line 2, column 15: field 'a': .*did you mean 'type'",
    ),
    ("acme/a.py", "def decode(payload):\n  return (\n", r"acme/a\.py line 2: SyntaxError"),
    ("acme/a.py", "\n\nimport nothing_like_this\n", r"acme/a\.py line 3: ModuleNotFoundError: No module"),
    ("acme/a.py", "1 / 0\n", r"acme/a\.py line 1: ZeroDivisionError"),
    ("acme/a.py", "x = 1\n", r"acme/a\.py line 1: a function decode"),
]


@pytest.mark.parametrize(("name", "text", "problem"), BROKEN)
def test_a_broken_file_is_one_problem_and_the_others_work(tmp_path: Path, name: str, text: str, problem: str) -> None:
    put(tmp_path, name, text)
    put(tmp_path, "acme/th-1.yaml", TABLE)
    registry = load(tmp_path)

    with pytest.raises(BrokenDecoder, match=problem):
        registry.get("acme/a")

    assert registry.get("acme/th-1").decode(Payload(b"\x05", 1)).fields == {"a": 5}
    assert len(registry.problems()) == 1


@pytest.mark.parametrize(
    ("name", "problem"),
    [("Acme/TH 1.yaml", "lower-case letters"), ("acme/th-1.py", "th-1.py has the same name")],
)
def test_a_file_of_a_wrong_name_is_a_problem(tmp_path: Path, name: str, problem: str) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, name, PYTHON if name.endswith(".py") else TABLE)

    assert [line for line in load(tmp_path).problems() if problem in line]


def test_a_missing_folder_is_a_problem(tmp_path: Path) -> None:
    (problem,) = load(tmp_path / "nowhere").problems()

    assert problem.startswith(f"{tmp_path / 'nowhere'}: a folder")


def test_an_empty_payload_needs_no_code_of_a_vendor(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-2.py", PYTHON)

    with pytest.raises(DecodeError) as caught:
        load(tmp_path).get("acme/th-2").decode(Payload(b"", 1))

    assert caught.value.reason is DecodeReason.EMPTY


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("import sys\nsys.exit(3)\n", r"acme/a\.py line 2: SystemExit: 3"),
        ("raise BaseException('mine')\n", r"acme/a\.py line 1: BaseException: mine"),
        ("x = '\\ud800'\nraise ValueError(x)\n", r"acme/a\.py line 2: ValueError: \?"),
        ("\0", r"acme/a\.py line 1: "),
        ("# coding: nothing\n", r"acme/a\.py line 1: "),
        ("def decode(payload): ...\nPORTS = 5\n", r"acme/a\.py line 1: PORTS is 5; a tuple of int is expected"),
        ("def decode(payload): ...\nQUANTITIES = (1, 'a')\n", r"acme/a\.py line 1: QUANTITIES"),
    ],
)
def test_whatever_a_python_file_raises_is_one_broken_decoder(tmp_path: Path, text: str, problem: str) -> None:
    put(tmp_path, "acme/a.py", text)

    with pytest.raises(BrokenDecoder, match=problem):
        load(tmp_path).get("acme/a")


# ── files that change while the agent runs ──────────────────────────────────────────────────────────────────────────


def test_a_changed_file_is_used_after_the_next_look(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-2.py", PYTHON)
    registry = load(tmp_path)
    old = registry.get("acme/th-2")
    put(tmp_path, "acme/th-2.py", PYTHON.replace("first", "First"))

    assert registry.get("acme/th-2") is old
    assert registry.look_again()
    assert registry.get("acme/th-2").decode(Payload(b"\x05", 1)).fields == {"First": 5}
    assert registry.get("acme/th-2").revision != old.revision
    assert not registry.look_again()


def test_a_new_file_is_found_one_that_is_gone_is_missed_and_the_catalogue_shows_again(tmp_path: Path) -> None:
    path = put(tmp_path, "elsys/ers.yaml", TABLE)
    registry = load(tmp_path)
    own = registry.describe("elsys/ers").title
    path.unlink()
    put(tmp_path, "acme/th-9.yaml", TABLE)

    assert registry.look_again()
    assert own == "Acme TH-1"
    assert registry.describe("elsys/ers").title != own
    assert registry.get("acme/th-9").decode(Payload(b"\x05", 1)).fields == {"a": 5}


def test_what_is_the_same_as_a_changed_model_changes_with_it(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    put(tmp_path, "acme/th-1b.yaml", "same_as: acme/th-1\n")
    registry = load(tmp_path)
    before = registry.get("acme/th-1b").revision
    put(tmp_path, "acme/th-1.yaml", TABLE.replace("name: a", "name: bb"))
    registry.look_again()

    assert registry.get("acme/th-1b").revision != before
    assert registry.get("acme/th-1b").decode(Payload(b"\x05", 1)).fields == {"bb": 5}


def test_a_folder_that_is_away_takes_no_decoder_along(tmp_path: Path) -> None:
    folder = tmp_path / "decoders"
    put(folder, "acme/th-1.yaml", TABLE)
    registry = load(folder)
    registry.get("acme/th-1")
    folder.rename(tmp_path / "elsewhere")

    assert not registry.look_again()
    assert registry.get("acme/th-1").decode(Payload(b"\x05", 1)).fields == {"a": 5}


def test_a_decoders_folder_gets_no_compiled_copies(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-2.py", PYTHON)
    load(tmp_path).get("acme/th-2")

    assert [path.name for path in (tmp_path / "acme").iterdir()] == ["th-2.py"]


# ── packages ────────────────────────────────────────────────────────────────────────────────────────────────────


def packaged(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> Registry:
    found = [EntryPoint(name, value, "brygga.decoders") for name, value in points]
    monkeypatch.setattr(places, "entry_points", lambda group: found if group == "brygga.decoders" else [])
    return Registry.load()


def test_a_package_brings_a_module_as_decoder(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = packaged(monkeypatch, ("acme/th-3", "decoders.catalogue.elsys.ers"))

    decoded = registry.get("acme/th-3").decode(Payload(bytes.fromhex("0100e2"), 5))

    assert decoded.fields == {"temperature": 22.6}
    assert registry.describe("acme/th-3").kind == "package"


def test_a_broken_package_is_one_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    registry = packaged(
        monkeypatch, ("acme/a", "no_such_package:decoder"), ("acme/b", "math:pi"), ("Bad Name", "math:pi")
    )

    problems = registry.problems()

    assert len(problems) == 3
    assert any("no_such_package" in problem for problem in problems)


def test_listing_loads_no_decoder_and_no_yaml() -> None:
    program = (
        "import sys; from decoders.registry import Registry; Registry.load().names();"
        "print([name for name in ('yaml', 'decoders.table', 'decoders.vocabulary') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30)

    assert done.stdout.strip() == "[]"
