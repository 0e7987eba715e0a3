"""`type = "gnss"`: a GNSS receiver on a serial port, for the place and the time of this box."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from gateway.config.sources.keys import SourceKeys
from gateway.config.sources.serial_port import PORT_WORDS, Baud, SerialPort
from gateway.config.values import Shown
from gateway.sources.settings import GnssSettings


class GnssKeys(SourceKeys):
    """A GNSS (GPS, Galileo, GLONASS, BeiDou) receiver on a serial port or USB that speaks NMEA 0183: place and time of this box."""

    type: Annotated[Literal["gnss"], Shown('"gnss"')] = Field(description="what kind of source it is")
    port: SerialPort = Field(description=PORT_WORDS)
    baud: Baud = Field(default=None, description="the line's speed; without it those that receivers have are tried")

    def settings(self) -> GnssSettings:
        """Return what the source is made of."""
        return GnssSettings(name=self.name, port=self.port, baud=self.baud)
