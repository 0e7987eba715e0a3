"""The commands that LoRaWAN 1.1 adds, with its section numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final, Self

from gateway.lorawan.mac_commands.layout import DownlinkCommand, UplinkCommand, bits, flag, octets

MINOR_1_1: Final = 1  # the minor version of LoRaWAN 1.1 in ResetInd, ResetConf, RekeyInd and RekeyConf
CLASS_A: Final = 0
CLASS_C: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetInd(UplinkCommand):
    """Tell that an ABP device has forgotten what it was told, and its version; repeated until answered (5.1)."""

    cid = 0x01
    minor: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResetConf(DownlinkCommand):
    """Answer a ResetInd with the network's version (5.1)."""

    cid = 0x01
    minor: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyInd(UplinkCommand):
    """Confirm an OTAA device's new keys, and tell its version; repeated until answered (5.10)."""

    cid = 0x0B
    minor: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RekeyConf(DownlinkCommand):
    """Answer a RekeyInd with the network's version (5.10)."""

    cid = 0x0B
    minor: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ADRParamSetupReq(DownlinkCommand):
    """Set ADR_ACK_LIMIT to 2 ** limit_exp and ADR_ACK_DELAY to 2 ** delay_exp uplinks (5.11)."""

    cid = 0x0C
    limit_exp: Annotated[int, bits(0, 7, 4)]
    delay_exp: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True)
class ADRParamSetupAns(UplinkCommand):
    """Acknowledge an ADRParamSetupReq (5.11)."""

    cid = 0x0C


@dataclass(frozen=True, slots=True, kw_only=True)
class ForceRejoinReq(DownlinkCommand):
    """Have the device rejoin at once (5.13).

    It asks 1 + max_retries times, every 32 s * 2 ** period and some random time, with a rejoin request of type 0
    (``rejoin_type`` 0 or 1) or 2. Little endian, as section 1.2 wants and ChirpStack writes; Semtech's LoRaMac-node and
    The Things Stack take the octets the other way round. A request whose two octets are equal all of them read alike.
    """

    cid = 0x0E
    period: Annotated[int, bits(1, 5, 3)]
    max_retries: Annotated[int, bits(1, 2, 0)]
    rejoin_type: Annotated[int, bits(0, 6, 4)]
    data_rate: Annotated[int, bits(0, 3, 0)]

    @classmethod
    def alike(cls, rejoin_type: int, data_rate: int) -> Self:
        """Return the request whose two octets are equal: period and tries follow from type and data rate."""
        octet = rejoin_type << 4 | data_rate
        return cls(period=octet >> 3, max_retries=octet & 0x07, rejoin_type=rejoin_type, data_rate=data_rate)


@dataclass(frozen=True, slots=True, kw_only=True)
class RejoinParamSetupReq(DownlinkCommand):
    """Have the device rejoin every 2 ** (max_time_n + 10) s or 2 ** (max_count_n + 4) uplinks (5.14)."""

    cid = 0x0F
    max_time_n: Annotated[int, bits(0, 7, 4)]
    max_count_n: Annotated[int, bits(0, 3, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class RejoinParamSetupAns(UplinkCommand):
    """Tell whether the device can keep the time of a RejoinParamSetupReq; the count it always can (5.14)."""

    cid = 0x0F
    time_ok: Annotated[bool, flag(0, 0)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceModeInd(UplinkCommand):
    """Tell the class a device goes to, CLASS_A or CLASS_C; repeated until answered (18.1)."""

    cid = 0x20
    device_class: Annotated[int, octets(0, 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceModeConf(DownlinkCommand):
    """Answer a DeviceModeInd with the class it told (18.1)."""

    cid = 0x20
    device_class: Annotated[int, octets(0, 1)]
