"""Configurations for tests: the shortest right sections, and what reading a file says."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.config import Settings, load
from gateway.errors import ConfigError

SOURCE = '[[source]]\nname = "mast"\ntype = "semtech_udp"\n'
MQTT = '[[destination]]\nname = "city"\nurl = "mqtt://127.0.0.1"\nformat = "senml"\n'
HTTP = '[[destination]]\nname = "city"\nurl = "http://127.0.0.1"\nformat = "ngsi_ld"\n'


def loaded(folder: Path, text: str) -> Settings:
    path = folder / "brygga.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o640)
    return load(path)


def problems(folder: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text)
    return caught.value.problems
