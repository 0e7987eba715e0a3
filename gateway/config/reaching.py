"""Where the agent of a configuration is reached: read from [gateway] alone, so that who may ask it need not see its secrets.

The agent itself goes on with what it read; a file that has become wrong since keeps nobody from asking it.
"""

from __future__ import annotations

from pathlib import Path

from gateway.config.fragments import read
from gateway.config.keys import GatewayKeys
from gateway.config.reading import read_section
from gateway.config.whole import control_socket


def reached(path: Path) -> Path | None:
    """Return the control socket; None where [gateway] is wrong, which `load` then says. Raises ConfigError for what is no TOML."""
    table = read(path, None).table.get("gateway", {})
    if not isinstance(table, dict):
        return None
    section, problems = read_section(GatewayKeys, table, "gateway", path.absolute().parent)
    keys = section.keys
    return None if problems or not isinstance(keys, GatewayKeys) else control_socket(keys)
