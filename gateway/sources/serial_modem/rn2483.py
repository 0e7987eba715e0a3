"""Microchip RN2483 and RN2903, also in the LoStik: lines at 57600 baud (Command Reference DS40001784G).

sys get ver                 RN2483 1.0.5 Oct 31 2018 15:06:52
sys reset                   the same, when it has begun anew
mac pause                   4294967245        milliseconds that LoRaWAN's own stack keeps quiet
radio set NAME VALUE        ok
radio rx 0                  ok, and then, once:
    radio_rx  40DA1B01…     a frame; then it is deaf until the next `radio rx 0`
    radio_err               one whose CRC failed, or the watchdog
radio get snr               9                 of the last frame
radio get rssi              -57               from firmware 1.0.5 on
anything                    invalid_param, busy
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from gateway.sources.serial_modem.driver import (
    IDENTITY_S,
    LONGEST_LINE,
    PREAMBLE,
    SYNC_WORD,
    Answer,
    Bad,
    BadReason,
    Channel,
    Event,
    Exchange,
    Packet,
    Said,
    payload_of,
)
from gateway.sources.serial_port.lines import Lines

VERSION: Final = re.compile(rb"(RN2\d{3}A? \d+\.\d+\.\d+)\b.*")
FRAME: Final = re.compile(rb"radio_rx +(\S*)")
OK: Final = re.compile(rb"ok")
NUMBER: Final = re.compile(rb"-?\d+")
RESET_S: Final = 3.0  # it answers a reset within half a second
NOISE_DBM: Final = -117.0  # of 125 kHz at room temperature with the radio's own 6 dB: SX1276 data sheet, section 5.5.5


def _ask(text: str, wanted: re.Pattern[bytes], *, limit_s: float = 1.0, optional: bool = False) -> Exchange:
    return Exchange(send=f"{text}\r\n".encode(), wanted=wanted, limit_s=limit_s, optional=optional)


LISTEN: Final = _ask("radio rx 0", re.compile(rb"ok|busy"))  # busy: it listens already
MEASURE: Final = (_ask("radio get snr", NUMBER, optional=True), _ask("radio get rssi", NUMBER, optional=True))


class Rn2483:
    """A `Driver`."""

    family = "rn2483"
    makes = "Microchip RN2483 or RN2903 (LoStik)"
    baud = 57600
    refusal = re.compile(rb"invalid_param|err")
    busy = re.compile(rb"busy")
    wake: Sequence[Exchange] = ()
    identity = _ask("sys get ver", VERSION, limit_s=IDENTITY_S)
    caveats: Sequence[str] = ()

    def __init__(self) -> None:
        self._lines = Lines(LONGEST_LINE)

    def take(self, octets: bytes) -> Iterator[Said]:
        """Yield what its lines say; a version that nobody asked for is told as an answer, and `RESTARTED`."""
        for line in self._lines.take(octets):
            yield from self._said(line)

    def firmware(self, answer: bytes) -> str:
        """Return "RN2483 1.0.5"."""
        found = VERSION.fullmatch(answer)
        return "" if found is None else found[1].decode("ascii")

    def settings(self, channel: Channel) -> Sequence[Exchange]:
        """Begin with a reset: older firmware cannot be told to stop receiving."""
        rate = channel.data_rate
        values = {
            "mod": "lora",
            "freq": channel.frequency_hz,
            "sf": f"sf{rate.spreading_factor}",
            "bw": rate.bandwidth_hz // 1000,
            "cr": "4/5",
            "prlen": PREAMBLE,
            "crc": "on",
            "iqi": "off",
            "sync": f"{SYNC_WORD:02x}",
            "wdt": 0,
        }
        return (
            _ask("sys reset", VERSION, limit_s=RESET_S),
            _ask("mac pause", re.compile(rb"[1-9]\d*")),
            *(_ask(f"radio set {name} {value}", OK) for name, value in values.items()),
            LISTEN,
        )

    def check(self) -> Exchange:
        """Have it listen: it says whether it did."""
        return LISTEN

    def was_idle(self, answer: bytes) -> bool:
        """Tell whether it had stopped to receive."""
        return answer == b"ok"

    def after(self, said: Packet | Event) -> Sequence[Exchange]:
        """Measure first: the next frame would overwrite the last one's strength."""
        return (*MEASURE, LISTEN) if isinstance(said, Packet) else (LISTEN,)

    def measured(self, packet: Packet, answers: Sequence[bytes | None]) -> Packet:
        """Return the packet with its strength; firmware before 1.0.5 tells no RSSI, and it is reckoned from the SNR."""
        snr, rssi = (None if one is None else float(one) for one in answers[: len(MEASURE)])
        if rssi is None and snr is not None:
            rssi = NOISE_DBM + snr
        return replace(packet, snr_db=snr, rssi_dbm=rssi)

    def _said(self, line: bytes | None) -> Iterator[Said]:
        if line is None:
            yield Bad(BadReason.OVERLONG)
        elif line == b"radio_err":
            yield Event.RADIO_ERROR
        elif (frame := FRAME.fullmatch(line)) is not None:
            payload = payload_of(frame[1])
            yield payload if isinstance(payload, Bad) else Packet(payload)
        else:
            yield Answer(line)
            if VERSION.fullmatch(line) is not None:
                yield Event.RESTARTED
