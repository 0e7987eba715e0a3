"""The topics of ChirpStack's gateway side: `<prefix>/gateway/<EUI>/event/up` and its like; the prefix may be empty."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from gateway.model import Eui64
from gateway.sources.chirpstack_gateway.scalars import eui


class Kind(StrEnum):
    """What a gateway says, as its topic ends."""

    UP = "event/up"
    STATS = "event/stats"
    ACK = "event/ack"
    CONNECTION = "state/conn"


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics under one prefix."""

    prefix: str  # no slash at its end

    @property
    def root(self) -> str:
        """Return what stands before a gateway's EUI."""
        return f"{self.prefix}/gateway/" if self.prefix else "gateway/"

    def filters(self, gateways: Iterable[Eui64]) -> list[str]:
        """Return what to subscribe to: of each gateway that is named, else of all."""
        who: list[str] = [*sorted(gateways)] or ["+"]
        return [f"{self.root}{gateway}/{kind}" for gateway in who for kind in Kind]

    def read(self, topic: str) -> tuple[Eui64, Kind] | None:
        """Return who says what; None where the topic is none of ours."""
        if not topic.startswith(self.root):
            return None
        name, _, kind = topic.removeprefix(self.root).partition("/")
        gateway = eui(name)
        return (gateway, Kind(kind)) if gateway is not None and kind in tuple(Kind) else None

    def down(self, gateway: Eui64) -> str:
        """Return where a gateway takes downlinks."""
        return f"{self.root}{gateway}/command/down"
