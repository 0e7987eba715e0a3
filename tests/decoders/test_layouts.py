"""What `bench.decoders` measures: the same layouts in every kind, and generated codecs."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from bench import decode_times, generated_codecs
from bench.decode_times import Disagreement
from bench.layouts import LAYOUTS, Layout
from decoders.javascript.process import engine
from decoders.registry import Registry

pytestmark = pytest.mark.skipif(engine() is None, reason="32-bit Arm has no wheel of the engine")

CODECS = 5


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_a_layout_says_the_same_as_a_table_in_python_and_in_javascript(layout: Layout, tmp_path: Path) -> None:
    with decode_times.ready(tmp_path) as registry:
        decode_times.check(registry, layout)


def test_a_kind_that_says_something_else_is_no_figure(tmp_path: Path) -> None:
    (layout,) = (one for one in LAYOUTS if one.name == "fixed")
    with decode_times.ready(tmp_path) as registry:
        table = tmp_path / "table" / "fixed.yaml"
        table.write_text(table.read_text(encoding="utf-8").replace("div: 10", "div: 100"), encoding="utf-8")

        with pytest.raises(Disagreement, match="fixed"):
            decode_times.check(registry, layout)


def test_generated_codecs_are_of_the_size_of_published_ones_and_read_their_payload(tmp_path: Path) -> None:
    names = list(generated_codecs.write(tmp_path, CODECS))
    texts = {generated_codecs.source(number) for number in range(CODECS)}

    with contextlib.closing(Registry.load([tmp_path], entry_points=False)) as registry:
        said = [registry.get(name).decode(generated_codecs.payload(number)) for number, name in enumerate(names)]

    assert len(texts) == CODECS
    assert all(generated_codecs.SMALLEST <= len(text) <= generated_codecs.LARGEST * 1.05 for text in texts)
    assert [one.fields["temperature"] for one in said] == [15, 15.1, 15.2, 15.3, 15.4]
    assert all(len(one.readings) == 3 for one in said)
