"""The vectors of other networks' files, and reading them as an import does."""

from __future__ import annotations

from pathlib import Path

from gateway.devices_file.spreadsheet import rows
from gateway.journal import Registration
from gateway.onboarding import (
    Kind,
    Moved,
    Site,
    read_chirpstack,
    read_chirpstack_rows,
    read_the_things_stack,
    read_the_things_stack_rows,
    recognise,
)

VECTORS = Path(__file__).parent.parent / "vectors" / "onboarding"


def text_of(name: str) -> str:
    return (VECTORS / name).read_text(encoding="utf-8")


def read(text: str, name: str = "export.json", site: Site | None = None) -> Moved:
    """Read a file by what it is recognised as."""
    match recognise(text, name):
        case Kind.CHIRPSTACK_JSON:
            return read_chirpstack(text, name, site)
        case Kind.CHIRPSTACK_CSV:
            return read_chirpstack_rows(list(rows(text)), name, site)
        case Kind.THE_THINGS_STACK_JSON:
            return read_the_things_stack(text, name, site)
        case Kind.THE_THINGS_STACK_CSV:
            return read_the_things_stack_rows(list(rows(text)), name, site)
        case kind:
            raise AssertionError(kind)


def by_eui(moved: Moved) -> dict[str, Registration]:
    return {each.device.dev_eui: each for each in moved.registrations}
