"""A GNSS receiver on a serial line: it says NMEA 0183 sentences, whole seconds of them, and hears nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import reduce
from operator import xor

from simulators.serial_modem.modems import SimulatedModem


@dataclass(frozen=True, slots=True, kw_only=True)
class Sky:
    """What a receiver measures, or would if it saw the sky."""

    latitude: float = 57.70887
    longitude: float = -11.97456
    height_m: float = 45.4  # above the sea
    geoid_m: float = 38.1
    hdop: float = 0.9
    satellites: int = 8
    talker: str = "GN"
    is_fix: bool = True
    mode: str = "A"  # of the RMC: "E" is estimated, "S" simulated
    quality: int = 1  # of the GGA


class GnssReceiver(SimulatedModem):
    """What is at the other end of a `Plug`: what it says is given to `Plug.say`."""

    baud = 9600

    def take(self, octets: bytes) -> bytes:  # noqa: ARG002 - whatever it is
        """Return nothing: it is told nothing."""
        return b""


def second(at: datetime, sky: Sky = Sky()) -> bytes:
    """Return what a receiver says of one second, in the order of u-blox: RMC, VTG, GGA, ZDA."""
    clock = f"{at:%H%M%S}.{at.microsecond // 10_000:02d}"
    place = f"{degrees(sky.latitude, 2)},{'NS'[sky.latitude < 0]},{degrees(sky.longitude, 3)},{'EW'[sky.longitude < 0]}"
    where = place if sky.is_fix else ",,,"
    day, status, mode = f"{at:%d%m%y}", "A" if sky.is_fix else "V", sky.mode if sky.is_fix else "N"
    quality, height = (sky.quality, f"{sky.height_m},M,{sky.geoid_m},M") if sky.is_fix else (0, ",M,,M")
    return b"".join(
        sentence(sky.talker + words)
        for words in (
            f"RMC,{clock},{status},{where},0.004,,{day},,,{mode}",
            "VTG,,T,,M,0.004,N,0.008,K,A",
            f"GGA,{clock},{where},{quality},{sky.satellites:02d},{sky.hdop},{height},,",
            f"ZDA,{clock},{at:%d,%m,%Y},00,00",
        )
    )


def sentence(words: str) -> bytes:
    """Return a sentence with its checksum and its end."""
    return f"${words}*{reduce(xor, words.encode()):02X}\r\n".encode()


def degrees(value: float, digits: int) -> str:
    """Return degrees and minutes, as NMEA writes them."""
    whole, minutes = divmod(round(abs(value) * 60, 5), 60)
    return f"{int(whole):0{digits}d}{minutes:08.5f}"
