"""`brygga decoder test`: all that is wrong with a decoder at once, each thing with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from decoders.registry import Registry
from decoders.workshop.beginning import write
from decoders.workshop.proof import Proof, prove

HEAD = "from decoders.contract import Decoded, DecodeError, DecodeReason, Reading\nSOURCE = 's'\nLICENCE = 'l'\n"
VECTORS = """\
source: by hand
vectors:
  - {name: mild, payload: "EA", expected: {t: 234}}
"""


def proved(folder: Path, body: str, vectors: str | None = VECTORS) -> Proof:
    place = folder / "acme"
    place.mkdir(exist_ok=True)
    (place / "th.py").write_text(HEAD + body, encoding="utf-8")
    if vectors is not None:
        (place / "th.vectors.yaml").write_text(vectors, encoding="utf-8")
    return prove(Registry.load([folder], entry_points=False), "acme/th")


GOOD = "QUANTITIES = ('air_temperature',)\ndef decode(payload): return Decoded((), {'t': payload.data[0]})\n"
COUNTING = "SEEN = []\ndef decode(payload):\n    SEEN.append(1)\n    return Decoded((), {'t': len(SEEN)})\n"
STATES = "def decode(payload):\n    return Decoded((%s,), {'t': payload.data[0]})\n"


@pytest.mark.parametrize(
    ("body", "words", "advice"),
    [
        (
            "def decode(payload): return Decoded((), {'t': 1})\n",
            "fields.t: 1 where 234 is expected",
            "mend the decoder, or the vector",
        ),
        (
            "def decode(payload): return Decoded((), {'t': payload.data[1]})\n",
            "failed: IndexError",
            "the decoder refuses it",
        ),
        (
            "def decode(payload): return Decoded((), {'t': 234 if payload.data == b'\\xea' else 1 // 0})\n",
            "ZeroDivisionError",
            "Cursor",
        ),
        (COUNTING, "something else the second time", "keep nothing between two calls"),
        (STATES % "Reading('warmth', 1, 'Cel')", "warmth is no quantity", "leave it a field"),
        (STATES % "Reading('air_temperature', 1, 'kWh')", "does not convert", "in UCUM"),
        (STATES % "Reading('motion', 7)", "is not of its kind", "labels"),
        (STATES % "Reading('co2', 1, '[ppm]'), Reading('co2', 2, '[ppm]')", "said 2 times", "channel"),
        ("def decode(payload) return 1\n", "SyntaxError", "mend this first"),
    ],
)
def test_each_thing_that_is_wrong_has_a_line_that_says_what_to_do(
    tmp_path: Path, body: str, words: str, advice: str
) -> None:
    proof = proved(tmp_path, body)

    assert not proof.is_good
    assert [str(remark) for remark in proof.remarks if words in remark.problem and advice in remark.advice]


def test_a_good_decoder_has_nothing_to_mend_and_tells_how_it_was_tried(tmp_path: Path) -> None:
    proof = proved(tmp_path, GOOD)

    assert proof.is_good
    assert (proof.payloads, proof.commands) == (1, 0)
    assert proof.hostile > 400


def test_a_decoder_without_vectors_is_not_proved(tmp_path: Path) -> None:
    proof = proved(tmp_path, GOOD, None)

    assert [remark.problem for remark in proof.remarks if remark.is_error] == ["no vectors"]


def test_what_is_missing_in_words_is_a_warning(tmp_path: Path) -> None:
    proof = proved(
        tmp_path, f"SOURCE = LICENCE = ''\n{GOOD}QUANTITIES = ()\n", VECTORS.replace("source: by hand\n", "")
    )

    assert proof.is_good
    assert [remark.problem for remark in proof.remarks] == [
        "no source is named",
        "no licence is named",
        "it states no quantity",
        "vector 'mild' has no source",
    ]


def test_ten_thousand_alike_findings_are_one_line(tmp_path: Path) -> None:
    proof = proved(tmp_path, "def decode(payload): return Decoded((), {'t': 234 // (payload.data == b'\\xea')})\n")

    failing = [remark.problem for remark in proof.remarks if remark.problem.startswith("noise")]
    assert len(failing) == 1
    assert "more)" in failing[0]


@pytest.mark.parametrize("kind", ["table", "python", "javascript"])
def test_what_is_laid_out_for_a_vendor_is_good_as_it_is(tmp_path: Path, kind: str) -> None:
    write(tmp_path, "acme/th-1", kind)
    registry = Registry.load([tmp_path], entry_points=False)
    try:
        proof = prove(registry, "acme/th-1")
        problems = registry.problems()
    finally:
        registry.close()

    assert list(map(str, proof.remarks)) == []
    assert proof.payloads == 4
    assert problems == []


def test_nothing_is_written_over_what_is_there(tmp_path: Path) -> None:
    write(tmp_path, "acme/th-1", "table")

    with pytest.raises(FileExistsError, match=r"th-1\.vectors\.yaml: is there already"):
        write(tmp_path, "acme/th-1", "python")
    assert not (tmp_path / "acme" / "th-1.py").exists()


@pytest.mark.parametrize("name", ["th-1", "Acme/th-1", "acme/../th", "acme/th/1", "acme/"])
def test_a_name_that_is_none_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="a decoder's name is vendor/model"):
        write(tmp_path, name, "table")
