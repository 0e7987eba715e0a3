"""Devices as a CSV file: what an installer imports, and what an export gives back.

A column that is left out keeps what a known device has. An empty cell clears a name, a decoder, a place and the
like; keys, counters and kinds are never cleared by one, so that an export without keys can be imported again.

The columns are options of a command; what reads and writes brings the journal's values, and is imported when it is named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.devices_file.columns import COLUMNS

if TYPE_CHECKING:
    from gateway.devices_file.reading import read_cells, read_csv
    from gateway.devices_file.writing import write_csv, write_csv_with_keys

__all__ = ["COLUMNS", "read_cells", "read_csv", "write_csv", "write_csv_with_keys"]


def __getattr__(name: str) -> object:
    """Return a function that reads or writes (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gateway.devices_file import reading, writing

    return getattr(reading if name.startswith("read") else writing, name)
