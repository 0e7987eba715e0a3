"""What is said of a type of source to whoever stands beside the gateway: a table for each type."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a reason of `dropped` means, and what to do about it ("" where nothing is)."""

    words: str
    deed: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWords:
    """A type of source in words.

    In ``checks`` a key of the source's configuration may stand in braces, and {listening} where it is or would be heard.
    """

    what: str  # what brings frames: "packet forwarders over UDP"
    where: str  # before the place where it is heard: "listens on"
    signs: tuple[str, ...]  # `counts` that show that somebody is there, though no frame came
    checks: tuple[str, ...]  # what to look at where nothing arrives, the likeliest first
    dropped: Mapping[str, Meaning]
    answers: bool = False  # whether that it `listens` means that somebody at the other end has answered
    left: str = "what came now was counted, and nothing of it is kept"  # what a watch without an agent does to it
    page: str  # of docs/sources/
