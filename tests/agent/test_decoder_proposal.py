"""Which decoders are proposed for a device, and in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import load
from gateway.desk import Desk
from gateway.model import eui64
from tests.agent.commands import make_box
from tests.agent.test_two_changes import a_journal
from tests.journal.samples import clock

ELSYS = "a81758fffe0a000"


@pytest.mark.parametrize(
    ("registered", "first"),
    [([], ["elsys/ems", "elsys/ers"]), (["elsys/ers-lite", "elsys/elt-2", "elsys/elt-2"], ["elsys/elt-2", "elsys/ers-lite", "elsys/ems"])],
    ids=["the general before the special", "what is in use here before all"],
)  # fmt: skip
async def test_the_likeliest_of_a_makers_decoders_are_proposed_first(
    tmp_path: Path, registered: list[str], first: list[str]
) -> None:
    make_box(tmp_path)
    settings = load(tmp_path / "brygga.toml")
    settings.gateway.data.mkdir()
    async with a_journal(settings) as journal:
        desk = Desk(settings, journal, clock)
        for number, decoder in enumerate(registered):
            cells = {"dev_eui": f"{ELSYS}{number}", "app_key": "00" * 16, "decoder": decoder}
            await desk.answer({"do": "device.add", "cells": cells})
        proposed = await desk.answer({"do": "decoding.propose", "dev_eui": f"{ELSYS}9"})

    assert proposed["decoders"][: len(first)] == first
    assert len(proposed["decoders"]) > 10


def test_one_digit_is_no_digits() -> None:
    with pytest.raises(ValueError, match=r"^1 hex digit where 16 are expected"):
        eui64("a")
