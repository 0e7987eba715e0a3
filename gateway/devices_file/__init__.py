"""Devices as a CSV file: what an installer imports, and what an export gives back.

A column that is left out keeps what a known device has. An empty cell clears a name, a decoder, a place and the
like; keys, counters and kinds are never cleared by one, so that an export without keys can be imported again.
"""

from gateway.devices_file.columns import COLUMNS
from gateway.devices_file.reading import read_cells, read_csv
from gateway.devices_file.writing import write_csv, write_csv_with_keys

__all__ = ["COLUMNS", "read_cells", "read_csv", "write_csv", "write_csv_with_keys"]
