"""What tells of persons: each model of the catalogue that does says so, by its quantities or in its file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from decoders import door
from decoders.contract import DecodeError
from decoders.registry import Registry, UnknownDecoder
from decoders.vocabulary.persons import COUNTS_PEOPLE, WATCHES_SOMEBODY, are_personal, named_in, tells_of_persons
from tests.decoders import catalogue
from tests.decoders.catalogue import REGISTRY

# Words of a model's title, and the quantities one of which stands for what they are about.
KINDS: Mapping[str, frozenset[str]] = {
    "people person persons": COUNTS_PEOPLE,
    "somebody presence motion movement taken used occupancy": WATCHES_SOMEBODY | COUNTS_PEOPLE,
    "desk seat bed beds fall falls bathroom toilet": frozenset(),  # of somebody: it declares `personal`
    "button call": frozenset({"button_pressed"}),
    "badge plate plates": frozenset(),
}
TELLS_NONE = {
    "milesight/am104": "its activity is no quantity of the vocabulary, and tells what motion does: not whose",
    "milesight/am107": "the same",
    "milesight/gs301": "gases in a bathroom are nobody's",
}
NAMES = REGISTRY.names()
TITLE_WORD = re.compile(r"[a-z]+")


def words_about_persons(title: str) -> Iterator[tuple[str, frozenset[str]]]:
    said = set(TITLE_WORD.findall(title.partition(",")[2].lower()))
    yield from ((words, quantities) for words, quantities in KINDS.items() if said & set(words.split()))


def fields_of(name: str) -> Iterator[Mapping[str, Any]]:
    decoder = REGISTRY.get(name)
    for vector in catalogue.vectors(name):
        try:
            yield door.decode(decoder, vector.payload).fields
        except DecodeError:
            continue


def is_personal(name: str) -> bool:
    return bool(getattr(REGISTRY.get(name), "is_personal", False))


def unsaid(name: str) -> list[str]:
    """Return the words of a model's title about persons that neither a quantity nor its file stands for."""
    model = REGISTRY.describe(name)
    return [words for words, quantities in words_about_persons(model.title) if quantities.isdisjoint(model.quantities)]


def test_a_model_whose_kind_tells_of_persons_has_a_quantity_for_it_or_declares_it() -> None:
    hidden = {name: words for name in NAMES if not is_personal(name) and (words := unsaid(name))}

    assert hidden.keys() == TELLS_NONE.keys(), hidden


def test_a_model_whose_fields_tell_of_persons_counts_them_or_declares_it() -> None:
    named = {name: path for name in NAMES for fields in fields_of(name) if (path := named_in(fields))}

    assert {name: path for name, path in named.items() if not is_personal(name)} == {}
    assert named.keys() >= {"milesight/vs121", "milesight/vs373", "milesight/at101", "nwave/nps405fm"}


def test_the_people_counters_of_the_catalogue_are_personal() -> None:
    counters = [
        "imbuildings/people-counter",
        "milesight/vs121",
        "milesight/vs321",
        "milesight/vs350",
        "milesight/vs373",
    ]

    assert [name for name in counters if not is_personal(name)] == []
    assert not is_personal("elsys/ers")
    assert not is_personal("imbuildings/comfort-sensor")


@pytest.mark.parametrize(
    "path",
    ["people_counter_all", "peopleCount", "region_1_out_of_bed_time", "respiratory_rate", "wifi.mac", "tag_id", "licensePlate", "SOS"],
)  # fmt: skip
def test_a_fields_name_is_read_word_by_word(path: str) -> None:
    assert tells_of_persons(path)


@pytest.mark.parametrize(
    "path", ["child_lock", "embedded", "rainfall", "surface", "tag", "mac", "card", "occupied", "lora.tag.name", "plate_temperature"]
)  # fmt: skip
def test_what_only_looks_like_a_word_about_persons_is_none(path: str) -> None:
    assert not tells_of_persons(path)


def test_fields_are_searched_in_tables_and_lists() -> None:
    nested = {"status": 1, "history": [[{"time": 1, "people_in": 2}]]}

    assert named_in(nested) == "history.people_in"
    assert named_in({"history": [[{"time": 1}]]}) == ""


def test_names_without_end_are_read_and_not_kept() -> None:
    many = {f"sample_{number}": number for number in range(1000)}

    assert named_in(many) == ""
    assert named_in({**many, "people": 1}) == "people"
    assert named_in({"x" * 10**6: {"people": 1}}).endswith(".people")


def test_people_that_are_counted_are_personal_without_a_word() -> None:
    assert are_personal(["co2", "people_in"])
    assert not are_personal(["co2", "presence"])
    assert are_personal((), declared=True)


# ── where a file declares it ──

FILES = {
    "table.yaml": "name: t\nfields:\n  - {name: a, type: u8}\npersonal: true\n",
    "python.py": "from decoders.contract import Decoded\nPERSONAL = True\n\ndef decode(payload):\n    return Decoded(())\n",
    "same.yaml": "same_as: acme/table\n",
    "not-the-same.yaml": "same_as: acme/table\npersonal: false\n",
    "mapped.yaml": "name: m\nfields:\n  - {name: a, type: u8}\n",
    "mapped.meta.yaml": "personal: true\n",
    "codec.js": "function decodeUplink(input) { return {data: {a: 1}}; }\n",
    "codec.meta.yaml": "readings:\n  - {field: a, quantity: people_count, unit: '1'}\n",
    "nothing.yaml": "name: n\nfields:\n  - {name: a, type: u8}\n",
}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Registry]:
    folder = tmp_path / "acme"
    folder.mkdir()
    for name, text in FILES.items():
        (folder / name).write_text(text)
    made = Registry.load([tmp_path], entry_points=False)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("name", "says_so"),
    [
        ("table", True),
        ("python", True),
        ("same", True),
        ("not-the-same", False),
        ("mapped", True),
        ("codec", True),
        ("nothing", False),
    ],
)
def test_each_kind_of_decoder_can_declare_it(own: Registry, name: str, says_so: bool) -> None:  # noqa: FBT001 - a table's column
    assert getattr(own.get(f"acme/{name}"), "is_personal", None) is says_so


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("table.yaml", "name: t\nfields:\n  - {name: a, type: u8}\npersonal: perhaps\n", "personal is true or false, not 'perhaps'"),
        ("python.py", "PERSONAL = 'yes'\ndef decode(payload):\n    ...\n", "PERSONAL is 'yes'; True or False is expected"),
        ("mapped.meta.yaml", "personal: 1\n", "personal is true or false, not 1"),
    ],
)  # fmt: skip
def test_a_declaration_that_is_no_truth_value_is_refused_in_words(
    tmp_path: Path, file: str, text: str, words: str
) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "mapped.yaml").write_text(FILES["mapped.yaml"])
    (tmp_path / "acme" / file).write_text(text)

    with pytest.raises(ValueError, match=re.escape(words)):
        Registry.load([tmp_path], entry_points=False).get(f"acme/{file.partition('.')[0]}")


def test_a_model_that_nobody_knows_is_still_unknown() -> None:
    with pytest.raises(UnknownDecoder):
        REGISTRY.get("acme/nobody")
