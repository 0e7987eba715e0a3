"""RAKwireless RAK3172 and its relatives with RUI3, in LoRa P2P mode: lines at 115200 baud (RUI3 AT Command Manual).

    AT+VER=?            AT+VER=RUI_4.0.6_RAK3172-E, then OK
    AT+PRECV=0          OK                          receives no more: only then does it take settings
    AT+NWM=0            OK; where it was in LoRaWAN mode it begins anew instead, and says: Current Work Mode: LoRa P2P.
    AT+PFREQ=868100000  OK                          and PSF, PBW, PCR (0 is 4/5), PPL
    AT+SYNCWORD=3444    OK                          0x34 as the SX126x has it
    AT+IQINVER=0        OK
    AT+PRECV=65534      OK, and from then on:       AT_BUSY_ERROR where it receives already
        +EVT:RXP2P:-28:5:40DA1B01…                  RSSI, SNR, frame
        +EVT:RXP2P, RSSI -28, SNR 5                 older RUI3, and then
        +EVT:40DA1B01…
        +EVT:RXP2P RECEIVE ERROR                    a frame whose CRC failed
    anything            AT_ERROR, AT_PARAM_ERROR, AT_BUSY_ERROR, AT_COMMAND_NOT_FOUND

The line says no length: one that lost digits is a shorter frame, which the MIC refuses.
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

VERSION: Final = re.compile(rb"(?:AT\+VER=)?((?:RUI_|V?\d+\.)\S*)")
FRAME: Final = re.compile(rb"\+EVT:RXP2P:(-?\d{1,3}):(-?\d{1,3}):(\S*)")
SIGNAL: Final = re.compile(rb"\+EVT:RXP2P, *RSSI *(-?\d{1,3}), *SNR *(-?\d{1,3})")
FRAME_ALONE: Final = re.compile(rb"\+EVT:([0-9A-Fa-f]+)")
RADIO_ERROR: Final = re.compile(rb"\+EVT:RXP2P RECEIVE ERROR")
TIMEOUT: Final = re.compile(rb"\+EVT:RXP2P RECEIVE TIMEOUT")
EVENT: Final = re.compile(rb"\+EVT:.*")
MODE: Final = re.compile(rb"Current Work Mode: .*")
OK: Final = re.compile(rb"OK")
RESTART_S: Final = 5.0  # from one mode to the other
SYNC_WORD_SX126X: Final = "3444"  # 0x34 with the nibbles where the SX126x has them (its data sheet, section 12.1)


def _ask(
    text: str, wanted: re.Pattern[bytes] = OK, *, limit_s: float = 1.0, optional: bool = False, ends: bool = False
) -> Exchange:
    return Exchange(
        send=f"{text}\r\n".encode(), wanted=wanted, then=OK if ends else None, limit_s=limit_s, optional=optional
    )


LISTEN: Final = _ask("AT+PRECV=65534", re.compile(rb"OK|AT_BUSY_ERROR"))  # busy: it listens already


class Rak3172:
    """A `Driver`."""

    family = "rak3172"
    makes = "RAKwireless RAK3172 (RUI3)"
    baud = 115200
    refusal = re.compile(rb"AT_(?:PARAM_)?ERROR|AT_COMMAND_NOT_FOUND|AT_MODE_NO_SUPPORT|AT_NO_[A-Z_]+")
    busy = re.compile(rb"AT_BUSY_ERROR")
    wake: Sequence[Exchange] = ()
    identity = _ask("AT+VER=?", VERSION, ends=True, limit_s=IDENTITY_S)
    caveats: Sequence[str] = ()

    def __init__(self) -> None:
        self._lines = Lines(LONGEST_LINE)
        self._signal: tuple[float, float] | None = None  # RSSI, SNR of the frame that is to follow

    def take(self, octets: bytes) -> Iterator[Said]:
        """Yield what its lines say."""
        for line in self._lines.take(octets):
            yield from self._said(line)

    def firmware(self, answer: bytes) -> str:
        """Return "RAK3172 RUI_4.0.6_RAK3172-E"."""
        found = VERSION.fullmatch(answer)
        return "" if found is None else f"RAK3172 {found[1].decode('ascii', 'replace')}"

    def settings(self, channel: Channel) -> Sequence[Exchange]:
        """Stop it first, and have no packet deciphered: P2P has an encryption of its own, under two names."""
        rate = channel.data_rate
        values = {
            "PFREQ": channel.frequency_hz,
            "PSF": rate.spreading_factor,
            "PBW": rate.bandwidth_hz // 1000,
            "PCR": 0,
            "PPL": PREAMBLE,
            "SYNCWORD": SYNC_WORD_SX126X,
            "IQINVER": 0,
        }
        return (
            _ask("AT+PRECV=0", optional=True),
            _ask("AT+NWM=0", re.compile(rb"OK|Current Work Mode: LoRa P2P\.?"), limit_s=RESTART_S),
            *(_ask(f"AT+{name}={value}") for name, value in values.items()),
            _ask("AT+ENCRY=0", optional=True),
            _ask("AT+PCRYPT=0", optional=True),
            LISTEN,
        )

    def check(self) -> Exchange:
        """Have it listen: it says whether it did."""
        return LISTEN

    def was_idle(self, answer: bytes) -> bool:
        """Tell whether it had stopped to receive."""
        return answer == b"OK"

    def after(self, said: Packet | Event) -> Sequence[Exchange]:  # noqa: ARG002 - the same after each
        """Return nothing: it goes on receiving."""
        return ()

    def measured(self, packet: Packet, answers: Sequence[bytes | None]) -> Packet:  # noqa: ARG002 - nothing was asked
        """Return the packet: it came with its strength."""
        return packet

    def _said(self, line: bytes | None) -> Iterator[Said]:
        signal, self._signal = self._signal, None
        if line is None:
            yield Bad(BadReason.OVERLONG)
        elif (frame := FRAME.fullmatch(line)) is not None:
            yield _packet(frame[3], (float(frame[1]), float(frame[2])))
        elif (told := SIGNAL.fullmatch(line)) is not None:
            self._signal = float(told[1]), float(told[2])
        elif (alone := FRAME_ALONE.fullmatch(line)) is not None:
            yield _packet(alone[1], signal)
        elif RADIO_ERROR.fullmatch(line) is not None:
            yield Event.RADIO_ERROR
        elif EVENT.fullmatch(line) is not None:
            # a time-out is as good as a restart: it receives no more
            yield Event.RESTARTED if TIMEOUT.fullmatch(line) else Bad(BadReason.NOT_UNDERSTOOD)
        else:
            yield Answer(line)
            if MODE.fullmatch(line) is not None:
                yield Event.RESTARTED


def _packet(digits: bytes, signal: tuple[float, float] | None) -> Packet | Bad:
    payload = payload_of(digits)
    if isinstance(payload, Bad):
        return payload
    return Bad(BadReason.SIGNAL) if signal is None else Packet(payload, *signal)
