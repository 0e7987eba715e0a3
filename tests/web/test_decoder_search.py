"""The dashboard's decoders are found at once: those of the catalogue in its index, an installer's own by a process that describes them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from decoders.registry import CATALOGUE, Description, Registry
from gateway.desk import decoders
from gateway.desk.decoders import DecoderDesk
from tests.decoders.test_registry import TABLE, put
from tests.journal.samples import clock


def desk(*folders: Path) -> DecoderDesk:
    return DecoderDesk(Registry.load(folders), lambda: folders, clock)


async def found(counter: DecoderDesk, text: str) -> Any:
    return await counter.answer({"do": "decoder.search", "search": text, "limit": 1000})


async def test_a_decoder_of_the_catalogue_is_found_without_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "_loaded", _never)

    answer = await found(desk(), "elsys ers")

    assert answer["decoders"][0]["name"] == "elsys/ers"


async def _never(_: Sequence[Path]) -> tuple[Description, ...]:
    raise AssertionError("a process was begun")


async def test_an_installers_own_decoder_is_found_beside_them(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)

    counter = desk(tmp_path)

    assert (await found(counter, "acme"))["decoders"][0]["name"] == "acme/th-1"
    assert (await found(counter, ""))["total"] == 1 + len(Registry.load().names())


async def test_an_installers_decoder_is_described_in_the_place_of_the_catalogues(tmp_path: Path) -> None:
    put(tmp_path, "elsys/ers.yaml", TABLE)

    answer = await found(desk(tmp_path), "elsys/ers")

    assert answer["decoders"][0]["title"] == "Acme TH-1"


async def test_what_a_decoder_prints_keeps_nobody_from_finding_another(tmp_path: Path) -> None:
    put(tmp_path, "acme/th-1.yaml", TABLE)
    chatty = (CATALOGUE / "sensative" / "strips.py").read_text(encoding="utf-8") + '\nprint("loaded ÅÄÖ")\n'
    put(tmp_path, "acme/chatty.py", chatty)

    names = {one["name"] for one in (await found(desk(tmp_path), ""))["decoders"]}

    assert {"acme/th-1", "acme/chatty", "elsys/ers"} <= names
