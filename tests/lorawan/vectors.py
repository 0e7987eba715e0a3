"""The vectors of tests/vectors/lorawan/: one JSON object a line, each with its source and licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from gateway.model import Key

FOLDER = Path(__file__).parent.parent / "vectors" / "lorawan"
ZERO_KEY = Key(bytes(16))


def lines(name: str, kind: str | None = None) -> list[dict[str, Any]]:
    """Return the lines of a file, or those of one kind."""
    read = [json.loads(line) for line in (FOLDER / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]
    return [line for line in read if kind is None or line["kind"] == kind]


def name_of(line: dict[str, Any]) -> str:
    """Return a test's name for a line."""
    first = line.get("phy") or line.get("clear") or line.get("command") or line.get("bytes") or ""
    return f"{line['kind']}-{str(first)[:24]}"


def key(line: dict[str, Any], name: str) -> Key:
    """Return a key of a line, zero where the line has none."""
    return Key.parse(line[name]) if line.get(name) else ZERO_KEY
