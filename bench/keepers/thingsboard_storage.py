"""ThingsBoard Gateway's SQLite storage as a keeper (`bench.keepers.Program`); run by a Python that has thingsboard-gateway.

Its class alone, with its own defaults: a message is accepted when put() has returned True, which is what its connectors go by.
What is there is counted in its database files, which is the most that it could give back.
"""

from __future__ import annotations

import json
import logging
import signal
import sqlite3
import sys
import time
from pathlib import Path
from threading import Event
from typing import Final

OCTETS: Final = 400  # of a message


def keep(folder: Path, messages: int, per_s: int) -> None:
    """Put messages until all are offered, then wait for SIGTERM and stop."""
    from thingsboard_gateway.storage.sqlite.sqlite_event_storage import SQLiteEventStorage  # type: ignore[import-not-found]

    logger = logging.getLogger("storage")
    logger.setLevel(logging.CRITICAL)
    logger.trace = logger.debug  # type: ignore[attr-defined]  # its own logger has that level
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    storage = SQLiteEventStorage({"data_file_path": f"{folder}/"}, logger, Event())
    began = time.monotonic()
    for number in range(1, messages + 1):
        if per_s:
            stopping.wait(max(0.0, began + number / per_s - time.monotonic()))
        if stopping.is_set():
            break
        if storage.put(_message(number)):
            _say(str(number))
    _say("through")
    stopping.wait()  # for as long as whoever started it likes
    storage.stop()


def present(folder: Path) -> None:
    """Say which messages are in its files."""
    for path in sorted(folder.glob("*.db")):
        with sqlite3.connect(path) as connection:
            if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'messages'").fetchone():
                continue  # it was ended before it had made its table
            for (message,) in connection.execute("SELECT message FROM messages"):
                _say(str(json.loads(message)["number"]))


def _message(number: int) -> str:
    said = {"number": number, "deviceName": "peers", "telemetry": [{"ts": 0, "values": {}}], "filler": ""}
    said["filler"] = "x" * (OCTETS - len(json.dumps(said)))
    return json.dumps(said)


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    what, where, *rest = sys.argv[1:]
    if what == "keep":
        keep(Path(where), *map(int, rest))
    else:
        present(Path(where))
