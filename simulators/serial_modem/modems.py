"""Modems that speak in lines: RN2483, Wio-E5, RAK3172, as their makers' command references say and others' programs show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

VERSION: Final = "RN2483 1.0.5 Oct 31 2018 15:06:52"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAir:
    """A packet as it comes to the antenna."""

    phy_payload: bytes
    frequency_hz: int = 868_100_000
    spreading_factor: int = 7
    bandwidth_hz: int = 125_000
    rssi_dbm: int = -57
    snr_db: int = 9
    sync_word: int = 0x34
    crc_is_right: bool = True


class SimulatedModem:
    """A modem: octets in, octets out. One that is switched on again has forgotten what real ones forget."""

    baud = 0

    def __init__(self) -> None:
        self.is_receiving = False
        self.commands: list[str] = []  # as they came
        self.switched_on()

    def switched_on(self) -> bytes:
        """Begin anew, and return what it says by itself then."""
        self.is_receiving = False
        return b""

    def take(self, octets: bytes) -> bytes:
        """Take what the host sends, and return the answers."""
        raise NotImplementedError

    def hear(self, packet: OnAir) -> bytes:
        """Return what is told of a packet: nothing, where the modem does not listen there."""
        raise NotImplementedError


class LineModem(SimulatedModem):
    """What those that speak in lines have in common."""

    end = b"\r\n"

    def __init__(self) -> None:
        self._rest = b""
        super().__init__()

    def take(self, octets: bytes) -> bytes:
        """Answer each whole line."""
        *lines, self._rest = (self._rest + octets).split(b"\n")
        return b"".join(self._answered(line.strip().decode("ascii", "replace")) for line in lines if line.strip())

    def _answered(self, command: str) -> bytes:
        self.commands.append(command)
        return b"".join(line.encode() + self.end for line in self.answer(command))

    def answer(self, command: str) -> Iterator[str]:
        """Yield the lines that answer a command."""
        raise NotImplementedError


class Rn2483Modem(LineModem):
    """After each packet it is deaf until it is told to receive again; while LoRaWAN's own stack is not paused it does not."""

    baud = 57600
    version = VERSION
    tells_rssi = True

    def switched_on(self) -> bytes:
        """Forget everything."""
        super().switched_on()
        self._radio = {
            "mod": "lora",
            "freq": "868100000",
            "sf": "sf12",
            "bw": "125",
            "crc": "on",
            "iqi": "off",
            "sync": "34",
            "wdt": "15000",
        }
        self._is_paused = False
        self._last: OnAir | None = None
        return self.version.encode() + self.end

    def answer(self, command: str) -> Iterator[str]:
        """Yield one line, always."""
        match command.split(" "):
            case ["sys", "get", "ver"]:
                yield self.version
            case ["sys", "reset"]:
                yield self.switched_on().decode().strip()
            case ["mac", "pause"]:
                self._is_paused = True
                yield "4294967245"
            case ["radio", "set", name, value] if not self.is_receiving:
                yield self._set(name, value)
            case ["radio", "rx", "0"]:
                yield self._receive()
            case ["radio", "get", "snr"] if self._last is not None:
                yield str(self._last.snr_db)
            case ["radio", "get", "rssi"] if self._last is not None and self.tells_rssi:
                yield str(self._last.rssi_dbm)
            case ["radio", "set", *_]:
                yield "busy"
            case _:
                yield "invalid_param"

    def _set(self, name: str, value: str) -> str:
        right = {"freq": r"8[67]\d{7}", "sf": "sf([7-9]|1[0-2])", "bw": "125|250|500", "prlen": r"\d+", "cr": "4/[5-8]"}
        if not self._is_paused or not re.fullmatch(right.get(name, ".+"), value):
            return "invalid_param"
        self._radio[name] = value
        return "ok"

    def _receive(self) -> str:
        if not self._is_paused or self.is_receiving:
            return "busy"
        self.is_receiving = True
        return "ok"

    def hear(self, packet: OnAir) -> bytes:
        """Tell a packet of this channel, and be deaf."""
        radio = self._radio
        channel = (radio["freq"], radio["sf"], radio["bw"], radio["iqi"], int(radio["sync"], 16))
        heard = (
            str(packet.frequency_hz),
            f"sf{packet.spreading_factor}",
            str(packet.bandwidth_hz // 1000),
            "off",
            packet.sync_word,
        )
        if not self.is_receiving or channel != heard:
            return b""
        self.is_receiving = False
        self._last = packet
        if not packet.crc_is_right:
            return b"radio_err\r\n"
        return b"radio_rx  " + packet.phy_payload.hex().upper().encode() + self.end


class WioE5Modem(LineModem):
    """While it receives it answers the commands of TEST mode only."""

    baud = 9600

    def switched_on(self) -> bytes:
        """Forget the mode; the modem says nothing by itself."""
        super().switched_on()
        self._is_testing = False
        self._channel: tuple[object, ...] = ()
        return b""

    def answer(self, command: str) -> Iterator[str]:
        """Yield the lines that answer a command."""
        if not command.startswith("AT"):
            return
        name, _, value = command.removeprefix("AT").removeprefix("+").partition("=")
        match name, value:
            case "TEST", "STOP" if self._is_testing:
                self.is_receiving = False
                yield "+TEST: STOP"
            case "TEST", "RXLRPKT" if self._is_testing and self._channel:
                self.is_receiving = True
                yield "+TEST: RXLRPKT"
            case "TEST", _ if value.startswith("RFCFG,") and self._is_testing and not self.is_receiving:
                yield from self._configured(value.split(",")[1:])
            case "TEST", _:
                yield "+TEST: ERROR(-12)"
            case _ if self.is_receiving:
                return
            case "VER", "":
                yield "+VER: 4.0.11"
            case "MODE", "TEST":
                self._is_testing = True
                yield "+MODE: TEST"
            case _:
                yield "+AT: ERROR(-1)"

    def _configured(self, parts: list[str]) -> Iterator[str]:
        megahertz, factor, bandwidth, sent, received, power, crc, iq, net = parts
        self._channel = (round(float(megahertz) * 1e6), factor, bandwidth, iq, net)
        yield (
            f"+TEST: RFCFG F:{self._channel[0]}, {factor}, BW{bandwidth}K, TXPR:{sent}, RXPR:{received}, POW:{power}dBm, "
            f"CRC:{crc}, IQ:{iq}, NET:{net}"
        )

    def hear(self, packet: OnAir) -> bytes:
        """Tell a packet in two lines."""
        heard = (packet.frequency_hz, f"SF{packet.spreading_factor}", str(packet.bandwidth_hz // 1000), "OFF", "ON")
        if not self.is_receiving or self._channel != heard or packet.sync_word != 0x34 or not packet.crc_is_right:
            return b""
        signal = f"+TEST: LEN:{len(packet.phy_payload)}, RSSI:{packet.rssi_dbm}, SNR:{packet.snr_db}\r\n"
        return (signal + f'+TEST: RX "{packet.phy_payload.hex().upper()}"\r\n').encode()


class Rak3172Modem(LineModem):
    """RUI3. It keeps its settings, and begins in the mode that it was in."""

    baud = 115200
    version = "RUI_4.0.6_RAK3172-E"
    has_older_events = False

    def __init__(self) -> None:
        self._is_p2p = False
        self._settings = {
            "PFREQ": "868000000",
            "PSF": "7",
            "PBW": "125",
            "PCR": "0",
            "PPL": "8",
            "SYNCWORD": "1424",
            "IQINVER": "0",
            "ENCRY": "1",
        }
        super().__init__()

    def switched_on(self) -> bytes:
        """Say its mode."""
        super().switched_on()
        mode = "LoRa P2P." if self._is_p2p else "LoRaWAN."
        return f"RAKwireless RAK3172-E Example\r\n{'-' * 54}\r\nCurrent Work Mode: {mode}\r\n".encode()

    def answer(self, command: str) -> Iterator[str]:
        """Yield the lines that answer a command; an empty one stands before each status."""
        name, _, value = command.removeprefix("AT+").partition("=")
        match name, value:
            case "VER", "?":
                yield from (f"AT+VER={self.version}", "", "OK")
            case "NWM", "0" if not self._is_p2p:
                self._is_p2p = True
                yield self.switched_on().decode().rstrip()
            case "NWM", "0":
                yield from ("", "OK")
            case "PRECV", "0":
                self.is_receiving = False
                yield from ("", "OK")
            case (("PRECV" | "PFREQ" | "PSF" | "PBW" | "PCR" | "PPL" | "SYNCWORD" | "IQINVER" | "ENCRY"), _) if (
                self.is_receiving
            ):
                yield from ("", "AT_BUSY_ERROR")
            case "PRECV", "65534" if self._is_p2p:
                self.is_receiving = True
                yield from ("", "OK")
            case known, _ if known in self._settings and value.isalnum():
                self._settings[known] = value
                yield from ("", "OK")
            case _:
                yield from ("", "AT_COMMAND_NOT_FOUND")

    def hear(self, packet: OnAir) -> bytes:
        """Tell a packet as this version or an older one does."""
        set_to = self._settings
        channel = (
            set_to["PFREQ"],
            set_to["PSF"],
            set_to["PBW"],
            set_to["IQINVER"],
            set_to["ENCRY"],
            set_to["SYNCWORD"],
        )
        sync = f"{packet.sync_word >> 4:x}4{packet.sync_word & 15:x}4"
        heard = (
            str(packet.frequency_hz),
            str(packet.spreading_factor),
            str(packet.bandwidth_hz // 1000),
            "0",
            "0",
            sync,
        )
        if not self.is_receiving or channel != heard:
            return b""
        if not packet.crc_is_right:
            return b"+EVT:RXP2P RECEIVE ERROR\r\n"
        digits = packet.phy_payload.hex().upper()
        if self.has_older_events:
            return f"+EVT:RXP2P, RSSI {packet.rssi_dbm}, SNR {packet.snr_db}\r\n+EVT:{digits}\r\n".encode()
        return f"+EVT:RXP2P:{packet.rssi_dbm}:{packet.snr_db}:{digits}\r\n".encode()
