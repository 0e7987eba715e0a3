"""An IMST WiMOD iM880B with LR Base firmware: SLIP, checksums, binary messages. Written from the HCI specification, apart from the driver."""

from __future__ import annotations

import struct
from typing import Final

from simulators.serial_modem.modems import OnAir, SimulatedModem

SNIFFER: Final = 2
CONFIGURATION: Final = struct.Struct("<BBBBHHB3sBBBBBBHBBBBh")  # section 3.1.5: from the NVM flag to the LBT threshold


def checksum(octets: bytes) -> int:
    """Return the checksum of section 2.1.6, by its table of nibbles."""
    crc = 0xFFFF
    for octet in octets:
        crc = crc >> 4 ^ NIBBLES[(crc ^ octet) & 15]
        crc = crc >> 4 ^ NIBBLES[(crc ^ octet >> 4) & 15]
    return crc ^ 0xFFFF


NIBBLES: Final = (
    0x0000, 0x1081, 0x2102, 0x3183, 0x4204, 0x5285, 0x6306, 0x7387,
    0x8408, 0x9489, 0xA50A, 0xB58B, 0xC60C, 0xD68D, 0xE70E, 0xF78F,
)  # fmt: skip


class WimodModem(SimulatedModem):
    """It forgets its configuration, for it was asked not to keep it."""

    baud = 115200

    def __init__(self) -> None:
        self._rest = b""
        super().__init__()

    def switched_on(self) -> bytes:
        """Begin in the standard mode on its own channel, and say that it is there."""
        super().switched_on()
        self._configuration: tuple[int | bytes, ...] = ()
        self._crc_errors = 0
        return framed(b"\x01\x20")

    def take(self, octets: bytes) -> bytes:
        """Answer each whole message with a right checksum."""
        *raw, self._rest = (self._rest + octets).split(b"\xc0")
        return b"".join(self._answered(plain(one)) for one in raw if one)

    def hear(self, packet: OnAir) -> bytes:
        """Tell a packet; one whose CRC is wrong is only counted. Which sync word it listens to nobody has said: LoRaWAN's here."""
        if not self.is_receiving or not self._is_on_channel(packet):
            return b""
        if not packet.crc_is_right:
            self._crc_errors += 1
            return b""
        signal = struct.pack("<hbI", packet.rssi_dbm, packet.snr_db, 0x12345678)
        return framed(b"\x03\x08\x01" + packet.phy_payload + signal)

    def _answered(self, message: bytes) -> bytes:
        body, crc = message[:-2], int.from_bytes(message[-2:], "little")
        if len(message) < 4 or checksum(body) != crc:
            return b""
        self.commands.append(body[:2].hex(" "))
        match body[:2]:
            case b"\x01\x05":
                return framed(b"\x01\x06\x00\x0a\x01\x2a\x0024.11.2017LR_Base\0")
            case b"\x01\x11":
                return framed(b"\x01\x12" + bytes((self._configured(body[2:]),)))
            case b"\x01\x17":
                counts = struct.pack("<BIIHHHIII", 5, 1, 2, 0, 3300, 0, 7, 7, self._crc_errors) + bytes(12)
                return framed(b"\x01\x18\x00" + counts)
            case _:
                return framed(body[:1] + bytes((body[1] + 1, 2)))

    def _configured(self, octets: bytes) -> int:
        if len(octets) != CONFIGURATION.size:
            return 3
        self._configuration = CONFIGURATION.unpack(octets)
        self.is_receiving = self._configuration[1] == SNIFFER and self._configuration[13] == 1
        return 0

    def _is_on_channel(self, packet: OnAir) -> bool:
        _, _, _, _, _, _, modulation, frequency, bandwidth, factor, *_ = self._configuration
        assert isinstance(frequency, bytes)
        hertz = int.from_bytes(frequency, "little") * 32e6 / 2**19
        same = (modulation, factor, bandwidth) == (
            0,
            packet.spreading_factor,
            (packet.bandwidth_hz // 125_000).bit_length() - 1,
        )
        return same and abs(hertz - packet.frequency_hz) < 62 and packet.sync_word == 0x34


def framed(message: bytes) -> bytes:
    """Return a message with its checksum in SLIP (RFC 1055)."""
    octets = message + checksum(message).to_bytes(2, "little")
    return (
        b"\xc0" + b"".join({0xC0: b"\xdb\xdc", 0xDB: b"\xdb\xdd"}.get(one, bytes((one,))) for one in octets) + b"\xc0"
    )


def plain(raw: bytes) -> bytes:
    """Return what stands in a SLIP frame."""
    return raw.replace(b"\xdb\xdc", b"\xc0").replace(b"\xdb\xdd", b"\xdb")
