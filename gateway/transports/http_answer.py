"""An HTTP response as an Answer: the status decides, the words are for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Final

import aiohttp

from gateway.model import Answer, Clock, Verdict

CHUNK_OCTETS: Final = 16 << 10
EXCERPT: Final = 200  # characters of an answer's body that are shown to people

# What is wrong with the message stays wrong however often it is sent (RFC 9110, section 15.5). Every other status
# may be about the moment, the credential or the address, which a person can put right: later.
REFUSALS: Final = frozenset({400, 406, 409, 410, 411, 413, 414, 415, 417, 422, 431})

ADVICE: Final = {
    401: "the platform does not know this credential, or it has run out",
    403: "the platform knows this credential and does not let it do that",
    404: "the platform has nothing at that address: check the URL and its path",
    405: "the address exists and does not take this method: check the URL and its path",
    429: "the platform finds that too much comes at once",
}


async def read_answer(
    response: aiohttp.ClientResponse, limit_octets: int, clock: Clock, hide: Callable[[bytes], bytes]
) -> Answer:
    """Read the body up to ``limit_octets`` and judge by the status; ``hide`` takes out of it what nobody is to see.

    A success whose body breaks off is UNCLEAR: what the platform says of single entities stands in the body.
    """
    body = bytearray()
    trouble = await _read(response, body, limit_octets)
    judged = verdict(response.status)
    if trouble and judged is Verdict.TAKEN:
        return Answer(verdict=Verdict.UNCLEAR, status=0, detail=f"{_named(response)}, and then {trouble}")
    seen = hide(bytes(body[:limit_octets]))  # before words are made of it: platforms' errors repeat paths with tokens
    to = hide(response.headers.get("Location", "nowhere").encode("utf-8", "replace")).decode()
    return Answer(
        verdict=judged,
        status=response.status,
        detail=_detail(response, judged, seen, to, cut=len(body) > limit_octets),
        body=seen,
        headers=response.headers,
        retry_after=retry_after(response.headers, clock),
    )


def verdict(status: int) -> Verdict:
    """Return what a status means to whoever does not know the platform."""
    if 200 <= status < 300:
        return Verdict.TAKEN
    return Verdict.REFUSED if status in REFUSALS else Verdict.LATER


def retry_after(headers: Mapping[str, str], clock: Clock) -> timedelta | None:
    """Return how long the platform asks to be left alone (RFC 9110, section 10.2.3); None when it does not say.

    A date is measured against the platform's own Date where it sent one: our clock may be wrong.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 86400))
    until = _date(text)
    if until is None:
        return None
    now = _date(headers.get("Date", "")) or clock().utc
    return min(max(until - now, timedelta()), timedelta(days=1))


async def _read(response: aiohttp.ClientResponse, body: bytearray, limit_octets: int) -> str:
    """Fill ``body`` up to an octet more than the limit; return what went wrong in words, or ""."""
    try:
        while len(body) <= limit_octets and (octets := await response.content.read(CHUNK_OCTETS)):
            body += octets
    except TimeoutError:
        return "the body did not come in time"
    except (aiohttp.ClientError, OSError):
        return "the body broke off"
    return ""


def _date(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _named(response: aiohttp.ClientResponse) -> str:
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        phrase = response.reason or ""
    return f"{response.status} {phrase}".rstrip()


def _detail(response: aiohttp.ClientResponse, judged: Verdict, body: bytes, to: str, *, cut: bool) -> str:
    words = [_named(response)]
    if 300 <= response.status < 400:
        words.append(f"the platform points to {to!r}: set the URL to that")
    elif response.status in ADVICE:
        words.append(ADVICE[response.status])
    if judged is not Verdict.TAKEN and (excerpt := _excerpt(body)):
        words.append(excerpt)
    if cut:
        words.append(f"(only the first {len(body)} octets of its answer were read)")
    return ": ".join(words)


def _excerpt(body: bytes) -> str:
    """Return the beginning of a text, on one line; "" for what is no text."""
    try:
        text = body[: 4 * EXCERPT].decode("utf-8", errors="strict" if len(body) <= 4 * EXCERPT else "ignore")
    except UnicodeDecodeError:
        return ""
    plain = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return plain if len(plain) <= EXCERPT else f"{plain[:EXCERPT]}…"
