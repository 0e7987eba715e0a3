"""What came and what was said to it, as a person reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

LONGEST: Final = 400  # characters of a body on show; all of it with --whole

Show = Callable[["Seen"], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One exchange."""

    asked: str  # "POST /v2/op/update", or "PUBLISH topic"
    kind: str  # of the body: a media type, "" where none is said
    body: bytes
    wire_octets: int  # of the body as it came, compressed perhaps
    is_taken: bool
    answer: str  # "204 No Content", "0x99 Payload format invalid"
    why: str = ""  # the platform's words
    is_question: bool = False  # what is asked first on this platform, and answered: neither taken nor refused

    def lines(self, *, whole: bool) -> list[str]:
        """Return what is printed of it."""
        size = f"{len(self.body)} octets"
        if self.wire_octets != len(self.body):
            size += f" ({self.wire_octets} on the wire)"
        sign = "✓" if self.is_taken else "?" if self.is_question else "✗"
        said = [f"{sign} {self.asked}  {self.kind}{', ' if self.kind else ''}{size}"]
        if self.body:
            said.append(f"    {_text(self.body, whole=whole)}")
        said.append(f"  → {self.answer}{': ' if self.why else ''}{_text(self.why.encode(), whole=whole)}")
        return said


def _text(body: bytes, *, whole: bool) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = body.hex(" ")
    text = "".join(one if one.isprintable() else " " for one in text)
    return text if whole or len(text) <= LONGEST else f"{text[:LONGEST]}…"
