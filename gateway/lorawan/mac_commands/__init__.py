"""MAC commands: a frame's FOpts or FPort 0, cut into values, and back (LoRaWAN 1.0.4 and 1.1, section 5).

A command's CID alone says its length, so the first unknown one ends the reading; what is left is told, never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from gateway.lorawan.mac_commands.class_b import (
    BeaconFreqAns,
    BeaconFreqReq,
    BeaconTimingAns,
    BeaconTimingReq,
    PingSlotChannelAns,
    PingSlotChannelReq,
    PingSlotInfoAns,
    PingSlotInfoReq,
)
from gateway.lorawan.mac_commands.layout import MacCommand, layout
from gateway.lorawan.mac_commands.v1_0 import (
    DeviceTimeAns,
    DeviceTimeReq,
    DevStatusAns,
    DevStatusReq,
    DlChannelAns,
    DlChannelReq,
    DutyCycleAns,
    DutyCycleReq,
    LinkADRAns,
    LinkADRReq,
    LinkCheckAns,
    LinkCheckReq,
    NewChannelAns,
    NewChannelReq,
    RXParamSetupAns,
    RXParamSetupReq,
    RXTimingSetupAns,
    RXTimingSetupReq,
    TXParamSetupAns,
    TXParamSetupReq,
)
from gateway.lorawan.mac_commands.v1_1 import (
    ADRParamSetupAns,
    ADRParamSetupReq,
    DeviceModeConf,
    DeviceModeInd,
    ForceRejoinReq,
    RejoinParamSetupAns,
    RejoinParamSetupReq,
    RekeyConf,
    RekeyInd,
    ResetConf,
    ResetInd,
)
from gateway.lorawan.phy import Direction
from gateway.model import MacVersion

# Which version brought which commands; every later one has them too.
BROUGHT_BY: Final[Mapping[MacVersion, tuple[type[MacCommand], ...]]] = {
    MacVersion.V1_0_0: (
        LinkCheckReq,
        LinkCheckAns,
        LinkADRReq,
        LinkADRAns,
        DutyCycleReq,
        DutyCycleAns,
        RXParamSetupReq,
        RXParamSetupAns,
        DevStatusReq,
        DevStatusAns,
        NewChannelReq,
        NewChannelAns,
        RXTimingSetupReq,
        RXTimingSetupAns,
    ),
    MacVersion.V1_0_2: (TXParamSetupReq, TXParamSetupAns, DlChannelReq, DlChannelAns),
    MacVersion.V1_0_3: (
        DeviceTimeReq,
        DeviceTimeAns,
        PingSlotInfoReq,
        PingSlotInfoAns,
        PingSlotChannelReq,
        PingSlotChannelAns,
        BeaconTimingReq,
        BeaconTimingAns,
        BeaconFreqReq,
        BeaconFreqAns,
    ),
    MacVersion.V1_1: (
        ResetInd,
        ResetConf,
        RekeyInd,
        RekeyConf,
        ADRParamSetupReq,
        ADRParamSetupAns,
        ForceRejoinReq,
        RejoinParamSetupReq,
        RejoinParamSetupAns,
        DeviceModeInd,
        DeviceModeConf,
    ),
}


def _known(direction: Direction, mac_version: MacVersion) -> Mapping[int, type[MacCommand]]:
    versions = list(MacVersion)
    older = versions[: versions.index(mac_version) + 1]
    commands = (command for version in older for command in BROUGHT_BY.get(version, ()))
    return {command.cid: command for command in commands if command.direction is direction}


# By direction and version: the commands by CID.
KNOWN: Final = {
    (direction, mac_version): _known(direction, mac_version) for direction in Direction for mac_version in MacVersion
}


@dataclass(frozen=True, slots=True)
class MacCommands:
    """The commands of one frame; ``rest`` begins with one that is unknown or cut off, b"" after a clean end."""

    commands: tuple[MacCommand, ...]
    rest: bytes = b""


def read(octets: bytes, *, direction: Direction, mac_version: MacVersion) -> MacCommands:
    """Cut decrypted MAC commands apart, as this version of LoRaWAN knows them; raises nothing for any octets."""
    known = KNOWN[direction, mac_version]
    commands: list[MacCommand] = []
    place = 0
    while place < len(octets):
        command = known.get(octets[place])
        end = place + 1 + (0 if command is None else layout(command).size)
        if command is None or end > len(octets):
            break
        commands.append(command.from_bytes(octets[place:end]))
        place = end
    return MacCommands(tuple(commands), octets[place:])


def write(commands: Iterable[MacCommand]) -> bytes:
    """Return commands as FOpts or FPort 0 carry them; which of the two has the room is the caller's to see."""
    return b"".join(command.to_bytes() for command in commands)


__all__ = [
    "ADRParamSetupAns",
    "ADRParamSetupReq",
    "BeaconFreqAns",
    "BeaconFreqReq",
    "BeaconTimingAns",
    "BeaconTimingReq",
    "DevStatusAns",
    "DevStatusReq",
    "DeviceModeConf",
    "DeviceModeInd",
    "DeviceTimeAns",
    "DeviceTimeReq",
    "DlChannelAns",
    "DlChannelReq",
    "DutyCycleAns",
    "DutyCycleReq",
    "ForceRejoinReq",
    "LinkADRAns",
    "LinkADRReq",
    "LinkCheckAns",
    "LinkCheckReq",
    "MacCommand",
    "MacCommands",
    "NewChannelAns",
    "NewChannelReq",
    "PingSlotChannelAns",
    "PingSlotChannelReq",
    "PingSlotInfoAns",
    "PingSlotInfoReq",
    "RXParamSetupAns",
    "RXParamSetupReq",
    "RXTimingSetupAns",
    "RXTimingSetupReq",
    "RejoinParamSetupAns",
    "RejoinParamSetupReq",
    "RekeyConf",
    "RekeyInd",
    "ResetConf",
    "ResetInd",
    "TXParamSetupAns",
    "TXParamSetupReq",
    "read",
    "write",
]
