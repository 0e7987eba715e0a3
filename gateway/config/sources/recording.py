"""`type = "recording"`: what was recorded elsewhere or earlier is heard again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, Field

from gateway.config.sources.keys import Site, SourceKeys
from gateway.config.values import File, Shown, Truth
from gateway.model import TimeQuality
from gateway.sources.settings import RecordingSettings

FASTEST: Final = "fastest"


class RecordingKeys(SourceKeys):
    """What was recorded is heard again: JSON lines, or what tcpdump or Wireshark captured (pcap, pcapng; needs `brygga[pcap]`)."""

    type: Annotated[Literal["recording"], Shown('"recording"')] = Field(description="what kind of source it is")
    file: File = Field(
        description="the recording, gzip'ed or not; what a line is, and how to make one, docs/sources/recording.md tells"
    )
    speed: Annotated[
        float | None,
        Field(gt=0, le=1_000_000, allow_inf_nan=False),
        BeforeValidator(lambda value: None if value == FASTEST else value),
        Shown('a number above 0, or "fastest"'),
    ] = Field(default=1.0, description="how many times faster than it was recorded; `fastest`: as fast as it is taken")
    repeat: Truth = Field(
        default=False,
        description="whether it begins again at its end; from the second time on the network refuses its uplinks as repeated",
    )
    time: Annotated[Literal["now", "recorded"], Shown('"now" or "recorded"')] = Field(
        default="now", description="when its frames count as heard: while they are played, or when they were recorded"
    )
    time_quality: Annotated[Literal["system", "ntp", "gps"] | None, Shown('"system", "ntp" or "gps"')] = Field(
        default=None,
        description='with `time = "recorded"`: how good the clock was that dated the recording, by your word; without it `system`. '
        "Where `clock.trust` asks for a better one, its uplinks are held back as undated",
    )
    port: Annotated[int, Field(ge=1, le=0xFFFF), Shown("a whole number from 1 to 65535")] = Field(
        default=1700, description="in a capture: the server's UDP port"
    )

    def problems(self) -> Iterator[tuple[str, str]]:
        """Yield what contradicts itself."""
        if self.repeat and self.speed is None:
            yield "repeat", 'with speed = "fastest" it would take a processor for ever; speed = 100 is fast, too'
        if self.time_quality is not None and self.time == "now":
            yield "time_quality", 'tells of recorded times, and time is "now"; time = "recorded" takes them'

    def warnings_at(self, site: Site) -> Iterator[tuple[str, str]]:
        """Yield that its dates will not be believed, where that is so."""
        vouched = self.settings().recorded_time
        if vouched is not None and vouched < site.trust:
            yield (
                "time_quality",
                (
                    f"{vouched.name.lower()} is less than clock.trust asks for ({site.trust.name.lower()}): its uplinks are held back as "
                    "undated; vouch for the clock that recorded, or leave time out"
                ),
            )

    def settings(self) -> RecordingSettings:
        """Return what the source is made of."""
        return RecordingSettings(
            name=self.name,
            file=self.file,
            speed=self.speed,
            repeat=self.repeat,
            recorded_time=None if self.time == "now" else TimeQuality[(self.time_quality or "system").upper()],
            port=self.port,
        )
