"""The JavaScript engine alone: in this process, without limits, shims, pipes or readings. What is under every decode."""

from __future__ import annotations

import json
from typing import Any

from decoders.contract import Payload

CALL = "(function (text) { return JSON.stringify(decodeUplink(JSON.parse(text))); })"


def prepared(source: str) -> Any:
    """Return a function of a new context with ``source``: JSON text in, JSON text out."""
    import quickjs  # type: ignore[import-untyped, unused-ignore]  # has no types; 32-bit Arm may be without it

    context = quickjs.Context()
    context.eval(source)
    return context.eval(CALL)


def asked(payload: Payload) -> str:
    """Return the input of ``decodeUplink`` as JSON."""
    return json.dumps({"bytes": list(payload.data), "fPort": payload.f_port})
