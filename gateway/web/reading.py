"""A request's body: bounded in octets and in time, and JSON or nothing."""

from __future__ import annotations

import asyncio
import json
from typing import Final

from aiohttp import web

from gateway.model import Json
from gateway.web.refusal import Refusal

BODY_LIMIT_S: Final = 15.0  # for a body to come


async def read_json(request: web.BaseRequest, largest: int) -> Json:
    """Return the body, {} where there is none. Raises Refusal."""
    octets = await _octets(request, largest)
    if not octets:
        return {}
    if request.content_type != "application/json":
        raise Refusal(400, "Content-Type: application/json is expected", counted="wrong")
    try:
        return json.loads(octets, parse_constant=_no_constant, parse_int=_number)
    except (ValueError, RecursionError) as error:  # UnicodeDecodeError among them
        raise Refusal(400, f"the body is no JSON: {error}", counted="wrong") from error


async def _octets(request: web.BaseRequest, largest: int) -> bytes:
    if (request.content_length or 0) > largest:
        raise _too_large(largest)
    found = bytearray()
    try:
        async with asyncio.timeout(BODY_LIMIT_S):
            async for chunk in request.content.iter_any():
                found += chunk
                if len(found) > largest:
                    raise _too_large(largest)
    except TimeoutError as error:
        words = f"the body did not come within {BODY_LIMIT_S:g} s"
        raise Refusal(408, words, counted="slow", is_end=True) from error
    return bytes(found)


def _too_large(largest: int) -> Refusal:
    words = f"the body has more than {largest} octets"
    return Refusal(413, words, counted="too_large", is_end=True)


def _no_constant(name: str) -> Json:
    raise ValueError(f"{name} is no number of JSON")  # RFC 8259, section 6


def _number(digits: str) -> int:
    if len(digits) > 20:
        raise ValueError(f"a number of {len(digits)} digits")
    return int(digits)
