"""A route: one line of the table that the server, its description and the tests go by."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from gateway.model import Json
from gateway.web.fields import Field
from gateway.web.roles import Role

PREFIX: Final = "/api/v1/"
LARGEST_BODY: Final = 1 << 16  # octets, where a route says nothing else: a downlink, a device's cells, a label

Ask = Callable[[Mapping[str, Json]], Mapping[str, Json]]
"""Make the desk's request of what a request says."""

Tell = Callable[[Json], Json]
"""Make what is answered of the desk's answer. Raises NotThere where it says that what was named is not there."""


class Special(StrEnum):
    """What answers a route that the desk does not."""

    LOG_IN = "log in"
    LOG_OUT = "log out"
    WHO = "who"
    LIVE = "live"
    DESCRIPTION = "description"
    METRICS = "metrics"


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One route; ``said`` and what is in ``body`` and ``query`` are JSON Schema's words for what goes in and out."""

    method: str
    path: str  # behind ``prefix``; {names} stand for one part each
    role: Role | None  # None: anybody
    brief: str
    said: Mapping[str, Json]
    ask: Ask | None = None
    special: Special | None = None
    tell: Tell | None = None
    query: tuple[Field, ...] = ()
    body: tuple[Field, ...] | None = None
    places: tuple[Field, ...] = ()  # of the path
    status: int = 200
    kind: str = "application/json"  # of what is answered
    file: str = ""  # what a browser is to call it, where it is a file
    largest_body: int = LARGEST_BODY
    prefix: str = PREFIX
    pattern: re.Pattern[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parts = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", re.escape(self.path).replace(r"\{", "{").replace(r"\}", "}"))
        object.__setattr__(self, "pattern", re.compile(f"{re.escape(self.prefix)}{parts}"))

    @property
    def name(self) -> str:
        """Return what tells it from others: method and path."""
        return f"{self.method} {self.path if self.prefix == PREFIX else self.prefix + self.path}"
