"""The scenarios that are ready, and where one is found that a person names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from gateway.config.reading import did_you_mean
from gateway.errors import ConfigError
from simulators.lab.scenario import Scenario
from simulators.lab.scenario_file import load

SHELF: Final = Path(__file__).parent / "scenarios"


def ready() -> Sequence[str]:
    """Return the names of those that are ready."""
    return sorted(path.stem for path in SHELF.glob("*.toml"))


def find(words: str) -> Scenario:
    """Return the scenario of that file, or that is ready under that name; ConfigError."""
    if words in ready():
        return load(SHELF / f"{words}.toml")
    path = Path(words)
    if path.suffix != ".toml" and not path.exists():
        raise ConfigError(
            f"{words}: no scenario of this name is ready, and there is no such file{did_you_mean(words, ready())}"
        )
    return load(path)
