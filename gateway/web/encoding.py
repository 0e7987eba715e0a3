"""Answers become JSON in turns: five thousand devices at once would keep the radio waiting."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from gateway.model import Json

AT_ONCE: Final = 500  # items of a list, before others have their turn: 1 ms here, some 5 on a small box


async def encoded(answer: Json) -> bytes:
    """Return an answer as JSON; of a table's long lists, and of one that is the answer, part by part."""
    if isinstance(answer, dict):
        parts = [f"{dumped(str(name))}:{await _text(value)}" for name, value in answer.items()]
        return octets(f"{{{','.join(parts)}}}")
    return octets(await _text(answer))


async def _text(value: Json) -> str:
    if not isinstance(value, list) or len(value) <= AT_ONCE:
        return dumped(value)
    parts = []
    for start in range(0, len(value), AT_ONCE):
        parts.append(dumped(value[start : start + AT_ONCE])[1:-1])
        await asyncio.sleep(0)
    return f"[{','.join(parts)}]"


def dumped(value: Json) -> str:
    """Return JSON without blanks; what has no form in it as its text."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def octets(text: str) -> bytes:
    """Return what is sent; half of a surrogate pair, which a device may have for its name, as a question mark."""
    return text.encode("utf-8", "replace")
