"""IMST WiMOD iM880B, iM881A and iU880B with LR Base firmware: SLIP at 115200 baud (WiMOD LR Base HCI Specification 1.10).

    01 05                       01 06  status, minor, major, build (2), date (10), name          firmware
    01 11  26 octets            01 12  status                                                    radio configuration
    01 17                       01 18  status, … 24 octets on: packets whose CRC failed (4)      system status
                                01 20                                                            it has begun anew
                                03 08  format, the packet, [RSSI (2), SNR, time (4)]             a raw packet

Raw packets come in the sniffer mode: what was on the air, without LR Base's own header taken off. Numbers are little endian.
The radio configuration is written to memory, not to flash: the module is what it was when it is plugged in elsewhere.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence
from typing import Final

from gateway.sources.serial_modem.driver import (
    IDENTITY_S,
    LONGEST_PAYLOAD,
    Answer,
    Bad,
    BadReason,
    Channel,
    Event,
    Exchange,
    Packet,
    Said,
)
from gateway.sources.serial_modem.slip import Messages, wrapped

FIRMWARE: Final = b"\x01\x05"
CONFIGURE: Final = b"\x01\x11"
STATUS: Final = b"\x01\x17"
EXTENDED: Final = 1  # of the format octet: RSSI, SNR and time stand at the end
SIGNAL: Final = struct.Struct("<hbI")
BANDWIDTHS: Final = {125_000: 0, 250_000: 1, 500_000: 2}
CRC_ERRORS: Final = 26  # where their count stands in a whole system status, SAP and message counted
STEP_HZ: Final = 32e6 / (1 << 19)  # of the SX127x's frequency register
IN_MEMORY, SNIFFER, LORA, CODING_4_5, ALWAYS_ON = 0, 2, 0, 1, 1
NO_SYNC_WORD: Final = (
    "LR Base firmware has no command for the sync word: where nothing is heard of a device that does send, this module "
    "listens for its own networks only, and another modem is needed"
)
MISCELLANEOUS: Final = 0b1001  # extended output, and tell of power-ups


def _ask(send: bytes, wanted: bytes, *, limit_s: float = 1.0) -> Exchange:
    return Exchange(send=wrapped(send), wanted=re.compile(wanted, re.DOTALL), limit_s=limit_s)


class Wimod:
    """A `Driver`."""

    family = "wimod"
    makes = "IMST WiMOD (LR Base)"
    baud = 115200
    refusal = re.compile(rb"\x01[\x06\x12\x18][^\x00].*", re.DOTALL)  # the status is not 0
    busy = re.compile(rb"\x01[\x06\x12\x18]\x06.*", re.DOTALL)
    wake: Sequence[Exchange] = ()
    identity = _ask(FIRMWARE, rb"\x01\x06\x00.{14,}", limit_s=IDENTITY_S)
    caveats: Sequence[str] = (NO_SYNC_WORD,)

    def __init__(self) -> None:
        self._messages = Messages()
        self._crc_errors: int | None = None  # as the module counts them

    def take(self, octets: bytes) -> Iterator[Said]:
        """Yield what its messages say; a system status tells of packets whose CRC failed since the last one."""
        for message in self._messages.take(octets):
            yield from self._said(message)

    def firmware(self, answer: bytes) -> str:
        """Return "WiMOD LR Base 1.10"."""
        minor, major, name = answer[3], answer[4], answer[17:].split(b"\0")[0]
        return f"WiMOD {name.decode('ascii', 'replace').strip() or 'firmware'} {major}.{minor}"

    def settings(self, channel: Channel) -> Sequence[Exchange]:
        """Write the radio configuration."""
        register = round(channel.frequency_hz / STEP_HZ).to_bytes(3, "little")
        rate = channel.data_rate
        addresses = bytes(6)  # groups and devices: not looked at in the sniffer mode
        radio = (BANDWIDTHS[rate.bandwidth_hz], rate.spreading_factor, CODING_4_5, 14, 0, ALWAYS_ON)
        rest = (
            bytes(2) + bytes((0, MISCELLANEOUS, 0, 0)) + bytes(2)
        )  # window; LEDs, options, FSK, power saving; threshold
        configuration = bytes((IN_MEMORY, SNIFFER)) + addresses + bytes((LORA,)) + register + bytes(radio) + rest
        return (_ask(CONFIGURE + configuration, rb"\x01\x12\x00.*"),)

    def check(self) -> Exchange:
        """Ask for its status."""
        return _ask(STATUS, rb"\x01\x18\x00.*")

    def was_idle(self, answer: bytes) -> bool:  # noqa: ARG002 - it tells when it begins anew
        """Tell whether it had stopped to receive: it never does."""
        return False

    def after(self, said: Packet | Event) -> Sequence[Exchange]:  # noqa: ARG002 - the same after each
        """Return nothing: it goes on receiving."""
        return ()

    def measured(self, packet: Packet, answers: Sequence[bytes | None]) -> Packet:  # noqa: ARG002 - nothing was asked
        """Return the packet: it came with its strength."""
        return packet

    def _said(self, message: bytes | Bad) -> Iterator[Said]:
        if isinstance(message, Bad):
            yield message
            return
        match message[:2]:
            case b"\x03\x08":
                yield _packet(message[2:])
            case b"\x01\x20":
                yield Event.RESTARTED
            case b"\x01\x18":
                yield from self._errors(message)
                yield Answer(message)
            case _:
                yield Answer(message)

    def _errors(self, status: bytes) -> Iterator[Said]:
        if len(status) < CRC_ERRORS + 4:
            return
        before, now = self._crc_errors, int.from_bytes(status[CRC_ERRORS : CRC_ERRORS + 4], "little")
        self._crc_errors = now
        if before is not None and now > before:
            yield from [Event.RADIO_ERROR] * min(now - before, 1000)


def _packet(content: bytes) -> Packet | Bad:
    if not content or not content[0] & EXTENDED or len(content) < 1 + SIGNAL.size:
        return Bad(BadReason.SIGNAL)
    phy_payload = content[1 : -SIGNAL.size]
    rssi_dbm, snr_db, _ = SIGNAL.unpack(content[-SIGNAL.size :])
    if not 0 < len(phy_payload) <= LONGEST_PAYLOAD:
        return Bad(BadReason.LENGTH)
    return Packet(phy_payload, float(rssi_dbm), float(snr_db))
