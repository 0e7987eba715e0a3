"""A box's configuration in several files, and what reading it says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from gateway.config import Settings, load
from gateway.errors import ConfigError

SOURCE = '[[source]]\nname = "mast"\ntype = "semtech_udp"\n'
CITY = '[[destination]]\nname = "city"\nurl = "mqtts://mq.city.example"\nformat = "senml"\n'


@dataclass(frozen=True, slots=True)
class Folder:
    """The folder of a configuration."""

    path: Path

    @property
    def toml(self) -> Path:
        """The box's own file."""
        return self.path / "brygga.toml"

    def write(self, name: str, text: str) -> Path:
        """Write a file as an installer's tools do."""
        file = self.path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
        file.chmod(0o640)
        return file

    def settings(self) -> Settings:
        """Return what all files say together."""
        return load(self.toml)

    def problems(self) -> tuple[str, ...]:
        """Return what is wrong with them."""
        with pytest.raises(ConfigError) as caught:
            load(self.toml)
        return caught.value.problems
