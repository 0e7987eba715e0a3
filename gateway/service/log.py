"""The agent's log: lines for people, JSON for programs, or journald's own protocol where standard error is its stream."""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Final

from gateway.service.fields import about
from gateway.service.journald import SOCKET, JournaldHandler

FORMATS: Final = ("text", "json", "journald")
LEVELS: Final = ("debug", "info", "warning", "error")


class Json(logging.Formatter):
    """One object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record with its time in UTC, what it is about, and the trace if it has one."""
        told: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **about(record),
        }
        if record.exc_info:
            told["trace"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False)


def begin(shape: str | None, level: str) -> str:
    """Log to standard error from now on as ``shape`` says, one of `FORMATS`; None finds out which. Return which one it is."""
    shape = shape or ("journald" if is_journald(os.environ, _stderr()) else "text")
    logging.basicConfig(level=level.upper(), handlers=[_handler(shape)], force=True)
    return shape


def warn(lines: Iterable[str]) -> None:
    """Log what works and is unwise in a configuration."""
    for line in lines:
        logging.getLogger("gateway.config").warning("%s", line)


def _handler(shape: str) -> logging.Handler:
    if shape == "journald":
        return JournaldHandler(SOCKET)
    handler = logging.StreamHandler()
    handler.setFormatter(Json() if shape == "json" else logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    return handler


def _stderr() -> int | None:
    try:
        return sys.stderr.fileno()
    except (AttributeError, OSError, ValueError):  # closed before the program began, or replaced by what is no file
        return None


def is_journald(environment: Mapping[str, str], descriptor: int | None) -> bool:
    """Tell whether a descriptor is the stream that systemd has connected with journald (systemd.exec(5), JOURNAL_STREAM)."""
    told = environment.get("JOURNAL_STREAM")
    if told is None or descriptor is None:
        return False
    found = os.fstat(descriptor)
    return told == f"{found.st_dev}:{found.st_ino}"
