"""Tables that somebody has got wrong, and commands of any kind: refused with a line or in words, and nothing else."""

from __future__ import annotations

import random
from typing import Any

import pytest

from decoders.contract import EncodeError, EncodeReason
from decoders.payload_schema import document
from decoders.payload_schema.document import TableError
from decoders.payload_schema.encoding import compile_messages
from decoders.registry import CATALOGUE
from tests.decoders.test_table_fuzz import EVERYTHING, SOURCES, broken

TABLES_A_SEED = 250
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1, 255, 2**70, 1.5, 1e308, float("nan"), float("-inf"), "", "on", "\ud800", [], [1], [{"l": 1}], [[]], {},
    {"p": 1}, {"value": []}, b"\0",
)  # fmt: skip


@pytest.mark.parametrize("name", ["everything", *SOURCES])
def test_a_table_with_anything_wrong_in_it_is_refused_with_its_line_or_tells_in_words(name: str) -> None:
    chance = random.Random(20261126)
    text = EVERYTHING if name == "everything" else (CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8")
    refused = without_line = told = failed = 0

    for _ in range(TABLES_A_SEED):
        try:
            encoder = compile_messages(broken(document.parse(text, "fuzz.yaml"), chance), name)
        except TableError as error:
            refused += 1
            without_line += " line " not in str(error)
            continue
        names = sorted({name for form in encoder.forms for name in form.names})
        for _ in range(12):
            share, values = chance.choice(((0.1, (1,)), (1, (1,)), (0.1, VALUES), (0.6, VALUES)))
            given = {one: chance.choice(values) for one in names if chance.random() < share}
            try:
                told += len(encoder.encode({"f_port": 1, **given}).data) > 0
            except EncodeError as error:
                failed += error.reason is EncodeReason.FAILED

    assert (without_line, failed) == (0, 0)
    assert refused > TABLES_A_SEED / 20
    assert told > 0
