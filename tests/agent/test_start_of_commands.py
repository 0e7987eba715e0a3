"""A command is there soon: what it has no use for is not imported. A gateway's processor takes a second for what takes a fifth of one here."""

from __future__ import annotations

import subprocess
import sys

import pytest

from gateway.commands import show_journal
from gateway.journal import AlarmKind

LIMIT_S = 60.0
MUCH = (
    "pydantic",
    "aiosqlite",
    "cryptography",
    "rich.console",
    "gateway.agent",
    "gateway.desk",
    "gateway.journal",
    "gateway.model",
)
LOADED = "\nimport sys; print(*[name for name in {much} if name in sys.modules])"


@pytest.mark.parametrize(
    ("imports", "wanted"),
    [
        ("gateway.commands.cli", []),
        ("gateway.commands.cli, gateway.commands.show_status, gateway.config.reaching, gateway.control", []),
        ("gateway.groundwork, gateway.commands.cli", []),
        ("gateway.groundwork, gateway.config.loading", ["pydantic", "gateway.model"]),
    ],
    ids=["every command", "status of a running agent", "what check needs besides", "check"],
)
def test_a_command_imports_little(imports: str, wanted: list[str]) -> None:
    program = f"import {imports}{LOADED.format(much=MUCH)}"

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=LIMIT_S)

    assert found.stdout.split() == wanted


def test_a_word_of_the_journals_is_the_same_where_it_is_shown() -> None:
    assert AlarmKind(show_journal.DAMAGED) is AlarmKind.DAMAGED
