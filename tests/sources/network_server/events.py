"""Events of network servers as others write them, and the circumstances under which they are read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from gateway.model import Instant, TimeQuality
from gateway.sources.network_server.decode import Decode
from gateway.sources.network_server.reading import Circumstances

FILE = Path(__file__).parent.parent.parent / "vectors" / "network_servers" / "events.jsonl"
EVENTS: dict[str, Any] = {
    one["kind"]: one["json"] for one in map(json.loads, FILE.read_text(encoding="utf-8").splitlines())
}
CAME = Instant(datetime(2026, 11, 26, 12, 0, tzinfo=UTC), 1000.0, "boot", TimeQuality.NTP)
JUNK: list[Any] = [0, "", [], {}, None, True, 1e400, "x" * 9999, [[]], {"a": {}}]  # in the place of what is expected
ABOUT = Circumstances("campus", CAME, Decode.AUTO)


def event(kind: str, **changed: Any) -> dict[str, Any]:
    """Return an event of that kind, with other values; None takes a member out."""
    whole = {**EVENTS[kind], **changed}
    return {name: value for name, value in whole.items() if value is not None}


def octets(said: Any) -> bytes:
    return json.dumps(said).encode()
