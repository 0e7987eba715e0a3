"""docs/relay.md holds what it says: its configuration is read, its commands are commands, its advice is what the agent says."""

from __future__ import annotations

import re
import shlex
import textwrap
from pathlib import Path

import pytest

from gateway.commands.command_line import parser
from gateway.config import load
from gateway.relay.settings import GwmpServer

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "relay.md").read_text(encoding="utf-8")
SAYS = " ".join(
    (ROOT / name).read_text(encoding="utf-8")
    for name in (
        "gateway/relay/relay.py",
        "gateway/relay/gwmp_upstream.py",
        "gateway/relay/station_line.py",
        "gateway/relay/station_upstream.py",
        "gateway/relay/station_troubles.py",
        "gateway/network/beside.py",
        "gateway/commands/show_relays.py",
    )
)


def blocks(kind: str) -> list[str]:
    return [textwrap.dedent(one) for one in re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)]


def test_its_configuration_is_read_as_it_stands(tmp_path: Path) -> None:
    (text,) = blocks("toml")
    (tmp_path / "brygga.toml").write_text(text, encoding="utf-8")

    settings = load(tmp_path / "brygga.toml")

    (relay,) = settings.relays
    assert relay.server == GwmpServer("eu1.cloud.thethings.network", 1700)
    assert relay.sources == ("roof",)


@pytest.mark.parametrize(
    "command",
    [line.partition("#")[0].partition(">")[0].strip() for text in blocks("sh") for line in text.splitlines() if line],
)
def test_its_commands_are_commands(command: str) -> None:
    program, *words = shlex.split(command)

    assert program == "brygga"
    parser().parse_args(words)


@pytest.mark.parametrize(
    "row",
    re.findall(r"^\| (.*?) \|", PAGE.partition("## What the advice means")[2].partition("\n## ")[0], re.MULTILINE)[2:],
)
def test_each_advice_of_the_page_is_one_that_the_agent_gives(row: str) -> None:
    words = re.sub(r"['\"]\s*f?['\"]", "", SAYS.replace("\n", " "))
    parts = [part.strip(" :…;") for part in re.split(r"…|aa55|:", row) if len(part.strip(" :…;")) > 8]
    plain = re.sub(r"\s+", " ", re.sub(r"\"\s+f?\"", "", words))

    assert parts
    assert [part for part in parts if part not in plain] == []
