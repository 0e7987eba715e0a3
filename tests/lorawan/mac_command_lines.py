"""The vectors of MAC commands in the words of this house: which apply, and what their fields are called here."""

from __future__ import annotations

from typing import Any, Final

from gateway.lorawan.mac_commands import BROUGHT_BY, MacCommand
from gateway.lorawan.phy import Direction
from tests.lorawan.vectors import lines

EVERY: Final = lines("mac_commands")
# CIDs 0x40 to 0x46 are of relays (TS011), which are not supported; they end the reading like any unknown one.
RELAY: Final = [line for line in EVERY if int(line["bytes"][:2], 16) >= 0x40]
COMMANDS: Final = [line for line in EVERY if line not in RELAY]
# 2.4 GHz in steps of 200 Hz: of a regional document that is not RP002 and not offered. In the steps of 100 Hz that every
# other region has, its octets mean 1,205 MHz. It is cut out rightly; its frequency is not compared.
OTHER_STEP: Final = [line for line in COMMANDS if line["fields"].get("freq") == 2_410_000_000]
# The Things Stack writes a negative margin as sign and one's complement (-16 as 2f); the specification's signed integer
# of six bits is two's complement, as ChirpStack has it (-1 as 3f, -30 as 22).
OTHER_SIGN: Final = [line for line in COMMANDS if line["fields"] == {"Battery": 66, "Margin": -16}]
# The Things Stack puts the higher octet of ForceRejoinReq first; multi-octet fields are little endian (1.1, section 1.2).
OTHER_ORDER: Final = [line for line in COMMANDS if line["bytes"] == "0e3f2d"]
SAME_FIELDS: Final = [line for line in COMMANDS if line not in OTHER_STEP + OTHER_SIGN + OTHER_ORDER]

# The names that ChirpStack and The Things Stack give to our fields; a name with its command before it goes first.
NAMES: Final = {
    "dev_lorawan_version": "minor",
    "serv_lorawan_version": "minor",
    "MinorVersion": "minor",
    "Margin": "margin",
    "GatewayCount": "gw_cnt",
    "Battery": "battery",
    "dr": "data_rate",
    "DataRateIndex": "data_rate",
    "TxPowerIndex": "tx_power",
    "ChannelMask": "ch_mask",
    "ChannelMaskControl": "ch_mask_cntl",
    "nb_rep": "nb_trans",
    "NbTrans": "nb_trans",
    "ch_mask_ack": "channel_mask_ack",
    "ChannelMaskAck": "channel_mask_ack",
    "dr_ack": "data_rate_ack",
    "DataRateIndexAck": "data_rate_ack",
    "tx_power_ack": "power_ack",
    "TxPowerIndexAck": "power_ack",
    "MaxDutyCycle": "max_duty_cycle",
    "frequency": "frequency_hz",
    "freq": "frequency_hz",
    "Frequency": "frequency_hz",
    "Rx2Frequency": "frequency_hz",
    "rx2_dr": "rx2_data_rate",
    "Rx2DataRateIndex": "rx2_data_rate",
    "Rx1DataRateOffset": "rx1_dr_offset",
    "rx2_dr_ack": "rx2_data_rate_ack",
    "Rx2DataRateIndexAck": "rx2_data_rate_ack",
    "Rx1DataRateOffsetAck": "rx1_dr_offset_ack",
    "Rx2FrequencyAck": "channel_ack",
    "ChannelIndex": "ch_index",
    "MaxDataRateIndex": "max_dr",
    "MinDataRateIndex": "min_dr",
    "channel_freq_ok": "channel_frequency_ok",
    "FrequencyAck": "channel_frequency_ok",
    "dr_range_ok": "data_rate_range_ok",
    "DataRateAck": "data_rate_range_ok",
    "dr_ok": "data_rate_ok",
    "uplink_freq_exists": "uplink_frequency_exists",
    "beacon_freq_ok": "beacon_frequency_ok",
    "Delay": "delay",
    "MaxEirpIndex": "max_eirp",
    "UplinkDwellTime": "uplink_dwell_time",
    "DownlinkDwellTime": "downlink_dwell_time",
    "AdrAckLimitExponent": "limit_exp",
    "AdrAckDelayExponent": "delay_exp",
    "MaxRetries": "max_retries",
    "PeriodExponent": "period",
    "RejoinType": "rejoin_type",
    "MaxTimeExponent": "max_time_n",
    "MaxCountExponent": "max_count_n",
    "MaxTimeExponentAck": "time_ok",
    "Period": "periodicity",
    "class": "device_class",
    "Class": "device_class",
    "BeaconFreqAns.FrequencyAck": "beacon_frequency_ok",
    "PingSlotChannelAns.DataRateIndexAck": "data_rate_ok",
    "BeaconTimingAns.ChannelIndex": "channel",
    # Their names say the other thing, their bits are those of the specification (1.0.4, section 5.6) and of ChirpStack.
    "DLChannelAns.ChannelIndexAck": "channel_frequency_ok",
    "DLChannelAns.FrequencyAck": "uplink_frequency_exists",
}
# Their words for our values.
VALUES: Final = {
    "LoRaWAN1_1": 1,
    "NoLimit": False,
    "Limit400ms": True,
    "DeviceEIRP_DEVICE_EIRP_36": 15,
    "ADRAckDelayExponent_ADR_ACK_DELAY_4": 2,
    "ADRAckLimitExponent_ADR_ACK_LIMIT_16": 4,
    "ClassA": 0,
    "ClassC": 2,
    "Class_CLASS_A": 0,
    "Class_CLASS_C": 2,
}
GROUPS: Final = {"redundancy", "dl_settings", "adr_param"}  # fields of fields
NOT_OF_COMMANDS: Final = {"_type", "opt_neg"}  # OptNeg is a bit of the join accept's DLSettings


def direction_of(line: dict[str, Any]) -> Direction:
    """Return a line's direction."""
    return Direction.UPLINK if line["uplink"] else Direction.DOWNLINK


def kind_of(line: dict[str, Any]) -> type[MacCommand]:
    """Return the type that a line's name means, whatever the case of its letters."""
    name = line["command"].split("/")[0].casefold()
    commands = (kind for brought in BROUGHT_BY.values() for kind in brought)
    (same,) = (kind for kind in commands if kind.__name__.casefold() == name)
    return same


def fields_of(command: str, theirs: dict[str, Any]) -> dict[str, Any]:
    """Return a line's fields under our names."""
    ours: dict[str, Any] = {}
    for name, value in theirs.items():
        match name, value:
            case _ if name in GROUPS:
                ours |= fields_of(command, value)
            case "time_since_gps_epoch", {"args": [seconds, *nanoseconds]}:
                ours |= {"seconds": seconds, "fractional_second": sum(nanoseconds) * 256 // 1_000_000_000}
            case "Time", {"args": [seconds, [_, _, parts], _]}:
                ours |= {"seconds": seconds, "fractional_second": parts}
            case _ if name not in NOT_OF_COMMANDS:
                ours[NAMES.get(f"{command}.{name}", NAMES.get(name, name))] = our_value(value)
    return ours


def our_value(value: Any) -> Any:
    """Return a line's value as we say it."""
    match value:
        case str():
            return VALUES[value]
        case {"args": [number]}:
            return number
        case [bool(), *_]:
            return sum(on << place for place, on in enumerate(value))
        case list():
            return sum(1 << place for place in value)
        case _:
            return value
