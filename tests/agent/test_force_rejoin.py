"""`brygga device force-rejoin` as people type it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.agent.commands import CONFIGURATION
from tests.pipeline.box import EX_CONFIG, brygga

KEY = "5f" * 16
MODERN = (
    "--dev-eui",
    "a81758fffe0a0001",
    "--name",
    "Library",
    "--mac-version",
    "1.1",
    "--app-key",
    KEY,
    "--nwk-key",
    KEY,
)
OLD = ("--dev-eui", "a81758fffe0a0001", "--name", "Library", "--app-key", KEY)


@pytest.mark.parametrize(
    ("device", "words"),
    [
        (MODERN, "a81758fffe0a0001 has not joined yet: switch it on"),
        (OLD, "a81758fffe0a0001: LoRaWAN 1.0.3 knows no ForceRejoinReq, 1.1 does: switch it off and on"),
    ],
    ids=["not joined", "1.0.3"],
)
async def test_a_device_that_never_will_is_refused_in_words(
    tmp_path: Path, device: tuple[str, ...], words: str
) -> None:
    (tmp_path / "brygga.toml").write_text(CONFIGURATION, encoding="utf-8")
    (tmp_path / "data").mkdir()
    await brygga(tmp_path, "device", "add", *device)

    outcome = await brygga(tmp_path, "device", "force-rejoin", "Library", "--type", "2")

    assert outcome.code == EX_CONFIG
    assert words in outcome.err
