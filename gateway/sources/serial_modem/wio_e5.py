"""Seeed Wio-E5 (LoRa-E5, Grove LoRa-E5) with its AT firmware, in TEST mode: lines at 9600 baud (LoRa-E5 AT Command Specification).

    AT+VER                              +VER: 4.0.11
    AT+TEST=STOP                        +TEST: STOP
    AT+MODE=TEST                        +MODE: TEST
    AT+TEST=RFCFG,868.1,SF7,125,8,8,14,ON,OFF,ON      frequency, SF, bandwidth, preambles, power, CRC, IQ, public network
                                        +TEST: RFCFG F:868100000, SF7, BW125K, TXPR:8, RXPR:8, POW:14dBm, CRC:ON, IQ:OFF, NET:ON
    AT+TEST=RXLRPKT                     +TEST: RXLRPKT, and then, for each frame:
        +TEST: LEN:33, RSSI:-57, SNR:9
        +TEST: RX "40DA1B01…"
    anything                            +TEST: ERROR(-1)

While it receives it answers no plain AT. It is asked to receive again instead, which it answers and which costs at most the
frame that is on the air.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.sources.serial_modem.driver import (
    IDENTITY_S,
    LONGEST_LINE,
    PREAMBLE,
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

VERSION: Final = re.compile(rb"\+VER: *(\S.*)")
SIGNAL: Final = re.compile(rb"\+TEST: *LEN: *(\d{1,3}), *RSSI: *(-?\d{1,3}), *SNR: *(-?\d{1,3})")
FRAME: Final = re.compile(rb'\+TEST: *RX *"([^"]*)"')
FRAME_BEGUN: Final = re.compile(rb"\+TEST: *RX\b.*")


def _ask(text: str, wanted: str, *, optional: bool = False, limit_s: float = 1.0) -> Exchange:
    return Exchange(send=f"{text}\r\n".encode(), wanted=re.compile(wanted.encode()), optional=optional, limit_s=limit_s)


STOP: Final = _ask("AT+TEST=STOP", r"\+TEST: *STOP", optional=True, limit_s=0.4)
LISTEN: Final = _ask("AT+TEST=RXLRPKT", r"\+TEST: *RXLRPKT")


class WioE5:
    """A `Driver`."""

    family = "wio_e5"
    makes = "Seeed Wio-E5 (LoRa-E5)"
    baud = 9600
    refusal = re.compile(rb"\+[A-Z]+: *ERROR\(-?\d+\).*")
    busy = re.compile(rb"\+[A-Z]+: *(?:LoRaWAN modem is )?busy")
    wake: Sequence[Exchange] = (STOP,)
    identity = Exchange(send=b"AT+VER\r\n", wanted=VERSION, limit_s=IDENTITY_S)
    caveats: Sequence[str] = ()

    def __init__(self) -> None:
        self._lines = Lines(LONGEST_LINE)
        self._signal: tuple[int, float, float] | None = None  # length, RSSI, SNR of the frame that is to follow

    def take(self, octets: bytes) -> Iterator[Said]:
        """Yield what its lines say; the two of one frame make a packet."""
        for line in self._lines.take(octets):
            said = self._said(line)
            if said is not None:
                yield said

    def firmware(self, answer: bytes) -> str:
        """Return "Wio-E5 4.0.11"."""
        found = VERSION.fullmatch(answer)
        return "" if found is None else f"Wio-E5 {found[1].decode('ascii', 'replace')}"

    def settings(self, channel: Channel) -> Sequence[Exchange]:
        """Have what it takes said back: firmware of other makers knows the command, and not all of its parts."""
        rate, bandwidth = channel.data_rate, channel.data_rate.bandwidth_hz // 1000
        frequency = f"{channel.frequency_hz / 1e6:.6f}".rstrip("0").rstrip(".")
        return (
            STOP,
            _ask("AT+MODE=TEST", r"\+MODE: *TEST"),
            _ask(
                f"AT+TEST=RFCFG,{frequency},SF{rate.spreading_factor},{bandwidth},{PREAMBLE},{PREAMBLE},14,ON,OFF,ON",
                rf"\+TEST: *RFCFG F:{channel.frequency_hz}, SF{rate.spreading_factor}, BW{bandwidth}K, "
                rf".*RXPR:{PREAMBLE}, .*CRC:ON, IQ:OFF, NET:ON",
            ),
            LISTEN,
        )

    def check(self) -> Exchange:
        """Have it listen."""
        return LISTEN

    def was_idle(self, answer: bytes) -> bool:  # noqa: ARG002 - it does not say
        """Tell whether it had stopped to receive: it does not say, and one that was restarted refuses."""
        return False

    def after(self, said: Packet | Event) -> Sequence[Exchange]:  # noqa: ARG002 - the same after each
        """Return nothing: it goes on receiving."""
        return ()

    def measured(self, packet: Packet, answers: Sequence[bytes | None]) -> Packet:  # noqa: ARG002 - nothing was asked
        """Return the packet: it came with its strength."""
        return packet

    def _said(self, line: bytes | None) -> Said | None:
        if line is None:
            self._signal = None
            return Bad(BadReason.OVERLONG)
        if (signal := SIGNAL.fullmatch(line)) is not None:
            lost = self._signal is not None
            self._signal = int(signal[1]), float(signal[2]), float(signal[3])
            return Bad(BadReason.LENGTH) if lost else None
        if FRAME_BEGUN.fullmatch(line) is not None:
            return self._packet(FRAME.fullmatch(line))
        return Answer(line)

    def _packet(self, frame: re.Match[bytes] | None) -> Packet | Bad:
        signal, self._signal = self._signal, None
        if frame is None:  # its closing quote is missing
            return Bad(BadReason.LENGTH)
        payload = payload_of(frame[1])
        if isinstance(payload, Bad):
            return payload
        if signal is None:
            return Bad(BadReason.SIGNAL)
        length, rssi_dbm, snr_db = signal
        return Packet(payload, rssi_dbm, snr_db) if length == len(payload) else Bad(BadReason.LENGTH)
