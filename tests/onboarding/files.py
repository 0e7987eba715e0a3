"""The vectors of other networks' files, and reading them as an import does."""

from __future__ import annotations

from pathlib import Path

from gateway.journal import Registration
from gateway.onboarding import Moved, Site, read_moved, recognise

VECTORS = Path(__file__).parent.parent / "vectors" / "onboarding"


def text_of(name: str) -> str:
    return (VECTORS / name).read_text(encoding="utf-8")


def read(text: str, name: str = "export.json", site: Site | None = None) -> Moved:
    """Read a file by what it is recognised as."""
    return read_moved(recognise(text, name), text, name, site)


def by_eui(moved: Moved) -> dict[str, Registration]:
    return {each.device.dev_eui: each for each in moved.registrations}
