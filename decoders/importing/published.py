"""What a tree publishes: a model's codec and the examples that prove it, whatever form they were written in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """Which function of a codec an example is for; the words of TS013's examples."""

    UPLINK = "uplink"
    ENCODE = "downlink-encode"
    DECODE = "downlink-decode"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One input of a codec and the output that its publisher states."""

    kind: Kind
    name: str
    place: str  # the file that it stands in
    data: bytes = b""  # what is decoded
    command: Any = None  # what is encoded
    f_port: int | None = None  # None: not said
    received_at: datetime | None = None
    expected: Any = None  # the decoded data, or the encoded octets; None: not said
    expected_port: int | None = None
    fails: bool = False  # errors are expected
    warnings: tuple[str, ...] | None = None  # None: not said
    partial: bool = False  # whether fields that ``expected`` does not mention may be there
    normalised: Any = None  # the output of normalizeUplink; None: not said


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A model as somebody publishes it; all paths are relative to the tree."""

    vendor: str
    model: str
    form: str  # of which tree, in words for people
    file: str
    encoder: str | None = None  # where the encoder is a file of its own
    description: str = ""
    source: str = ""  # a page about the product or its format
    licence: str = ""  # an SPDX identifier; "" where nobody says
    sensors: tuple[str, ...] = ()
    examples: tuple[Example, ...] = ()
    notes: tuple[str, ...] = ()  # what of it could not be read, one line each

    @property
    def name(self) -> str:
        """Return "vendor/model"."""
        return f"{self.vendor}/{self.model}"


Plain = Mapping[str, Any]
