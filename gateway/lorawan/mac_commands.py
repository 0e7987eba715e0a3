"""MAC commands: a frame's FOpts or FPort 0, cut into commands (LoRaWAN 1.0.4 and 1.1, section 5).

A command says its length only by its identifier, so an unknown one ends the reading; what is left is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gateway.lorawan.phy import Direction

# CID: (name, octets after the CID) of uplinks, and of downlinks; None where that direction has no such command
COMMANDS: Final[dict[int, tuple[tuple[str, int] | None, tuple[str, int] | None]]] = {
    0x01: (("ResetInd", 1), ("ResetConf", 1)),
    0x02: (("LinkCheckReq", 0), ("LinkCheckAns", 2)),
    0x03: (("LinkADRAns", 1), ("LinkADRReq", 4)),
    0x04: (("DutyCycleAns", 0), ("DutyCycleReq", 1)),
    0x05: (("RXParamSetupAns", 1), ("RXParamSetupReq", 4)),
    0x06: (("DevStatusAns", 2), ("DevStatusReq", 0)),
    0x07: (("NewChannelAns", 1), ("NewChannelReq", 5)),
    0x08: (("RXTimingSetupAns", 0), ("RXTimingSetupReq", 1)),
    0x09: (("TXParamSetupAns", 0), ("TXParamSetupReq", 1)),
    0x0A: (("DlChannelAns", 1), ("DlChannelReq", 4)),
    0x0B: (("RekeyInd", 1), ("RekeyConf", 1)),
    0x0C: (("ADRParamSetupAns", 0), ("ADRParamSetupReq", 1)),
    0x0D: (("DeviceTimeReq", 0), ("DeviceTimeAns", 5)),
    0x0E: (None, ("ForceRejoinReq", 2)),
    0x0F: (("RejoinParamSetupAns", 1), ("RejoinParamSetupReq", 1)),
    0x10: (("PingSlotInfoReq", 1), ("PingSlotInfoAns", 0)),
    0x11: (("PingSlotChannelAns", 1), ("PingSlotChannelReq", 4)),
    0x12: (("BeaconTimingReq", 0), ("BeaconTimingAns", 3)),
    0x13: (("BeaconFreqAns", 1), ("BeaconFreqReq", 3)),
    0x20: (("DeviceModeInd", 1), ("DeviceModeConf", 1)),
}


@dataclass(frozen=True, slots=True)
class MacCommand:
    """One command; ``payload`` is all after its CID."""

    cid: int
    name: str
    payload: bytes

    def to_bytes(self) -> bytes:
        """Return the command as it goes over the air."""
        return bytes((self.cid,)) + self.payload


@dataclass(frozen=True, slots=True)
class MacCommands:
    """The commands of one frame; ``rest`` begins with one that is unknown or cut off, b"" after a clean end."""

    commands: tuple[MacCommand, ...]
    rest: bytes = b""


def parse_mac_commands(direction: Direction, octets: bytes) -> MacCommands:
    """Cut decrypted MAC commands apart; raises nothing for any octets."""
    commands, place = [], 0
    while place < len(octets):
        known = COMMANDS.get(octets[place], (None, None))[direction]
        if known is None or place + 1 + known[1] > len(octets):
            break
        name, size = known
        commands.append(MacCommand(octets[place], name, octets[place + 1 : place + 1 + size]))
        place += 1 + size
    return MacCommands(tuple(commands), octets[place:])
