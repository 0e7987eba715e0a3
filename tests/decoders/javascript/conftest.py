"""Codecs of our own in every form, and a crew that is closed when a test has ended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from decoders.javascript import decoder
from decoders.javascript.crew import Crew
from decoders.javascript.decoder import JavaScriptDecoder

CODECS = Path(__file__).parent / "codecs"
HOSTILE = CODECS / "hostile"


class Load(Protocol):
    """Make the decoder that a text is, with its metadata, or the one of our own codecs that is called so."""

    def __call__(self, text: str, meta: str = "") -> JavaScriptDecoder: ...


@pytest.fixture
def crew() -> Iterator[Crew]:
    crew = Crew()
    yield crew
    crew.close()


@pytest.fixture
def load(crew: Crew, tmp_path: Path) -> Load:
    def load(text: str, meta: str = "") -> JavaScriptDecoder:
        path = CODECS / text if text.endswith(".js") else tmp_path / "codec.js"
        if not text.endswith(".js"):
            path.write_text(text, encoding="utf-8")
            (tmp_path / "codec.meta.yaml").write_text(meta or "description: a codec", encoding="utf-8")
        return decoder.load(path, "acme/codec", path.read_bytes(), crew)

    return load
