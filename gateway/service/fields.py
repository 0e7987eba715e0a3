"""What a log record is about: a source, a destination, a device. Pure but for the name of the task that logs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Final

FIELDS: Final = ("source", "destination", "dev_eui")  # of a record's ``extra``
TASKS: Final = {  # how the agent names the tasks of one source or destination
    "source ": "source",
    "telling ": "destination",
    "commanding ": "destination",
    "commands of ": "destination",
    "states for ": "destination",
    "leaving ": "destination",
}


def about(record: logging.LogRecord) -> Mapping[str, str]:
    """Return what a record says that it is about, and else the source or the destination in whose task it was made."""
    told = {name: str(value) for name in FIELDS if (value := getattr(record, name, None)) is not None}
    return _of_task() | told


def _of_task() -> dict[str, str]:
    try:
        task = asyncio.current_task()
    except RuntimeError:  # another thread
        return {}
    name = "" if task is None else task.get_name()
    return {field: name.removeprefix(start) for start, field in TASKS.items() if name.startswith(start)}
