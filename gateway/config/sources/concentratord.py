"""`type = "concentratord"`: ChirpStack Concentratord, over its two ZeroMQ sockets."""

from __future__ import annotations

import re
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.keys import SourceKeys
from gateway.config.values import Decibels, Shown
from gateway.sources.settings import ConcentratordSettings

PATH_LIMIT = 107  # octets, unix(7)


def _endpoint(text: str) -> str:
    found = re.fullmatch(r"tcp://(?:\[[0-9A-Fa-f:.]+\]|[0-9A-Za-z.-]+):([0-9]{1,5})", text)
    if found is not None and 0 < int(found[1]) <= 0xFFFF:
        return text
    path = text.removeprefix("ipc://")
    if path == text or not path.startswith("/") or "\0" in path:
        raise ValueError(f"{text!r} is none of ipc:///tmp/concentratord_event, tcp://127.0.0.1:3000 and their like")
    if len(path.encode()) > PATH_LIMIT:
        raise ValueError(f"{text!r}: a socket's path has at most {PATH_LIMIT} octets")
    return text


ZmqUrl = Annotated[str, AfterValidator(_endpoint), Shown("a ZeroMQ address with ipc:// or tcp://")]


class ConcentratordKeys(SourceKeys):
    """ChirpStack Concentratord on this machine, or on one that is reached by TCP (needs `brygga[chirpstack]`)."""

    can_be_relayed: ClassVar[bool] = True

    type: Annotated[Literal["concentratord"], Shown('"concentratord"')] = Field(description="what kind of source it is")
    event_url: ZmqUrl = Field(
        default="ipc:///tmp/concentratord_event",
        description="where it says what it hears, `event_bind` in `concentratord.toml`",
    )
    command_url: ZmqUrl = Field(
        default="ipc:///tmp/concentratord_command", description="where it is told what to send, `command_bind`"
    )
    antenna_gain_dbi: Decibels = Field(
        default=0.0,
        description="of the antenna, the cable's loss taken off, where `antenna_gain` in `concentratord.toml` does not say it already",
    )

    def settings(self) -> ConcentratordSettings:
        """Return what the source is made of."""
        return ConcentratordSettings(
            name=self.name,
            event_url=self.event_url,
            command_url=self.command_url,
            antenna_gain_dbi=self.antenna_gain_dbi,
        )
