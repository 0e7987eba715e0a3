"""`type = "serial_modem"`: a LoRa modem on a serial port, that hears one channel at one data rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from gateway.config.sources.keys import SourceKeys
from gateway.config.sources.serial_port import PORT_WORDS, Baud, SerialPort
from gateway.config.values import Shown
from gateway.model import Eui64, eui64
from gateway.sources.settings import SerialModemSettings

FOR_DEVICES: Final = (
    "devices must be ABP, set to this channel and data rate, without ADR; none can join through it (OTAA)"
)
LOWEST_HZ: Final = 137_000_000  # of the radios in these modems (SX127x, SX126x)
HIGHEST_HZ: Final = 1_020_000_000


def _frequency(value: int) -> int:
    if not LOWEST_HZ <= value <= HIGHEST_HZ:
        guess = next((value * factor for factor in (10**6, 10**3) if LOWEST_HZ <= value * factor <= HIGHEST_HZ), None)
        right = f"{guess or 868_100_000:_} is" + (" the same in hertz" if guess else " one")
        raise ValueError(f"{value} Hz is no frequency of these modems; {right}")
    return value


def _eui(text: str | None) -> str | None:
    return None if text is None else eui64(text)


class SerialModemKeys(SourceKeys):
    """A LoRa modem on a serial port or USB: it hears one channel at one data rate, and cannot answer."""

    type: Annotated[Literal["serial_modem"], Shown('"serial_modem"')] = Field(description="what kind of source it is")
    port: SerialPort = Field(description=PORT_WORDS)
    frequency_hz: Annotated[int, AfterValidator(_frequency), Shown("a frequency in hertz")] = Field(
        description="the one channel that it hears, such as `868_100_000`; devices must be set to it"
    )
    spreading_factor: Annotated[int, Field(ge=7, le=12), Shown("a whole number from 7 to 12")] = Field(
        description="the one data rate that it hears: `7` is EU868's DR5 (short range, quick), `12` its DR0; devices must be set to it"
    )
    bandwidth_hz: Annotated[Literal[125_000, 250_000, 500_000], Shown("125000, 250000 or 500000")] = Field(
        default=125_000, description="the bandwidth of that data rate"
    )
    modem: Annotated[
        Literal["auto", "rn2483", "wio_e5", "rak3172", "wimod"],
        Shown('"auto", "rn2483", "wio_e5", "rak3172" or "wimod"'),
    ] = Field(
        default="auto",
        description="which modem it is: RN2483, RN2903 and LoStik; Wio-E5 and LoRa-E5; RAK3172 with RUI3; WiMOD with LR Base; `auto` tries "
        "each, and `brygga status` says which answered",
    )
    baud: Baud = Field(default=None, description="the line's speed, where it is not what the modem has by itself")
    gateway: Annotated[str | None, AfterValidator(_eui), Shown("a text of 16 hex digits")] = Field(
        default=None,
        description="the EUI that stands for this modem in what is delivered; without it one is made of this machine and the source's name",
    )

    def warnings(self) -> Iterator[tuple[str, str]]:
        """Yield what a single channel means for the devices."""
        heard = f"{self.frequency_hz / 1e6:.6g} MHz at SF{self.spreading_factor}BW{self.bandwidth_hz // 1000}"
        yield "spreading_factor", f"this modem hears {heard} only, and cannot answer: {FOR_DEVICES}"

    def settings(self) -> SerialModemSettings:
        """Return what the source is made of."""
        return SerialModemSettings(
            name=self.name,
            port=self.port,
            modem=self.modem,
            baud=self.baud,
            frequency_hz=self.frequency_hz,
            spreading_factor=self.spreading_factor,
            bandwidth_hz=self.bandwidth_hz,
            gateway=None if self.gateway is None else Eui64(self.gateway),
        )
